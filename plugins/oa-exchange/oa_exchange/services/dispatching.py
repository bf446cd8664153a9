"""The channel “电子交换” of the documents plugin: dispatches go out as messages, and what comes back becomes their state."""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_documents.channels import Channel
from oa_documents.models import Dispatch
from oa_documents.services import arrivals, carriers, drafts, standing

from oa_kernel import clock, files
from oa_kernel.errors import Conflict, Invalid

from .. import settings
from ..models import Message, Partner
from . import identity, partners, queue

SOURCE = "exchange"


def connect() -> None:
    """Listens to what becomes of documents that came in; more than once does no harm."""
    arrivals.arrival_registered.connect(_registered)
    arrivals.arrival_refused.connect(_refused)
    standing.standing_changed.connect(_standing)


def reaches() -> set[int]:
    """Organisations of the address book that are partners."""
    return {i for (i,) in Partner.select(Partner.organisation_id).where(Partner.state == "active").tuples() if i is not None}


def check(document: Any, organisation: Any) -> None:
    """Raises Invalid, saying why the document cannot be exchanged with the organisation."""
    partner = _partner(organisation.id)
    if partner is None:
        raise Invalid(f"{organisation.name}不是电子交换的伙伴")
    if reason := partners.problem(partner):
        raise Invalid(reason)
    try:
        identity.usable()
    except Conflict as error:
        raise Invalid(error.message) from error
    size = sum(f.size for f in _files(document))
    if size > settings.largest() - 1024 * 1024:
        raise Invalid(f"正文和附件共 {size / 2**20:.1f} MB，超过交换包的上限 {settings.get('max_package_mb')} MB，请改用别的方式")


def send(document: Any, dispatch: Any, by: Any) -> None:
    """Queues the document; where one of this dispatch still waits, that one is tried at once."""
    partner = _partner(dispatch.recipient_id)
    if partner is None:
        raise Conflict(f"{dispatch.recipient_name}已不是电子交换的伙伴", code="no_partner")
    waiting = _message(dispatch.id, ("queued",))
    if waiting is not None:
        Partner.update(next_at=None).where(Partner.id == partner.id).execute()
        queue.kick(partner.id)
        return
    fields = {
        "number": document.number, "title": document.title, "kind": document.kind, "urgency": document.urgency,
        "secrecy": document.secrecy, "secrecy_term": document.secrecy_term,
        "dated_on": document.date.isoformat() if document.date else "", "sender": settings.organisation(),
    }
    queue.put(partner, "document", {"document": fields}, files=_files(document), title=f"{document.number}　{document.title}",
              subject_id=dispatch.id, secrecy_level=document.secrecy_level, by=by)
    if not partner.url:
        carriers.delayed(dispatch.id, "还没有送到：对方只用文件交换，请在“电子交换”页导出，送到对方")


def urge(document: Any, dispatch: Any, by: Any) -> None:
    """Reminds the recipient."""
    found = _message(dispatch.id, ("done",))
    if found is not None:
        queue.put(found.partner, "urge", {}, title=f"催办：{document.title}", reply_to=found.message_id, subject_id=dispatch.id,
                  secrecy_level=document.secrecy_level, by=by)


def recall(document: Any, dispatch: Any, reason: str, by: Any) -> bool:
    """Takes it back if it has not left; asks the recipient otherwise."""
    found = _message(dispatch.id, ("queued", "exported", "done", "failed", "refused"))
    if found is None or found.state in ("failed", "refused") and found.attempts == 0 or queue.cancel(found, by):
        return True
    queue.put(found.partner, "recall", {"reason": reason}, title=f"撤回：{document.title}", reply_to=found.message_id,
              subject_id=dispatch.id, secrecy_level=document.secrecy_level, by=by)
    return False


CHANNEL = Channel(name="exchange", title="电子交换", reaches=reaches, check=check, send=send, urge=urge, recall=recall)


def arrived(message: Message, answer: dict[str, Any]) -> None:
    """The other side has taken a message; what that means for the dispatch."""
    if message.subject_id is None:
        return
    if message.type == "document":
        carriers.delivered(message.subject_id)
    elif message.type == "recall":
        if answer.get("outcome") == "registered":
            carriers.kept(message.subject_id, "对方已登记")
        elif answer.get("outcome") != "refused":
            carriers.recalled(message.subject_id)


def delayed(message: Message, words: str) -> None:
    """A message has not arrived yet; what that means for the dispatch."""
    if message.type == "document" and message.subject_id is not None:
        carriers.delayed(message.subject_id, words)


def failed(message: Message, reason: str) -> None:
    """A message cannot arrive; what that means for the dispatch."""
    if message.subject_id is None:
        return
    if message.type == "document":
        carriers.failed(message.subject_id, reason)
    elif message.type == "recall":
        carriers.kept(message.subject_id, reason)


def take_receipt(message: Message, manifest: dict[str, Any], *, refused: bool) -> None:
    """What the recipient sent about our document: its receipt, or its refusal with the reason."""
    if message.subject_id is None:
        return
    if refused:
        carriers.refused(message.subject_id, str(manifest.get("reason") or "没有写明原因")[:200])
        return
    at = dt.datetime.fromisoformat(str(manifest["signed_at"]))
    found = Dispatch.get_or_none(Dispatch.id == message.subject_id)
    earliest = found.sent_at if found is not None else at
    carriers.receipt(message.subject_id, str(manifest.get("signed_by") or "")[:80], min(max(at, earliest), clock.now()))


def _registered(_sender: Any, *, arrival: Any, document: Any, by: Any, **_: Any) -> None:
    if settings.on() and (found := _arrived(arrival)) is not None:
        queue.put(found.partner, "receipt", {
            "signed_by": by.name, "signed_at": clock.now().isoformat(timespec="seconds"),
            "register_number": f"{document.year}-{document.seq}", "content_sm3": found.content_sm3,
        }, title=f"签收：{arrival.title}", reply_to=found.message_id, secrecy_level=arrival.secrecy_level, by=by)


def _refused(_sender: Any, *, arrival: Any, reason: str, by: Any, **_: Any) -> None:
    if settings.on() and (found := _arrived(arrival)) is not None:
        queue.put(found.partner, "refusal", {"reason": reason, "refused_by": by.name, "content_sm3": found.content_sm3},
                  title=f"退文：{arrival.title}", reply_to=found.message_id, secrecy_level=arrival.secrecy_level, by=by)


def _standing(_sender: Any, *, document: Any, by: Any, **_: Any) -> None:
    """Every partner that has the document, or may have it, is told what became of it; what has not left does not leave."""
    if not settings.on():
        return
    words = standing.words(document)
    sent = Dispatch.select(Dispatch.id).where(Dispatch.document == document.id, Dispatch.channel == CHANNEL.name)
    told = set()
    for found in Message.select(Message, Partner).join(Partner).where(
            Message.subject_id.in_(sent), Message.direction == "out", Message.type == "document",
            Message.state.in_(("queued", "exported", "done", "failed"))).order_by(Message.id.desc()):
        if queue.cancel(found, by):
            carriers.failed(found.subject_id, f"公文{words}，没有发出")
        elif found.state == "failed" and found.attempts == 0:
            continue
        elif found.partner_id not in told:
            told.add(found.partner_id)
            queue.put(found.partner, "standing", {"words": words, "change": document.standing,
                                                  "replaced_by": document.replaced_by_number},
                      title=f"{words}：{document.title}", reply_to=found.message_id, subject_id=found.subject_id,
                      secrecy_level=document.secrecy_level, by=by)


def check_resend(message: Message) -> None:
    """Raises Conflict for a document that was taken out of force since."""
    found = Dispatch.get_or_none(Dispatch.id == message.subject_id)
    if message.type == "document" and found is not None and found.document.standing:
        raise Conflict(f"公文{standing.words(found.document)}，不再发", code="out_of_force")


def _arrived(arrival: Any) -> Message | None:
    if arrival.source != SOURCE:
        return None
    found: Message | None = Message.select(Message, Partner).join(Partner).where(
        Message.key == f"in:{arrival.reference.removeprefix('exchange:')}").first()
    return found


def _partner(organisation_id: Any) -> Partner | None:
    return Partner.get_or_none(Partner.organisation_id == organisation_id) if organisation_id is not None else None


def _message(dispatch_id: int, states: tuple[str, ...]) -> Message | None:
    return Message.select(Message, Partner).join(Partner).where(
        Message.subject_id == dispatch_id, Message.direction == "out", Message.type == "document", Message.state.in_(states),
    ).order_by(Message.id.desc()).first()


def _files(document: Any) -> list[Any]:
    formal = files.get(document.formal_file_id) if document.formal_file_id else None
    if formal is None:
        raise Invalid("这份文件没有成文的 PDF，不能电子交换")
    return [formal, *files.attached(drafts.SUBJECT, document.id)]
