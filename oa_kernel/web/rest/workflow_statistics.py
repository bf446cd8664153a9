"""How cases of a definition went, and service steps that wait to be repeated."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import jsonify, request

from oa_kernel import clock, identity, workflow
from oa_kernel.errors import Invalid
from oa_kernel.workflow import figures

from ..api import LIST_QUERY, Api, listing
from ..door import person
from ..rendering import with_query

api = Api("workflow-statistics", title="流程统计")

MANAGE = "kernel.workflow.manage"
#: seconds after which who was answered 202 may ask again
ASK_AGAIN = 5
_FAILED = {"type": "object", "properties": {
    "run": {"type": "integer"}, "instance": {"type": "integer"}, "title": {"type": "string"}, "definition": {"type": "string"},
    "step": {"type": "string"}, "step_name": {"type": "string"}, "error": {"type": "string"},
    "since": {"type": "string", "format": "date-time"}, "attempts": {"type": "integer"},
    "next_try": {"type": ["string", "null"], "format": "date-time"}}}


_PROGRESS = {"type": ["object", "null"], "description": "parts of newer figures that are done, of how many",
             "properties": {"done": {"type": "integer"}, "of": {"type": "integer"}}}


@api.get("/workflows/<name>/statistics", permission="kernel.workflow.statistics", summary="figures of a definition over a time",
         query={"since": {"type": "string", "maxlength": 10, "label": "从（日期）"},
                "until": {"type": "string", "maxlength": 10, "label": "到（含）"},
                "version": {"type": "integer", "min": 1, "label": "只算这一版"}},
         returns={"type": "object", "properties": {
             "cases": {"type": "object"}, "steps": {"type": "array", "items": {"type": "object"}},
             "people": {"type": ["array", "null"]}, "weeks": {"type": "array", "items": {"type": "object"}},
             "made_at": {"type": "string", "format": "date-time"}, "progress": _PROGRESS}},
         also={202: {"type": "object", "properties": {
             "definition": {"type": "string"}, "status": {"type": "string", "description": "where to ask again"},
             "progress": _PROGRESS}}})
def statistics(name: str, query: dict[str, Any]) -> Any:
    """Times in seconds, rates from 0 to 1 or null. ``people`` is null for who does not manage workflows. Above 50,000 tasks
    the worker works them out: 202, with ``Location`` and ``Retry-After``, until they are there; then kept figures with
    the time they were made, while newer ones may be on their way (``progress``)."""
    looked = figures.look(name, since=_day(query, "since"), until=_day(query, "until"), version=query.get("version"), by=person())
    progress = None if looked.progress is None else dict(zip(("done", "of"), looked.progress, strict=True))
    if looked.found is not None:
        return {**looked.found, "made_at": looked.made_at or clock.now(), "progress": progress}
    here = with_query(request.script_root + request.path, query)
    answer = jsonify({"definition": name, "status": here, "progress": progress})
    answer.status_code = 202
    answer.headers["Location"], answer.headers["Retry-After"] = here, str(ASK_AGAIN)
    return answer


@api.get("/instances/<int:id>/steps", signed_in=True, summary="how long a case was where, and with whom",
         returns={"type": "object", "properties": {"steps": {"type": "array", "items": {"type": "object"}},
                                                   "pauses": {"type": "array", "items": {"type": "object"}}}})
def steps(id: int) -> Any:
    """Seconds by the clock and in working hours, without the times the case stood still."""
    from oa_kernel.workflow.following import as_dict

    return as_dict(workflow.course(workflow.get_instance(id, person())))


@api.get("/workflow-services/failed", permission=MANAGE, query=LIST_QUERY, returns={"items": _FAILED},
         summary="service steps that failed and wait, the oldest first")
def failed(query: dict[str, Any]) -> Any:
    return listing(workflow.failed_service_page(limit=query["limit"], cursor=query.get("cursor")), dict)


@api.post("/workflow-services/<int:run>/repeat", permission=MANAGE, status=202, summary="have a failed service step tried again",
          returns={"type": "object", "properties": {"run": {"type": "integer"}}})
def repeat(run: int) -> Any:
    """409 where it does not wait any more."""
    workflow.repeat_service(run, person())
    return {"run": run}


@api.post("/people/<username>/hand-over", permission=MANAGE, summary="all open work of somebody goes to another",
          body={"to": {"type": "string", "required": True, "maxlength": 80, "label": "接手的人（用户名）"},
                "comment": {"type": "string", "required": True, "minlength": 1, "maxlength": 2000, "label": "理由"},
                "also_later": {"type": "boolean", "nullable": True, "label": "以后到他这里的也归接手的人；不填为是"}},
          returns={"type": "object", "properties": {"tasks": {"type": "integer"}}})
def hand_over(username: str, body: dict[str, Any]) -> Any:
    who, to = identity.by_username(username), identity.by_username(body["to"])
    if who is None or to is None:
        raise Invalid("没有这个人", errors={"to" if who is not None else "username": ["没有这个用户名"]})
    moved = workflow.hand_over(who, to, by=person(), reason=body["comment"], also_later=body.get("also_later") is not False)
    return {"tasks": moved}


def _day(query: dict[str, Any], field: str) -> dt.date | None:
    if not query.get(field):
        return None
    try:
        return dt.date.fromisoformat(query[field])
    except ValueError:
        raise Invalid("日期写作 2026-11-24", errors={field: ["日期写作 2026-11-24"]}) from None
