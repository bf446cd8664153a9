"""The page of taking a year's package over. Thin: parse, ask a service, show."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import request

from oa_kernel import web
from oa_kernel.errors import Conflict, NotFound

from . import rights
from .models_keeping import INTAKE_STATES
from .services import intakes
from .views import pages
from .views_keeping import _LOOKS as LOOKS


@pages.get("/archives/intakes", permission=rights.FILE)
def intake_list() -> Any:
    """Packages that were taken over, and those that may be."""
    return _intakes()


def _intakes(errors: Any = None, status: int = 200) -> Any:
    person = web.person()
    page = intakes.listing(person, cursor=request.args.get("cursor"))
    return web.render("oa_archives/intakes.html", status, page=page, words=INTAKE_STATES, looks=LOOKS, errors=errors or {},
                      offered=[(n, n) for n in intakes.offered(person)], set_up=intakes.folder() is not None,
                      next_url=f"/archives/intakes?{urlencode({'cursor': page.next})}" if page.next else "",
                      busy=any(row.state in ("waiting", "running") for row in page.items))


@pages.post("/archives/intakes", permission=rights.FILE)
def intake_start() -> Any:
    """Asks for one; the worker does it."""
    try:
        intakes.start(web.person(), request.form.get("name", ""), dry_run=request.form.get("dry_run") == "1")
    except (NotFound, Conflict) as error:
        return _intakes({"name": [error.message]}, 422)
    web.flash(web.gettext("已开始导入，在后台进行"))
    return web.redirect("/archives/intakes")
