"""Dispatch and receipt, finishing, voiding."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import web
from oa_kernel.errors import Invalid

from .. import rights
from ..services import carriers, dispatches, drafts, numbers, queries
from . import case
from .pages import pages


@pages.post("/documents/<int:id>/dispatch", permission=rights.DISPATCH)
def dispatch(id: int) -> Any:
    """Sends the document to what was chosen on the page."""
    person = web.person()
    document = queries.get_whole(person, id)
    recipients: list[dict[str, Any]] = [
        {"kind": "department", "id": value, "channel": request.form.get("department_channel") or "system"}
        for value in request.form.getlist("department")
    ]
    recipients += [
        {"kind": "organisation", "id": value, "channel": request.form.get(f"channel_{value}") or None}
        for value in request.form.getlist("organisation")
    ]
    other = request.form.get("other", "").strip()
    if other:
        recipients.append({"kind": "organisation", "name": other, "email": request.form.get("other_email", "").strip()})
    try:
        made = dispatches.dispatch(document, recipients, person)
    except Invalid as error:
        return case.page(person, document, tab="dispatch", errors=web.form_errors(error), status=422)
    web.flash(f"已分发给 {len(made)} 个单位")
    return web.redirect(f"/documents/{id}?tab=dispatch")


@pages.post("/documents/<int:id>/dispatches/<int:dispatch_id>/sign", signed_in=True)
def sign(id: int, dispatch_id: int) -> Any:
    """签收."""
    person = web.person()
    document = queries.get(person, id)
    dispatches.sign_for(document, dispatches.get(document, dispatch_id), person)
    web.flash(f"已签收 {document.number}")
    return web.redirect_back(f"/documents/{id}")


@pages.post("/documents/<int:id>/dispatches/<int:dispatch_id>/<any(receipt, resend, urge, recall):what>",
            permission=rights.DISPATCH)
def follow(id: int, dispatch_id: int, what: str) -> Any:
    """The office enters a receipt, sends again, reminds."""
    person = web.person()
    document = queries.get_whole(person, id)
    item = dispatches.get(document, dispatch_id)
    try:
        if what == "receipt":
            dispatches.enter_receipt(document, item, person, signed_by=request.form.get("signed_by", ""),
                                     on=dispatches.read_date(request.form.get("on")))
            web.flash(f"已登记{item.recipient_name}的签收")
        elif what == "resend":
            dispatches.resend(document, item, person, email=request.form.get("email", "").strip())
            web.flash(f"已重发给{item.recipient_name}")
        elif what == "recall":
            item = carriers.recall(document, item, person, request.form.get("reason", ""))
            web.flash(f"已撤回发给{item.recipient_name}的公文" if item.state == "recalled"
                      else f"已请{item.recipient_name}退回，等对方答复")
        else:
            dispatches.urge(document, item, person)
            web.flash(f"已催办{item.recipient_name}")
    except Invalid as error:
        return case.page(person, document, tab="dispatch", errors=web.form_errors(error), status=422)
    return web.redirect(f"/documents/{id}?tab=dispatch")


@pages.post("/documents/<int:id>/finish", permission=rights.DISPATCH)
def finish(id: int) -> Any:
    """办结."""
    person = web.person()
    document = queries.get_whole(person, id)
    try:
        dispatches.finish(document, person, note=request.form.get("note", ""))
    except Invalid as error:
        return case.page(person, document, tab="dispatch", errors=web.form_errors(error), status=422)
    web.flash("已办结")
    return web.redirect(f"/documents/{id}?tab=dispatch")


@pages.post("/documents/<int:id>/void", permission=rights.VOID)
def void(id: int) -> Any:
    """作废."""
    person = web.person()
    document = queries.get_whole(person, id)
    try:
        drafts.void(document, request.form.get("reason", ""), person)
    except Invalid as error:
        return case.page(person, document, tab="record", errors=web.form_errors(error), status=422)
    web.flash("已作废，文号保留在登记簿中")
    return web.redirect(f"/documents/{id}")


@pages.post("/documents/<int:id>/number", permission=rights.NUMBER)
def give_reserved(id: int) -> Any:
    """Gives the document a number that was kept back."""
    person = web.person()
    document = queries.get_whole(person, id)
    value = request.form.get("seq", "")
    if not (value.isascii() and value.isdigit()):
        error = Invalid("请选择预留的文号", errors={"seq": ["请选择预留的文号"]})
        return case.page(person, document, tab="act", errors=web.form_errors(error), status=422)
    document = numbers.assign_reserved(document, int(value), person)
    web.flash(f"已指定文号 {document.number}")
    return web.redirect(f"/documents/{id}")
