"""Figures of a definition, checked against times that are set by hand; the same on both engines."""

import datetime as dt
import statistics as reference

import pytest

from oa_kernel import clock, workflow
from oa_kernel.errors import Invalid, NotFound
from oa_kernel.workflow import Instance, Task, figures

pytestmark = pytest.mark.oa_databases

STEPS = ("{id: draft, people: drafter, next: one}", "{id: one, people: {user: a}, due: 4 hours, next: two}",
         "{id: two, people: {user: b}, next: end}")
#: hours each of eleven cases stays at the first step
HOURS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 30)


@pytest.fixture(autouse=True)
def early(frozen):
    """Before anybody is given a role: a grant holds from when it is made."""
    frozen("2026-10-01T09:00:00+08:00")


@pytest.fixture
def worked(desk, frozen):
    """Eleven cases begun on a Monday; ``a`` takes :data:`HOURS`, ``b`` one hour; the last is returned once."""
    frozen("2026-11-02T09:00:00+08:00")
    desk.publish(STEPS, "version: 1")
    cases = [desk.start() for _ in HOURS]
    began = clock.now()
    for case, hours in zip(cases, HOURS, strict=True):
        frozen((began + dt.timedelta(hours=hours)).isoformat())
        desk.act(case, "a")
        frozen((began + dt.timedelta(hours=hours + 1)).isoformat())
        if case is cases[-1]:
            desk.act(case, "b", "return", comment="不全", target="one")
            desk.act(case, "a")
        desk.act(case, "b")
    frozen("2026-11-10T09:00:00+08:00")
    return cases


def step(found, name):
    return next(s for s in found["steps"] if s["step"] == name)


def test_percentiles_are_those_of_the_nearest_rank(desk, worked):
    one = step(workflow.statistics("t.case"), "one")
    taken = sorted([*HOURS, 0])
    assert one["done"] == 12
    assert one["median_seconds"] == taken[5] * 3600 == reference.median_low(taken) * 3600
    assert one["p90_seconds"] == taken[10] * 3600
    assert [s["step"] for s in workflow.statistics("t.case")["steps"]] == ["one", "two"]


def test_rates_of_returns_lateness_and_first_passes(desk, worked):
    found = workflow.statistics("t.case")
    assert step(found, "two")["returned"] == 1
    assert step(found, "two")["return_rate"] == round(1 / 12, 4)
    late = sum(h > 4 for h in HOURS)
    assert (step(found, "one")["due"], step(found, "one")["overdue"]) == (12, late)
    assert step(found, "one")["overdue_rate"] == round(late / 12, 4)
    assert (step(found, "two")["due"], step(found, "two")["overdue_rate"]) == (0, None)
    cases = found["cases"]
    assert (cases["states"], cases["ended"], cases["completed"], cases["first_pass"]) == ({"completed": 11}, 11, 11, 10)
    assert cases["first_pass_rate"] == round(10 / 11, 4)
    assert cases["median_seconds"] == 7 * 3600


def test_time_that_stood_still_is_not_counted(desk, frozen):
    frozen("2026-11-02T09:00:00+08:00")
    desk.publish(STEPS)
    case = desk.start()
    frozen("2026-11-02T10:00:00+08:00")
    workflow.suspend(case.id, desk.admin, "等")
    frozen("2026-11-05T10:00:00+08:00")
    workflow.resume(case.id, desk.admin, "续")
    frozen("2026-11-05T11:00:00+08:00")
    desk.act(case, "a")
    assert step(workflow.statistics("t.case"), "one")["median_seconds"] == 2 * 3600


def test_what_waits_now_and_what_of_it_is_late(desk, frozen):
    frozen("2026-11-02T09:00:00+08:00")
    desk.publish(STEPS)
    for _ in range(3):
        desk.start()
    frozen("2026-11-02T16:00:00+08:00")
    workflow.suspend(desk.start().id, desk.admin, "等")
    desk.start()
    one = step(workflow.statistics("t.case"), "one")
    assert (one["open"], one["open_overdue"], one["done"], one["median_seconds"]) == (4, 3, 0, None)
    assert clock.local(one["oldest"]).hour == 9


def test_only_the_time_and_the_version_that_are_asked_for(desk, worked, frozen):
    desk.publish(STEPS, "version: 2")
    desk.act(desk.start(), "a")
    day = dt.date(2026, 11, 10)
    assert workflow.statistics("t.case", since=day, until=day)["cases"]["started"] == 1
    assert workflow.statistics("t.case", until=dt.date(2026, 11, 9))["cases"]["started"] == 11
    assert step(workflow.statistics("t.case", version=2), "one")["done"] == 1
    assert step(workflow.statistics("t.case", version=1), "one")["done"] == 12
    assert step(workflow.statistics("t.case", since=dt.date(2026, 11, 3)), "one")["done"] == 3
    with pytest.raises(Invalid):
        workflow.statistics("t.case", since=day, until=dt.date(2026, 11, 1))
    with pytest.raises(NotFound):
        workflow.statistics("no.such")


def test_weeks_begin_on_monday_in_the_organisations_zone(desk, frozen):
    desk.publish(STEPS)
    frozen("2026-11-01T23:30:00+08:00")  # a Sunday, and a Sunday still in UTC
    desk.start()
    frozen("2026-11-02T00:30:00+08:00")  # a Monday, a Sunday in UTC
    case = desk.start()
    frozen("2026-11-09T10:00:00+08:00")
    desk.act(case, "a")
    desk.act(case, "b")
    weeks = workflow.statistics("t.case", since=dt.date(2026, 10, 26))["weeks"]
    assert [(w["week"].isoformat(), w["started"], w["ended"]) for w in weeks] == [
        ("2026-10-26", 1, 0), ("2026-11-02", 1, 0), ("2026-11-09", 0, 1)]


def test_single_people_are_named_to_managers_only(desk, worked):
    assert workflow.statistics("t.case", by=desk.drafter)["people"] is None
    assert workflow.statistics("t.case", by=desk.admin)["people"] == [
        {"username": "a", "name": "a", "done": 12, "overdue": sum(h > 4 for h in HOURS)},
        {"username": "b", "name": "b", "done": 12, "overdue": 0}]


def test_as_many_statements_for_few_as_for_many(desk, worked, count_queries):
    counts = []
    for _ in range(2):
        workflow.statistics("t.case", by=desk.admin)
        with count_queries() as statements:
            workflow.statistics("t.case", by=desk.admin)
        counts.append(len(statements))
        for _ in range(10):
            desk.act(desk.start(), "a")
    assert counts[0] == counts[1] <= 14, statements


def test_a_period_is_read_from_the_index(desk, worked):
    from oa_kernel import db

    if db.is_postgresql():
        pytest.skip("its planner scans a small table whatever indexes there are")
    sql = ("EXPLAIN QUERY PLAN SELECT step FROM workflow_task t WHERE t.definition_name = ? AND t.done_at IS NOT NULL"
           " AND t.done_at >= ? AND t.done_at < ?")
    plan = db.database.execute_sql(sql, ("t.case", "2026-11-01 00:00:00", "2026-11-08 00:00:00")).fetchall()
    assert "workflow_task_done" in str(plan)


def test_cases_that_ended_otherwise_are_no_first_passes(desk):
    desk.publish(STEPS)
    case = desk.start()
    desk.act(case, "a", "reject", comment="不行")
    cases = workflow.statistics("t.case")["cases"]
    assert (cases["ended"], cases["completed"], cases["first_pass_rate"]) == (1, 0, None)
    assert Instance.get_by_id(case.id).state == "rejected"
    assert Task.select().where(Task.instance_id == case.id, Task.action == "reject").count() == 1


def test_what_takes_long_is_worked_out_in_the_background_and_kept(desk, worked, frozen, monkeypatch):
    asked = []
    monkeypatch.setattr(figures, "AT_ONCE", 20)
    monkeypatch.setattr(figures.scheduling, "enqueue", lambda name, row: asked.append(row))
    at_once = figures.look("t.case", since=dt.date(2026, 11, 9), by=desk.admin)  # few tasks: the page waits
    assert at_once.found["cases"]["started"] == 0 and at_once.progress is None and not asked
    assert figures.look("t.case", by=desk.admin) == figures.Looked(None, None, (0, 4))
    assert figures.look("t.case", by=desk.drafter).progress == (0, 4) and len(asked) == 1
    frozen("2026-11-10T09:06:00+08:00")
    assert figures.look("t.case", by=desk.admin).stalled and len(asked) == 2
    figures.work_out(asked[0])
    looked = figures.look("t.case", by=desk.admin)
    assert looked.found == workflow.statistics("t.case", by=desk.admin) and looked.made_at == clock.now()
    assert looked.found["people"] and figures.look("t.case", by=desk.drafter).found["people"] is None
    frozen("2026-11-10T11:00:00+08:00")
    old = figures.look("t.case", by=desk.admin)  # shown until the newer ones are there
    assert old.found and old.made_at < clock.now() and old.progress == (0, 4) and len(asked) == 3
    assert figures.look("t.case", by=desk.admin, wait=True).made_at is None
