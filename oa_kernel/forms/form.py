"""The form itself: loaded from YAML or a mapping, checks what was sent, shows itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from oa_kernel.errors import ConfigError, Invalid

from . import fields as looks
from .fields import Field

#: set by the web layer, which knows the theme
_renderer: Callable[[list[Field]], Any] | None = None

_HEAD = frozenset(("name", "title", "fields", "description"))


class Form:
    """A checked description of fields.

    :param schema: field → rule, in the order of the page.
    """

    def __init__(self, schema: Mapping[str, Any], *, name: str = "", title: str = "", description: str = "") -> None:
        self.schema: dict[str, dict[str, Any]] = {k: dict(v or {}) for k, v in schema.items()}
        self.name, self.title, self.description = name, title, description
        for field_name, rule in self.schema.items():
            if problem := looks.check_looks(field_name, rule):
                raise ConfigError(f"表单 {name or '（未命名）'}：{problem}")
        self.rules = {k: bare(v) for k, v in self.schema.items()}
        self._prototypes: list[Field] | None = None

    @property
    def required(self) -> list[str]:
        """Names of the fields that must be filled in."""
        return [name for name, rule in self.schema.items() if rule.get("required")]

    def label(self, name: str) -> str:
        """The words beside a field."""
        return str(self.schema.get(name, {}).get("label") or name)

    def validate(self, data: Mapping[str, Any], *, coerce: bool | None = None, partial: bool = False) -> dict[str, Any]:
        """The clean values.

        :param data: a Flask form (texts; ``getlist`` is used) or plain values, e.g. from JSON.
        :param coerce: whether texts stand for numbers and so on; left out: yes for a Flask form.
        :param partial: what is not there is not asked for (a change of some fields).
        :raises Invalid: ``errors`` by field, nested ones as ``items.2.name``; all of them at once.
        """
        from . import checking

        return checking.check(self, data, coerce=coerce, partial=partial)

    def fields(
        self,
        values: Mapping[str, Any] | None = None,
        errors: Mapping[str, list[str]] | None = None,
        modes: Mapping[str, str] | None = None,
    ) -> list[Field]:
        """The fields with values and errors, for a template.

        :param values: clean values, or what was typed (a Flask form): it comes back as it was.
        :param modes: field → ``edit`` | ``read`` | ``hidden`` | ``required``.
        """
        made = []
        for name, rule in self.schema.items():
            mode = (modes or {}).get(name, "edit")
            if mode == "hidden":
                continue
            field = looks.make(name, rule)
            field.value = self._value(name, rule, values)
            field.errors = list((errors or {}).get(name, ()))
            for key, reasons in (errors or {}).items():
                if key.startswith(name + "."):
                    field.errors += [f"第 {int(p) + 1} 项：{r}" if (p := key.split(".")[1]).isdigit() else r
                                     for r in reasons]
            field.mode = "read" if mode == "read" else "edit"
            field.required = field.required or mode == "required"
            made.append(field)
        return made

    def _value(self, name: str, rule: Mapping[str, Any], values: Mapping[str, Any] | None) -> Any:
        kind = str(rule.get("type", "string"))
        if values is None:
            value = rule.get("default")
        elif hasattr(values, "getlist"):
            many = values.getlist(name)
            # a box is sent after the hidden field that stands for "not ticked": the last one counts
            one = (many[-1] if kind == "boolean" else many[0]) if many else None
            value = [v for v in many if v.strip()] if kind == "list" and len(many) != 1 else one
        else:
            value = values.get(name, rule.get("default"))
        if kind == "list" and not isinstance(value, list | tuple):
            value = [line for line in str(value or "").splitlines() if line.strip()]
        return looks.as_typed(value, kind)

    def render(
        self,
        values: Mapping[str, Any] | None = None,
        errors: Mapping[str, list[str]] | None = None,
        modes: Mapping[str, str] | None = None,
    ) -> Any:
        """The fields as HTML by the theme's macros (without the ``<form>`` around them)."""
        if _renderer is None:
            raise RuntimeError("forms are shown by the web layer: create the application first")
        return _renderer(self.fields(values, errors, modes))

    def json_schema(self) -> dict[str, Any]:
        """The form as JSON Schema 2020-12, for OpenAPI."""
        from .jsonschema import json_schema

        return json_schema(self)


def set_renderer(renderer: Callable[[list[Field]], Any]) -> None:
    """The web layer says how fields are shown; this room knows nothing of templates."""
    global _renderer
    _renderer = renderer


def bare(rule: Mapping[str, Any]) -> dict[str, Any]:
    """The rule as cerberus wants it: without looks, our types by theirs."""
    out = {k: v for k, v in rule.items() if k not in looks.LOOKS}
    if isinstance(out.get("type"), str):
        out["type"] = looks.TYPES.get(out["type"], out["type"])
    if isinstance(rule.get("options"), Mapping) and "allowed" not in out and out.get("type") == "string":
        out["allowed"] = [str(k) for k in rule["options"]]
    inner = out.get("schema")
    if isinstance(inner, Mapping):
        if out.get("type") == "list":
            out["schema"] = bare(inner)
        else:
            out["schema"] = {k: bare(v) for k, v in inner.items()}
    return out


def load(source: Form | Mapping[str, Any] | str | os.PathLike[str]) -> Form:
    """A form from a YAML file or a mapping. Raises ConfigError that names the file and what is wrong in it."""
    if isinstance(source, Form):
        return source
    if isinstance(source, Mapping):
        return _from_mapping(source, str(source.get("name", "")) if _has_head(source) else "")
    import yaml

    path = Path(source)
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"第 {mark.line + 1} 行" if mark else ""
        raise ConfigError(f"{path} {where}：YAML 写法有误（{getattr(error, 'problem', error)}）") from None
    except OSError as error:
        raise ConfigError(f"无法读取表单 {path}：{error.strerror}") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{path}：表单应是“字段: 规则”的映射")
    return _from_mapping(data, path.stem)


def _has_head(data: Mapping[str, Any]) -> bool:
    return isinstance(data.get("fields"), Mapping) and set(data) <= _HEAD


def _from_mapping(data: Mapping[str, Any], name: str) -> Form:
    head = _has_head(data)
    schema: Mapping[str, Any] = data["fields"] if head else data
    for field_name, rule in schema.items():
        if not isinstance(rule, Mapping):
            raise ConfigError(f"表单 {name}：字段 {field_name} 的规则应是映射，例：{{type: string, label: 名称}}")
    return Form(
        schema, name=str(data.get("name") or name) if head else name, title=str(data.get("title", "")) if head else "",
        description=str(data.get("description", "")) if head else "",
    )


def registered() -> dict[str, Form]:
    """All forms that kernel and plugins ship (``oa_forms``), by name; read once."""
    from oa_kernel import builtin, runtime

    cache = runtime.current().cache
    if "forms" not in cache:
        found = {}
        for path in builtin.collect("oa_forms"):
            form = load(path)
            found[form.name] = form
        cache["forms"] = found
    result: dict[str, Form] = cache["forms"]
    return result


def get(name: str) -> Form:
    """A form by its name. Raises Invalid where none has it."""
    found = registered().get(name)
    if found is None:
        raise Invalid(f"没有名为 {name} 的表单；可用：{'、'.join(sorted(registered())) or '（无）'}")
    return found


__all__ = ["Form", "bare", "get", "load", "registered", "set_renderer"]
