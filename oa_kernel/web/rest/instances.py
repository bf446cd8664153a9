"""Cases: started, looked at, withdrawn, urged, cancelled, retrieved."""

from __future__ import annotations

from typing import Any

from oa_kernel import workflow

from ..api import Api
from ..door import person
from ..shell import forget_counts

api = Api("instances", title="流程")

_INSTANCE = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"}, "definition": {"type": "string"}, "definition_version": {"type": "integer"},
        "state": {"type": "string", "enum": ["running", "completed", "rejected", "withdrawn", "cancelled"]},
        "current": {"type": "array", "items": {"type": "object"}},
        "trail": {"type": "array", "items": {"type": "object"}},
    },
}
_COMMENT = {"comment": {"type": "string", "nullable": True, "maxlength": 10000, "label": "说明"}}


@api.post("/instances", permission="kernel.instances.start", status=201, summary="start a case",
          body={"definition": {"type": "string", "required": True, "label": "流程名称"},
                "title": {"type": "string", "required": True, "maxlength": 500, "label": "标题"},
                "form": {"type": "dict", "nullable": True, "label": "表单"},
                "to": {"type": "list", "nullable": True, "schema": {"type": "string"}, "label": "下一步人员（用户名）"},
                "urgency": {"type": "string", "nullable": True, "maxlength": 20, "label": "紧急程度"}},
          returns={"type": "object", "properties": {"id": {"type": "integer"}, "state": {"type": "string"}}})
def start(body: dict[str, Any]) -> Any:
    """The drafter's first step is done by starting."""
    made = workflow.start(body["definition"], body["title"], body.get("form") or {}, person(),
                          urgency=body.get("urgency") or "", to=body.get("to") or ())
    return {"id": made.id, "state": made.state}


@api.get("/instances/<int:id>", signed_in=True, returns=_INSTANCE, summary="a case: where it stands, its trail")
def view(id: int) -> Any:
    return workflow.instance_view(id, person())


@api.post("/instances/<int:id>/withdraw", signed_in=True, body=_COMMENT, returns=_INSTANCE,
          summary="the drafter takes the case back, as a draft")
def withdraw(id: int, body: dict[str, Any]) -> Any:
    return _after(workflow.withdraw(id, person(), **_comment(body)))


@api.post("/instances/<int:id>/urge", signed_in=True, body=_COMMENT, returns=_INSTANCE, summary="ask for haste")
def urge(id: int, body: dict[str, Any]) -> Any:
    return _after(workflow.urge(id, person(), **_comment(body)))


@api.post("/instances/<int:id>/cancel", signed_in=True, body=_COMMENT, returns=_INSTANCE, summary="cancel the case")
def cancel(id: int, body: dict[str, Any]) -> Any:
    return _after(workflow.cancel(id, person(), **_comment(body)))


@api.post("/instances/<int:id>/retrieve", signed_in=True, body=_COMMENT, returns=_INSTANCE,
          summary="who acted last takes the step back, until the next has acted")
def retrieve(id: int, body: dict[str, Any]) -> Any:
    return _after(workflow.retrieve(id, person(), **_comment(body)))


def _comment(body: dict[str, Any]) -> dict[str, Any]:
    return {"comment": body["comment"]} if body.get("comment") else {}


def _after(done: Any) -> Any:
    forget_counts(person().id)
    return workflow.instance_view(getattr(done, "id", done), person())
