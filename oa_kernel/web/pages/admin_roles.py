"""Roles, by the security administrator: those that come along are read and copied, own ones made and changed."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import permissions
from oa_kernel.errors import Invalid, NotFound, OAError

from ..access import Pages
from ..door import person
from ..i18n import gettext as _
from ..rendering import flash, form_errors, redirect, render
from .admin_approvals import waits

pages = Pages("admin_roles", __name__)

_RIGHT = "kernel.roles.manage"


@pages.get("/admin/roles", permission=_RIGHT)
def index() -> Any:
    return render("oa/admin/roles.html", roles=list(permissions.roles().values()),
                  domains=permissions.DOMAIN_TITLES)


@pages.get("/admin/roles/new", permission=_RIGHT)
def new() -> Any:
    source = permissions.role(request.args.get("copy", ""))
    if source is None:
        return _form(None, {"domain": "business"}, {}, {})
    values = {"name": f"{source.name}.copy", "title": _("%(t)s（副本）", t=source.title), "domain": source.domain,
              "description": source.description}
    return _form(None, values, dict(source.permissions), {})


@pages.post("/admin/roles/new", permission=_RIGHT)
def create() -> Any:
    form = request.form
    try:
        done = permissions.submit("roles.create", {
            "name": form.get("name", "").strip(), "title": form.get("title", ""), "permissions": _sent(),
            "domain": form.get("domain", "business"), "description": form.get("description", ""),
        }, by=person())
    except Invalid as error:
        return _form(None, form, _sent(), form_errors(error), 422)
    if done.change is not None:
        return waits(done.change)
    flash(_("已建立角色“%(t)s”", t=done.result.title))
    return redirect(f"/admin/roles/{done.result.name}")


@pages.get("/admin/roles/<name>", permission=_RIGHT)
def edit(name: str) -> Any:
    role = _found(name)
    return _form(role, role, dict(role.permissions), {})


@pages.post("/admin/roles/<name>", permission=_RIGHT)
def save(name: str) -> Any:
    role, form = _found(name), request.form
    try:
        done = permissions.submit("roles.change", {
            "name": name, "title": form.get("title", ""), "description": form.get("description", ""),
            "domain": form.get("domain", role.domain), "permissions": _sent(),
        }, by=person())
    except OAError as error:
        return _form(role, form, _sent(), form_errors(error), 422)
    if done.change is not None:
        return waits(done.change)
    flash(_("已保存"))
    return redirect(f"/admin/roles/{name}")


@pages.post("/admin/roles/<name>/delete", permission=_RIGHT)
def delete(name: str) -> Any:
    role = _found(name)
    try:
        done = permissions.submit("roles.delete", {"name": name}, by=person())
    except OAError as error:
        flash(error.message, "error")
        return redirect(f"/admin/roles/{name}")
    if done.change is not None:
        return waits(done.change)
    flash(_("已删除角色“%(t)s”", t=role.title))
    return redirect("/admin/roles")


def _found(name: str) -> Any:
    found = permissions.role(name)
    if found is None:
        raise NotFound(_("没有这个角色"))
    return found


def _sent() -> dict[str, str]:
    return {n[5:]: v for n, v in request.form.items() if n.startswith("perm:") and v}


def _form(role: Any, values: Any, chosen: dict[str, str], errors: dict[str, list[str]], status: int = 200) -> Any:
    by_domain: dict[str, list[Any]] = {}
    for permission in sorted(permissions.registered().values(), key=lambda p: p.name):
        by_domain.setdefault(permission.domain, []).append(permission)
    return render(
        "oa/admin/role.html", status, role=role, values=values, chosen=chosen, errors=errors, by_domain=by_domain,
        domains=permissions.DOMAIN_TITLES, scopes=permissions.SCOPE_TITLES, own=role is None or not role.owner,
    )
