"""What is finished asks for filing: told by a signal, proposed by the retention table, confirmed by an archivist."""

from __future__ import annotations

from typing import Any

from oa_kernel import audit, clock, db, permissions, signals
from oa_kernel.errors import Conflict, Invalid, NotFound

from .. import retention, rights, settings
from ..models import Item, Pending
from . import june, keywords, sources

#: how the note of what was voided begins
VOIDED = "已作废："


def connect() -> None:
    """Listens from now on; more than once does no harm."""
    signals.record_ready.connect(_ready)
    signals.record_gone.connect(_gone)


def _ready(_sender: Any, *, kind: str, subject_id: str, by: Any = None, **_: Any) -> None:
    if settings.on():
        offer(kind, str(subject_id), by)


def _gone(_sender: Any, *, kind: str, subject_id: str, reason: str = "", by: Any = None, **_: Any) -> None:
    """What was voided no longer waits; it stands among what is not kept, with the reason."""
    if not settings.on():
        return
    with db.transaction():
        row = db.lock_rows(Pending.select().where(
            Pending.source_kind == kind, Pending.source_id == str(subject_id), Pending.state == "waiting")).first()
        if row is None:
            return
        Pending.update(state="declined", note=f"{VOIDED}{reason}"[:300]).where(Pending.id == row.id).execute()
        audit.record("archives.declined", "archives.pending", row.id, title=row.title, by=by,
                     before={"state": "waiting"}, after={"state": "declined", "reason": f"{VOIDED}{reason}"})


def offer(kind: str, subject_id: str, by: Any = None) -> Pending | None:
    """Puts a finished thing before the archivist, once; None for one that is filed already.

    A thing that changes before it is filed is proposed anew.
    """
    with db.transaction():
        if Item.select(Item.id).where(Item.source_kind == kind, Item.source_id == subject_id).exists():
            return None
        values = _proposal(kind, subject_id)
        known = db.lock_rows(Pending.select().where(Pending.source_kind == kind, Pending.source_id == subject_id)).first()
        if known is not None:
            if known.state == "waiting":
                Pending.update(**values).where(Pending.id == known.id).execute()
            return Pending.get_by_id(known.id)
        made = Pending.create(source_kind=kind, source_id=subject_id, ready_at=clock.now(), **values)
        audit.record("archives.offered", "archives.pending", made.id, title=made.title, by=by,
                     after={"kind": kind, "source": subject_id, "retention": made.retention, "class": made.class_code})
    return made


def _proposal(kind: str, subject_id: str) -> dict[str, Any]:
    record = sources.source(kind).describe(subject_id)
    code, reason = retention.propose(record.kind, record.title, kind)
    asks_on, due_on = june.dates(record.date)
    return {
        "asks_on": asks_on, "due_on": due_on,
        "title": record.title, "number": record.number, "kind": record.kind, "date": record.date,
        "creator": record.creator, "department_id": record.department_id, "department_name": record.department,
        "secrecy_level": record.secrecy_level, "retention": code, "reason": reason,
        "class_code": retention.class_code(record.department), "keywords": keywords.propose(record.title, record.text, record.creator),
    }


def waiting(person: Any, *, q: str = "", state: str = "waiting", limit: int = 50, cursor: str | None = None) -> db.Page:
    """A page of what waits (or was ``declined``, ``filed``), the last first; one query.

    ``overdue``: what waits although its June has passed, the longest overdue first.
    """
    permissions.require(person, rights.FILE)
    overdue = state == "overdue"
    state = "waiting" if overdue else state
    query = Pending.select().where(Pending.state == state, permissions.secrecy_condition(person, Pending.secrecy_level))
    if q.strip():
        query = query.where(Pending.title.contains(q.strip()) | Pending.number.contains(q.strip()))
    if overdue:
        return db.page(query.where(Pending.due_on < clock.today()), [Pending.due_on, Pending.id], limit=limit, cursor=cursor)
    return db.page(query, [Pending.ready_at.desc(), Pending.id.desc()], limit=limit, cursor=cursor)


def count() -> int:
    """How many wait and ask for it by now, for the badge."""
    return int(Pending.select().where(Pending.state == "waiting", Pending.asks_on <= clock.today()).count())


def get(person: Any, pending_id: Any) -> Pending:
    """One of them; NotFound for what is not there or above the person's clearance."""
    permissions.require(person, rights.FILE)
    number = int(pending_id) if str(pending_id).isascii() and str(pending_id).isdigit() else 0
    found = Pending.select().where(
        Pending.id == number, permissions.secrecy_condition(person, Pending.secrecy_level)).first() if 0 < number < 2**63 else None
    if found is None:
        raise NotFound("没有这件待归档的文件，或者您不能查看它")
    return found


def decline(person: Any, pending_id: Any, reason: str) -> Pending:
    """Not to be kept (不归档), with the reason; it can be taken back."""
    if not reason.strip():
        raise Invalid("请写明不归档的原因", errors={"reason": ["请写明不归档的原因"]})
    with db.transaction():
        row = _locked(person, pending_id)
        if row.state != "waiting":
            raise Conflict("这件文件已经处理过", code="not_waiting")
        Pending.update(state="declined", note=reason.strip()[:300]).where(Pending.id == row.id).execute()
        audit.record("archives.declined", "archives.pending", row.id, title=row.title, by=person,
                     before={"state": "waiting"}, after={"state": "declined", "reason": reason.strip()})
    return Pending.get_by_id(row.id)


def restore(person: Any, pending_id: Any) -> Pending:
    """Puts a declined one back."""
    with db.transaction():
        row = _locked(person, pending_id)
        if row.state != "declined":
            raise Conflict("这件文件不在“不归档”之列", code="not_declined")
        Pending.update(state="waiting", note="").where(Pending.id == row.id).execute()
        audit.record("archives.restored", "archives.pending", row.id, title=row.title, by=person,
                     before={"state": "declined"}, after={"state": "waiting"})
    return Pending.get_by_id(row.id)


def _locked(person: Any, pending_id: Any) -> Pending:
    row = get(person, pending_id)
    return db.lock_rows(Pending.select().where(Pending.id == row.id)).get()
