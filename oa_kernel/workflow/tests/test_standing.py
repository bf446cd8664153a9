"""Standing delegations, leave, and handing over: work finds who is there."""

import datetime as dt

import pytest

from oa_kernel import clock, workflow
from oa_kernel.errors import Forbidden, Invalid

STEPS = ("{id: draft, people: drafter, next: one}", "{id: one, people: {user: a}, next: two}",
         "{id: two, people: {users: [b, c]}, next: end}")


@pytest.fixture
def office(desk):
    desk.publish(STEPS)
    return desk


def day(n):
    return clock.today() + dt.timedelta(days=n)


def test_new_work_goes_to_who_stands_in_and_the_trail_says_for_whom(office):
    workflow.delegate_standing(office.a, office.d, by=office.a, since=day(0), until=day(3))
    case = office.start()
    assert office.open(case) == {("one", "d")}
    office.act(case, "d", comment="代办")
    entry = next(t for t in workflow.trail(case.id) if t["action"] == "approve")
    assert (entry["by"]["username"], entry["details"]["for"]) == ("d", "a")
    assert workflow.get_instance(case.id, office.a).id == case.id


@pytest.mark.parametrize(("since", "until", "kinds"), [(1, 3, ()), (-3, -1, ()), (0, 3, ("other.kind",))])
def test_only_in_the_period_and_for_the_kinds_named(office, since, until, kinds):
    workflow.delegate_standing(office.a, office.d, by=office.a, since=day(since), until=day(until), definitions=kinds)
    assert office.open(office.start()) == {("one", "a")}


def test_ended_it_is_ones_own_again(office):
    row = workflow.delegate_standing(office.a, office.d, by=office.a)
    workflow.end_stand_in(row.id, office.a)
    assert office.open(office.start()) == {("one", "a")}
    assert workflow.stand_ins(office.a) == []


def test_who_stands_in_may_have_somebody_too_but_it_never_goes_in_a_circle(office):
    workflow.delegate_standing(office.a, office.d, by=office.a)
    workflow.delegate_standing(office.d, office.e, by=office.d)
    workflow.delegate_standing(office.e, office.a, by=office.e)
    assert office.open(office.start()) == {("one", "e")}


def test_nobody_approves_their_own_case_by_standing_in(office):
    workflow.delegate_standing(office.a, office.drafter, by=office.a)
    assert office.open(office.start()) == {("one", "a")}


def test_who_is_away_is_passed_by_where_others_can_do_it(office):
    workflow.set_absent(office.b, by=office.b, until=day(5))
    workflow.set_absent(office.a, by=office.a, until=day(5))
    case = office.start()
    assert office.open(case) == {("one", "a")}
    office.act(case, "a")
    assert office.open(case) == {("two", "c")}


def test_others_may_not_set_it_and_the_dates_must_be_right(office):
    with pytest.raises(Forbidden):
        workflow.delegate_standing(office.a, office.d, by=office.b)
    with pytest.raises(Invalid):
        workflow.delegate_standing(office.a, office.d, by=office.a, since=day(3), until=day(1))
    assert workflow.delegate_standing(office.a, office.d, by=office.admin).made_by == office.admin.id


def test_all_open_work_is_handed_over_and_whoever_lost_it_cannot_act(office):
    cases = [office.start() for _ in range(3)]
    old = office.task(cases[0], "a")
    assert workflow.hand_over(office.a, office.e, by=office.admin, reason="调离") == 3
    assert {office.open(c).pop() for c in cases} == {("one", "e")}
    with pytest.raises(Forbidden):
        workflow.act(old.id, "approve", office.a)
    office.act(cases[0], "e")
    assert office.open(office.start()) == {("one", "e")}


def test_only_who_manages_workflows_hands_over(office):
    with pytest.raises(Forbidden):
        workflow.hand_over(office.a, office.e, by=office.b, reason="x")


def test_the_trial_run_tells_who_stands_in(office):
    workflow.delegate_standing(office.a, office.d, by=office.a)
    row = workflow.simulate("t.case", office.drafter, {})[1]
    assert row["usernames"] == ["d"]
    assert "d 代 a" in row["why"]
