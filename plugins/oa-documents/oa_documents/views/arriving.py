"""What came in by itself (by exchange) on the sign-in desk: looked at, registered, refused."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import clock, files, web
from oa_kernel.errors import Conflict, Invalid, NotFound

from .. import rights
from ..models_incoming import Arrival
from ..services import arrivals, routing
from . import incoming
from .pages import pages

ARRIVAL_WORDS = {
    "waiting": ("待登记", "inbox", "blue"), "registered": ("已登记", "clipboard-check", "green"),
    "refused": ("已退文", "arrow-back-up", "red"), "recalled": ("已撤回", "arrow-back-up", "secondary"),
}


@pages.get("/documents/arrivals/<int:id>", permission=rights.REGISTER)
def arrival(id: int) -> Any:
    """What the sender says of it, beside the page, to be confirmed."""
    return _form(arrivals.get(web.person(), id))


def _form(found: Arrival, values: Any = None, errors: Any = None, status: int = 200) -> Any:
    attached = files.attached(arrivals.SUBJECT, found.id)
    reason = ""
    if values is None:
        values = {"received_on": clock.today().isoformat(), "copies": 1, "nature": "action", **{
            name: getattr(found, name) for name in ("number", "title", "kind", "sender", "dated_on", "urgency", "secrecy",
                                                    "secrecy_term")}}
        proposed = routing.propose(values)
        values.update(department=proposed["department"], nature=proposed["nature"])
        reason = proposed["reason"]
    doubles = arrivals.duplicates(found) if found.state == "waiting" else []
    return incoming.form_page(attached[0] if attached else None, values, errors=errors, status=status, reason=reason,
                              arrival=found, attached=attached, doubles=doubles, arrival_words=ARRIVAL_WORDS)


@pages.post("/documents/arrivals/<int:id>", permission=rights.REGISTER)
def arrival_register(id: int) -> Any:
    """登记; the sender gets its receipt."""
    person, values = web.person(), incoming.read_values()
    found = arrivals.get(person, id)
    try:
        document = arrivals.register(found, values, person, despite_duplicates=request.form.get("despite") == "1")
    except Invalid as error:
        return _form(found, values, web.form_errors(error), 422)
    except Conflict as error:
        return _form(found, values, {"": [error.message]}, 409)
    web.flash(f"已登记：{document.year} 年收文 {document.seq} 号，回执将发给来文单位")
    return web.redirect(f"/documents/incoming/{document.id}")


@pages.post("/documents/arrivals/<int:id>/refuse", permission=rights.REGISTER)
def arrival_refuse(id: int) -> Any:
    """退文."""
    person = web.person()
    found = arrivals.get(person, id)
    try:
        arrivals.refuse(found, request.form.get("reason", ""), person)
    except Invalid as error:
        return _form(found, None, web.form_errors(error), 422)
    web.flash("已退文，原因将告知来文单位")
    return web.redirect("/documents/incoming/new")


@pages.get("/documents/arrivals/<int:id>/files/<int:file_id>", permission=rights.REGISTER)
def arrival_file(id: int, file_id: int) -> Any:
    """One of its files."""
    found = arrivals.get(web.person(), id)
    file = next((f for f in files.attached(arrivals.SUBJECT, found.id) if f.id == file_id), None)
    if file is None:
        raise NotFound("没有这个文件")
    return web.send_file(file, inline=request.args.get("inline") == "1")
