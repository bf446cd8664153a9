"""The other way round: who holds a role, who may do something."""

from __future__ import annotations

from collections.abc import Iterable

from oa_kernel import clock
from oa_kernel.identity.departments import below as below_path
from oa_kernel.identity.models import Department, Person, PersonPost, Post

from . import registry
from .models import Grant
from .scopes import in_force


def people_with(permission: str) -> list[int]:
    """Ids of active people who hold a permission today, in whatever scope."""
    roles = registry.roles().values()
    found = _people_with_roles([r.name for r in roles if permission in r.permissions])
    if not found or registry.auditors_may(permission):
        return found
    auditors = set(_people_with_roles([r.name for r in roles if r.domain == "audit"]))
    return [i for i in found if i not in auditors]


def people_with_role(role: str) -> list[int]:
    """Ids of active people who hold a role today, by whatever way."""
    return _people_with_roles([role])


def roles_of_people(people: Iterable[int]) -> dict[int, list[str]]:
    """Names of the roles that each of these people holds by grants today; three queries and one a grant to many."""
    wanted = list(people)
    found: dict[int, list[str]] = {i: [] for i in wanted}
    for grant in Grant.select().where(in_force()).order_by(Grant.id):
        if grant.subject_kind == "person":
            reached = [grant.subject_id]
        else:
            reached = members(grant.subject_kind, grant.subject_id, below=grant.below)
        for i in reached:
            if i in found and grant.role not in found[i]:
                found[i].append(grant.role)
    return found


def members(kind: str, subject_id: int, *, below: bool = False, future: bool = False) -> list[int]:
    """Ids of the active people that a grant to this subject reaches; with ``future`` by posts yet to begin too."""
    if kind == "person":
        query = Person.select(Person.id).where(Person.id == subject_id, Person.active)
        return [i for (i,) in query.tuples()]
    today = clock.today()
    holding = PersonPost.select(PersonPost.person).where(PersonPost.until.is_null() | (PersonPost.until > today))
    if not future:
        holding = holding.where(PersonPost.since <= today)
    if kind == "post":
        where = Person.id.in_(holding.where(PersonPost.post == subject_id))
    else:
        inside = Department.select(Department.id).where(Department.id == subject_id)
        if below:
            path = Department.select(Department.path).where(Department.id == subject_id).scalar() or "-"
            inside = Department.select(Department.id).where(below_path(path))
        by_post = holding.join(Post).where(Post.department.in_(inside))
        where = Person.department.in_(inside) | Person.id.in_(by_post)
    return [i for (i,) in Person.select(Person.id).where(Person.active, where).order_by(Person.id).tuples()]


def _people_with_roles(names: list[str]) -> list[int]:
    declared = registry.declared_roles()
    if any(n in declared and declared[n].everyone for n in names):
        return [i for (i,) in Person.select(Person.id).where(Person.active).order_by(Person.id).tuples()]
    found: set[int] = set()
    if names:
        for grant in Grant.select().where(Grant.role.in_(names), in_force()):
            found.update(members(grant.subject_kind, grant.subject_id, below=grant.below))
    return sorted(found)


__all__ = ["members", "people_with", "people_with_role", "roles_of_people"]
