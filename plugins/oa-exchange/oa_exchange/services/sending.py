"""Sending what waits for a partner, in order; and what its answers mean. Runs in the worker, called by the outbox.

A worker claims a partner for a while, so that two do not send the same. One that dies in the middle leaves a message
that is still queued: it is sent again, and the other side knows its id.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from oa_kernel import audit, clock, crypto, db, files
from oa_kernel.errors import Conflict, OAError

from .. import package, settings, spool, transport
from ..models import Message, Partner
from . import identity, partners, queue

#: refusals that are over when something is put right
_TEMPORARY = {"clock", "busy"}


def run(payload: dict[str, Any]) -> None:
    """The outbox's errand: all that waits for one partner, until something goes wrong."""
    partner_id = int(payload["partner"])
    while (partner := _claim(partner_id)) is not None:
        message = queue.waiting(partner_id)
        if message is None:
            _release(partner_id)
            return
        try:
            answer = _exchange(partner, message)
        except OAError as error:
            _failed(partner, message, error.message)
            return
        except (OSError, ValueError) as error:  # a file that cannot be read, an answer that cannot be understood
            _failed(partner, message, f"{type(error).__name__}: {error}")
            return
        if answer["result"] != "accepted" and answer.get("code") in _TEMPORARY:
            _failed(partner, message, str(answer.get("message")))
            return
        _answered(partner, message, answer)


def _claim(partner_id: int) -> Partner | None:
    """The partner, for this worker alone; None where there is nothing to do now."""
    now = clock.now()
    with db.transaction():
        partner = db.lock_rows(Partner.select().where(Partner.id == partner_id)).first()
        if partner is None or not partner.url or partner.state != "active":
            return None
        busy = partner.busy_until and partner.busy_until > now
        late = partner.next_at and partner.next_at > now
        if busy or late:
            if queue.waiting(partner_id) is not None and busy:
                queue.kick(partner_id, after=partner.busy_until)
            return None
        Partner.update(busy_until=now + _lease(0)).where(Partner.id == partner_id).execute()
    return partner


def _lease(size: int) -> dt.timedelta:
    """For how long a partner is one worker's that sends it so many bytes."""
    return dt.timedelta(seconds=settings.deadline(size) + 5)


def _hold(partner: Partner, size: int) -> None:
    with db.transaction():
        Partner.update(busy_until=clock.now() + _lease(size)).where(Partner.id == partner.id).execute()


def resume() -> int:
    """Looks after what no errand looks after any more (a worker was killed); how many partners. For the scheduled task."""
    now = clock.now()
    waits = Message.select(Message.partner).where(Message.direction == "out", Message.state == "queued")
    idle = Partner.select(Partner.id).where(
        Partner.id.in_(waits), Partner.state == "active", Partner.url != "",
        Partner.next_at.is_null() | (Partner.next_at <= now), Partner.busy_until.is_null() | (Partner.busy_until <= now),
    ).limit(500)
    found = [p.id for p in idle]
    for partner_id in found:
        queue.kick(partner_id)
    return len(found)


def _release(partner_id: int) -> None:
    with db.transaction():
        Partner.update(busy_until=None).where(Partner.id == partner_id).execute()


def build(partner: Partner, message: Message) -> package.Sealed:
    """The package as it leaves now. Close it.

    :raises OAError: a certificate is not valid, the partner not trusted, a file gone, or all of it too large.
    """
    if reason := partners.problem(partner):
        raise Conflict(reason, code="partner")
    own = identity.usable()
    found = _files_of(message)
    size = len(message.manifest.encode()) + sum(f.size for f in found)
    if size > settings.largest() - package.HEAD_MOST:
        raise Conflict(f"交换包 {size / 2**20:.1f} MB，超过上限 {settings.get('max_package_mb')} MB", code="size")
    content = package.packed(message.manifest.encode(), (files.open(f) for f in found))
    room = spool.Spool()
    try:
        return seal(own, partner, content, into=room, id=message.message_id, type=message.type, reply_to=message.reply_to,
                    created=message.created_at)
    except BaseException:
        room.close()
        raise


def seal(own: Any, partner: Partner, content: Iterable[bytes], **header: Any) -> package.Sealed:
    """A package for the partner, signed and sent now."""
    public = crypto.certificate.parse(bytes(partner.encryption_certificate)).public
    return package.seal(content, sender=own.fingerprint, signing=identity.signing_key(own), recipient=partner.fingerprint,
                        recipient_public=public, sent=clock.now(), **header)


def _files_of(message: Message) -> list[Any]:
    found = [files.get(file_id) for file_id in message.file_ids]
    if None in found:
        raise Conflict("要发的文件已不在系统里", code="file_gone")
    return found


def _exchange(partner: Partner, message: Message) -> dict[str, Any]:
    if message.file_ids:
        _hold(partner, message.size)  # making a large one takes its time, sending it as well
    sealed = build(partner, message)
    try:
        with db.transaction():
            Message.update(attempts=Message.attempts + 1).where(Message.id == message.id).execute()
            _hold(partner, sealed.size)
        body = transport.post(f"{partner.url}/exchange/v1/{partner.fingerprint}", sealed)
    finally:
        sealed.close()
    return read_answer(partner, message, body, sealed.sm3)


def read_answer(partner: Partner, message: Message, data: bytes, header_sm3: str | None) -> dict[str, Any]:
    """What the partner answered, its signature verified. Raises Unreachable for what is no answer to this message.

    :param header_sm3: of the package that is answered; None: any package of this message (an answer that came by file).
    """
    try:
        head = package.read_head(data)
        header = head.header
        if header.type != "answer" or header.sender != partner.fingerprint or header.reply_to != message.message_id:
            raise package.PackageError("答复不是给这个交换包的")
        package.verify(head, crypto.certificate.parse(bytes(partner.certificate)).public)
        own = identity.by_fingerprint(header.recipient)
        if own is None:
            raise package.PackageError("答复不是给本单位的")
        manifest, _files = package.open_small(head, data, identity.opening_key(own))
        if manifest.get("result") not in ("accepted", "refused") or header_sm3 not in (None, manifest.get("request")):
            raise package.PackageError("答复不是给这个交换包的")
    except package.PackageError as error:
        raise transport.Unreachable(f"对方的答复没有采信：{error.message}", code="answer") from error
    return {k: v for k, v in manifest.items() if k != "files"}


def _answered(partner: Partner, message: Message, answer: dict[str, Any]) -> None:
    with db.transaction():
        now = clock.now()
        Partner.update(contact_at=now, failures=0, next_at=None, last_error="", failed_at=None, busy_until=None).where(
            Partner.id == partner.id).execute()
        take_answer(partner, message, answer)


def take_answer(partner: Partner, message: Message, answer: dict[str, Any]) -> None:
    """Notes what the partner said of a message, in the caller's transaction; once more changes nothing."""
    from . import dispatching

    if answer["result"] != "accepted":
        queue.fail(message, f"{partner.name}没有接收：{str(answer.get('message'))[:300]}", state="refused", answer=answer)
        return
    done = Message.update(state="done", last_error="", ended_at=clock.now(), answer=answer).where(
        Message.id == message.id, Message.state.in_(("queued", "exported", "failed"))).execute()
    if done:
        audit.record("exchange.message.done", queue.SUBJECT, message.id, message.title, before={"state": message.state},
                     after={"state": "done", "partner": partner.name})
        dispatching.arrived(message, answer)


def _failed(partner: Partner, message: Message, reason: str) -> None:
    """Notes it and asks for the next try; a message that is too old is given up."""
    from . import dispatching

    now = clock.now()
    with db.transaction():
        failures = partner.failures + 1
        pause = min(int(settings.get("retry_first")) * 2 ** min(failures - 1, 20), int(settings.get("retry_longest")))
        next_at = now + dt.timedelta(seconds=pause)
        Partner.update(failures=failures, next_at=next_at, last_error=reason[:500], failed_at=now, busy_until=None).where(
            Partner.id == partner.id).execute()
        Message.update(last_error=reason[:500]).where(Message.id == message.id).execute()
        audit.record("exchange.message.try", queue.SUBJECT, message.id, message.title,
                     after={"partner": partner.name, "reason": reason[:500], "next": next_at.isoformat()})
        if now - message.created_at > dt.timedelta(days=int(settings.get("give_up_days"))):
            queue.fail(message, f"{settings.get('give_up_days')} 天没有送到：{reason}")
        else:
            dispatching.delayed(message, f"还没有送到：{reason}。会自动再试")
        queue.kick(partner.id, after=next_at)
