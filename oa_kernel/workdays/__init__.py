"""Working days and hours of the organisation: the national calendar with 调休, under the organisation's own overrides.

Years the national calendar does not know yet count Monday to Friday. Dates and hours are in the organisation's zone.
"""

from __future__ import annotations

import datetime as dt
import re

from oa_kernel import clock, runtime
from oa_kernel.errors import Invalid

_SPEC = re.compile(r"(\d+)\s*(working\s+days?|working\s+hours?|days?|hours?|minutes?)")
UNITS = ("working days", "working hours", "days", "hours", "minutes")
#: a period is at most this many of its unit
MOST = 10_000


def parse(spec: str) -> tuple[int, str]:
    """``"2 working days"`` → ``(2, "working days")``.

    :raises Invalid: for any other writing.
    """
    found = _SPEC.fullmatch(str(spec).strip())
    if not found or not 0 < int(found[1]) <= MOST:
        raise Invalid(f"期限“{spec}”写法不对：应为 2 working days、4 working hours、4 hours、3 days 或 30 minutes")
    unit = " ".join(found[2].split())
    return int(found[1]), unit if unit.endswith("s") else unit + "s"


def is_working_day(day: dt.date) -> bool:
    """Whether people work on this day."""
    own = _overrides().get(day)
    if own is not None:
        return own == "workday"
    import chinese_calendar

    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:  # the year's holidays are not known yet
        return day.weekday() < 5


def due_at(start: dt.datetime, spec: str) -> dt.datetime:
    """The instant a period that begins at ``start`` ends, in UTC.

    ``N working days``: the end of work on the Nth working day after the day of ``start``. ``N working hours`` are
    counted within the hours of work. The rest goes by the clock.
    """
    count, unit = parse(spec)
    if unit == "working days":
        day = clock.local(start).date()
        for _ in range(count):
            day = _next_working_day(day)
        return _at(day, hours()[-1][1])
    if unit == "working hours":
        return _add_working(start, dt.timedelta(hours=count))
    return (start + dt.timedelta(**{unit: count})).astimezone(dt.UTC)


def before(end: dt.datetime, spec: str) -> dt.datetime:
    """The instant a period before ``end`` begins: for reminders. Working days keep the time of day."""
    count, unit = parse(spec)
    if unit == "working days":
        local = clock.local(end)
        day = local.date()
        for _ in range(count):
            day = _next_working_day(day, -1)
        return _at(day, local.time())
    if unit == "working hours":
        return _subtract_working(end, dt.timedelta(hours=count))
    return (end - dt.timedelta(**{unit: count})).astimezone(dt.UTC)


def between(start: dt.datetime, end: dt.datetime) -> dt.timedelta:
    """How much of the hours of work lies between two instants; nothing where ``end`` is not after ``start``."""
    if end <= start:
        return dt.timedelta(0)
    first, last = clock.local(start).date(), clock.local(end).date()
    found = dt.timedelta(0)
    for day in {first, last}:
        for begin, until in _spans(day):
            found += max(dt.timedelta(0), min(until, end) - max(begin, start))
    whole = sum((_length(a, b) for a, b in hours()), dt.timedelta(0))
    day = first + dt.timedelta(days=1)
    while day < last:
        if is_working_day(day):
            found += whole
        day += dt.timedelta(days=1)
    return found


def _length(start: dt.time, end: dt.time) -> dt.timedelta:
    day = dt.date.min
    return dt.datetime.combine(day, end.replace(tzinfo=None)) - dt.datetime.combine(day, start.replace(tzinfo=None))


def hours() -> list[tuple[dt.time, dt.time]]:
    """The hours of a working day, as (from, until), in order."""
    cache = runtime.current().cache
    if "workdays.hours" not in cache:
        found = []
        for text in runtime.current().config["organisation"]["working_hours"]:
            start, _, end = str(text).partition("-")
            try:
                found.append((dt.time.fromisoformat(start.strip()), dt.time.fromisoformat(end.strip())))
            except ValueError:
                raise Invalid(f"organisation.working_hours 的“{text}”写法不对：应为 08:30-12:00") from None
        cache["workdays.hours"] = sorted(found) or [(dt.time(9), dt.time(17))]
    result: list[tuple[dt.time, dt.time]] = cache["workdays.hours"]
    return result


def _overrides() -> dict[dt.date, str]:
    cache = runtime.current().cache
    if "workdays.overrides" not in cache:
        own = runtime.current().config["organisation"]["holidays"]
        cache["workdays.overrides"] = {
            k if isinstance(k, dt.date) else dt.date.fromisoformat(str(k)): str(v) for k, v in own.items()
        }
    result: dict[dt.date, str] = cache["workdays.overrides"]
    return result


def _next_working_day(day: dt.date, step: int = 1) -> dt.date:
    for _ in range(366):
        day += dt.timedelta(days=step)
        if is_working_day(day):
            return day
    raise Invalid("一年内没有工作日：请检查 organisation.holidays")


def _at(day: dt.date, time: dt.time) -> dt.datetime:
    return dt.datetime.combine(day, time.replace(tzinfo=None), clock.zone()).astimezone(dt.UTC)


def _spans(day: dt.date) -> list[tuple[dt.datetime, dt.datetime]]:
    return [(_at(day, a), _at(day, b)) for a, b in hours()] if is_working_day(day) else []


def _add_working(start: dt.datetime, left: dt.timedelta) -> dt.datetime:
    day = clock.local(start).date()
    while True:
        for begin, end in _spans(day):
            begin = max(begin, start)
            if begin < end:
                if end - begin >= left:
                    return (begin + left).astimezone(dt.UTC)
                left -= end - begin
        day = _next_working_day(day)


def _subtract_working(end: dt.datetime, left: dt.timedelta) -> dt.datetime:
    day = clock.local(end).date()
    while True:
        for begin, until in reversed(_spans(day)):
            until = min(until, end)
            if begin < until:
                if until - begin >= left:
                    return (until - left).astimezone(dt.UTC)
                left -= until - begin
        day = _next_working_day(day, -1)


__all__ = ["UNITS", "before", "between", "due_at", "hours", "is_working_day", "parse"]
