"""Branches: what happens in one leaves the others alone, and the case is never lost at a join."""

import pytest

from oa_kernel import workflow
from oa_kernel.errors import Conflict
from oa_kernel.workflow import Run

TWO = (
    "{id: draft, people: drafter, next: pre}", "{id: pre, people: {user: head}, next: split}",
    "{id: split, type: fork, branches: [a1, b1]}",
    "{id: a1, people: {user: a}, next: a2}", "{id: a2, people: {user: c}, next: both}",
    "{id: b1, people: {user: b}, next: both}", "{id: both, type: join, wait: all, next: last}",
    "{id: last, people: {user: d}, next: end}",
)


@pytest.fixture
def case(desk):
    desk.publish(TWO)
    case = desk.start()
    desk.act(case, "head")
    return case


def test_a_return_within_a_branch_leaves_the_other_branch_its_work(desk, case):
    desk.act(case, "a")
    desk.act(case, "c", "return", comment="再看", target="a1")
    assert desk.open(case) == {("a1", "a"), ("b1", "b")}
    for who in ("a", "b", "c"):
        desk.act(case, who)
    assert desk.open(case) == {("last", "d")}


def test_a_return_within_a_branch_after_the_other_arrived_still_joins(desk, case):
    desk.act(case, "b")
    desk.act(case, "a")
    desk.act(case, "c", "return", comment="再看", target="a1")
    desk.act(case, "a")
    desk.act(case, "c")
    assert desk.open(case) == {("last", "d")}


def test_a_return_from_behind_the_join_into_a_branch_joins_again(desk, case):
    for who in ("a", "c", "b"):
        desk.act(case, who)
    desk.act(case, "d", "return", comment="重审", target="a2")
    assert desk.open(case) == {("a2", "c")}
    desk.act(case, "c")
    assert desk.open(case) == {("last", "d")}


def test_straight_back_out_of_a_branch_keeps_the_branch_beside_as_it_was(desk, case):
    desk.act(case, "b", "circulate", to=["e"])
    desk.act(case, "a", "return", comment="改", target="draft", resume="direct")
    assert desk.open(case) == {("draft", "drafter")}
    with pytest.raises(Conflict):
        workflow.act(_paused(case, desk.b), "approve", desk.b)
    desk.act(case, "drafter")
    assert desk.open(case) == {("a1", "a"), ("b1", "b")}
    for who in ("a", "c", "b"):
        desk.act(case, who)
    assert desk.open(case) == {("last", "d")}


def _paused(case, person):
    from oa_kernel.workflow import Task

    return Task.get(Task.instance_id == case.id, Task.assignee_id == person.id, Task.state == "paused").id


def test_one_is_enough_ends_what_is_nested_in_the_other_branch(desk):
    desk.publish((
        "{id: draft, people: drafter, next: split}", "{id: split, type: fork, branches: [inner, a1]}",
        "{id: inner, type: fork, branches: [b1, c1]}", "{id: b1, people: {user: b}, next: mid}",
        "{id: c1, people: {user: c}, next: mid}", "{id: mid, type: join, next: both}",
        "{id: a1, people: {user: a}, next: both}", "{id: both, type: join, wait: 1, next: last}",
        "{id: last, people: {user: d}, next: end}"))
    case = desk.start()
    desk.act(case, "a")
    assert desk.open(case) == {("last", "d")}


def test_a_join_does_not_wait_for_a_branch_that_ended_by_itself(desk):
    desk.publish((
        "{id: draft, people: drafter, next: split}", "{id: split, type: fork, branches: [a1, b1, c1]}",
        "{id: a1, people: {user: a}, next: both}", "{id: b1, people: {user: b}, next: both}",
        "{id: c1, people: {user: c}, next: end}",
        "{id: both, type: join, next: last}", "{id: last, people: {user: d}, next: end}"))
    case = desk.start()
    desk.act(case, "a")
    desk.act(case, "b")
    desk.act(case, "c")
    assert desk.open(case) == {("last", "d")}
    desk.act(case, "d")
    assert desk.state(case) == "completed"


def test_inclusive_branches_begin_where_their_condition_holds(desk):
    desk.publish((
        "{id: draft, people: drafter, next: split}",
        "{id: split, type: fork, branches: [{when: 'amount > 10', to: a1}, {to: b1}]}",
        "{id: a1, people: {user: a}, next: both}", "{id: b1, people: {user: b}, next: both}",
        "{id: both, type: join, next: end}"), head="form: {amount: {type: number}}")
    small = desk.start({"amount": 1})
    assert desk.open(small) == {("b1", "b")}
    desk.act(small, "b")
    assert desk.state(small) == "completed"
    assert desk.open(desk.start({"amount": 20})) == {("a1", "a"), ("b1", "b")}


def test_retrieved_in_one_branch_leaves_the_other_alone(desk, case):
    desk.act(case, "a")
    workflow.retrieve(case.id, desk.a)
    assert desk.open(case) == {("a1", "a"), ("b1", "b")}


def test_retrieved_from_the_join_it_waits_again(desk, case):
    desk.act(case, "b")
    desk.act(case, "a")
    workflow.retrieve(case.id, desk.b)
    desk.act(case, "c")
    assert desk.open(case) == {("b1", "b")}
    desk.act(case, "b")
    assert desk.open(case) == {("last", "d")}


def test_retrieved_after_the_join_fired_it_is_open_again(desk, case):
    for who in ("b", "a", "c"):
        desk.act(case, who)
    workflow.retrieve(case.id, desk.c)
    assert desk.open(case) == {("a2", "c")}
    desk.act(case, "c")
    assert desk.open(case) == {("last", "d")}
    assert Run.select().where(Run.instance_id == case.id, Run.step == "both", Run.state == "done").count() == 1
