"""OpenAPI 3.1 of every REST route of the kernel and of the enabled plugins."""

from __future__ import annotations

import re
from typing import Any

from flask import current_app

from oa_kernel import __version__, forms, runtime

from .api import PREFIX, Operation

_PLACE = re.compile(r"<(?:(?P<kind>[a-z]+)(?:\([^)]*\))?:)?(?P<name>[a-zA-Z_]\w*)>")
_KINDS = {"int": {"type": "integer"}, "float": {"type": "number"}, "uuid": {"type": "string", "format": "uuid"}}
_PROBLEMS = {
    "400": "the request cannot be read", "401": "nobody known is asking", "403": "not allowed",
    "404": "not there, or not visible", "409": "somebody was faster, or the state does not allow it",
    "413": "too large", "415": "a kind of content that is not accepted", "422": "breaks a rule; see errors",
    "429": "too many requests; see Retry-After",
}
_PROBLEM_SCHEMA = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "detail": {"type": "string"}, "code": {"type": "string", "description": "stable, for programs"},
        "instance": {"type": "string"}, "reference": {"type": "string"},
        "errors": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    },
}


def document() -> dict[str, Any]:
    """The whole description; made once a process."""
    cached: dict[str, Any] | None = current_app.config.get("OA_OPENAPI")
    if cached is None:
        cached = current_app.config["OA_OPENAPI"] = _build()
    return cached


def _build() -> dict[str, Any]:
    config = runtime.current().config
    paths: dict[str, dict[str, Any]] = {}
    tags: list[dict[str, Any]] = []
    for owner, api in current_app.config["OA_APIS"]:
        if not any(t["name"] == api.title for t in tags):
            tags.append({"name": api.title, "description": owner})
        for operation in api.operations:
            path = _PLACE.sub(lambda m: "{" + m["name"] + "}", operation.path)
            paths.setdefault(path, {})[operation.method.lower()] = _operation(api, operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": config["organisation"]["name"], "version": __version__,
                 "description": "接口说明。出错时返回 RFC 9457 问题文档。"},
        "servers": [{"url": PREFIX}],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": {"Problem": _PROBLEM_SCHEMA},
            "responses": {
                f"Problem{status}": {
                    "description": text,
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
                for status, text in _PROBLEMS.items()
            },
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "令牌：个人资料 → 令牌，或 oa token create"}
            },
        },
        "security": [{"bearer": []}],
    }


def _operation(api: Any, operation: Operation) -> dict[str, Any]:
    out: dict[str, Any] = {
        "operationId": f"{api.name}.{operation.name}.{operation.method.lower()}",
        "tags": [api.title],
        "summary": operation.summary,
        "responses": _responses(operation),
    }
    if operation.description and operation.description != operation.summary:
        out["description"] = operation.description
    if operation.access.permission:
        out["x-permission"] = operation.access.permission
    if operation.access.public:
        out["security"] = []
    parameters = [*_path_parameters(operation), *_query_parameters(operation)]
    if operation.idempotent:
        parameters.append({
            "name": "Idempotency-Key", "in": "header", "required": False, "schema": {"type": "string", "maxLength": 200},
            "description": "same key, same body: done once, the same answer again",
        })
    if parameters:
        out["parameters"] = parameters
    if operation.access.uploads:
        out["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": {
            "type": "object", "required": ["file"],
            "properties": {"file": {"type": "string", "format": "binary"}},
        }}}}
    elif operation.body:
        form = forms.load(operation.body)
        out["requestBody"] = {
            "required": bool(form.required), "content": {"application/json": {"schema": form.json_schema()}}
        }
    return out


def _responses(operation: Operation) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "done"}
    schema = operation.returns
    if operation.content_type != "application/json":
        good["content"] = {operation.content_type: {"schema": {"type": "string", "format": "binary"}}}
    elif schema is not None:
        if set(schema) == {"items"}:
            schema = {
                "type": "object", "required": ["items", "next"],
                "properties": {"items": {"type": "array", "items": schema["items"]},
                               "next": {"type": ["string", "null"], "description": "cursor of the next page"}},
            }
        good["content"] = {"application/json": {"schema": schema}}
    statuses = {"400", "429"}
    if not operation.access.public:
        statuses |= {"401", "403"}
    if "<" in operation.path:
        statuses.add("404")
    if operation.method != "GET":
        statuses |= {"409", "413", "415", "422"}
    if operation.query:
        statuses.add("422")
    return {
        str(operation.status): good,
        **{str(s): {"description": "accepted" if s == 202 else "done", "content": {"application/json": {"schema": schema}}}
           for s, schema in operation.also.items()},
        **{s: {"$ref": f"#/components/responses/Problem{s}"} for s in sorted(statuses)},
    }


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": m["name"], "in": "path", "required": True, "schema": dict(_KINDS.get(m["kind"] or "", {"type": "string"}))}
        for m in _PLACE.finditer(operation.path)
    ]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    if not operation.query:
        return []
    form = forms.load(operation.query)
    schema = form.json_schema()["properties"]
    return [
        {"name": name, "in": "query", "required": bool(rule.get("required")), "schema": schema[name],
         **({"description": str(rule["label"])} if rule.get("label") else {})}
        for name, rule in form.schema.items()
    ]


__all__ = ["document"]
