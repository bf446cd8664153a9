"""Why somebody may do something, or why not: every reason, in words that can be said in another language too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from oa_kernel import builtin, clock
from oa_kernel.config.schema import SECRECY_LEVELS
from oa_kernel.errors import Invalid
from oa_kernel.identity.models import Department
from oa_kernel.phrases import Phrase

from . import registry
from .checks import Facts, allows, covers, facts_of
from .grants import subject_titles
from .models import Grant
from .scopes import grants_about, memberships, reached, rights_of

_KINDS = {"post": "职务“%(name)s”", "department": "部门“%(name)s”"}


def explain(person: Any, name: str, obj: Any = None) -> list[dict[str, Any]]:
    """Reasons, the verdict first.

    :param obj: a thing as in :func:`allows`, or ``KIND:ID`` of a kind some plugin runs cases of.
    :raises Invalid: when the text names no such kind.

    Each is ``{"kind", "allowed", "text"}``, the text a :class:`~oa_kernel.phrases.Phrase`; those by a role also have
    ``role``, ``scope``, and those by a grant ``grant`` (id), ``through`` (kind and id of the subject), ``since`` and
    ``until``. Kinds: ``verdict``, ``everyone``, ``grant``, ``scope`` (does not cover the object), ``subject`` (what the
    plugin says of ``KIND:ID``), ``auditor`` (audit administrators have no other rights), ``not_begun``, ``ended``,
    ``clearance``, ``inactive``, ``token``, ``unknown``, ``no_grant``.
    """
    seen = None
    if isinstance(obj, str):
        seen, obj = _subject(person, obj), None
    verdict = allows(person, name, obj) and (seen is None or seen["allowed"])
    known = registry.registered().get(name)
    said = "%(who)s可以“%(title)s”（%(name)s）" if verdict else "%(who)s不可以“%(title)s”（%(name)s）"
    told = Phrase(said, who=person.name, title=Phrase(known.title) if known else name, name=name)
    reasons: list[dict[str, Any]] = [_reason("verdict", verdict, told)]
    if known is None:
        return [*reasons, _reason("unknown", False, Phrase("没有登记权限 %(name)s：请检查名称，以及插件是否启用", name=name))]
    rights = rights_of(person)
    if not rights.active:
        return [*reasons, _reason("inactive", False, Phrase("账户已停用，没有任何权限"))]
    limited = getattr(person, "token_scopes", None)
    if limited is not None and name not in limited:
        reasons.append(_reason("token", False, Phrase("所用的令牌不包括这项权限")))
    facts = facts_of(obj) if obj is not None else None
    by_roles = _by_roles(person, name, facts)
    if "audit" in rights.domains and not registry.auditors_may(name):
        for reason in by_roles:
            reason["allowed"] = False
        reasons.append(_reason(
            "auditor", False, Phrase("本人是审计管理员：只能查看审计和办理自己的账户，其他权限不起作用")))
    if seen is not None:
        reasons.append(seen)
    reasons += by_roles or [_reason("no_grant", False, Phrase("没有任何角色授予这项权限"))]
    if facts is not None and facts.secrecy > rights.clearance:
        reasons.append(_reason(
            "clearance", False, Phrase("对象为“%(level)s”，本人只能看到“%(own)s”及以下",
                                       level=_level(facts.secrecy), own=_level(rights.clearance))))
    return reasons


def _subject(person: Any, text: str) -> dict[str, Any]:
    kind, _, subject_id = text.partition(":")
    kinds = {s.kind: s for s in builtin.collect("oa_workflow_subjects")}
    if kind not in kinds or not subject_id:
        raise Invalid(f"对象写作 类别:编号，没有这样的类别：{text}。可用：{'、'.join(sorted(kinds)) or '（无）'}")
    subject = kinds[kind]
    seen = subject.visible is None or subject.visible(person, subject_id)
    said = "%(kind)s（%(subject)s）：在本人的可见范围内" if seen else "%(kind)s（%(subject)s）：不在本人的可见范围内"
    return _reason("subject", seen, Phrase(said, kind=Phrase(subject.title), subject=text))


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
            kind, words = "scope", Phrase("%(reason)s；对象不在这个范围内", reason=words)
        found.append({
            **_reason(kind, kind == "grant", words),
            "role": role.name, "scope": scope, "grant": grant.id,
            "through": {"kind": grant.subject_kind, "id": grant.subject_id},
            "since": grant.since.isoformat(), "until": grant.until.isoformat() if grant.until else None,
        })
    return found


def everyones(role: registry.RoleInfo, name: str) -> Phrase:
    """The words for a permission that comes by a role everybody has."""
    return Phrase("角色“%(role)s”人人都有，范围：%(scope)s", role=Phrase(role.title), scope=_scope(role, name))


def by_grant(
    role: registry.RoleInfo, name: str, grant: Grant, titles: Mapping[tuple[str, int], str], names: Mapping[int, str]
) -> tuple[str, Phrase]:
    """Kind and words for a permission that comes by a grant.

    :param titles: of ``subject_titles``; ``names``: of :func:`chosen_titles`.
    """
    kind, text = _state(grant, clock.today())
    to = Phrase("本人")
    if grant.subject_kind != "person":
        called = titles.get((grant.subject_kind, grant.subject_id), str(grant.subject_id))
        to = Phrase(_KINDS[grant.subject_kind], name=called)
    scope = _scope(role, name)
    if role.permissions[name] == "chosen":
        scope = Phrase("%(scope)s（%(names)s）", scope=scope, names="、".join(names[i] for i in grant.departments if i in names))
    return kind, Phrase("角色“%(role)s”授予%(to)s，%(time)s，范围：%(scope)s", role=Phrase(role.title), to=to, time=text, scope=scope)


def chosen_titles(grants: Iterable[Grant]) -> dict[int, str]:
    """What the departments are called that grants are limited to; no query where none is."""
    wanted = {i for grant in grants for i in grant.departments}
    if not wanted:
        return {}
    return dict(Department.select(Department.id, Department.name).where(Department.id.in_(wanted)).tuples())


def _state(grant: Grant, today: Any) -> tuple[str, Phrase]:
    if grant.ended_at is None and (text := _by_the_clock(grant)):
        return text
    if grant.ended_at is not None:
        return "ended", Phrase("已于 %(day)s 收回", day=clock.local(grant.ended_at).date())
    if grant.until is not None and grant.until <= today:
        return "ended", Phrase("已于 %(day)s 到期", day=grant.until)
    if grant.since > today:
        return "not_begun", Phrase("%(day)s 起才有效", day=grant.since)
    if grant.until:
        return "grant", Phrase("自 %(day)s 起，至 %(until)s（不含）", day=grant.since, until=grant.until)
    return "grant", Phrase("自 %(day)s 起，长期有效", day=grant.since)


def _by_the_clock(grant: Grant) -> tuple[str, Phrase] | None:
    """What the instants of a grant make of it; None where it has none that matter."""
    now = clock.now()
    if grant.until_at is not None and grant.until_at <= now:
        return "ended", Phrase("已于 %(day)s 到期", day=_minute(grant.until_at))
    if grant.since_at is not None and grant.since_at > now:
        return "not_begun", Phrase("%(day)s 起才有效", day=_minute(grant.since_at))
    if grant.until_at is not None:
        return "grant", Phrase("至 %(until)s", until=_minute(grant.until_at))
    return None


def _minute(at: dt.datetime) -> str:
    return f"{clock.local(at):%Y-%m-%d %H:%M}"


def _reaches(scope: str, person_id: int, facts: Facts, grant: Grant, through: list[Any]) -> bool:
    from .scopes import Scope, _below

    if scope == "department":
        ids = {m.department for m in through}
    elif scope == "department_tree":
        ids = set().union(*_below({m.path for m in through}).values()) if through else set()
    else:
        ids = set(grant.departments) if scope == "chosen" else set()
    return covers(Scope(scope == "all", frozenset(ids)), person_id, facts)


def _scope(role: registry.RoleInfo, name: str) -> Phrase:
    return Phrase(registry.SCOPE_TITLES[role.permissions[name]])


def _level(index: int) -> str:
    return Phrase(SECRECY_LEVELS[index]) if 0 <= index < len(SECRECY_LEVELS) else str(index)


def _reason(kind: str, allowed: bool, text: Phrase) -> dict[str, Any]:
    return {"kind": kind, "allowed": allowed, "text": text}


__all__ = ["by_grant", "chosen_titles", "everyones", "explain"]
