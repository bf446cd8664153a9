"""Why somebody may do something, or why not: every reason, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from oa_kernel import builtin, clock
from oa_kernel.config.schema import SECRECY_LEVELS
from oa_kernel.errors import Invalid
from oa_kernel.identity.models import Department

from . import registry
from .checks import Facts, allows, covers, facts_of
from .grants import subject_titles
from .models import Grant
from .scopes import grants_about, memberships, reached, rights_of

_KINDS = {"person": "本人", "post": "职务", "department": "部门"}


def explain(person: Any, name: str, obj: Any = None) -> list[dict[str, Any]]:
    """Reasons, the verdict first.

    :param obj: a thing as in :func:`allows`, or ``KIND:ID`` of a kind some plugin runs cases of.
    :raises Invalid: when the text names no such kind.

    Each is ``{"kind", "allowed", "text"}``; those by a role also have ``role``, ``scope``, and those by a grant
    ``grant`` (id), ``through`` (kind and id of the subject), ``since`` and ``until``. Kinds: ``verdict``,
    ``everyone``, ``grant``, ``scope`` (does not cover the object), ``subject`` (what the plugin says of
    ``KIND:ID``), ``auditor`` (audit administrators have no other rights), ``not_begun``,
    ``ended``, ``clearance``, ``inactive``, ``token``, ``unknown``, ``no_grant``.
    """
    seen = None
    if isinstance(obj, str):
        seen, obj = _subject(person, obj), None
    verdict = allows(person, name, obj) and (seen is None or seen["allowed"])
    known = registry.registered().get(name)
    title = known.title if known else name
    said = "可以" if verdict else "不可以"
    reasons: list[dict[str, Any]] = [_reason("verdict", verdict, f"{person.name}{said}“{title}”（{name}）")]
    if known is None:
        return [*reasons, _reason("unknown", False, f"没有登记权限 {name}：请检查名称，以及插件是否启用")]
    rights = rights_of(person)
    if not rights.active:
        return [*reasons, _reason("inactive", False, "账户已停用，没有任何权限")]
    limited = getattr(person, "token_scopes", None)
    if limited is not None and name not in limited:
        reasons.append(_reason("token", False, "所用的令牌不包括这项权限"))
    facts = facts_of(obj) if obj is not None else None
    by_roles = _by_roles(person, name, facts)
    if "audit" in rights.domains and not registry.auditors_may(name):
        for reason in by_roles:
            reason["allowed"] = False
        reasons.append(_reason("auditor", False, "本人是审计管理员：只能查看审计和办理自己的账户，其他权限不起作用"))
    if seen is not None:
        reasons.append(seen)
    reasons += by_roles or [_reason("no_grant", False, "没有任何角色授予这项权限")]
    if facts is not None and facts.secrecy > rights.clearance:
        reasons.append(_reason(
            "clearance", False,
            f"对象为“{_level(facts.secrecy)}”，本人只能看到“{_level(rights.clearance)}”及以下",
        ))
    return reasons


def _subject(person: Any, text: str) -> dict[str, Any]:
    kind, _, subject_id = text.partition(":")
    kinds = {s.kind: s for s in builtin.collect("oa_workflow_subjects")}
    if kind not in kinds or not subject_id:
        raise Invalid(f"对象写作 类别:编号，没有这样的类别：{text}。可用：{'、'.join(sorted(kinds)) or '（无）'}")
    subject = kinds[kind]
    seen = subject.visible is None or subject.visible(person, subject_id)
    return _reason("subject", seen, f"{subject.title}（{text}）：{'在' if seen else '不在'}本人的可见范围内")


def _by_roles(person: Any, name: str, facts: Facts | None) -> list[dict[str, Any]]:
    roles = {n: r for n, r in registry.roles().items() if name in r.permissions}
    belongs = memberships(person.id)
    found = []
    for role in roles.values():
        if role.everyone:
            found.append({**_reason("everyone", True, everyones(role, name)), "role": role.name, "scope": role.permissions[name]})
    if not roles:
        return found
    grants = list(grants_about(person.id, belongs).where(Grant.role.in_(list(roles))))
    titles, names = subject_titles(grants), chosen_titles(grants)
    for grant in grants:
        through = reached(grant, belongs)
        if through is None:
            continue
        role = roles[grant.role]
        kind, words = by_grant(role, name, grant, titles, names)
        scope = role.permissions[name]
        if kind == "grant" and facts is not None and not _reaches(scope, person.id, facts, grant, through):
            kind, words = "scope", words + "；对象不在这个范围内"
        found.append({
            **_reason(kind, kind == "grant", words),
            "role": role.name, "scope": scope, "grant": grant.id,
            "through": {"kind": grant.subject_kind, "id": grant.subject_id},
            "since": grant.since.isoformat(), "until": grant.until.isoformat() if grant.until else None,
        })
    return found


def everyones(role: registry.RoleInfo, name: str) -> str:
    """The words for a permission that comes by a role everybody has."""
    return f"角色“{role.title}”人人都有，范围：{_scope(role, name)}"


def by_grant(
    role: registry.RoleInfo, name: str, grant: Grant, titles: Mapping[tuple[str, int], str], names: Mapping[int, str]
) -> tuple[str, str]:
    """Kind and words for a permission that comes by a grant.

    :param titles: of ``subject_titles``; ``names``: of :func:`chosen_titles`.
    """
    kind, text = _state(grant, clock.today())
    way = _KINDS[grant.subject_kind]
    if grant.subject_kind != "person":
        way += f"“{titles.get((grant.subject_kind, grant.subject_id), str(grant.subject_id))}”"
    words = f"角色“{role.title}”授予{way}，{text}，范围：{_scope(role, name)}"
    if role.permissions[name] == "chosen":
        words += f"（{'、'.join(names[i] for i in grant.departments if i in names)}）"
    return kind, words


def chosen_titles(grants: Iterable[Grant]) -> dict[int, str]:
    """What the departments are called that grants are limited to; no query where none is."""
    wanted = {i for grant in grants for i in grant.departments}
    if not wanted:
        return {}
    return dict(Department.select(Department.id, Department.name).where(Department.id.in_(wanted)).tuples())


def _state(grant: Grant, today: Any) -> tuple[str, str]:
    if grant.ended_at is None and (text := _by_the_clock(grant)):
        return text
    if grant.ended_at is not None:
        return "ended", f"已于 {clock.local(grant.ended_at).date()} 收回"
    if grant.until is not None and grant.until <= today:
        return "ended", f"已于 {grant.until} 到期"
    if grant.since > today:
        return "not_begun", f"{grant.since} 起才有效"
    until = f"至 {grant.until}（不含）" if grant.until else "长期有效"
    return "grant", f"自 {grant.since} 起，{until}"


def _by_the_clock(grant: Grant) -> tuple[str, str] | None:
    """What the instants of a grant make of it; None where it has none that matter."""
    now = clock.now()
    if grant.until_at is not None and grant.until_at <= now:
        return "ended", f"已于 {clock.local(grant.until_at):%Y-%m-%d %H:%M} 到期"
    if grant.since_at is not None and grant.since_at > now:
        return "not_begun", f"{clock.local(grant.since_at):%Y-%m-%d %H:%M} 起才有效"
    if grant.until_at is not None:
        return "grant", f"至 {clock.local(grant.until_at):%Y-%m-%d %H:%M}"
    return None


def _reaches(scope: str, person_id: int, facts: Facts, grant: Grant, through: list[Any]) -> bool:
    from .scopes import Scope, _below

    if scope == "department":
        ids = {m.department for m in through}
    elif scope == "department_tree":
        ids = set().union(*_below({m.path for m in through}).values()) if through else set()
    else:
        ids = set(grant.departments) if scope == "chosen" else set()
    return covers(Scope(scope == "all", frozenset(ids)), person_id, facts)


def _scope(role: registry.RoleInfo, name: str) -> str:
    return registry.SCOPE_TITLES[role.permissions[name]]


def _level(index: int) -> str:
    return SECRECY_LEVELS[index] if 0 <= index < len(SECRECY_LEVELS) else str(index)


def _reason(kind: str, allowed: bool, text: str) -> dict[str, Any]:
    return {"kind": kind, "allowed": allowed, "text": text}


__all__ = ["by_grant", "chosen_titles", "everyones", "explain"]
