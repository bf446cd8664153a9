"""申请权限: what one asks for, for a time, and what became of it."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import permissions
from oa_kernel.errors import OAError

from ..access import Pages
from ..door import person
from ..i18n import gettext as _
from ..rendering import flash, form_errors, redirect, render, with_query
from .moments import instant

pages = Pages("access_requests", __name__)

_RIGHT = "kernel.profile.own"
_HOME = "/access-requests"


@pages.get(_HOME, permission=_RIGHT)
def index() -> Any:
    """``permission``: only the roles that have it."""
    return _page(request.args, {})


@pages.post(_HOME, permission=_RIGHT)
def ask() -> Any:
    form = request.form
    try:
        permissions.ask_for(
            person(), form.get("role", ""), since=instant(form, "since"), until=instant(form, "until"),
            reason=form.get("reason", ""),
        )
    except OAError as error:
        if error.status not in (409, 422):
            raise
        return _page(form, form_errors(error), error.status)
    flash(_("已提交，批准后生效，结果会通知您"))
    return redirect(_HOME)


@pages.post(f"{_HOME}/<int:change_id>/withdraw", permission=_RIGHT)
def withdraw(change_id: int) -> Any:
    try:
        permissions.withdraw(change_id, by=person())
        flash(_("已撤回"))
    except OAError as error:
        if error.status != 409:
            raise
        flash(error.message, "error")
    return redirect(_HOME)


def _page(values: Any, errors: dict[str, list[str]], status: int = 200) -> Any:
    page = permissions.wishes_of(person(), limit=20, cursor=request.args.get("cursor"))
    known = permissions.registered()
    offered = permissions.roles_to_ask_for() if permissions.may_ask(person()) else ()
    roles = [(r, [known[name].title for name in r.permissions if name in known]) for r in offered]
    if (wanted := values.get("permission", "")) in known:
        roles = [(r, rights) for r, rights in roles if wanted in r.permissions] or roles
    return render(
        "oa/access_requests.html", status, values=values, errors=errors, roles=roles, all_roles=permissions.roles(),
        wishes=page.items, outcomes=permissions.outcomes(page.items), words=permissions.OUTCOME_TITLES,
        moment=permissions.moment, spoken=permissions.spoken, ends=permissions.ends,
        next_url=with_query(_HOME, {"cursor": page.next}) if page.next else "",
    )
