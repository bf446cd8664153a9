"""What somebody has to do, before and after it is handed over to another: for who manages workflows."""

from __future__ import annotations

from typing import Any

from oa_kernel import clock, db, permissions
from oa_kernel.errors import Forbidden

from .case import ALIVE
from .models import StandIn, Task
from .people import MANAGE

#: kind of a task → in words
KINDS = {"work": "办理", "draft": "拟稿（退回修改）", "delegate": "受托", "sign": "加签", "circulate": "传阅"}


def open_work(person: Any, *, by: Any, limit: int = 50, cursor: str | None = None) -> db.Page:
    """A page of somebody's tasks that are not over, the oldest first, as ``Task`` rows."""
    _managing(by)
    return db.page(Task.select().where(Task.assignee_id == person.id, Task.state.in_(ALIVE)), [Task.id.asc()],
                   limit=limit, cursor=cursor)


def open_work_counts(person: Any, *, by: Any) -> dict[str, Any]:
    """``{"tasks", "kinds": {kind: n}, "definitions": {name: n}}`` of the same, in one statement."""
    _managing(by)
    rows = list(Task.select(Task.kind, Task.definition_name, db.fn.COUNT(Task.id))
                .where(Task.assignee_id == person.id, Task.state.in_(ALIVE))
                .group_by(Task.kind, Task.definition_name).order_by(Task.kind, Task.definition_name).tuples())
    found: dict[str, Any] = {"tasks": 0, "kinds": {}, "definitions": {}}
    for kind, name, number in rows:
        found["tasks"] += number
        found["kinds"][kind] = found["kinds"].get(kind, 0) + number
        found["definitions"][name] = found["definitions"].get(name, 0) + number
    return found


def taken_over(person: Any, to: Any, *, by: Any, limit: int = 50, cursor: str | None = None) -> db.Page:
    """A page of the tasks that ``to`` has in the place of ``person`` and that are not over, the last first."""
    _managing(by)
    return db.page(Task.select().where(Task.for_id == person.id, Task.assignee_id == to.id, Task.state.in_(ALIVE)),
                   [Task.id.desc()], limit=limit, cursor=cursor)


def stands_in_for(person: Any) -> list[StandIn]:
    """For whom somebody does the work, today or later; one statement."""
    return list(StandIn.select().where(
        StandIn.to_id == person.id, StandIn.ended_at.is_null(), StandIn.until.is_null() | (StandIn.until >= clock.today())
    ).order_by(StandIn.since, StandIn.id).limit(500))


def _managing(by: Any) -> None:
    if by is not None and not permissions.by_right(by, MANAGE):
        raise Forbidden("只有流程管理员可以移交别人的工作")


__all__ = ["KINDS", "open_work", "open_work_counts", "stands_in_for", "taken_over"]
