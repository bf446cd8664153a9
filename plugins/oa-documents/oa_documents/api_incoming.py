"""REST routes of incoming documents, thin, over the same services as the pages."""

from __future__ import annotations

from typing import Any

from oa_kernel import files, web
from oa_kernel.errors import NotFound

from . import rights
from .models_incoming import NATURES, STATES, Incoming
from .services import incoming, incoming_lists, reading

api = web.Api("documents_incoming", title="收文")

_TEXT = {"type": "string", "nullable": True}
BODY: dict[str, Any] = {
    "number": {**_TEXT, "label": "来文字号"}, "title": {**_TEXT, "label": "标题"}, "kind": {**_TEXT, "label": "文种"},
    "sender": {**_TEXT, "label": "来文单位"}, "received_on": {**_TEXT, "label": "收文日期"},
    "dated_on": {**_TEXT, "label": "成文日期"}, "urgency": {**_TEXT, "label": "紧急程度"}, "secrecy": {**_TEXT, "label": "密级"},
    "secrecy_term": {**_TEXT, "label": "保密期限"}, "copies": {"type": "integer", "nullable": True, "label": "份数"},
    "nature": {**_TEXT, "label": "性质（办件、阅件）"}, "department": {**_TEXT, "label": "承办部门"},
    "note": {**_TEXT, "label": "备注"},
}
INCOMING = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"}, "register_number": {"type": "string"}, "number": {"type": "string"}, "title": {"type": "string"},
        "sender": {"type": "string"}, "received_on": {"type": "string", "format": "date"},
        "state": {"type": "string", "enum": list(STATES)}, "instance": {"type": ["integer", "string", "null"]},
        "version": {"type": "integer"},
    },
}


@api.get("/documents/incoming", signed_in=True, returns={"items": INCOMING}, summary="the register of incoming documents",
         query={**web.LIST_QUERY, "year": {"type": "string", "label": "年份"}, "state": {"type": "string", "label": "状态"},
                "kind": {"type": "string", "label": "文种"}, "number": {"type": "string", "label": "来文字号"},
                "q": {"type": "string", "label": "标题、字号或来文单位"}})
def list_incoming(query: dict[str, Any]) -> Any:
    """Those one may see, the newest register number first."""
    return web.listing(incoming_lists.listing(web.person(), query, limit=query.get("limit") or 50, cursor=query.get("cursor")), _brief)


@api.post("/documents/incoming", permission=rights.REGISTER, returns=INCOMING, status=201, summary="register a document",
          body={**BODY, "files": {"type": "list", "nullable": True, "label": "文件（编号）"},
                "despite_duplicates": {"type": "boolean", "default": False, "label": "确认不是重复"}})
def register_incoming(body: dict[str, Any]) -> Any:
    """Under the next register number of its year; 409 ``duplicate`` names what is there already."""
    return whole(incoming.register(body, web.person(), despite_duplicates=bool(body.get("despite_duplicates"))))


@api.post("/documents/incoming/propose", permission=rights.REGISTER, summary="fields proposed from an uploaded file", reads_only=True,
          body={"file": {"type": "integer", "required": True, "label": "文件编号"}},
          returns={"type": "object", "properties": {"title": {"type": "string"}}})
def propose_incoming(body: dict[str, Any]) -> Any:
    """By text and layout; a person confirms them."""
    file = files.require_readable(web.person(), body["file"])
    if file is None:
        raise NotFound("没有这个文件")
    found = {k: v for k, v in reading.propose(file).items() if k != "text"}
    doubles = incoming_lists.duplicates(found.get("number", ""), found.get("sender", ""), file.sm3)
    return {**found, "duplicates": [{"id": d.id, "title": d.title, "number": d.number} for d in doubles]}


@api.get("/documents/incoming/<int:id>", signed_in=True, returns=INCOMING, summary="one incoming document")
def get_incoming(id: int) -> Any:
    """All its fields, files, seal and answers."""
    return whole(incoming_lists.get(web.person(), id))


@api.put("/documents/incoming/<int:id>", permission=rights.REGISTER, returns=INCOMING, summary="correct what was registered",
         body={**BODY, "version": {"type": "integer", "nullable": True, "label": "版本"}})
def update_incoming(id: int, body: dict[str, Any]) -> Any:
    """Number in the register and files stay."""
    person = web.person()
    return whole(incoming.update(incoming_lists.get(person, id), body, person, version=body.get("version")))


@api.post("/documents/incoming/<int:id>/route", permission=rights.REGISTER, summary="start its way",
          body={"department": {**_TEXT, "label": "主办部门"}, "opinion": {**_TEXT, "label": "拟办意见"},
                "assisting": {"type": "list", "nullable": True, "schema": {"type": "string"}, "label": "协办部门"},
                "nature": {**_TEXT, "allowed": [*NATURES, None], "label": "性质"}},
          returns={"type": "object", "properties": {"instance": {"type": ["integer", "string"]}}})
def route_incoming(id: int, body: dict[str, Any]) -> Any:
    """拟办 → 批办 → 承办 → 办结; what is only for reading is circulated."""
    person = web.person()
    instance = incoming.route(incoming_lists.get(person, id), person, body)
    return {"instance": instance.id, "id": id, "state": "handling"}


@api.post("/documents/incoming/<int:id>/answer", permission=rights.DRAFT, status=201, summary="draft the answer",
          returns={"type": "object", "properties": {"id": {"type": "integer"}}})
def answer_incoming(id: int) -> Any:
    """An outgoing draft that cites it; its id."""
    person = web.person()
    made = incoming.answer(incoming_lists.get(person, id), person)
    return {"id": made.id, "kind": made.kind, "title": made.title, "state": made.state}


@api.post("/documents/incoming/<int:id>/void", permission=rights.REGISTER, returns=INCOMING, summary="strike an entry out",
          body={"reason": {"type": "string", "required": True, "label": "原因"}})
def void_incoming(id: int, body: dict[str, Any]) -> Any:
    """Its number stays in the register with the reason."""
    person = web.person()
    return whole(incoming.void(incoming_lists.get(person, id), body["reason"], person))


def _brief(d: Incoming) -> dict[str, Any]:
    return {
        "id": d.id, "register_number": f"{d.year}-{d.seq}", "number": d.number, "title": d.title, "kind": d.kind, "sender": d.sender,
        "received_on": d.received_on, "urgency": d.urgency, "secrecy": d.secrecy, "copies": d.copies, "nature": d.nature,
        "department": d.department_name, "state": d.state, "instance": d.instance_id, "version": d.version,
    }


def whole(d: Incoming) -> dict[str, Any]:
    """An incoming document as REST shows one."""
    return {
        **_brief(d), "dated_on": d.dated_on, "secrecy_term": d.secrecy_term, "note": d.note, "seal": d.seal,
        "registered_by": d.registered_by_name, "registered_at": d.registered_at, "completed_at": d.completed_at,
        "void_reason": d.void_reason,
        "files": [{"id": f.id, "name": f.name, "size": f.size, "sm3": f.sm3, "role": f.role}
                  for f in files.attached(incoming.SUBJECT, d.id)],
        "answers": [{"id": o.id, "title": o.title, "number": o.number, "state": o.state} for o in incoming_lists.answers(d)],
    }
