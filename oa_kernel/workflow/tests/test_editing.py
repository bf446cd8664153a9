"""What the designer does to a definition touches nothing but what it means: comments, order, quoting, unknown keys."""

import copy
import difflib

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from oa_kernel.errors import Invalid
from oa_kernel.workflow import editing, layout
from oa_kernel.workflow.patching import rewrite, same

TEXT = """\
# 采购，财务处维护
name: t.buy            # 不要改名
title: '采购'
x-owner: 财务处        # 我们自己的键
form:
  # 含税
  amount: {type: number, label: "金额"}   # 元
  reviewers: {type: people, label: 会签人}
steps:
  # 由经办人填
  - {id: draft, title: 拟稿, people: drafter, next: head}   # 起点

  # 处长看一遍
  - id: head           # 处长
    title: "处长 审核"
    people:
      head_of: drafter   # 本处
    actions: [approve,   # 同意
              return]    # 退回
    # 大额要会签
    next:
      - {when: "amount > 10000", to: sign}   # 一万
      - {to: end}
  - id: sign
    title: >-
      会签
    mode: all
    people: {field: reviewers}
    next: end          # 完了
# 办结之后
withdraw: false
"""


def changed(*operations):
    """``(lines gone, lines come)`` of the operations, and the text after them."""
    after = editing.apply(TEXT, operations)
    lines = [x for x in difflib.ndiff(TEXT.split("\n"), after.split("\n")) if x[0] in "+-"]
    return [x[2:] for x in lines if x[0] == "-"], [x[2:] for x in lines if x[0] == "+"], after


def test_a_value_alone_changes_its_line_alone():
    gone, come, _ = changed({"op": "step", "id": "sign", "values": {"next": "head"}})
    assert (gone, come) == (["    next: end          # 完了"], ["    next: head          # 完了"])


def test_a_new_key_is_put_where_it_is_usually_written():
    gone, come, after = changed({"op": "step", "id": "sign", "values": {"due": "2 working days"}})
    assert (gone, come) == ([], ["    due: 2 working days"])
    assert "    people: {field: reviewers}\n    due: 2 working days\n    next: end" in after


def test_a_key_taken_away_takes_its_lines_and_no_comment_beside_them():
    gone, come, _ = changed({"op": "step", "id": "head", "values": {"actions": None}})
    assert (gone, come) == (["    actions: [approve,   # 同意", "              return]    # 退回"], [])


def test_ways_grow_by_a_line():
    gone, come, _ = changed({"op": "connect", "from": "head", "to": "sign", "when": "amount < 0"})
    assert (gone, come) == ([], ["      - {when: amount < 0, to: sign}"])


def test_ways_that_become_one_are_written_short():
    _, _, after = changed({"op": "disconnect", "from": "head", "to": "sign"})
    assert yaml.safe_load(after)["steps"][1]["next"] == "end"
    assert "# 大额要会签" in after, "the comment above stays"


def test_a_step_is_added_into_the_way_on():
    gone, come, after = changed({"op": "add", "from": "head", "step": {"id": "x", "title": "核价", "people": {"role": "r"}}})
    assert gone == ["      - {to: end}"]
    assert come == ["      - {to: x}", "  - id: x", "    title: 核价", "    people: {role: r}", "    next: end"]
    assert [s["id"] for s in yaml.safe_load(after)["steps"]] == ["draft", "head", "x", "sign"]


def test_a_step_renamed_is_renamed_wherever_it_is_led_to():
    gone, come, _ = changed({"op": "rename", "id": "sign", "to": "countersign"})
    assert gone == ['      - {when: "amount > 10000", to: sign}   # 一万', "  - id: sign"]
    assert come == ['      - {when: "amount > 10000", to: countersign}   # 一万', "  - id: countersign"]


def test_a_step_removed_hands_its_ways_on():
    gone, _, after = changed({"op": "remove", "id": "head"})
    assert yaml.safe_load(after)["steps"][0]["next"] == "end", "where the way without a condition led"
    assert "# 由经办人填" in after and "# 起点" in after and "# 完了" in after
    assert "  # 处长看一遍" in gone, "what is said about a step goes with it"


def test_a_step_moved_takes_its_comments_along():
    _, _, after = changed({"op": "move", "id": "sign", "before": "head"})
    assert after.index("- id: sign") < after.index("# 处长看一遍") < after.index("- id: head")
    assert sorted(after.split("\n")) == sorted(TEXT.split("\n"))


def test_a_field_renamed_is_renamed_in_rights_rules_and_conditions():
    gone, come, _ = changed({"op": "field", "name": "amount", "rename": "total"},
                            {"op": "field", "name": "reviewers", "rename": "people_asked"})
    assert len(gone) == len(come) == 4
    assert '  total: {type: number, label: "金额"}   # 元' in come
    assert "      - {when: total > 10000, to: sign}   # 一万" in come
    assert "    people: {field: people_asked}" in come


def test_a_condition_mentions_the_field_as_a_word_too():
    assert editing._rename_name("金额 > 1 and 'amount' in title and amount > 1", "amount", "total") \
        == "金额 > 1 and 'amount' in title and total > 1"


def test_a_drawing_from_nothing():
    text = editing.apply("", [
        {"op": "head", "values": {"name": "t.new", "title": "新"}},
        {"op": "add", "step": {"id": "draft", "title": "拟稿", "people": "drafter", "next": "end"}},
        {"op": "add", "step": {"id": "b", "title": "审核", "people": {"head_of": "drafter"}}, "from": "draft"},
        {"op": "connect", "from": "b", "to": "end"},
        {"op": "connect", "from": "b", "to": "draft", "when": "urgency == '急'"},
        {"op": "field", "name": "why", "rule": {"type": "text", "label": "事由"}}])
    assert yaml.safe_load(text) == {
        "name": "t.new", "title": "新",
        "steps": [{"id": "draft", "title": "拟稿", "people": "drafter", "next": "b"},
                  {"id": "b", "title": "审核", "people": {"head_of": "drafter"},
                   "next": [{"when": "urgency == '急'", "to": "draft"}, {"to": "end"}]}],
        "form": {"why": {"type": "text", "label": "事由"}}}


@pytest.mark.parametrize(("operation", "word"), [
    ({"op": "step", "id": "gone", "values": {}}, "没有环节"), ({"op": "rename", "id": "head", "to": "sign"}, "已经有了"),
    ({"op": "rename", "id": "head", "to": "end"}, "已经有了"), ({"op": "rename", "id": "head", "to": "a b"}, "以字母或汉字开头"),
    ({"op": "add", "step": {"id": "head"}}, "已经有了"), ({"op": "connect", "from": "head", "to": "head"}, "自己"),
    ({"op": "fly"}, "不认识的操作"), ({"op": "step", "id": "head", "values": {"peple": 1}}, "不认识的键"),
])
def test_what_cannot_be_done_is_said(operation, word):
    with pytest.raises(Invalid, match=word):
        editing.apply(TEXT, [operation])


def test_anchors_are_left_to_the_hand():
    text = "name: a\ntitle: b\nsteps:\n  - {id: a, people: &who {user: u}}\n  - {id: b, people: *who}\n"
    assert editing.apply(text, [{"op": "step", "id": "a", "values": {"title": "甲"}}]).count("*who") == 1
    with pytest.raises(Invalid, match="YAML 中直接修改"):
        editing.apply(text, [{"op": "step", "id": "b", "values": {"people": {"user": "v"}}}])


def test_a_text_that_cannot_be_read_is_not_touched():
    with pytest.raises(Invalid, match="YAML 写法有误"):
        editing.apply("name: [", [{"op": "head", "values": {"title": "x"}}])


def test_what_browsers_do_to_line_ends_is_undone():
    assert "\r" not in editing.apply(TEXT.replace("\n", "\r\n"), [{"op": "head", "values": {"title": "新"}}])


# --- anything to anything ---

words = st.sampled_from(["a", "是", "yes", "1", "a: b", "# no", "x\ny", " padded ", "", "'", '"', "- a", "{", "2026-01-01", "null"])
scalars = st.one_of(words, st.integers(-5, 5), st.booleans(), st.none(), st.floats(0, 1))
values = st.recursive(scalars, lambda inner: st.one_of(
    st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["k", "on", "值", "a b", "x-y"]), inner, max_size=3)),
    max_leaves=6)
steps = st.lists(st.fixed_dictionaries({"id": st.sampled_from("abcdef")}, optional={
    "title": words, "people": values, "next": values, "mode": values}), max_size=5, unique_by=lambda s: s["id"])
documents = st.fixed_dictionaries({"name": words}, optional={"form": values, "steps": steps, "title": words, "x": values})


@settings(max_examples=150, deadline=None)
@given(old=documents, new=documents, style=st.sampled_from([None, True, False]), marks=st.booleans())
def test_any_document_becomes_any_other(old, new, style, marks):
    text = yaml.safe_dump(old, default_flow_style=style, allow_unicode=True, sort_keys=False)
    if marks and style is False and "|" not in text and '"' not in text and "'" not in text:
        text = "".join(f"# above {n}\n{line}\n" for n, line in enumerate(text.rstrip("\n").split("\n")))
    assert same(yaml.safe_load(rewrite(text, new)), new)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_comments_outlive_every_operation_that_does_not_remove_what_they_are_about(data):
    names = [s["id"] for s in yaml.safe_load(TEXT)["steps"]]
    name = data.draw(st.sampled_from(names))
    operation = data.draw(st.one_of(
        st.builds(lambda v: {"op": "step", "id": name, "values": v},
                  st.dictionaries(st.sampled_from(["title", "due", "mode", "on_complete"]), words, min_size=1)),
        st.builds(lambda b: {"op": "move", "id": name, "before": b}, st.sampled_from([n for n in names if n != name])),
        st.just({"op": "rename", "id": name, "to": "renamed"}),
        st.just({"op": "add", "step": {"id": "new"}, "from": name}),
        st.builds(lambda t: {"op": "connect", "from": name, "to": t, "when": "amount == 5"},
                  st.sampled_from([*[n for n in names if n != name], "end"])),
        st.just({"op": "head", "values": {"description": "说明"}}),
    ))
    before = copy.deepcopy(yaml.safe_load(TEXT))
    after = editing.apply(TEXT, [operation])
    for line in TEXT.split("\n"):
        if "# " in line:
            assert line[line.index("# "):] in after, operation
    if operation["op"] == "step":  # and nobody else's lines changed
        other = [s for s in before["steps"] if s["id"] != name]
        assert [s for s in yaml.safe_load(after)["steps"] if s["id"] != name] == other
        assert yaml.safe_load(after)["x-owner"] == "财务处"


# --- the drawing ---

@settings(max_examples=100, deadline=None)
@given(ways=st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from([*"abcde", "end", "nowhere"])), max_size=12))
def test_whatever_is_drawn_has_a_place_of_its_own(ways):
    data = {"steps": [{"id": n, "next": [{"to": t} for f, t in ways if f == n]} for n in "abcde"]}
    drawn = layout.graph(data)
    places = [(n["x"], n["y"]) for n in drawn["nodes"]]
    assert len(set(places)) == len(places) == 6
    assert len(drawn["edges"]) == len([w for w in ways if w[1] != "nowhere"])


def test_a_chain_is_drawn_downwards_with_the_end_below_all():
    data = {"steps": [{"id": "a", "next": "b"}, {"id": "b", "next": [{"when": "x", "to": "c"}, {"to": "end"}]},
                      {"id": "c", "next": "end"}]}
    assert [n["id"] for n in sorted(layout.graph(data)["nodes"], key=lambda n: n["y"])] == ["a", "b", "c", "end"]
