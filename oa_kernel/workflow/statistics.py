"""Figures of a definition over a time: how long its steps take, how often they are returned or late, who does most.

Worked out by the database, in a constant number of statements however many tasks there are; percentiles are exact, by
the nearest rank (the smallest value that so many per cent do not exceed). A time is from a task's arrival to its
answer by the clock, without what its case stood still. What nobody decided is left out: the drafter's submission
by starting, steps passed by themselves, copies to read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from oa_kernel import clock, db, permissions
from oa_kernel.errors import Invalid, NotFound

from .definition import END
from .models import Instance, Task, WorkflowDefinition
from .people import MANAGE

#: may look at the figures; the figures of single people need MANAGE
VIEW = "kernel.workflow.statistics"
PEOPLE = 10
#: weeks of throughput, the last
WEEKS = 53
WEEK = 7 * 86400
ALIVE_STATES = ("running", "withdrawn", "suspended")

_DECIDED = "t.state = 'done' AND t.kind <> 'circulate' AND t.action NOT IN ('submit', 'skip')"


def versions(name: str) -> list[dict[str, Any]]:
    """Versions of a definition that were ever in force, the newest first; NotFound where there is none."""
    rows = list(WorkflowDefinition.select(
        WorkflowDefinition.version, WorkflowDefinition.title, WorkflowDefinition.published_at)
        .where(WorkflowDefinition.name == name).order_by(WorkflowDefinition.id.desc()).limit(200))
    if not rows:
        raise NotFound(f"没有流程 {name}")
    seen: dict[int, dict[str, Any]] = {}
    for row in rows:
        seen.setdefault(row.version, {"version": row.version, "title": row.title, "published": row.published_at})
    return list(seen.values())


def statistics(
    name: str, *, since: dt.date | None = None, until: dt.date | None = None, version: int | None = None, by: Any = None,
    told: Callable[[int], Any] | None = None,
) -> dict[str, Any]:
    """Figures of a definition.

    :param since: first and last day (both included, in the organisation's zone); None: no bound.
    :param version: only cases of that version.
    :param told: called with the number of :data:`PARTS` done so far.
    :param by: who asks; None: the system. Single people are named to who manages workflows only (``people`` is None else).
    :returns: ``{"definition", "title", "since", "until", "version", "cases": {"started", "states": {state: n}, "ended",
        "completed", "first_pass", "first_pass_rate", "median_seconds", "p90_seconds"}, "steps": [{"step", "title", "done",
        "median_seconds", "p90_seconds", "returned", "return_rate", "due", "overdue", "overdue_rate", "open",
        "open_overdue", "oldest"}], "people": [{"username", "name", "done", "overdue"}] or None,
        "weeks": [{"week", "started", "ended"}]}``. Rates are 0 … 1, or None where there is nothing to count.
    """
    of = as_asked(name, since, until, version)
    people = by is None or permissions.by_right(by, MANAGE)
    found = {"definition": name, "title": of.title, "since": since, "until": until, "version": version}
    with _sorting_on_disk():
        for n, (part, work_out) in enumerate(PARTS.items(), 1):
            found[part] = work_out(of) if part != "people" or people else None
            if told is not None:
                told(n)
    return found


def as_asked(name: str, since: dt.date | None, until: dt.date | None, version: int | None) -> _Asked:
    """What is asked for; Invalid for days the wrong way round, NotFound for a definition there is not."""
    if since is not None and until is not None and until < since:
        raise Invalid("结束日期早于开始日期", errors={"until": ["结束日期早于开始日期"]})
    title = versions(name)[0]["title"]
    return _Asked(name, _start(since), _start(until + dt.timedelta(days=1)) if until else None, version, title)


def more_than(of: _Asked, number: int) -> bool:
    """Whether more than so many tasks were done in the time asked for, of whatever version; no more are looked at."""
    said, values = _Asked(of.name, of.begin, of.end, None).within("t.done_at")
    some = f"SELECT 1 FROM workflow_task t WHERE {said} LIMIT {number + 1}"
    return bool(_rows(f"SELECT COUNT(*) FROM ({some}) few", values)[0][0] > number)


def _start(day: dt.date | None) -> dt.datetime | None:
    return None if day is None else dt.datetime.combine(day, dt.time(0), clock.zone()).astimezone(clock.UTC)


class _Asked:
    """What is asked for, as conditions of a statement and their values."""

    def __init__(self, name: str, begin: dt.datetime | None, end: dt.datetime | None, version: int | None,
                 title: str = "") -> None:
        self.title = title
        self.name, self.begin, self.end, self.version = name, begin, end, version
        self.mark = db.database.param

    def within(self, column: str, instance: str = "") -> tuple[str, list[Any]]:
        """``definition_name = ? AND column >= ? …`` of a table; ``instance``: the alias to which the version belongs,
        where it is not the table itself."""
        table = column.partition(".")[0]
        said, values = [f"{table}.definition_name = {self.mark}"], [self.name]
        said.append(f"{column} IS NOT NULL")
        for sign, instant in ((">=", self.begin), ("<", self.end)):
            if instant is not None:
                said.append(f"{column} {sign} {self.mark}")
                values.append(Task.done_at.db_value(instant))
        if self.version is not None:
            said.append(f"{instance or table}.definition_version = {self.mark}")
            values.append(self.version)
        return " AND ".join(said), values

    def tasks(self) -> tuple[str, str, list[Any]]:
        """FROM and WHERE of the decided tasks, and the values."""
        said, values = self.within("t.done_at", "i")
        joined = " JOIN workflow_instance i ON i.id = t.instance_id" if self.version is not None else ""
        return f"workflow_task t{joined}", f"{said} AND {_DECIDED}", values


def _rows(sql: str, values: list[Any]) -> list[Any]:
    return list(db.database.execute_sql(sql, values).fetchall())


@contextmanager
def _sorting_on_disk() -> Iterator[None]:
    """SQLite sorts in memory as it is opened here; a table of millions is sorted in files instead. PostgreSQL sees to
    that itself."""
    if db.is_postgresql() or db.in_transaction():
        yield
        return
    db.database.execute_sql("PRAGMA temp_store = FILE")
    try:
        yield
    finally:
        db.database.execute_sql("PRAGMA temp_store = MEMORY")


def _seconds(column: str) -> str:
    """An instant as whole seconds."""
    return f"CAST(EXTRACT(EPOCH FROM {column}) AS BIGINT)" if db.is_postgresql() else f"CAST(strftime('%s', {column}) AS INTEGER)"


def _percentiles(group: str, seconds: str, source: str, where: str) -> str:
    """(group, median, 90th percentile, number) a group, by the nearest rank."""
    return (
        f"SELECT g, MIN(CASE WHEN n = (c + 1) / 2 THEN s END), MIN(CASE WHEN n = (c * 9 + 9) / 10 THEN s END), MAX(c)"
        f" FROM (SELECT g, s, ROW_NUMBER() OVER (PARTITION BY g ORDER BY s) n, COUNT(*) OVER (PARTITION BY g) c"
        f" FROM (SELECT {group} g, {seconds} s FROM {source} WHERE {where}) taken) ranked"
        f" WHERE n = (c + 1) / 2 OR n = (c * 9 + 9) / 10 GROUP BY g"
    )


def rate(part: int | None, whole: int | None) -> float | None:
    """0 … 1 to four places; None of nothing."""
    return round((part or 0) / whole, 4) if whole else None


# ---- cases ------------------------------------------------------------------------------------------------------


def _cases(asked: _Asked) -> dict[str, Any]:
    said, values = asked.within("i.started_at")
    states = {state: int(n) for state, n in _rows(
        f"SELECT i.state, COUNT(*) FROM workflow_instance i WHERE {said} GROUP BY i.state", values)}
    said, values = asked.within("i.ended_at")
    returned = ("EXISTS (SELECT 1 FROM workflow_task r WHERE r.instance_id = i.id AND r.state = 'done'"
                " AND r.action = 'return')")
    ended, completed, passed = _rows(
        "SELECT COUNT(*), SUM(CASE WHEN i.state = 'completed' THEN 1 ELSE 0 END),"
        f" SUM(CASE WHEN i.state = 'completed' AND NOT {returned} THEN 1 ELSE 0 END)"
        f" FROM workflow_instance i WHERE {said}", values)[0]
    took = _rows(_percentiles("1", f"{_seconds('i.ended_at')} - {_seconds('i.started_at')}", "workflow_instance i",
                              f"{said} AND i.state = 'completed'"), values)
    return {
        "started": sum(states.values()), "states": states, "ended": int(ended or 0), "completed": int(completed or 0),
        "first_pass": int(passed or 0), "first_pass_rate": rate(int(passed or 0), int(completed or 0)),
        "median_seconds": int(took[0][1]) if took else None, "p90_seconds": int(took[0][2]) if took else None,
    }


def _weeks(asked: _Asked) -> list[dict[str, Any]]:
    """Cases started and ended in each of the last weeks (Monday to Sunday, organisation's zone), the oldest first."""
    last = clock.today() if asked.end is None else min(
        clock.today(), clock.local(asked.end - dt.timedelta(seconds=1)).date())
    monday = last - dt.timedelta(days=last.weekday())
    earliest = monday - dt.timedelta(weeks=WEEKS - 1)
    if asked.begin is not None:
        begin = clock.local(asked.begin).date()
        earliest = max(earliest, begin - dt.timedelta(days=begin.weekday()))
    origin = _start(earliest)
    assert origin is not None
    shifted = _Asked(asked.name, max(origin, asked.begin) if asked.begin else origin, asked.end, asked.version)
    counts: dict[str, dict[int, int]] = {}
    for column in ("started_at", "ended_at"):
        said, values = shifted.within(f"i.{column}")
        week = f"({_seconds(f'i.{column}')} - {int(origin.timestamp())}) / {WEEK}"
        counts[column] = {int(w): int(n) for w, n in _rows(
            f"SELECT {week} w, COUNT(*) FROM workflow_instance i WHERE {said} GROUP BY {week}", values)}
    number = max(0, (monday - earliest).days // 7 + 1)
    return [{"week": earliest + dt.timedelta(weeks=n), "started": counts["started_at"].get(n, 0),
             "ended": counts["ended_at"].get(n, 0)} for n in range(number)]


# ---- steps and people -------------------------------------------------------------------------------------------


def _steps(asked: _Asked) -> list[dict[str, Any]]:
    source, where, values = asked.tasks()
    counted = _rows(
        "SELECT t.step, COUNT(*), SUM(CASE WHEN t.action = 'return' THEN 1 ELSE 0 END),"
        " SUM(CASE WHEN t.due_at IS NOT NULL THEN 1 ELSE 0 END), SUM(CASE WHEN t.done_at > t.due_at THEN 1 ELSE 0 END),"
        f" MAX(t.step_name) FROM {source} WHERE {where} GROUP BY t.step", values)
    took = f"{_seconds('t.done_at')} - {_seconds('t.arrived_at')} - t.paused_seconds"
    times = {step: (median, p90) for step, median, p90, _ in _rows(_percentiles("t.step", took, source, where), values)}
    waiting = _waiting(asked)
    found: dict[str, dict[str, Any]] = {}
    for step, done, returned, due, overdue, title in counted:
        median, p90 = times.get(step, (None, None))
        found[step] = {
            "step": step, "title": title, "done": int(done), "median_seconds": None if median is None else max(0, int(median)),
            "p90_seconds": None if p90 is None else max(0, int(p90)), "returned": int(returned or 0),
            "return_rate": rate(int(returned or 0), int(done)), "due": int(due or 0), "overdue": int(overdue or 0),
            "overdue_rate": rate(int(overdue or 0), int(due or 0)),
        }
    for step, (_n, _late, _oldest, title) in waiting.items():
        found.setdefault(step, {"step": step, "title": title, "done": 0, "median_seconds": None, "p90_seconds": None,
                                "returned": 0, "return_rate": None, "due": 0, "overdue": 0, "overdue_rate": None})
    for step, row in found.items():
        number, late, oldest, _title = waiting.get(step, (0, 0, None, ""))
        row |= {"open": number, "open_overdue": late, "oldest": oldest}
    order = _order(asked)
    return sorted(found.values(), key=lambda r: (order.get(r["step"], len(order)), r["step"]))


def _order(asked: _Asked) -> dict[str, int]:
    """Step → its place in the definition as it is now (or in the version asked for)."""
    from . import store

    query = WorkflowDefinition.select(WorkflowDefinition.id).where(WorkflowDefinition.name == asked.name)
    query = query.where(WorkflowDefinition.version == asked.version) if asked.version is not None else query
    row = query.order_by(WorkflowDefinition.current.desc(), WorkflowDefinition.id.desc()).tuples().first()
    return {s: n for n, s in enumerate((*store.by_id(row[0]).steps, END))} if row else {}


def _waiting(asked: _Asked) -> dict[str, tuple[int, int, Any, str]]:
    """Step → (open tasks, those overdue, when the oldest arrived, title), of the cases that go on now."""
    version = f" AND i.definition_version = {asked.mark}" if asked.version is not None else ""
    rows = _rows(
        f"SELECT t.step, COUNT(*), SUM(CASE WHEN t.due_at < {asked.mark} THEN 1 ELSE 0 END), MIN(t.arrived_at), MAX(t.step_name)"
        " FROM workflow_instance i JOIN workflow_task t ON t.instance_id = i.id AND t.state = 'open' AND t.kind <> 'circulate'"
        f" WHERE i.definition_name = {asked.mark} AND i.state IN ('running', 'withdrawn'){version} GROUP BY t.step",
        [Task.due_at.db_value(clock.now()), asked.name, *([asked.version] if asked.version is not None else [])])
    return {step: (int(n), int(late or 0), Task.arrived_at.python_value(oldest), title) for step, n, late, oldest, title in rows}


def _people(asked: _Asked) -> list[dict[str, Any]]:
    source, where, values = asked.tasks()
    rows = _rows(
        "SELECT p.username, p.name, c.done, c.overdue FROM (SELECT t.assignee_id who, COUNT(*) done,"
        f" SUM(CASE WHEN t.done_at > t.due_at THEN 1 ELSE 0 END) overdue FROM {source} WHERE {where}"
        f" GROUP BY t.assignee_id ORDER BY COUNT(*) DESC, t.assignee_id LIMIT {PEOPLE}) c"
        " JOIN identity_person p ON p.id = c.who ORDER BY c.done DESC, p.id", values)
    return [{"username": u, "name": n, "done": int(d), "overdue": int(o or 0)} for u, n, d, o in rows]


#: the parts of the answer in the order they are worked out
PARTS: dict[str, Callable[[_Asked], Any]] = {"cases": _cases, "steps": _steps, "people": _people, "weeks": _weeks}


def case_counts() -> list[dict[str, Any]]:
    """Every definition in force: ``{"name", "title", "version", "alive", "ended"}``; two statements."""
    counts: dict[tuple[str, bool], int] = {}
    for name, state, number in Instance.select(Instance.definition_name, Instance.state, db.fn.COUNT(Instance.id)).group_by(
            Instance.definition_name, Instance.state).tuples():
        key = (name, state in ALIVE_STATES)
        counts[key] = counts.get(key, 0) + number
    rows = WorkflowDefinition.select(WorkflowDefinition.name, WorkflowDefinition.title, WorkflowDefinition.version).where(
        WorkflowDefinition.current).order_by(WorkflowDefinition.title, WorkflowDefinition.name)
    return [{"name": r.name, "title": r.title, "version": r.version, "alive": counts.get((r.name, True), 0),
             "ended": counts.get((r.name, False), 0)} for r in rows]


def oldest_open(name: str, *, limit: int = 50, cursor: str | None = None) -> db.Page:
    """A page of the open tasks of a definition's running cases, the longest waiting first, as rows of ``Task`` with
    ``assignee_id``; for who manages workflows."""
    query = Task.select().join(Instance, on=(Instance.id == Task.instance_id)).where(
        Instance.definition_name == name, Instance.state == "running", Task.state == "open", Task.kind != "circulate")
    return db.page(query, [Task.arrived_at.asc(), Task.id.asc()], limit=limit, cursor=cursor)


def bottlenecks(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps that were done in the time, the slowest (by median) first."""
    return sorted((s for s in found["steps"] if s["median_seconds"] is not None), key=lambda s: -s["median_seconds"])


__all__ = ["VIEW", "bottlenecks", "case_counts", "oldest_open", "rate", "statistics", "versions"]
