"""The changes of rights that a second person may have to confirm."""

from __future__ import annotations

import datetime as dt
from functools import reduce
from typing import Any

from oa_kernel import clock, db
from oa_kernel.contributions import GuardedChange
from oa_kernel.errors import NotFound
from oa_kernel.identity.models import Department
from oa_kernel.phrases import Phrase

from . import registry
from .grants import SHOWN, change_grant, grant, revoke, subject_titles
from .models import Change, Grant
from .own_roles import create_role, delete_role, update_role
from .who import members


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


def phase(grant: Grant) -> str:
    """``coming`` | ``open`` | ``over`` (by itself) | ``ended`` (taken back)."""
    now, today = clock.now(), clock.today()
    if (grant.until is not None and grant.until <= today) or (grant.until_at is not None and grant.until_at <= now):
        return "over"
    if grant.ended_at is not None:
        return "ended"
    return "coming" if grant.since > today or (grant.since_at is not None and grant.since_at > now) else "open"


def _subject(p: dict[str, Any]) -> tuple[str, int]:
    return str(p["subject_kind"]), int(p["subject_id"])


def called(p: dict[str, Any]) -> str:
    """Whom a payload is about, in words."""
    kind, subject_id = _subject(p)
    title = subject_titles([Grant(subject_kind=kind, subject_id=subject_id)]).get((kind, subject_id), str(subject_id))
    return Phrase("%(name)s及下级部门", name=title) if p.get("below") else title


def role_title(name: str) -> str:
    """What a role is called; its name where it is gone."""
    found = registry.role(name)
    return Phrase(found.title) if found else name


def _role_now(name: str) -> dict[str, Any] | None:
    found = registry.role(name)
    return found and {"title": found.title, "domain": found.domain, "description": found.description,
                      "permissions": dict(sorted(found.permissions.items()))}


def _give(p: dict[str, Any], by: Any) -> Grant:
    made = grant(
        _subject(p), p["role"], scope_departments=p.get("scope_departments") or (), below=bool(p.get("below")),
        since=moment(p.get("since")), until=moment(p.get("until")), reason=p.get("reason", ""), by=by,
    )
    return _granted(p, made)


def _prolong(p: dict[str, Any], by: Any) -> Grant:
    made = change_grant(int(p["grant"]), until=moment(p.get("until")), reason=p.get("reason", ""), by=by)
    return _granted(p, made)


def _granted(p: dict[str, Any], made: Grant) -> Grant:
    """Notes at the wish that led here (payload ``wish``) what came of it."""
    if p.get("wish"):
        Change.update(grant_id=made.id).where(Change.id == int(p["wish"])).execute()
    return made


def _give_base(p: dict[str, Any]) -> Any:
    kind, subject_id = _subject(p)
    same = Grant.select(Grant.id).where(
        Grant.subject_kind == kind, Grant.subject_id == subject_id, Grant.role == p["role"], Grant.ended_at.is_null()
    )
    return {"open": [i for (i,) in same.tuples()], "role": _role_now(p["role"])}


def _right(name: str, scope: str) -> Phrase:
    known = registry.registered()
    title = Phrase(known[name].title) if name in known else name
    return Phrase("%(title)s（%(name)s）", title=title, name=Phrase(registry.SCOPE_TITLES.get(scope, "")))


def listed(items: list[Phrase]) -> str:
    """Several phrases in a row; a dash for none."""
    if not items:
        return "—"
    return reduce(lambda before, one: Phrase("%(before)s、%(one)s", before=before, one=one), items)


def give_details(p: dict[str, Any]) -> list[tuple[str, str]]:
    role = registry.role(p["role"])
    known = registry.registered()
    lines = [("授予", called(p)), ("所授角色", Phrase("%(title)s（%(name)s）", title=role_title(p["role"]), name=p["role"])),
             ("自", spoken(moment(p.get("since"))) or Phrase("立即")), ("至", spoken(moment(p.get("until"))) or Phrase("长期")),
             ("理由", p.get("reason", "") or "—")]
    if p.get("scope_departments"):
        names = Department.select(Department.name).where(Department.id.in_(p["scope_departments"])).tuples()
        lines.append(("指定部门", "、".join(n for (n,) in names)))
    if role is not None:
        lines.append(("这个角色可以", listed([_right(n, s) for n, s in role.permissions.items() if n in known])))
    return lines


def _found(grant_id: Any) -> Grant:
    row = Grant.get_or_none(Grant.id == int(grant_id))
    if row is None:
        raise NotFound("没有这条授权，请刷新后再试")
    return row


def _of(p: dict[str, Any]) -> str:
    row = _found(p["grant"])
    who = called({"subject_kind": row.subject_kind, "subject_id": row.subject_id, "below": row.below})
    return Phrase("%(who)s的“%(role)s”", who=who, role=role_title(row.role))


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
    lines = [("授权", _of(p)), ("原来自", begins(row)), ("原来至", ends(row) or Phrase("长期"))]
    if "until" in p:
        lines.append(("改为至", spoken(moment(p["until"])) or Phrase("长期")))
    return [*lines, ("理由", p.get("reason", "") or "—")]


def _role_details(p: dict[str, Any]) -> list[tuple[str, str]]:
    now = registry.role(p["name"])
    before = dict(now.permissions) if now else {}
    wanted = p.get("permissions", before)

    def rights(names: list[str]) -> str:
        return listed([_right(n, wanted.get(n) or before.get(n, "")) for n in names])

    return [
        ("代号", p["name"]), ("名称", str(p.get("title", now.title if now else ""))),
        ("类别", Phrase(registry.DOMAIN_TITLES.get(p.get("domain", now.domain if now else "business"), ""))),
        ("增加或更改的权限", rights([n for n, s in wanted.items() if before.get(n) != s])),
        ("去掉的权限", rights([n for n in before if n not in wanted])),
    ]


def _role_change(p: dict[str, Any], by: Any) -> Any:
    return update_role(p["name"], by=by, **{k: v for k, v in p.items() if k != "name"})


def _role_create(p: dict[str, Any], by: Any) -> Any:
    return create_role(p["name"], p["title"], p["permissions"], domain=p.get("domain", "business"),
                       description=p.get("description", ""), by=by)


def _give_words(p: dict[str, Any]) -> str:
    said = {"role": role_title(p["role"]), "who": called(p)}
    if p.get("until"):
        return Phrase("把“%(role)s”授予%(who)s，至 %(until)s", until=spoken(moment(p["until"])), **said)
    return Phrase("把“%(role)s”授予%(who)s", **said)


def _change_words(p: dict[str, Any]) -> str:
    until = spoken(moment(p.get("until")))
    return Phrase("%(grant)s改为至 %(until)s", grant=_of(p), until=until or Phrase("长期"))


CHANGES = [
    GuardedChange(
        "grants.give", "授权", "grants", _give,
        _give_words, lambda p: f"{p['subject_kind']}:{p['subject_id']}:{p['role']}", _give_base, give_details,
        lambda p: set(members(*_subject(p), below=bool(p.get("below")))),
    ),
    GuardedChange(
        "grants.end", "收回授权", "grants", lambda p, by: revoke(int(p["grant"]), reason=p.get("reason", ""), by=by),
        lambda p: Phrase("收回%(grant)s", grant=_of(p)), lambda p: str(p["grant"]), _grant_now, _grant_details, _own_grant,
    ),
    GuardedChange(
        "grants.change", "更改授权期限", "grants", _prolong,
        _change_words, lambda p: str(p["grant"]), _grant_now, _grant_details, _grant_reaches,
    ),
    GuardedChange(
        "roles.create", "新建角色", "roles", _role_create, lambda p: Phrase("新建角色“%(title)s”", title=p["title"]),
        lambda p: p["name"], lambda p: _role_now(p["name"]), _role_details, ask="kernel.roles.manage",
    ),
    GuardedChange(
        "roles.change", "更改角色", "roles", _role_change, lambda p: Phrase("更改角色“%(title)s”", title=role_title(p["name"])),
        lambda p: p["name"], lambda p: _role_now(p["name"]), _role_details, ask="kernel.roles.manage",
    ),
    GuardedChange(
        "roles.delete", "删除角色", "roles", lambda p, by: delete_role(p["name"], by=by),
        lambda p: Phrase("删除角色“%(title)s”", title=role_title(p["name"])), lambda p: p["name"], lambda p: _role_now(p["name"]),
        ask="kernel.roles.manage",
    ),
]

__all__ = ["CHANGES", "begins", "called", "ends", "give_details", "moment", "phase", "role_title", "spoken"]
