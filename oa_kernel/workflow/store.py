"""Definitions in the database: taken in from plugins and the organisation's folder, published, read back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from oa_kernel import audit, builtin, clock, crypto, db, permissions, runtime
from oa_kernel.errors import Invalid, NotFound

from . import check, naming
from .definition import Definition, Problem
from .models import WorkflowDefinition
from .parse import Reader, parse, parse_with_lines

log = logging.getLogger(__name__)

FOLDER = "workflows"
MANAGE = "kernel.workflow.manage"


def effects() -> dict[str, Any]:
    """Registered effects by name."""
    cache = runtime.current().cache
    if "workflow.effects" not in cache:
        cache["workflow.effects"] = {e.name: e for e in builtin.collect("oa_workflow_effects")}
    return cache["workflow.effects"]  # type: ignore[no-any-return]


def validate_text(text: str) -> list[Problem]:
    """What is wrong with a definition, line by line; empty when it can be published."""
    return [p for p in check_text(text) if p.level == "error"]


def check_text(text: str) -> list[Problem]:
    """The same, and below it warnings: what can be published and should be looked at (a rule that names nobody)."""
    return _checked(text)[1]


def checked(text: str) -> Definition | None:
    """The definition, or None where something is wrong with it."""
    return _checked(text)[0]


def _checked(text: str) -> tuple[Definition | None, list[Problem]]:
    definition, reader = parse_with_lines(text, effects())
    if definition is None:
        return None, reader.problems
    found = sorted([*_unknown(definition, reader), *naming.warnings(definition, reader)], key=lambda p: p.line)
    found = [replace(p, step=reader.step_at(p.line)) for p in found]
    return (None if any(p.level == "error" for p in found) else definition), found


def _unknown(definition: Definition, reader: Reader) -> Iterator[Problem]:
    """Rules, roles, services and sub-processes that nobody has registered."""
    from .steps import services

    registered = {r.name for r in builtin.collect("oa_people_rules")}
    roles = permissions.roles()
    known = {d.name for d in definitions()} | {definition.name}
    for i, step in enumerate(definition.steps.values()):
        if step.service and step.service not in services():
            yield Problem(reader.line("steps", i, "service"), f"环节 {step.id}：没有插件登记服务“{step.service}”")
        if step.definition == definition.name:
            yield Problem(reader.line("steps", i, "definition"), f"环节 {step.id}：流程不能以自己为子流程")
        elif step.definition and step.definition not in known:
            yield Problem(reader.line("steps", i, "definition"), f"环节 {step.id}：没有流程“{step.definition}”可作子流程")
        for path, rule in check.rules(step):
            yield from _unknown_rule(rule, reader.line("steps", i, *path), f"环节 {step.id}", registered, roles)
    if definition.fallback:
        yield from _unknown_rule(definition.fallback, reader.line("fallback"), "后备", registered, roles)


def _unknown_rule(rule: Any, line: int, where: str, registered: set[str], roles: Any) -> Iterator[Problem]:
    if rule.get("rule") and rule["rule"] not in registered:
        yield Problem(line, f"{where}：没有插件登记人员规则“{rule['rule']}”")
    if rule.get("role") and rule["role"] not in roles:
        yield Problem(line, f"{where}：没有角色“{rule['role']}”。可用：{'、'.join(sorted(roles))}")


def publish(text: str, by: Any = None, source: str = "published") -> WorkflowDefinition:
    """Makes a definition the one new cases begin with; running cases stay on theirs.

    :param by: who does it; needs ``kernel.workflow.manage``. None: the installation itself (a command, a start).
    :raises Invalid: with ``problems`` (line, message) in its details, nothing written.
    """
    if by is not None:
        permissions.require(by, MANAGE)
    definition, problems = _checked(text)
    problems = [p for p in problems if p.level == "error"]
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
    if definition.name in (skip or ()) or source == "folder" and _published_since(definition.name, text):
        return definition.name
    before = WorkflowDefinition.select(WorkflowDefinition.digest).where(
        WorkflowDefinition.name == definition.name, WorkflowDefinition.current).tuples().first()
    row = _store(definition, text, source)
    if before is None or before[0] != row.digest:
        changed.append(definition.name)
    return definition.name


def _published_since(name: str, text: str) -> bool:
    """Whether a file of the folder has not changed since it was taken in, and another text was published after that."""
    newest = WorkflowDefinition.select(WorkflowDefinition.id, WorkflowDefinition.digest).where(
        WorkflowDefinition.name == name, WorkflowDefinition.source == "folder").order_by(
        WorkflowDefinition.id.desc()).tuples().first()
    current = WorkflowDefinition.select(WorkflowDefinition.id).where(
        WorkflowDefinition.name == name, WorkflowDefinition.current, WorkflowDefinition.source == "published").tuples().first()
    return bool(newest and current and newest[1] == crypto.sm3_hex(text.encode()) and current[0] > newest[0])


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


def definition_text(name: str) -> str:
    """The YAML of what new cases of that name begin with; NotFound names the nearest."""
    return str(WorkflowDefinition.get_by_id(definition(name).row_id).text)


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
