"""How a case moves: entering steps, branching and joining, ending. When a step is done, ``deciding`` says."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from oa_kernel import signals
from oa_kernel.errors import Conflict

from . import conditions, people, standing, store
from .case import Case, usernames
from .definition import END, Branch, Step
from .models import Done, Run, Task

#: steps one action may pass by itself (same person, empty branches), against definitions that would never stop
MAX_STEPS = 200


def advance(case: Case, step: Step, *, branch: str, task: Task | None, passed: int = 0) -> list[str]:
    """Goes on from a completed step; ids of the steps entered."""
    return enter(case, choose(case, step, step.next), branch=branch, task=task, passed=passed)


def choose(case: Case, step: Step, branches: Any) -> str:
    """The first branch whose condition holds."""
    values = names(case)
    for branch in branches:
        if not branch.when or conditions.holds(branch.when, values):
            return str(branch.to)
    raise Conflict(f"环节“{step.title}”之后没有一条路成立：请流程管理员检查定义", code="no_way_on")


def names(case: Case) -> dict[str, Any]:
    """What conditions may ask."""
    instance = case.instance
    fields = dict.fromkeys(case.definition.fields)
    return {**fields, **instance.form, "title": instance.title, "urgency": instance.urgency,
            "definition": instance.definition_name, "outcome": case.outcome, "drafter": instance.drafter_id,
            "drafter_department": instance.department_id}


def enter(case: Case, target: str, *, branch: str = "", task: Task | None, passed: int = 0,
          assigned: Collection[int] | None = None, resume_task: int | None = None) -> list[str]:
    """Begins a step. ``assigned`` sets its people (a mapping: with how much each vote counts); ``resume_task`` is a
    returned task that goes on once it is done."""
    if passed > MAX_STEPS:
        raise Conflict("流程一次经过的环节太多：请流程管理员检查定义", code="too_many_steps")
    if target == END:
        return _end(case, branch, task)
    step = case.definition.steps[target]
    if step.type == "fork":
        return _fork(case, step, branch, task, passed)
    if step.type == "join":
        return _join(case, step, branch, task, passed)
    if step.type != "task":
        from . import steps

        return steps.enter(case, step, branch, task, passed)
    found = list(assigned) if assigned else _find(case, step)
    if _same_person(case, step, found, assigned):
        run = case.open_run(step, 1, branch=branch, from_task=task, state="done", done_at=case.now)
        row = case.task_row(run, step, case.by.id, state="done", action="skip", done_at=case.now)
        made = case.add_tasks(step, [row])[0]
        case.trail("skip", made, "同一人，自动通过")
        run_effects(case, step, made)
        return advance(case, step, branch=branch, task=made, passed=passed + 1)
    run = case.open_run(step, len(found), branch=branch, from_task=task, resume_task_id=resume_task)
    _ask(case, step, found, run, assigned if isinstance(assigned, Mapping) else None)
    return [step.id]


def _find(case: Case, step: Step) -> list[int]:
    if step.people.get("chosen_by") and case.chosen is not None:
        people.check_chosen(case.definition, step, case.instance, case.chosen)
    found = people.find(case.definition, step, case.instance, case.chosen or ())[0]
    if not found:
        raise Conflict(f"环节“{step.title}”找不到办理人，也没有流程管理员：请系统管理员先授予 {people.MANAGE}",
                       code="nobody")
    return found


def _ask(case: Case, step: Step, found: list[int], run: int, weights: Mapping[int, float] | None) -> None:
    """Puts a step before its people, or who stands in for them."""
    weight = dict(weights or {})
    if step.mode == "weights" and not weight:
        ids = {u: i for i, (u, _) in usernames(found).items()}
        named = [ids[u] for u in step.weights if u in ids]
        weight = {ids[u]: w for u, w in step.weights.items() if u in ids}
        found = named or found
    kind = "draft" if step.id == case.definition.first.id else "work"
    covered = standing.cover(case, step, found)
    rows = [case.task_row(run, step, person, kind=kind, position=i, weight=weight.get(own or person, 1.0), for_id=own,
                          state="waiting" if step.mode == "sequence" and i else "open")
            for i, (person, own) in enumerate(covered)]
    made = case.add_tasks(step, rows)
    case.tell("workflow.task", [t.assignee_id for t in made if t.state == "open"],
              f"{step.title}：{case.instance.title}")


def _same_person(case: Case, step: Step, found: list[int], assigned: Collection[int] | None) -> bool:
    return bool(not assigned and step.skip_same_person and case.by is not None and found == [case.by.id])


def _fork(case: Case, step: Step, branch: str, task: Task | None, passed: int) -> list[str]:
    values = names(case)
    chosen: list[Branch] = [b for b in step.branches if not b.when or conditions.holds(b.when, values)]
    if not chosen:
        raise Conflict(f"分支“{step.title}”没有一条成立：请流程管理员检查定义", code="no_way_on")
    run = case.open_run(step, 0, branch=branch, from_task=task, state="done", done_at=case.now)
    ways = [f"{branch}{run}:{n}/" for n in range(len(chosen))]
    case.pending.update(ways)
    entered: list[str] = []
    for way, to in zip(ways, chosen, strict=True):
        if way in case.pending:  # a join that needs not wait for all may have fired meanwhile
            case.pending.discard(way)
            entered += enter(case, to.to, branch=way, task=task, passed=passed + 1)
    return entered


def fork_again(case: Case, branch: str, below: str) -> str:
    """The way into a branch that has come together already: its forks anew, with this one branch only."""
    for part in branch[len(below):].rstrip("/").split("/"):
        old = Run.get_by_id(int(part.partition(":")[0]))
        run = case.open_run(case.definition.steps[old.step], 0, branch=below, from_task=None, state="done",
                            done_at=case.now)
        below = f"{below}{run}:0/"
    return below


def _fork_run(case: Case, step: Step, branch: str) -> tuple[int, str] | None:
    """Of the forks on the way here the one a join belongs to, and the way before it."""
    parts = branch.rstrip("/").split("/") if branch else []
    ids = [int(p.partition(":")[0]) for p in parts]
    known: dict[int, str] = dict(Run.select(Run.id, Run.step).where(Run.id.in_(ids)).tuples()) if ids else {}
    for n in range(len(ids) - 1, -1, -1):
        if known.get(ids[n]) == step.joins:
            return ids[n], "".join(f"{p}/" for p in parts[:n])
    return None


def _join(case: Case, step: Step, branch: str, task: Task | None, passed: int) -> list[str]:
    """A branch arrives. The join fires once: when enough have arrived or nothing more can; the rest is then ended."""
    fork = _fork_run(case, step, branch)
    if fork is None:  # the way here did not branch
        return advance(case, step, branch=branch, task=task, passed=passed + 1)
    fork_id, outer = fork
    run = Run.get_or_none(Run.instance_id == case.instance.id, Run.step == step.id, Run.fork_id == fork_id,
                          Run.state == "open")
    mark = [task.id if task else 0]
    if run is None:
        run = Run(id=case.open_run(step, 0, branch=outer, from_task=task, fork_id=fork_id, arrived=mark),
                  step=step.id, branch=outer, fork_id=fork_id, arrived=mark)
    else:
        run.arrived = [*run.arrived, *mark]
        Run.update(arrived=run.arrived).where(Run.id == run.id).execute()
    return _fire(case, step, run, task, passed)


def _fire(case: Case, step: Step, run: Run, task: Task | None, passed: int) -> list[str]:
    scope = f"{run.branch}{run.fork_id}:"
    enough = step.wait != "all" and len(run.arrived) >= int(step.wait)
    if not enough and case.alive(scope):
        return []
    if not case.close_run(run.id):
        return []
    case.pending = {p for p in case.pending if not p.startswith(scope)}
    if enough:
        case.cancel(scope)
    return advance(case, step, branch=run.branch, task=task, passed=passed + 1)


def _end(case: Case, branch: str, task: Task | None) -> list[str]:
    if branch:  # a branch that ends by itself: joins do not wait for it any more
        waiting = Run.select().where(Run.instance_id == case.instance.id, Run.state == "open",
                                     Run.fork_id.is_null(False)).order_by(Run.id.desc())
        for run in waiting:
            if branch.startswith(f"{run.branch}{run.fork_id}:"):
                fired = _fire(case, case.definition.steps[run.step], run, task, 0)
                if fired:
                    return fired
    if case.alive():
        return []
    for name in case.definition.on_complete:
        run_effect(case, name, None, "")
    case.set_state("completed")
    case.trail("complete")
    case.tell("workflow.done", [case.instance.drafter_id], f"已办结：{case.instance.title}")
    signals.workflow_completed.send("workflow", instance=case.instance, by=case.by)
    finished(case, "completed")
    return [END]


def finished(case: Case, outcome: str) -> None:
    """Tells the case that waits for this one, where it is a sub-process."""
    if case.instance.parent_run_id:
        from . import steps

        steps.child_ended(case.instance, outcome, case.by)


def rejected(case: Case, comment: str) -> None:
    """The case is over, by a rejection."""
    case.cancel()
    case.set_state("rejected")
    case.tell("workflow.returned", [case.instance.drafter_id], f"被否决：{case.instance.title}", comment)
    signals.workflow_rejected.send("workflow", instance=case.instance, by=case.by, comment=comment)
    finished(case, "rejected")


def run_effects(case: Case, step: Step, task: Task) -> None:
    """What the definition says is to happen when the step is done."""
    for name in step.on_complete:
        run_effect(case, name, task, step.id)


def run_effect(case: Case, name: str, task: Task | None, step_id: str) -> None:
    """One effect; a step that is done again after a return repeats only what is meant to be repeated."""
    effect = store.effects().get(name)
    if effect is None:
        raise Conflict(f"流程要执行的“{name}”没有登记：提供它的插件可能未启用", code="effect_missing")
    if not effect.repeat:
        # the case is locked, so that nobody else does it between the look and the row
        if Done.select().where(Done.instance_id == case.instance.id, Done.step == step_id, Done.effect == name).exists():
            return
        Done.add(instance_id=case.instance.id, step=step_id, effect=name, at=case.now)
    effect.run(case.instance, task, case.by)

