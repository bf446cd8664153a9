"""The page of taking a year's package over. Thin: parse, ask a service, show."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import request

from oa_kernel import files, web
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound, OAError

from . import rights
from .models_keeping import INTAKE_STATES, INTAKE_STEPS
from .services import intakes
from .views import pages
from .views_keeping import _LOOKS as KEEPING

_LOOKS = {**KEEPING, "stopped": ("ban", "secondary")}


@pages.get("/archives/intakes", permission=rights.FILE)
def intake_list() -> Any:
    """Packages that were taken over, and those that may be."""
    return _intakes()


def _intakes(errors: Any = None, status: int = 200) -> Any:
    person = web.person()
    page = intakes.listing(person, cursor=request.args.get("cursor"))
    return web.render("oa_archives/intakes.html", status, page=page, words=INTAKE_STATES, steps=INTAKE_STEPS, looks=_LOOKS,
                      errors=errors or {}, most=intakes.largest(), days=intakes.KEEP.days,
                      offered=[(n, n) for n in intakes.offered(person)], set_up=intakes.folder() is not None,
                      next_url=f"/archives/intakes?{urlencode({'cursor': page.next})}" if page.next else "",
                      busy=any(row.state in ("waiting", "running") for row in page.items))


@pages.post("/archives/intakes", permission=rights.FILE)
def intake_start() -> Any:
    """Asks for one of the folder; the worker does it."""
    try:
        intakes.start(web.person(), request.form.get("name", ""), dry_run=request.form.get("dry_run") == "1")
    except (NotFound, Conflict) as error:
        return _intakes({"name": [error.message]}, 422)
    return _begun()


@pages.post("/archives/intakes/upload", permission=rights.FILE, uploads=True)
def intake_upload() -> Any:
    """Asks for one that comes with the form."""
    person = web.person()
    file = None
    try:
        form = web.read_form(lambda stream, name, _mime, _field: intakes.keep(stream, name, person), max_files=1)
        file = form.file("file")
        intakes.start_upload(person, file.id, dry_run=form.fields.get("check_only") == "1")
    except Forbidden:
        raise
    except OAError as error:
        if file is not None:
            files.discard(file, person)
        return _intakes({"file": (error.errors or {}).get("file") or [error.message]}, error.status)
    return _begun()


@pages.post("/archives/intakes/<int:id>/again", permission=rights.FILE)
def intake_again(id: int) -> Any:
    """Takes over what was checked, or tries once more."""
    try:
        intakes.again(web.person(), id)
    except (NotFound, Conflict, Invalid) as error:
        return _intakes({"": [error.message]}, error.status)
    return _begun()


@pages.post("/archives/intakes/<int:id>/cancel", permission=rights.FILE)
def intake_cancel(id: int) -> Any:
    """Stops one."""
    try:
        intakes.cancel(web.person(), id)
    except Conflict as error:
        return _intakes({"": [error.message]}, error.status)
    web.flash(web.gettext("已停止；已经导入的保留"))
    return web.redirect("/archives/intakes")


def _begun() -> Any:
    web.flash(web.gettext("已开始导入，在后台进行"))
    return web.redirect("/archives/intakes")
