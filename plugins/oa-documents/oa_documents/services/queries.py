"""Who sees which document, and the lists: each one indexed query for its page.

A document is seen by its drafter, by who takes or took part in its case, by the people of departments it was dispatched
to (the formal version only), and by who holds ``documents.outgoing.read`` in a scope it falls into. For everybody
else it is not there. Clearance holds for all of them and is part of the query.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping
from typing import Any

from oa_kernel import clock, db, identity, permissions, workflow
from oa_kernel.errors import BadRequest, NotFound

from .. import rights
from ..models import STATES, Dispatch, Outgoing
from ..models_standing import CHANGES

SUBJECT = "documents.outgoing"
FORMAL_STATES = ("signed", "dispatched", "archived", "voided")

#: columns of lists: everything but the long texts
LISTED = (
    Outgoing.id, Outgoing.kind, Outgoing.title, Outgoing.number, Outgoing.state, Outgoing.urgency, Outgoing.secrecy,
    Outgoing.drafter_id, Outgoing.drafter_name, Outgoing.department_name, Outgoing.date, Outgoing.updated_at,
    Outgoing.instance_id, Outgoing.addressees, Outgoing.version, Outgoing.finished_at, Outgoing.number_year,
    Outgoing.number_seq, Outgoing.series, Outgoing.signatory, Outgoing.void_reason, Outgoing.signed_at,
    Outgoing.standing, Outgoing.standing_on, Outgoing.replaced_by_number,
)


def visible(query: Any, person: Any) -> Any:
    """``query`` over Outgoing, limited to what the person may see."""
    return permissions.restrict(
        query, person, rights.READ, owner=Outgoing.drafter_id, department=Outgoing.department_id,
        secrecy=Outgoing.secrecy_level, also=_own_ways(person),
    )


def get(person: Any, document_id: Any) -> Outgoing:
    """The document, or NotFound where it is not there or not to be seen."""
    number = int(document_id) if str(document_id).isascii() and str(document_id).isdigit() else 0
    found = visible(Outgoing.select(), person).where(Outgoing.id == number).first() if 0 < number < 2**63 else None
    if found is None:
        raise NotFound("没有这份文件，或者您不能查看它")
    return found


def get_whole(person: Any, document_id: Any) -> Outgoing:
    """As :func:`get`, but for what only those inside see: drafts, opinions, annotations, revisions.

    Who merely received the document gets NotFound.
    """
    document = get(person, document_id)
    if not inside(person, document):
        raise NotFound("没有这份文件，或者您不能查看它")
    return document


def may_see(person: Any, document_id: int) -> bool:
    """Whether :func:`get_whole` would find it."""
    document = visible(Outgoing.select(), person).where(Outgoing.id == document_id).first()
    return document is not None and inside(person, document)


def inside(person: Any, document: Outgoing) -> bool:
    """Does the person see how the document came about, not only what was dispatched?"""
    if document.drafter_id == person.id or permissions.by_right(person, rights.READ, document):
        return True
    return document.instance_id is not None and workflow.takes_part(person, document.instance_id)


def _own_ways(person: Any) -> Any:
    """Condition: the person's own, a case they take part in, or dispatched to a department of theirs."""
    ways = [
        Outgoing.drafter_id == person.id,
        Outgoing.instance_id.in_(workflow.instances_of(person)),
    ]
    departments = identity.departments_of(person)
    if departments:
        received = Dispatch.select(Dispatch.document).where(
            Dispatch.kind == "department", Dispatch.recipient_id.in_(departments), Dispatch.state != "failed"
        )
        ways.append(Outgoing.id.in_(received))
    return functools.reduce(operator.or_, ways)


# lists


def mine(person: Any, *, states: tuple[str, ...] = (), limit: int = 50, cursor: str | None = None) -> db.Page:
    """Documents the person drafted, the last changed first."""
    query = Outgoing.select(*LISTED).where(Outgoing.drafter_id == person.id)
    if states:
        query = query.where(Outgoing.state.in_(states))
    return db.page(query, [Outgoing.updated_at.desc(), Outgoing.id.desc()], limit=limit, cursor=cursor)


def listing(person: Any, filters: Mapping[str, Any], *, limit: int = 50, cursor: str | None = None) -> db.Page:
    """All the person may see, the last changed first."""
    query = _filtered(visible(Outgoing.select(*LISTED), person), filters)
    return db.page(query, [Outgoing.updated_at.desc(), Outgoing.id.desc()], limit=limit, cursor=cursor)


def register(person: Any, filters: Mapping[str, Any], *, limit: int = 50, cursor: str | None = None) -> db.Page:
    """The register of numbered documents (发文登记簿), the newest number first."""
    query = _filtered(visible(Outgoing.select(*LISTED), person).where(Outgoing.number_year > 0), filters)
    keys = [Outgoing.number_year.desc(), Outgoing.number_seq.desc(), Outgoing.id.desc()]
    return db.page(query, keys, limit=limit, cursor=cursor)


def _filtered(query: Any, filters: Mapping[str, Any]) -> Any:
    state = filters.get("state")
    if state:
        wanted = [s for s in str(state).split(",") if s]
        unknown = [s for s in wanted if s not in STATES]
        if unknown:
            raise BadRequest(f"没有状态 {unknown[0]}，可用：{'、'.join(STATES)}")
        query = query.where(Outgoing.state.in_(wanted))
    if standing := filters.get("standing"):
        if standing not in ("in_force", *CHANGES):
            raise BadRequest(f"效力没有 {standing}，可用：{'、'.join(('in_force', *CHANGES))}")
        if standing == "in_force":  # until its day comes, what was repealed or replaced has force
            query = query.where((Outgoing.standing == "") | (
                Outgoing.standing.in_(("repealed", "replaced")) & (Outgoing.standing_on > clock.today())))
        else:
            query = query.where(Outgoing.standing == str(standing))
    if filters.get("kind"):
        query = query.where(Outgoing.kind == str(filters["kind"]))
    if filters.get("series"):
        query = query.where(Outgoing.series == str(filters["series"]))
    if filters.get("year"):
        year = str(filters["year"])
        if not (year.isascii() and year.isdigit() and len(year) == 4):
            raise BadRequest("year 应为四位年份，例：2026")
        query = query.where(Outgoing.number_year == int(year))
    if filters.get("number"):
        query = query.where(Outgoing.number == str(filters["number"]).strip())
    q = str(filters.get("q") or "").strip()
    if q:
        query = query.where(Outgoing.title.contains(q) | Outgoing.number.contains(q))
    return query


def years() -> list[int]:
    """Years there are numbers of, newest first; 0 is the year of what has none."""
    return [year for year in db.distinct_values(Outgoing.number_year) if year]


def drafts_count(person: Any) -> int:
    """How many drafts somebody has, for the badge."""
    return Outgoing.select().where(Outgoing.drafter_id == person.id, Outgoing.state == "draft").count()


def search(person: Any, q: str, limit: int) -> list[dict[str, Any]]:
    """For the one search box: by title or number."""
    query = visible(Outgoing.select(*LISTED), person).where(Outgoing.title.contains(q) | Outgoing.number.contains(q))
    rows = query.order_by(Outgoing.updated_at.desc(), Outgoing.id.desc()).limit(limit)
    return [
        {"title": row.title or "（未定标题）", "url": f"/documents/{row.id}", "at": row.updated_at, "icon": "file-text",
         "snippet": "　".join(part for part in (row.number, row.kind, row.department_name, row.drafter_name) if part)}
        for row in rows
    ]


# files


def file_readable(person: Any, subject_id: str) -> bool:
    """May somebody read the attachments? Also who received the signed document."""
    document = visible(Outgoing.select(), person).where(Outgoing.id == int(subject_id)).first()
    return document is not None and (document.state in FORMAL_STATES or inside(person, document))


def replaced_readable(person: Any, subject_id: str) -> bool:
    """May somebody read versions of attachments that were replaced while the document was drafted?"""
    return may_see(person, int(subject_id))


def formal_readable(person: Any, subject_id: str) -> bool:
    """May somebody read the formal version?"""
    return visible(Outgoing.select(Outgoing.id), person).where(Outgoing.id == int(subject_id)).exists()


def stats() -> dict[str, int]:
    """How many documents changed today, by state: one indexed range."""
    start = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    rows = (
        Outgoing.select(Outgoing.state, db.fn.COUNT(Outgoing.id)).where(Outgoing.updated_at >= start)
        .group_by(Outgoing.state).tuples()
    )
    return dict(rows)
