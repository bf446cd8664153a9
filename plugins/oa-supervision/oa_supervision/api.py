"""REST routes of supervision, thin, over the same services as the pages."""

from __future__ import annotations

from typing import Any

from oa_kernel import web

from . import rights
from .models import Item
from .services import items, lights, lists, reports, urging

api = web.Api("supervision", title="督办")

_ITEM = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"}, "title": {"type": "string"}, "department": {"type": "string"},
        "due_on": {"type": "string", "format": "date"}, "light": {"type": "string", "enum": list(lights.WORDS)},
        "state": {"type": "string"},
    },
}
_DAY = {"type": "string", "regex": r"\d{4}-\d{2}-\d{2}"}


@api.get("/supervision", signed_in=True, returns={"items": _ITEM}, summary="items one may see",
         query={**web.LIST_QUERY, "light": {"type": "string", "allowed": list(lists.LIGHTS), "label": "红黄绿"},
                "department": {"type": "string", "label": "主办部门"}, "q": {"type": "string", "label": "事项"}})
def list_items(query: dict[str, Any]) -> Any:
    """Open ones, the first due on top; ``light`` chooses."""
    return web.listing(lists.board(web.person(), query, limit=query.get("limit") or 50, cursor=query.get("cursor")), _brief)


@api.post("/supervision", permission=rights.MANAGE, returns=_ITEM, status=201, summary="a new item",
          body={"title": {"type": "string", "required": True, "label": "事项"}, "requirement": {"type": "string", "label": "要求"},
                "due_on": {**_DAY, "required": True, "label": "办结期限"},
                "department": {"type": "string", "required": True, "label": "主办部门"},
                "assisting": {"type": "list", "schema": {"type": "string"}, "label": "协办部门"},
                "person": {"type": "string", "nullable": True, "label": "责任人"}, "urgency": {"type": "string", "label": "紧急程度"},
                "stages": {"type": "list", "label": "阶段", "schema": {"type": "dict", "schema": {
                    "title": {"type": "string", "required": True, "label": "名称"},
                    "due_on": {**_DAY, "nullable": True, "label": "期限"}}}}})
def create_item(body: dict[str, Any]) -> Any:
    """Its leading department is told."""
    return _brief(items.create(body, web.person()))


@api.get("/supervision/<int:id>", signed_in=True, returns=_ITEM, summary="one item")
def get_item(id: int) -> Any:
    """With departments, stages and feedback."""
    item = lists.get(web.person(), id)
    more = lists.details(item)
    return {
        **_brief(item), "requirement": item.requirement, "first_due_on": item.first_due_on, "urges": item.urges,
        "closed_on": item.closed_on, "close_note": item.close_note, "person": item.person_name,
        "departments": [{"name": i.department_name, "lead": i.lead} for i in more["involved"]],
        "stages": [{"position": s.position, "title": s.title, "due_on": s.due_on, "done_on": s.done_on} for s in more["stages"]],
        "feedback": [{"at": f.at, "by": f.by_name, "department": f.department_name, "progress": f.progress, "problems": f.problems,
                      "suggestions": f.suggestions, "finished": f.finished} for f in more["feedback"]],
    }


@api.post("/supervision/<int:id>/feedback", signed_in=True, status=201, summary="say how it stands", returns=_ITEM,
          body={"progress": {"type": "string", "required": True, "label": "进展"},
                "problems": {"type": "string", "required": True, "label": "存在问题"},
                "suggestions": {"type": "string", "required": True, "label": "意见建议"},
                "finished": {"type": "boolean", "default": False, "label": "已办结"}})
def feed_back(id: int, body: dict[str, Any]) -> Any:
    """In three parts, none of them empty."""
    person = web.person()
    item = lists.get(person, id)
    items.feed_back(item, body, person)
    return _brief(lists.get(person, id))


@api.post("/supervision/<int:id>/stages/<int:position>/done", signed_in=True, summary="a stage is done", returns=_ITEM)
def stage_done(id: int, position: int) -> Any:
    """By people of the departments involved."""
    person = web.person()
    item = lists.get(person, id)
    items.finish_stage(item, position, person)
    return _brief(item)


@api.post("/supervision/<int:id>/urge", permission=rights.MANAGE, summary="urge who answers for it",
          body={"comment": {"type": "string", "nullable": True, "label": "催办的话"}},
          returns={"type": "object", "properties": {"told": {"type": "integer"}}})
def urge_item(id: int, body: dict[str, Any]) -> Any:
    """Once a day."""
    person = web.person()
    return {"told": urging.urge(lists.get(person, id), person, body.get("comment") or "")}


@api.post("/supervision/<int:id>/extension", signed_in=True, status=201, summary="ask for more time",
          body={"due_on": {**_DAY, "required": True, "label": "延期到"},
                "reason": {"type": "string", "required": True, "label": "原因"}},
          returns={"type": "object", "properties": {"instance": {"type": ["integer", "string"]}}})
def ask_extension(id: int, body: dict[str, Any]) -> Any:
    """Decided in a workflow of its own."""
    person = web.person()
    return {"instance": items.ask_for_extension(lists.get(person, id), body["due_on"], body["reason"], person).id}


@api.post("/supervision/<int:id>/close", permission=rights.MANAGE, returns=_ITEM, summary="close or cancel it",
          body={"note": {"type": "string", "nullable": True, "label": "说明"},
                "cancel": {"type": "boolean", "default": False, "label": "撤销"}})
def close_item(id: int, body: dict[str, Any]) -> Any:
    """销号 needs feedback; 撤销 needs a reason."""
    person = web.person()
    return _brief(items.close(lists.get(person, id), person, body.get("note") or "", cancel=bool(body.get("cancel"))))


@api.get("/supervision/reports/<string:month>", permission=rights.MANAGE, summary="figures of a month",
         returns={"type": "object", "properties": {"month": {"type": "string"}, "rows": {"type": "array"}}})
def month_report(month: str) -> Any:
    """By department."""
    found = reports.figures(web.person(), month)
    names = ("department", "due", "on_time", "late", "overdue", "open", "rate")
    return {"month": month, "rows": [dict(zip(names, row, strict=True)) for row in found["rows"]],
            "total": dict(zip(names, found["total"], strict=True))}


def _brief(item: Item) -> dict[str, Any]:
    return {"id": item.id, "title": item.title, "department": item.department_name, "due_on": item.due_on, "state": item.state,
            "light": lights.light(item), "urgency": item.urgency, "feedback_at": item.feedback_at, "version": item.version,
            "source": {"kind": item.source_kind, "id": item.source_id, "url": item.source_url} if item.source_kind else None}
