"""Cases: started, looked at, withdrawn, urged, cancelled, retrieved."""

from __future__ import annotations

from typing import Any

from oa_kernel import db, workflow

from ..api import Api
from ..door import person
from ..shell import forget_counts
from .tasks import people_named

api = Api("instances", title="流程")

_INSTANCE = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"}, "definition": {"type": "string"}, "definition_version": {"type": "integer"},
        "state": {"type": "string", "enum": ["running", "suspended", "completed", "rejected", "withdrawn", "cancelled"]},
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
                "urgency": {"type": "string", "nullable": True, "maxlength": 20, "label": "紧急程度"},
                "files": {"type": "list", "nullable": True, "schema": {"type": "integer"}, "label": "附件（文件的 id）"}},
          returns={"type": "object", "properties": {"id": {"type": "integer"}, "state": {"type": "string"}}})
def start(body: dict[str, Any]) -> Any:
    """The drafter's first step is done by starting."""
    with db.transaction():
        made = workflow.start(body["definition"], body["title"], body.get("form") or {}, person(),
                              urgency=body.get("urgency") or "", to=body.get("to") or ())
        if body.get("files"):
            workflow.attach_files(made.id, body["files"], person())
    return {"id": made.id, "state": made.state}


@api.get("/instances/<int:id>", signed_in=True, returns=_INSTANCE, summary="a case: where it stands, its trail")
def view(id: int) -> Any:
    return workflow.instance_view(id, person())


_FILES = {"type": "object", "properties": {"items": {"type": "array", "items": {"type": "object", "properties": {
    "id": {"type": "integer"}, "name": {"type": "string"}, "size": {"type": "integer", "description": "bytes"},
    "sm3": {"type": "string"}, "at": {"type": "string", "format": "date-time"}, "by": {"type": "object"},
    "field": {"type": "string", "description": "the field of the form it answers"}}}}}}


@api.get("/instances/<int:id>/files", signed_in=True, returns=_FILES, summary="the case's attachments; read one by GET /files/{id}")
def attachments(id: int) -> Any:
    return {"items": workflow.attachments(workflow.get_instance(id, person()), person())}


@api.post("/instances/<int:id>/files", signed_in=True, returns=_FILES, summary="attach files one has uploaded by POST /files",
          body={"files": {"type": "list", "required": True, "minlength": 1, "schema": {"type": "integer"}, "label": "文件的 id"}})
def attach(id: int, body: dict[str, Any]) -> Any:
    """By the drafter, and whoever works on the case, while it runs."""
    return {"items": workflow.attach_files(id, body["files"], person())}


@api.post("/instances/<int:id>/files/<int:file>/remove", signed_in=True, returns=_FILES,
          summary="take away a file one has attached oneself")
def detach(id: int, file: int) -> Any:
    workflow.detach_file(id, file, person())
    return attachments(id)


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


_REASON = {"comment": {"type": "string", "required": True, "minlength": 1, "maxlength": 10000, "label": "理由"}}
_STEP = {"target": {"type": "string", "required": True, "maxlength": 80, "label": "环节"}}
MANAGE = "kernel.workflow.manage"


@api.post("/instances/<int:id>/suspend", permission=MANAGE, body=_REASON, returns=_INSTANCE,
          summary="nobody can act and no clock runs until it is resumed")
def suspend(id: int, body: dict[str, Any]) -> Any:
    return _after(workflow.suspend(id, person(), body["comment"]))


@api.post("/instances/<int:id>/resume", permission=MANAGE, body=_REASON, returns=_INSTANCE, summary="goes on where it stood")
def resume(id: int, body: dict[str, Any]) -> Any:
    return _after(workflow.resume(id, person(), body["comment"]))


@api.post("/instances/<int:id>/jump", permission=MANAGE, returns=_INSTANCE, summary="everything open ends, on at a step",
          body={**_REASON, **_STEP, "to": {"type": "list", "nullable": True, "schema": {"type": "string"}, "label": "办理人"}})
def jump(id: int, body: dict[str, Any]) -> Any:
    return _after(workflow.jump(id, body["target"], person(), body["comment"], to=people_named(body.get("to") or [])))


@api.post("/instances/<int:id>/skip", permission=MANAGE, body={**_REASON, **_STEP}, returns=_INSTANCE,
          summary="a step that is being done counts as done, without its people and effects")
def skip(id: int, body: dict[str, Any]) -> Any:
    return _after(workflow.skip(id, body["target"], person(), body["comment"]))


@api.post("/instances/<int:id>/terminate", permission=MANAGE, body=_REASON, returns=_INSTANCE, summary="ends the case")
def terminate(id: int, body: dict[str, Any]) -> Any:
    return _after(workflow.cancel(id, person(), body["comment"]))


@api.post("/instances/<int:id>/reopen", permission=MANAGE, returns=_INSTANCE, summary="an ended case goes on",
          body={**_REASON, "target": {"type": "string", "nullable": True, "maxlength": 80, "label": "环节"}})
def reopen(id: int, body: dict[str, Any]) -> Any:
    return _after(workflow.reopen(id, person(), body["comment"], body.get("target") or ""))


def _comment(body: dict[str, Any]) -> dict[str, Any]:
    return {"comment": body["comment"]} if body.get("comment") else {}


def _after(done: Any) -> Any:
    forget_counts(person().id)
    return workflow.instance_view(getattr(done, "id", done), person())
