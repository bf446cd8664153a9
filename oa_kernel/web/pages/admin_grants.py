"""Grants, by the security administrator: who has which role, given and taken back, and why somebody may something."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import identity, permissions
from oa_kernel.errors import Invalid, OAError

from ..access import Pages
from ..door import person
from ..i18n import gettext as _
from ..rendering import flash, form_errors, redirect, render, with_query
from .admin_approvals import waits
from .moments import as_typed, moment

pages = Pages("admin_grants", __name__)

_RIGHT = "kernel.grants.manage"


@pages.get("/admin/grants", permission=_RIGHT)
def index() -> Any:
    """``role``, ``person`` (user name): only those; ``ended``: those that are over too."""
    roles = permissions.roles()
    role, username = request.args.get("role", ""), request.args.get("person", "").strip()[:80]
    role = role if role in roles else ""
    ended = request.args.get("ended") == "1"
    who = identity.by_username(username) if username else None
    errors = {"person": [_("没有用户名“%(u)s”", u=username)]} if username and who is None else {}
    page = None if errors else permissions.list_grants(
        role=role, subject=who, open_only=not ended, cursor=request.args.get("cursor"))
    rows = page.items if page else []
    base = {"role": role, "person": username, "ended": "1" if ended else ""}
    return render(
        "oa/admin/grants.html", 422 if errors else 200, grants=rows, titles=permissions.subject_titles(rows), roles=roles,
        role=role, ended=ended, givers=identity.by_ids(g.granted_by for g in rows if g.granted_by), username=username,
        who=who, errors=errors, begins=permissions.begins, ends=permissions.ends, phase=permissions.phase,
        next_url=with_query("/admin/grants", {**base, "cursor": page.next}) if page and page.next else "",
    )


@pages.get("/admin/grants/new", permission=_RIGHT)
def new() -> Any:
    return _form(request.args, {})


@pages.post("/admin/grants/new", permission=_RIGHT)
def create() -> Any:
    form = request.form
    try:
        kind, subject = _subject()
        since, until, reason = moment(form, "since"), moment(form, "until"), form.get("reason", "").strip()[:200]
        if not reason:
            raise Invalid(_("授权有误"), errors={"reason": [_("请填写理由")]})
        done = permissions.submit("grants.give", {
            "subject_kind": kind, "subject_id": subject, "role": form.get("role", ""), "below": form.get("below") == "1",
            "since": since.isoformat() if since else None, "until": until.isoformat() if until else None, "reason": reason,
            "scope_departments": [int(d) for d in form.getlist("scope_departments") if d.isdecimal()],
        }, by=person(), reason=reason)
    except OAError as error:
        return _form(form, form_errors(error), 422)
    if done.change is not None:
        return waits(done.change)
    flash(_("已授权：%(r)s", r=_(permissions.roles()[done.result.role].title)))
    return redirect("/admin/grants")


@pages.get("/admin/grants/<int:grant_id>", permission=_RIGHT)
def view(grant_id: int) -> Any:
    row = permissions.found(grant_id)
    return _one(row, as_typed(row.until_at or row.until, "until"), {})


@pages.post("/admin/grants/<int:grant_id>", permission=_RIGHT)
def change(grant_id: int) -> Any:
    """``until``, ``until_time``: the new end; both empty: none."""
    form, row = request.form, permissions.found(grant_id)
    try:
        until, reason = moment(form, "until"), form.get("reason", "").strip()[:200]
        if not reason:
            raise Invalid(_("授权有误"), errors={"reason": [_("请填写理由")]})
        done = permissions.submit(
            "grants.change", {"grant": row.id, "until": until.isoformat() if until else None, "reason": reason},
            by=person(), reason=reason)
    except OAError as error:
        return _one(row, form, form_errors(error), error.status)
    if done.change is not None:
        return waits(done.change)
    flash(_("已改为：%(t)s", t=permissions.ends(done.result) or _("长期")))
    return redirect(f"/admin/grants/{grant_id}")


def _one(row: Any, values: Any, errors: dict[str, list[str]], status: int = 200) -> Any:
    title = permissions.subject_titles([row]).get((row.subject_kind, row.subject_id), str(row.subject_id))
    role = permissions.roles().get(row.role)
    known = permissions.registered()
    return render(
        "oa/admin/grant_one.html", status, grant=row, title=title, role=role, values=values, errors=errors,
        phase=permissions.phase(row), begins=permissions.begins(row), ends=permissions.ends(row),
        giver=identity.get(row.granted_by) if row.granted_by else None,
        rights=[known[name].title for name in role.permissions if name in known] if role else [],
    )


@pages.post("/admin/grants/<int:grant_id>/revoke", permission=_RIGHT)
def revoke(grant_id: int) -> Any:
    return revoked(grant_id, request.form.get("reason", "")[:200]) or redirect("/admin/grants")


def revoked(grant_id: int, reason: str) -> Any:
    """Takes a grant back and says so on the next page; where that waits for a second person, the answer that leads there."""
    try:
        done = permissions.submit("grants.end", {"grant": grant_id, "reason": reason}, by=person(), reason=reason)
        if done.change is not None:
            return waits(done.change)
        flash(_("授权已收回，立即生效"))
    except OAError as error:
        flash(error.message, "error")
    return None


@pages.get("/admin/grants/explain", permission="kernel.permissions.explain")
def explain() -> Any:
    args = request.args
    username, name, thing = args.get("person", "").strip(), args.get("permission", ""), args.get("object", "").strip()
    errors: dict[str, list[str]] = {}
    reasons: list[dict[str, Any]] = []
    who = identity.by_username(username) if username else None
    if username and who is None:
        errors["person"] = [_("没有用户名“%(u)s”", u=username)]
    elif who is not None and name:
        try:
            reasons = permissions.explain(who, name, thing or None)
        except Invalid as error:
            errors["object"] = [error.message]
    known = sorted(permissions.registered().values(), key=lambda p: p.name)
    return render("oa/admin/explain.html", 422 if errors else 200, values=args, errors=errors, reasons=reasons, who=who,
                  permissions=[(p.name, f"{_(p.title)}（{p.name}）") for p in known])


def _subject() -> tuple[str, int]:
    form = request.form
    kind = form.get("kind", "person")
    given = form.get(kind, "").strip() if kind in ("person", "post", "department") else ""
    if kind == "person":
        found = identity.by_username(given)
        if found is None or not found.active:
            raise Invalid(_("授权有误"), errors={"person": [_("没有在用的用户名“%(u)s”", u=given)]})
        return kind, found.id
    if not given.isdecimal():
        raise Invalid(_("授权有误"), errors={kind if kind in ("post", "department") else "kind": [_("请选择授予对象")]})
    return kind, int(given)


def _form(values: Any, errors: dict[str, list[str]], status: int = 200) -> Any:
    chosen = values.getlist("scope_departments") if hasattr(values, "getlist") else []
    return render(
        "oa/admin/grant.html", status, values=values, errors=errors, chosen=chosen,
        roles=[r for r in permissions.roles().values() if not r.everyone], domains=permissions.DOMAIN_TITLES,
        departments=identity.department_tree(), posts=identity.all_posts(),
    )
