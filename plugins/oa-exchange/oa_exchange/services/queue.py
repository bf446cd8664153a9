"""What waits to be sent. Messages stand in the plugin's own table, in order; the kernel's outbox is only told to look.

The outbox gives a row up after a day; a partner may be down for longer. So every failed try asks for the next one by a
row of its own, and a message is given up after ``give_up_days``.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from oa_kernel import audit, clock, db, outbox
from oa_kernel.errors import Conflict

from .. import rights
from ..models import Message, Partner
from ..package.format import canonical

TOPIC = "exchange.send"
SUBJECT = "exchange.message"
TITLES = {"hello": "确认互信", "document": "公文", "receipt": "签收回执", "refusal": "退文", "recall": "撤回", "urge": "催办",
          "standing": "效力变更"}


def put(
    partner: Partner, type: str, manifest: Mapping[str, Any], *, title: str, files: Sequence[Any] = (), reply_to: str = "",
    subject_id: int | None = None, secrecy_level: int = 0, by: Any = None,
) -> Message:
    """Queues a message, in the caller's transaction.

    :param files: rows of the files room, packed in this order; they are read when it is sent.
    """
    listed = [{"name": f.name, "size": f.size, "sm3": f.sm3, "mime": f.mime} for f in files]
    text = canonical({**manifest, "files": listed}).decode()
    message_id = secrets.token_hex(16)
    with db.transaction():
        made = Message.create(
            partner=partner, direction="out", message_id=message_id, key=f"out:{partner.id}:{message_id}", type=type,
            reply_to=reply_to, title=title[:300], secrecy_level=secrecy_level, subject_id=subject_id, manifest=text,
            file_ids=[f.id for f in files], size=sum(f.size for f in files), created_at=clock.now())
        audit.record("exchange.message.queue", SUBJECT, made.id, made.title, by=by,
                     after={"type": type, "partner": partner.name, "message_id": message_id})
        kick(partner.id)
    return made


def kick(partner_id: int, after: dt.datetime | None = None) -> None:
    """Has a worker look at what waits for the partner, now or later. One that is told twice looks twice."""
    outbox.put(TOPIC, {"partner": partner_id}, after=after)


def is_back(partner: Partner) -> None:
    """It was heard of while we wait before the next try (it was down, or had not confirmed us yet): that try is made now."""
    if Partner.update(next_at=None).where(Partner.id == partner.id, Partner.next_at.is_null(False)).execute():
        kick(partner.id)


def waiting(partner_id: int) -> Message | None:
    """The next message for a partner: they go in their order, so that a recall never overtakes its document."""
    return Message.select().where(
        Message.partner == partner_id, Message.direction == "out", Message.state == "queued",
    ).order_by(Message.id).first()


def resend(message: Message, by: Any) -> Message:
    """Sends again what failed, was refused or went by file; what waits is tried at once.

    :raises Conflict: it arrived, was cancelled, or came in; or its document has lost its force.
    """
    from . import dispatching

    rights.require(by, rights.MESSAGES)
    with db.transaction():
        current = db.lock_rows(Message.select().where(Message.id == message.id)).get()
        if current.direction != "out" or current.state not in ("queued", "failed", "refused", "exported"):
            raise Conflict("已送达、已取消或收到的交换包不能重发", code="not_resendable")
        dispatching.check_resend(current)
        Message.update(state="queued", last_error="", ended_at=None, created_at=current.created_at if current.state == "queued"
                       else clock.now()).where(Message.id == current.id).execute()
        Partner.update(next_at=None).where(Partner.id == current.partner_id).execute()
        audit.record("exchange.message.resend", SUBJECT, current.id, current.title, by=by, before={"state": current.state},
                     after={"state": "queued"})
        kick(current.partner_id)
    return Message.get_by_id(message.id)


def cancel(message: Message, by: Any) -> bool:
    """Takes back what has not been tried yet; False where it may have left."""
    with db.transaction():
        done = Message.update(state="cancelled", ended_at=clock.now()).where(
            Message.id == message.id, Message.state == "queued", Message.attempts == 0).execute()
        if done:
            audit.record("exchange.message.cancel", SUBJECT, message.id, message.title, by=by, before={"state": "queued"},
                         after={"state": "cancelled"})
    return bool(done)


def give_up(partner: Partner, reason: str) -> None:
    """Fails all that waits for a partner."""
    for message in list(Message.select().where(Message.partner == partner, Message.direction == "out",
                                               Message.state == "queued").order_by(Message.id)):
        fail(message, reason)


def fail(message: Message, reason: str, *, state: str = "failed", answer: Any = None) -> None:
    """It cannot arrive (``failed``) or the other side does not take it (``refused``)."""
    from . import dispatching

    with db.transaction():
        done = Message.update(state=state, last_error=reason[:500], ended_at=clock.now(), answer=answer).where(
            Message.id == message.id, Message.state.in_(("queued", "exported"))).execute()
        if done:
            audit.record(f"exchange.message.{state}", SUBJECT, message.id, message.title, before={"state": message.state},
                         after={"state": state, "reason": reason[:500]})
            dispatching.failed(message, reason)
