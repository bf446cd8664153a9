"""May this person do this, with this thing? And: only the rows they may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from oa_kernel import db
from oa_kernel.config.schema import SECRECY_LEVELS
from oa_kernel.errors import Forbidden
from oa_kernel.identity.models import Department

from .registry import registered
from .scopes import Rights, Scope, rights_of
from .uses import note

#: more departments than this are asked for by path rather than listed in the statement
LISTED = 200

_OWNER = ("owner_id", "drafter_id", "created_by_id", "person_id")


@dataclass(frozen=True, slots=True)
class Facts:
    """What rights depend on in a thing: whose it is, of which department, how secret.

    A thing tells them by a method ``permission_facts() -> Facts``; else attributes or keys of the usual names are
    looked at: ``owner_id`` (or ``drafter_id``, ``created_by_id``, ``person_id``), ``department_id``,
    ``secrecy_level``.
    """

    owner: int | None = None
    department: int | None = None
    #: index into ``config.SECRECY_LEVELS``
    secrecy: int = 0


def allows(person: Any, name: str, obj: Any = None) -> bool:
    """Whether the person holds the permission, and for ``obj``, if one is given, in scope and clearance.

    Denies by default: nobody (None), an unknown permission, a disabled person, an object that does not say
    whose it is.

    This only asks: whether to draw a button, or what to say. The right does not count as used by it (see
    :func:`by_right`).
    """
    return _allowing(person, name, obj) is not None


def by_right(person: Any, name: str, obj: Any = None) -> bool:
    """Like :func:`allows`, where the answer decides what is done or handed out: a yes counts as use of the right.

    For rules of which the right is one way among several, the others asked first::

        if document.drafter_id == person.id or permissions.by_right(person, READ, document):
    """
    rights = _allowing(person, name, obj)
    if rights is None:
        return False
    note(person, name, rights)
    return True


def require(person: Any, name: str, obj: Any = None) -> None:
    """Like :func:`by_right`, raising.

    :raises Forbidden: in words that name the right, not the reason: for that there is :func:`explain`.
    """
    rights = _allowing(person, name, obj)
    if rights is not None:
        note(person, name, rights)
    else:
        known = registered().get(name)
        title = known.title if known else name
        raise Forbidden(f"没有“{title}”的权限。如工作需要，请联系安全管理员", permission=name)


def restrict(
    query: Any,
    person: Any,
    name: str,
    *,
    owner: Any = None,
    department: Any = None,
    secrecy: Any = None,
    also: Any = None,
) -> Any:
    """The query limited to the rows the person may see by this permission, which counts as used.

    :param owner: field with the id of whose the row is; ``department``: with the id of its department;
        ``secrecy``: with its level. A field left out lets nothing in (or, for secrecy, keeps nothing out).
    :param also: a condition that lets rows in beside the permission (the person takes part in the case). Clearance
        holds for those rows too.
    """
    reached = reach(person, name)
    if reached is None:
        return query.where(_NOTHING)
    scope = reached.scope
    if scope is None and also is None:
        return query.where(_NOTHING)
    if scope is None or not scope.all:
        ways = [] if also is None else [also]
        if scope is not None:
            ways += _conditions(scope, person.id, owner, department)
        if not ways:
            return query.where(_NOTHING)
        where = ways[0]
        for way in ways[1:]:
            where = where | way
        query = query.where(where)
    return query if secrecy is None else query.where(secrecy <= reached.clearance)


class Reach(NamedTuple):
    """All that :func:`restrict` knows of somebody."""

    person_id: int
    #: the highest secrecy level
    clearance: int
    #: the data the permission holds for; None: they do not have it
    scope: Scope | None


def reach(person: Any, name: str) -> Reach | None:
    """What the permission, which counts as used, lets somebody see: None for nobody and for who is disabled.

    Where it is equal, so is what :func:`restrict` adds to a query, and a statement that was put together with the one may be
    run for the other.
    """
    if person is None:
        return None
    rights = rights_of(person)
    if not rights.active:
        return None
    limited = getattr(person, "token_scopes", None)
    scope = rights.scopes.get(name) if limited is None or name in limited else None
    if scope is not None:
        note(person, name, rights)
    return Reach(person.id, rights.clearance, scope)


def secrecy_condition(person: Any, field: Any) -> Any:
    """SQL condition: the level in ``field`` is not above the person's clearance."""
    return field <= (rights_of(person).clearance if person is not None else -1)


def clearance_of(person: Any) -> int:
    """The highest secrecy level the person may see; -1 for nobody."""
    return rights_of(person).clearance if person is not None else -1


def facts_of(obj: Any) -> Facts:
    """What rights depend on in ``obj`` (see :class:`Facts`)."""
    if isinstance(obj, Facts):
        return obj
    own = getattr(obj, "permission_facts", None)
    if callable(own):
        return own()
    get = obj.get if isinstance(obj, Mapping) else lambda key: getattr(obj, key, None)
    owner = next((v for v in map(get, _OWNER) if v is not None), None)
    level = get("secrecy_level")
    if isinstance(level, str):
        level = SECRECY_LEVELS.index(level)
    return Facts(owner, get("department_id"), level or 0)


def covers(scope: Scope, person_id: int, facts: Facts) -> bool:
    """Whether a thing is in the scope, its secrecy aside."""
    return scope.all or facts.owner == person_id or facts.department in scope.departments


_NOTHING = db.SQL("1 = 0")


def _allowing(person: Any, name: str, obj: Any) -> Rights | None:
    """The person's rights if they allow it, else None."""
    if person is None:
        return None
    limited = getattr(person, "token_scopes", None)
    if limited is not None and name not in limited:
        return None
    rights = rights_of(person)
    scope = rights.scopes.get(name)
    if scope is None:
        return None
    if obj is None:
        return rights
    facts = facts_of(obj)
    return rights if facts.secrecy <= rights.clearance and covers(scope, person.id, facts) else None


def _conditions(scope: Scope, person_id: int, owner: Any, department: Any) -> list[Any]:
    ways = []
    if owner is not None:
        ways.append(owner == person_id)
    if department is not None and scope.departments:
        if len(scope.departments) <= LISTED:
            ways.append(department.in_(sorted(scope.departments)))
        else:
            inside = Department.id.in_(sorted(scope.single)) if scope.single else _NOTHING
            for path in scope.trees:
                inside = inside | (db.fn.SUBSTR(Department.path, 1, len(path)) == path)
            ways.append(department.in_(Department.select(Department.id).where(inside)))
    return ways


__all__ = [
    "Facts", "Reach", "allows", "by_right", "clearance_of", "covers", "facts_of", "reach", "require", "restrict",
    "secrecy_condition",
]
