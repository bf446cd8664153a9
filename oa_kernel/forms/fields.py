"""One field of a form as a page shows it: its words, its widget, its choices, and its value as typed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: rules that are about looks; cerberus does not see them
LOOKS = frozenset((
    "label", "help", "placeholder", "widget", "options", "unit", "rows", "autocomplete", "group", "accept", "inputmode",
))
#: our types → the one cerberus checks
TYPES = {"text": "string", "money": "decimal", "person": "string", "department": "integer", "file": "string"}

_WIDGETS = {
    "text": "textarea", "integer": "number", "float": "number", "number": "number", "decimal": "number",
    "money": "money", "boolean": "checkbox", "date": "date", "datetime": "datetime", "file": "file",
    "person": "person", "department": "department",
}
_WIDGET_NAMES = frozenset(_WIDGETS.values()) | {
    "text", "select", "radio", "checkboxes", "hidden", "password", "lines",
}
#: up to so many choices stand open as radio buttons
_RADIO_UP_TO = 4


@dataclass
class Field:
    """What a template needs of one field."""

    name: str
    label: str
    widget: str
    type: str
    required: bool = False
    help: str = ""
    placeholder: str = ""
    unit: str = ""
    rows: int = 4
    autocomplete: str = ""
    accept: str = ""
    #: (value, text) pairs
    options: list[tuple[str, str]] = field(default_factory=list)
    #: as typed: text, or a list of texts, or a bool
    value: Any = ""
    errors: list[str] = field(default_factory=list)
    min: Any = None
    max: Any = None
    minlength: int | None = None
    maxlength: int | None = None
    step: str = ""
    #: ``edit`` | ``read``
    mode: str = "edit"

    @property
    def id(self) -> str:
        """Of the input element; errors in the summary link to it."""
        return f"field-{self.name.replace('.', '-')}"

    @property
    def shown(self) -> str:
        """The value for reading, options by their text."""
        texts = dict(self.options)
        if isinstance(self.value, bool):
            return "是" if self.value else "否"
        if isinstance(self.value, list):
            return "、".join(texts.get(v, v) for v in self.value)
        return str(texts.get(self.value, self.value))


def make(name: str, rule: Mapping[str, Any]) -> Field:
    """The field of a rule, without value."""
    kind = str(rule.get("type", "string"))
    options = choices(rule)
    widget = rule.get("widget") or _widget(kind, rule, options)
    return Field(
        name=name, label=str(rule.get("label") or name), widget=widget, type=kind, required=bool(rule.get("required")),
        help=str(rule.get("help", "")), placeholder=str(rule.get("placeholder", "")), unit=str(rule.get("unit", "")),
        rows=int(rule.get("rows", 6 if kind == "text" else 4)), autocomplete=str(rule.get("autocomplete", "")),
        accept=str(rule.get("accept", "")), options=options, min=_plain(rule.get("min")), max=_plain(rule.get("max")),
        minlength=rule.get("minlength") if kind in ("string", "text") else None,
        maxlength=rule.get("maxlength") if kind in ("string", "text") else None,
        step={"integer": "1", "money": "0.01"}.get(kind, "any" if _WIDGETS.get(kind) == "number" else ""),
    )


def check_looks(name: str, rule: Mapping[str, Any]) -> str:
    """What is wrong with the looks of a rule; empty when nothing is."""
    widget = rule.get("widget")
    if widget is not None and widget not in _WIDGET_NAMES:
        return f"字段 {name} 的 widget {widget!r} 不认识；可用：{'、'.join(sorted(_WIDGET_NAMES))}"
    return ""


def choices(rule: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(value, text) of the values a field allows."""
    options = rule.get("options")
    if isinstance(options, Mapping):
        return [(str(k), str(v)) for k, v in options.items()]
    if isinstance(options, list | tuple):
        return [(str(o["value"]), str(o["label"])) if isinstance(o, Mapping) else (str(o), str(o)) for o in options]
    allowed = rule.get("allowed")
    if allowed is None and isinstance(rule.get("schema"), Mapping):
        allowed = rule["schema"].get("allowed")
    return [(str(a), str(a)) for a in allowed or ()]


def as_typed(value: Any, kind: str) -> Any:
    """A value as an input element holds it."""
    if kind == "boolean":
        return value if isinstance(value, bool) else str(value).lower() in ("1", "true", "on", "yes")
    if isinstance(value, list | tuple):
        return [str(v) for v in value]
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        from oa_kernel import clock

        return f"{clock.local(value):%Y-%m-%dT%H:%M}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _widget(kind: str, rule: Mapping[str, Any], options: list[tuple[str, str]]) -> str:
    if kind == "list":
        return "checkboxes" if options else "lines"
    if options:
        return "radio" if len(options) <= _RADIO_UP_TO and rule.get("required") else "select"
    if kind == "string" and rule.get("maxlength", 0) > 200:
        return "textarea"
    return _WIDGETS.get(kind, "text")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


__all__ = ["LOOKS", "TYPES", "Field", "as_typed", "check_looks", "choices", "make"]
