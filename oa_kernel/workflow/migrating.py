"""Moving running cases to the newest version of their definition, with a map of steps that were renamed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oa_kernel import audit, db, permissions
from oa_kernel.errors import Forbidden, Invalid

from . import store
from .case import ALIVE, Case, lock_instance
from .definition import Definition
from .models import Instance, Run, Task

RUNNING = ("running", "withdrawn", "suspended")


def migrate(name: str, steps: Mapping[str, str] | None = None, *, by: Any = None, dry_run: bool = False) -> dict[str, Any]:
    """Puts the running cases of older versions on the one in force; those that do not fit stay, with the reason.

    :param steps: old step → new one; those not named keep their id.
    :returns: ``{"version", "moved": [ids], "kept": [{"instance", "title", "reason"}], "dry_run"}``.
    :raises Invalid: a new step of the map does not exist.
    """
    if by is not None and not permissions.by_right(by, "kernel.workflow.manage"):
        raise Forbidden("只有流程管理员可以换用新版流程")
    new = store.definition(name)
    steps = dict(steps or {})
    unknown = [s for s in steps.values() if s not in new.steps]
    if unknown:
        raise Invalid(f"{name} 第 {new.version} 版没有环节：{'、'.join(unknown)}。可用：{'、'.join(new.steps)}")
    moved: list[int] = []
    kept: list[dict[str, Any]] = []
    older = Instance.select(Instance.id).where(
        Instance.definition_name == name, Instance.state.in_(RUNNING), Instance.definition_id != new.row_id)
    for (instance_id,) in list(older.order_by(Instance.id).tuples()):
        with db.transaction():
            instance = lock_instance(instance_id)
            if instance is None or instance.state not in RUNNING:
                continue
            reason = _why_not(instance, new, steps)
            if reason:
                kept.append({"instance": instance_id, "title": instance.title, "reason": reason})
                continue
            if not dry_run:
                _move(instance, new, steps, by)
            moved.append(instance_id)
    return {"name": name, "version": new.version, "moved": moved, "kept": kept, "dry_run": dry_run}


def _why_not(instance: Instance, new: Definition, steps: Mapping[str, str]) -> str:
    old = store.by_id(instance.definition_id)
    here = {s for (s,) in Run.select(Run.step).where(
        Run.instance_id == instance.id, Run.state.in_(("open", "paused"))).distinct().tuples()}
    forks = {s for (s,) in Run.select(Run.step).where(
        Run.instance_id == instance.id, Run.state == "done").distinct().tuples()
        if s in old.steps and old.steps[s].type == "fork"}
    for step in sorted(here | (forks if _inside(instance) else set())):
        target = steps.get(step, step)
        if target not in new.steps:
            return f"新版没有环节“{step}”：用 --map {step}=新环节 指明"
        if step in old.steps and old.steps[step].type != new.steps[target].type:
            return f"环节“{target}”的类型变了（{old.steps[step].type} → {new.steps[target].type}）"
    missing = [f for f, rule in new.fields.items() if isinstance(rule, dict) and rule.get("required") and f not in instance.form]
    return f"新版必填的字段没有值：{'、'.join(missing)}" if missing else ""


def _inside(instance: Instance) -> bool:
    return Run.select().where(Run.instance_id == instance.id, Run.state.in_(("open", "paused")), Run.branch != "").exists()


def _move(instance: Instance, new: Definition, steps: Mapping[str, str], by: Any) -> None:
    before = instance.definition_version
    Instance.update(definition_id=new.row_id, definition_version=new.version).where(Instance.id == instance.id).execute()
    instance.definition_id, instance.definition_version = new.row_id, new.version
    passed = {s for (s,) in Run.select(Run.step).where(Run.instance_id == instance.id).distinct().tuples()}
    renamed = {s: f"~{n}" for n, s in enumerate(sorted(passed)) if s in steps and steps[s] != s}
    for part in (renamed, {mark: steps[s] for s, mark in renamed.items()}):  # by way of marks: a map may swap two
        for old, to in part.items():
            Run.update(step=to).where(
                Run.instance_id == instance.id, Run.step == old).execute()
            Task.update(step=to).where(
                Task.instance_id == instance.id, Task.step == old).execute()
    for step in new.steps.values():
        Task.update(step_name=step.title).where(
            Task.instance_id == instance.id, Task.step == step.id, Task.state.in_(ALIVE), Task.kind != "circulate").execute()
    case = Case(instance, new, by)
    case.trail("migrate", None, version=new.version, before=before, steps=dict(steps))
    audit.record("workflow.migrate", "workflow.instance", instance.id, title=instance.title, by=by,
                 before={"version": before}, after={"version": new.version, "steps": dict(steps)})
