"""Taking a package in, whichever way it came: over HTTPS or by file, it is the same.

Who is unknown learns nothing (:class:`Unknown`); a partner gets a signed answer, a refusal too. The same id with the same
content is answered as the first time and changes nothing.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Any, BinaryIO

from oa_kernel import audit, clock, crypto, db
from oa_kernel.errors import NotFound, OAError, StorageFull, Unavailable

from .. import package, settings
from ..models import Identity, Message, Partner
from ..package.format import canonical
from . import identity, queue, sending, taking

SUBJECT = "exchange.message"


class Unknown(NotFound):
    """Not from a partner, not for us, or not signed by whom it says (404). ``details["reason"]`` is for our own eyes."""

    code = "unknown_sender"


class Refused(OAError):
    """A partner's package that is not taken, with the reason it is told."""

    status, code, title = 422, "refused", "没有接收"


@dataclass(frozen=True)
class Result:
    """``answer``: the signed answer; ``reason``: why it was refused, empty where it was taken."""

    answer: bytes
    reason: str
    message: Message
    #: it had been taken before
    again: bool = False


@dataclass(frozen=True)
class Sender:
    """Whose package it is, and which of our identities it is for."""

    partner: Partner
    own: Identity


def sender_of(head: package.Head) -> Sender:
    """Who sent it. Raises Unknown; a partner's with a wrong signature is noted in the log."""
    partner = Partner.get_or_none(Partner.fingerprint == head.header.sender, Partner.state != "pending")
    if partner is None:
        raise Unknown("没有这一页", reason="发送单位不是已确认的交换伙伴")
    own = identity.by_fingerprint(head.header.recipient)
    if own is None:
        raise Unknown("没有这一页", reason="不是发给本单位的")
    try:
        package.verify(head, crypto.certificate.parse(bytes(partner.certificate)).public)
    except package.PackageError as error:
        if not _flooded(partner):
            _note(partner, head, error.message, "signature")
        raise Unknown("没有这一页", reason=error.message) from error
    return Sender(partner, own)


def receive(head: package.Head, source: BinaryIO, sender: Sender, *, via: str, by: Any = None) -> Result:
    """Takes it or refuses it; the answer says which, and is the same for the same package.

    :param source: the whole package, in a file; it is read more than once. :param via: ``https`` | ``file``.
    """
    try:
        check(head.header, sender, via)
        content = package.examine(package.open_body(head, source, identity.opening_key(sender.own)))
        message, again = _taken(head, content, sender, via, by)
    except OAError as error:
        code = error.code if isinstance(error, Refused | package.PackageError) else \
            "busy" if isinstance(error, StorageFull | Unavailable) else "content"
        message = _note(sender.partner, head, error.message, code, via)
        return Result(_answer(head, sender, message), error.message, message)
    return Result(_answer(head, sender, message), "", message, again)


def too_large(head: package.Head, sender: Sender) -> Result:
    """The answer to a package that is over the limit; its body is not kept."""
    reason = f"交换包 {head.whole / 2**20:.1f} MB，超过收文单位的上限 {settings.get('max_package_mb')} MB"
    return _refuse(head, sender, reason, "size")


def no_room(head: package.Head, sender: Sender) -> Result:
    """The answer where our disk is full: the sender tries again later."""
    return _refuse(head, sender, "收文单位的存储空间不足，请稍后再发", "busy")


def _refuse(head: package.Head, sender: Sender, reason: str, code: str) -> Result:
    message = _note(sender.partner, head, reason, code)
    return Result(_answer(head, sender, message), reason, message)


def check(header: package.Header, sender: Sender, via: str) -> None:
    """Trust, validity, time. Raises Refused."""
    partner, now = sender.partner, clock.now()
    if partner.state == "revoked":
        raise Refused(f"本单位已于 {identity.day(partner.revoked_at or now)} 撤销对你单位证书的信任", code="revoked")
    if now > partner.not_after:
        raise Refused(f"你单位的交换证书已于 {identity.day(partner.not_after)} 到期，请更换证书并重新核对指纹", code="expired")
    if now > sender.own.not_after:
        raise Refused(f"收文单位的交换证书已于 {identity.day(sender.own.not_after)} 到期，请向收文单位索取新证书", code="expired")
    ahead = header.sent_at - now
    if ahead > settings.SKEW or (via == "https" and -ahead > settings.SKEW):
        minutes, seconds = divmod(int(abs(ahead).total_seconds()), 60)
        word = "快" if ahead.total_seconds() > 0 else "慢"
        raise Refused(f"时钟不一致：发送方比接收方{word} {minutes} 分 {seconds} 秒，超过 5 分钟，请校准时钟", code="clock")
    if now - header.created_at > settings.window():
        raise Refused(f"交换包是 {identity.day(header.created_at)} 的，超过 {settings.get('window_days')} 天，不再接收", code="old")


def _taken(head: package.Head, content: package.Content, sender: Sender, via: str, by: Any) -> tuple[Message, bool]:
    """The message, and whether it had been taken before. Files are written first: the transaction is short, however large
    they are, so that nobody who writes has to wait for them."""
    known = _known(head, content, sender)
    if known is not None:
        return known, True
    with taking.ready(head.header.type, sender.partner, content) as made:
        try:
            with db.transaction():
                known = _known(head, content, sender)
                return (known, True) if known else (_take(head, content, made, sender, via, by), False)
        except db.IntegrityError:  # the same package at the same moment: now the other one is there
            known = _known(head, content, sender)
            if known is None:
                raise
            return known, True


def _key(head: package.Head, sender: Sender) -> str:
    return f"in:{sender.partner.id}:{head.header.id}"


def _known(head: package.Head, content: package.Content, sender: Sender) -> Message | None:
    known: Message | None = Message.get_or_none(Message.key == _key(head, sender))
    if known is not None and (known.content_sm3 != content.sm3 or known.type != head.header.type):
        raise Refused("同一个编号的交换包已经收到过，而内容不同，没有接收", code="replay")
    return known


def _take(head: package.Head, content: package.Content, made: taking.Ready, sender: Sender, via: str, by: Any) -> Message:
    header, partner, now = head.header, sender.partner, clock.now()
    message = Message.create(
        partner=partner, direction="in", message_id=header.id, key=_key(head, sender), type=header.type,
        reply_to=header.reply_to, state="accepted", via=via, content_sm3=content.sm3, size=header.size,
        created_at=header.created_at, ended_at=now)
    title, level, answer = taking.take(message, partner, made, via)
    Message.update(title=title[:300], secrecy_level=level, answer={"result": "accepted", **answer}).where(
        Message.id == message.id).execute()
    Partner.update(contact_at=now).where(Partner.id == partner.id).execute()
    if via == "https":
        queue.is_back(partner)
    audit.record("exchange.message.accept", SUBJECT, message.id, title, by=by,
                 after={"type": header.type, "partner": partner.name, "message_id": header.id, "via": via,
                        "content_sm3": content.sm3})
    return Message.get_by_id(message.id)


def _flooded(partner: Partner) -> bool:
    """Whether enough was rejected within the last minute: anybody may send what claims to be the partner's."""
    tenth = Message.select(Message.ended_at).where(
        Message.partner == partner, Message.direction == "in", Message.state == "rejected").order_by(
        Message.id.desc()).offset(9).first()
    return tenth is not None and tenth.ended_at > clock.now() - dt.timedelta(minutes=1)


def _note(partner: Partner, head: package.Head, reason: str, code: str, via: str = "https") -> Message:
    """What was rejected stands in the log, and takes no id away."""
    header = head.header
    with db.transaction():
        made = Message.create(
            partner=partner, direction="in", message_id=header.id, type=header.type, reply_to=header.reply_to, state="rejected",
            via=via, title=queue.TITLES.get(header.type, header.type), last_error=reason[:500], created_at=clock.now(),
            size=header.size, ended_at=clock.now(), answer={"result": "refused", "code": code, "message": reason[:500]})
        audit.record("exchange.message.reject", SUBJECT, made.id, made.title,
                     after={"partner": partner.name, "message_id": header.id, "code": code, "reason": reason[:500]})
    return made


def _answer(head: package.Head, sender: Sender, message: Message) -> bytes:
    """Signed and enveloped for the sender; it names the very package that it answers."""
    manifest = canonical({**message.answer, "request": head.sm3, "files": []})
    return bytes(sending.seal(sender.own, sender.partner, [package.pack(manifest)], id=secrets.token_hex(16), type="answer",
                              reply_to=head.header.id, created=clock.now()))
