"""Borrowing (借阅): asked for, approved by a workflow, read within its term, renewed, given back; it ends by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from oa_kernel import audit, clock, db, identity, notifications, permissions, signals, workflow
from oa_kernel.errors import Conflict, Invalid, NotFound

from .. import archival_number, rights, settings
from ..models import Item
from ..models_use import BORROWING_STATES, PURPOSES, Borrowing
from . import queries, uses

SUBJECT = "archives.borrowing"
DEFINITION = "archives.borrow"


def connect() -> None:
    """Listens from now on; more than once does no harm."""
    signals.workflow_rejected.connect(_not_granted)
    signals.workflow_cancelled.connect(_not_granted)


def url(borrowing_id: Any) -> str:
    """The borrowing's page."""
    return f"/archives/borrowings/{borrowing_id}"


def ask(person: Any, data: Mapping[str, Any]) -> Borrowing:
    """Asks for a record; the case goes to the head of department, then to the archivist.

    :param data: ``number`` (档号), ``purpose`` (of PURPOSES), ``reason``, ``days``, ``download``.
    :raises Invalid: naming every field that is wrong. NotFound: no such record up to the own clearance.
    :raises Conflict: it may be read without, is destroyed, or is asked for or lent already.
    """
    permissions.require(person, rights.BORROW)
    values = _clean(data)
    number = archival_number.as_written(str(data.get("number") or ""))
    item = Item.select().where(Item.archival_number == number,
                               permissions.secrecy_condition(person, Item.secrecy_level)).first() if number else None
    if item is None:
        raise NotFound("没有这个档号的档案，或者它不能借阅", code="no_such_record")
    if item.state == "destroyed":
        raise Conflict("这件档案已按批准的清册销毁，不能借阅", code="destroyed")
    if queries.readable(person, str(item.id)):
        raise Conflict("这件档案您可以直接查阅，不需要借阅", code="readable")
    department = identity.department(person.department_id) if person.department_id else None
    with db.transaction():
        db.lock_rows(Item.select(Item.id).where(Item.id == item.id)).get()
        open_one = Borrowing.select(Borrowing.id).where(
            Borrowing.item == item.id, Borrowing.person_id == person.id,
            (Borrowing.state == "asked") | ((Borrowing.state == "lent") & (Borrowing.until >= clock.today())))
        if open_one.exists():
            raise Conflict("您已经申请或借阅了这件档案", code="borrowed")
        made = Borrowing.create(item=item.id, person_id=person.id, person_name=person.name, asked_at=clock.now(), **values,
                                department_id=person.department_id, department_name=department.name if department else "")
        case = workflow.start(DEFINITION, f"借阅申请：{number}", _form(made, item, renewal=False), person, subject=(SUBJECT, made.id))
        Borrowing.update(instance_id=case.id).where(Borrowing.id == made.id).execute()
        audit.record("archives.borrowing_asked", SUBJECT, made.id, title=f"{item.archival_number} {item.title}", by=person,
                     after={k: values[k] for k in ("purpose", "days", "download")})
    return Borrowing.get_by_id(made.id)


def _clean(data: Mapping[str, Any]) -> dict[str, Any]:
    errors: dict[str, list[str]] = {}
    purpose, reason = str(data.get("purpose") or ""), str(data.get("reason") or "").strip()
    if purpose not in PURPOSES:
        errors["purpose"] = ["请选择利用目的"]
    if not reason or len(reason) > 500:
        errors["reason"] = ["请写明事由，不超过 500 字"]
    days = _days(data.get("days"), errors)
    if errors:
        raise Invalid(next(iter(errors.values()))[0], errors=errors)
    return {"purpose": purpose, "reason": reason, "days": days, "download": data.get("download") in (True, "1", "true", "on")}


def _days(value: Any, errors: dict[str, list[str]]) -> int:
    most = int(settings.get("borrow_days"))
    text = str(value if value is not None else "")
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= most):
        errors["days"] = [f"天数应在 1 与 {most} 之间"]
        return 0
    return int(text)


def _form(row: Borrowing, item: Item, *, renewal: bool, days: int | None = None, reason: str = "") -> dict[str, Any]:
    return {"number": item.archival_number, "purpose": PURPOSES[row.purpose], "reason": reason or row.reason, "days": days or row.days,
            "download": bool(row.download), "renewal": renewal}


def lend(instance: Any, _task: Any, by: Any) -> None:
    """Effect ``archives.lend``: the term begins today, or goes on from its end where it is renewed."""
    if instance.subject_kind != SUBJECT:
        return
    row = db.lock_rows(Borrowing.select().where(Borrowing.id == int(instance.subject_id))).get()
    item, today = Item.get_by_id(row.item_id), clock.today()
    renewal = bool(instance.form.get("renewal"))
    if item.state == "destroyed":
        raise Conflict("这件档案已销毁，不能借出", code="destroyed")
    if row.state not in (("lent", "ended") if renewal else ("asked",)):
        raise Conflict("这次借阅已经结束", code="not_open")
    if instance.form.get("number") != item.archival_number:
        raise Conflict(f"申请上的档号被改成了别的，实际申请的是 {item.archival_number}", code="number_changed")
    errors: dict[str, list[str]] = {}
    days = _days(instance.form.get("days"), errors)
    if errors:
        raise Invalid(errors["days"][0], errors=errors)
    begins = max(row.until, today) if renewal and row.until else today
    values = {"state": "lent", "until": begins + dt.timedelta(days=days), "download": bool(instance.form.get("download")),
              "renewals": row.renewals + renewal, "reminded_on": None, "ended_at": None, "lent_at": row.lent_at or clock.now()}
    Borrowing.update(**values).where(Borrowing.id == row.id).execute()
    borrower = identity.by_ids([row.person_id]).get(row.person_id)
    if borrower is not None and not renewal:
        uses.note(item, borrower, "borrow", row.purpose)
    audit.record("archives.borrowing_lent", SUBJECT, row.id, title=f"{item.archival_number} {item.title}", by=by,
                 before={"until": row.until}, after={"until": values["until"], "download": values["download"], "renewal": renewal})
    notifications.send("archives.borrowing", [row.person_id], f"{'已续借' if renewal else '可以阅读'}：{item.archival_number}",
                       body=f"《{item.title}》，{values['until']} 前可以阅读，到期自动收回", url=url(row.id),
                       subject=(SUBJECT, row.id))


def _not_granted(_sender: Any, *, instance: Any, by: Any = None, comment: str = "", **_: Any) -> None:
    if instance.subject_kind != SUBJECT or not settings.on():
        return
    row = db.lock_rows(Borrowing.select().where(Borrowing.id == int(instance.subject_id))).first()
    if row is None or row.state != "asked":
        return  # a renewal that was refused: the term goes on to its end
    Borrowing.update(state="refused", ended_at=clock.now()).where(Borrowing.id == row.id).execute()
    audit.record("archives.borrowing_refused", SUBJECT, row.id, title=row.person_name, by=by, after={"comment": comment})


def current(person: Any, borrowing_id: Any) -> tuple[Borrowing, Item]:
    """What the person may read by this borrowing today. NotFound once the term is over, it was given back, or the record is
    gone: the term is part of the query."""
    number = int(borrowing_id) if str(borrowing_id).isascii() and str(borrowing_id).isdigit() else 0
    row = Borrowing.select(Borrowing, Item).join(Item).where(
        Borrowing.id == number, Borrowing.person_id == person.id, Borrowing.state == "lent", Borrowing.until >= clock.today(),
        Item.state != "destroyed", permissions.secrecy_condition(person, Item.secrecy_level),
    ).first() if 0 < number < 2**63 else None
    if row is None:
        raise NotFound("没有这次借阅，或者它已经到期、归还", code="not_lent")
    return row, row.item


def get(person: Any, borrowing_id: Any) -> Borrowing:
    """A borrowing of one's own, or any for who keeps the register; with ``item``. NotFound otherwise."""
    number = int(borrowing_id) if str(borrowing_id).isascii() and str(borrowing_id).isdigit() else 0
    query = Borrowing.select(Borrowing, Item).join(Item).where(
        Borrowing.id == number, permissions.secrecy_condition(person, Item.secrecy_level))
    row = query.first() if 0 < number < 2**63 else None
    if row is None or (row.person_id != person.id and not permissions.by_right(person, rights.LEND)):
        raise NotFound("没有这次借阅")
    return row


def give_back(person: Any, borrowing_id: Any, reason: str = "") -> Borrowing:
    """归还 before the end, by the borrower; or 收回 by the archivist, with a reason."""
    row = get(person, borrowing_id)
    own = row.person_id == person.id
    if not own and not reason.strip():
        raise Invalid("请写明收回的原因", errors={"reason": ["请写明收回的原因"]})
    with db.transaction():
        locked = db.lock_rows(Borrowing.select().where(Borrowing.id == row.id)).get()
        if locked.state != "lent":
            raise Conflict("这次借阅没有借出，或者已经结束", code="not_open")
        state = "returned" if own else "recalled"
        Borrowing.update(state=state, ended_at=clock.now()).where(Borrowing.id == row.id).execute()
        audit.record(f"archives.borrowing_{state}", SUBJECT, row.id, title=f"{row.item.archival_number} {row.item.title}", by=person,
                     before={"state": "lent", "until": locked.until}, after={"state": state, "reason": reason.strip()[:300]})
        if not own:
            notifications.send("archives.borrowing", [row.person_id], f"已收回：{row.item.archival_number}", body=reason.strip()[:300],
                               url="/archives/borrowings", subject=(SUBJECT, row.id))
    return get(person, row.id)


def renew(person: Any, borrowing_id: Any, days: Any, reason: str) -> Any:
    """续借: asks for more days, approved as the borrowing was; the case.

    :raises Conflict: it is not lent, was renewed as often as the settings allow, or a renewal is on its way.
    """
    errors: dict[str, list[str]] = {}
    wanted = _days(days, errors)
    if not reason.strip() or len(reason) > 500:
        errors["reason"] = ["请写明续借的理由，不超过 500 字"]
    if errors:
        raise Invalid(next(iter(errors.values()))[0], errors=errors)
    row, item = current(person, borrowing_id)
    most = int(settings.get("borrow_renewals"))
    with db.transaction():
        locked = db.lock_rows(Borrowing.select().where(Borrowing.id == row.id)).get()
        if locked.renewals >= most:
            raise Conflict(f"已续借 {most} 次，请归还后重新申请", code="renewed_enough")
        if workflow.Instance.select().where(workflow.Instance.subject_kind == SUBJECT, workflow.Instance.subject_id == str(row.id),
                                            workflow.Instance.state.in_(("running", "withdrawn", "suspended"))).exists():
            raise Conflict("已有一件续借申请在办", code="renewal_running")
        case = workflow.start(DEFINITION, f"续借申请：{item.archival_number}",
                              _form(locked, item, renewal=True, days=wanted, reason=reason.strip()), person, subject=(SUBJECT, row.id))
        Borrowing.update(instance_id=case.id).where(Borrowing.id == row.id).execute()
    return case


def mine(person: Any, *, limit: int = 50, cursor: str | None = None) -> db.Page:
    """One's own borrowings, the last first; one query. The record is told by its number until it is lent."""
    query = Borrowing.select(Borrowing, Item).join(Item).where(Borrowing.person_id == person.id)
    return db.page(query, [Borrowing.id.desc()], limit=limit, cursor=cursor)


def register(person: Any, filters: Mapping[str, Any], *, limit: int = 50, cursor: str | None = None) -> db.Page:
    """借阅登记簿, the last first; ``state`` and ``q`` (档号 or name) narrow it. One query."""
    permissions.require(person, rights.LEND)
    query = Borrowing.select(Borrowing, Item).join(Item).where(permissions.secrecy_condition(person, Item.secrecy_level))
    state, today = filters.get("state"), clock.today()
    if state == "lent":
        query = query.where(Borrowing.state == "lent", Borrowing.until >= today)
    elif state == "ended":
        query = query.where((Borrowing.state == "ended") | ((Borrowing.state == "lent") & (Borrowing.until < today)))
    elif state in BORROWING_STATES:
        query = query.where(Borrowing.state == state)
    if q := str(filters.get("q") or "").strip():
        query = query.where((Item.archival_number == archival_number.as_written(q)) | Borrowing.person_name.contains(q))
    return db.page(query, [Borrowing.id.desc()], limit=limit, cursor=cursor)


def state_of(row: Any) -> str:
    """Its state today, whether or not the schedule has come by."""
    return "ended" if row.state == "lent" and row.until < clock.today() else str(row.state)


def was_lent(row: Any) -> bool:
    """Whether it was ever granted: before that its title is not told."""
    return row.lent_at is not None
