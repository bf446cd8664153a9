"""The JSON schema of definitions, for completion in editors: the same words the reader knows."""

from __future__ import annotations

from typing import Any

from .definition import FIELD_RIGHTS, MODES, OVERDUE, PEOPLE_RULES, STEP_ACTIONS, STEP_TYPES

_TEXT = {"type": "string"}
_NAMES = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}


def _people() -> dict[str, Any]:
    values: dict[str, Any] = {k: {"description": v} for k, v in PEOPLE_RULES.items()}
    values["users"] = {"type": "array", "items": _TEXT, "minItems": 1}
    values |= {"levels": {"type": "integer", "minimum": 1, "maximum": 10}, "among": {}, "below": {"type": "boolean"}}
    return {"anyOf": [{"const": "drafter"}, {"type": "object", "properties": values, "additionalProperties": False,
                                             "minProperties": 1}]}


def _mode() -> dict[str, Any]:
    veto = {"type": "array", "items": _TEXT}
    return {"anyOf": [
        {"enum": list(MODES)},
        {"type": "object", "required": ["ratio"], "additionalProperties": False,
         "properties": {"ratio": {"type": "number", "exclusiveMinimum": 0, "maximum": 1}, "veto": veto}},
        {"type": "object", "required": ["weights", "pass"], "additionalProperties": False,
         "properties": {"weights": {"type": "object", "additionalProperties": {"type": "number"}},
                        "pass": {"type": "number"}, "veto": veto}},
    ]}


def json_schema() -> dict[str, Any]:
    """JSON schema (2020-12) of a definition file."""
    way = {"anyOf": [_TEXT, {"type": "object", "required": ["to"], "additionalProperties": False,
                             "properties": {"when": _TEXT, "to": _TEXT}}]}
    unit = r"((working\s+)?(hour|day)s?|minutes?|(个)?(工作日|工作小时|小时|天|分钟))"
    period = {"type": "string", "pattern": rf"^\s*\d{{1,4}}\s*{unit}\s*$"}
    step: dict[str, Any] = {
        "id": _TEXT, "title": _TEXT, "description": _TEXT, "type": {"enum": list(STEP_TYPES)},
        "people": {"$ref": "#/$defs/people"}, "fallback": {"$ref": "#/$defs/people"}, "mode": _mode(),
        "actions": {"type": "array", "items": {"enum": list(STEP_ACTIONS)}, "minItems": 1},
        "fields": {"type": "object", "additionalProperties": {"enum": list(FIELD_RIGHTS)}},
        "due": period, "remind": {"anyOf": [period, {"type": "array", "items": period}]},
        "on_overdue": {"anyOf": [{"enum": list(OVERDUE)}, {
            "type": "object", "required": ["transfer"], "additionalProperties": False,
            "properties": {"transfer": {"$ref": "#/$defs/people"}}}]},
        "next": {"anyOf": [_TEXT, {"type": "array", "items": way, "minItems": 1}]},
        "branches": {"type": "array", "items": way, "minItems": 2},
        "wait": {"anyOf": [{"const": "all"}, {"type": "integer", "minimum": 1}]},
        "on_complete": _NAMES, "skip_same_person": {"type": "boolean"}, "definition": _TEXT,
        "map": {"type": "object", "additionalProperties": _TEXT}, "back": {"type": "object", "additionalProperties": _TEXT},
        "service": _TEXT, "after": {"anyOf": [period, {"type": "object", "required": ["field"], "properties": {"field": _TEXT}}]},
        "message": _TEXT, "copy": {"type": "boolean"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "流程定义", "type": "object",
        "required": ["name", "title", "steps"], "additionalProperties": False,
        "$defs": {"people": _people()},
        "properties": {
            "name": _TEXT, "title": _TEXT, "version": {"type": "integer", "minimum": 1}, "description": _TEXT,
            "form": {"anyOf": [_TEXT, {"type": "object", "additionalProperties": {"type": "object"}}]},
            "fallback": {"$ref": "#/$defs/people"}, "skip_same_person": {"type": "boolean"}, "subject": {},
            "on_start": _NAMES, "on_complete": _NAMES, "withdraw": {"type": "boolean"},
            "steps": {"type": "array", "minItems": 1, "items": {
                "type": "object", "required": ["id"], "additionalProperties": False, "properties": step}},
        },
    }
