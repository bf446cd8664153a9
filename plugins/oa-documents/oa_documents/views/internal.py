"""Pages of internal reports (签报)."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import clock, identity, web, workflow
from oa_kernel.config import SECRECY_LEVELS
from oa_kernel.errors import Conflict, Invalid

from .. import kinds, rights, settings
from ..services import internal
from .pages import filters, pages, render

INTERNAL_WORDS = {
    "draft": ("草稿", "pencil", "secondary"), "reviewing": ("核签中", "progress", "blue"), "sent": ("待签收", "mailbox", "orange"),
    "signed_for": ("办理中", "progress", "blue"), "completed": ("已办结", "circle-check", "green"), "voided": ("已作废", "ban", "red"),
}


def _page(name: str, status: int = 200, **values: Any) -> Any:
    return render(name, status, internal_words=INTERNAL_WORDS, kind_words=internal.KIND_WORDS, **values)


@pages.get("/documents/internal", signed_in=True)
def internal_list() -> Any:
    """签报."""
    given = filters("box", "state", "q")
    page = internal.listing(web.person(), given, cursor=request.args.get("cursor"))
    return _page("internal_list.html", page=page, filters=given, now=clock.now())


@pages.get("/documents/internal/new", permission=rights.DRAFT)
def internal_new() -> Any:
    """拟签报."""
    return _form({"kind": "request", "to": request.args.get("to", "")})


def _form(values: Any, *, report: Any = None, errors: Any = None, status: int = 200) -> Any:
    levels = SECRECY_LEVELS[: SECRECY_LEVELS.index(settings.highest_secrecy()) + 1]
    return _page(
        "internal_form.html", status, values=values, report=report, errors=errors or {},
        departments=[d.name for d in identity.department_tree() if d.active and d.id != web.person().department_id],
        kind_options=[(k, web.gettext(w)) for k, w in internal.KIND_WORDS.items()],
        urgency_options=[(u, web.gettext(u) if u else web.gettext("平件")) for u in kinds.URGENCIES],
        level_options=[(w, web.gettext(w)) for w in levels])


def _values() -> dict[str, Any]:
    return {name: request.form.get(name, "") for name in internal.FIELDS}


@pages.post("/documents/internal/new", permission=rights.DRAFT)
def internal_create() -> Any:
    """Saves, and hands in where that was pressed."""
    person, values = web.person(), _values()
    try:
        made = internal.create(values, person)
    except Invalid as error:
        return _form(values, errors=web.form_errors(error), status=422)
    return _saved(made, person)


def _saved(report: Any, person: Any) -> Any:
    if request.form.get("do") == "submit":
        internal.submit(report, person)
        web.flash("已报出，由本部门负责人核签")
    else:
        web.flash("已保存")
    return web.redirect(f"/documents/internal/{report.id}")


@pages.get("/documents/internal/<int:id>", signed_in=True)
def internal_one(id: int) -> Any:
    """One 签报: what it says, who has it, everybody's opinion."""
    return _one(internal.get(web.person(), id))


def _one(report: Any, errors: Any = None, status: int = 200) -> Any:
    person = web.person()
    task = workflow.open_task(report.instance_id, person) if report.instance_id else None
    return _page(
        "internal_one.html", status, report=report, task=task, errors=errors or {},
        trail=workflow.trail(report.instance_id) if report.instance_id else [], own=report.drafter_id == person.id)


@pages.get("/documents/internal/<int:id>/edit", permission=rights.DRAFT)
def internal_edit(id: int) -> Any:
    """A draft, to be changed."""
    report = internal.get(web.person(), id)
    values = {name: getattr(report, name, "") for name in internal.FIELDS}
    return _form({**values, "to": report.to_department_name}, report=report)


@pages.post("/documents/internal/<int:id>/edit", permission=rights.DRAFT)
def internal_update(id: int) -> Any:
    """Saves, and hands in where that was pressed."""
    person, values = web.person(), _values()
    report = internal.get(person, id)
    version = request.form.get("version", "")
    try:
        report = internal.update(report, values, person, version=int(version) if version.isdigit() and len(version) < 10 else None)
    except (Invalid, Conflict) as error:
        return _form(values, report=report, errors=web.form_errors(error), status=error.status)
    return _saved(report, person)


@pages.post("/documents/internal/<int:id>/<any(submit, void):what>", permission=rights.DRAFT)
def internal_act(id: int, what: str) -> Any:
    """报出; 作废."""
    person = web.person()
    report = internal.get(person, id)
    try:
        if what == "submit":
            internal.submit(report, person)
            web.flash("已报出，由本部门负责人核签")
        else:
            internal.void(report, person, request.form.get("reason", ""))
            web.flash("已作废")
    except (Invalid, Conflict) as error:
        return _one(report, web.form_errors(error), error.status)
    return web.redirect(f"/documents/internal/{id}")
