"""What is done with a whole case: by its drafter, by who acted last, by who manages workflows."""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import audit, clock, db, permissions, signals
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound

from . import deciding, moves, people, returning, steps
from .case import ALIVE, SUSPENDED, Case, lock_instance
from .engine import can_see, open_kind, person_ids
from .models import Instance, Run, Task, Timer
from .people import MANAGE

#: how long the people of a case are left alone between two urges
URGE_EVERY = dt.timedelta(hours=4)
ENDED = ("completed", "rejected", "cancelled")


def withdraw(instance_id: int, by: Any, comment: str = "") -> Instance:
    """撤回 by the drafter: all open tasks end, the case is theirs again, as a draft they may submit anew."""
    with db.transaction():
        case = _own(instance_id, by, "撤回")
        if not case.definition.withdraw:
            raise Conflict("这个流程不允许撤回", code="withdraw_not_allowed")
        first = case.definition.first
        if open_kind(case.instance.id, "draft"):
            raise Conflict("已经在您手上，不需要撤回", code="already_draft")
        had = _open_people(case)
        case.cancel()
        case.set_state("withdrawn")
        case.trail("withdraw", None, comment)
        case.tell("workflow.notice", had, f"已撤回：{case.instance.title}", comment)
        moves.enter(case, first.id, task=None, assigned=[case.instance.drafter_id])
        _audit(case, "withdraw", comment)
        signals.workflow_withdrawn.send("workflow", instance=case.instance, by=by)
    return case.instance


def retrieve(instance_id: int, by: Any, comment: str = "") -> Instance:
    """取回 by who acted last, until the next has acted: what followed is taken back, the task is theirs again."""
    with db.transaction():
        case = _visible(instance_id, by)
        _running(case.instance)
        had = _open_people(case)
        returning.take_back(case, by, comment)
        case.tell("workflow.notice", had - _open_people(case), f"已取回：{case.instance.title}", comment)
        _audit(case, "retrieve", comment)
    return case.instance


def urge(instance_id: int, by: Any, comment: str = "") -> Instance:
    """催办: tells those others who have it; once every four hours a case.

    :raises Conflict: urged a moment ago, or nobody but oneself has it.
    """
    with db.transaction():
        case = _visible(instance_id, by)
        _running(case.instance)
        last = case.instance.urged_at
        if last is not None and case.now - last < URGE_EVERY:
            again = clock.local(last + URGE_EVERY).strftime("%H:%M")
            raise Conflict(f"刚刚催办过，{again} 以后可以再催", code="urged_recently")
        waiting = [i for (i,) in Task.select(Task.assignee_id).where(
            Task.instance_id == instance_id, Task.state == "open", Task.kind != "circulate").tuples()
            if by is None or i != by.id]
        if not waiting:
            raise Conflict("这件事项在您自己手上，没有别人可以催", code="own_task")
        Instance.update(urged_at=case.now).where(Instance.id == instance_id).execute()
        case.instance.urged_at = case.now
        case.trail("urge", None, comment, to=waiting)
        case.tell("workflow.urge", waiting, f"催办：{case.instance.title}", comment)
        audit.record("workflow.urge", "workflow.instance", instance_id, title=case.instance.title, by=by,
                     after={"to": waiting})
    return case.instance


def cancel(instance_id: int, by: Any, comment: str = "") -> Instance:
    """取消: by the drafter while it is a draft again, or by who manages workflows, with a reason."""
    with db.transaction():
        case = _visible(instance_id, by)
        own = by is not None and case.instance.drafter_id == by.id
        if case.instance.state in ENDED:
            raise Conflict("这件事项已经结束", code="ended")
        drafts = own and open_kind(instance_id, "draft")
        if not drafts and by is not None and not permissions.by_right(by, MANAGE):
            raise Forbidden("只有拟稿人（事项在自己手上时）或流程管理员可以取消")
        if by is not None and not own and not comment.strip():
            raise Invalid("取消别人的事项要写明理由", errors={"comment": ["要写明理由"]})
        had = _open_people(case)
        case.cancel()
        case.set_state("cancelled")
        case.trail("cancel", None, comment)
        case.tell("workflow.returned", had | {case.instance.drafter_id}, f"已取消：{case.instance.title}", comment)
        _audit(case, "cancel", comment)
        signals.workflow_cancelled.send("workflow", instance=case.instance, by=by, comment=comment)
        moves.finished(case, "cancelled")
    return case.instance


# ---- by who manages workflows, always with a reason -----------------------------------------------------------------


def suspend(instance_id: int, by: Any, comment: str = "") -> Instance:
    """暂停: nobody can act, no clock runs, until it is resumed."""
    with db.transaction():
        case = _managed(instance_id, by, comment, "暂停")
        _running(case.instance)
        case.pause("", SUSPENDED)
        case.set_state("suspended")
        case.trail("suspend", None, comment)
        case.tell("workflow.returned", [case.instance.drafter_id], f"已暂停：{case.instance.title}", comment)
        _audit(case, "suspend", comment)
        signals.workflow_suspended.send("workflow", instance=case.instance, suspended=True, by=by, comment=comment)
    return case.instance


def resume(instance_id: int, by: Any, comment: str = "") -> Instance:
    """恢复: what was suspended goes on where it stood; deadlines are later by as long as it stood."""
    with db.transaction():
        case = _managed(instance_id, by, comment, "恢复")
        if case.instance.state != "suspended":
            raise Conflict("这件事项没有暂停", code="not_suspended")
        case.set_state("running")
        again = case.go_on(SUSPENDED)
        steps.catch_up(case)
        case.trail("resume", None, comment)
        case.tell("workflow.task", [t.assignee_id for t in again if t.kind != "circulate"], f"已恢复：{case.instance.title}")
        _audit(case, "resume", comment)
        signals.workflow_suspended.send("workflow", instance=case.instance, suspended=False, by=by, comment=comment)
    return case.instance


def jump(instance_id: int, target: str, by: Any, comment: str = "", to: Any = None) -> Instance:
    """跳转: everything open ends, the case goes on at a step (``end``: it is completed). ``to``: its people."""
    assigned = people.active(person_ids(to or ()))
    with db.transaction():
        case = _managed(instance_id, by, comment, "跳转")
        if case.instance.state in ENDED:
            raise Conflict("这件事项已经结束，可以先重新办理", code="ended")
        _known(case, target)
        had = _open_people(case)
        case.cancel()
        case.set_state("running")
        _jump(case, "jump", target, comment, assigned)
        case.tell("workflow.notice", (had | {case.instance.drafter_id}) - _open_people(case),
                  f"已跳转：{case.instance.title}", comment)
        signals.workflow_jumped.send("workflow", instance=case.instance, target=target, by=by, comment=comment)
    return case.instance


def reopen(instance_id: int, by: Any, comment: str = "", target: str = "") -> Instance:
    """重新办理: a case that had ended goes on, at its last people's step or at ``target``."""
    with db.transaction():
        case = _managed(instance_id, by, comment, "重新办理")
        if case.instance.state not in ENDED:
            raise Conflict("这件事项没有结束", code="not_ended")
        if not target:
            last = Task.select(Task.step).where(Task.instance_id == instance_id, Task.kind.in_(("work", "draft"))).order_by(
                Task.id.desc()).tuples().first()
            target = last[0] if last and last[0] in case.definition.steps else case.definition.first.id
        _known(case, target)
        case.set_state("running")
        _jump(case, "reopen", target, comment, [])
        signals.workflow_reopened.send("workflow", instance=case.instance, target=target, by=by, comment=comment)
    return case.instance


def skip(instance_id: int, step_id: str, by: Any, comment: str = "") -> Instance:
    """跳过: a step that is being done counts as done, without its people and without its effects."""
    with db.transaction():
        case = _managed(instance_id, by, comment, "跳过")
        _running(case.instance)
        run = Run.get_or_none(Run.instance_id == instance_id, Run.step == step_id, Run.state == "open",
                              Run.fork_id.is_null())
        if run is None:
            raise Conflict(f"环节“{step_id}”不在办理中", code="not_current")
        step = case.definition.steps[step_id]
        had = _open_people(case)
        Task.update(state="cancelled", done_at=case.now, version=Task.version + 1).where(
            Task.run_id == run.id, Task.state.in_(ALIVE), Task.kind != "circulate").execute()
        Run.update(state="done", done_at=case.now).where(Run.id == run.id).execute()
        steps.cancel_children([run.id], by)
        Timer.delete().where(Timer.run_id == run.id, Timer.fired_at.is_null()).execute()
        case.trail("skip_step", None, comment, step=step)
        if not (run.resume_task_id and deciding.straight_back(case, run)):
            moves.advance(case, step, branch=run.branch, task=None)
        case.tell("workflow.notice", had - _open_people(case), f"已跳过“{step.title}”：{case.instance.title}", comment)
        _audit(case, "skip", comment, step=step_id)
    return case.instance


def _open_people(case: Case) -> set[int]:
    """Who has something to do in the case now."""
    return {i for (i,) in Task.select(Task.assignee_id).where(
        Task.instance_id == case.instance.id, Task.state == "open", Task.kind != "circulate").tuples()}


def _jump(case: Case, what: str, target: str, comment: str, assigned: list[int]) -> None:
    step = case.definition.steps.get(target)
    case.trail(what, None, comment, step=step, target=target)
    moves.enter(case, target, task=None, assigned=assigned or None)
    _audit(case, what, comment, target=target)


def _known(case: Case, target: str) -> None:
    if target != "end" and target not in case.definition.steps:
        names = "、".join(f"{s.id}（{s.title}）" for s in case.definition.steps.values())
        raise Invalid(f"没有环节“{target}”。可用：{names}、end", errors={"target": ["没有这个环节"]})


def _managed(instance_id: int, by: Any, comment: str, word: str) -> Case:
    case = _visible(instance_id, by)
    if by is not None and not permissions.by_right(by, MANAGE):
        raise Forbidden(f"只有流程管理员可以{word}")
    if not comment.strip():
        raise Invalid(f"{word}要写明理由", errors={"comment": [f"{word}要写明理由"]})
    return case


def _audit(case: Case, what: str, comment: str, **more: Any) -> None:
    audit.record(f"workflow.{what}", "workflow.instance", case.instance.id, title=case.instance.title, by=case.by,
                 after={"comment": comment, **more})


def _visible(instance_id: int, by: Any) -> Case:
    instance = lock_instance(instance_id)
    if instance is None or (by is not None and not can_see(by, instance)):
        raise NotFound("没有这件事项")
    return Case.of(instance, by)


def _own(instance_id: int, by: Any, word: str) -> Case:
    case = _visible(instance_id, by)
    if case.instance.drafter_id != by.id:
        raise Forbidden(f"只有拟稿人可以{word}")
    _running(case.instance)
    return case


def _running(instance: Instance) -> None:
    if instance.state != "running":
        raise Conflict("这件事项已经结束或不在办理中", code="not_running")


def admin_actions(instance: Instance, person: Any) -> list[str]:
    """What who manages workflows may do with the case, beside ``cancel``."""
    if not permissions.allows(person, MANAGE):
        return []
    if instance.state in ENDED:
        return ["reopen"]
    if instance.state == "suspended":
        return ["resume", "jump"]
    return ["suspend", "jump", "skip"] if instance.state == "running" else ["jump"]
