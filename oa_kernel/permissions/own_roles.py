"""The organisation's own roles: made, changed, removed. Roles that come with plugins can be copied, not changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from oa_kernel import audit, clock, db
from oa_kernel.errors import Conflict, Invalid, NotFound
from oa_kernel.identity.models import Person
from oa_kernel.identity.shared import by_id, touch_everybody

from . import registry
from .grants import check_separation
from .models import Grant, RolePermission, StoredRole
from .registry import RoleInfo
from .scopes import not_over
from .second_person import guard

_NAME = re.compile(r"[a-z][a-z0-9_.-]{1,79}")


def create_role(
    name: str,
    title: str,
    permissions: Mapping[str, str],
    *,
    domain: str = "business",
    description: str = "",
    by: Person | int | None = None,
) -> RoleInfo:
    """A new role. ``permissions`` maps names to scopes, as in :class:`oa_kernel.contributions.Role`.

    :raises Invalid: for a name that is taken or wrong, unknown permissions and scopes, and permissions of another
        domain: an administrator's right is only in a role of that administrator.
    """
    guard("roles")
    with db.transaction():
        touch_everybody()
        errors = _check(title, permissions, domain)
        if not _NAME.fullmatch(name or ""):
            errors["name"] = ["代号用小写字母开头，只用小写字母、数字和 . _ -，2–80 个字符"]
        elif name in registry.roles():
            errors["name"] = [f"角色代号“{name}”已有"]
        if errors:
            raise Invalid("角色有误", errors=errors)
        row = StoredRole.create(
            name=name, title=title.strip(), description=description.strip(), domain=domain, created_at=clock.now()
        )
        _write(row, permissions)
        made = RoleInfo(name, row.title, dict(permissions), row.description, domain, id=row.id)
        audit.record("role.created", "role", row.id, title=row.title, after=_shown(made), by=by_id(by))
    return made


def update_role(name: str, *, by: Person | int | None = None, **changes: Any) -> RoleInfo:
    """Changes ``title``, ``description``, ``domain`` or ``permissions`` (all of them at once) of an own role."""
    if unknown := set(changes) - {"title", "description", "domain", "permissions"}:
        raise Invalid(f"角色没有这样的字段：{'、'.join(sorted(unknown))}")
    guard("roles")
    with db.transaction():
        touch_everybody()
        row = _own(name)
        before = registry.roles()[name]
        permissions = changes.get("permissions", dict(before.permissions))
        row.title = changes.get("title", row.title).strip()
        row.description = changes.get("description", row.description).strip()
        row.domain = changes.get("domain", row.domain)
        errors = _check(row.title, permissions, row.domain)
        if errors:
            raise Invalid("角色有误", errors=errors)
        row.save()
        if "permissions" in changes:
            RolePermission.delete().where(RolePermission.role == row.id).execute()
            _write(row, permissions)
        after = RoleInfo(name, row.title, dict(permissions), row.description, row.domain, id=row.id)
        audit.record(
            "role.changed", "role", row.id, title=row.title, before=_shown(before), after=_shown(after), by=by_id(by)
        )
        check_separation()
    return after


def delete_role(name: str, *, by: Person | int | None = None) -> None:
    """Removes an own role that nobody holds.

    :raises Conflict: while it is granted to somebody.
    """
    guard("roles")
    with db.transaction():
        touch_everybody()
        row = _own(name)
        open_ones = Grant.select().where(Grant.role == name, not_over()).count()
        if open_ones:
            raise Conflict(f"角色“{row.title}”还有 {open_ones} 条授权，请先收回", code="role_in_use")
        before = registry.roles()[name]
        Grant.update(ended_at=clock.now()).where(Grant.role == name, Grant.ended_at.is_null()).execute()
        row.delete_instance(recursive=True)
        audit.record("role.deleted", "role", row.id, title=row.title, before=_shown(before), by=by_id(by))


def _own(name: str) -> StoredRole:
    row = StoredRole.get_or_none(StoredRole.name == name)
    if row is not None:
        return row
    if name in registry.declared_roles():
        raise Conflict("系统和插件自带的角色不能修改，请复制为自己的角色", code="role_builtin")
    raise NotFound(f"没有角色“{name}”")


def _check(title: str, permissions: Mapping[str, str], domain: str) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if not (title or "").strip():
        errors["title"] = ["请填写角色名称"]
    if domain not in registry.DOMAINS:
        errors["domain"] = [f"类别只能是 {'、'.join(registry.DOMAINS)}"]
        return errors
    known = registry.registered()
    wrong = [r for name, scope in permissions.items() if (r := registry.unfit(known, domain, name, scope))]
    wrong += [
        f"{name}：这项权限不分数据范围，只能是 all"
        for name, scope in permissions.items() if name in known and not known[name].scoped and scope != "all"
    ]
    if wrong:
        errors["permissions"] = wrong
    return errors


def _write(row: StoredRole, permissions: Mapping[str, str]) -> None:
    rows = [{"role": row.id, "permission": name, "scope": scope} for name, scope in permissions.items()]
    if rows:
        RolePermission.insert_many(rows).execute()


def _shown(role: RoleInfo) -> dict[str, Any]:
    return {"name": role.name, "title": role.title, "description": role.description, "domain": role.domain,
            "permissions": dict(sorted(role.permissions.items()))}


__all__ = ["create_role", "delete_role", "update_role"]
