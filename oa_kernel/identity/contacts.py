"""The address book as one person sees it: whom they may see at all, whose mobile number, found as people type.

Every condition is part of the query. A mobile number that is not shown is not found either, or the search would tell
it digit by digit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from oa_kernel import audit, db
from oa_kernel.errors import BadRequest, NotFound

from .departments import below, path_ids
from .history import history_of, holders_in
from .models import Department, Person
from .posts import holdings, holdings_of
from .shared import load_department
from .vcard import vcard

READ, MOBILE, MANAGE = "kernel.people.read", "kernel.people.mobile", "kernel.people.manage"
#: people of whom one download holds cards at most
MOST_CARDS = 5_000
_BATCH = 500


def contacts(
    viewer: Person, *, q: str = "", department: Department | int | None = None, limit: int = 50, cursor: str | None = None
) -> db.Page:
    """A page of active people somebody may see, by id; departments come along. ``q`` as people type it (:func:`matching`)."""
    return db.page(_query(viewer, q, department), [Person.id], limit=limit, cursor=cursor)


def contact(viewer: Person, person_id: int) -> Person:
    """One active person somebody may see; NotFound otherwise."""
    row = _query(viewer, "", None).where(Person.id == person_id).first()
    if row is None:
        raise NotFound("没有这个人员，或账户已停用")
    return row


def contact_named(viewer: Person, username: str) -> Person:
    """The same by user name."""
    row = _query(viewer, "", None).where(Person.username == username.strip().lower()).first()
    if row is None:
        raise NotFound("没有这个人员，或账户已停用")
    return row


def mobile_shown(viewer: Person) -> Callable[[Person], bool]:
    """Whether somebody may see a person's mobile number: one's own, who manages people, and by the permission."""
    from oa_kernel import permissions

    scope = permissions.scopes_of(viewer).get(MOBILE)
    manages = permissions.allows(viewer, MANAGE)
    used: set[str] = set()

    def shown(p: Person) -> bool:
        if p.id == viewer.id:
            return True
        by_scope = scope is not None and (scope.all or p.department_id in scope.departments)
        way = MOBILE if by_scope else MANAGE if manages else ""
        if way and way not in used:
            used.add(way)
            permissions.by_right(viewer, way)
        return bool(way)

    return shown


def matching(q: str, viewer: Person) -> Any:
    """Condition on Person: every word typed is in name, pinyin (whole or initials), user name, office number, or a
    mobile number the viewer may see."""
    from oa_kernel import permissions

    found = None
    for word in q.split()[:5]:
        typed = word.lower()
        one = Person.name.contains(word) | Person.username.contains(typed) | Person.phone.contains(word)
        if typed.isascii() and typed.isalpha():
            one |= Person.pinyin.contains(typed)
        if typed.isdigit() and len(typed) >= 4:
            scope = permissions.scopes_of(viewer).get(MOBILE)
            seen = Person.id == viewer.id
            if (scope is not None and scope.all) or permissions.by_right(viewer, MANAGE):
                seen = Person.active
            elif scope is not None and scope.departments:
                seen |= Person.department.in_(scope.departments)
            one |= Person.mobile.contains(typed) & seen
        found = one if found is None else found & one
    if found is not None and " " in q.strip() and q.isascii():  # lin xiao lan
        found |= Person.pinyin.contains(q.replace(" ", "").lower())
    return found if found is not None else Person.id > 0


def pick(viewer: Person, q: str, *, limit: int = 20, cursor: str | None = None) -> dict[str, Any]:
    """What a person picker offers, best first: whose name or user name begins with what was typed stands before who
    has it somewhere; departments' names count too.

    :returns: ``{"items": [{value, name, department, posts}], "next": cursor or None}``; three queries.
    :raises BadRequest: for a cursor that is not one of ours.
    """
    q = q.strip()[:80]
    typed = q.lower().replace(" ", "")
    query = _query(viewer, "", None)
    rank: Any = db.Value(0)
    if q:
        query = query.where(matching(q, viewer) | Department.name.contains(q))
        rank = db.Case(None, (
            ((Person.username == typed) | (Person.name == q), 0),
            (Person.name.startswith(q) | Person.username.startswith(typed) | _spaced().contains(f" {typed}"), 1),
            (matching(q, viewer), 2),
        ), 3)
    if cursor:
        parts = cursor.split(".")
        if len(parts) != 2 or not all(p.isdecimal() and len(p) < 16 for p in parts):
            raise BadRequest("cursor 无效：请用上一页返回的 next", code="bad_cursor")
        at, last = map(int, parts)
        query = query.where((rank > at) | ((rank == at) & (Person.id > last)))
    limit = max(1, min(limit, 50))
    rows = list(query.select_extend(rank.alias("rank")).order_by(db.SQL("rank"), Person.id).limit(limit + 1))
    more = f"{rows[limit - 1].rank}.{rows[limit - 1].id}" if len(rows) > limit else None
    return {"items": _picked(rows[:limit]), "next": more}


def picked(viewer: Person, usernames: Iterable[str]) -> list[dict[str, Any]]:
    """The same for people chosen already, by user name (at most 50)."""
    wanted = [u.strip().lower() for u in usernames][:50]
    return _picked(list(_query(viewer, "", None).where(Person.username.in_(wanted))))


def pick_department(q: str, *, ids: Iterable[int] = (), limit: int = 20, cursor: str | None = None) -> dict[str, Any]:
    """What a department picker offers: ``{"items": [{value, name, department: above}], "next"}``; two queries."""
    query = Department.select().where(Department.active)
    wanted = list(ids)[:50]
    if wanted:
        query = Department.select().where(Department.id.in_(wanted))
    elif q.strip():
        query = query.where(Department.name.contains(q.strip()[:80]))
    page = db.page(query, [Department.path, Department.id], limit=max(1, min(limit, 50)), cursor=cursor)
    above = {i for row in page.items for i in path_ids(row.path)[:-1]}
    names: dict[int, str] = {}
    if above:
        names = dict(Department.select(Department.id, Department.name).where(Department.id.in_(above)).tuples())
    return {"items": [
        {"value": str(row.id), "name": row.name, "posts": "",
         "department": " / ".join(names.get(i, "") for i in path_ids(row.path)[:-1])} for row in page.items
    ], "next": page.next}


def cards(viewer: Person, *, q: str = "", department: Department | int | None = None) -> Iterator[str]:
    """vCards of everybody a filter finds (at most :data:`MOST_CARDS`), one text each. That they went out is on record."""
    ids = [i for (i,) in _query(viewer, q, department).select(Person.id).order_by(Person.id).limit(MOST_CARDS).tuples()]
    audit.record("people.cards_taken", "people", "", title=q[:80], after={"people": len(ids)}, by=viewer)
    shown = mobile_shown(viewer)
    for at in range(0, len(ids), _BATCH):
        part = ids[at:at + _BATCH]
        rows = Person.select(Person, Department).left_outer_join(Department).where(Person.id.in_(part)).order_by(Person.id)
        held = holdings_of(part)
        for row in rows:
            yield vcard(row, held=held[row.id], mobile=shown(row))


def card(viewer: Person, person_id: int) -> tuple[Person, str]:
    """One person and their vCard, with the mobile number where it may be seen."""
    row = contact(viewer, person_id)
    return row, vcard(row, held=holdings(row), mobile=mobile_shown(viewer)(row))


def person_page(viewer: Person, person_id: int) -> dict[str, Any]:
    """What a page of a person shows: ``someone``, ``history`` of posts, ``mobile``: whether it is shown."""
    row = contact(viewer, person_id)
    return {"someone": row, "history": history_of(row), "mobile": mobile_shown(viewer)(row)}


def holders_seen(viewer: Person, department_id: int, on: dt.date | None) -> dict[str, Any]:
    """Who held the posts of a department on a day (None: ever), as far as somebody may see who is there.

    :returns: ``department``, its ``deputy`` (a person or None), ``holders`` (:func:`.history.holders_in`).
    :raises NotFound: when there is no such department, or its people are not to be seen.
    """
    from oa_kernel import permissions

    row = Department.get_or_none(Department.id == department_id)
    scope = permissions.scopes_of(viewer).get(READ)
    if row is None or scope is None or not (scope.all or row.id in scope.departments):
        raise NotFound("没有这个部门，或您不能查看它")
    permissions.by_right(viewer, READ)
    deputy = Person.get_or_none(Person.id == row.deputy_id, Person.active) if row.deputy_id else None
    return {"department": row, "deputy": deputy, "holders": holders_in(row, on)}


def _query(viewer: Person, q: str, department: Department | int | None) -> Any:
    from oa_kernel import permissions

    query = Person.select(Person, Department).left_outer_join(Department).where(Person.active)
    query = permissions.restrict(query, viewer, READ, owner=Person.id, department=Person.department)
    if department is not None:
        query = query.where(below(load_department(department).path))
    return query.where(matching(q, viewer)) if q.strip() else query


def _spaced() -> Any:
    # every reading of a name stands after a blank then: what begins one can be looked for
    return db.Value(" ").concat(Person.pinyin)


def _picked(rows: list[Person]) -> list[dict[str, Any]]:
    held = holdings_of([row.id for row in rows])
    return [
        {"value": row.username, "name": row.name, "department": row.department.name if row.department_id else "",
         "posts": "、".join(h.post.title for h in held[row.id])}
        for row in rows
    ]


__all__ = [
    "MANAGE", "MOBILE", "MOST_CARDS", "READ", "card", "cards", "contact", "contact_named", "contacts", "holders_seen",
    "matching",
    "mobile_shown", "person_page", "pick", "pick_department", "picked",
]
