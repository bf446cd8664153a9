"""红黄绿: how an item stands today, by working days."""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import clock, workdays

from .. import settings

#: light → the word, icon and colour of its state
WORDS = {
    "red": ("已超期", "alert-triangle", "red"), "yellow": ("临近期限", "clock-exclamation", "orange"),
    "green": ("正常推进", "progress-check", "green"), "done": ("已销号", "circle-check", "green"),
    "late": ("逾期完成", "circle-check", "secondary"), "cancelled": ("已撤销", "ban", "secondary"),
}


def add_working_days(day: dt.date, count: int) -> dt.date:
    """The working day ``count`` working days after ``day`` (before, if negative)."""
    step = 1 if count > 0 else -1
    for _ in range(abs(count)):
        day += dt.timedelta(days=step)
        while not workdays.is_working_day(day):
            day += dt.timedelta(days=step)
    return day


def yellow_until() -> dt.date:
    """Items due up to this day are yellow today."""
    return add_working_days(clock.today(), int(settings.get("yellow_days")))


def light(item: Any) -> str:
    """``red`` | ``yellow`` | ``green`` for open ones, else ``done`` | ``late`` | ``cancelled``."""
    if item.state == "cancelled":
        return "cancelled"
    if item.state == "done":
        return "late" if item.closed_on and item.closed_on > item.due_on else "done"
    if item.due_on < clock.today():
        return "red"
    return "yellow" if item.due_on <= yellow_until() else "green"


def working_days_late(due_on: dt.date, today: dt.date) -> int:
    """Working days from the day after ``due_on`` up to and with ``today``; counted to 250."""
    count, day = 0, due_on
    while day < today and count < 250:
        day += dt.timedelta(days=1)
        count += workdays.is_working_day(day)
    return count
