"""How a case moves: entering steps, branching and joining, completing, ending."""

from __future__ import annotations

from typing import Any

from oa_kernel import signals
from oa_kernel.errors import Conflict

from . import conditions, people, store
from .case import Case
from .definition import END, Branch, Step
from .models import Run, Task

#: steps one action may pass by itself (same person, empty branches), against definitions that would never stop
MAX_STEPS = 200


def advance(case: Case, step: Step, *, fork_id: int | None, task: Task | None, passed: int = 0) -> list[str]:
    """Goes on from a completed step; ids of the steps entered."""
    return enter(case, choose(case, step, step.next), fork_id=fork_id, task=task, passed=passed)


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
            "definition": instance.definition_name, **_Drafter(instance)}


class _Drafter(dict[str, Any]):
    """Names that cost a query are asked for only when a condition uses them: most do not."""

    def __init__(self, instance: Any) -> None:
        super().__init__(drafter=None, drafter_department=None)
        self._fill(instance)

    def _fill(self, instance: Any) -> None:
        self["drafter"] = instance.drafter_id
        self["drafter_department"] = instance.department_id


def enter(case: Case, target: str, *, fork_id: int | None, task: Task | None, passed: int = 0,
          assigned: list[int] | None = None, resume: tuple[str, list[int]] = ("", [])) -> list[str]:
    """Begins a step. ``assigned`` sets its people; ``resume`` is where a returned step goes straight back to."""
    if passed > MAX_STEPS:
        raise Conflict("流程一次经过的环节太多：请流程管理员检查定义", code="too_many_steps")
    if target == END:
        return _end(case, fork_id)
    step = case.definition.steps[target]
    if step.type == "fork":
        return _fork(case, step, fork_id, task, passed)
    if step.type == "join":
        return _join(case, step, fork_id, task, passed)
    found = assigned if assigned is not None else people.find(case.definition, step, case.instance, case.chosen)[0]
    if not found:
        raise Conflict(f"环节“{step.title}”找不到办理人，也没有流程管理员：请系统管理员先授予 {people.MANAGE}",
                       code="nobody")
    if step.mode == "weights":
        ids = {u: i for i, (u, _) in _usernames(found).items()}
        found = [ids[u] for u in step.weights if u in ids] or found
    if _same_person(case, step, found, assigned):
        run = case.open_run(step, 1, fork_id=fork_id, from_task=task, state="done", done_at=case.now)
        row = case.task_row(run, step, case.by.id, state="done", action="skip", done_at=case.now)
        made = case.add_tasks(step, [row])[0]
        case.trail("skip", made, "同一人，自动通过")
        _effects(case, step, made)
        return advance(case, step, fork_id=fork_id, task=made, passed=passed + 1)
    run = case.open_run(step, len(found), fork_id=fork_id, from_task=task, resume_step=resume[0],
                        resume_people=resume[1])
    kind = "draft" if step.id == case.definition.first.id else "work"
    rows = [case.task_row(run, step, person, kind=kind, position=i,
                          state="waiting" if step.mode == "sequence" and i else "open")
            for i, person in enumerate(found)]
    made_tasks = case.add_tasks(step, rows)
    case.tell("workflow.task", [t.assignee_id for t in made_tasks if t.state == "open"],
              f"{step.title}：{case.instance.title}")
    return [step.id]


def _usernames(ids: list[int]) -> dict[int, tuple[str, str]]:
    from .case import usernames

    return usernames(ids)


def _same_person(case: Case, step: Step, found: list[int], assigned: list[int] | None) -> bool:
    return bool(assigned is None and step.skip_same_person and case.by is not None and found == [case.by.id])


def _fork(case: Case, step: Step, fork_id: int | None, task: Task | None, passed: int) -> list[str]:
    values = names(case)
    chosen: list[Branch] = [b for b in step.branches if not b.when or conditions.holds(b.when, values)]
    if not chosen:
        raise Conflict(f"分支“{step.title}”没有一条成立：请流程管理员检查定义", code="no_way_on")
    run = case.open_run(step, 0, fork_id=fork_id, from_task=task, tokens=len(chosen), state="done", done_at=case.now)
    entered: list[str] = []
    for branch in chosen:
        entered += enter(case, branch.to, fork_id=run, task=task, passed=passed + 1)
    return entered


def _join(case: Case, step: Step, fork_id: int | None, task: Task | None, passed: int) -> list[str]:
    """A branch arrives. The join fires once, when enough have arrived; branches still open are then ended."""
    if fork_id is None:  # the way here did not branch
        return advance(case, step, fork_id=None, task=task, passed=passed + 1)
    fork = Run.get_by_id(fork_id)
    run = Run.select().where(Run.instance_id == case.instance.id, Run.step == step.id, Run.fork_id == fork_id,
                             Run.state != "cancelled").first()
    if run is None:
        run_id = case.open_run(step, 0, fork_id=fork_id, from_task=task, tokens=1)
        arrived = 1
    else:
        if run.state == "done":
            return []  # it has fired: a late branch changes nothing
        run_id, arrived = run.id, run.tokens + 1
        Run.update(tokens=arrived).where(Run.id == run_id).execute()
    needed = fork.tokens if step.wait == "all" else min(int(step.wait), fork.tokens)
    if arrived < needed or not case.close_run(run_id):
        return []
    case.cancel_open(fork_id=fork_id, within_fork=True)
    return advance(case, step, fork_id=fork.fork_id, task=task, passed=passed + 1)


def _end(case: Case, fork_id: int | None) -> list[str]:
    if fork_id is not None:  # a branch that ends by itself: the case ends with the last of them
        left = Run.select(Run.id).where(Run.instance_id == case.instance.id, Run.state == "open").limit(1).tuples().first()
        if left is not None:
            return []
    for name in case.definition.on_complete:
        _run_effect(case, name, None)
    case.set_state("completed")
    case.trail("complete")
    case.tell("workflow.done", [case.instance.drafter_id], f"已办结：{case.instance.title}")
    signals.workflow_completed.send("workflow", instance=case.instance, by=case.by)
    return [END]


def complete_run(case: Case, run: Run, step: Step, task: Task) -> list[str]:
    """A task of the run was approved: goes on when the step's mode is satisfied."""
    others = list(Task.select().where(Task.run_id == run.id, Task.state.in_(("open", "waiting")),
                                      Task.kind != "circulate")) if run.asked > 1 or task.parent_id else []
    added = [t for t in others if t.kind in ("sign", "delegate")]
    asked = [t for t in others if t not in added]
    if step.mode in ("all", "sequence") and asked:
        _open_next(case, step, asked)
        return []
    if step.mode in ("ratio", "weights") and not _votes_pass(step, run):
        return []
    if added:
        for t in [t for t in added if t.state == "waiting" and t.place == "after"]:
            _open(case, step, t)
        return []
    if not case.close_run(run.id):
        return []
    if asked:
        Task.update(state="cancelled", done_at=case.now, version=Task.version + 1).where(
            Task.id.in_([t.id for t in asked])).execute()
    _effects(case, step, task)
    if run.resume_step:
        return enter(case, run.resume_step, fork_id=run.fork_id, task=task, assigned=people.active(run.resume_people) or None)
    return advance(case, step, fork_id=run.fork_id, task=task)


def _open_next(case: Case, step: Step, asked: list[Task]) -> None:
    if step.mode == "sequence" and not any(t.state == "open" for t in asked):
        _open(case, step, min(asked, key=lambda t: (t.position, t.id)))


def _open(case: Case, step: Step, task: Task) -> None:
    """A waiting task's turn has come."""
    from . import calendar

    due = calendar.due_at(case.now, step.due) if step.due else None
    Task.update(state="open", arrived_at=case.now, due_at=due, from_name=case.by.name if case.by else "系统",
                version=Task.version + 1).where(Task.id == task.id).execute()
    case.tell("workflow.task", [task.assignee_id], f"{step.title}：{case.instance.title}")


def votes(step: Step, run: Run) -> tuple[float, float, float]:
    """(in favour, still open, needed) of a run that is decided by votes."""
    rows = list(Task.select(Task.assignee_id, Task.state, Task.action).where(
        Task.run_id == run.id, Task.kind == "work", Task.state != "cancelled").tuples())
    if step.mode == "weights":
        who = _usernames([r[0] for r in rows])
        weight = {i: step.weights.get(u, 0.0) for i, (u, _) in who.items()}
        needed = step.passing
    else:
        weight = {r[0]: 1.0 for r in rows}
        needed = step.ratio * run.asked
    favour = sum(weight.get(i, 0) for i, s, a in rows if s == "done" and a == "approve")
    still = sum(weight.get(i, 0) for i, s, _ in rows if s in ("open", "waiting"))
    return favour, still, needed


def _votes_pass(step: Step, run: Run) -> bool:
    favour, _, needed = votes(step, run)
    return favour >= needed - 1e-9


def _effects(case: Case, step: Step, task: Task) -> None:
    for name in step.on_complete:
        _run_effect(case, name, task)


def _run_effect(case: Case, name: str, task: Task | None) -> None:
    effect = store.effects().get(name)
    if effect is None:
        raise Conflict(f"流程要执行的“{name}”没有登记：提供它的插件可能未启用", code="effect_missing")
    effect.run(case.instance, task, case.by)
