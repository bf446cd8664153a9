"""Pages of supervision, thin: parse, ask a service, show."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import request

from oa_kernel import clock, identity, web
from oa_kernel.errors import BadRequest, Conflict, Invalid

from . import rights
from .services import items, lights, lists, reports, sources, urging

pages = web.Pages("supervision", __name__)


def _render(name: str, status: int = 200, **values: Any) -> Any:
    return web.render(f"oa_supervision/{name}", status, words=lights.WORDS, light_of=lights.light, today=clock.today(), **values)


@pages.get("/supervision", signed_in=True)
def board() -> Any:
    """红黄绿 board."""
    person = web.person()
    given = {name: value for name in ("light", "department", "q") if (value := request.args.get(name, "").strip())}
    page = lists.board(person, given, cursor=request.args.get("cursor"))
    following = f"/supervision?{urlencode({**given, 'cursor': page.next})}" if page.next else ""
    return _render("board.html", page=page, given=given, counts=lists.counts(person), next_url=following)


@pages.get("/supervision/new", permission=rights.MANAGE)
def new() -> Any:
    """立项."""
    return _new(request.args)


def _new(values: Any, errors: Any = None, status: int = 200) -> Any:
    source = sources.of(web.person(), values.get("source_kind", ""), values.get("source_id", ""))
    return _render("new.html", status, values=values, errors=errors or {}, source=source,
                   departments=[d.name for d in identity.department_tree() if d.active])


@pages.post("/supervision/new", permission=rights.MANAGE)
def create() -> Any:
    """立项."""
    form = request.form
    data = {
        **{name: form.get(name, "") for name in ("title", "requirement", "due_on", "department", "person", "urgency")},
        "assisting": _names(form.get("assisting", "")), "stages": _stages(form.get("stages", "")),
        "source": sources.of(web.person(), form.get("source_kind", ""), form.get("source_id", "")),
    }
    try:
        item = items.create(data, web.person())
    except Invalid as error:
        return _new(form, web.form_errors(error), 422)
    web.flash(web.gettext("已立项"))
    return web.redirect(items.url(item))


def _names(text: str) -> list[str]:
    return [n.strip() for n in text.replace("，", "、").split("、") if n.strip()]


def _stages(text: str) -> list[dict[str, str]]:
    """One a line, the day after a blank at its end: ``完成初稿 2026-12-01``."""
    found = []
    for line in text.splitlines():
        title, _, day = line.strip().rpartition(" ")
        if title and len(day) == 10 and day[4] == day[7] == "-":
            found.append({"title": title.strip(), "due_on": day})
        elif line.strip():
            found.append({"title": line.strip(), "due_on": ""})
    return found


@pages.get("/supervision/<int:id>", signed_in=True)
def item(id: int) -> Any:
    """One item."""
    return _page(lists.get(web.person(), id))


def _page(found: Any, errors: Any = None, status: int = 200) -> Any:
    person = web.person()
    return _render("item.html", status, item=found, errors=errors or {}, typed=request.form,
                   may_feed_back=items.may_feed_back(person, found),
                   extension=items.extension_of(found), **lists.details(found))


@pages.post("/supervision/<int:id>/<any(feedback, extension, urge, close, cancel, stage):what>", signed_in=True)
def act(id: int, what: str) -> Any:
    """What is done with it."""
    person, form = web.person(), request.form
    found = lists.get(person, id)
    try:
        if what == "feedback":
            items.feed_back(found, {**form, "finished": form.get("finished") == "1"}, person)
            web.flash(web.gettext("已反馈"))
        elif what == "extension":
            items.ask_for_extension(found, form.get("due_on"), form.get("reason", ""), person)
            web.flash(web.gettext("已申请延期，等待审批"))
        elif what == "urge":
            told = urging.urge(found, person, form.get("comment", ""))
            web.flash(web.gettext("已催办 %(n)s 人", n=told))
        elif what == "stage":
            position = form.get("position", "")
            items.finish_stage(found, int(position) if position.isascii() and position.isdigit() and len(position) < 4 else 0, person)
            web.flash(web.gettext("阶段已完成"))
        else:
            items.close(found, person, form.get("note", ""), cancel=what == "cancel")
            web.flash(web.gettext("已撤销") if what == "cancel" else web.gettext("已销号"))
    except (Invalid, Conflict) as error:
        return _page(found, web.form_errors(error), error.status)
    return web.redirect(items.url(found))


@pages.get("/supervision/reports", permission=rights.MANAGE)
def report() -> Any:
    """督办月报."""
    month = request.args.get("month") or clock.today().strftime("%Y-%m")
    errors, status = {}, 200
    try:
        found = reports.figures(web.person(), month)
    except BadRequest as error:  # said above the form, over the figures of this month
        errors, status, month = web.form_errors(error), 400, clock.today().strftime("%Y-%m")
        found = reports.figures(web.person(), month)
    return _render("report.html", status, found=found, headers=reports.HEADERS, month=month, errors=errors)


@pages.get("/supervision/reports/<string:month>/pdf", permission=rights.MANAGE)
def report_pdf(month: str) -> Any:
    """The report to print."""
    return web.send_bytes(reports.pdf(web.person(), month), "application/pdf", f"督办月报 {month}.pdf", inline=True)


@pages.get("/supervision/reports/<string:month>/xlsx", permission=rights.MANAGE)
def report_xlsx(month: str) -> Any:
    """The report to work on."""
    mime = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return web.send_bytes(reports.spreadsheet(web.person(), month), mime, f"督办月报 {month}.xlsx")
