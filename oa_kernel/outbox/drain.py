"""Carrying out errands: claimed under a lease, done outside any transaction, at least once each.

A worker that dies in the middle leaves a lease that runs out; then somebody else tries again. A handler must
therefore bear being called twice for the same errand.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from typing import Any

from oa_kernel import builtin, clock, context, db, runtime

from .models import Row

log = logging.getLogger(__name__)

#: how long a claimed row is left alone
LEASE = dt.timedelta(minutes=10)
FIRST_PAUSE, LONGEST_PAUSE = dt.timedelta(minutes=1), dt.timedelta(hours=1)
#: no more tries once a row is that old; an administrator can have it tried again
GIVE_UP_AFTER = dt.timedelta(hours=24)
_LONGEST_ERROR = 1000
_WORKER = context.Actor(username="worker", name="后台", channel="worker")


def due() -> bool:
    """Whether there is something to do now; one look at an index."""
    return Row.select(Row.id).where(Row.state == "pending", Row.next_at <= clock.now()).exists()


def drain(limit: int | None = None, stop: Callable[[], bool] | None = None) -> int:
    """Carries out what is due; how many rows were tried.

    :param limit: at most so many rows.
    :param stop: asked before each row; True ends the work.
    """
    tried = 0
    while (limit is None or tried < limit) and not (stop and stop()):
        if not due():
            break
        row = _claim()
        if row is None:
            break
        tried += 1
        _carry_out(row)
    return tried


def pause_after(attempts: int) -> dt.timedelta:
    """Time until the next try after so many: 1, 2, 4 … minutes, an hour at most."""
    return min(FIRST_PAUSE * 2 ** min(attempts - 1, 10), LONGEST_PAUSE)


def _claim() -> Row | None:
    """The next row due, marked so that nobody else takes it while the lease lasts."""
    now = clock.now()
    query = Row.select().where(Row.state == "pending", Row.next_at <= now).order_by(Row.next_at, Row.id).limit(1)
    with db.transaction():
        row = (query.for_update("FOR UPDATE SKIP LOCKED") if db.is_postgresql() else query).first()
        if row is None:
            return None
        row.attempts += 1
        Row.update(attempts=row.attempts, next_at=now + LEASE).where(Row.id == row.id).execute()
    return row


def _carry_out(row: Row) -> None:
    from . import Undeliverable

    handler = _handlers().get(row.topic)
    try:
        if handler is None:
            raise LookupError(f"没有插件处理 {row.topic}：它可能已停用")
        with context.acting(_WORKER):
            handler.deliver(row.payload)
    except Undeliverable as error:
        _failed(row, error, final=True)
    except Exception as error:  # whatever went wrong outside: it is tried again, and the row says what it was
        _failed(row, error, final=False)
    else:
        _end(row, state="done", ended_at=clock.now(), last_error="")


def _failed(row: Row, error: Exception, *, final: bool) -> None:
    now = clock.now()
    text = f"{type(error).__name__}: {error}"[:_LONGEST_ERROR].replace("\0", "")
    pause = pause_after(row.attempts)
    if final or now + pause - row.created_at > GIVE_UP_AFTER:
        log.error("outbox row %s (%s) is given up after %s tries: %s", row.id, row.topic, row.attempts, text)
        _end(row, state="dead", ended_at=now, last_error=text)
    else:
        log.warning("outbox row %s (%s) failed, next try in %s: %s", row.id, row.topic, pause, text)
        _end(row, next_at=now + pause, last_error=text)


def _end(row: Row, **changes: Any) -> None:
    """Writes the outcome, unless the lease ran out and somebody else has the row."""
    with db.transaction():
        Row.update(**changes).where(
            Row.id == row.id, Row.state == "pending", Row.attempts == row.attempts
        ).execute()


def _handlers() -> dict[str, Any]:
    cache = runtime.current().cache
    if "outbox.handlers" not in cache:
        cache["outbox.handlers"] = {h.topic: h for h in builtin.collect("oa_outbox_handlers")}
    return cache["outbox.handlers"]
