"""REST of internal reports (签报), thin, over the same services as the pages."""

from __future__ import annotations

from typing import Any

from oa_kernel import web

from . import rights
from .models_internal import KINDS, STATES, InternalReport
from .services import internal

api = web.Api("documents_internal", title="签报")

_TEXT = {"type": "string", "nullable": True}
_BODY: dict[str, Any] = {
    "kind": {**_TEXT, "allowed": [*KINDS, None], "label": "请示、报告"}, "title": {**_TEXT, "label": "标题"},
    "body": {**_TEXT, "label": "正文"}, "to": {**_TEXT, "label": "接收部门"}, "urgency": {**_TEXT, "label": "紧急程度"},
    "secrecy": {**_TEXT, "label": "密级"},
}
_REPORT = {"type": "object", "properties": {
    "id": {"type": "integer"}, "number": {"type": ["string", "null"]}, "title": {"type": "string"},
    "state": {"type": "string", "enum": list(STATES)}, "instance": {"type": ["integer", "null"]}, "version": {"type": "integer"}}}


@api.get("/documents/internal", signed_in=True, returns={"items": _REPORT}, summary="internal reports one may see",
         query={**web.LIST_QUERY, "box": {"type": "string", "label": "收发"}, "state": {"type": "string", "label": "状态"},
                "q": {"type": "string", "label": "标题或编号"}})
def list_internal(query: dict[str, Any]) -> Any:
    """The newest first."""
    page = internal.listing(web.person(), query, limit=query.get("limit") or 50, cursor=query.get("cursor"))
    return web.listing(page, _brief)


@api.post("/documents/internal", permission=rights.DRAFT, body=_BODY, returns=_REPORT, status=201, summary="draft an internal report")
def create_internal(body: dict[str, Any]) -> Any:
    """From one's own department to another."""
    return _whole(internal.create(body, web.person()))


@api.get("/documents/internal/<int:id>", signed_in=True, returns=_REPORT, summary="one internal report")
def get_internal(id: int) -> Any:
    """All its fields and who signed for it."""
    return _whole(internal.get(web.person(), id))


@api.put("/documents/internal/<int:id>", permission=rights.DRAFT, returns=_REPORT, summary="change a draft",
         body={**_BODY, "version": {"type": "integer", "nullable": True, "label": "版本"}})
def update_internal(id: int, body: dict[str, Any]) -> Any:
    """By its drafter."""
    person = web.person()
    return _whole(internal.update(internal.get(person, id), body, person, version=body.get("version")))


@api.post("/documents/internal/<int:id>/submit", permission=rights.DRAFT, summary="hand it in",
          returns={"type": "object", "properties": {"instance": {"type": ["integer", "string"]}}})
def submit_internal(id: int) -> Any:
    """The head of one's department agrees, the receiver signs for it within a working day, then handles it."""
    person = web.person()
    instance = internal.submit(internal.get(person, id), person)
    return {"instance": instance.id, "id": id, "state": "reviewing"}


@api.post("/documents/internal/<int:id>/void", permission=rights.DRAFT, returns=_REPORT, summary="take it out",
          body={"reason": {"type": "string", "required": True, "label": "原因"}})
def void_internal(id: int, body: dict[str, Any]) -> Any:
    """Before it is signed for."""
    person = web.person()
    return _whole(internal.void(internal.get(person, id), person, body["reason"]))


def _brief(r: InternalReport) -> dict[str, Any]:
    return {
        "id": r.id, "number": r.number, "kind": r.kind, "title": r.title, "from": r.from_department_name, "to": r.to_department_name,
        "urgency": r.urgency, "secrecy": r.secrecy, "state": r.state, "drafter": r.drafter_name, "sent_at": r.sent_at,
        "due_at": r.due_at, "signed_for_at": r.signed_for_at, "signed_for_by": r.signed_for_by, "completed_at": r.completed_at,
        "instance": r.instance_id, "version": r.version,
    }


def _whole(r: InternalReport) -> dict[str, Any]:
    return {**_brief(r), "body": r.body, "created_at": r.created_at}
