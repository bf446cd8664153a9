"""A day, or an instant, from a form: a date field, and a time beside it that may stay empty."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from oa_kernel import clock
from oa_kernel.errors import Invalid

from ..i18n import gettext as _


def moment(form: Mapping[str, Any], field: str) -> dt.date | dt.datetime | None:
    """What ``FIELD`` and ``FIELD_time`` say: a day, an instant in the organisation's zone, or nothing.

    :raises Invalid: beside ``field``, where it is no date or no time, or a time without its day.
    """
    day, hour = str(form.get(field, "")).strip(), str(form.get(f"{field}_time", "")).strip()
    if not day and not hour:
        return None
    try:
        date = dt.date.fromisoformat(day)
        return dt.datetime.combine(date, dt.time.fromisoformat(hour), clock.zone()) if hour else date
    except ValueError:
        said = _("日期写作 2026-12-31，时间写作 18:00")
        raise Invalid(said, errors={field: [said]}) from None


def instant(form: Mapping[str, Any], field: str) -> dt.datetime | None:
    """The same, a day meaning its first instant."""
    found = moment(form, field)
    if found is None or isinstance(found, dt.datetime):
        return found
    return dt.datetime.combine(found, dt.time(), clock.zone())


def as_typed(at: dt.date | dt.datetime | None, field: str) -> dict[str, str]:
    """A moment as the two fields show it."""
    if at is None:
        return {}
    if isinstance(at, dt.datetime):
        here = clock.local(at)
        return {field: f"{here:%Y-%m-%d}", f"{field}_time": f"{here:%H:%M}"}
    return {field: at.isoformat()}


__all__ = ["as_typed", "instant", "moment"]
