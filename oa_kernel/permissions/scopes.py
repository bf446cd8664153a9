"""What somebody may do and for which data: loaded once, kept until it changes.

A person's rights are kept by process under (person, ``version``, epoch, day). Whatever changes rights counts one of
the first two up in its transaction, days begin and end grants, and rights that an instant changes say until when
they are good, so nothing stale is ever used. A person that
came by ``session_by_secret`` or ``token_by_secret`` carries both counters: for such a one no query is needed.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from oa_kernel import clock, db, runtime
from oa_kernel.identity.models import Department, Person, PersonPost, Post
from oa_kernel.identity.sessions import epoch_column

from . import registry
from .models import Grant

#: people whose rights a process remembers
KEPT = 4096


@dataclass(frozen=True, slots=True)
class Scope:
    """For which data a permission holds. What is one's own is always in it, whatever the departments."""

    #: everything
    all: bool = False
    #: ids of the departments whose things are in it, those below already among them
    departments: frozenset[int] = frozenset()
    #: paths of departments that are in it with all below, for queries where the ids would be too many
    trees: tuple[str, ...] = ()
    #: ids of departments that are in it by themselves
    single: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Rights:
    """All that one person may do today."""

    active: bool
    #: highest secrecy level
    clearance: int
    scopes: Mapping[str, Scope]
    #: names of the roles held
    roles: frozenset[str]
    #: permission → ids of the grants it comes by, where not everybody has it
    grants: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    #: administrations held: of ``registry.APART``
    domains: frozenset[str] = frozenset()
    #: from this instant on a grant begins or ends; None: not before midnight
    good_until: dt.datetime | None = None
    #: permissions noted as used while these were the rights (see ``uses``)
    used: set[str] = field(default_factory=set, compare=False, repr=False)


@dataclass(slots=True)
class Membership:
    """Why somebody belongs to a department: the main one, or a post there."""

    department: int
    #: ids from the top down to the department
    chain: tuple[int, ...]
    path: str
    post: int | None = None


@dataclass(slots=True)
class Held:
    """A role somebody holds, by which grant (None: everybody has it) and through which memberships."""

    role: registry.RoleInfo
    grant: Grant | None
    through: list[Membership] = field(default_factory=list)


class _Kept:
    """The rights of the people last asked about."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.rows: OrderedDict[tuple[Any, ...], Rights] = OrderedDict()

    def get(self, key: tuple[Any, ...]) -> Rights | None:
        with self.lock:
            found = self.rows.get(key)
            if found is not None:
                self.rows.move_to_end(key)
            return found

    def put(self, key: tuple[Any, ...], rights: Rights) -> None:
        with self.lock:
            self.rows[key] = rights
            while len(self.rows) > KEPT:
                self.rows.popitem(last=False)


def scopes_of(person: Any) -> Mapping[str, Scope]:
    """Permission → :class:`Scope` of everything the person may do, limited to the token's scopes if one is used."""
    scopes = rights_of(person).scopes
    limited = getattr(person, "token_scopes", None)
    return scopes if limited is None else {k: v for k, v in scopes.items() if k in limited}


def administrations(person: Any) -> frozenset[str]:
    """Of ``system``, ``security`` and ``audit``: which somebody administers now."""
    return rights_of(person).domains


def rights_of(person: Any) -> Rights:
    """The person's rights today; no query when they are known and the person came by a session or token."""
    epoch = getattr(person, "rights_epoch", None)
    version = person.version
    if epoch is None:
        epoch, version = _counters(person.id)
    key = (person.id, version, epoch, clock.today())
    kept = _kept()
    rights = kept.get(key)
    if rights is None or (rights.good_until is not None and rights.good_until <= clock.now()):
        rights = load(person.id)
        # what a transaction has not committed may yet be undone: then nobody shall remember it
        db.on_commit(lambda: kept.put(key, rights))
    return rights


def load(person_id: int) -> Rights:
    """Reads a person's rights from the database: four queries, five with the organisation's own roles."""
    row = Person.select(Person.active, Person.clearance).where(Person.id == person_id).tuples().first()
    if row is None or not row[0]:
        return Rights(False, -1, MappingProxyType({}), frozenset())
    held, good_until = _held(person_id)
    domains = frozenset(h.role.domain for h in held if h.role.domain in registry.APART)
    wide: set[str] = set()
    single: dict[str, set[int]] = {}
    trees: dict[str, set[str]] = {}
    names: set[str] = set()
    by: dict[str, tuple[int, ...]] = {}
    for one in held:
        for name, scope in one.role.permissions.items():
            if "audit" in domains and not registry.auditors_may(name):
                continue
            names.add(name)
            if one.grant is not None:
                by[name] = (*by.get(name, ()), one.grant.id)
            if scope == "all":
                wide.add(name)
            elif scope == "chosen":
                single.setdefault(name, set()).update(one.grant.departments if one.grant else ())
            elif scope == "department":
                single.setdefault(name, set()).update(m.department for m in one.through)
            elif scope == "department_tree":
                trees.setdefault(name, set()).update(m.path for m in one.through)
    below = _below({p for paths in trees.values() for p in paths})
    scopes = {}
    for name in names:
        if name in wide:
            scopes[name] = _EVERYTHING
            continue
        alone, roots = single.get(name, set()), trees.get(name, set())
        inside = alone.union(*(below[path] for path in roots))
        scopes[name] = Scope(False, frozenset(inside), tuple(sorted(roots)), frozenset(alone))
    return Rights(
        True, row[1], MappingProxyType(scopes), frozenset(h.role.name for h in held), MappingProxyType(by), domains,
        good_until,
    )


def memberships(person_id: int) -> list[Membership]:
    """Departments somebody belongs to today: by main department and by posts."""
    found = []
    main = (
        Person.select(Department.id, Department.path).join(Department)
        .where(Person.id == person_id).tuples().first()
    )
    if main:
        found.append(_membership(main[0], main[1]))
    today = clock.today()
    posts = (
        PersonPost.select(Department.id, Department.path, Post.id)
        .join(Post).join(Department)
        .where(
            PersonPost.person == person_id, PersonPost.since <= today,
            PersonPost.until.is_null() | (PersonPost.until > today),
        )
        .tuples()
    )
    return found + [_membership(i, path, post) for i, path, post in posts]


def held_roles(person_id: int) -> list[Held]:
    """All roles somebody holds now, each with the grant it comes by."""
    return _held(person_id)[0]


def _held(person_id: int) -> tuple[list[Held], dt.datetime | None]:
    """The roles held now, and the next instant today at which that changes by itself."""
    belongs = memberships(person_id)
    declared = registry.declared_roles()
    held = [Held(role, None, belongs) for role in declared.values() if role.everyone]
    grants = list(grants_about(person_id, belongs).where(of_today()))
    if not grants:
        return held, None
    now, changes = clock.now(), []
    known = declared if all(g.role in declared for g in grants) else registry.roles()
    for grant in grants:
        role = known.get(grant.role)
        if role is None:
            continue  # its plugin is off or gone
        through = reached(grant, belongs)
        if through is None:
            continue
        changes += [at for at in (grant.since_at, grant.until_at) if at is not None and at > now]
        if acts(grant, now):
            held.append(Held(role, grant, through))
    return held, min(changes, default=None)


def grants_about(person_id: int, belongs: Iterable[Membership]) -> Any:
    """Query of the grants that may concern somebody: to them, their posts, their departments and those above."""
    belongs = list(belongs)
    posts = {m.post for m in belongs if m.post is not None}
    chains = {i for m in belongs for i in m.chain}
    where = (Grant.subject_kind == "person") & (Grant.subject_id == person_id)
    if posts:
        where |= (Grant.subject_kind == "post") & Grant.subject_id.in_(posts)
    if chains:
        where |= (Grant.subject_kind == "department") & Grant.subject_id.in_(chains)
    return Grant.select().where(where).order_by(Grant.id)


def reached(grant: Grant, belongs: list[Membership]) -> list[Membership] | None:
    """The memberships through which a grant reaches somebody; None: it does not."""
    if grant.subject_kind == "person":
        return belongs
    if grant.subject_kind == "post":
        found = [m for m in belongs if m.post == grant.subject_id]
    else:
        found = [
            m for m in belongs
            if m.department == grant.subject_id or (grant.below and grant.subject_id in m.chain)
        ]
    return found or None


def of_today() -> Any:
    """SQL condition on Grant: open, and today is among its days; whether this instant is, says :func:`acts`."""
    today = clock.today()
    return Grant.ended_at.is_null() & (Grant.since <= today) & (Grant.until.is_null() | (Grant.until > today))


def in_force() -> Any:
    """SQL condition on Grant: open and in its time now."""
    now = clock.now()
    return (
        of_today() & (Grant.since_at.is_null() | (Grant.since_at <= now))
        & (Grant.until_at.is_null() | (Grant.until_at > now))
    )


def not_over() -> Any:
    """SQL condition on Grant: in force, or still to begin."""
    return (
        Grant.ended_at.is_null() & (Grant.until.is_null() | (Grant.until > clock.today()))
        & (Grant.until_at.is_null() | (Grant.until_at > clock.now()))
    )


def acts(grant: Grant, now: dt.datetime) -> bool:
    """Whether a grant of today acts at this instant."""
    return (grant.since_at is None or grant.since_at <= now) and (grant.until_at is None or grant.until_at > now)


_EVERYTHING = Scope(all=True)


def _kept() -> _Kept:
    cache = runtime.current().cache
    kept = cache.get("permissions.rights")
    return kept if kept is not None else cache.setdefault("permissions.rights", _Kept())


def _counters(person_id: int) -> tuple[int, int]:
    """Epoch and version as they are now, for a person that did not bring them."""
    cache = runtime.current().cache
    sql = cache.get("permissions.counters_sql")
    if sql is None:
        query = Person.select(epoch_column(), Person.version).where(Person.id == person_id)
        sql = cache["permissions.counters_sql"] = query.sql()[0]
    row = db.database.execute_sql(sql, (person_id,)).fetchone()
    return (row[0], row[1]) if row else (0, -1)


def _membership(department: int, path: str, post: int | None = None) -> Membership:
    return Membership(department, tuple(int(p) for p in path.split("/") if p), path, post)


def _below(paths: set[str]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {path: set() for path in paths}
    if not paths:
        return found
    where = db.SQL("1 = 0")
    for path in paths:
        where |= db.fn.SUBSTR(Department.path, 1, len(path)) == path
    for i, path in Department.select(Department.id, Department.path).where(where).tuples():
        for root in paths:
            if path.startswith(root):
                found[root].add(i)
    return found


__all__ = ["Held", "administrations", "Membership", "Rights", "Scope", "rights_of", "scopes_of"]
