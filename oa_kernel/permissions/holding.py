"""Who is reached by the grants of some roles, as SQL; and what nobody is reached by, or has used."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from oa_kernel import clock, db
from oa_kernel.contributions import Permission
from oa_kernel.identity.models import Department, Person, PersonPost, Post

from . import registry
from .models import Grant, Use
from .scopes import in_force
from .uses import recorded_since


@dataclass(frozen=True, slots=True)
class Unheld:
    """What the review tells beside the people."""

    #: roles that reach nobody who is active
    roles: list[registry.RoleInfo]
    #: permissions in no role that reaches somebody
    permissions: list[Permission]
    #: permissions somebody holds, and the last day anybody used them (None: not since recording began), where that is
    #: as long ago as asked for
    unused: list[tuple[Permission, dt.date | None]]


def holds(roles: Sequence[str]) -> Any:
    """SQL condition on Person: a grant in force of one of these roles reaches them, by themselves, post or department."""
    acting = Grant.role.in_(list(roles)) & in_force()
    own = Grant.select(Grant.subject_id).where(Grant.subject_kind == "person", acting)
    granted = Grant.select(Grant.subject_id).where(Grant.subject_kind == "post", acting)
    inside = _departments(acting)
    by_post = _posts_today().join(Post).where(PersonPost.post.in_(granted) | Post.department.in_(inside))
    return Person.id.in_(own) | Person.department.in_(inside) | Person.id.in_(by_post)


def unheld(days: int) -> Unheld:
    """Roles and permissions nobody has, and permissions nobody used for so many days. A handful of queries."""
    roles = registry.roles()
    held = {name for name, role in roles.items() if role.everyone} | _held_roles()
    reached = {name for role in held & set(roles) for name in roles[role].permissions}
    known = registry.registered()
    return Unheld(
        [role for name, role in roles.items() if name not in held],
        [permission for name, permission in known.items() if name not in reached],
        _unused([known[name] for name in known if name in reached], days),
    )


def _unused(held: list[Permission], days: int) -> list[tuple[Permission, dt.date | None]]:
    began = recorded_since()
    before = clock.today() - dt.timedelta(days=days)
    if began is None or began > before:
        return []
    used = dict(Use.select(Use.permission, db.fn.MAX(Use.last_on)).where(Use.person_id != 0).group_by(Use.permission).tuples())
    return [(p, _day(used.get(p.name))) for p in held if p.name not in used or _day(used[p.name]) <= before]


def _day(value: Any) -> Any:
    """SQLite gives the greatest of its dates as text."""
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


def _held_roles() -> set[str]:
    """Names of the roles that a grant in force brings to somebody active: one query a kind of subject, two for
    departments."""
    chosen = Grant.select(Grant.role).distinct().where(in_force())
    active = Person.select(Person.id).where(Person.active)
    today = _posts_today().where(PersonPost.person.in_(active))
    by_post = today.select(PersonPost.post)
    people_here = Person.select(Person.department).where(Person.active, Person.department.is_null(False))
    posts_here = Post.select(Post.department).where(Post.id.in_(by_post))
    return {
        name
        for query in (
            chosen.where(Grant.subject_kind == "person", Grant.subject_id.in_(active)),
            chosen.where(Grant.subject_kind == "post", Grant.subject_id.in_(by_post)),
            chosen.where(Grant.subject_kind == "department", _has_somebody(people_here)),
            chosen.where(Grant.subject_kind == "department", _has_somebody(posts_here)),
        )
        for (name,) in query.tuples()
    }


def _has_somebody(departments: Any) -> Any:
    """SQL condition on Grant: one of these departments is the one it is made to, or below it where it goes down."""
    top, inner = Department.alias("top"), Department.alias("inner_department")
    down = (
        inner.select(db.SQL("1")).join(top, on=(top.id == Grant.subject_id))
        .where(inner.id.in_(departments), db.fn.SUBSTR(inner.path, 1, db.fn.LENGTH(top.path)) == top.path)
    )
    return Grant.subject_id.in_(departments) | (Grant.below & db.fn.EXISTS(down))


def _departments(acting: Any) -> Any:
    """Ids of the departments that grants of this condition are made to, with those below where they go down."""
    top, inner = Department.alias("top"), Department.alias("inner_department")
    return (
        inner.select(inner.id).join(top, on=(db.fn.SUBSTR(inner.path, 1, db.fn.LENGTH(top.path)) == top.path))
        .join(Grant, on=(Grant.subject_id == top.id))
        .where(Grant.subject_kind == "department", acting, Grant.below | (inner.id == top.id))
    )


def _posts_today() -> Any:
    day = clock.today()
    return PersonPost.select(PersonPost.person).where(
        PersonPost.since <= day, PersonPost.until.is_null() | (PersonPost.until > day))


__all__ = ["Unheld", "holds", "unheld"]
