"""The log of messages, exchange by file, and forgetting what is old."""

from __future__ import annotations

import io
import secrets
from typing import Any, BinaryIO

from oa_kernel import audit, clock, db
from oa_kernel.errors import BadRequest, Conflict, Invalid, NotFound

from .. import package, rights, settings, transport
from ..models import STATES, Message, Partner
from ..package.format import canonical
from . import dispatching, identity, queue, receiving, sending

_PRUNED_AT_ONCE = 2000
LISTED = tuple(getattr(Message, name) for name in (
    "id", "partner", "direction", "message_id", "type", "state", "via", "title", "attempts", "last_error", "size",
    "created_at", "ended_at"))


def page(person: Any, *, partner: str = "", state: str = "", direction: str = "", limit: int = 50,
         cursor: str | None = None) -> db.Page:
    """Messages with their partners, the newest first; titles above the person's clearance are not shown at all."""
    query = Message.select(*LISTED, Partner.name, Partner.id, Partner.url, Partner.next_at).left_outer_join(Partner).where(
        Message.secrecy_level <= person.clearance)
    if partner:
        query = query.where(Partner.name.contains(partner))
    if state:
        if state not in STATES:
            raise BadRequest(f"没有状态 {state}，可用：{'、'.join(STATES)}")
        query = query.where(Message.state == state)
    if direction:
        query = query.where(Message.direction == direction)
    return db.page(query, [Message.id.desc()], limit=limit, cursor=cursor)


def get(person: Any, message_id: int) -> Message:
    """One of them, or NotFound where it is not there or not to be seen. None is the system itself."""
    query = Message.select(Message, Partner).join(Partner).where(Message.id == message_id)
    if person is not None:
        query = query.where(Message.secrecy_level <= person.clearance)
    found = query.first()
    if found is None:
        raise NotFound("没有这条交换记录")
    return found


def by_message_id(message_id: str) -> Message:
    """One by the id in its package, for commands."""
    found = Message.select(Message, Partner).join(Partner).where(
        Message.message_id == message_id, Message.key.is_null(False)).first()
    if found is None:
        raise NotFound(f"没有编号为 {message_id} 的交换包")
    return found


def export(message: Message, by: Any) -> tuple[package.Sealed, str]:
    """The package to be carried over as a file, and the file's name; of what came in, the answer to it. Close it.

    :raises Conflict: it arrived already, or a certificate is not valid.
    """
    rights.require(by, rights.MESSAGES)
    partner = Partner.get_by_id(message.partner_id)
    if message.direction == "in":
        return _answer_again(message, partner, by)
    if message.state not in ("queued", "exported", "failed"):
        raise Conflict("已送达、被拒收或取消的交换包不能再导出", code="not_exportable")
    sealed = sending.build(partner, message)
    with db.transaction():
        Message.update(state="exported", via="file", attempts=Message.attempts + 1, last_error="").where(
            Message.id == message.id).execute()
        dispatching.delayed(message, "已导出成文件，等对方的答复")
        audit.record("exchange.message.export", queue.SUBJECT, message.id, message.title, by=by,
                     before={"state": message.state}, after={"state": "exported", "partner": partner.name})
    return sealed, f"{partner.name}-{queue.TITLES.get(message.type, message.type)}-{message.message_id[:8]}.oax"


def _answer_again(message: Message, partner: Partner, by: Any) -> tuple[package.Sealed, str]:
    if message.answer is None:
        raise Conflict("这个交换包没有答复可以导出", code="not_exportable")
    content = package.pack(canonical({**message.answer, "request": "", "files": []}))
    sealed = sending.seal(identity.usable(), partner, [content], id=secrets.token_hex(16), type="answer",
                          reply_to=message.message_id, created=clock.now())
    audit.record("exchange.message.export", queue.SUBJECT, message.id, message.title, by=by, after={"answer": True})
    return sealed, f"{partner.name}-答复-{message.message_id[:8]}.oax"


def take_file(source: BinaryIO, by: Any) -> dict[str, Any]:
    """Takes a package that came by file: what a partner sent, or its answer to what we sent.

    :param source: the file, seekable.
    :returns: ``{"kind": "package" | "answer", "message": Message, "reason": "", "again": bool}``.
    :raises Invalid: not a package, not from a partner, altered.
    """
    rights.require(by, rights.MESSAGES)
    size = source.seek(0, io.SEEK_END)
    if size > settings.largest():
        raise Invalid(f"文件 {size / 2**20:.1f} MB，超过交换包的上限 {settings.get('max_package_mb')} MB",
                      errors={"file": ["文件过大"]})
    source.seek(0)
    try:
        head = package.read_head(source.read(package.HEAD_MOST))
        sender = receiving.sender_of(head)
    except receiving.Unknown as error:
        reason = str(error.details.get("reason") or error.message)
        raise Invalid(reason, code="unknown_sender", errors={"file": [reason]}) from error
    if head.header.type == "answer":
        return _take_answer(head, source, sender)
    result = receiving.receive(head, source, sender, via="file", by=by)
    return {"kind": "package", "message": result.message, "reason": result.reason, "again": result.again}


def _take_answer(head: package.Head, source: BinaryIO, sender: receiving.Sender) -> dict[str, Any]:
    partner = sender.partner
    ours = Message.get_or_none(Message.key == f"out:{partner.id}:{head.header.reply_to}")
    if ours is None:
        raise Invalid("这个答复对应的交换包不是本单位发出的", errors={"file": ["没有对应的交换包"]})
    try:
        receiving.check(head.header, sender, "file")
    except receiving.Refused as error:
        raise Invalid(error.message, code=error.code, errors={"file": [error.message]}) from error
    source.seek(0)
    answer = sending.read_answer(partner, ours, source.read(transport.ANSWER_MOST), None)
    again = ours.state in ("done", "refused")
    with db.transaction():
        sending.take_answer(partner, ours, answer)
        Partner.update(contact_at=clock.now()).where(Partner.id == partner.id).execute()
        audit.record("exchange.answer.import", queue.SUBJECT, ours.id, ours.title, after={"result": answer["result"]})
    return {"kind": "answer", "message": Message.get_by_id(ours.id), "again": again,
            "reason": "" if answer["result"] == "accepted" else str(answer.get("message"))}


def prune() -> int:
    """Forgets messages that ended long ago; ids are known for longer than a package is taken. How many."""
    before = clock.now() - settings.keep()
    ended = [s for s in STATES if s not in ("queued", "exported")]
    done = 0
    with db.transaction():
        for direction in ("in", "out"):
            old = Message.select(Message.id).where(
                Message.direction == direction, Message.created_at < before, Message.state.in_(ended)).limit(_PRUNED_AT_ONCE)
            if ids := [m.id for m in old]:
                done += Message.delete().where(Message.id.in_(ids)).execute()
        if done:
            audit.record("exchange.messages.prune", queue.SUBJECT, "", after={"count": done, "before": before.isoformat()})
    return done
