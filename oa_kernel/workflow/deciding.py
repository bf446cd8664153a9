"""When a step is done: one of its people has answered, and the step's mode says whether that is enough."""

from __future__ import annotations

from . import moves, people, steps
from .case import ALIVE, Case
from .definition import Step
from .models import Run, Task

_TINY = 1e-9


def answered(case: Case, run: Run, step: Step, task: Task) -> list[str]:
    """A task of the run was answered (approved, voted against, passed): goes on when that is enough."""
    if task.kind == "delegate" or (task.kind == "sign" and task.place == "before"):
        back_to_parent(case, step, task.parent_id)
        return []
    alive = _alive(run) if run.asked > 1 or task.parent_id else []
    _open_those_after(case, step, task, alive)
    if step.mode == "one" and task.kind in ("work", "draft"):
        alive = _keep_only_added(case, run, alive)
    if step.mode in ("ratio", "weights"):
        favour, still, needed = votes(step, run)
        if favour + still < needed - _TINY:
            moves.rejected(case, "表决未通过")
            return []
        if favour < needed - _TINY:
            return []
        if task.kind == "work":
            alive = _keep_only_added(case, run, alive)
    if step.mode == "sequence" and alive:
        _open_next(case, step, alive)
        return []
    return [] if alive else complete(case, run, step, task)


def complete(case: Case, run: Run, step: Step, task: Task) -> list[str]:
    """The step is done: its effects, and on; or back to who returned the case to here."""
    if not case.close_run(run.id):
        return []
    moves.run_effects(case, step, task)
    if run.resume_task_id and straight_back(case, run):
        return [step.id]
    return moves.advance(case, step, branch=run.branch, task=task)


def straight_back(case: Case, run: Run) -> bool:
    """What stood still since the return goes on, and who returned it has it again; False if that is over meanwhile."""
    returned = Task.get_by_id(run.resume_task_id)
    waits = Run.get_or_none(Run.id == returned.run_id, Run.state == "paused", Run.paused_by == run.id)
    if waits is None:
        return False
    case.go_on(run.id)
    step = case.definition.steps[returned.step]
    who = people.active([returned.assignee_id]) or people.find(case.definition, step, case.instance)[0]
    made = case.again(step, returned, who[0] if who else returned.assignee_id)
    case.tell("workflow.task", [made.assignee_id], f"{step.title}：{case.instance.title}")
    steps.catch_up(case)
    return True


def _alive(run: Run) -> list[Task]:
    return list(Task.select().where(Task.run_id == run.id, Task.state.in_(ALIVE), Task.kind != "circulate"))


def _open_those_after(case: Case, step: Step, task: Task, alive: list[Task]) -> None:
    for t in alive:
        if t.parent_id == task.id and t.place == "after" and t.state == "waiting":
            case.reopen_waiting(step, t)


def _keep_only_added(case: Case, run: Run, alive: list[Task]) -> list[Task]:
    """The others need not answer any more; those who were added by somebody who did answer still must."""
    if not alive:
        return []
    waiting = {t.id for t in alive}
    mine = {t.id for t in alive if t.parent_id is not None and t.parent_id not in waiting}
    gone = [t.id for t in alive if t.id not in mine]
    if gone:
        Task.update(state="cancelled", done_at=case.now, version=Task.version + 1).where(Task.id.in_(gone)).execute()
    return [t for t in alive if t.id in mine]


def queued(tasks: list[Task]) -> list[Task]:
    """Those whose turn has not come, in order: waiting for nobody they asked themselves to go before them."""
    parents = {t.parent_id for t in tasks if t.kind == "delegate" or t.place == "before"}
    found = [t for t in tasks if t.state == "waiting" and t.kind == "work" and t.id not in parents]
    return sorted(found, key=lambda t: (t.position, t.id))


def _open_next(case: Case, step: Step, alive: list[Task]) -> None:
    later = queued(alive)
    if later and all(t.state == "waiting" for t in alive):  # those added after one whose turn it is not yet wait too
        case.reopen_waiting(step, later[0])


def back_to_parent(case: Case, step: Step, parent_id: int | None) -> None:
    """What was delegated, or added before, is done: it is the first one's turn again, once none of them is left."""
    left = Task.select(Task.id).where(
        Task.parent_id == parent_id, Task.state.in_(ALIVE),
        (Task.kind == "delegate") | (Task.place == "before")).limit(1).tuples().first()
    parent = Task.get_or_none(Task.id == parent_id, Task.state == "waiting")
    if left is None and parent is not None and not _claimed_by_another(parent) and not _after_another(step, parent):
        case.reopen_waiting(step, parent)


def _after_another(step: Step, task: Task) -> bool:
    """Whether one before them in the row took their answer back meanwhile: then theirs is not the turn."""
    return step.mode == "sequence" and Task.select(Task.id).where(
        Task.run_id == task.run_id, Task.kind == "work", Task.state.in_(ALIVE), Task.position < task.position).exists()


def _claimed_by_another(task: Task) -> bool:
    """Whether somebody of the pool has taken it on meanwhile: then it waits until that one lets go of it."""
    return task.place != "claimed" and Task.select(Task.id).where(
        Task.run_id == task.run_id, Task.place == "claimed", Task.state.in_(ALIVE)).exists()


def votes(step: Step, run: Run) -> tuple[float, float, float]:
    """(in favour, still open, needed) of a run that is decided by votes. What a missing member cannot give is not
    asked for: who is there can always decide."""
    rows = list(Task.select(Task.weight, Task.state, Task.action).where(
        Task.run_id == run.id, Task.kind == "work", Task.state != "cancelled",
        Task.action.not_in(("transfer", "retrieved", "return"))).tuples())
    total = sum(w for w, _, _ in rows)
    needed = min(step.passing, total) if step.mode == "weights" else step.ratio * total
    favour = sum(w for w, s, a in rows if s == "done" and a in ("approve", "pass"))
    still = sum(w for w, s, _ in rows if s in ALIVE)
    return favour, still, needed
