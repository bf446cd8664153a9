"""退回 and 取回: the case goes back, and nobody's open work in it is lost or left over."""

from __future__ import annotations

from typing import Any

from oa_kernel import signals
from oa_kernel.errors import Conflict, Invalid

from . import graph, moves, people, steps, store
from .actions import Act, comment_needed, completed, save_form
from .case import ALIVE, Case
from .definition import Step
from .models import Instance, Run, Task, Trail

#: actions that can be taken back
RETRIEVABLE = ("approve", "submit", "return", "transfer")


def return_(a: Act) -> None:
    """退回: to the step before, any earlier one, or the drafter; then step by step, or straight back.

    Step by step, everything that came after that step ends. With ``resume: direct`` it stands still instead, and goes
    on where it was once the step is done again: whoever else was asked keeps their task, branches beside keep theirs.
    """
    comment_needed(a, "退回")
    if a.resume not in ("step", "direct"):
        raise Invalid("resume 应是 step（逐级）或 direct（直送退回人）", errors={"resume": ["应是 step 或 direct"]})
    before = _target(a)
    save_form(a, complete=False)
    a.finish("return")
    case, target = a.case, before.step
    step = case.definition.steps[target]
    case.trail("return", a.task, a.comment, target=target, target_name=step.title, resume=a.resume)
    inside = a.run.branch.startswith(before.branch)
    scope = before.branch if inside else graph.common(a.run.branch, before.branch)
    assigned = _who_did(before, step, case)
    if a.resume == "direct":
        stopped = case.pause(scope, -1)
        moves.enter(case, target, branch=scope, task=a.task, assigned=assigned, resume_task=a.task.id)
        new = Run.select(Run.id).where(Run.instance_id == case.instance.id, Run.resume_task_id == a.task.id).tuples().first()
        Run.update(paused_by=new[0]).where(Run.id.in_(stopped)).execute()
    else:
        case.cancel(scope)
        way = before.branch if inside else moves.fork_again(case, before.branch, scope)
        moves.enter(case, target, branch=way, task=a.task, assigned=assigned)
    case.tell("workflow.returned", _open_people(case, target), f"退回：{case.instance.title}", a.comment)
    signals.workflow_returned.send("workflow", instance=case.instance, task=a.task, target=target, by=case.by,
                                   comment=a.comment)
    completed(a)


def _target(a: Act) -> Run:
    earlier = earlier_steps(a)
    if not earlier:
        raise Conflict("已是第一个环节，不能再退回", code="nothing_before")
    steps = a.case.definition.steps
    target = a.target or "previous"
    if target == "drafter" and target not in steps:
        target = a.case.definition.first.id
    if target == "previous" and target not in steps:
        target = earlier[-1].step
    before = next((r for r in reversed(earlier) if r.step == target), None)
    if before is None:
        names = "、".join(dict.fromkeys(f"{r.step}（{steps[r.step].title}）" for r in earlier))
        raise Invalid(f"不能退回到“{target}”：它不在此前经过的环节里。可退回到：{names}", errors={"target": ["不是此前的环节"]})
    return before


def earlier_steps(a: Act) -> list[Run]:
    """Activations of people's steps on the way here that were completed, oldest first; of repeated ones the last."""
    steps = a.case.definition.steps
    before = graph.ancestors(a.case.definition, a.step.id)
    runs = Run.select().where(Run.instance_id == a.case.instance.id, Run.state == "done", Run.id < a.run.id).order_by(Run.id)
    last = {run.step: run for run in runs if run.step in before and steps[run.step].type == "task"}
    passed = graph.dominators(steps)
    order = list(steps)
    return sorted(last.values(), key=lambda r: (len(passed.get(r.step, ())), order.index(r.step)))


def _who_did(run: Run, step: Step, case: Case) -> dict[int, float] | None:
    """Who gets a step it is returned to, and how much each vote counts: whoever did it; where several were asked,
    all of them again."""
    if step.id == case.definition.first.id:
        return dict.fromkeys(people.active([case.instance.drafter_id]), 1.0) or None
    rows = Task.select(Task.assignee_id, Task.for_id, Task.state, Task.weight).where(
        Task.run_id == run.id, Task.kind.in_(("work", "draft")),
        Task.action.not_in(("transfer", "retrieved", "return"))).order_by(Task.position, Task.id).tuples()
    found: dict[int, float] = {}
    for assignee, own, state, weight in rows:
        if step.mode != "one" or state == "done":
            found.setdefault(own or assignee, weight)
    return {i: found[i] for i in people.active(found)} or None


def _open_people(case: Case, step_id: str) -> list[int]:
    return [i for (i,) in Task.select(Task.assignee_id).where(
        Task.instance_id == case.instance.id, Task.state == "open", Task.step == step_id,
        Task.kind != "circulate").tuples()]


# ---- 取回 -------------------------------------------------------------------------------------------------------


def take_back(case: Case, by: Any, comment: str) -> None:
    """取回: what somebody did last is theirs to do again; what followed from it alone is ended."""
    task, run, step = last_act(case.instance, by)
    case.trail("retrieve", task, comment)
    if task.action == "transfer":
        made = _after_transfer(task)
        _take_from(case, made)
        new = case.again(step, task)
        Task.update(parent_id=new.id).where(Task.parent_id == made.id, Task.state.in_(ALIVE)).execute()
    elif run.state == "open" or (run.state == "paused" and task.action == "return"):
        new = _again_in_its_run(case, step, run, task)
    elif run.resume_task_id:
        new = _before_straight_back(case, step, run, task)
    else:
        _undo_following(case, task)
        Run.update(state="open", done_at=None).where(Run.id == run.id).execute()
        new = case.again(step, task)
        if task.kind == "draft" and _was_withdrawn(task):
            case.set_state("withdrawn")
    Task.update(action="retrieved").where(Task.id == task.id).execute()
    steps.catch_up(case)
    signals.workflow_retrieved.send("workflow", instance=case.instance, task=new, target=step.id, by=by)


def _was_withdrawn(task: Task) -> bool:
    """Whether the case was the drafter's as a withdrawn one when they submitted that draft."""
    entry = Trail.select().where(Trail.instance_id == task.instance_id, Trail.task_id == task.id, Trail.action == "submit").first()
    return entry is not None and (entry.details or {}).get("was") == "withdrawn"


def _again_in_its_run(case: Case, step: Step, run: Run, task: Task) -> Task:
    if run.state == "paused":  # it was returned to come straight back
        first = Run.get(Run.resume_task_id == task.id)
        case.cancel_runs([first.id])
        case.go_on(first.id)
    elif task.kind == "delegate" or task.place == "before":
        _wait_again(case, Task.id == task.parent_id)
    elif step.mode == "sequence":  # the next one's turn has not come then
        _wait_again(case, Task.run_id == run.id, Task.kind == "work", Task.position > task.position)
    _wait_again(case, Task.parent_id == task.id, Task.place == "after")
    return case.again(step, task)


def _wait_again(case: Case, *where: Any) -> None:
    """Whose turn had come by what is taken back waits as before; nothing reminds them."""
    ids = [i for (i,) in Task.select(Task.id).where(*where, Task.state == "open").tuples()]
    if ids:
        Task.update(state="waiting", version=Task.version + 1).where(Task.id.in_(ids)).execute()
        case.stop_clocks(ids)


def _take_from(case: Case, task: Task) -> None:
    Task.update(state="cancelled", action="retrieved", done_at=case.now, version=Task.version + 1).where(
        Task.id == task.id).execute()


def _before_straight_back(case: Case, step: Step, run: Run, task: Task) -> Task:
    """It had gone straight back to who returned it: that stands still again, until this is done once more."""
    made = _given_back(run, task)
    assert made is not None
    case.pause(run.branch, run.id)
    _take_from(case, made)
    Task.update(parent_id=run.resume_task_id).where(Task.parent_id == made.id, Task.state.in_(ALIVE)).execute()
    Run.update(state="open", done_at=None).where(Run.id == run.id).execute()
    return case.again(step, task)


def _given_back(run: Run, task: Task) -> Task | None:
    """The task that who had returned the case got when this one was done, if it is still untouched."""
    returned = Task.get_by_id(run.resume_task_id)
    found = Task.select().where(
        Task.run_id == returned.run_id, Task.id > task.id, Task.kind == returned.kind).order_by(Task.id).first()
    return found if found is not None and found.state == "open" and not _acted(Task.parent_id == found.id) else None


def _undo_following(case: Case, task: Task) -> None:
    runs, came = _following(case.instance.id, task)
    case.cancel_runs([r.id for r in runs if r.fork_id is None])
    within = Run.get_by_id(task.run_id).branch
    for join in _joins(case.instance.id, Run.state != "cancelled"):
        if came & set(join.arrived):
            left = [t for t in join.arrived if t not in came]
            Run.update(arrived=left, state="open" if left else "cancelled", done_at=None if left else case.now).where(
                Run.id == join.id).execute()
        elif join.state == "done" and within.startswith(f"{join.branch}{join.fork_id}:"):
            # it had gone on because the branch of this one had ended
            Run.update(state="open", done_at=None).where(Run.id == join.id).execute()


def _joins(instance_id: int, *where: Any) -> list[Run]:
    return list(Run.select().where(Run.instance_id == instance_id, Run.fork_id.is_null(False), *where))


def _following(instance_id: int, task: Task) -> tuple[list[Run], set[int]]:
    """Runs that came of a task, those that came of steps passed by themselves included; ids of the tasks they came of."""
    runs = list(Run.select().where(Run.instance_id == instance_id, Run.id > task.run_id).order_by(Run.id))
    made = {t: r for t, r in Task.select(Task.id, Task.run_id).where(
        Task.instance_id == instance_id, Task.action == "skip").tuples()}
    ids, found = {task.id}, []
    for run in runs:
        if run.from_task_id in ids:
            found.append(run)
            ids |= {t for t, r in made.items() if r == run.id}
    return found, ids


def _after_transfer(task: Task) -> Task:
    entry = Trail.select().where(Trail.task_id == task.id, Trail.action == "transfer").order_by(Trail.id.desc()).first()
    return Task.get_by_id(entry.details["made"])


def last_act(instance: Instance, by: Any) -> tuple[Task, Run, Step]:
    """Task, run and step that somebody did last and may take back; Conflict says why not."""
    last = Trail.select().where(Trail.instance_id == instance.id, Trail.by_id == by.id, Trail.action.in_(
        (*RETRIEVABLE, "retrieve", "withdraw", "reject", "delegate"))).order_by(Trail.id.desc()).first()
    if last is None or last.action not in RETRIEVABLE or last.task_id is None:
        raise Conflict("最后办理的不是您，不能取回", code="not_last")
    task = Task.get_by_id(last.task_id)
    step = store.by_id(instance.definition_id).steps.get(task.step)
    run = Run.get_by_id(task.run_id)
    if step is None or task.state != "done" or task.action == "retrieved":
        raise Conflict("最后办理的不是您，不能取回", code="not_last")
    if task.action == "transfer":
        made = _after_transfer(task)
        if made.state != "open" or run.state != "open" or _acted(Task.parent_id == made.id):
            raise _too_late()
    elif run.state == "open":
        if task.action == "return":  # it has come straight back
            raise _too_late()
        _nobody_after(step, run, task)
    elif task.action == "return":
        _return_untouched(instance, task, run)
    elif run.state == "done":
        _following_untouched(instance, step, task, run)
    else:
        raise _too_late()
    return task, run, step


def _too_late() -> Conflict:
    return Conflict("下一环节已经有人办理，不能取回", code="too_late")


def _acted(*where: Any) -> bool:
    return Task.select(Task.id).where(*where, Task.state == "done", Task.action != "skip", Task.kind != "circulate").exists()


def _nobody_after(step: Step, run: Run, task: Task) -> None:
    """In a step that is not decided yet: nobody whose turn came by this answer has acted."""
    if task.kind == "delegate" or task.place == "before":
        if not Task.select().where(Task.id == task.parent_id, Task.state.in_(("open", "waiting"))).exists():
            raise _too_late()
    elif _acted(Task.parent_id == task.id, Task.place == "after") or (step.mode == "sequence" and _acted(
            Task.run_id == run.id, Task.position > task.position)):
        raise _too_late()
    elif step.mode in ("ratio", "weights", "one") and Task.select().where(
            Task.run_id == run.id, Task.state == "cancelled", Task.done_at >= task.done_at).exists():
        raise Conflict("其他人的任务已经结束，不能取回", code="too_late")


def _return_untouched(instance: Instance, task: Task, run: Run) -> None:
    after, _ = _following(instance.id, task)
    if not after or _acted(Task.run_id.in_([r.id for r in after])):
        raise _too_late()
    if run.state == "paused":
        if not any(r.resume_task_id == task.id and r.state == "open" for r in after):
            raise _too_late()
        return
    if any(r.state != "open" for r in after):
        raise _too_late()
    others = Run.select().where(Run.instance_id == instance.id, Run.state == "cancelled", Run.id != run.id,
                                Run.done_at == task.done_at).exists()
    if others or run.asked > 1:
        raise Conflict("退回时别人的任务已经结束，不能取回", code="too_late")


def _following_untouched(instance: Instance, step: Step, task: Task, run: Run) -> None:
    if step.on_complete:
        raise Conflict(f"“{step.title}”已产生结果（如编号），不能取回", code="has_effects")
    if run.resume_task_id:
        if _given_back(run, task) is None:
            raise _too_late()
        return
    steps = store.by_id(instance.definition_id).steps
    after, came = _following(instance.id, task)
    for join in _joins(instance.id, Run.state == "done"):
        mine = [t for t in join.arrived if t in came]
        if mine and (join.arrived[-1] not in mine or steps[join.step].wait != "all"):  # others have gone on from it, or ended
            raise _too_late()
    if _acted(Task.run_id.in_([r.id for r in after] or [0])):
        raise _too_late()
    if not any(r.state in ("open", "paused") for r in after) and not _waited_for(instance, came, task, run):
        raise _too_late()
    for run in after:
        kind = steps[run.step].type if run.step in steps else ""
        if kind in ("service", "subprocess", "notify") or (kind == "timer" and run.state == "done"):
            raise Conflict("之后的环节已经自动进行，不能取回", code="too_late")
        if kind == "join" and run.state == "done" and steps[run.step].wait != "all":
            raise _too_late()
        if kind in ("task", "timer") and run.state not in ("open", "done"):
            raise _too_late()
        if kind == "task" and run.state == "done" and not _passed_by_itself(run):  # somebody skipped it
            raise _too_late()
        if run.state == "done" and steps[run.step].on_complete:
            raise Conflict("之后的环节已产生结果，不能取回", code="has_effects")


def _passed_by_itself(run: Run) -> bool:
    return Task.select(Task.id).where(Task.run_id == run.id, Task.action == "skip").exists()  # type: ignore[no-any-return]


def _led_on(task: Task, run: Run) -> bool:
    """Whether a run that is done became so by this task, and not by another's beside it."""
    last = Trail.select(Trail.task_id).where(Trail.instance_id == run.instance_id, Trail.task_id.in_(
        Task.select(Task.id).where(Task.run_id == run.id, Task.kind != "circulate"))).order_by(Trail.id.desc()).tuples().first()
    return last is not None and last[0] == task.id


def _waited_for(instance: Instance, came: set[int], task: Task, run: Run) -> bool:
    """Of an answer after which nothing is being done: whether its fork still goes on. Else the case was over, or its branches
    were ended, and what it is now came of something else."""
    if not _led_on(task, run):
        return False
    joins = {r.fork_id: r for r in _joins(instance.id, Run.state != "cancelled")}
    if any(r.state in ("open", "paused") and came & set(r.arrived) for r in joins.values()):
        return True
    scope = run.branch
    while scope := scope.rpartition(":")[0]:  # the innermost fork, and those around it as far as this answer ended the inner ones
        if Run.select(Run.id).where(Run.instance_id == instance.id, Run.state.in_(("open", "paused")),
                                    Run.branch.startswith(f"{scope}:")).exists():
            return True
        outer, _, fork = scope.rpartition("/")
        join = joins.get(int(fork))
        if join is None or not came & set(join.arrived):
            return False
        scope = f"{outer}/" if outer else ""
    return False


def may_retrieve(instance: Instance, person: Any) -> bool:
    """Whether somebody who acted last may take that back now."""
    try:
        last_act(instance, person)
    except Conflict:
        return False
    return True
