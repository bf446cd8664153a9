"""What could not be delivered: seen, tried again or discarded by an administrator."""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import audit, clock, db
from oa_kernel.errors import Conflict, NotFound

from .models import Row

#: what was done or discarded is forgotten after
KEEP = dt.timedelta(days=90)


def dead_letters(*, topic: str = "", limit: int = 50, cursor: str | None = None) -> db.Page:
    """A page of the rows given up, newest first."""
    query = Row.select().where(Row.state == "dead")
    if topic:
        query = query.where(Row.topic == topic)
    return db.page(query, [Row.id.desc()], limit=limit, cursor=cursor)


def waiting(*, limit: int = 50, cursor: str | None = None) -> db.Page:
    """A page of the rows that failed at least once and will be tried again, newest first."""
    query = Row.select().where(Row.state == "pending", Row.attempts > 0)
    return db.page(query, [Row.id.desc()], limit=limit, cursor=cursor)


def counts() -> dict[str, int]:
    """``{"pending": n, "dead": n}``."""
    query = Row.select(Row.state, db.fn.COUNT(Row.id)).where(Row.state.in_(["pending", "dead"]))
    found: dict[str, int] = dict(query.group_by(Row.state).tuples())
    return {"pending": found.get("pending", 0), "dead": found.get("dead", 0)}


def retry(row_id: int, by: Any = None) -> None:
    """Has a dead letter tried again from the start, at once."""
    from .put import wake

    now = clock.now()
    with db.transaction():
        row = _dead(row_id)
        # its age begins anew, or the first failure would bury it again
        Row.update(state="pending", attempts=0, next_at=now, created_at=now, ended_at=None).where(
            Row.id == row.id
        ).execute()
        audit.record("outbox.retried", "outbox", row.id, title=row.topic, before={"error": row.last_error}, by=by)
        db.on_commit(wake)


def discard(row_id: int, by: Any = None) -> None:
    """Gives a dead letter up for good."""
    with db.transaction():
        row = _dead(row_id)
        Row.update(state="discarded", ended_at=clock.now()).where(Row.id == row.id).execute()
        audit.record("outbox.discarded", "outbox", row.id, title=row.topic, before={"error": row.last_error}, by=by)


def tidy() -> int:
    """Forgets what ended long ago; how many rows."""
    with db.transaction():
        return Row.delete().where(
            Row.state.in_(["done", "discarded"]), Row.ended_at < clock.now() - KEEP
        ).execute()


def _dead(row_id: int) -> Row:
    row = db.lock_rows(Row.select().where(Row.id == row_id)).first()
    if row is None:
        raise NotFound("没有这条待送的消息")
    if row.state != "dead":
        raise Conflict("这条消息不在未能送达之列，可能已有人处理", code="not_dead")
    return row
