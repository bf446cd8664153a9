"""A form as JSON Schema 2020-12."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .form import Form

_TYPES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"}, "text": {"type": "string"}, "integer": {"type": "integer"},
    "float": {"type": "number"}, "number": {"type": "number"}, "boolean": {"type": "boolean"},
    "decimal": {"type": ["string", "number"], "format": "decimal"},
    "money": {"type": ["string", "number"], "format": "decimal"},
    "date": {"type": "string", "format": "date"}, "datetime": {"type": "string", "format": "date-time"},
    "list": {"type": "array"}, "dict": {"type": "object"}, "person": {"type": "string"},
    "department": {"type": "integer"}, "file": {"type": "string"},
}


def json_schema(form: Form) -> dict[str, Any]:
    """The whole form as an object schema."""
    out = _object(form.schema)
    if form.title:
        out["title"] = form.title
    if form.description:
        out["description"] = form.description
    return out


def _object(schema: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {
        "type": "object", "properties": {name: of_rule(rule) for name, rule in schema.items()},
        "additionalProperties": False,
    }
    required = [name for name, rule in schema.items() if rule.get("required")]
    if required:
        out["required"] = required
    return out


def of_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """One field's schema."""
    kind = rule.get("type", "string")
    if isinstance(kind, list):
        out: dict[str, Any] = {"anyOf": [dict(_TYPES.get(k, {})) for k in kind]}
    else:
        out = dict(_TYPES.get(str(kind), {}))
    if rule.get("label"):
        out["title"] = str(rule["label"])
    if rule.get("help"):
        out["description"] = str(rule["help"])
    allowed = rule.get("allowed") or (list(rule["options"]) if isinstance(rule.get("options"), Mapping) else None)
    if kind == "list":
        inner = rule.get("schema")
        out["items"] = of_rule(inner) if isinstance(inner, Mapping) else {}
        if allowed:
            out["items"] = {**out["items"], "enum": list(allowed)}
        names = {"minlength": "minItems", "maxlength": "maxItems"}
    else:
        if allowed:
            out["enum"] = list(allowed)
        names = {"minlength": "minLength", "maxlength": "maxLength"}
    if kind == "dict" and isinstance(rule.get("schema"), Mapping):
        out.update(_object(rule["schema"]))
    if kind in ("integer", "float", "number"):
        names |= {"min": "minimum", "max": "maximum"}
    for ours, theirs in names.items():
        if ours in rule:
            out[theirs] = rule[ours]
    if "regex" in rule:
        out["pattern"] = f"^(?:{rule['regex']})$"
    if "default" in rule and rule["default"] is not None:
        out["default"] = rule["default"]
    if rule.get("nullable") and isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
        if "enum" in out:
            out["enum"] = [*out["enum"], None]
    return out


__all__ = ["json_schema", "of_rule"]
