"""Handing over all open work of somebody who moves or leaves: looked at first, then done, then seen where it is."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import identity, permissions, workflow
from oa_kernel.errors import Invalid, OAError
from oa_kernel.workflow.open_work import KINDS

from ..access import Pages
from ..door import person
from ..i18n import gettext as _
from ..rendering import flash, form_errors, redirect, render, with_query
from .choosing import named
from .todo import definition_titles, work_url

pages = Pages("admin_handover", __name__)

PATH = "/admin/hand-over"
MANAGE = "kernel.workflow.manage"


@pages.get(PATH, permission=MANAGE)
def index() -> Any:
    return _page({}, {})


def _page(typed: Any, errors: dict[str, list[str]], status: int = 200) -> Any:
    """Whom (``from``), and where it is once it went (``to``); without either the form that asks for the first."""
    args = request.args
    who = identity.by_username(typed.get("from") or args.get("from", ""))
    to = identity.by_username(args.get("to", "")) if who is not None and not typed else None
    if who is None:
        if args.get("from") and not errors:
            who, errors = _by_name(args["from"])
        if who is None:
            return render("oa/admin/handover_choose.html", 404 if errors else status, errors=errors,
                          values={"from": args.get("from", "")})
    cursor = args.get("cursor")
    if to is not None:
        page = workflow.taken_over(who, to, by=person(), cursor=cursor)
    else:
        page = workflow.open_work(who, by=person(), cursor=cursor)
    counts = workflow.open_work_counts(who, by=person())
    base = {"from": who.username, "to": to.username if to is not None else ""}
    return render(
        "oa/admin/handover.html", status, who=who, to=to, counts=counts, kinds=KINDS, titles=definition_titles(),
        rows=[(t, work_url("", "", t.instance_id)) for t in page.items], values=typed, errors=errors,
        next_url=with_query(PATH, {**base, "cursor": page.next}) if page.next else "",
        may_open=permissions.allows(person(), MANAGE), path=PATH,
    )


def _by_name(text: str) -> tuple[Any, dict[str, list[str]]]:
    try:
        return named(text, "from", active=False), {}
    except Invalid as error:
        return None, form_errors(error)


@pages.post(PATH, permission=MANAGE)
def hand_over() -> Any:
    form = request.form
    who = identity.by_username(form.get("from", ""))
    if who is None:
        return _page({}, {"from": [_("没有这个人")]}, 404)
    try:
        to = named(form.get("to", ""), "to")
        moved = workflow.hand_over(who, to, by=person(), reason=form.get("comment", "").strip()[:2000],
                                   also_later=form.get("also_later") == "1")
    except OAError as error:
        if error.status not in (409, 422):
            raise
        return _page(form, form_errors(error), error.status)
    flash(_("已移交 %(n)s 件：从%(a)s到%(b)s", n=moved, a=who.name, b=to.name))
    return redirect(with_query(PATH, {"from": who.username, "to": to.username}))
