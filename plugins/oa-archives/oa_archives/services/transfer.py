"""Transfer (移交进馆): permanent and thirty-year records of some years, checked, packed, handed over against a receipt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from oa_kernel import audit, clock, db, numbering, permissions
from oa_kernel.errors import Conflict, Invalid, NotFound

from .. import rights, settings
from ..models import RETENTIONS, Item
from ..models_use import Transfer, TransferEntry
from . import keeping, queries

SUBJECT = "archives.transfer"
#: what a state archive takes (永久和30年)
TAKEN = ("Y", "D30")
#: records of one transfer
MOST = 20_000
#: records checked in one transaction
STEP = 25


def url(transfer_id: Any) -> str:
    """The transfer's page."""
    return f"/archives/transfers/{transfer_id}"


def create(person: Any, data: Mapping[str, Any]) -> Transfer:
    """A list of the records of some years.

    :param data: ``first_year``, ``last_year``, ``retentions`` (of TAKEN; left out: all), ``receiver``.
    :raises Invalid: naming every field that is wrong. Conflict: there is nothing to hand over, or too much.
    """
    permissions.require(person, rights.TRANSFER)
    values = _clean(data)
    with db.transaction():
        rows = list(db.lock_rows(queries.visible(Item.select(Item.id, Item.pages, Item.size), person).where(
            Item.year >= values["first_year"], Item.year <= values["last_year"], Item.retention.in_(values["retentions"]),
            Item.state == "kept", Item.transfer_id.is_null(), Item.appraisal_id.is_null(),
        ).order_by(Item.archival_number).limit(MOST + 1)))
        if not rows or len(rows) > MOST:
            raise Conflict(f"超过 {MOST} 件，请分年度移交" if rows else "这些年度没有可以移交的档案",
                           code="too_many" if rows else "nothing")
        year = clock.today().year
        seq = numbering.take(f"archives:transfer-{year}", SUBJECT, f"{person.id}:{clock.now().timestamp()}", person)
        made = Transfer.create(number=f"移交〔{year}〕{seq}号", **values, made_at=clock.now(), made_by_id=person.id,
                               made_by_name=person.name, count=len(rows), pages=sum(i.pages for i in rows),
                               size=sum(i.size for i in rows))
        for start in range(0, len(rows), 500):
            piece = rows[start: start + 500]
            TransferEntry.insert_many([{"transfer": made.id, "item": i.id, "position": n}
                                       for n, i in enumerate(piece, start + 1)]).execute()
            Item.update(transfer_id=made.id).where(Item.id.in_([i.id for i in piece])).execute()
        audit.record("archives.transfer_made", SUBJECT, made.id, title=made.number, by=person, after={**values, "count": len(rows)})
    return made


def _clean(data: Mapping[str, Any]) -> dict[str, Any]:
    errors: dict[str, list[str]] = {}
    years = {}
    for name in ("first_year", "last_year"):
        text = str(data.get(name) or "")
        years[name] = int(text) if text.isascii() and text.isdigit() and len(text) == 4 else 0
        if not 1949 <= years[name] <= clock.today().year:
            errors[name] = [f"年度应在 1949 与 {clock.today().year} 之间"]
    if not errors and years["last_year"] < years["first_year"]:
        errors["last_year"] = ["止于的年度早于开始的年度"]
    wanted = [code for code in TAKEN if code in (data.get("retentions") or TAKEN)]
    if not wanted or set(data.get("retentions") or ()) - set(TAKEN):
        errors["retentions"] = ["只移交永久和 30 年的档案"]
    receiver = str(data.get("receiver") or settings.get("archive")).strip()
    if not receiver or len(receiver) > 200:
        errors["receiver"] = ["请填写接收的档案馆"]
    if errors:
        raise Invalid(next(iter(errors.values()))[0], errors=errors)
    return {**years, "retentions": wanted, "receiver": receiver}


def get(person: Any, transfer_id: Any) -> Transfer:
    """A transfer; NotFound for what is not there or who may not."""
    number = int(transfer_id) if str(transfer_id).isascii() and str(transfer_id).isdigit() else 0
    found = None
    if 0 < number < 2**63 and permissions.by_right(person, rights.TRANSFER):
        found = Transfer.get_or_none(Transfer.id == number)
    if found is None:
        raise NotFound("没有这次移交")
    return found


def lists(person: Any, *, limit: int = 50, cursor: str | None = None) -> db.Page:
    """All transfers, the last first; one query."""
    permissions.require(person, rights.TRANSFER)
    return db.page(Transfer.select(), [Transfer.id.desc()], limit=limit, cursor=cursor)


def entries(person: Any, row: Transfer, *, limit: int = 100, cursor: str | None = None) -> db.Page:
    """Its records in their order, up to the own clearance, each with the record's columns; one query."""
    query = (TransferEntry.select(TransferEntry.position, TransferEntry.checked_at, TransferEntry.sound, *queries.LISTED)
             .join(Item).where(TransferEntry.transfer == row.id, permissions.secrecy_condition(person, Item.secrecy_level)).objects())
    return db.page(query, [TransferEntry.position], limit=limit, cursor=cursor)


def standing(row: Transfer) -> dict[str, int]:
    """``{"checked", "failed", "left"}`` of its records. One query."""
    checked = db.fn.COUNT(TransferEntry.checked_at)
    sound = db.fn.SUM(db.Case(None, ((TransferEntry.sound, 1),), 0))
    done, whole, there = TransferEntry.select(checked, sound, db.fn.COUNT(TransferEntry.id)).where(
        TransferEntry.transfer == row.id).tuples().get()
    return {"checked": int(done), "failed": int(done) - int(whole or 0), "left": int(there) - int(done)}


def check(person: Any, transfer_id: Any, *, again: bool = False) -> dict[str, int]:
    """The four checks at transfer (DA/T 70-2018) of the next :data:`STEP` records; how it stands then.

    Once all are sound the transfer is ``checked``. ``again``: those that failed are looked at once more. People ask for all of
    them at once (:mod:`.transfer_checks`).
    """
    permissions.require(person, rights.TRANSFER)
    row = get(person, transfer_id)
    if row.state not in ("draft", "checked"):
        raise Conflict("这次移交已经办完或撤销", code="ended")
    todo = TransferEntry.select(TransferEntry, Item).join(Item).where(TransferEntry.transfer == row.id)
    fresh = TransferEntry.checked_at.is_null()
    todo = todo.where(fresh | ~TransferEntry.sound if again else fresh)
    seen = [(entry, keeping.examine(entry.item)) for entry in todo.order_by(TransferEntry.position).limit(STEP)]
    with db.transaction():
        for entry, results in seen:
            sound = keeping.put(entry.item, results, person, "transfer")
            TransferEntry.update(checked_at=clock.now(), sound=sound).where(TransferEntry.id == entry.id).execute()
        found = standing(row)
        state = "checked" if not found["failed"] and found["checked"] == row.count else "draft"
        beat = clock.now() if row.checking_by_id is not None else None
        Transfer.update(state=state, beat_at=beat).where(Transfer.id == row.id, Transfer.state.in_(("draft", "checked"))).execute()
        audit.record("archives.transfer_checked", SUBJECT, row.id, title=row.number, by=person, after=found)
    return found


def receive(person: Any, transfer_id: Any, data: Mapping[str, Any]) -> Transfer:
    """The receiver's receipt is registered (``receipt_number``, ``receipt_on``, ``receipt_by``): the records are transferred.

    :raises Conflict: not all checks were made and passed.
    """
    permissions.require(person, rights.TRANSFER)
    number, by = str(data.get("receipt_number") or "").strip(), str(data.get("receipt_by") or "").strip()
    errors: dict[str, list[str]] = {}
    if not number or len(number) > 100:
        errors["receipt_number"] = ["请填写回执编号"]
    if not by or len(by) > 80:
        errors["receipt_by"] = ["请填写接收经办人"]
    try:
        day = dt.date.fromisoformat(str(data.get("receipt_on") or ""))
        if day > clock.today():
            errors["receipt_on"] = ["接收日期在今天之后"]
    except ValueError:
        errors["receipt_on"] = ["请填写接收日期，应形如 2026-11-25"]
    if errors:
        raise Invalid(next(iter(errors.values()))[0], errors=errors)
    with db.transaction():
        row = db.lock_rows(Transfer.select().where(Transfer.id == get(person, transfer_id).id)).get()
        if row.state != "checked":
            raise Conflict("四性检测没有全部通过，或者已经办完，不能登记回执", code="not_checked")
        now = clock.now()
        Item.update(state="transferred", ended_at=now).where(Item.transfer_id == row.id, Item.state == "kept").execute()
        Transfer.update(state="transferred", transferred_at=now, receipt_number=number, receipt_on=day, receipt_by=by).where(
            Transfer.id == row.id).execute()
        audit.record("archives.transferred", SUBJECT, row.id, title=row.number, by=person, before={"state": "checked"},
                     after={"state": "transferred", "receipt": number, "received_on": day, "count": row.count})
    return Transfer.get_by_id(row.id)


def drop(person: Any, transfer_id: Any) -> None:
    """Gives it up; its records are free again."""
    permissions.require(person, rights.TRANSFER)
    with db.transaction():
        row = db.lock_rows(Transfer.select().where(Transfer.id == get(person, transfer_id).id)).get()
        if row.state not in ("draft", "checked"):
            raise Conflict("这次移交已经办完或撤销", code="ended")
        Item.update(transfer_id=None).where(Item.transfer_id == row.id, Item.state == "kept").execute()
        Transfer.update(state="dropped", checking_by_id=None, beat_at=None).where(Transfer.id == row.id).execute()
        audit.record("archives.transfer_dropped", SUBJECT, row.id, title=row.number, by=person, before={"state": row.state},
                     after={"state": "dropped"})


def retentions_of(row: Transfer) -> str:
    """In words."""
    return "、".join(RETENTIONS[code] for code in row.retentions)
