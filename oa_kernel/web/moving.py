"""A move and the work that stays behind, in one transaction: the identity room moves, the workflow room hands over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from oa_kernel import clock, db, identity, permissions, workflow
from oa_kernel.errors import Invalid

MANAGE, HAND_OVER = "kernel.people.manage", "kernel.workflow.manage"


@dataclass(frozen=True)
class Plan:
    """What somebody wants to do with a person."""

    department: Any
    posts: Sequence[int] = ()
    keep: Sequence[int] = ()
    #: the first day of the new posts; None: today
    on: dt.date | None = None
    #: who takes the open work over; None: it stays with the person
    successor: Any = None
    reason: str = ""


@dataclass(frozen=True)
class Outcome:
    """What was done, or would be: the move, and how many tasks are handed over."""

    moved: identity.Moved
    tasks: int = 0
    successor: Any = None


def open_work(person: Any, by: Any) -> int | None:
    """How many tasks wait for somebody; None: who asks may not know."""
    return int(workflow.open_work_counts(person, by=by)["tasks"]) if permissions.allows(by, HAND_OVER) else None


def preview(person: Any, plan: Plan, *, by: Any) -> Outcome:
    """What :func:`move` would change; nothing is written.

    :raises Invalid, Conflict: as the move itself would.
    """
    permissions.require(by, MANAGE)
    _check(person, plan, by)
    moved = identity.preview_move(person, plan.department, plan.posts, keep=plan.keep, on=plan.on, by=by)
    return Outcome(moved, (open_work(person, by) or 0) if plan.successor is not None else 0, plan.successor)


def move(person: Any, plan: Plan, *, version: int, by: Any) -> Outcome:
    """Moves somebody and hands their open work over, whole or not at all.

    :param version: the person's version when the preview was shown.
    :raises Conflict: when they changed since then.
    """
    permissions.require(by, MANAGE)
    _check(person, plan, by)
    with db.transaction():
        moved = identity.move_person(
            person, plan.department, plan.posts, keep=plan.keep, on=plan.on, version=version, by=by)
        tasks = 0
        if plan.successor is not None:
            tasks = workflow.hand_over(person, plan.successor, by=by, reason=plan.reason, also_later=False)
    return Outcome(moved, tasks, plan.successor)


def _check(person: Any, plan: Plan, by: Any) -> None:
    errors: dict[str, list[str]] = {}
    if plan.on is not None and abs((plan.on - clock.today()).days) > 366:
        errors["on"] = ["日期要在前后一年之内"]
    if plan.successor is not None:
        permissions.require(by, HAND_OVER)
        if plan.successor.id == person.id or not plan.successor.active:
            errors["to"] = ["应是另一位在用的人员"]
        if not plan.reason.strip():
            errors["reason"] = ["移交要写明理由"]
        if plan.on is not None and plan.on > clock.today():
            errors["to"] = ["以后的日期起调动时，工作请到那一天再移交"]
    if errors:
        raise Invalid("调动有误", errors=errors)


__all__ = ["HAND_OVER", "MANAGE", "Outcome", "Plan", "move", "open_work", "preview"]
