"""Changes of security that wait for a second person: seen, confirmed, refused, withdrawn."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import identity, permissions
from oa_kernel.errors import OAError

from ..access import Pages
from ..door import person
from ..i18n import gettext as _
from ..rendering import flash, redirect, render, with_query

pages = Pages("admin_approvals", __name__)

#: everybody sees what they asked for; what others asked for, only who may decide it
_RIGHT = "kernel.profile.own"


@pages.get("/admin/approvals", permission=_RIGHT)
def index() -> Any:
    state = request.args.get("state", "pending")
    state = state if state in permissions.STATE_TITLES or state == "" else "pending"
    page = permissions.list_changes(person(), state=state, cursor=request.args.get("cursor"))
    return render(
        "oa/admin/approvals.html", changes=page.items, state=state, states=permissions.STATE_TITLES,
        title_of=permissions.title_of,
        next_url=with_query("/admin/approvals", {"state": state, "cursor": page.next}) if page.next else "",
    )


@pages.get("/admin/approvals/<int:change_id>", permission=_RIGHT)
def view(change_id: int) -> Any:
    row = permissions.change(change_id, person())
    return _page(row)


@pages.post("/admin/approvals/<int:change_id>/confirm", permission=_RIGHT)
def confirm(change_id: int) -> Any:
    try:
        done = permissions.confirm(change_id, by=person(), comment=request.form.get("comment", ""))
    except OAError as error:
        return _told(change_id, error)
    flash(_("已确认并生效"))
    if isinstance(done.result, str) and done.change is not None:
        return _page(done.change, secret=done.result)
    return redirect(f"/admin/approvals/{change_id}")


@pages.post("/admin/approvals/<int:change_id>/refuse", permission=_RIGHT)
def refuse(change_id: int) -> Any:
    try:
        permissions.refuse(change_id, by=person(), comment=request.form.get("comment", ""))
    except OAError as error:
        return _told(change_id, error)
    flash(_("已退回，没有任何变更"))
    return redirect(f"/admin/approvals/{change_id}")


@pages.post("/admin/approvals/<int:change_id>/withdraw", permission=_RIGHT)
def withdraw(change_id: int) -> Any:
    try:
        permissions.withdraw(change_id, by=person())
        flash(_("已撤回"))
    except OAError as error:
        return _told(change_id, error)
    return redirect("/admin/approvals")


def waits(change: Any) -> Any:
    """Where a change goes that somebody else has to confirm."""
    flash(_("已提交复核（第 %(n)s 号）：须由另一位有权的人确认后才生效", n=change.id))
    return redirect(f"/admin/approvals/{change.id}")


def _told(change_id: int, error: OAError) -> Any:
    if error.status == 404:
        raise error
    reasons = [r for rs in error.errors.values() for r in rs] or [error.message]
    return _page(permissions.change(change_id, person()), error.status, problem=reasons[0])


def _page(row: Any, status: int = 200, *, problem: str = "", secret: str = "") -> Any:
    details = permissions.details(row) if row.state == "pending" else []
    return render(
        "oa/admin/approval.html", status, change=row, details=details, problem=problem, secret=secret,
        states=permissions.STATE_TITLES, decides=permissions.may_decide(row, person()),
        mine=row.asked_by == person().id, title=permissions.title_of(row),
        decider=identity.get(row.decided_by) if row.decided_by and row.decided_by != row.asked_by else None,
    )
