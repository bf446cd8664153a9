"""Pages of keeping and handing on: packages of a year, catalogue and boxes, the stamp, repair. Thin: parse, ask a service, show."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import request

from oa_kernel import clock, web
from oa_kernel.errors import Conflict, Invalid, NotFound

from . import places, rights, settings
from .models import RETENTIONS
from .models_keeping import HANDOVER_STATES
from .package import FORMS
from .services import boxes as boxing
from .services import catalogues, handovers, queries, stamping
from .services import repair as repairing
from .tables import XLSX
from .views import pages

#: state of a handover → icon, colour
_LOOKS = {"waiting": ("clock", "secondary"), "running": ("refresh", "blue"), "done": ("circle-check", "green"),
          "failed": ("circle-x", "red")}


def _render(name: str, status: int = 200, **values: Any) -> Any:
    return web.render(f"oa_archives/{name}", status, retentions=RETENTIONS, **values)


@pages.get("/archives/handovers", permission=rights.EXPORT)
def handover_list() -> Any:
    """Packages of a year that were asked for."""
    return _handovers()


def _handovers(errors: Any = None, typed: Any = None, status: int = 200) -> Any:
    person = web.person()
    page = handovers.listing(person, cursor=request.args.get("cursor"))
    following = f"/archives/handovers?{urlencode({'cursor': page.next})}" if page.next else ""
    return _render("handovers.html", status, page=page, next_url=following, words=HANDOVER_STATES, looks=_LOOKS, errors=errors or {},
                   typed=typed or {},
                   years=[(str(y), str(y)) for y in queries.years(person)], places=[(n, n) for n in places.names()],
                   forms=[(name, web.gettext(word)) for name, word in FORMS.items()], form=settings.get("package_form"),
                   form_words=FORMS, busy=any(row.state in ("waiting", "running") for row in page.items))


@pages.post("/archives/handovers", permission=rights.EXPORT)
def handover_start() -> Any:
    """Asks for one; it is made in the background."""
    try:
        row = handovers.start(web.person(), request.form.get("year", ""), request.form.get("place", ""),
                              request.form.get("form", ""))
    except (Invalid, NotFound, Conflict) as error:
        return _handovers(web.form_errors(error) if isinstance(error, Invalid) else {"place": [error.message]}, request.form, 422)
    web.flash(web.gettext("已开始导出 %(year)s 年度，在后台进行", year=row.year))
    return web.redirect("/archives/handovers")


@pages.post("/archives/handovers/<int:id>/again", permission=rights.EXPORT)
def handover_again(id: int) -> Any:
    """Takes one up again."""
    handovers.again(web.person(), id)
    web.flash(web.gettext("接着导出"))
    return web.redirect("/archives/handovers")


@pages.get("/archives/boxes", permission=rights.FILE)
def boxes() -> Any:
    """Catalogue and boxes of a year."""
    return _boxes()


def _boxes(errors: Any = None, status: int = 200) -> Any:
    person = web.person()
    years = queries.years(person)
    year = request.values.get("year") or str(years[0] if years else clock.today().year)
    try:
        page = boxing.listing(person, year, cursor=request.args.get("cursor"))
    except Invalid as error:
        year, errors, status = str(clock.today().year), web.form_errors(error), 422
        page = boxing.listing(person, year)
    following = f"/archives/boxes?{urlencode({'year': year, 'cursor': page.next})}" if page.next else ""
    return _render("boxes.html", status, page=page, next_url=following, year=year, years=years, errors=errors or {},
                   thicknesses=[(str(t), f"{t} mm") for t in boxing.THICKNESSES])


@pages.post("/archives/boxes", permission=rights.FILE)
def boxes_fill() -> Any:
    """装盒: what is in no box yet."""
    year = request.form.get("year", "")
    try:
        made = boxing.fill(web.person(), year, request.form.get("thickness", ""))
    except Invalid as error:
        return _boxes(web.form_errors(error), 422)
    web.flash(web.gettext("装了 %(n)s 盒", n=len(made)) if made else web.gettext("都已装盒"))
    return web.redirect(f"/archives/boxes?{urlencode({'year': year})}")


@pages.post("/archives/boxes/<int:id>/note", permission=rights.FILE)
def box_note(id: int) -> Any:
    """What 备考表 says."""
    box = boxing.note(web.person(), id, request.form.get("note", ""))
    web.flash(web.gettext("已记入备考表"))
    return web.redirect(f"/archives/boxes?{urlencode({'year': box.year})}")


@pages.get("/archives/boxes/labels.pdf", permission=rights.FILE)
def box_labels() -> Any:
    """盒面, 盒脊, 备考表 of one box (``id``) or of a year's."""
    person = web.person()
    one = request.args.get("id")
    found = [boxing.get(person, one)] if one else boxing.listing(person, request.args.get("year", ""), limit=200).items
    return web.send_bytes(boxing.labels(person, found), "application/pdf", "档案盒.pdf", inline=True)


@pages.get("/archives/catalogue.xlsx", permission=rights.EXPORT)
def catalogue_xlsx() -> Any:
    """归档文件目录 as a spreadsheet."""
    return catalogue_file("xlsx", request.args)


@pages.get("/archives/catalogue.pdf", permission=rights.EXPORT)
def catalogue_pdf() -> Any:
    """归档文件目录 on paper."""
    return catalogue_file("pdf", request.args)


def catalogue_file(kind: str, asked: Any) -> Any:
    """The catalogue as a download; ``asked`` has ``year``, and may have ``retention`` and ``class``."""
    year = str(asked.get("year") or "")
    filters = {"retention": str(asked.get("retention") or ""), "class_code": str(asked.get("class") or "")}
    name = "-".join(part for part in (f"{year}年归档文件目录", *filters.values()) if part)
    if kind == "xlsx":
        return web.send_bytes(catalogues.spreadsheet(web.person(), year, **filters), XLSX, f"{name}.xlsx")
    return web.send_bytes(catalogues.pdf(web.person(), year, **filters), "application/pdf", f"{name}.pdf", inline=True)


@pages.get("/archives/<int:id>/stamped.pdf", permission=rights.READ)
def stamped(id: int) -> Any:
    """The formal version with 归档章, a copy."""
    item = queries.get(web.person(), id)
    return web.send_bytes(stamping.stamped(item), "application/pdf", f"{item.archival_number}-归档章.pdf", inline=True)


@pages.get("/archives/<int:id>/repair", permission=rights.FILE)
def repair(id: int) -> Any:
    """What is damaged, and backups to take it from."""
    return _repair(id)


def _repair(id: int, errors: Any = None, status: int = 200) -> Any:
    person = web.person()
    item = queries.get(person, id)
    found = repairing.backups(person)
    sealed = f"（{web.gettext('已加密')}）"
    options = [(made.path.name, made.path.name + (sealed if made.encrypted else "")) for made in found]
    return _render("repair.html", status, item=item, damaged=repairing.damaged(item), backups=found, backup_options=options,
                   errors=errors or {})


@pages.post("/archives/<int:id>/repair", permission=rights.FILE)
def repair_now(id: int) -> Any:
    """Puts it back."""
    person = web.person()
    item = queries.get(person, id)
    try:
        path = repairing.chosen(person, request.form.get("backup", ""))
        done = repairing.repair(person, item, path, passphrase=request.form.get("passphrase", ""))
    except (Invalid, NotFound, Conflict) as error:
        return _repair(id, {"backup": [error.message]}, error.status)
    web.flash(web.gettext("已恢复 %(names)s", names="、".join(done["restored"])))
    return web.redirect(f"/archives/{id}#checks")
