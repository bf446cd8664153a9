"""撤销、废止、代替, and printing, on a document's page."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import web
from oa_kernel.errors import OAError

from .. import rights
from ..api_standing import print_response, read_date
from ..services import printing, queries, standing
from . import case
from .pages import pages, render


@pages.get("/documents/standing", permission=rights.REVOKE_CONFIRM)
def standing_waiting() -> Any:
    """What waits to be confirmed."""
    return render("standing.html", page=standing.waiting_page(web.person(), cursor=request.args.get("cursor")))


@pages.post("/documents/<int:id>/standing", permission=rights.REVOKE)
def standing_ask(id: int) -> Any:
    """提出撤销、废止."""
    person, form = web.person(), request.form
    document = queries.get_whole(person, id)
    try:
        standing.ask(document, person, change=form.get("change", ""), reason=form.get("reason", ""), on=read_date(form.get("on")),
                     replaced_by=form.get("replaced_by", ""))
    except OAError as error:
        return _again(error, id, "record")
    web.flash("已提出，等待另一人确认")
    return web.redirect(f"/documents/{id}?tab=record")


@pages.post("/documents/<int:id>/standing/<int:change>/<any(confirm, refuse):what>", permission=rights.REVOKE_CONFIRM)
def standing_decide(id: int, change: int, what: str) -> Any:
    """确认、不同意."""
    person = web.person()
    document = queries.get_whole(person, id)
    try:
        if what == "confirm":
            standing.confirm(standing.of(document, change).id, person)
            web.flash("已确认，收文单位会得到通知")
        else:
            standing.refuse(standing.of(document, change).id, person, request.form.get("answer", ""))
            web.flash("已答复：不同意")
    except OAError as error:
        return _again(error, id, "record")
    return web.redirect(f"/documents/{id}?tab=record")


@pages.post("/documents/<int:id>/standing/<int:change>/take-back", permission=rights.REVOKE)
def standing_take_back(id: int, change: int) -> Any:
    """收回."""
    person = web.person()
    standing.take_back(standing.of(queries.get_whole(person, id), change).id, person)
    web.flash("已收回")
    return web.redirect(f"/documents/{id}?tab=record")


@pages.post("/documents/<int:id>/prints", permission=rights.PRINT)
def print_copies(id: int) -> Any:
    """印制."""
    person, form = web.person(), request.form
    document = queries.get_whole(person, id)
    count = form.get("count", "")
    names = [line for line in form.get("print_for", "").splitlines() if line.strip()]
    try:
        made = printing.run(document, person, count=int(count) if count.isascii() and count.isdigit() and len(count) < 6 else 0,
                            recipients=names, watermark=form.get("watermark") == "1", purpose=form.get("purpose", ""))
    except OAError as error:
        return _again(error, id, "dispatch")
    web.flash(f"已取份号 {made.first:06d} 至 {made.first + made.count - 1:06d}")
    return web.redirect(f"/documents/{id}?tab=dispatch#doc-prints")


@pages.get("/documents/<int:id>/prints/<int:run>.pdf", permission=rights.PRINT)
def print_pages(id: int, run: int) -> Any:
    """The pages of a run, for the printer."""
    return print_response(id, run)


def _again(error: OAError, id: int, tab: str) -> Any:
    if error.status not in (403, 409, 422):
        raise error
    person = web.person()
    return case.page(person, queries.get_whole(person, id), tab=tab, errors=web.form_errors(error), status=error.status)
