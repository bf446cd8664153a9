"""Finding records: what the reader may see is part of the query; a page is one indexed query."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from oa_kernel import clock, db, permissions, search
from oa_kernel.config import SECRECY_LEVELS
from oa_kernel.errors import BadRequest, NotFound

from .. import archival_number, rights
from ..models import RETENTIONS, TEXT, Check, Item, Part
from .labels import asked

SUBJECT = "archives.item"
#: filter ``access``: open to everybody today, or closed
ACCESS = {"open": "开放", "closed": "控制"}
STATES = {"kept": "保管中", "transferred": "已移交", "destroyed": "已销毁"}
LISTED = (
    Item.id, Item.archival_number, Item.title, Item.number, Item.kind, Item.creator, Item.date, Item.year, Item.retention,
    Item.secrecy, Item.department_name, Item.pages, Item.filed_at, Item.state, Item.class_code,
    Item.open_from, Item.keep_until,
)


#: of what a search shows
_FOUND = (
    Item.id, Item.archival_number, Item.title, Item.number, Item.creator, Item.date, Item.year, Item.retention, Item.secrecy,
    Item.pages, Item.filed_at, Item.state, Item.text,
)
#: those that are conditions of the query
FILTERS = ("year", "retention", "access", "state", "number", "class", "department", "kind", "secrecy")


def visible(query: Any, person: Any) -> Any:
    """``query`` over Item, limited to what the person may see: by right, and what is open, up to the own clearance."""
    return permissions.restrict(query, person, rights.READ, department=Item.department_id, secrecy=Item.secrecy_level,
                                also=Item.open_from <= clock.today())


def get(person: Any, item_id: Any) -> Item:
    """The record, or NotFound where it is not there or not to be seen."""
    number = int(item_id) if str(item_id).isascii() and str(item_id).isdigit() else 0
    found = visible(Item.select(), person).where(Item.id == number).first() if 0 < number < 2**63 else None
    if found is None:
        raise NotFound("没有这件档案，或者您不能查看它")
    return found


def find(person: Any, filters: Mapping[str, Any], *, limit: int = 20, cursor: str | None = None) -> db.Page:
    """A page of records, the last filed first; each with ``snippet``, (before, hit, after), where words were asked for.

    :param filters: ``q`` (every word between spaces), ``in`` (``title`` | ``text`` | ``people`` | ``keywords``),
        ``year``, ``number`` (文号 or 档号), ``retention``, ``class``, ``department`` (its name as it was), ``kind`` (文种),
        ``secrecy`` (a level, from 0), ``access`` (``open`` | ``closed``), ``state``.
    """
    q = str(filters.get("q") or "").strip()
    reach = permissions.reach(person, rights.READ)
    narrowed = asked(reach, filters)
    fields = _FOUND if q else LISTED
    # who sees most of them finds a page among the newest; a number has an index of its own
    if not q and ("labels" not in narrowed or filters.get("number")):
        return db.page(filtered(visible(Item.select(*fields), person), filters), [Item.id.desc()], limit=limit, cursor=cursor)
    same = (bool(q), reach, clock.today(), *(str(filters.get(name) or "") for name in FILTERS))
    page = TEXT.page(lambda: filtered(visible(Item.select(*fields), person), filters), Item.id, q,
                     column=str(filters.get("in") or ""), **narrowed, limit=limit, cursor=cursor, same=same)
    if q:
        for row in page.items:
            row.snippet = search.snippet(row.text, q)
    return page


def filtered(query: Any, filters: Mapping[str, Any]) -> Any:
    """``query`` over Item, limited to what the filters ask for (all but the words of ``q``)."""
    year = str(filters.get("year") or "")
    if year:
        if not (year.isascii() and year.isdigit() and len(year) == 4):
            raise BadRequest("year 应为四位年份，例：2026")
        query = query.where(Item.year == int(year))
    retention = filters.get("retention")
    if retention:
        if retention not in RETENTIONS:
            raise BadRequest(f"retention 可用：{'、'.join(RETENTIONS)}")
        query = query.where(Item.retention == str(retention))
    access = filters.get("access")
    if access:
        if access not in ACCESS:
            raise BadRequest(f"access 可用：{'、'.join(ACCESS)}")
        query = query.where(Item.open_from <= clock.today() if access == "open"
                            else Item.open_from.is_null() | (Item.open_from > clock.today()))
    state = filters.get("state")
    if state:
        if state not in STATES:
            raise BadRequest(f"state 可用：{'、'.join(STATES)}")
        query = query.where(Item.state == str(state))
    number = str(filters.get("number") or "").strip()
    if number:
        query = query.where((Item.number == _bracketed(number)) | (Item.archival_number == archival_number.as_written(number)))
    secrecy = str(filters.get("secrecy") or "")
    if secrecy:
        if secrecy not in map(str, range(len(SECRECY_LEVELS))):
            raise BadRequest(f"secrecy 应为 0 到 {len(SECRECY_LEVELS) - 1}（{'、'.join(SECRECY_LEVELS)}）")
        query = query.where(Item.secrecy_level == int(secrecy))
    if filters.get("department"):
        query = query.where(Item.department_name == str(filters["department"]))
    if filters.get("kind"):
        query = query.where(Item.kind == str(filters["kind"]))
    if filters.get("class"):
        query = query.where(Item.class_code == str(filters["class"]))
    return query


def _bracketed(number: str) -> str:
    """A 文号 with whatever brackets there are on a keyboard, in the form it is kept in."""
    return re.sub(r"[\[(（［【]\s*(\d{4})\s*[\])）］】]\s*第?", r"〔\1〕", number)


def parts(item: Item) -> list[Part]:
    """Its files, in their order."""
    return list(Part.select().where(Part.item == item.id).order_by(Part.position))


def checks_of(item: Item) -> list[Check]:
    """The results of the last check, in the order of the rules."""
    last = Check.select(Check.stage, Check.at).where(Check.item == item.id).order_by(Check.id.desc()).limit(1).tuples().first()
    if last is None:
        return []
    return list(Check.select().where(Check.item == item.id, Check.stage == last[0], Check.at == last[1]).order_by(Check.id))


def years(person: Any) -> list[int]:
    """Years there are records of that the person may see, newest first."""
    known = [int(year) for year in db.distinct_values(Item.year)][:200]
    if not known:
        return []
    reach = permissions.reach(person, rights.READ)
    highest = reach.clearance if reach is not None else -1

    def seen(year: int) -> Any:
        """By right or by being open, each by an index of its own: one condition of both would walk through the year."""
        of_year = Item.select(db.SQL("1")).where(Item.year == year)
        by_right = permissions.restrict(of_year, person, rights.READ, department=Item.department_id, secrecy=Item.secrecy_level)
        open_ = of_year.where(Item.open_from <= clock.today(), Item.secrecy_level <= highest)
        return db.fn.EXISTS(by_right) | db.fn.EXISTS(open_)

    found = Item.select(*map(seen, known)).limit(1).tuples().get()
    return [year for year, there in zip(known, found, strict=True) if there]


def readable(person: Any, item_id: str) -> bool:
    """May somebody read a record's files?"""
    return bool(visible(Item.select(Item.id), person).where(Item.id == int(item_id)).exists())


def search_box(person: Any, q: str, limit: int) -> list[dict[str, Any]]:
    """For the one search box."""
    try:
        page = find(person, {"q": q}, limit=limit)
    except BadRequest:
        return []
    return [{
        "title": row.title, "url": f"/archives/{row.id}", "at": row.filed_at, "icon": "archive",
        "snippet": "　".join(part for part in (row.archival_number, row.number, "".join(row.snippet)) if part),
    } for row in page.items]
