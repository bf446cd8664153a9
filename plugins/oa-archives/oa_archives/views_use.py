"""Pages of using records: borrowing, reading what was borrowed, open periods, statistics. Thin: parse, ask a service, show."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from flask import request

from oa_kernel import clock, web
from oa_kernel.errors import BadRequest, Conflict, Invalid, NotFound

from . import rights, settings
from .models import RETENTIONS
from .models_use import BORROWING_STATES, PURPOSES
from .package import ROLES
from .services import access as opening
from .services import borrowing as lending
from .services import reading, uses
from .tables import XLSX
from .views import pages

#: state → icon, colour
STATES = {"asked": ("hourglass", "yellow"), "lent": ("book", "green"), "returned": ("arrow-back-up", "secondary"),
          "ended": ("clock-pause", "secondary"), "refused": ("circle-x", "red"), "recalled": ("ban", "red")}


def _render(name: str, status: int = 200, **values: Any) -> Any:
    return web.render(f"oa_archives/{name}", status, retentions=RETENTIONS, purposes=PURPOSES, words=BORROWING_STATES, looks=STATES,
                      state_of=lending.state_of, was_lent=lending.was_lent, today=clock.today(), **values)


@pages.get("/archives/borrowings", permission=rights.BORROW)
def borrowings() -> Any:
    """My borrowings, and asking for another record."""
    return _mine({"number": request.args.get("number", "")})


def _mine(typed: Any, errors: Any = None, status: int = 200) -> Any:
    page = lending.mine(web.person(), cursor=request.args.get("cursor"))
    following = f"/archives/borrowings?{urlencode({'cursor': page.next})}" if page.next else ""
    return _render("borrowings.html", status, page=page, typed=typed, errors=errors or {}, next_url=following,
                   most=settings.get("borrow_days"))


@pages.post("/archives/borrowings", permission=rights.BORROW)
def borrow() -> Any:
    """申请借阅."""
    try:
        lending.ask(web.person(), request.form)
    except (Invalid, Conflict, NotFound) as error:
        found = web.form_errors(error) if isinstance(error, Invalid) else {"number": [error.message]}
        return _mine(request.form, found, 422 if isinstance(error, Invalid) else error.status)
    web.flash(web.gettext("已申请，等待审批"))
    return web.redirect("/archives/borrowings")


@pages.get("/archives/borrowings/<int:id>", permission=rights.BORROW)
def borrowing(id: int) -> Any:
    """One borrowing: its files while it is lent."""
    return _one(id)


def _one(id: int, errors: Any = None, status: int = 200) -> Any:
    person = web.person()
    row = lending.get(person, id)
    own = row.person_id == person.id
    readable = own and lending.state_of(row) == "lent"
    return _render("borrowing.html", status, row=row, own=own, readable=readable, errors=errors or {}, typed=request.form, roles=ROLES,
                   parts=reading.parts(lending.current(person, id)[1]) if readable else [], most=settings.get("borrow_days"))


@pages.post("/archives/borrowings/<int:id>/<any(return, renew):what>", permission=rights.BORROW)
def move_borrowing(id: int, what: str) -> Any:
    """Gives it back, calls it back, or asks for more days."""
    try:
        if what == "return":
            lending.give_back(web.person(), id, request.form.get("reason", ""))
            web.flash(web.gettext("借阅已结束"))
        else:
            lending.renew(web.person(), id, request.form.get("days"), request.form.get("reason", ""))
            web.flash(web.gettext("已申请续借，等待审批"))
    except (Invalid, Conflict) as error:
        return _one(id, web.form_errors(error), error.status)
    return web.redirect(f"/archives/borrowings/{id}")


@pages.get("/archives/borrowings/<int:id>/read/<int:position>", permission=rights.BORROW)
def read(id: int, position: int) -> Any:
    """A borrowed file, page by page, each with the watermark."""
    person = web.person()
    row, found, part, count = reading.page_count(person, id, position)
    text = request.args.get("page", "1")
    page = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1
    if not 1 <= page <= count:
        raise NotFound(web.gettext("没有这一页"))
    return _render("read.html", row=row, item=found, part=part, page=page, count=count, mark=reading.mark_of(person, row))


@pages.get("/archives/borrowings/<int:id>/pages/<int:position>/<int:page>", permission=rights.BORROW)
def borrowed_page(id: int, position: int, page: int) -> Any:
    """The picture of a page."""
    answer = web.send_bytes(reading.page_image(web.person(), id, position, page), "image/png", f"{page}.png", inline=True)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@pages.get("/archives/borrowings/<int:id>/files/<int:position>", permission=rights.BORROW)
def borrowed_file(id: int, position: int) -> Any:
    """The file to take along, where that was granted."""
    data, mime, name = reading.download(web.person(), id, position)
    return web.send_bytes(data, mime, name)


@pages.get("/archives/borrowings/register", permission=rights.LEND)
def register() -> Any:
    """借阅登记簿."""
    given = {name: value for name in ("state", "q") if (value := request.args.get(name, "").strip())}
    page = lending.register(web.person(), given, cursor=request.args.get("cursor"))
    following = f"/archives/borrowings/register?{urlencode({**given, 'cursor': page.next})}" if page.next else ""
    return _render("register.html", page=page, given=given, next_url=following)


@pages.get("/archives/access", permission=rights.OPEN)
def access() -> Any:
    """Closed records that are old enough to be opened."""
    return _access()


def _access(errors: Any = None, status: int = 200) -> Any:
    page = opening.due(web.person(), cursor=request.args.get("cursor"))
    following = f"/archives/access?{urlencode({'cursor': page.next})}" if page.next else ""
    return _render("access.html", status, page=page, next_url=following, errors=errors or {}, typed=request.form, years=opening.AFTER)


@pages.post("/archives/access", permission=rights.OPEN)
def decide_access() -> Any:
    """划控 of what was ticked, or of one record from its page."""
    form, chosen = request.form, request.form.getlist("id")
    back = f"/archives/{int(chosen[0])}" if form.get("back") and len(chosen) == 1 and chosen[0].isdigit() else "/archives/access"
    closed = form.get("access") == "closed"
    try:
        if not closed and not form.get("open_from"):
            raise Invalid("请填写开放日期", errors={"open_from": ["请填写从哪一天起开放"]})
        number = opening.decide(web.person(), chosen, open_from=None if closed else form.get("open_from"),
                                reason=form.get("reason", ""))
    except (Invalid, Conflict) as error:
        if back != "/archives/access":
            web.flash(error.message, "error")
            return web.redirect(back)
        return _access(web.form_errors(error), error.status)
    web.flash(web.gettext("已划控 %(n)s 件", n=number))
    return web.redirect(back)


@pages.get("/archives/statistics", permission=rights.LEND)
def statistics() -> Any:
    """利用统计."""
    first, last = request.args.get("first", ""), request.args.get("last", "")
    errors, status = {}, 200
    try:
        found = uses.statistics(web.person(), first, last)
    except BadRequest as error:  # said above the form, over the figures of this year
        errors, status, found = web.form_errors(error), 400, uses.statistics(web.person(), "", "")
    charts = {"departments": _chart(found["departments"][:24]), "months": _chart(found["months"][-24:])}
    return _render("statistics.html", status, found=found, charts=charts, errors=errors, first=first or found["first"],
                   last=last or found["last"])


def _chart(pairs: Any) -> str:
    """What a chart draws, as JSON for the page's script."""
    series = [{"name": web.gettext("利用"), "values": [count for _, count in pairs]}]
    return json.dumps({"labels": [str(name) for name, _ in pairs], "unit": web.gettext("次"), "series": series}, ensure_ascii=False)


@pages.get("/archives/statistics.xlsx", permission=rights.LEND)
def statistics_xlsx() -> Any:
    """The statistics to work on."""
    data = uses.spreadsheet(web.person(), request.args.get("first", ""), request.args.get("last", ""))
    return web.send_bytes(data, XLSX, "档案利用统计.xlsx")
