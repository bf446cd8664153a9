"""Dispatch (分发) and receipt (签收): who was sent a document how, and when who signed for it.

Departments sign for it in the system, outside organisations by the link in their e-mail, and what was carried by
hand gets its receipt from the office.
"""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from oa_kernel import audit, clock, crypto, db, identity, notifications, outbox, permissions, runtime, signals
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound

from .. import channels, rights, settings
from ..models import Dispatch, Organisation, Outgoing
from . import addressbook, records, standing

SUBJECT = "documents.outgoing"
MAIL_TOPIC = "documents.dispatch"

#: states that still wait for a receipt
OPEN = ("sent", "delivered", "overdue")
#: states after which the same recipient may be sent the document anew
OVER = ("failed", "refused", "recalled")

document_dispatched = signals.signal("documents.dispatched", "A document was dispatched. `document`, `dispatches`, `by`.")
document_finished = signals.signal("documents.finished", "A document was finished (办结). `document`, `by`.")


def dispatch(document: Outgoing, recipients: Sequence[Mapping[str, Any]], by: Any) -> list[Dispatch]:
    """Sends a signed document to recipients ``{kind, id or name, channel, email}``; all of them or none.

    :raises Conflict: unless the document is signed; Invalid: naming each wrong recipient.
    """
    from . import reminding

    permissions.require(by, rights.DISPATCH)
    _require_signed(document)
    _require_force(document)
    if not isinstance(recipients, list | tuple) or not recipients:
        raise Invalid("请选择至少一个收文单位", errors={"recipients": ["请选择至少一个收文单位"]})
    with db.transaction():
        rows = _resolve(document, recipients)
        now = clock.now()
        due = now + dt.timedelta(days=int(settings.get("overdue_days")))
        made = [
            Dispatch.create(
                document=document.id, **row, nonce=secrets.token_hex(8), sent_at=now, sent_by_name=by.name, due_at=due,
                remind_at=reminding.first(now),
            )
            for row in rows
        ]
        for item in made:
            _send(document, item, by)
        if document.state == "signed":
            Outgoing.update(state="dispatched", version=Outgoing.version + 1, updated_at=now).where(
                Outgoing.id == document.id
            ).execute()
            document.state = "dispatched"
        audit.record(
            "documents.dispatch", SUBJECT, document.id, document.title,
            after={"number": document.number,
                   "recipients": [f"{d.recipient_name}（{channels.title(d.channel)}）" for d in made]},
            by=by,
        )
        document_dispatched.send("documents", document=document, dispatches=made, by=by)
    return made


def of(document: Outgoing) -> list[Dispatch]:
    """All dispatches of a document, in the order they were made."""
    return list(Dispatch.select().where(Dispatch.document == document.id).order_by(Dispatch.id))


def get(document: Outgoing, dispatch_id: int) -> Dispatch:
    """One dispatch of the document, or NotFound."""
    found = Dispatch.get_or_none((Dispatch.id == dispatch_id) & (Dispatch.document == document.id))
    if found is None:
        raise NotFound("没有这条分发记录")
    return found


def waiting_for(person: Any, *, limit: int = 50, cursor: str | None = None) -> db.Page:
    """What departments of ``person`` have not signed for yet, newest first; each row has its ``document``."""
    query = (
        Dispatch.select(Dispatch, Outgoing).join(Outgoing)
        .where(
            Dispatch.kind == "department", Dispatch.recipient_id.in_(identity.departments_of(person)),
            Dispatch.state.in_(OPEN), Outgoing.secrecy_level <= person.clearance,
        )
    )
    return db.page(query, [Dispatch.id.desc()], limit=limit, cursor=cursor)


def waiting_count(person: Any) -> int:
    """How many there are, for the badge."""
    departments = identity.departments_of(person)
    if not departments:
        return 0
    return (
        Dispatch.select().join(Outgoing)
        .where(Dispatch.kind == "department", Dispatch.recipient_id.in_(departments), Dispatch.state.in_(OPEN),
               Outgoing.secrecy_level <= person.clearance)
        .count()
    )


def opened(document: Outgoing, person: Any) -> None:
    """Notes that somebody of a receiving department has opened the document."""
    departments = identity.departments_of(person)
    if departments:
        with db.transaction():
            Dispatch.update(state="delivered", delivered_at=clock.now()).where(
                Dispatch.document == document.id, Dispatch.kind == "department",
                Dispatch.recipient_id.in_(departments), Dispatch.state == "sent",
            ).execute()


def sign_for(document: Outgoing, item: Dispatch, person: Any) -> Dispatch:
    """A person of the receiving department signs for it."""
    if item.kind != "department" or item.recipient_id not in identity.departments_of(person):
        raise Forbidden(f"只有{item.recipient_name}的人员可以签收")
    return receive(document, item, person.name, by=person)


def enter_receipt(document: Outgoing, item: Dispatch, by: Any, *, signed_by: str, on: dt.date | None = None) -> Dispatch:
    """The office enters the receipt of what was carried by hand or acknowledged by telephone."""
    permissions.require(by, rights.DISPATCH)
    signed_by = " ".join(signed_by.split())
    if not signed_by:
        raise Invalid("请填写签收人", errors={"signed_by": ["请填写签收人"]})
    now = clock.now()
    at = now
    if on is not None:
        if on > clock.today() or on < clock.local(item.sent_at).date():
            raise Invalid("签收日期应在分发之后、今天之前", errors={"on": ["签收日期应在分发之后、今天之前"]})
        if on != clock.today():
            at = dt.datetime.combine(on, dt.time(12), clock.zone()).astimezone(clock.UTC)
            at = max(at, item.sent_at)
    return receive(document, item, signed_by, by=by, at=at)


def read_date(text: str | None) -> dt.date | None:
    """``2026-11-24`` as a date; None for nothing. Raises Invalid."""
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"不是日期：{text}", errors={"on": [f"不是日期：{text}，例：2026-11-24"]}) from None


def resend(document: Outgoing, item: Dispatch, by: Any, *, email: str = "") -> Dispatch:
    """Sends again what failed or was not signed for; an e-mail may go to another address."""
    from . import reminding

    permissions.require(by, rights.DISPATCH)
    _require_signed(document)
    _require_force(document)
    if item.state == "signed_for":
        raise Conflict(f"{item.recipient_name}已签收，不必重发", code="signed_for")
    if email and not addressbook.is_email(email):
        raise Invalid(f"不是邮箱地址：{email}", errors={"email": [f"不是邮箱地址：{email}"]})
    now = clock.now()
    with db.transaction():
        changes: dict[str, Any] = {
            "state": "sent", "sent_at": now, "times_sent": Dispatch.times_sent + 1, "delivered_at": None, "note": "",
            "due_at": now + dt.timedelta(days=int(settings.get("overdue_days"))), "remind_at": reminding.first(now), "reminders": 0,
        }
        if email and email != item.email:
            changes.update(email=email, nonce=secrets.token_hex(8))  # the link at the old address ends
        Dispatch.update(**changes).where(Dispatch.id == item.id, Dispatch.state != "signed_for").execute()
        item = Dispatch.get_by_id(item.id)
        _send(document, item, by)
        audit.record("documents.dispatch.resend", SUBJECT, document.id, document.title,
                     after={"recipient": item.recipient_name, "times": item.times_sent}, by=by)
    return item


def urge(document: Outgoing, item: Dispatch, by: Any) -> Dispatch:
    """Reminds a recipient to sign for it; at most once an hour."""
    permissions.require(by, rights.DISPATCH)
    now = clock.now()
    if item.state not in OPEN:
        raise Conflict(f"{item.recipient_name}已签收，不必催办", code="signed_for")
    if item.urged_at and now - item.urged_at < dt.timedelta(hours=1):
        raise Conflict("一小时内已经催办过", code="urged")
    with db.transaction():
        Dispatch.update(urged_at=now).where(Dispatch.id == item.id).execute()
        if item.kind == "department":
            _notify_department(document, item, "documents.urged", f"请签收：{document.title}")
        elif item.channel == "email":
            _queue_mail(item, urging=True, stamp=int(now.timestamp()))
        elif (channel := channels.others().get(item.channel)) is not None and channel.urge is not None:
            channel.urge(document, item, by)
        audit.record("documents.dispatch.urge", SUBJECT, document.id, document.title,
                     after={"recipient": item.recipient_name}, by=by)
    return Dispatch.get_by_id(item.id)


def finish(document: Outgoing, by: Any, *, note: str = "") -> Outgoing:
    """办结: nothing more is to be done. Open receipts need a note that says why they are not waited for."""
    permissions.require(by, rights.DISPATCH)
    _require_signed(document)
    if document.finished_at:
        raise Conflict("这份文件已经办结", code="finished")
    waiting = Dispatch.select().where(Dispatch.document == document.id, Dispatch.state.in_(OPEN)).count()
    if waiting and not note.strip():
        reason = f"还有 {waiting} 个单位没有签收；仍要办结请写明原因"
        raise Invalid(reason, errors={"note": [reason]})
    with db.transaction():
        Outgoing.update(finished_at=clock.now(), version=Outgoing.version + 1, updated_at=clock.now()).where(
            Outgoing.id == document.id
        ).execute()
        document = Outgoing.get_by_id(document.id)
        audit.record("documents.finish", SUBJECT, document.id, document.title,
                     after={"waiting": waiting, "note": note.strip()}, by=by)
        document_finished.send("documents", document=document, by=by)
        records.tell(document, by)
    return document


# receipt by link


def receipt_token(item: Dispatch) -> str:
    """What the link in the e-mail ends with. Derived from a key of the ring, so nothing secret is stored."""
    mac = crypto.hmac_sm3(runtime.current().keys.secret("documents.receipt"), f"{item.id}:{item.nonce}".encode())
    return f"{item.id}.{mac.hex()[:40]}"


def receipt_url(item: Dispatch) -> str:
    """The whole link."""
    return f"{settings.base_url()}/receipt/{receipt_token(item)}"


def by_token(token: str) -> Dispatch:
    """The dispatch a link stands for, with its document; NotFound for a wrong or ended link."""
    number, _, mac = token.partition(".")
    item = None
    if number.isascii() and number.isdigit() and len(number) < 18:
        item = Dispatch.select(Dispatch, Outgoing).join(Outgoing).where(Dispatch.id == int(number)).first()
    if item is None or not item.nonce or not hmac.compare_digest(receipt_token(item).partition(".")[2], mac):
        raise NotFound("这个链接无效或已失效，请与发文单位联系")
    return item


def sign_by_token(token: str, signed_by: str) -> Dispatch:
    """An outside organisation acknowledges receipt by its link."""
    item = by_token(token)
    signed_by = " ".join(signed_by.split())
    if not 1 <= len(signed_by) <= 60:
        raise Invalid("请填写签收人姓名", errors={"signed_by": ["请填写签收人姓名，最多 60 字"]})
    return receive(item.document, item, signed_by, by=None)


# worker


def mark_overdue() -> int:
    """Marks what nobody signed for in time; returns how many. For the scheduled task."""
    now = clock.now()
    late = list(
        Dispatch.select(Dispatch, Outgoing).join(Outgoing)
        .where(Dispatch.state.in_(("sent", "delivered")), Dispatch.due_at < now).limit(500)
    )
    for item in late:
        with db.transaction():
            done = (
                Dispatch.update(state="overdue")
                .where(Dispatch.id == item.id, Dispatch.state.in_(("sent", "delivered")), Dispatch.due_at < now)
                .execute()
            )
            if done:
                audit.record("documents.dispatch.overdue", SUBJECT, item.document_id, item.document.title,
                             before={"state": item.state}, after={"state": "overdue", "recipient": item.recipient_name})
            if done and item.kind == "department":
                _notify_department(item.document, item, "documents.urged", f"逾期未签收：{item.document.title}")
    return len(late)


def mail_delivered(dispatch_id: int) -> None:
    """The mail server has taken the message."""
    with db.transaction():
        Dispatch.update(state="delivered", delivered_at=clock.now()).where(
            Dispatch.id == dispatch_id, Dispatch.state == "sent"
        ).execute()


def mail_failed(dispatch_id: int, reason: str) -> None:
    """The message can never be delivered."""
    with db.transaction():
        Dispatch.update(state="failed", note=reason[:300]).where(
            Dispatch.id == dispatch_id, Dispatch.state.in_(OPEN)
        ).execute()


# helpers


def _require_signed(document: Outgoing) -> None:
    if document.state not in ("signed", "dispatched"):
        words = {"draft": "还是草稿", "reviewing": "还在审核", "archived": "已经归档", "voided": "已经作废"}
        raise Conflict(f"这份文件{words[document.state]}，成文（编号、用印）之后才能分发", code="not_signed",
                       state=document.state)


def _require_force(document: Outgoing) -> None:
    if not standing.in_force(document):
        raise Conflict(f"这份公文{standing.words(document)}，不能再分发", code="out_of_force")


def _resolve(document: Outgoing, recipients: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    departments = {d.id: d for d in identity.department_tree()}
    by_name = {d.name: d for d in departments.values()}
    open_now = {(d.kind, d.recipient_id, d.recipient_name) for d in of(document) if d.state not in OVER}
    rows: list[dict[str, Any]] = []
    errors: dict[str, list[str]] = {}
    for position, given in enumerate(recipients):
        try:
            if not isinstance(given, Mapping):
                raise Invalid("应为 {kind, id 或 name, channel}")
            kind = given.get("kind")
            if kind == "department":
                row = _department(given, departments, by_name)
            elif kind == "organisation":
                row = _organisation(document, given)
            else:
                raise Invalid(f"kind 应为 department 或 organisation，不是 {kind!r}")
            same = (row["kind"], row["recipient_id"], row["recipient_name"])
            if same in open_now:
                raise Invalid(f"已分发给{row['recipient_name']}，需要时请重发")
            open_now.add(same)
            rows.append(row)
        except Invalid as error:
            errors[f"recipients.{position}"] = [error.message]
    if errors:
        first = next(iter(errors.values()))[0]
        raise Invalid(f"收文单位有 {len(errors)} 处不对：{first}", errors=errors)
    return rows


def _department(given: Mapping[str, Any], by_id: Mapping[int, Any], by_name: Mapping[str, Any]) -> dict[str, Any]:
    value = given.get("id")
    found = by_id.get(int(value)) if value is not None and str(value).isdigit() else by_name.get(str(given.get("name")))
    if found is None:
        raise Invalid(f"没有部门 {given.get('name') or value}")
    channel = given.get("channel") or "system"
    if channel not in ("system", "hand"):
        raise Invalid(f"发给部门可用 system 或 hand，不是 {channel!r}")
    return {"kind": "department", "recipient_id": found.id, "recipient_name": found.name, "channel": channel}


def _organisation(document: Outgoing, given: Mapping[str, Any]) -> dict[str, Any]:
    from . import mailing

    value, name = given.get("id"), str(given.get("name") or "").strip()
    if value is not None:
        found = Organisation.get_or_none(Organisation.id == int(value)) if str(value).isdigit() else None
        if found is None:
            raise Invalid(f"地址簿里没有编号为 {value} 的单位")
    else:
        found = Organisation.get_or_none(Organisation.name == name) if name else None
    if found is None and not name:
        raise Invalid("请写明外单位名称")
    email = str(given.get("email") or (found.email if found else "")).strip()
    channel = given.get("channel") or ("email" if email else "hand")
    other = channels.others().get(channel)
    if other is None and channel not in ("email", "fax", "hand"):
        raise Invalid(f"发给外单位可用 {'、'.join(['email', 'fax', 'hand', *channels.others()])}，不是 {channel!r}")
    if other is not None:
        if found is None or found.id not in other.reaches():
            raise Invalid(f"{found.name if found else name}不能用“{other.title}”，请改用别的方式")
        other.check(document, found)
    if channel == "email" and not addressbook.is_email(email):
        raise Invalid(f"{found.name if found else name}没有可用的邮箱地址，请先在地址簿填写，或改用纸质送达")
    called = found.name if found else name[:200]
    if channel == "email":
        mailing.require_sealable(document, called, found)
    elif channel == "fax":
        email = mailing.fax_address(document, called, str(given.get("fax") or (found.fax if found else "")))
    return {"kind": "organisation", "recipient_id": found.id if found else None, "recipient_name": called, "channel": channel,
            "email": email if channel in ("email", "fax") else ""}


def _send(document: Outgoing, item: Dispatch, by: Any) -> None:
    if item.channel == "system":
        _notify_department(document, item, "documents.dispatched", f"请签收：{document.title}")
    elif item.channel in ("email", "fax"):
        _queue_mail(item, urging=False, stamp=item.times_sent)
    elif (channel := channels.others().get(item.channel)) is not None:
        channel.send(document, item, by)


def mail_again(item: Dispatch, *, stamp: str) -> None:
    """Mails a recipient once more that it has not signed; ``stamp`` tells one time from another."""
    _queue_mail(item, urging=True, stamp=stamp)


def _queue_mail(item: Dispatch, *, urging: bool, stamp: int | str) -> None:
    word = "urge" if urging else "send"
    outbox.put(MAIL_TOPIC, {"dispatch": item.id, "urging": urging}, key=f"{MAIL_TOPIC}:{item.id}:{word}:{stamp}")


def _notify_department(document: Outgoing, item: Dispatch, kind: str, title: str) -> None:
    people = identity.people_in(item.recipient_id)
    cleared = [p.id for p in identity.by_ids(people).values() if p.clearance >= document.secrecy_level]
    if cleared:
        notifications.send(kind, cleared, title, body=f"{document.number}　发往{item.recipient_name}",
                           url=f"/documents/{document.id}", subject=(SUBJECT, str(document.id)))


def receive(document: Outgoing, item: Dispatch, name: str, *, by: Any, at: dt.datetime | None = None) -> Dispatch:
    """Notes a receipt; whether ``by`` may is asked by the callers. Raises Conflict for one signed for already."""
    now = at or clock.now()
    with db.transaction():
        done = (
            Dispatch.update(
                state="signed_for", signed_for_at=now, signed_for_by=name,
                delivered_at=db.fn.COALESCE(Dispatch.delivered_at, Dispatch.delivered_at.db_value(now)),
            )
            .where(Dispatch.id == item.id, Dispatch.state != "signed_for")
            .execute()
        )
        if not done:
            raise Conflict(f"{item.recipient_name}已经签收", code="signed_for")
        audit.record("documents.dispatch.receipt", SUBJECT, document.id, document.title,
                     after={"recipient": item.recipient_name, "signed_for_by": name}, by=by)
        notifications.send("documents.signed_for", [document.drafter_id], f"{item.recipient_name}已签收《{document.title}》",
                           body=f"签收人：{name}", url=f"/documents/{document.id}?tab=dispatch",
                           subject=(SUBJECT, str(document.id)))
    return Dispatch.get_by_id(item.id)
