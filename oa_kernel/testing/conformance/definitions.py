"""The rule about forms and workflows."""

from __future__ import annotations

from pathlib import Path

from oa_kernel import forms, workflow
from oa_kernel.errors import OAError

from .subject import Office, Subject


def forms_and_workflows_are_valid(subject: Subject) -> list[str]:
    """Forms and workflow definitions can be read, are sound, and begin with the plugin's name."""
    with subject.office() as office:
        found = [p for path in _own(office, "oa_forms") for p in _form(subject, path)]
        found += [p for path in _own(office, "oa_workflows") for p in _workflow(subject, path)]
        for owner, api in office.running.plugins.collect_with_owner("oa_api_blueprints"):
            for operation in api.operations if owner == subject.name else ():
                for schema in (operation.query, operation.body):
                    try:
                        if schema is not None:
                            forms.load(schema)
                    except OAError as error:
                        found.append(f"{operation.method} {operation.path}：{error.message}")
    return found


def _own(office: Office, hook: str) -> list[Path]:
    return [Path(p) for owner, p in office.running.plugins.collect_with_owner(hook) if owner == office.subject.name]


def _form(subject: Subject, path: Path) -> list[str]:
    from cerberus import SchemaError, Validator

    try:
        form = forms.load(path)
        Validator(form.rules)
    except OAError as error:
        return [error.message]
    except SchemaError as error:
        return [f"{path.name}：规则有误 {error}"]
    if not form.name.startswith(subject.name + "."):
        return [f"{path.name}：表单名 {form.name} 应以 {subject.name}. 开头"]
    return [f"{path.name}：字段 {n} 没有 label" for n, rule in form.schema.items() if not rule.get("label")]


def _workflow(subject: Subject, path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        return [f"{path.name}：不能读取（{error.strerror}）"]
    problems = [f"{path.name} 第 {p.line} 行：{p.message}" for p in workflow.validate_text(text)]
    if problems:
        return problems
    import yaml

    name = str(yaml.safe_load(text)["name"])
    return [] if name.startswith(subject.name + ".") else [f"{path.name}：流程名 {name} 应以 {subject.name}. 开头"]


__all__ = ["forms_and_workflows_are_valid"]
