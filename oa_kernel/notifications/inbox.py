"""Reading the inbox."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from oa_kernel import clock, db
from oa_kernel.errors import NotFound

from .models import Notification


def unread_count(person_id: int) -> int:
    """How many are unread; counted in an index."""
    return (
        Notification.select(db.fn.COUNT(db.SQL("*")))
        .where(Notification.person_id == person_id, Notification.read_at.is_null())
        .scalar()
    )


def list_for(
    person: Any, *, unread: bool | None = None, kind: str = "", limit: int = 50, cursor: str | None = None
) -> db.Page:
    """A page of somebody's messages, newest first. ``unread``: True only those, False only read ones."""
    query = Notification.select().where(Notification.person_id == _id(person))
    if unread is not None:
        query = query.where(Notification.read_at.is_null(unread))
    if kind:
        query = query.where(Notification.kind == kind)
    return db.page(query, [Notification.id.desc()], limit=limit, cursor=cursor)


def get(person: Any, notification_id: int) -> Notification:
    """One of somebody's messages; NotFound if it is not theirs."""
    row = Notification.get_or_none(Notification.id == notification_id, Notification.person_id == _id(person))
    if row is None:
        raise NotFound("没有这条消息，或它不是发给您的")
    return row


def mark_read(person: Any, notification_id: int | None = None, *, subject: tuple[str, Any] | None = None) -> int:
    """Marks one message, those about a subject, or all as read; how many were not before.

    :raises NotFound: if the one message is not the person's.
    """
    if notification_id is not None:
        get(person, notification_id)
    query = Notification.update(read_at=clock.now()).where(
        Notification.person_id == _id(person), Notification.read_at.is_null()
    )
    if notification_id is not None:
        query = query.where(Notification.id == notification_id)
    if subject is not None:
        query = query.where(Notification.subject_kind == subject[0], Notification.subject_id == str(subject[1]))
    with db.transaction():
        return query.execute()


def mark_read_for(people: Iterable[int], subject: tuple[str, Any]) -> int:
    """Marks what these people were told about a thing as read, in one statement: it is over, nobody need look any more."""
    return Notification.update(read_at=clock.now()).where(
        Notification.person_id.in_(list(people)), Notification.read_at.is_null(),
        Notification.subject_kind == subject[0], Notification.subject_id == str(subject[1]),
    ).execute()


def _id(person: Any) -> int:
    return person if isinstance(person, int) else person.id
