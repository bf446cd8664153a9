"""Deadlines count working time, are told of once, and stand still with the case."""

import datetime as dt

import pytest

from oa_kernel import clock, workflow
from oa_kernel.notifications.models import Notification
from oa_kernel.workflow import Task, deadlines
from oa_kernel.workflow.models import Timer

NINE = "2026-11-24T09:00:00+08:00"  # a Tuesday


@pytest.fixture(autouse=True)
def hired_before(frozen):
    """Posts and rights begin on the day they are given: the people are there before the case begins."""
    frozen("2026-11-02T09:00:00+08:00")


def one_step(desk, **more):
    extra = "".join(f", {k}: {v}" for k, v in more.items())
    desk.publish(("{id: draft, people: drafter, next: one}", f"{{id: one, people: {{user: a}}, next: two{extra}}}",
                  "{id: two, people: {user: b}, next: end}"))
    return desk.start()


def at(frozen, text):
    frozen(text)
    return deadlines.tick()


def test_working_days_leave_out_the_weekend(desk, frozen):
    frozen("2026-11-27T10:00:00+08:00")  # a Friday
    case = one_step(desk, due="1 working days")
    assert clock.local(desk.task(case, "a").due_at).date() == dt.date(2026, 11, 30)


def test_a_reminder_comes_before_and_once(desk, frozen):
    frozen(NINE)
    case = one_step(desk, due="4 hours", remind="[1 hours]")
    assert at(frozen, "2026-11-24T12:05:00+08:00") == 1
    assert at(frozen, "2026-11-24T12:06:00+08:00") == 0
    assert [t["action"] for t in workflow.trail(case.id)] == ["submit", "remind"]


def test_overdue_passes_in_the_systems_name(desk, frozen):
    frozen(NINE)
    case = one_step(desk, due="4 hours", on_overdue="pass")
    at(frozen, "2026-11-24T13:05:00+08:00")
    assert desk.open(case) == {("two", "b")}
    entry = next(t for t in workflow.trail(case.id) if t["action"] == "pass")
    assert entry["by"]["name"] == "系统"


def test_overdue_is_handed_to_another(desk, frozen):
    frozen(NINE)
    case = one_step(desk, due="4 hours", on_overdue="{transfer: {user: e}}")
    at(frozen, "2026-11-24T13:05:00+08:00")
    assert desk.open(case) == {("one", "e")}


def test_overdue_is_told_to_the_superior(desk, frozen):
    frozen(NINE)
    one_step(desk, due="4 hours", on_overdue="escalate")
    at(frozen, "2026-11-24T13:05:00+08:00")
    assert Notification.select().where(Notification.person_id == desk.head.id).count() == 1


@pytest.mark.parametrize("how", ["suspend", "return"])
def test_the_clock_stands_still(desk, frozen, how):
    frozen(NINE)
    case = one_step(desk, due="4 hours", mode="all", on_overdue="pass")
    if how == "suspend":
        workflow.suspend(case.id, desk.admin, "等文件")
    else:
        desk.act(case, "a", "add_sign", to=["c"], place="beside")
        desk.act(case, "c", "return", comment="改", target="draft", resume="direct")
    paused = Task.select(Task.id).where(Task.state == "paused")
    assert paused.count() == 1
    assert Timer.select().where(Timer.fired_at.is_null(), Timer.task_id.in_(paused)).count() == 0
    at(frozen, "2026-11-24T15:00:00+08:00")
    if how == "suspend":
        assert desk.open(case) == set()
        workflow.resume(case.id, desk.admin, "齐了")
    else:
        desk.act(case, "drafter")
    assert clock.local(desk.task(case, "a").due_at).strftime("%H:%M") == "19:00"
    assert deadlines.tick() == 0


def test_a_case_that_cannot_move_does_not_hold_up_the_others_and_is_tried_again(desk, frozen):
    frozen(NINE)
    desk.publish(("{id: draft, people: drafter, next: one}",
                  "{id: one, people: {user: a}, due: 4 hours, on_overdue: pass, "
                  "next: [{when: 'amount > 5', to: end}, {to: end}]}"), head="form: {amount: {type: number}}")
    stuck, good = desk.start(), desk.start({"amount": 1})
    at(frozen, "2026-11-24T13:05:00+08:00")
    assert (desk.state(stuck), desk.state(good)) == ("running", "completed")
    assert Timer.select().where(Timer.fired_at.is_null()).count() == 1
    assert Task.select().where(Task.instance_id == stuck.id, Task.state == "open").count() == 1
