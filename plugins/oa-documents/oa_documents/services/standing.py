"""撤销、废止、代替: taking a signed document out of force. One asks, another confirms; the number stays in the register.

What is withdrawn never had force; what is repealed or replaced has none from a day on (regulation of 2012, art. 35).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import audit, clock, db, identity, notifications, outbox, permissions, signals
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound

from .. import rights
from ..models import Dispatch, Outgoing
from ..models_standing import CHANGES, StandingChange
from . import numbers, queries

SUBJECT = "documents.outgoing"
MAIL_TOPIC = "documents.standing"
WORDS = {"withdrawn": "撤销", "repealed": "废止", "replaced": "被代替"}
#: states in which a document has force that it can lose
SIGNED = ("signed", "dispatched", "archived")

standing_changed = signals.signal(
    "documents.standing_changed", "A document was taken out of force. `document`, `change`, `by`.")


def ask(
    document: Outgoing, by: Any, *, change: str, reason: str, on: dt.date | None = None, replaced_by: str = "",
) -> StandingChange:
    """Asks that a document be withdrawn, repealed or held replaced by another; it has its force until that is confirmed.

    :param on: from when on (repealed, replaced), today by default; not before the document's own date.
    :param replaced_by: number of the document in its place; one of our own series must stand in the register.
    :raises Conflict: not signed, out of force already, or asked for already. Invalid: naming fields.
    """
    permissions.require(by, rights.REVOKE)
    reason = " ".join(reason.split())
    values = _clean(document, change, reason, on, replaced_by)
    with db.transaction():
        document = _locked(document.id)
        if waiting(document) is not None:
            raise Conflict("已有人提出撤销或废止，等待确认", code="asked")
        made = StandingChange.create(
            document_id=document.id, **values, asked_by_id=by.id, asked_by_name=by.name, asked_at=clock.now())
        audit.record("documents.standing.ask", SUBJECT, document.id, document.title, by=by,
                     after={k: str(v) for k, v in values.items() if v})
        deciders = [p for p in permissions.people_with(rights.REVOKE_CONFIRM) if p != by.id]
        notifications.send(
            "documents.standing_asked", deciders, f"请确认{WORDS[change]}：{document.title}",
            body=f"{document.number}　{by.name}：{reason}", url=f"/documents/{document.id}", subject=(SUBJECT, str(document.id)))
    return made


def _clean(document: Outgoing, change: str, reason: str, on: dt.date | None, replaced_by: str) -> dict[str, Any]:
    errors: dict[str, list[str]] = {}
    if change not in CHANGES:
        errors["change"] = [f"可用：{'、'.join(CHANGES)}（撤销、废止、被代替）"]
    if not 2 <= len(reason) <= 500:
        errors["reason"] = ["请写明原因和依据，2 至 500 字"]
    on = document.date if change == "withdrawn" else on or clock.today()
    if document.date and on and on < document.date:
        errors["on"] = [f"不能早于成文日期 {document.date}"]
    successor, number = None, "".join(replaced_by.split())
    if change == "replaced":
        if not number:
            errors["replaced_by"] = ["请写明代替它的文件的文号"]
        elif number == document.number:
            errors["replaced_by"] = ["不能由它自己代替"]
        else:
            successor = Outgoing.get_or_none((Outgoing.number == number) & Outgoing.state.in_(SIGNED))
            if successor is None and numbers.is_ours(number):
                errors["replaced_by"] = [f"登记簿里没有已成文的“{number}”"]
    if errors:
        raise Invalid(next(iter(errors.values()))[0], errors=errors)
    return {"change": change, "reason": reason, "effective_on": on or clock.today(),
            "replaced_by_id": successor.id if successor else None,
            "replaced_by_number": number if change == "replaced" else ""}


def confirm(change_id: int, by: Any) -> Outgoing:
    """The second person agrees: the document is out of force, and everybody who received it is told."""
    permissions.require(by, rights.REVOKE_CONFIRM)
    with db.transaction():
        change, document = _open(change_id)
        if change.asked_by_id == by.id:
            raise Forbidden("提出的人不能自己确认，请由另一人确认")
        _decide(change, "confirmed", by)
        _apply(document, change, by)
    return Outgoing.get_by_id(document.id)


def refuse(change_id: int, by: Any, reason: str) -> StandingChange:
    """The second person does not agree, with the reason."""
    permissions.require(by, rights.REVOKE_CONFIRM)
    if not (reason := " ".join(reason.split())[:500]):
        raise Invalid("请写明不同意的理由", errors={"answer": ["请写明不同意的理由"]})
    with db.transaction():
        change, document = _open(change_id)
        _decide(change, "refused", by, reason)
        audit.record("documents.standing.refuse", SUBJECT, document.id, document.title, by=by, after={"answer": reason})
        notifications.send(
            "documents.standing_asked", [change.asked_by_id], f"没有同意{WORDS[change.change]}：{document.title}",
            body=f"{by.name}：{reason}", url=f"/documents/{document.id}", subject=(SUBJECT, str(document.id)))
    return StandingChange.get_by_id(change_id)


def take_back(change_id: int, by: Any) -> None:
    """Who asked does not want it any more."""
    with db.transaction():
        change, document = _open(change_id)
        if change.asked_by_id != by.id:
            raise Forbidden("只有提出的人可以收回")
        _decide(change, "taken_back", by)
        audit.record("documents.standing.take_back", SUBJECT, document.id, document.title, by=by)


def replaced_at_signing(document: Outgoing, by: Any) -> None:
    """A document that says what it replaces was signed: those lose their force today. Inside the caller's transaction.

    Its signatory is the second person here: what it replaces stands on the draft that was signed.
    """
    for number in document.replaces:
        old = Outgoing.get_or_none((Outgoing.number == number) & Outgoing.state.in_(SIGNED) & (Outgoing.standing == ""))
        if old is None:
            continue
        old = _locked(old.id)
        now = clock.now()
        change = StandingChange.create(
            document_id=old.id, change="replaced", reason=f"由《{document.title}》代替", effective_on=clock.today(),
            replaced_by_id=document.id, replaced_by_number=document.number, state="confirmed", asked_by_id=document.drafter_id,
            asked_by_name=document.drafter_name, asked_at=now, decided_by_name=document.signatory or by.name, decided_at=now)
        StandingChange.update(state="refused", answer="已由新文件代替", decided_at=now).where(
            StandingChange.document_id == old.id, StandingChange.state == "waiting").execute()
        _apply(old, change, by)


def _apply(document: Outgoing, change: StandingChange, by: Any) -> None:
    Outgoing.update(
        standing=change.change, standing_on=change.effective_on, standing_reason=change.reason,
        replaced_by_id=change.replaced_by_id, replaced_by_number=change.replaced_by_number,
        version=Outgoing.version + 1, updated_at=clock.now(),
    ).where(Outgoing.id == document.id).execute()
    document = Outgoing.get_by_id(document.id)
    audit.record("documents.standing.change", SUBJECT, document.id, document.title, by=by, before={"standing": ""},
                 after={"standing": change.change, "on": change.effective_on.isoformat(), "reason": change.reason,
                        "replaced_by": change.replaced_by_number})
    _tell(document, change)
    standing_changed.send("documents", document=document, change=change, by=by)


def _tell(document: Outgoing, change: StandingChange) -> None:
    """Recipients, the drafter and who asked; each department's people once."""
    rows = list(Dispatch.select().where(Dispatch.document == document.id, Dispatch.state != "failed"))
    people = {document.drafter_id, change.asked_by_id}
    for department in {d.recipient_id for d in rows if d.kind == "department"}:
        people.update(identity.people_in(department))
    cleared = [p.id for p in identity.by_ids(sorted(people)).values() if p.clearance >= document.secrecy_level]
    notifications.send(
        "documents.standing", cleared, f"公文已{WORDS[change.change]}：{document.title}",
        body=f"{document.number}　{words(document)}", url=f"/documents/{document.id}", subject=(SUBJECT, str(document.id)))
    for item in rows:
        if item.channel == "email":
            outbox.put(MAIL_TOPIC, {"dispatch": item.id}, key=f"{MAIL_TOPIC}:{item.id}:{change.id}")


def words(document: Any) -> str:
    """What became of it, in one sentence: 自2026年12月1日起废止; empty for what is in force."""
    if not document.standing:
        return ""
    if document.standing == "withdrawn":
        return "已撤销，自始无效"
    day = document.standing_on
    date = f"自{day.year}年{day.month}月{day.day}日起" if day else ""
    if document.standing == "repealed":
        return f"{date}废止"
    return f"{date}由{document.replaced_by_number}代替"


def in_force(document: Any) -> bool:
    """Has it force today?"""
    if not document.standing:
        return True
    return document.standing != "withdrawn" and bool(document.standing_on) and document.standing_on > clock.today()


def waiting(document: Any) -> StandingChange | None:
    """What somebody asked for and nobody decided."""
    return StandingChange.get_or_none(
        (StandingChange.document_id == document.id) & (StandingChange.state == "waiting"))


def history(document: Any) -> list[StandingChange]:
    """All that was asked for, the newest first."""
    return list(StandingChange.select().where(StandingChange.document_id == document.id)
                .order_by(StandingChange.id.desc()).limit(50))


def waiting_page(person: Any, *, limit: int = 50, cursor: str | None = None) -> db.Page:
    """Requests about documents the person may see that wait, the oldest first, each with its ``document``."""
    chosen = (StandingChange, Outgoing.id, Outgoing.title, Outgoing.number, Outgoing.kind)
    return db.page(_waiting(StandingChange.select(*chosen), person), [StandingChange.id], limit=limit, cursor=cursor)


def waiting_count(person: Any) -> int:
    """How many there are, for the badge."""
    return int(_waiting(StandingChange.select(), person).count())


def _waiting(query: Any, person: Any) -> Any:
    joined = query.join(Outgoing, on=(StandingChange.document_id == Outgoing.id), attr="document")
    return queries.visible(joined, person).where(StandingChange.state == "waiting")


def successor(document: Any, person: Any) -> Outgoing | None:
    """The document in its place, where the person may see it."""
    if not document.replaced_by_id:
        return None
    return queries.visible(Outgoing.select(Outgoing.id, Outgoing.number, Outgoing.title), person).where(
        Outgoing.id == document.replaced_by_id).first()


def _locked(document_id: int) -> Outgoing:
    document = db.lock_rows(Outgoing.select().where(Outgoing.id == document_id)).get()
    if document.state not in SIGNED:
        raise Conflict("成文的公文才能撤销或废止", code="not_signed", state=document.state)
    if document.standing:
        raise Conflict(f"这份公文{words(document)}", code="out_of_force")
    return document  # type: ignore[no-any-return]


def get(change_id: int) -> StandingChange:
    """One request, or NotFound."""
    found = StandingChange.get_or_none(StandingChange.id == change_id)
    if found is None:
        raise NotFound("没有这条撤销、废止的申请")
    return found


def of(document: Any, change_id: int) -> StandingChange:
    """One request about this document, or NotFound."""
    found = get(change_id)
    if found.document_id != document.id:
        raise NotFound("没有这条撤销、废止的申请")
    return found


def _open(change_id: int) -> tuple[StandingChange, Outgoing]:
    change = get(change_id)
    document = _locked(change.document_id)
    return change, document


def _decide(change: StandingChange, state: str, by: Any, answer: str = "") -> None:
    done = StandingChange.update(
        state=state, decided_by_name=by.name, decided_at=clock.now(), answer=answer,
    ).where(StandingChange.id == change.id, StandingChange.state == "waiting").execute()
    if not done:
        raise Conflict("这条申请已经有人处理", code="decided")
