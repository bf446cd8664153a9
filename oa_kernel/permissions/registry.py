"""Which permissions and roles there are: declared in code by the kernel and plugins, and the organisation's own."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from oa_kernel import builtin, runtime
from oa_kernel.contributions import Permission

from .models import RolePermission, StoredRole

log = logging.getLogger(__name__)

#: from narrow to wide; each but ``chosen`` includes what stands before it
SCOPES = ("own", "department", "department_tree", "chosen", "all")
DOMAINS = ("business", "system", "security", "audit")
#: domains of which nobody may hold two
APART = ("system", "security", "audit")

#: beside what belongs to the audit, an audit administrator has these: one's own affairs, and reading who there is.
#: Every other permission does nothing for them, by whatever way it comes: they must not be able to write.
AUDITORS_OWN = frozenset((
    "kernel.profile.own", "kernel.tokens.own", "kernel.notifications.own", "kernel.people.read", "kernel.search.use",
))

SCOPE_TITLES = {
    "own": "本人的",
    "department": "本部门的",
    "department_tree": "本部门及下级的",
    "chosen": "指定部门的",
    "all": "全部",
}
DOMAIN_TITLES = {"business": "业务", "system": "系统管理员", "security": "安全管理员", "audit": "审计管理员"}


@dataclass(frozen=True)
class RoleInfo:
    """A role, wherever it is from. ``owner`` is ``kernel``, a plugin's name, or empty for the organisation's own."""

    name: str
    title: str
    permissions: Mapping[str, str]
    description: str = ""
    domain: str = "business"
    everyone: bool = False
    owner: str = ""
    id: int | None = None


def registered() -> dict[str, Permission]:
    """All permissions there are, by name. No query."""
    return _declared()[0]


def declared_roles() -> dict[str, RoleInfo]:
    """Roles that come with kernel and plugins, by name. No query."""
    return _declared()[1]


def role(name: str) -> RoleInfo | None:
    """The role of this name, or None."""
    return declared_roles().get(name) or roles().get(name)


def roles() -> dict[str, RoleInfo]:
    """All roles by name: declared ones first, then the organisation's own. One query."""
    found = dict(declared_roles())
    known = registered()
    query = (
        StoredRole.select(StoredRole, RolePermission.permission, RolePermission.scope)
        .left_outer_join(RolePermission)
        .order_by(StoredRole.name, RolePermission.permission)
        .dicts()
    )
    stored: dict[str, tuple[dict, dict[str, str]]] = {}
    for row in query:
        _, held = stored.setdefault(row["name"], (row, {}))
        # a permission whose plugin is gone does nothing, and is there again when the plugin is
        if row["permission"] in known:
            held[row["permission"]] = row["scope"]
    for name, (first, held) in stored.items():
        if name not in found:
            found[name] = RoleInfo(name, first["title"], held, first["description"], first["domain"], id=first["id"])
    return found


def auditors_may(permission: str) -> bool:
    """Whether a permission counts for somebody who is an audit administrator."""
    known = registered().get(permission)
    return permission in AUDITORS_OWN or (known is not None and known.domain == "audit")


def _declared() -> tuple[dict[str, Permission], dict[str, RoleInfo]]:
    running = runtime.current()
    # a plugin can break after the start (migration): what it declared must go with it
    state = tuple(s.name for s in running.plugins.ok())
    cached = running.cache.get("permissions.declared")
    if cached is None or cached[0] != state:
        cached = running.cache["permissions.declared"] = (state, _read())
    return cached[1]


def _read() -> tuple[dict[str, Permission], dict[str, RoleInfo]]:
    known: dict[str, Permission] = {}
    for owner, permission in builtin.collect_with_owner("oa_permissions"):
        if permission.domain not in DOMAINS:
            log.error("%s: permission %s has an unknown domain %r; left out", owner, permission.name, permission.domain)
        elif permission.name in known:
            log.error("%s: permission %s is declared twice; the first counts", owner, permission.name)
        else:
            known[permission.name] = permission
    found: dict[str, RoleInfo] = {}
    for owner, role in builtin.collect_with_owner("oa_roles"):
        if role.name in found:
            log.error("%s: role %s is declared twice; the first counts", owner, role.name)
            continue
        held = {}
        for name, scope in role.permissions.items():
            if reason := unfit(known, role.domain, name, scope):
                log.error("%s: role %s: %s; left out", owner, role.name, reason)
            else:
                held[name] = scope
        everyone = role.everyone and role.domain == "business"
        if role.everyone and not everyone:
            log.error("%s: role %s: everybody cannot be an administrator; it must be granted", owner, role.name)
        found[role.name] = RoleInfo(role.name, role.title, held, role.description, role.domain, everyone, owner)
    return known, found


def unfit(known: Mapping[str, Permission], domain: str, permission: str, scope: str) -> str:
    """Why a role of this domain cannot have this permission in this scope; empty if it can."""
    if permission not in known:
        return f"没有这样的权限：{permission}"
    if scope not in SCOPES:
        return f"{permission}：数据范围只能是 {'、'.join(SCOPES)}"
    if known[permission].domain not in ("business", domain):
        return f"{permission} 只能属于{DOMAIN_TITLES[known[permission].domain]}的角色"
    return ""


__all__ = [
    "APART", "AUDITORS_OWN", "DOMAINS", "DOMAIN_TITLES", "SCOPES", "SCOPE_TITLES", "RoleInfo", "auditors_may",
    "declared_roles", "registered", "role", "roles", "unfit",
]
