"""Definitions of workflows: listed, read, checked, tried, drafted and put into force."""

from __future__ import annotations

from typing import Any

from oa_kernel import db, identity, workflow
from oa_kernel.errors import Invalid, NotFound
from oa_kernel.workflow import drafts, store
from oa_kernel.workflow.models import WorkflowDefinition

from ..api import LIST_QUERY, Api, listing
from ..door import person

api = Api("workflows", title="流程定义")

MANAGE = "kernel.workflow.manage"
_TEXT = {"text": {"type": "string", "required": True, "maxlength": 512 * 1024, "label": "定义（YAML）"}}
_KEYS: dict[str, Any] = {
    "name": {"type": "string"}, "title": {"type": "string"}, "version": {"type": "integer"}, "source": {"type": "string"},
    "published_at": {"type": "string", "format": "date-time"}}
_SHAPE: dict[str, Any] = {"type": "object", "properties": _KEYS}
_PROBLEMS = {"type": "array", "items": {"type": "object", "properties": {
    "line": {"type": "integer"}, "message": {"type": "string"}, "step": {"type": "string"}}}}
_DRAFT = {"type": "object", "properties": {
    "name": {"type": "string"}, "version": {"type": "integer"}, "base_version": {"type": "integer"}, "text": {"type": "string"},
    "changed_by": {"type": "string"}, "problems": _PROBLEMS, "warnings": _PROBLEMS}}


def _shape(row: Any) -> dict[str, Any]:
    return {"name": row.name, "title": row.title, "version": row.version, "source": row.source,
            "published_at": row.published_at}


@api.get("/workflows", permission=MANAGE, returns={"items": _SHAPE}, query=LIST_QUERY, summary="the definitions in force, by name")
def list_workflows(query: dict[str, Any]) -> Any:
    rows = WorkflowDefinition.select().where(WorkflowDefinition.current)
    page = db.page(rows, [WorkflowDefinition.name], limit=query["limit"], cursor=query.get("cursor"))
    return listing(page, _shape)


@api.get("/workflows/schema.json", public=True, cacheable=True, returns={"type": "object"},
         summary="the JSON schema of definition files, for completion in editors")
def schema() -> Any:
    return workflow.json_schema()


@api.get("/workflows/<name>", permission=MANAGE, summary="a definition in force, with its text",
         returns={"type": "object", "properties": {**_KEYS, "text": {"type": "string"}}})
def view(name: str) -> Any:
    row = WorkflowDefinition.get_or_none(WorkflowDefinition.name == name, WorkflowDefinition.current)
    if row is None:
        raise NotFound(f"没有流程 {name}")
    return {**_shape(row), "text": row.text}


@api.post("/workflows/validate", permission=MANAGE, body=_TEXT, reads_only=True, summary="what is wrong with a definition",
          returns={"type": "object", "properties": {"ok": {"type": "boolean"}, "problems": _PROBLEMS, "warnings": _PROBLEMS}})
def validate(body: dict[str, Any]) -> Any:
    """``problems`` keep it from being published; ``warnings`` should be looked at (a rule that names nobody now)."""
    found = _split(workflow.check_text(body["text"]))
    return {"ok": not found["problems"], **found}


def _split(found: list[Any]) -> dict[str, list[dict[str, Any]]]:
    return {name: [{"line": p.line, "message": p.message, "step": p.step} for p in found if p.level == level]
            for name, level in (("problems", "error"), ("warnings", "warning"))}


@api.post("/workflows", permission=MANAGE, body=_TEXT, status=201, returns=_SHAPE, summary="put a definition into force")
def publish(body: dict[str, Any]) -> Any:
    """New cases begin with it; running ones stay on theirs. 422 with ``problems`` (line, message) where it is wrong."""
    return _shape(store.publish(body["text"], person()))


@api.post("/workflows/<name>/simulate", permission=MANAGE, reads_only=True, summary="who would get a case at each step, and why",
          body={"drafter": {"type": "string", "required": True, "label": "拟稿人（用户名）"},
                "form": {"type": "dict", "nullable": True, "label": "表单"},
                "text": {"type": "string", "nullable": True, "maxlength": 512 * 1024, "label": "未发布的定义（YAML）"}},
          returns={"type": "object", "properties": {"steps": {"type": "array", "items": {"type": "object"}}}})
def simulate(name: str, body: dict[str, Any]) -> Any:
    """With ``text`` that text is tried, published or not."""
    drafter = identity.by_username(body["drafter"])
    if drafter is None or not drafter.active:
        raise Invalid(f"没有用户 {body['drafter']}，或已停用", errors={"drafter": ["没有这个用户，或已停用"]})
    form = body.get("form") or {}
    steps = workflow.simulate_text(body["text"], drafter, form) if body.get("text") else workflow.simulate(name, drafter, form)
    return {"steps": steps}


@api.get("/workflows/<name>/draft", permission=MANAGE, returns=_DRAFT, summary="the draft of a definition")
def draft(name: str) -> Any:
    """``version`` 0: nothing was changed since it was put into force."""
    return _draft(drafts.get(name, person()))


@api.put("/workflows/<name>/draft", permission=MANAGE, returns=_DRAFT, summary="keep a draft, right or wrong",
         body={**_TEXT, "version": {"type": "integer", "required": True, "label": "所改的稿次"}})
def keep(name: str, body: dict[str, Any]) -> Any:
    """409 ``draft_changed`` with ``version``, ``by`` and ``text`` of what stands there, where somebody was faster."""
    return _draft(drafts.save(name, body["text"], body["version"], person()))


def _draft(found: drafts.Draft) -> dict[str, Any]:
    return {"name": found.name, "version": found.version, "base_version": found.base_version, "text": found.text,
            "changed_by": found.changed_by, **_split(drafts.problems(found))}
