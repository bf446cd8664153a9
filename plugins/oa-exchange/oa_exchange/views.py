"""Pages: partners for who manages trust; messages and exchange by file for who runs the exchange."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import request

from oa_kernel import web
from oa_kernel.errors import Conflict, Invalid, OAError

from . import package, rights, settings, spool
from .api import as_file
from .models import STATES, Partner
from .services import identity, messages, partners, queue

pages = web.Pages("exchange", __name__)

PARTNER_WORDS = {
    "pending": ("待核对指纹", "clock", "orange"), "active": ("互信", "certificate", "green"), "revoked": ("已撤销", "ban", "red"),
}
STATE_WORDS = {
    "queued": ("待发送", "clock", "blue"), "exported": ("已导出，待回执", "download", "blue"),
    "done": ("已送达", "circle-check", "green"), "refused": ("对方拒收", "x", "red"), "failed": ("送不出去", "alert-triangle", "red"),
    "cancelled": ("已取消", "circle-minus", "secondary"), "accepted": ("已接收", "circle-check", "green"),
    "rejected": ("没有接收", "shield-x", "red"),
}
DIRECTIONS = {"out": "发出", "in": "收到"}


def _render(template: str, status: int = 200, **values: Any) -> Any:
    return web.render(f"oa_exchange/{template}", status, partner_words=PARTNER_WORDS, state_words=STATE_WORDS, types=queue.TITLES,
                      directions=DIRECTIONS, groups=package.groups, **values)


@pages.get("/exchange/partners", permission=rights.PARTNERS)
def partner_list() -> Any:
    """Our own certificate, the partners, and the form to add one."""
    return _partners()


def _partners(errors: Any = None, values: Any = None, status: int = 200) -> Any:
    page = partners.page(limit=50, cursor=request.args.get("cursor"))
    return _render("partners.html", status, page=page, own=identity.latest(), organisation=settings.organisation(),
                   base_url=settings.base_url(), address_problem=identity.address_problem(),
                   counts=partners.waiting_counts(page.items), problem=partners.problem,
                   errors=errors or {}, values=values or {})


@pages.get("/exchange/partners/certificate", permission=rights.PARTNERS)
def export_certificate() -> Any:
    """Our descriptor as a file."""
    return web.send_bytes(identity.descriptor().encode(), "application/json", f"{settings.organisation()}-交换证书.json")


@pages.post("/exchange/partners", permission=rights.PARTNERS, uploads=True)
def add_partner() -> Any:
    """Takes a partner's descriptor in: by file, pasted, or fetched from its address."""
    person = web.person()
    upload = web.read_form(lambda stream, _name, _mime, _field: stream.read(70_000), max_files=1)
    fields = upload.fields
    text: Any = (upload.files.get("file") or [b""])[0] or fields.get("text", "").strip()
    url, name = fields.get("fetch", "").strip(), fields.get("name", "").strip()
    try:
        if text:
            partner = partners.add(text, person, name=name)
        elif url:
            partner = partners.fetch(url, person, name=name)
        else:
            raise Invalid("请选择文件、粘贴内容，或填写对方的地址", errors={"file": ["请选择文件、粘贴内容，或填写对方的地址"]})
    except OAError as error:
        fields = {"descriptor": "file" if upload.files.get("file") else "text" if text else "fetch", "url": "fetch"}
        errors = {fields.get(k, k): v for k, v in (error.errors or {"descriptor": [error.message]}).items()}
        return _partners(errors, {"fetch": url, "name": name, "text": upload.fields.get("text", "")}, error.status)
    web.flash(f"已导入{partner.name}的证书，请与对方核对指纹")
    return web.redirect(f"/exchange/partners/{partner.id}")


@pages.get("/exchange/partners/<int:id>", permission=rights.PARTNERS)
def partner_one(id: int) -> Any:
    """One partner: its fingerprint beside ours, its state, what went wrong last."""
    return _partner(partners.get(id))


def _partner(partner: Partner, errors: Any = None, status: int = 200) -> Any:
    return _render("partner.html", status, partner=partner, own=identity.latest(), organisation=settings.organisation(),
                   problem=partners.problem(partner), waiting=partners.waiting_counts([partner]).get(partner.id, 0),
                   errors=errors or {}, heard=partners.HEARD)


@pages.post("/exchange/partners/<int:id>/<any(confirm, revoke, change):what>", permission=rights.PARTNERS)
def partner_act(id: int, what: str) -> Any:
    """核对指纹; 撤销; another address."""
    person, form = web.person(), request.form
    partner = partners.get(id)
    try:
        if what == "confirm":
            partners.confirm(partner, form.get("heard", ""), person)
            web.flash(f"已与{partner.name}建立互信")
        elif what == "revoke":
            partners.revoke(partner, form.get("reason", ""), person)
            web.flash(f"已撤销对{partner.name}的信任")
        else:
            version = form.get("version", "")
            partners.change(partner, form.get("url", ""), person,
                            version=int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None)
            web.flash("已修改地址")
    except (Invalid, Conflict) as error:
        return _partner(partners.get(id), error.errors or {"": [error.message]}, error.status)
    return web.redirect(f"/exchange/partners/{id}")


@pages.post("/exchange/partners/renew", permission=rights.PARTNERS)
def renew() -> Any:
    """New keys and certificates of ours."""
    identity.renew(web.person())
    web.flash("已更换本单位的交换证书，请交给各伙伴重新核对指纹")
    return web.redirect("/exchange/partners")


@pages.get("/exchange/messages", permission=rights.MESSAGES)
def message_list() -> Any:
    """The log, and exchange by file."""
    return _messages()


def _messages(errors: Any = None, status: int = 200) -> Any:
    given = {name: request.args.get(name, "").strip() for name in ("partner", "state", "direction")}
    page = messages.page(
        web.person(), partner=given["partner"][:200], state=given["state"] if given["state"] in STATES else "", limit=50,
        cursor=request.args.get("cursor"), direction=given["direction"] if given["direction"] in DIRECTIONS else "")
    return _render("messages.html", status, page=page, given=given, errors=errors or {}, most=settings.largest())


@pages.post("/exchange/messages/<int:id>/resend", permission=rights.MESSAGES)
def resend(id: int) -> Any:
    """重发."""
    person = web.person()
    try:
        queue.resend(messages.get(person, id), person)
    except Conflict as error:
        return _messages({"": [error.message]}, 409)
    web.flash("已交给后台发送")
    return web.redirect("/exchange/messages")


@pages.post("/exchange/messages/<int:id>/export", permission=rights.MESSAGES)
def export(id: int) -> Any:
    """The package as a file; of what came in, the answer to it."""
    person = web.person()
    try:
        sealed, name = messages.export(messages.get(person, id), person)
    except OAError as error:
        return _messages({"": [error.message]}, error.status)
    return as_file(sealed, name)


@pages.post("/exchange/messages/import", permission=rights.MESSAGES, uploads=True)
def import_file() -> Any:
    """Takes a package or an answer that came by file."""
    person = web.person()
    upload = web.read_form(lambda stream, _name, _mime, _field: _kept(stream), max_files=1)
    try:
        with upload.file("file") as source:
            taken = messages.take_file(source, person)
    except OAError as error:
        return _messages(error.errors or {"": [error.message]}, error.status)
    if taken["reason"]:
        return _messages({"": [taken["reason"]]}, 422)
    if taken["again"]:
        web.flash("这个文件以前导入过，没有重复登记")
    else:
        web.flash("已导入对方的答复" if taken["kind"] == "answer"
                  else "已导入，在“收文登记”登记或退文；请把答复导出交回发送单位" if taken["message"].type == "document"
                  else "已导入；请把答复导出交回发送单位")
    return web.redirect("/exchange/messages")


def _kept(stream: Any) -> spool.Spool:
    """The upload; of one that is too large, enough to tell."""
    def pieces() -> Iterator[bytes]:
        left = settings.largest() + 1
        while left and (piece := stream.read(min(256 * 1024, left))):
            left -= len(piece)
            yield piece

    return spool.filled(pieces())
