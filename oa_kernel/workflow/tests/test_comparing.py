"""Two versions side by side: in words, and line by line."""

from oa_kernel.workflow import comparing, editing

OLD = """\
name: t.buy
title: 采购
version: 1
form: {amount: {type: number, label: 金额}, why: {type: text, label: 事由}}
steps:
  - {id: draft, title: 拟稿, people: drafter, next: head}
  - {id: head, title: 处长审核, people: {head_of: drafter}, next: end}
  - {id: legal, title: 法务, people: {user: a}, next: end}
"""


def change(*operations):
    return comparing.stepwise(OLD, editing.apply(OLD, operations))


def told(found):
    return [(c.what, c.step or c.field, [(i.word, i.before, i.after) for i in c.items]) for c in found]


def test_a_changed_step_says_each_key_in_words(oa):
    assert told(change({"op": "step", "id": "head", "values": {
        "people": {"deputy_for": "drafter"}, "due": "2 working days", "next": [{"when": "amount > 1", "to": "legal"}, {"to": "end"}]}},
    )) == [("changed", "head", [
        ("办理人", "部门负责人", "分管领导"), ("期限", None, "2 working days"),
        ("之后", "→ end", "amount > 1 → legal；→ end")])]


def test_steps_and_fields_that_come_and_go(oa):
    found = change({"op": "remove", "id": "legal"}, {"op": "add", "from": "head", "step": {"id": "x", "people": {"user": "b"}}},
                   {"op": "field", "name": "why", "rule": None}, {"op": "field", "name": "n", "rule": {"type": "integer"}})
    assert [(c.what, c.step or c.field) for c in found] == [
        ("added", "n"), ("removed", "why"), ("changed", "head"), ("added", "x"), ("removed", "legal")]


def test_another_place_in_the_list_is_told(oa):
    assert told(change({"op": "move", "id": "legal", "before": "head"})) in (
        [("moved", "legal", [])], [("moved", "head", [])])


def test_a_version_number_alone_is_no_difference(oa):
    assert change({"op": "head", "values": {"version": 9}}) == []
    assert told(change({"op": "head", "values": {"title": "买"}})) == [("changed", "", [("标题", "采购", "买")])]


def test_lines_with_what_is_around_them():
    new = editing.apply(OLD, [{"op": "step", "id": "legal", "values": {"title": "法务审查"}}])
    assert [(line.mark, line.before, line.after, line.text[:20]) for line in comparing.lines(OLD, new, context=1)] == [
        ("…", None, None, "6"), (" ", 7, 7, "  - {id: head, title"), ("-", 8, None, "  - {id: legal, titl"),
        ("+", None, 8, "  - {id: legal, titl")]
    assert comparing.lines(OLD, OLD) == []
