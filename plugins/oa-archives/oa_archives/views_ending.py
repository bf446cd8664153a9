"""Pages of ending records: appraisal, destruction, transfer. Thin: parse, ask a service, show."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import request

from oa_kernel import web
from oa_kernel.errors import Conflict, Forbidden, Invalid

from . import rights, settings
from .models import RETENTIONS
from .models_use import APPRAISAL_STATES, OPINIONS, TRANSFER_STATES
from .services import appraisal as appraising
from .services import appraisal_case, destruction, transfer_checks, transfer_files
from .services import transfer as handing_over
from .tables import XLSX
from .views import pages

#: state → icon, colour
_LOOKS = {"draft": ("pencil", "secondary"), "deciding": ("hourglass", "yellow"), "approved": ("circle-check", "orange"),
          "refused": ("circle-x", "red"), "done": ("checks", "green"), "dropped": ("ban", "secondary"),
          "checked": ("circle-check", "blue"), "transferred": ("checks", "green")}


def _render(name: str, status: int = 200, **values: Any) -> Any:
    return web.render(f"oa_archives/{name}", status, retentions=RETENTIONS, looks=_LOOKS, opinions=OPINIONS, **values)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


@pages.get("/archives/appraisals", permission=rights.APPRAISE)
def appraisals() -> Any:
    """Records whose term has run out, and the lists there are."""
    return _appraisals()


@pages.get("/archives/appraisals/decide", permission=rights.DECIDE)
def appraisals_to_decide() -> Any:
    """The lists, for who decides."""
    return _lists()


@pages.get("/archives/appraisals/witness", permission=rights.WITNESS)
def appraisals_to_witness() -> Any:
    """The lists, for who is present."""
    return _lists()


def _lists() -> Any:
    page = appraising.lists(web.person(), cursor=request.args.get("cursor"))
    return _render("appraisals.html", page=page, due=None, errors={}, typed={}, words=APPRAISAL_STATES,
                   next_url=f"{request.path}?{urlencode({'cursor': page.next})}" if page.next else "")


def _appraisals(errors: Any = None, status: int = 200) -> Any:
    person = web.person()
    due = appraising.due(person, cursor=request.args.get("due"))
    page = appraising.lists(person, cursor=request.args.get("cursor"), limit=20)
    return _render("appraisals.html", status, page=page, due=due, errors=errors or {}, typed=request.form, words=APPRAISAL_STATES,
                   next_url=f"/archives/appraisals?{urlencode({'cursor': page.next})}" if page.next else "",
                   due_url=f"/archives/appraisals?{urlencode({'due': due.next})}" if due.next else "")


@pages.post("/archives/appraisals", permission=rights.APPRAISE)
def create_appraisal() -> Any:
    """A list of what was ticked, or of everything that is due."""
    form = request.form
    try:
        row = appraising.create(web.person(), form.get("title", ""), form.getlist("id"), everything=form.get("all") == "1")
    except (Invalid, Conflict) as error:
        return _appraisals(web.form_errors(error), error.status)
    return web.redirect(appraising.url(row.id))


@pages.get("/archives/appraisals/<int:id>", signed_in=True)
def appraisal(id: int) -> Any:
    """One list."""
    return _appraisal(id)


def _appraisal(id: int, errors: Any = None, status: int = 200) -> Any:
    person = web.person()
    row = appraising.get(person, id)
    page = appraising.entries(person, row, cursor=request.args.get("cursor"))
    present = destruction.present_at(row)
    return _render("appraisal.html", status, row=row, page=page, errors=errors or {}, words=APPRAISAL_STATES, present=present,
                   witnessed=any(one["id"] == person.id for one in present), needed=destruction.WITNESSES,
                   next_url=f"{appraising.url(id)}?{urlencode({'cursor': page.next})}" if page.next else "")


@pages.post("/archives/appraisals/<int:id>/opinions", permission=rights.APPRAISE)
def write_opinions(id: int) -> Any:
    """The opinions of a page of the list."""
    form = request.form
    given = [{"entry": entry, "opinion": form.get(f"opinion-{entry}"), "keep_until": form.get(f"until-{entry}"),
              "reason": form.get(f"reason-{entry}", "")} for entry in form.getlist("entry")[:200]]
    try:
        appraising.judge(web.person(), id, _number(form.get("version")), given)
    except (Invalid, Conflict) as error:
        return _appraisal(id, web.form_errors(error), error.status)
    web.flash(web.gettext("意见已保存"))
    return web.redirect(appraising.url(id))


@pages.post("/archives/appraisals/<int:id>/<any(submit, drop, destroy):what>", permission=rights.APPRAISE)
def move_appraisal(id: int, what: str) -> Any:
    """Sends the list to be decided, gives it up, or carries it out."""
    person, form = web.person(), request.form
    try:
        if what == "destroy":
            done = destruction.destroy(person, id, form.get("number", ""))
            web.flash(web.gettext("已销毁 %(n)s 件，%(f)s 个文件的内容连同密钥已清除", n=done["destroyed"], f=done["files"]))
        elif what == "submit":
            appraisal_case.submit(person, id, _number(form.get("version")))
            web.flash(web.gettext("已送审"))
        else:
            appraising.drop(person, id, _number(form.get("version")))
            web.flash(web.gettext("清册已撤销"))
    except (Invalid, Conflict, Forbidden) as error:
        return _appraisal(id, web.form_errors(error), error.status)
    return web.redirect(appraising.url(id))


@pages.post("/archives/appraisals/<int:id>/witness", permission=rights.WITNESS)
def witness(id: int) -> Any:
    """监销."""
    try:
        destruction.witness(web.person(), id)
    except (Conflict, Forbidden) as error:
        return _appraisal(id, web.form_errors(error), error.status)
    web.flash(web.gettext("已确认到场"))
    return web.redirect(appraising.url(id))


@pages.get("/archives/transfers", permission=rights.TRANSFER)
def transfers() -> Any:
    """Transfers, and a new one."""
    return _transfers()


def _transfers(errors: Any = None, status: int = 200) -> Any:
    page = handing_over.lists(web.person(), cursor=request.args.get("cursor"))
    return _render("transfers.html", status, page=page, errors=errors or {}, typed=request.form, words=TRANSFER_STATES,
                   archive=settings.get("archive"), taken=handing_over.TAKEN,
                   next_url=f"/archives/transfers?{urlencode({'cursor': page.next})}" if page.next else "")


@pages.post("/archives/transfers", permission=rights.TRANSFER)
def create_transfer() -> Any:
    """A list of the records of some years."""
    form = request.form
    try:
        row = handing_over.create(web.person(), {**form.to_dict(), "retentions": form.getlist("retentions")})
    except (Invalid, Conflict) as error:
        return _transfers(web.form_errors(error), error.status)
    return web.redirect(handing_over.url(row.id))


@pages.get("/archives/transfers/<int:id>", permission=rights.TRANSFER)
def transfer(id: int) -> Any:
    """One transfer."""
    return _transfer(id)


def _transfer(id: int, errors: Any = None, status: int = 200) -> Any:
    person = web.person()
    row = handing_over.get(person, id)
    page = handing_over.entries(person, row, cursor=request.args.get("cursor"))
    return _render("transfer.html", status, row=row, page=page, errors=errors or {}, typed=request.form, words=TRANSFER_STATES,
                   checks=handing_over.standing(row), kinds=handing_over.retentions_of(row),
                   next_url=f"{handing_over.url(id)}?{urlencode({'cursor': page.next})}" if page.next else "")


@pages.post("/archives/transfers/<int:id>/<any(checks, receipt, drop):what>", permission=rights.TRANSFER)
def move_transfer(id: int, what: str) -> Any:
    """Checks, registers the receipt, or gives it up."""
    person, form = web.person(), request.form
    try:
        if what == "checks":
            transfer_checks.start(person, id, again=form.get("again") == "1")
            web.flash(web.gettext("已开始检测，在后台进行"))
        elif what == "receipt":
            handing_over.receive(person, id, form)
            web.flash(web.gettext("已登记回执，档案已移交"))
        else:
            handing_over.drop(person, id)
            web.flash(web.gettext("移交已撤销"))
    except (Invalid, Conflict) as error:
        return _transfer(id, web.form_errors(error), error.status)
    return web.redirect(handing_over.url(id))


@pages.get("/archives/transfers/<int:id>/package", permission=rights.TRANSFER)
def transfer_package(id: int) -> Any:
    """Everything in one package."""
    person = web.person()
    return transfer_files.response(person, handing_over.get(person, id))


@pages.get("/archives/transfers/<int:id>/xlsx", permission=rights.TRANSFER)
def transfer_xlsx(id: int) -> Any:
    """移交清单 to work on."""
    person = web.person()
    row = handing_over.get(person, id)
    return web.send_bytes(transfer_files.spreadsheet(person, row), XLSX, f"{row.number} 移交清单.xlsx")


@pages.get("/archives/transfers/<int:id>/pdf", permission=rights.TRANSFER)
def transfer_pdf(id: int) -> Any:
    """移交清单 to print."""
    person = web.person()
    row = handing_over.get(person, id)
    return web.send_bytes(transfer_files.pdf(person, row), "application/pdf", f"{row.number} 移交清单.pdf", inline=True)
