"""Who does my work while I am away: standing delegations and absences, by oneself."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import request

from oa_kernel import clock, identity, workflow
from oa_kernel.errors import Invalid, OAError

from ..access import Pages
from ..door import person
from ..i18n import gettext as _
from ..rendering import flash, form_errors, redirect, render
from .choosing import named
from .todo import definition_titles

pages = Pages("stand_ins", __name__)


@pages.get("/profile/stand-ins", permission="kernel.tasks.own")
def index() -> Any:
    return _page({}, {})


def _page(values: Any, errors: dict[str, list[str]], status: int = 200) -> Any:
    rows, others = workflow.stand_ins(person()), workflow.stands_in_for(person())
    people = identity.by_ids([*(r.to_id for r in rows if r.to_id), *(r.person_id for r in others)])
    return render("oa/profile_stand_ins.html", status, tab="stand_ins", rows=rows, others=others, people=people, values=values,
                  errors=errors, titles=definition_titles(), today=clock.today(),
                  chosen=values.getlist("definitions") if values else [])


@pages.post("/profile/stand-ins", permission="kernel.tasks.own")
def add() -> Any:
    """``kind``: ``absence`` (away; the substitute may be left out) or ``delegation`` (handed on, limited to kinds)."""
    form = request.form
    try:
        to = named(form["to"], "to") if form.get("to", "").strip() else None
        since, until = _day(form.get("since"), "since"), _day(form.get("until"), "until")
        reason = form.get("reason", "").strip()[:500]
        if form.get("kind") == "absence":
            workflow.set_absent(person(), by=person(), since=since, until=until, to=to, reason=reason)
        else:
            if to is None:
                raise Invalid(_("请填写代办人"), errors={"to": [_("请填写代办人")]})
            chosen = [d for d in form.getlist("definitions") if d in definition_titles()]
            workflow.delegate_standing(person(), to, by=person(), since=since, until=until, definitions=chosen, reason=reason)
    except OAError as error:
        if error.status not in (409, 422):
            raise
        return _page(form, form_errors(error), error.status)
    flash(_("已保存：新的待办按这里的设置转给代办人"))
    return redirect("/profile/stand-ins")


@pages.post("/profile/stand-ins/<int:row_id>/end", permission="kernel.tasks.own")
def end(row_id: int) -> Any:
    workflow.end_stand_in(row_id, person())
    flash(_("已结束，新的待办又到您这里"))
    return redirect("/profile/stand-ins")


def _day(text: str | None, field: str) -> dt.date | None:
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Invalid(_("日期写作 2026-11-24"), errors={field: [_("日期写作 2026-11-24")]}) from None
