"""Events as the audit administrator reads them: a page of them, one of them. Reading changes nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import clock, db
from oa_kernel.errors import NotFound

from .models import Event


def events(
    *, person_id: int | None = None, action: str = "", kind: str = "", object_id: str = "",
    since: dt.date | None = None, until: dt.date | None = None, limit: int = 50, cursor: str | None = None,
) -> db.Page:
    """A page of events, the newest first.

    :param action: begins with this (``session.``) or is it.
    :param since, until: days in the organisation's zone, both included.
    """
    query = Event.select()
    if person_id is not None:
        query = query.where(Event.person_id == person_id)
    if action:
        query = query.where(db.fn.SUBSTR(Event.action, 1, len(action)) == action)
    if kind:
        query = query.where(Event.kind == kind)
    if object_id:
        query = query.where(Event.object_id == object_id)
    if since is not None:
        query = query.where(Event.at >= _midnight(since))
    if until is not None:
        query = query.where(Event.at < _midnight(until + dt.timedelta(days=1)))
    return db.page(query, [Event.id.desc()], limit=limit, cursor=cursor)


def event(event_id: int) -> Event:
    """One event. Raises NotFound."""
    found = Event.get_or_none(Event.id == event_id)
    if found is None:
        raise NotFound(f"没有审计事件 {event_id}")
    return found


def _midnight(day: dt.date) -> Any:
    return dt.datetime.combine(day, dt.time(), clock.zone())


__all__ = ["event", "events"]
