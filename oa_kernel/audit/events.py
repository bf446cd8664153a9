"""Events as the audit administrator reads them: a page of them, one of them. Reading changes nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import clock, db
from oa_kernel.db.paging import MAX_LIMIT, cut, decode
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
    if kind:
        query = query.where(Event.kind == kind)
    if object_id:
        query = query.where(Event.object_id == object_id)
    if since is not None:
        query = query.where(Event.at >= _midnight(since))
    if until is not None:
        query = query.where(Event.at < _midnight(until + dt.timedelta(days=1)))
    if not action:
        return db.page(query, [Event.id.desc()], limit=limit, cursor=cursor)
    return _page_of_actions(query, actions_like(action), limit, cursor)


def actions_like(text: str) -> list[str]:
    """The actions that occur and are this or begin with it: one statement that jumps from one to the next along the
    index, so that its cost is the number of different actions (some hundreds), not of events."""
    sql = (
        "WITH RECURSIVE known(action) AS (SELECT MIN(action) FROM audit_event UNION ALL SELECT (SELECT MIN(e.action)"
        " FROM audit_event e WHERE e.action > known.action) FROM known WHERE known.action IS NOT NULL)"
        " SELECT action FROM known WHERE action IS NOT NULL"
    )
    return sorted(name for (name,) in db.database.execute_sql(sql).fetchall() if name.startswith(text))


def _page_of_actions(query: Any, actions: list[str], limit: int, cursor: str | None) -> db.Page:
    """A page of the events of these actions: of each its newest from the index, then the newest of all, in one
    statement. (``LIKE``, ``IN`` with an order by id, or ``SUBSTR`` would read the table or sort it.)"""
    if not actions:
        return db.Page([], None)
    limit = max(1, min(int(limit), MAX_LIMIT))
    if cursor:
        query = query.where(Event.id < decode(cursor, [Event.id])[0])
    if len(actions) == 1:
        newest = query.where(Event.action == actions[0])
    else:
        parts, values = [], []
        for name in actions:
            part = query.select(Event.id).where(Event.action == name).order_by(Event.id.desc()).limit(limit + 1)
            text, own = part.sql()
            # SQLite takes a limited part of a union only as a table of its own
            parts.append(f"SELECT id FROM ({text}) AS part")
            values += own
        newest = Event.select().where(Event.id.in_(db.SQL(f"({' UNION ALL '.join(parts)})", values)))
    return cut(list(newest.order_by(Event.id.desc()).limit(limit + 1)), [Event.id], limit)


def event(event_id: int) -> Event:
    """One event. Raises NotFound."""
    found = Event.get_or_none(Event.id == event_id)
    if found is None:
        raise NotFound(f"没有审计事件 {event_id}")
    return found


def _midnight(day: dt.date) -> Any:
    return dt.datetime.combine(day, dt.time(), clock.zone())


__all__ = ["event", "events"]
