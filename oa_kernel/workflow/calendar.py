"""Deadlines of definitions by the organisation's working days and hours."""

from __future__ import annotations

import datetime as dt
import re

from oa_kernel import clock, workdays
from oa_kernel.workdays import is_working_day

_PERIOD = re.compile(r"^\s*(\d{1,4})\s*(working\s+)?(minute|hour|day)s?\s*$", re.I)
_CHINESE = re.compile(r"^\s*(\d{1,4})\s*(?:个)?(工作日|工作小时|小时|天|分钟)\s*$")
_WORDS = {"工作日": (True, "day"), "工作小时": (True, "hour"), "小时": (False, "hour"), "天": (False, "day"),
          "分钟": (False, "minute")}


def period(text: str) -> tuple[int, bool, str]:
    """``2 working days`` → (2, True, "day"). Raises ValueError with what is allowed."""
    match = _PERIOD.match(text)
    if match and int(match[1]) and not (match[2] and match[3].lower() == "minute"):
        return int(match[1]), bool(match[2]), match[3].lower()
    match = _CHINESE.match(text)
    if match and int(match[1]):
        working, unit = _WORDS[match[2]]
        return int(match[1]), working, unit
    raise ValueError(f"期限 {text!r} 的写法不认识。例：2 working days、4 hours、3 days、2 个工作日")


def _spec(text: str) -> str:
    number, working, unit = period(text)
    return f"{number} {'working ' if working else ''}{unit}s"


def due_at(start: dt.datetime, text: str) -> dt.datetime:
    """When something that begins at ``start`` is due.

    Working days count whole days after the day of the start and end when work ends; working hours count the
    organisation's working hours only; plain hours and days count the clock.
    """
    return workdays.due_at(start, _spec(text))


def before(instant: dt.datetime, text: str) -> dt.datetime:
    """The time a reminder goes out, that long before; working periods count back within working time."""
    return workdays.before(instant, _spec(text))


def later(due: dt.datetime, stood: dt.timedelta, text: str) -> dt.datetime:
    """A deadline after its clock stood still for a while; one in working time does not fall on a day off."""
    moved = due + stood
    if not text or not period(text)[1]:
        return moved
    local = clock.local(moved)
    day = local.date()
    while not is_working_day(day):
        day += dt.timedelta(days=1)
    if day == local.date():
        return moved
    return dt.datetime.combine(day, local.time().replace(tzinfo=None), clock.zone()).astimezone(clock.UTC)


__all__ = ["before", "due_at", "is_working_day", "later", "period"]
