"""Forms by step: which field one may read, edit, must fill in, or never sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oa_kernel import forms
from oa_kernel.errors import Invalid

from .case import Case
from .definition import Definition, Step


def form_of(definition: Definition) -> Any:
    """The form of a definition, or None."""
    if not definition.form:
        return None
    return forms.get(definition.form) if isinstance(definition.form, str) else forms.load(_plain(definition.form))


def _plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The contract's field types as the forms room knows them."""
    kinds = {"person": "string", "people": "list", "department": "string", "text": "string", "file": "string"}
    out = {}
    for name, rule in schema.items():
        own = dict(rule)
        own["type"] = kinds.get(own.get("type", "string"), own.get("type", "string"))
        own.setdefault("nullable", True)
        out[name] = own
    return out


def right(definition: Definition, step: Step | None, name: str) -> str:
    """read | edit | hidden | required of a field at a step; where nothing is said, the first step edits."""
    if step is None:
        return "read"
    said = step.fields.get(name)
    return said or ("edit" if step.id == definition.first.id else "read")


def visible(definition: Definition, steps: list[Step | None], form: Mapping[str, Any]) -> dict[str, Any]:
    """The form without what is hidden from somebody at all of their steps."""
    if not steps:
        steps = [None]
    return {name: value for name, value in form.items()
            if any(right(definition, step, name) != "hidden" for step in steps)}


def check_start(definition: Definition, data: Mapping[str, Any]) -> dict[str, Any]:
    """The form a case starts with, checked; raises Invalid with reasons beside the fields."""
    form = form_of(definition)
    return dict(data) if form is None else form.validate(data)


def check_edit(case: Case, step: Step, data: Mapping[str, Any], *, complete: bool) -> dict[str, Any]:
    """Changed fields, checked against the step's rights."""
    errors: dict[str, list[str]] = {}
    definition = case.definition
    for name in data:
        if definition.fields and name not in definition.fields:
            errors[name] = ["表单里没有这个字段"]
        elif right(definition, step, name) not in ("edit", "required"):
            if right(definition, step, name) == "hidden":
                errors[name] = ["表单里没有这个字段"]
            elif data[name] != case.instance.form.get(name):
                errors[name] = ["这一环节不能修改"]
    if errors:
        raise Invalid("表单有误", errors=errors)
    changed = {n: v for n, v in data.items() if case.instance.form.get(n) != v or n not in case.instance.form}
    form = form_of(definition)
    if form is not None and changed:
        checked = form.validate(changed, partial=True)
        changed = {n: checked.get(n) for n in changed}
    if complete:
        merged = {**case.instance.form, **changed}
        for name, said in step.fields.items():
            if said == "required" and merged.get(name) in (None, "", []):
                errors[name] = ["这一环节必须填写"]
        if errors:
            raise Invalid("有必填的内容没有填", errors=errors)
    return changed
