"""Which incoming documents somebody sees, and the lists: each one indexed query for its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oa_kernel import db, permissions, workflow
from oa_kernel.errors import BadRequest, NotFound

from .. import rights
from ..models import Outgoing
from ..models_incoming import STATES, Answer, Incoming

LISTED = tuple(getattr(Incoming, name) for name in (
    "id", "year", "seq", "number", "title", "kind", "sender", "received_on", "urgency", "secrecy", "nature", "department_name",
    "state", "instance_id", "copies", "void_reason", "version", "registered_by_name"))


def visible(query: Any, person: Any) -> Any:
    """``query`` over Incoming, limited to what the person may see: by right and scope, or by taking part in its case."""
    return permissions.restrict(
        query, person, rights.READ_INCOMING, owner=Incoming.registered_by_id, department=Incoming.department_id,
        secrecy=Incoming.secrecy_level, also=Incoming.instance_id.in_(workflow.instances_of(person)))


def get(person: Any, document_id: Any) -> Incoming:
    """The document, or NotFound where it is not there or not to be seen."""
    number = int(document_id) if str(document_id).isascii() and str(document_id).isdigit() else 0
    found = visible(Incoming.select(), person).where(Incoming.id == number).first() if 0 < number < 2**63 else None
    if found is None:
        raise NotFound("没有这份收文，或者您不能查看它")
    return found


def listing(person: Any, filters: Mapping[str, Any], *, limit: int = 50, cursor: str | None = None) -> db.Page:
    """The register (收文登记簿), the newest number first."""
    query = visible(Incoming.select(*LISTED), person)
    year = str(filters.get("year") or "")
    if year:
        if not (year.isascii() and year.isdigit() and len(year) == 4):
            raise BadRequest("year 应为四位年份，例：2026")
        query = query.where(Incoming.year == int(year))
    if state := filters.get("state"):
        if state not in STATES:
            raise BadRequest(f"没有状态 {state}，可用：{'、'.join(STATES)}")
        query = query.where(Incoming.state == str(state))
    if filters.get("kind"):
        query = query.where(Incoming.kind == str(filters["kind"]))
    if number := str(filters.get("number") or "").strip():
        query = query.where(Incoming.number == number)
    if q := str(filters.get("q") or "").strip():
        query = query.where(Incoming.title.contains(q) | Incoming.number.contains(q) | Incoming.sender.contains(q))
    return db.page(query, [Incoming.year.desc(), Incoming.seq.desc()], limit=limit, cursor=cursor)


def duplicates(number: str, sender: str, content_sm3: str) -> list[Incoming]:
    """Registered ones with the same number of the same sender, or the same content; voided ones do not count."""
    ways = []
    if number:
        ways.append((Incoming.sender == sender) & (Incoming.number == number))
    if content_sm3:
        ways.append(Incoming.content_sm3 == content_sm3)
    if not ways:
        return []
    where = ways[0] if len(ways) == 1 else ways[0] | ways[1]
    return list(Incoming.select(*LISTED).where(where, Incoming.state != "voided").limit(5))


def answers(document: Incoming) -> list[Outgoing]:
    """Outgoing documents that answer it."""
    return list(Outgoing.select().join(Answer, on=(Answer.outgoing_id == Outgoing.id)).where(Answer.incoming == document.id))


def instructions(document: Incoming) -> list[tuple[str, str]]:
    """(label, text) of what its case's form says beside the opinions: what the office proposed, who assists."""
    instance = workflow.Instance.get_or_none(workflow.Instance.id == document.instance_id) if document.instance_id else None
    form = instance.form if instance is not None else {}
    found = [("拟办意见", str(form.get("opinion") or "")), ("协办部门", "、".join(map(str, form.get("assisting") or ())))]
    return [(label, text) for label, text in found if text]


def years() -> list[int]:
    """Years of the register, newest first."""
    return list(db.distinct_values(Incoming.year))


def file_readable(person: Any, subject_id: str) -> bool:
    """May somebody read the files of it?"""
    return bool(visible(Incoming.select(Incoming.id), person).where(Incoming.id == int(subject_id)).exists())


def may_see(person: Any, document_id: int) -> bool:
    """Whether :func:`get` would find it by right; taking part in the case does not need it."""
    return bool(permissions.allows(person, rights.READ_INCOMING) and file_readable(person, str(document_id)))


def search(person: Any, q: str, limit: int) -> list[dict[str, Any]]:
    """For the one search box."""
    page = listing(person, {"q": q}, limit=limit)
    return [{"title": row.title, "url": f"/documents/incoming/{row.id}", "at": row.received_on, "icon": "inbox",
             "snippet": "　".join(p for p in (row.number, row.sender) if p)} for row in page.items]


def open_count(person: Any) -> int:
    """How many are registered and not routed, for the badge."""
    return int(Incoming.select().where(Incoming.state == "registered").count())
