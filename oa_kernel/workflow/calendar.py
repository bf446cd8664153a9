"""Working days and hours by the organisation's calendar: national holidays and 调休, with its own overrides."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

from oa_kernel import clock, runtime

_UNITS = {"minute": "minutes", "hour": "hours", "day": "days"}
_PERIOD = re.compile(r"^\s*(\d{1,4})\s*(working\s+)?(minute|hour|day)s?\s*$", re.I)
_CHINESE = re.compile(r"^\s*(\d{1,4})\s*(?:个)?(工作日|工作小时|小时|天|分钟)\s*$")
_WORDS = {"工作日": (True, "day"), "工作小时": (True, "hour"), "小时": (False, "hour"), "天": (False, "day"),
          "分钟": (False, "minute")}


def period(text: str) -> tuple[int, bool, str]:
    """``2 working days`` → (2, True, "day"). Raises ValueError with what is allowed."""
    match = _PERIOD.match(text)
    if match and int(match[1]):
        return int(match[1]), bool(match[2]), match[3].lower()
    match = _CHINESE.match(text)
    if match and int(match[1]):
        working, unit = _WORDS[match[2]]
        return int(match[1]), working, unit
    raise ValueError(f"期限 {text!r} 的写法不认识。例：2 working days、4 hours、3 days、2 个工作日")


def is_working_day(day: dt.date) -> bool:
    """By the organisation's overrides, else the national calendar, else Monday to Friday (years not yet announced)."""
    own = _overrides().get(day.isoformat())
    if own:
        return own == "workday"
    return _national(day)


def _overrides() -> dict[str, str]:
    cache = runtime.current().cache
    if "holidays" not in cache:
        given = runtime.current().config["organisation"]["holidays"]
        cache["holidays"] = {str(day): kind for day, kind in given.items()}
    return cache["holidays"]  # type: ignore[no-any-return]


@lru_cache(maxsize=4096)
def _national(day: dt.date) -> bool:
    import chinese_calendar

    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def _hours() -> list[tuple[dt.time, dt.time]]:
    spans = []
    for text in runtime.current().config["organisation"]["working_hours"]:
        begin, _, end = str(text).partition("-")
        spans.append((dt.time.fromisoformat(begin.strip()), dt.time.fromisoformat(end.strip())))
    return sorted(spans)


def due_at(start: dt.datetime, text: str) -> dt.datetime:
    """When something that begins at ``start`` is due.

    Working days count whole days after the day of the start and end when work ends; working hours count the
    organisation's working hours only; plain hours and days count the clock.
    """
    number, working, unit = period(text)
    if not working:
        return start + dt.timedelta(**{_UNITS[unit]: number})
    local = clock.local(start)
    if unit == "day":
        day = local.date()
        while number:
            day += dt.timedelta(days=1)
            number -= is_working_day(day)
        return dt.datetime.combine(day, _hours()[-1][1], clock.zone()).astimezone(clock.UTC)
    left = dt.timedelta(**{_UNITS[unit]: number})
    day, begin_at = local.date(), local.time().replace(tzinfo=None)
    while True:
        if is_working_day(day):
            for begin, end in _hours():
                begin = max(begin, begin_at)
                if begin >= end:
                    continue
                span = dt.datetime.combine(day, end) - dt.datetime.combine(day, begin)
                if left <= span:
                    done = dt.datetime.combine(day, begin, clock.zone()) + left
                    return done.astimezone(clock.UTC)
                left -= span
        day, begin_at = day + dt.timedelta(days=1), dt.time.min


def before(instant: dt.datetime, text: str) -> dt.datetime:
    """The time a reminder goes out, that long before; working periods count back on the clock."""
    number, _working, unit = period(text)
    return instant - dt.timedelta(**{_UNITS[unit]: number})
