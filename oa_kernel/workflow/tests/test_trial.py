"""A trial run says who would get each step, why, by which condition, until when, and writes nothing."""

import pytest

from oa_kernel import workflow
from oa_kernel.errors import Invalid
from oa_kernel.workflow import Instance, Task

TEXT = """\
name: t.try
title: 试
form: {amount: {type: number}, whom: {type: person}}
steps:
  - {id: draft, title: 拟稿, people: drafter, next: head}
  - id: head
    title: 处长
    people: {head_of: drafter}
    due: 2 working days
    fields: {whom: hidden}
    next: [{when: "amount > 100", to: fork}, {to: end}]
  - {id: fork, type: fork, branches: [a, {when: "amount > 1000", to: b}]}
  - {id: a, title: 甲, people: {field: whom}, next: both}
  - {id: b, title: 乙, people: {chosen_by: previous, among: [a, b]}, next: both}
  - {id: both, type: join, next: last}
  - {id: last, title: 处长再看, people: {head_of: drafter}, next: again}
  - {id: again, title: 处长又看, people: {head_of: drafter}, skip_same_person: true, next: end}
"""


def run(desk, **form):
    return {r["step"]: r for r in workflow.simulate_text(TEXT, desk.drafter, form)}


def test_the_way_depends_on_the_form_and_says_why(desk):
    small = run(desk, amount=5)
    assert list(small) == ["draft", "head"]
    assert [(w["to"], w["taken"], w["why"]) for w in small["head"]["ways"]] == [
        ("fork", False, "不成立（amount = 5）"), ("end", True, "没有条件")]
    large = run(desk, amount=5000, whom="c")
    assert list(large) == ["draft", "head", "fork", "a", "b", "both", "last", "again"]
    assert [w["taken"] for w in large["fork"]["ways"]] == [True, True]
    assert [w["taken"] for w in run(desk, amount=500)["fork"]["ways"]] == [True, False]


def test_people_with_the_reason(desk):
    rows = run(desk, amount=5000, whom="c")
    assert (rows["head"]["usernames"], rows["head"]["why"]) == (["head"], "部门负责人")
    assert (rows["a"]["usernames"], rows["a"]["why"]) == (["c"], "表单字段：whom")
    assert (rows["b"]["usernames"], rows["b"]["why"]) == (["a", "b"], "由上一步从这些人中选定")
    nobody = run(desk, amount=5000)["a"]
    assert nobody["usernames"] == ["admin"] and "转流程管理员" in nobody["why"]


def test_deadlines_hidden_fields_and_what_passes_by_itself(desk, frozen):
    frozen("2026-11-27T10:00:00+08:00")  # a Friday
    rows = run(desk, amount=5000, whom="c")
    assert rows["head"]["due"] == "2 working days" and rows["head"]["due_at"].startswith("2026-12-01T")
    assert rows["head"]["hidden"] == ["whom"]
    assert rows["again"]["skipped"] and not rows["last"]["skipped"]


def test_a_condition_that_cannot_be_worked_out_is_told_and_not_raised(desk):
    ways = run(desk)["head"]["ways"]
    assert not ways[0]["taken"] and "无法判断" in ways[0]["why"]


def test_nothing_is_written_and_a_wrong_text_says_where(desk):
    run(desk, amount=5000)
    assert Instance.select().count() == Task.select().count() == 0
    with pytest.raises(Invalid, match="第 11 行"):
        workflow.simulate_text(TEXT.replace("amount > 100\"", "amuont > 100\""), desk.drafter, {})
