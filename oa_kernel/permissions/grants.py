"""Giving roles and taking them back; system, security and audit administration stay apart (三员分立)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from oa_kernel import audit, clock, db
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound
from oa_kernel.identity.models import Department, Person, Post
from oa_kernel.identity.shared import by_id, id_of, load_department, load_person, load_post, touch, touch_everybody

from . import registry
from .models import Grant
from .scopes import in_force, not_over
from .second_person import confirmed_change, guard
from .who import members

SHOWN = ["subject_kind", "subject_id", "role", "below", "departments", "since", "until", "since_at", "until_at", "reason"]


def grant(
    subject: Any,
    role: str | registry.RoleInfo,
    *,
    scope_departments: Sequence[Any] = (),
    below: bool = False,
    since: dt.date | dt.datetime | None = None,
    until: dt.date | dt.datetime | None = None,
    reason: str = "",
    by: Person | int | None = None,
) -> Grant:
    """Gives a role to a person, to whoever holds a post, or to the people of a department.

    :param subject: a Person, Post or Department, or ``("person" | "post" | "department", id)``.
    :param scope_departments: what the scope ``chosen`` means here; needed where the role has that scope.
    :param below: for a department: to the people of the departments below it too.
    :param since, until: the first day it holds (today), and the first day it no longer does (None: until it is taken
        back); or instants (aware), for a right that holds by the hour.
    :raises Conflict: when the subject has the role already, or somebody would hold two of system, security and
        audit administration; code ``second_person_required`` where the policy wants it confirmed (see ``submit``).
    :raises Forbidden: when somebody grants to themselves.
    """
    guard("grants")
    kind, subject_id = subject_of(subject)
    name = role if isinstance(role, str) else role.name
    since, since_at = _first(since)
    until, until_at = _last(until)
    with db.transaction():
        touch_everybody()  # first: two grants at once follow one another, so the checks below see the other
        info = registry.roles().get(name)
        title = _title(kind, subject_id)
        chosen = _check(info, name, kind, scope_departments, below, since, until)
        _check_time(since, since_at, until, until_at)
        if by is not None and id_of(by) in members(kind, subject_id, below=below):
            raise Forbidden("不能给自己授权，请由另一位安全管理员办理")
        same = (
            (Grant.subject_kind == kind) & (Grant.subject_id == subject_id) & (Grant.role == name)
            & Grant.ended_at.is_null()
        )
        # one that ran out by itself makes room
        Grant.update(ended_at=clock.now()).where(
            same, (Grant.until <= clock.today()) | (Grant.until_at <= clock.now())).execute()
        if Grant.select().where(same).exists():
            raise Conflict(f"{title}已有角色“{info.title}”，如要修改请先收回", code="granted_already")
        made = Grant.create(
            subject_kind=kind, subject_id=subject_id, role=name, below=below, departments=chosen, since=since,
            until=until, since_at=since_at, until_at=until_at, reason=reason.strip(), granted_by=by_id(by),
            granted_at=clock.now(), change_id=confirmed_change(),
        )
        if kind == "person":
            touch([subject_id])
        audit.record(
            "permission.granted", kind, subject_id, title=title, after=db.snapshot(made, only=SHOWN), by=by_id(by)
        )
        if info.domain in registry.APART:
            check_separation()
    return made


def revoke(
    grant: Any, role: str | registry.RoleInfo = "", *, reason: str = "", by: Person | int | None = None
) -> Grant:
    """Takes a grant back: from the commit on it does nothing. The row stays, as history.

    :param grant: the grant or its id; or the subject it was made to, with ``role``.
    """
    guard("grants")
    with db.transaction():
        touch_everybody()
        row = _granted(grant, role if isinstance(role, str) else role.name)
        if row.ended_at is not None:
            raise Conflict("这条授权已经收回", code="grant_ended")
        row.ended_at, row.ended_by = clock.now(), by_id(by)
        row.save(only=[Grant.ended_at, Grant.ended_by])
        if row.subject_kind == "person":
            touch([row.subject_id])
        audit.record(
            "permission.revoked", row.subject_kind, row.subject_id, title=_title(row.subject_kind, row.subject_id),
            before=db.snapshot(row, only=SHOWN), after={"reason": reason.strip()}, by=by_id(by),
        )
    return row


def change_grant(
    grant: Any, *, until: dt.date | dt.datetime | None, reason: str = "", by: Person | int | None = None
) -> Grant:
    """Lets a grant end on another day or instant (None: not by itself); it is announced anew.

    :raises Conflict: when it is over already.
    :raises Forbidden: when somebody prolongs what they hold themselves.
    """
    guard("grants")
    until, until_at = _last(until)
    with db.transaction():
        touch_everybody()
        row = _granted(grant, "")
        if not Grant.select().where(Grant.id == row.id, not_over()).exists():
            raise Conflict("这条授权已经结束，请重新授权", code="grant_ended")
        if by is not None and id_of(by) in members(row.subject_kind, row.subject_id, below=row.below):
            raise Forbidden("不能更改自己的授权，请由另一位安全管理员办理")
        _check_time(row.since, row.since_at, until, until_at)
        before = db.snapshot(row, only=SHOWN)
        row.until, row.until_at, row.announced_at = until, until_at, None
        row.save(only=[Grant.until, Grant.until_at, Grant.announced_at])
        if row.subject_kind == "person":
            touch([row.subject_id])
        audit.record(
            "permission.changed", row.subject_kind, row.subject_id, title=_title(row.subject_kind, row.subject_id),
            before=before, after={**db.snapshot(row, only=SHOWN), "why": reason.strip()}, by=by_id(by),
        )
        if registry.roles()[row.role].domain in registry.APART:
            check_separation()
    return row


def found(grant_id: int) -> Grant:
    """A grant by its id; NotFound where there is none."""
    return _granted(grant_id, "")


def grants_to(subject: Any, *, ended: bool = False) -> list[Grant]:
    """Grants made to a person, post or department directly; with ``ended`` those that are over as well."""
    kind, subject_id = subject_of(subject)
    query = Grant.select().where(Grant.subject_kind == kind, Grant.subject_id == subject_id)
    if not ended:
        query = query.where(not_over())
    return list(query.order_by(Grant.id))


def granted_to(kind: str, subject_id: int) -> list[str]:
    """Names of the roles granted today to a ``person``, ``post`` or ``department``."""
    query = Grant.select(Grant.role).where(Grant.subject_kind == kind, Grant.subject_id == subject_id, in_force())
    return [name for (name,) in query.order_by(Grant.id).tuples()]


def list_grants(
    *, role: str = "", subject: Any = None, open_only: bool = True, limit: int = 50, cursor: str | None = None
) -> db.Page:
    """A page of grants, the newest first.

    :param subject: only those made to this person, post or department directly.
    """
    query = Grant.select()
    if subject is not None:
        kind, subject_id = subject_of(subject)
        query = query.where(Grant.subject_kind == kind, Grant.subject_id == subject_id)
    if role:
        query = query.where(Grant.role == role)
    if open_only:
        query = query.where(not_over())
    return db.page(query, [Grant.id.desc()], limit=limit, cursor=cursor)


def subject_titles(grants: Sequence[Grant]) -> dict[tuple[str, int], str]:
    """What the subjects of many grants are called, in three queries at most."""
    wanted: dict[str, set[int]] = {}
    for one in grants:
        wanted.setdefault(one.subject_kind, set()).add(one.subject_id)
    return {(kind, i): title for kind, ids in wanted.items() for i, title in _titles(kind, ids).items()}


def check_separation() -> None:
    """Raises Conflict when an active person holds, or is to hold, two of the three administrations.

    Whatever may bring that about (a grant, a post, a move) asks this at the end of its transaction.
    """
    both = holders_of_two()
    if not both:
        return
    person_id, found = sorted(both.items())[0]
    names = " 和 ".join(registry.DOMAIN_TITLES[d] for d in registry.APART if d in found)
    raise Conflict(
        f"{_title('person', person_id)}不能同时担任{names}：三员分立，请先收回其中一方的角色",
        code="separation_of_duties", person=person_id, domains=sorted(found),
    )


def holders_of_two() -> dict[int, set[str]]:
    """Active people who hold, or are to hold, more than one administration, and which."""
    domains = {name: role.domain for name, role in registry.roles().items() if role.domain in registry.APART}
    open_ones = list(Grant.select().where(Grant.role.in_(list(domains)), not_over()))
    if len({domains[g.role] for g in open_ones}) < 2:
        return {}
    holds: dict[int, set[str]] = {}
    for one in open_ones:
        for person_id in members(one.subject_kind, one.subject_id, below=one.below, future=True):
            holds.setdefault(person_id, set()).add(domains[one.role])
    return {i: found for i, found in holds.items() if len(found) > 1}


def subject_of(subject: Any) -> tuple[str, int]:
    """``(kind, id)`` of what a role is granted to."""
    for model, kind in ((Person, "person"), (Post, "post"), (Department, "department")):
        if isinstance(subject, model):
            return kind, subject.id
    if isinstance(subject, tuple) and len(subject) == 2 and subject[0] in Grant.SUBJECTS:
        return subject[0], int(subject[1])
    raise TypeError(f"a role is granted to a Person, Post or Department, not to {subject!r}")


def _check(
    info: registry.RoleInfo | None, name: str, kind: str, departments: Sequence[Any], below: bool,
    since: dt.date, until: dt.date | None,
) -> list[int]:
    """Ids of the chosen departments; raises Invalid with all that is wrong."""
    if info is None:
        raise Invalid(f"没有角色“{name}”", errors={"role": ["请从列表中选择角色"]})
    errors: dict[str, list[str]] = {}
    if info.everyone:
        errors["role"] = [f"“{info.title}”人人都有，不需要授予"]
    chosen = [load_department(d).id for d in departments]
    has_chosen = "chosen" in info.permissions.values()
    if has_chosen and not chosen:
        errors["scope_departments"] = [f"“{info.title}”的数据范围是指定部门，请选择部门"]
    if chosen and not has_chosen:
        errors["scope_departments"] = [f"“{info.title}”没有“指定部门”的权限，不能限定部门"]
    if below and kind != "department":
        errors["below"] = ["只有授予部门时才能包括下级部门"]
    if until is not None and until <= max(since, clock.today()):
        errors["until"] = ["到期日要晚于今天和开始日"]
    if errors:
        raise Invalid("授权有误", errors=errors)
    return sorted(set(chosen))


def _first(since: dt.date | dt.datetime | None) -> tuple[dt.date, dt.datetime | None]:
    """First day, and the instant on it if one is given."""
    if isinstance(since, dt.datetime):
        return clock.local(since).date(), since
    return since or clock.today(), None


def _last(until: dt.date | dt.datetime | None) -> tuple[dt.date | None, dt.datetime | None]:
    """The first day it holds no longer at all, and the instant before that if one is given."""
    if not isinstance(until, dt.datetime):
        return until, None
    local = clock.local(until)
    if local.time() == dt.time():
        return local.date(), None
    return local.date() + dt.timedelta(days=1), until


def _check_time(
    since: dt.date, since_at: dt.datetime | None, until: dt.date | None, until_at: dt.datetime | None
) -> None:
    wrong = until is not None and until <= max(since, clock.today())
    if until_at is not None:
        wrong = wrong or until_at <= max(since_at or clock.now(), clock.now())
    if wrong:
        raise Invalid("授权有误", errors={"until": ["结束要晚于现在和开始"]})


def _granted(grant: Any, role: str) -> Grant:
    if not role:
        row = Grant.get_or_none(Grant.id == id_of(grant))
        if row is None:
            raise NotFound("没有这条授权，请刷新后再试")
        return row
    kind, subject_id = subject_of(grant)
    row = Grant.get_or_none(
        Grant.subject_kind == kind, Grant.subject_id == subject_id, Grant.role == role, Grant.ended_at.is_null()
    )
    if row is None:
        raise NotFound(f"{_title(kind, subject_id)}没有直接授予的角色“{role}”；可能来自职务或部门")
    return row


def _title(kind: str, subject_id: int) -> str:
    load = {"person": load_person, "post": load_post, "department": load_department}[kind]
    row = load(subject_id)
    return row.title if kind == "post" else row.name


def _titles(kind: str, ids: set[int]) -> dict[int, str]:
    if kind == "person":
        return dict(Person.select(Person.id, Person.name).where(Person.id.in_(ids)).tuples())
    if kind == "department":
        return dict(Department.select(Department.id, Department.name).where(Department.id.in_(ids)).tuples())
    rows = Post.select(Post.id, Department.name, Post.title).join(Department).where(Post.id.in_(ids)).tuples()
    return {i: f"{home} {title}" for i, home, title in rows}


__all__ = [
    "SHOWN", "change_grant", "check_separation", "found", "grant", "granted_to", "grants_to", "holders_of_two", "list_grants",
    "revoke", "subject_of", "subject_titles",
]
