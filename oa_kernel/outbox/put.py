"""Putting an errand: part of the caller's transaction, so that it exists if and only if its cause does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from oa_kernel import clock, db

from .models import Row

_wakers: list[Callable[[], Any]] = []


def put(topic: str, payload: dict[str, Any], key: str | None = None, after: dt.datetime | None = None) -> int | None:
    """Asks for something outside to be done after the commit, at least once.

    :param topic: of an ``OutboxHandler``.
    :param payload: JSON. People's addresses may stand in it, secrets may not.
    :param key: the same key is put once only; a second ``put`` of it does nothing and returns None.
    :param after: not before this instant.
    :returns: the row's id.
    """
    now = clock.now()
    mark = db.database.param
    with db.transaction():
        made = db.database.execute_sql(
            "INSERT INTO outbox_row (topic, payload, key, state, attempts, next_at, last_error, created_at)"
            f" VALUES ({mark}, {mark}, {mark}, 'pending', 0, {mark}, '', {mark})"
            " ON CONFLICT (key) DO NOTHING RETURNING id",
            (topic, Row.payload.db_value(payload), key, Row.next_at.db_value(after or now),
             Row.created_at.db_value(now)),
        ).fetchone()
        if made is None:
            return None
        db.on_commit(wake)
    return int(made[0])


def put_many(topic: str, payloads: list[dict[str, Any]]) -> None:
    """Many errands of one topic in one statement."""
    if not payloads:
        return
    now = clock.now()
    with db.transaction():
        Row.insert_many([
            {"topic": topic, "payload": p, "state": "pending", "attempts": 0, "next_at": now, "last_error": "",
             "created_at": now}
            for p in payloads
        ]).execute()
        db.on_commit(wake)


def wake() -> None:
    """Tells a worker in this process that there is something to do; others look once in a while."""
    for waker in _wakers:
        waker()


def on_put(function: Callable[[], Any]) -> Callable[[], None]:
    """Calls the function after each commit that put something; returns how to stop that."""
    _wakers.append(function)

    def stop() -> None:
        _wakers.remove(function)

    return stop

