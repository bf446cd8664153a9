"""A page to read the REST description and try its operations."""

from __future__ import annotations

from typing import Any

from flask import json

from .. import openapi
from ..access import Pages
from ..rendering import render

pages = Pages("api_page", __name__)


@pages.get("/api/", signed_in=True)
def index() -> Any:
    document = openapi.document()
    operations: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            operations.setdefault(operation["tags"][0], []).append(
                {"method": method.upper(), "path": path, **operation, "example": _example(operation)}
            )
    return render("oa/api.html", document=document, groups=operations)


def _example(operation: dict[str, Any]) -> str:
    """A body to begin with: the required fields, else all."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if not content:
        return ""
    schema = content["schema"]
    names = schema.get("required") or list(schema.get("properties", {}))
    body = {name: _value(schema["properties"][name]) for name in names if name in schema.get("properties", {})}
    return json.dumps(body, ensure_ascii=False, indent=2)


def _value(schema: dict[str, Any]) -> Any:
    if "default" in schema:
        return schema["default"]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    return {"integer": 1, "number": 1, "boolean": False, "array": [], "object": {}}.get(str(kind), schema.get("title", ""))
