"""The changes of rights that a second person may have to confirm, and the wish for a temporary right."""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import clock, db
from oa_kernel.contributions import GuardedChange
from oa_kernel.errors import Invalid, NotFound
from oa_kernel.identity.models import Department

from . import registry
from .grants import SHOWN, change_grant, grant, revoke, subject_titles
from .models import Grant
from .own_roles import create_role, delete_role, update_role
from .who import members

#: longest time somebody may ask a right for, in days
LONGEST = 366


def moment(text: Any) -> dt.date | dt.datetime | None:
    """A day (``2026-12-31``) or an instant (``2026-12-31T18:00:00+08:00``) of a payload; nothing for nothing."""
    if not text:
        return None
    return dt.datetime.fromisoformat(text) if "T" in str(text) else dt.date.fromisoformat(text)


def spoken(at: dt.date | dt.datetime | None) -> str:
    """A day or an instant as people read it, in the organisation's zone."""
    if isinstance(at, dt.datetime):
        return f"{clock.local(at):%Y-%m-%d %H:%M}"
    return at.isoformat() if at else ""


def ends(grant: Grant) -> str:
    """When a grant ends by itself, as people read it; empty for one that does not."""
    return spoken(grant.until_at or grant.until)


def begins(grant: Grant) -> str:
    """When a grant begins, as people read it."""
    return spoken(grant.since_at or grant.since)


def _subject(p: dict[str, Any]) -> tuple[str, int]:
    return str(p["subject_kind"]), int(p["subject_id"])


def _called(p: dict[str, Any]) -> str:
    kind, subject_id = _subject(p)
    title = subject_titles([Grant(subject_kind=kind, subject_id=subject_id)]).get((kind, subject_id), str(subject_id))
    return title + ("及下级部门" if p.get("below") else "")


def _role(name: str) -> str:
    found = registry.role(name)
    return found.title if found else name


def _role_now(name: str) -> dict[str, Any] | None:
    found = registry.role(name)
    return found and {"title": found.title, "domain": found.domain, "description": found.description,
                      "permissions": dict(sorted(found.permissions.items()))}


def _give(p: dict[str, Any], by: Any) -> Grant:
    return grant(
        _subject(p), p["role"], scope_departments=p.get("scope_departments") or (), below=bool(p.get("below")),
        since=moment(p.get("since")), until=moment(p.get("until")), reason=p.get("reason", ""), by=by,
    )


def _give_base(p: dict[str, Any]) -> Any:
    kind, subject_id = _subject(p)
    same = Grant.select(Grant.id).where(
        Grant.subject_kind == kind, Grant.subject_id == subject_id, Grant.role == p["role"], Grant.ended_at.is_null()
    )
    return {"open": [i for (i,) in same.tuples()], "role": _role_now(p["role"])}


def _give_details(p: dict[str, Any]) -> list[tuple[str, str]]:
    role = registry.role(p["role"])
    known = registry.registered()
    lines = [("授予", _called(p)), ("角色", f"{_role(p['role'])}（{p['role']}）"), ("自", spoken(moment(p.get("since"))) or "立即"),
             ("至", spoken(moment(p.get("until"))) or "长期"), ("理由", p.get("reason", "") or "—")]
    if p.get("scope_departments"):
        names = Department.select(Department.name).where(Department.id.in_(p["scope_departments"])).tuples()
        lines.append(("指定部门", "、".join(n for (n,) in names)))
    if role is not None:
        held = [f"{known[n].title}（{registry.SCOPE_TITLES[s]}）" for n, s in role.permissions.items() if n in known]
        lines.append(("这个角色可以", "、".join(held) or "—"))
    return lines


def _found(grant_id: Any) -> Grant:
    row = Grant.get_or_none(Grant.id == int(grant_id))
    if row is None:
        raise NotFound("没有这条授权，请刷新后再试")
    return row


def _of(p: dict[str, Any]) -> str:
    row = _found(p["grant"])
    return f"{_called({'subject_kind': row.subject_kind, 'subject_id': row.subject_id, 'below': row.below})}的“{_role(row.role)}”"


def _grant_now(p: dict[str, Any]) -> Any:
    row = _found(p["grant"])
    return {**db.snapshot(row, only=SHOWN), "ended": row.ended_at is not None}


def _grant_reaches(p: dict[str, Any]) -> set[int]:
    row = _found(p["grant"])
    return set(members(row.subject_kind, row.subject_id, below=row.below))


def _own_grant(p: dict[str, Any]) -> set[int]:
    """Who loses what was granted to them by name. (What a whole department loses anybody may decide.)"""
    row = _found(p["grant"])
    return {row.subject_id} if row.subject_kind == "person" else set()


def _grant_details(p: dict[str, Any]) -> list[tuple[str, str]]:
    row = _found(p["grant"])
    lines = [("授权", _of(p)), ("原来自", begins(row)), ("原来至", ends(row) or "长期")]
    if "until" in p:
        lines.append(("改为至", spoken(moment(p["until"])) or "长期"))
    return [*lines, ("理由", p.get("reason", "") or "—")]


def _role_details(p: dict[str, Any]) -> list[tuple[str, str]]:
    known = registry.registered()
    now = registry.role(p["name"])
    before = dict(now.permissions) if now else {}
    wanted = p.get("permissions", before)

    def called(names: list[str]) -> str:
        return "、".join(
            f"{known[n].title if n in known else n}（{registry.SCOPE_TITLES.get(wanted.get(n) or before.get(n, ''), '')}）"
            for n in names
        ) or "—"

    return [
        ("代号", p["name"]), ("名称", str(p.get("title", now.title if now else ""))),
        ("类别", registry.DOMAIN_TITLES.get(p.get("domain", now.domain if now else "business"), "")),
        ("增加或更改的权限", called([n for n, s in wanted.items() if before.get(n) != s])),
        ("去掉的权限", called([n for n in before if n not in wanted])),
    ]


def _role_change(p: dict[str, Any], by: Any) -> Any:
    return update_role(p["name"], by=by, **{k: v for k, v in p.items() if k != "name"})


def _role_create(p: dict[str, Any], by: Any) -> Any:
    return create_role(p["name"], p["title"], p["permissions"], domain=p.get("domain", "business"),
                       description=p.get("description", ""), by=by)


def _wish(p: dict[str, Any], by: Any) -> Any:
    """A wish that is granted is a grant like any other: where the policy says so, another administrator confirms it."""
    from .changes import submit

    return submit("grants.give", p, by=by, reason=p.get("reason", ""))


def check_wish(role: str, since: dt.datetime | None, until: dt.datetime | None, reason: str) -> dict[str, Any]:
    """What somebody may ask for themselves, as the payload of ``access.ask`` without its subject.

    :raises Invalid: for a role nobody may ask for (an administrator's, one that needs departments), no end, an end
        before the beginning or more than a year off, no reason.
    """
    errors: dict[str, list[str]] = {}
    if role not in {r.name for r in roles_to_ask_for()}:
        errors["role"] = ["请从列表中选择角色"]
    if until is None:
        errors["until"] = ["请填写结束时间：临时授权到时自动失效"]
    elif until <= max(since or clock.now(), clock.now()):
        errors["until"] = ["结束要晚于现在和开始"]
    elif until > clock.now() + dt.timedelta(days=LONGEST):
        errors["until"] = ["临时授权最长一年"]
    if not reason.strip():
        errors["reason"] = ["请填写理由，供审批的人判断"]
    if errors:
        raise Invalid("申请有误", errors=errors)
    assert until is not None
    return {"role": role, "since": since.isoformat() if since else None, "until": until.isoformat(),
            "reason": reason.strip()[:300]}


def roles_to_ask_for() -> list[registry.RoleInfo]:
    """Roles somebody may ask for: of business, not everybody's, and without departments to be chosen."""
    return [r for r in registry.roles().values()
            if r.domain == "business" and not r.everyone and r.permissions and "chosen" not in r.permissions.values()]


CHANGES = [
    GuardedChange(
        "grants.give", "授权", "grants", _give,
        lambda p: f"把“{_role(p['role'])}”授予{_called(p)}" + (f"，至 {spoken(moment(p['until']))}" if p.get("until") else ""),
        lambda p: f"{p['subject_kind']}:{p['subject_id']}:{p['role']}", _give_base, _give_details,
        lambda p: set(members(*_subject(p), below=bool(p.get("below")))),
    ),
    GuardedChange(
        "grants.end", "收回授权", "grants", lambda p, by: revoke(int(p["grant"]), reason=p.get("reason", ""), by=by),
        lambda p: f"收回{_of(p)}", lambda p: str(p["grant"]), _grant_now, _grant_details, _own_grant,
    ),
    GuardedChange(
        "grants.change", "更改授权期限", "grants",
        lambda p, by: change_grant(int(p["grant"]), until=moment(p.get("until")), reason=p.get("reason", ""), by=by),
        lambda p: f"{_of(p)}改为至 {spoken(moment(p.get('until'))) or '长期'}", lambda p: str(p["grant"]), _grant_now,
        _grant_details, _grant_reaches,
    ),
    GuardedChange(
        "roles.create", "新建角色", "roles", _role_create, lambda p: f"新建角色“{p['title']}”", lambda p: p["name"],
        lambda p: _role_now(p["name"]), _role_details, ask="kernel.roles.manage",
    ),
    GuardedChange(
        "roles.change", "更改角色", "roles", _role_change, lambda p: f"更改角色“{_role(p['name'])}”", lambda p: p["name"],
        lambda p: _role_now(p["name"]), _role_details, ask="kernel.roles.manage",
    ),
    GuardedChange(
        "roles.delete", "删除角色", "roles", lambda p, by: delete_role(p["name"], by=by),
        lambda p: f"删除角色“{_role(p['name'])}”", lambda p: p["name"], lambda p: _role_now(p["name"]),
        ask="kernel.roles.manage",
    ),
    GuardedChange(
        "access.ask", "申请临时权限", "", _wish,
        lambda p: f"{_called(p)}申请“{_role(p['role'])}”，至 {spoken(moment(p['until']))}",
        lambda p: f"{p['subject_id']}:{p['role']}", None, _give_details, lambda p: {int(p["subject_id"])},
        ask="kernel.profile.own", decide="kernel.grants.manage",
    ),
]

__all__ = ["CHANGES", "LONGEST", "begins", "check_wish", "ends", "moment", "roles_to_ask_for", "spoken"]
