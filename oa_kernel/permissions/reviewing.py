"""The permission review: who may do what, by which role, grant or post, in which scope, and what nobody used lately.

A page of people costs the same number of queries however many there are and whatever they hold.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from oa_kernel import clock, db
from oa_kernel.contributions import Permission
from oa_kernel.identity.departments import below
from oa_kernel.identity.models import Department, Person, PersonPost, Post

from . import reasons, registry
from .grants import subject_titles
from .holding import holds
from .models import Grant, Use
from .review_parts import Reviewed, Right, Wanted, Way, is_sensitive
from .scopes import Membership, acts, of_today, reached
from .uses import recorded_since


def review(wanted: Wanted | None = None, *, limit: int = 25, cursor: str | None = None) -> db.Page:
    """A page of :class:`Reviewed` people who are active and hold something of what is wanted.

    With ``unused`` a page may hold fewer people than ``limit``, even none, and yet have a next one: of whom it was
    looked at everybody's rights had been used.
    """
    wanted = wanted or Wanted()
    roles = _roles(wanted)
    query = (
        Person.select(Person.id, Person.username, Person.name, Person.created_at, Department.id, Department.path, Department.name)
        .left_outer_join(Department).where(Person.active)
    )
    if not any(role.everyone for role in roles.values()):
        query = query.where(holds(list(roles)))
    if wanted.person is not None:
        query = query.where(Person.id == wanted.person)
    if wanted.department is not None:
        path = Department.select(Department.path).where(Department.id == wanted.department).scalar() or "-"
        query = query.where(Person.department.in_(Department.select(Department.id).where(below(path))))
    page = db.page(query, [Person.id], limit=limit, cursor=cursor)
    people = _with_rights(page.items, wanted, roles)
    return db.Page([one for one in people if one.rights], page.next)


def reviewed(wanted: Wanted | None = None) -> Iterator[Reviewed]:
    """All people of a review, page after page."""
    cursor: str | None = None
    while True:
        page = review(wanted, limit=200, cursor=cursor)
        yield from page.items
        if page.next is None:
            return
        cursor = page.next


def _roles(wanted: Wanted) -> dict[str, registry.RoleInfo]:
    """The roles by which somebody may hold something of what is wanted."""
    known = registry.registered()
    named = bool(wanted.permission or wanted.role or wanted.person)
    return {
        name: role for name, role in registry.roles().items()
        if (wanted.everyone or named or not role.everyone)
        and wanted.role in ("", name)
        and (not wanted.permission or wanted.permission in role.permissions)
        and (not wanted.sensitive or any(is_sensitive(known[p], s) for p, s in role.permissions.items()))
    }


@dataclass(slots=True)
class _Dated(Membership):
    """A membership, and since when."""

    since: dt.date = dt.date.min


def _with_rights(people: list[Person], wanted: Wanted, roles: Mapping[str, registry.RoleInfo]) -> list[Reviewed]:
    if not people:
        return []
    belongs = _memberships(people)
    # an administrator of the audit has no other rights: that role counts whatever is wanted
    every = {**registry.declared_roles(), **roles}
    grants = _grants(people, belongs, every)
    titles, names = subject_titles(grants), reasons.chosen_titles(grants)
    last = {(person, name): day for person, name, day in Use.select(Use.person_id, Use.permission, Use.last_on).where(
        Use.person_id.in_([p.id for p in people])).tuples()}
    began = recorded_since()
    found = []
    for person in people:
        held = [(role, None, clock.local(person.created_at).date()) for role in roles.values() if role.everyone]
        for grant in grants:
            through = reached(grant, belongs[person.id]) if _concerns(grant, person.id) else None
            if through is not None:
                held.append((every[grant.role], grant, _since(grant, through)))
        rights = [
            _right(permission, ways, last.get((person.id, permission.name)), began, wanted.limit_days)
            for permission, ways in _ways(held, roles, titles, names)
        ]
        found.append(Reviewed(
            person.id, person.username, person.name, person.department.name if person.department_id else "",
            [right for right in rights if _is_wanted(right, wanted)],
        ))
    return found


def _memberships(people: list[Person]) -> dict[int, list[Membership]]:
    """Departments these people belong to today, by main department and by posts. One query."""
    found: dict[int, list[Membership]] = {}
    for one in people:
        home = one.department if one.department_id else None
        found[one.id] = [] if home is None else [_dated(home.id, home.path, None, clock.local(one.created_at).date())]
    today = clock.today()
    posts = (
        PersonPost.select(PersonPost.person, PersonPost.since, Department.id, Department.path, Post.id)
        .join(Post).join(Department)
        .where(PersonPost.person.in_(list(found)), PersonPost.since <= today,
               PersonPost.until.is_null() | (PersonPost.until > today))
        .tuples()
    )
    for person, since, department, path, post in posts:
        found[person].append(_dated(department, path, post, since))
    return found


def _dated(department: int, path: str, post: int | None, since: dt.date) -> Membership:
    return _Dated(department, tuple(int(p) for p in path.split("/") if p), path, post, since)


def _grants(
    people: list[Person], belongs: Mapping[int, list[Membership]], roles: Mapping[str, registry.RoleInfo]
) -> list[Grant]:
    """The grants in force that may concern one of these people. One query."""
    every = [m for ms in belongs.values() for m in ms]
    where = (Grant.subject_kind == "person") & Grant.subject_id.in_([p.id for p in people])
    posts = {m.post for m in every if m.post is not None}
    chains = {i for m in every for i in m.chain}
    if posts:
        where |= (Grant.subject_kind == "post") & Grant.subject_id.in_(posts)
    if chains:
        where |= (Grant.subject_kind == "department") & Grant.subject_id.in_(chains)
    now = clock.now()
    return [g for g in Grant.select().where(where, of_today()).order_by(Grant.id) if g.role in roles and acts(g, now)]


def _concerns(grant: Grant, person_id: int) -> bool:
    return grant.subject_kind != "person" or grant.subject_id == person_id


def _since(grant: Grant, through: list[Any]) -> dt.date:
    if grant.subject_kind == "person":
        return grant.since
    # who has the post by which a department counts has been there since then, not since the account was made
    dated = [m.since for m in through if m.post is not None] or [m.since for m in through]
    return max(grant.since, min(dated))


def _ways(
    held: list[tuple[registry.RoleInfo, Grant | None, dt.date]], roles: Mapping[str, registry.RoleInfo],
    titles: Mapping[tuple[str, int], str], names: Mapping[int, str],
) -> list[tuple[Permission, tuple[Way, ...]]]:
    known = registry.registered()
    audits = any(role.domain == "audit" for role, _, _ in held)
    found: dict[str, tuple[Way, ...]] = {}
    for role, grant, since in held:
        for name, scope in role.permissions.items() if role.name in roles else ():
            if audits and not registry.auditors_may(name):
                continue
            text = reasons.everyones(role, name) if grant is None else reasons.by_grant(role, name, grant, titles, names)[1]
            found[name] = (*found.get(name, ()), Way(role, grant, text, scope, since))
    return [(known[name], ways) for name, ways in sorted(found.items())]


def _right(
    permission: Permission, ways: tuple[Way, ...], last_on: dt.date | None, began: dt.date | None, days: int
) -> Right:
    since = min(way.since for way in ways)
    counted = last_on or began
    idle = (clock.today() - max(counted, since)).days if counted is not None else None
    return Right(permission, ways, last_on, idle, idle is not None and idle >= days)


def _is_wanted(right: Right, wanted: Wanted) -> bool:
    return (
        wanted.permission in ("", right.permission.name)
        and (right.unused or not wanted.unused)
        and (right.sensitive or not wanted.sensitive)
    )


__all__ = ["review", "reviewed"]
