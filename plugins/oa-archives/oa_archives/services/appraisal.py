"""Appraisal (鉴定): records whose term has run out, listed with an opinion on each, decided by a workflow.

The term counts from the first of January after the record's year (机关档案管理规定, 国家档案局令第13号; a record of 2015 kept for ten
years is due from 2026 on). Permanent records are never listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from oa_kernel import audit, clock, db, numbering, permissions, workflow
from oa_kernel.errors import Conflict, Invalid, NotFound

from .. import rights
from ..models import Item
from ..models_use import OPINIONS, Appraisal, AppraisalEntry
from . import queries

SUBJECT = "archives.appraisal"
#: records of one list
MOST = 1000


def url(appraisal_id: Any) -> str:
    """The list's page."""
    return f"/archives/appraisals/{appraisal_id}"


def run_out() -> Any:
    """SQL condition: the record is kept, on no list, not permanent, and its term is over."""
    ended = (Item.state == "kept") & (Item.keep_until < clock.today().year) & (Item.retention != "Y")
    return ended & Item.appraisal_id.is_null() & Item.transfer_id.is_null()


def due(person: Any, *, limit: int = 50, cursor: str | None = None) -> db.Page:
    """Records whose term has run out, the oldest first; one query."""
    permissions.require(person, rights.APPRAISE)
    return db.page(queries.visible(Item.select(*queries.LISTED), person).where(run_out()), [Item.keep_until, Item.id],
                   limit=limit, cursor=cursor)


def create(person: Any, title: str, item_ids: Sequence[Any] = (), *, everything: bool = False) -> Appraisal:
    """A list of the chosen due records, or of all that are due (the oldest :data:`MOST`), each with the opinion “destroy”.

    :raises Invalid: no title, nothing chosen. Conflict: one of them is not due, or stands on a list already.
    """
    permissions.require(person, rights.APPRAISE)
    title = " ".join(title.split())
    wanted = {int(i) for i in item_ids if str(i).isascii() and str(i).isdigit() and len(str(i)) < 19}
    errors: dict[str, list[str]] = {}
    if not title or len(title) > 200:
        errors["title"] = ["请填写清册名称，不超过 200 字"]
    if not everything and not 0 < len(wanted) <= MOST:
        errors["id"] = [f"请选择 1–{MOST} 件档案"]
    if errors:
        raise Invalid(next(iter(errors.values()))[0], errors=errors)
    with db.transaction():
        query = queries.visible(Item.select(), person).where(run_out())
        query = query if everything else query.where(Item.id.in_(wanted))
        rows = list(db.lock_rows(query.order_by(Item.keep_until, Item.id).limit(MOST)))
        if not rows or (not everything and len(rows) != len(wanted)):
            raise Conflict("没有到期的档案" if everything else "选中的档案有的没有到期、已在别的清册上，或者您不能查看",
                           code="not_due")
        year = clock.today().year
        seq = numbering.take(f"archives:appraisal-{year}", SUBJECT, f"{person.id}:{clock.now().timestamp()}", person)
        made = Appraisal.create(number=f"鉴定〔{year}〕{seq}号", title=title, made_at=clock.now(), made_by_id=person.id,
                                made_by_name=person.name, count=len(rows))
        AppraisalEntry.insert_many([{
            "appraisal": made.id, "item": i.id, "archival_number": i.archival_number, "title": i.title, "year": i.year,
            "retention": i.retention, "pages": i.pages, "digest": i.digest, "reason": "保管期限届满，无继续保存价值"}
            for i in rows]).execute()
        Item.update(appraisal_id=made.id).where(Item.id.in_([i.id for i in rows])).execute()
        audit.record("archives.appraisal_made", SUBJECT, made.id, title=f"{made.number} {title}", by=person,
                     after={"records": [i.archival_number for i in rows]})
    return made


def get(person: Any, appraisal_id: Any) -> Appraisal:
    """A list, for who makes, decides or witnesses, and whoever is asked in its case; NotFound otherwise."""
    number = int(appraisal_id) if str(appraisal_id).isascii() and str(appraisal_id).isdigit() else 0
    found = Appraisal.get_or_none(Appraisal.id == number) if 0 < number < 2**63 else None
    if found is None or not (
            any(permissions.by_right(person, right) for right in (rights.APPRAISE, rights.DECIDE, rights.WITNESS))
            or (found.instance_id and workflow.takes_part(person, found.instance_id))):
        raise NotFound("没有这份鉴定清册")
    return found


def lists(person: Any, *, limit: int = 50, cursor: str | None = None) -> db.Page:
    """All lists, the last first; one query."""
    if not any(permissions.by_right(person, right) for right in (rights.DECIDE, rights.WITNESS)):
        permissions.require(person, rights.APPRAISE)
    return db.page(Appraisal.select(), [Appraisal.id.desc()], limit=limit, cursor=cursor)


def entries(person: Any, row: Appraisal, *, limit: int = 100, cursor: str | None = None) -> db.Page:
    """The list's records in its order, up to the own clearance; one query."""
    query = (AppraisalEntry.select(AppraisalEntry, Item.secrecy, Item.state.alias("item_state")).join(Item)
             .where(AppraisalEntry.appraisal == row.id, permissions.secrecy_condition(person, Item.secrecy_level)).objects())
    return db.page(query, [AppraisalEntry.id], limit=limit, cursor=cursor)


def judge(person: Any, appraisal_id: Any, version: int, opinions: Sequence[Mapping[str, Any]]) -> Appraisal:
    """Writes opinions: ``[{"entry", "opinion", "keep_until", "reason"}]``.

    :raises Invalid: an opinion that cannot be. Conflict: it is being decided, or somebody changed it meanwhile.
    """
    permissions.require(person, rights.APPRAISE)
    with db.transaction():
        row = draft_of(person, appraisal_id, version)
        known = {e.id: e for e in AppraisalEntry.select().where(AppraisalEntry.appraisal == row.id)}
        before, after = {}, {}
        for one in opinions:
            entry = known.get(int(one["entry"]) if str(one.get("entry", "")).isdigit() else 0)
            if entry is None:
                raise NotFound("清册上没有这件档案")
            values = _opinion(entry, one)
            if any(getattr(entry, k) != v for k, v in values.items()):
                before[entry.archival_number] = {k: getattr(entry, k) for k in values}
                after[entry.archival_number] = values
                AppraisalEntry.update(**values).where(AppraisalEntry.id == entry.id).execute()
        if after:
            Appraisal.update(version=Appraisal.version + 1).where(Appraisal.id == row.id).execute()
            audit.record("archives.appraisal_judged", SUBJECT, row.id, title=row.number, by=person, before=before, after=after)
    return Appraisal.get_by_id(row.id)


def _opinion(entry: AppraisalEntry, data: Mapping[str, Any]) -> dict[str, Any]:
    opinion, reason = str(data.get("opinion") or entry.opinion), str(data.get("reason") or "").strip()
    errors: dict[str, list[str]] = {}
    if opinion not in OPINIONS:
        errors["opinion"] = [f"鉴定意见可用：{'、'.join(OPINIONS)}"]
    if not reason or len(reason) > 300:
        errors["reason"] = [f"{entry.archival_number}：请写明鉴定的理由，不超过 300 字"]
    until = None
    if opinion == "keep":
        text, this = str(data.get("keep_until") or ""), clock.today().year
        until = int(text) if text.isascii() and text.isdigit() and len(text) == 4 else 0
        if not this <= until <= this + 60:
            errors["keep_until"] = [f"{entry.archival_number}：延长到的年份应在 {this} 与 {this + 60} 之间"]
    if errors:
        raise Invalid(next(iter(errors.values()))[0], errors=errors)
    return {"opinion": opinion, "reason": reason, "keep_until": until}


def drop(person: Any, appraisal_id: Any, version: int) -> None:
    """Gives a list up before it is decided; its records are free again."""
    permissions.require(person, rights.APPRAISE)
    with db.transaction():
        row = draft_of(person, appraisal_id, version)
        free(row, "dropped", person)


def draft_of(person: Any, appraisal_id: Any, version: int) -> Appraisal:
    """A list that may still be changed, locked. Raises Conflict."""
    row = db.lock_rows(Appraisal.select().where(Appraisal.id == get(person, appraisal_id).id)).get()
    if row.state != "draft":
        raise Conflict("这份清册已经送审或办完，不能再改", code="not_draft")
    if row.version != version:
        raise Conflict("这份清册刚刚被别人改过，请看过以后再改", code="stale")
    return row


def free(row: Appraisal, state: str, by: Any) -> None:
    """Ends a list before anything came of it; its records are free again."""
    Item.update(appraisal_id=None).where(Item.appraisal_id == row.id, Item.state == "kept").execute()
    Appraisal.update(state=state, version=Appraisal.version + 1).where(Appraisal.id == row.id).execute()
    audit.record(f"archives.appraisal_{state}", SUBJECT, row.id, title=row.number, by=by, before={"state": row.state},
                 after={"state": state})
