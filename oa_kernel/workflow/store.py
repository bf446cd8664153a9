"""Definitions in the database: taken in from plugins and the organisation's folder, published, read back."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from oa_kernel import audit, builtin, clock, crypto, db, runtime
from oa_kernel.errors import Invalid, NotFound

from .definition import Definition, Problem
from .models import WorkflowDefinition
from .parse import parse

log = logging.getLogger(__name__)

FOLDER = "workflows"


def effects() -> dict[str, Any]:
    """Registered effects by name."""
    cache = runtime.current().cache
    if "workflow.effects" not in cache:
        cache["workflow.effects"] = {e.name: e for e in builtin.collect("oa_workflow_effects")}
    return cache["workflow.effects"]  # type: ignore[no-any-return]


def validate_text(text: str) -> list[Problem]:
    """What is wrong with a definition, line by line; empty when it can be published."""
    return _checked(text)[1]


def _checked(text: str) -> tuple[Definition | None, list[Problem]]:
    definition, problems = parse(text, effects())
    if definition is None:
        return None, problems
    problems = problems + list(_unknown_rules(definition, text))
    return (None, problems) if problems else (definition, [])


def _line_of(text: str, step: str, word: str) -> int:
    """The line within a step's lines where a word stands; the step's first if it is not found."""
    lines = text.split("\n")
    begin = next((n for n, line in enumerate(lines) if re.search(rf"\bid:\s*[\"']?{re.escape(step)}\b", line)), 0)
    return next((n for n in range(begin, len(lines)) if word in lines[n]), begin) + 1


def _unknown_rules(definition: Definition, text: str) -> Iterator[Problem]:
    from oa_kernel import permissions

    from .steps import services

    rules = {r.name for r in builtin.collect("oa_people_rules")}
    known_roles = permissions.roles()
    known = {d.name for d in definitions()} | {definition.name}
    for step in definition.steps.values():
        if step.service and step.service not in services():
            yield Problem(_line_of(text, step.id, step.service), f"环节 {step.id}：没有插件登记服务“{step.service}”")
        if step.definition == definition.name:
            yield Problem(_line_of(text, step.id, step.definition), f"环节 {step.id}：流程不能以自己为子流程")
        elif step.definition and step.definition not in known:
            yield Problem(_line_of(text, step.id, step.definition), f"环节 {step.id}：没有流程“{step.definition}”可作子流程")
        rule = step.people.get("rule")
        if rule and rule not in rules:
            yield Problem(_line_of(text, step.id, str(rule)), f"环节 {step.id}：没有插件登记人员规则“{rule}”")
        role = step.people.get("role")
        if role and role not in known_roles:
            yield Problem(_line_of(text, step.id, str(role)),
                          f"环节 {step.id}：没有角色“{role}”。可用：{'、'.join(sorted(known_roles))}")


def publish(text: str, by: Any = None, source: str = "published") -> WorkflowDefinition:
    """Makes a definition the one new cases begin with; running cases stay on theirs.

    :raises Invalid: with ``problems`` (line, message) in its details, nothing written.
    """
    definition, problems = _checked(text)
    if definition is None:
        raise Invalid(
            "流程定义有误：" + "；".join(f"第 {p.line} 行：{p.message}" for p in problems[:5]),
            problems=[{"line": p.line, "message": p.message} for p in problems],
        )
    return _store(definition, text, source, by)


def _store(definition: Definition, text: str, source: str, by: Any = None) -> WorkflowDefinition:
    digest = crypto.sm3_hex(text.encode())
    with db.transaction():
        current = (
            WorkflowDefinition.select()
            .where(WorkflowDefinition.name == definition.name, WorkflowDefinition.current)
            .order_by(WorkflowDefinition.id.desc()).first()
        )
        if current is not None and current.digest == digest:
            return current
        WorkflowDefinition.update(current=False).where(
            WorkflowDefinition.name == definition.name, WorkflowDefinition.current
        ).execute()
        row = WorkflowDefinition.create(
            name=definition.name, version=definition.version, title=definition.title, text=text, digest=digest,
            source=source, published_at=clock.now(), published_by=getattr(by, "id", None),
        )
        audit.record("workflow.publish", "workflow.definition", row.id, title=f"{row.name} 第 {row.version} 版", by=by,
                     before={"digest": current.digest, "version": current.version} if current else None,
                     after={"digest": digest, "version": row.version, "source": source})
    runtime.current().cache.pop("workflow.current", None)
    return row


def sync_definitions() -> list[str]:
    """Takes in what plugins ship and what stands in the organisation's folder; names of those that changed.

    An organisation's own file or publication of a name is kept over a plugin's. A file with a mistake is
    reported in the log and left out; what was published before stays in force.
    """
    changed: list[str] = []
    mine: set[str] = set()
    folder = runtime.current().config.folder / FOLDER
    for path in sorted(folder.glob("*.y*ml")) if folder.is_dir() else ():
        name = _take_in(path, "folder", changed)
        if name:
            mine.add(name)
    own = {name for (name,) in WorkflowDefinition.select(WorkflowDefinition.name).where(
        WorkflowDefinition.current, WorkflowDefinition.source == "published").tuples()}
    for owner, path in builtin.collect_with_owner("oa_workflows"):
        _take_in(Path(path), f"plugin:{owner}", changed, skip=mine | own)
    return changed


def _take_in(path: Path, source: str, changed: list[str], skip: set[str] | None = None) -> str | None:
    text = path.read_text(encoding="utf-8")
    # reading a definition takes longer than all else at start-up: what is in force already is known by its digest
    same = WorkflowDefinition.select(WorkflowDefinition.name).where(
        WorkflowDefinition.current, WorkflowDefinition.digest == crypto.sm3_hex(text.encode()),
        WorkflowDefinition.source == source).tuples().first()
    if same is not None:
        return str(same[0])
    definition, problems = parse(text, effects())
    if definition is None:
        for problem in problems:
            log.error("%s:%s: %s", path, problem.line, problem.message)
        return None
    if definition.name in (skip or ()):
        return definition.name
    before = WorkflowDefinition.select(WorkflowDefinition.digest).where(
        WorkflowDefinition.name == definition.name, WorkflowDefinition.current).tuples().first()
    row = _store(definition, text, source)
    if before is None or before[0] != row.digest:
        changed.append(definition.name)
    return definition.name


def definitions() -> list[WorkflowDefinition]:
    """The definitions in force, by name."""
    return list(WorkflowDefinition.select().where(WorkflowDefinition.current).order_by(WorkflowDefinition.name))


def definition(name: str) -> Definition:
    """The definition new cases of that name begin with; NotFound names the nearest."""
    row = (
        WorkflowDefinition.select(WorkflowDefinition.id)
        .where(WorkflowDefinition.name == name, WorkflowDefinition.current).tuples().first()
    )
    if row is None:
        import difflib

        names = [n for (n,) in WorkflowDefinition.select(WorkflowDefinition.name).where(
            WorkflowDefinition.current).tuples()]
        near = difflib.get_close_matches(name, names, 1)
        raise NotFound(f"没有流程 {name}" + (f"，是不是 {near[0]}？" if near else ""))
    return by_id(row[0])


def by_id(row_id: int) -> Definition:
    """The definition of a running case; compiled once a process."""
    cache = runtime.current().cache.setdefault("workflow.compiled", {})
    if row_id not in cache:
        row = WorkflowDefinition.get_by_id(row_id)
        compiled, problems = parse(row.text)
        if compiled is None:  # it was checked when it was published
            raise Invalid(f"流程 {row.name} 第 {row.version} 版无法读取：{problems[0].message}")
        cache[row_id] = replace(compiled, row_id=row.id, source=row.source)
    return cache[row_id]  # type: ignore[no-any-return]
