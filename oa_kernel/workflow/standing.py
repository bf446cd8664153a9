"""Who stands in for whom: standing delegations for a period, absences (leave), and handing over all open work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from oa_kernel import audit, clock, db, permissions
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound
from oa_kernel.identity.models import Person

from .case import ALIVE, Case, lock_instance, usernames
from .definition import Step
from .models import StandIn, Task
from .people import MANAGE, active

#: A → B → C …: followed no further
HOPS = 5


def cover(case: Case, step: Step, found: Sequence[int]) -> list[tuple[int, int | None]]:
    """For each of a step's people who does it today: (who, for whom or None).

    Of several of whom the first answers, those who are away and have nobody are left out while others are there.
    Nobody gets the drafter's own case to approve by standing in for somebody.
    """
    rows = _in_force(case, found)
    if not rows:
        return [(p, None) for p in found]
    away = {r.person_id for r in rows if r.kind == "absence" and r.to_id is None}
    if step.mode == "one" and len(found) > len(away & set(found)):
        found = [p for p in found if p not in away]
    out: list[tuple[int, int | None]] = []
    for person in found:
        who = _last(person, rows, case)
        out.append((person, None) if who == person or who == case.instance.drafter_id else (who, person))
    if step.mode == "one":  # a pool in which two stand for one another needs each only once
        out = list({who: (who, own) for who, own in reversed(out)}.values())[::-1]
    return out


def _in_force(case: Case, found: Sequence[int]) -> list[Any]:
    """Rows for those people and, where there are any, for those they lead to; one query where there are none."""
    day = clock.today()
    rows: list[Any] = []
    asked: set[int] = set()
    wanted = set(found)
    for _ in range(HOPS):
        wanted -= asked
        if not wanted:
            break
        new = [r for r in StandIn.select().where(
            StandIn.person_id.in_(wanted), StandIn.ended_at.is_null(), StandIn.since <= day,
            StandIn.until.is_null() | (StandIn.until >= day)).order_by(StandIn.id.desc())
            if not r.definitions or case.instance.definition_name in r.definitions]
        asked |= wanted
        rows += new
        wanted = {r.to_id for r in new if r.to_id}
    if rows:
        there = set(active([r.to_id for r in rows if r.to_id]))
        rows = [r for r in rows if r.to_id is None or r.to_id in there]
    return rows


def _last(person: int, rows: list[Any], case: Case) -> int:
    seen = [person]
    while len(seen) <= HOPS:
        to = next((r.to_id for r in rows if r.person_id == seen[-1] and r.to_id), None)
        if to is None or to in seen:
            break
        seen.append(to)
    return seen[-1]


def delegate_standing(
    person: Any, to: Any, *, by: Any, since: dt.date | None = None, until: dt.date | None = None,
    definitions: Iterable[str] = (), reason: str = "",
) -> StandIn:
    """From a day to a day (both included) new work of somebody goes to another; ``definitions`` limits it to kinds.

    By oneself, or by who manages workflows.
    """
    return _make("delegation", person, to, by, since, until, definitions, reason)


def set_absent(
    person: Any, *, by: Any, since: dt.date | None = None, until: dt.date | None = None, to: Any = None, reason: str = "",
) -> StandIn:
    """Somebody is away (leave). New work goes to ``to`` if named; else it passes them by where others can do it."""
    return _make("absence", person, to, by, since, until, (), reason)


def _make(kind: str, person: Any, to: Any, by: Any, since: dt.date | None, until: dt.date | None,
          definitions: Iterable[str], reason: str) -> StandIn:
    _own_or_manager(person, by)
    since = since or clock.today()
    errors: dict[str, list[str]] = {}
    if until is not None and until < since:
        errors["until"] = ["结束日期早于开始日期"]
    if to is not None and to.id == person.id:
        errors["to"] = ["不能是本人"]
    elif to is not None and not to.active:
        errors["to"] = ["已停用"]
    if errors:
        raise Invalid("代办的设置有误", errors=errors)
    with db.transaction():
        row = StandIn.create(person_id=person.id, to_id=to.id if to is not None else None, kind=kind, since=since,
                             until=until, definitions=list(definitions), reason=reason,
                             made_by=by.id if by is not None else None, made_at=clock.now())
        audit.record(f"workflow.{kind}", "workflow.stand_in", row.id, title=person.name, by=by, after={
            "person": person.id, "to": row.to_id, "since": since.isoformat(),
            "until": until.isoformat() if until else None, "definitions": row.definitions, "reason": reason})
    return row


def end_stand_in(row_id: int, by: Any) -> None:
    """Ends a delegation or an absence; what was handed on stays where it is."""
    with db.transaction():
        row = db.lock_rows(StandIn.select().where(StandIn.id == row_id)).first()
        if row is None:
            raise NotFound("没有这项代办设置")
        _own_or_manager(Person.get_by_id(row.person_id), by)
        if row.ended_at is not None:
            raise Conflict("这项代办设置已经结束", code="ended")
        StandIn.update(ended_at=clock.now()).where(StandIn.id == row_id).execute()
        audit.record("workflow.stand_in_ended", "workflow.stand_in", row_id, by=by)


def stand_ins(person: Any) -> list[StandIn]:
    """Delegations and absences of somebody that are in force or to come."""
    return list(StandIn.select().where(
        StandIn.person_id == person.id, StandIn.ended_at.is_null(),
        StandIn.until.is_null() | (StandIn.until >= clock.today())).order_by(StandIn.since, StandIn.id))


def hand_over(person: Any, to: Any, *, by: Any, reason: str, also_later: bool = True) -> int:
    """All open work of somebody who moves or leaves is another's at once; how many tasks.

    :param also_later: what comes to them later (a case returned to its drafter) goes there too.
    :raises Forbidden: unless ``by`` manages workflows. Invalid: no reason, or to nobody who works here.
    """
    if by is not None and not permissions.by_right(by, MANAGE):
        raise Forbidden("只有流程管理员可以移交别人的工作")
    if not reason.strip():
        raise Invalid("移交要写明理由", errors={"comment": ["要写明理由"]})
    if to.id == person.id or not to.active:
        raise Invalid("移交给谁？", errors={"to": ["应是另一位在用的人员"]})
    moved = 0
    with db.transaction():
        cases = [i for (i,) in Task.select(Task.instance_id).where(
            Task.assignee_id == person.id, Task.state.in_(ALIVE)).distinct().order_by(Task.instance_id).tuples()]
        for instance_id in cases:
            moved += _hand_over_case(instance_id, person, to, by, reason)
        if also_later:
            StandIn.create(person_id=person.id, to_id=to.id, kind="handover", since=clock.today(), definitions=[],
                           reason=reason, made_by=by.id if by is not None else None, made_at=clock.now())
        audit.record("workflow.hand_over", "person", person.id, title=person.name, by=by,
                     after={"to": to.id, "tasks": moved, "reason": reason})
    return moved


def _hand_over_case(instance_id: int, person: Any, to: Any, by: Any, reason: str) -> int:
    instance = lock_instance(instance_id)
    if instance is None:
        return 0
    case = Case.of(instance, by)
    tasks = list(Task.select().where(Task.instance_id == instance_id, Task.assignee_id == person.id,
                                     Task.state.in_(ALIVE)))
    for task in tasks:
        Task.update(assignee_id=to.id, for_id=task.for_id or person.id, version=Task.version + 1,
                    from_name=by.name if by is not None else "系统").where(Task.id == task.id).execute()
        case.trail("hand_over", task, reason, to=[to.username], **{"from": person.username})
    case.tell("workflow.task", [to.id], f"移交：{instance.title}", reason)
    return len(tasks)


def _own_or_manager(person: Any, by: Any) -> None:
    if by is not None and by.id != person.id and not permissions.by_right(by, MANAGE):
        raise Forbidden("只能设置自己的代办，或由流程管理员设置")


def names_of(rows: Iterable[StandIn]) -> dict[int, tuple[str, str]]:
    """(username, name) of everybody in those rows."""
    return usernames([i for r in rows for i in (r.person_id, r.to_id) if i])


__all__ = ["cover", "delegate_standing", "end_stand_in", "hand_over", "names_of", "set_absent", "stand_ins"]
