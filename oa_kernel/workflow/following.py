"""How a case went: who had which step since when and for how long, where it stood still, when one may urge again.

Times are told twice: by the clock, and in the organisation's hours of work. What a case or a step stood still (it was
suspended, or returned to come straight back) counts in neither.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from oa_kernel import clock, workdays
from oa_kernel.phrases import Phrase

from . import people, store
from .calendar import period
from .case import usernames
from .definition import Definition, Step
from .engine import WORDS
from .models import Instance, Run, Task, Trail

Interval = tuple[dt.datetime, dt.datetime]

#: types of steps a case stays at
_STAYS = ("task", "service", "timer", "subprocess")
#: unit, whether of work → for several; one has words of its own, where a language tells it apart
_UNITS = {("minute", False): "%(n)s 分钟", ("hour", False): "%(n)s 小时", ("day", False): "%(n)s 天",
          ("day", True): "%(n)s 个工作日", ("hour", True): "%(n)s 个工作小时"}
_ONE = {("day", False): "1 天", ("day", True): "1 个工作日", ("hour", False): "1 小时", ("hour", True): "1 个工作小时"}
_OVERDUE = {"urge": "催办", "escalate": "上报负责人", "pass": "自动通过", "superior": "告知上级"}


@dataclass
class Time:
    """A length of time. Both in seconds."""

    seconds: int
    working: int


@dataclass
class Held:
    """One person's part in a step."""

    task: int
    username: str
    name: str
    #: whom they stood in for
    instead_of: str
    kind: str
    state: str
    since: dt.datetime
    until: dt.datetime | None
    action: str
    action_name: str
    due: dt.datetime | None
    overdue: bool
    read: bool
    time: Time


@dataclass
class Passage:
    """One activation of a step."""

    run: int
    step: str
    title: str
    type: str
    #: current | paused | done | cancelled
    state: str
    since: dt.datetime
    until: dt.datetime | None
    time: Time
    error: str = ""
    people: list[Held] = field(default_factory=list)


@dataclass
class Pause:
    """A time the case, or a part of it, stood still."""

    since: dt.datetime
    until: dt.datetime | None
    #: ``suspend`` | ``return``
    why: str
    by: str
    reason: str


@dataclass
class Course:
    """How a case went."""

    passages: list[Passage]
    pauses: list[Pause]

    @property
    def by_task(self) -> dict[int, Held]:
        """Everybody's part, by task."""
        return {h.task: h for p in self.passages for h in p.people}

    @property
    def steps(self) -> dict[str, Passage]:
        """The last activation of each step."""
        return {p.step: p for p in self.passages}


def course(instance: Instance) -> Course:
    """How a case went, in four statements whatever happened in it."""
    definition = store.by_id(instance.definition_id)
    now = instance.ended_at or clock.now()
    runs = list(Run.select().where(Run.instance_id == instance.id).order_by(Run.id))
    tasks = list(Task.select().where(Task.instance_id == instance.id, Task.kind != "circulate").order_by(Task.id))
    entries = list(Trail.select().where(
        Trail.instance_id == instance.id, Trail.action.in_(("suspend", "resume", "return"))).order_by(Trail.id))
    names = usernames([i for t in tasks for i in (t.assignee_id, t.for_id) if i])
    pauses = _pauses(entries, runs)
    suspended = [(p.since, p.until or now) for p in pauses if p.why == "suspend"]
    returned = [(p.since, p.until or now) for p in pauses if p.why == "return"]
    still = _union([*suspended, *returned])
    of_run: dict[int, list[Task]] = {}
    for task in tasks:
        of_run.setdefault(task.run_id, []).append(task)
    passages = []
    for run in runs:
        step = definition.steps.get(run.step)
        kind = step.type if step else "task"
        if kind not in _STAYS:
            continue
        mine = of_run.get(run.id, [])
        stood = any(t.paused_seconds or t.state == "paused" for t in mine) or run.state == "paused"
        until = run.done_at
        passages.append(Passage(
            run=run.id, step=run.step, title=step.title if step else (mine[0].step_name if mine else run.step), type=kind,
            state={"open": "current"}.get(run.state, run.state), since=run.arrived_at, until=until, error=run.error,
            time=_time(run.arrived_at, until or now, still if stood else _union(suspended)),
            people=[_held(t, names, now, still) for t in mine],
        ))
    return Course(passages, pauses)


def _held(task: Task, names: Mapping[int, tuple[str, str]], now: dt.datetime, still: Sequence[Interval]) -> Held:
    username, name = names.get(task.assignee_id, ("", "—"))
    until = task.done_at
    stood = still if task.paused_seconds or task.state == "paused" else ()
    return Held(
        task=task.id, username=username, name=name, instead_of=names.get(task.for_id or 0, ("", ""))[1], kind=task.kind,
        state=task.state, since=task.arrived_at, until=until, action=task.action,
        action_name=WORDS.get("submit" if task.kind == "draft" and task.action == "approve" else task.action, task.action),
        due=task.due_at, overdue=task.due_at is not None and task.state in ("open", "done") and (until or now) > task.due_at,
        read=task.read_at is not None, time=_time(task.arrived_at, until or now, stood),
    )


def _pauses(entries: Iterable[Trail], runs: Sequence[Run]) -> list[Pause]:
    """Suspensions from the trail; after a return that comes straight back, as long as the step it went to was done."""
    found: list[Pause] = []
    went = {r.resume_task_id: r for r in runs if r.resume_task_id}
    for entry in entries:
        if entry.action == "suspend":
            found.append(Pause(entry.at, None, "suspend", entry.by_name, entry.comment))
        elif entry.action == "resume":
            last = next((p for p in reversed(found) if p.why == "suspend" and p.until is None), None)
            if last is not None:
                last.until = entry.at
        elif entry.task_id in went:
            run = went[entry.task_id]
            found.append(Pause(run.arrived_at, run.done_at, "return", entry.by_name, entry.comment))
    return found


def _union(intervals: Iterable[Interval]) -> list[Interval]:
    """Intervals that do not overlap any more."""
    found: list[Interval] = []
    for begin, end in sorted(intervals):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif end > begin:
            found.append((begin, end))
    return found


def _time(since: dt.datetime, until: dt.datetime, still: Sequence[Interval]) -> Time:
    clocked, working = until - since, workdays.between(since, until)
    for begin, end in still:
        begin, end = max(begin, since), min(end, until)
        if begin < end:
            clocked -= end - begin
            working -= workdays.between(begin, end)
    return Time(max(0, int(clocked.total_seconds())), max(0, int(working.total_seconds())))


# ---- in words -----------------------------------------------------------------------------------------------------


def deadline_words(step: Step) -> dict[str, str]:
    """``{"due": "2 个工作日", "overdue": "上报负责人"}`` of a step, as phrases; empty where nothing is said."""
    due = overdue = ""
    if step.due:
        number, working, unit = period(step.due)
        one = _ONE.get((unit, working)) if number == 1 else None
        due = Phrase(one) if one else Phrase(_UNITS[unit, working], n=number)
    said = step.on_overdue
    if isinstance(said, Mapping) and "transfer" in said:
        overdue = Phrase("转给%(who)s", who=people.describe(said["transfer"]))
    elif said:
        overdue = Phrase(_OVERDUE.get(str(said), ""))
    elif step.due:
        overdue = Phrase("提醒办理人")
    return {"due": due, "overdue": overdue}


def urge_again_at(instance: Instance) -> dt.datetime | None:
    """When one may urge again; None: now."""
    from .whole import URGE_EVERY

    if instance.urged_at is None:
        return None
    again = instance.urged_at + URGE_EVERY
    return again if again > clock.now() else None


def reachable(definition: Definition, current: Iterable[str]) -> set[str]:
    """Steps that may come after those, ``end`` included where it may."""
    found: set[str] = set()
    wanted = [b.to for s in current if s in definition.steps for b in _ways(definition.steps[s])]
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        found.add(name)
        step = definition.steps.get(name)
        if step is not None:
            wanted += [b.to for b in _ways(step)]
    return found


def _ways(step: Step) -> list[Any]:
    return [*step.next, *step.branches]


def as_dict(found: Course) -> dict[str, Any]:
    """For JSON."""
    from .case import iso

    return {
        "steps": [{
            "step": p.step, "step_name": p.title, "state": p.state, "since": iso(p.since), "until": iso(p.until),
            "seconds": p.time.seconds, "working_seconds": p.time.working, "error": p.error,
            "people": [{
                "task": h.task, "person": {"username": h.username, "name": h.name}, "state": h.state, "since": iso(h.since),
                "until": iso(h.until), "action": h.action, "due": iso(h.due), "overdue": h.overdue,
                "seconds": h.time.seconds, "working_seconds": h.time.working,
            } for h in p.people],
        } for p in found.passages],
        "pauses": [{"since": iso(p.since), "until": iso(p.until), "why": p.why, "by": p.by, "reason": p.reason}
                   for p in found.pauses],
    }


__all__ = ["Course", "Held", "Passage", "Pause", "Time", "as_dict", "course", "deadline_words", "reachable", "urge_again_at"]
