"""REST routes of the exchange plugin, thin, over the same services as the pages."""

from __future__ import annotations

import base64
import io
from contextlib import closing
from typing import Any

from oa_kernel import web
from oa_kernel.errors import Invalid

from . import package, rights
from .models import PARTNER_STATES, STATES, Message, Partner
from .services import identity, messages, partners, queue

api = web.Api("exchange", title="电子交换")

_TEXT = {"type": "string", "nullable": True}
_PARTNER = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"}, "name": {"type": "string"}, "url": {"type": "string"}, "fingerprint": {"type": "string"},
        "state": {"type": "string", "enum": list(PARTNER_STATES)}, "not_after": {"type": "string", "format": "date-time"},
        "contact_at": {"type": ["string", "null"], "format": "date-time"}, "last_error": {"type": "string"},
    },
}
_MESSAGE = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"}, "message_id": {"type": "string"}, "partner": {"type": "string"},
        "direction": {"type": "string", "enum": ["in", "out"]}, "type": {"type": "string"},
        "state": {"type": "string", "enum": list(STATES)}, "title": {"type": "string"}, "last_error": {"type": "string"},
    },
}


@api.get("/exchange/certificate", permission=rights.PARTNERS, summary="our own descriptor, to be given to partners",
         returns={"type": "object", "properties": {"descriptor": {"type": "string"}, "fingerprint": {"type": "string"}}})
def get_certificate() -> Any:
    """With the fingerprint in groups, to be read aloud."""
    text = identity.descriptor()
    return {"descriptor": text, "fingerprint": package.groups(identity.current().fingerprint)}


@api.get("/exchange/partners", permission=rights.PARTNERS, query=web.LIST_QUERY, returns={"items": _PARTNER},
         summary="partners of the exchange")
def list_partners(query: dict[str, Any]) -> Any:
    """In the order they were added."""
    return web.listing(partners.page(limit=query.get("limit") or 50, cursor=query.get("cursor")), shown)


@api.post("/exchange/partners", permission=rights.PARTNERS, status=201, returns=_PARTNER, summary="take a partner's descriptor in",
          body={"descriptor": {**_TEXT, "label": "交换证书的内容"}, "fetch": {**_TEXT, "label": "取得交换证书的地址"},
                "name": {**_TEXT, "label": "名称"}, "url": {**_TEXT, "label": "另一个地址"}})
def add_partner(body: dict[str, Any]) -> Any:
    """``pending`` until its fingerprint is confirmed. A known partner's new certificate replaces the old one."""
    name = body.get("name") or ""
    if body.get("descriptor"):
        return shown(partners.add(body["descriptor"], web.person(), name=name, url=body.get("url")))
    if body.get("fetch"):
        return shown(partners.fetch(body["fetch"], web.person(), name=name))
    raise Invalid("请给出 descriptor 或 fetch", errors={"descriptor": ["请给出 descriptor 或 fetch"]})


@api.get("/exchange/partners/<int:id>", permission=rights.PARTNERS, returns=_PARTNER, summary="one partner")
def get_partner(id: int) -> Any:
    """Its state and what went wrong last."""
    return shown(partners.get(id))


@api.post("/exchange/partners/<int:id>/confirm", permission=rights.PARTNERS, returns=_PARTNER, summary="its fingerprint was heard",
          body={"heard": {"type": "string", "required": True, "label": "听到的指纹，最后 16 位起"}})
def confirm_partner(id: int, body: dict[str, Any]) -> Any:
    """From now on packages go both ways, once the other side has done the same."""
    return shown(partners.confirm(partners.get(id), body["heard"], web.person()))


@api.post("/exchange/partners/<int:id>/revoke", permission=rights.PARTNERS, returns=_PARTNER, summary="end the trust",
          body={"reason": {"type": "string", "required": True, "label": "原因"}})
def revoke_partner(id: int, body: dict[str, Any]) -> Any:
    """What it sends is refused from now on."""
    return shown(partners.revoke(partners.get(id), body["reason"], web.person()))


@api.put("/exchange/partners/<int:id>", permission=rights.PARTNERS, returns=_PARTNER, summary="change its address",
         body={"url": {"type": "string", "required": True, "label": "地址"}, "version": {"type": "integer", "nullable": True}})
def change_partner(id: int, body: dict[str, Any]) -> Any:
    """Empty: by file only."""
    return shown(partners.change(partners.get(id), body["url"], web.person(), version=body.get("version")))


@api.get("/exchange/messages", permission=rights.MESSAGES, returns={"items": _MESSAGE}, summary="packages out and in",
         query={**web.LIST_QUERY, "partner": {"type": "string", "label": "伙伴的名称"},
                "state": {"type": "string", "allowed": list(STATES), "label": "状态"},
                "direction": {"type": "string", "allowed": ["in", "out"], "label": "方向"}})
def list_messages(query: dict[str, Any]) -> Any:
    """The newest first."""
    page = messages.page(web.person(), partner=query.get("partner") or "", state=query.get("state") or "",
                         direction=query.get("direction") or "", limit=query.get("limit") or 50, cursor=query.get("cursor"))
    return web.listing(page, _message)


@api.post("/exchange/messages/<int:id>/resend", permission=rights.MESSAGES, returns=_MESSAGE, summary="send it again")
def resend_message(id: int) -> Any:
    """What waits is tried at once."""
    person = web.person()
    return _message(queue.resend(messages.get(person, id), person))


@api.post("/exchange/messages/<int:id>/export", permission=rights.MESSAGES, content_type="application/octet-stream",
          summary="the package as a file; of what came in, the answer to it")
def export_message(id: int) -> Any:
    """To be carried over and imported there."""
    person = web.person()
    return as_file(*messages.export(messages.get(person, id), person))


@api.post("/exchange/messages/import", permission=rights.MESSAGES, status=201, summary="take a package that came by file",
          body={"content": {"type": "string", "required": True, "label": "文件内容（base64）"}},
          returns={"type": "object", "properties": {"kind": {"type": "string"}, "again": {"type": "boolean"}}})
def import_message(body: dict[str, Any]) -> Any:
    """What a partner sent, or its answer to what we sent. ``reason`` says why it was refused."""
    try:
        data = base64.b64decode(body["content"], validate=True)
    except ValueError as error:
        raise Invalid("content 不是 base64", errors={"content": ["不是 base64"]}) from error
    taken = messages.take_file(io.BytesIO(data), web.person())
    return {"kind": taken["kind"], "again": taken["again"], "reason": taken["reason"], "message": _message(taken["message"])}


def as_file(sealed: package.Sealed, name: str) -> Any:
    """A package as a download."""
    with closing(sealed):
        return web.send_written(sealed.copy_to, "application/octet-stream", name)


def shown(p: Partner) -> dict[str, Any]:
    """A partner as REST and commands show one."""
    return {
        "id": p.id, "name": p.name, "url": p.url, "fingerprint": p.fingerprint, "state": p.state, "not_before": p.not_before,
        "not_after": p.not_after, "confirmed_at": p.confirmed_at, "peer_confirmed_at": p.peer_confirmed_at,
        "contact_at": p.contact_at, "last_error": p.last_error, "next_at": p.next_at, "revoke_reason": p.revoke_reason,
        "problem": partners.problem(p), "version": p.version,
    }


def _message(m: Message) -> dict[str, Any]:
    return {
        "id": m.id, "message_id": m.message_id, "partner": m.partner.name if m.partner_id else "", "direction": m.direction,
        "type": m.type, "state": m.state, "via": m.via, "title": m.title, "attempts": m.attempts, "last_error": m.last_error,
        "created_at": m.created_at, "ended_at": m.ended_at,
    }
