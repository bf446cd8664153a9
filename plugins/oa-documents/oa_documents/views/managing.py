"""What the office manages: numbers and series, the address book, seals."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import clock, numbering, web
from oa_kernel.errors import BadRequest, OAError

from .. import rights
from ..services import addressbook, numbers, seals
from .pages import filters, pages, render


@pages.get("/documents/numbers", permission=rights.NUMBER, endpoint="numbers")
def numbers_page() -> Any:
    """The register of numbers of one series and year: used, reserved, void."""
    return _numbers({}, 200)


def _numbers(errors: dict[str, list[str]], status: int) -> Any:
    given = filters("series", "year", "state")
    series = numbers.series_list(active_only=False)
    code = given["series"] or (series[0].code if series else numbers.default_code())
    year = _int(given["year"], clock.today().year)
    key = numbers.key(code, year)
    page = numbering.register(key, state=given["state"], cursor=request.args.get("cursor"))
    return render(
        "numbers.html", status, page=page, series=series, code=code, year=year, state=given["state"],
        following=numbers.text(code, year, numbering.next_number(key)), errors=errors, values=request.form,
        titles=numbers.titles([e.for_id for e in page.items if e.for_id]),
    )


@pages.post("/documents/numbers/<any(series, reserve, begin, toggle):what>", permission=rights.NUMBER)
def numbers_change(what: str) -> Any:
    """A new series, a number kept back, the first number of a year."""
    person, form = web.person(), request.form
    code = form.get("code", "").strip()
    year = _int(form.get("year"), clock.today().year)
    try:
        if what == "series":
            numbers.create_series(code, person, title=form.get("title", ""), mark=form.get("mark", ""),
                                  begin_at=_int(form.get("begin_at"), 1))
            web.flash(f"已新增机关代字 {code}")
        elif what == "reserve":
            made = numbers.reserve(code, year, person, seq=_int(form.get("seq"), 0), note=form.get("note", ""))
            web.flash(f"已预留 {made}")
        elif what == "begin":
            numbers.begin_at(code, year, _int(form.get("seq"), 0), person)
            web.flash(f"{year} 年{code}从 {form.get('seq')} 号开始")
        else:
            numbers.set_active(code, form.get("active") == "1", person)
            web.flash(f"已{'启用' if form.get('active') == '1' else '停用'} {code}")
    except OAError as error:
        if error.status not in (409, 422):
            raise
        return _numbers(web.form_errors(error), error.status)
    return web.redirect(f"/documents/numbers?series={code}&year={year}")


def _int(text: str | None, default: int) -> int:
    if not text:
        return default
    if not (text.strip().isascii() and text.strip().isdigit() and len(text.strip()) < 10):
        raise BadRequest(f"应为数字：{text}")
    return int(text)


@pages.get("/documents/organisations", permission=rights.ADDRESSES)
def organisations() -> Any:
    """外单位地址簿."""
    return _organisations({}, 200)


def _organisations(errors: dict[str, list[str]], status: int) -> Any:
    q = request.args.get("q", "").strip()
    edited = request.args.get("edit", "")
    chosen = addressbook.get(int(edited)) if edited.isascii() and edited.isdigit() else None
    return render("organisations.html", status, organisations=addressbook.organisations(q, active_only=False), q=q,
                  chosen=chosen, ranks=addressbook.RANKS, errors=errors, values=request.form)


@pages.post("/documents/organisations", permission=rights.ADDRESSES)
def organisations_save() -> Any:
    """Adds or changes one."""
    edited = request.args.get("edit", "")
    chosen = addressbook.get(int(edited)) if edited.isascii() and edited.isdigit() else None
    data: dict[str, Any] = {k: request.form.get(k, "") for k in ("name", "rank", "email", "phone", "address", "contact", "fax",
                                                                       "certificate")}
    data["active"] = request.form.get("active", "1") == "1"
    try:
        made = addressbook.save(data, web.person(), chosen)
    except OAError as error:
        if error.status != 422:
            raise
        return _organisations(web.form_errors(error), 422)
    web.flash(f"已保存 {made.name}")
    return web.redirect("/documents/organisations")


@pages.get("/documents/seals", permission=rights.SEAL, endpoint="seals")
def seals_page() -> Any:
    """The organisation's seals."""
    return _seals({}, 200)


def _seals(errors: dict[str, list[str]], status: int) -> Any:
    rows = [(seal, seals.describe(seal)) for seal in seals.all_seals()]
    return render("seals.html", status, seals=rows, errors=errors, values=request.form, issuer=seals.default_name())


@pages.post("/documents/seals", permission=rights.SEAL)
def seals_create() -> Any:
    """Makes a seal and takes it into use."""
    try:
        made = seals.create(web.person(), name=request.form.get("name", ""),
                            centre_text=request.form.get("centre_text", ""), code=request.form.get("code", ""),
                            joint=request.form.get("joint") == "1")
    except OAError as error:
        if error.status != 422:
            raise
        return _seals(web.form_errors(error), 422)
    web.flash(f"已制作并启用“{made.title}”")
    return web.redirect("/documents/seals")


@pages.post("/documents/seals/<int:id>/active", permission=rights.SEAL)
def seals_active(id: int) -> Any:
    """Takes a seal into use or out of it."""
    seal = seals.set_active(id, request.form.get("active") == "1", web.person())
    web.flash(f"已{'启用' if seal.active else '停用'}“{seal.title}”")
    return web.redirect("/documents/seals")


@pages.get("/documents/seals/<int:id>.png", permission=rights.SEAL)
def seal_picture(id: int) -> Any:
    """The seal's picture."""
    return web.send_bytes(seals.picture_png(seals.get(id)), "image/png", "seal.png", inline=True)
