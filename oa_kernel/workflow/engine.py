"""The engine's door: start, act, withdraw, retrieve, urge, cancel. Each call is one transaction, one audit event."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from oa_kernel import audit, clock, db, identity, permissions, signals
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound

from . import fields, moves, store
from .actions import ACTIONS, Act
from .case import Case, lock_instance
from .definition import Step
from .models import Instance, Run, Task, Trail
from .people import MANAGE

#: how long the people of a case are left alone between two urges
URGE_EVERY = dt.timedelta(hours=4)
MAX_COMMENT = 10_000


def start(
    definition: str,
    title: str,
    form: Mapping[str, Any] | None,
    by: Any,
    subject: tuple[str, Any] | None = None,
    urgency: str = "",
    department_id: int | None = None,
    to: Iterable[Any] = (),
) -> Instance:
    """Begins a case; the drafter's first step is done by starting.

    :param definition: name; the newest version is used and kept.
    :param subject: kind and id of what it is about, for a plugin's own things.
    :param to: people the drafter chooses for the next step, where it says ``chosen_by: previous``.
    :raises Invalid: for an empty title or form errors. NotFound: no such definition.
    """
    known = store.definition(definition)
    title = (title or "").strip()
    if not title:
        raise Invalid("缺少标题", errors={"title": ["必须填写"]})
    if len(title) > 500:
        raise Invalid("标题不能超过 500 字", errors={"title": ["不能超过 500 字"]})
    values = fields.check_start(known, form or {})
    chosen = person_ids(to)
    with db.transaction():
        now = clock.now()
        instance = Instance.create(
            definition_id=known.row_id, definition_name=known.name, definition_version=known.version, title=title,
            subject_kind=subject[0] if subject else "", subject_id=str(subject[1]) if subject else "",
            drafter_id=by.id, department_id=department_id if department_id is not None else by.department_id,
            form=values, urgency=urgency or "", started_at=now,
        )
        case = Case(instance, known, by)
        case.chosen = chosen
        first = known.first
        run = case.open_run(first, 1, fork_id=None, from_task=None, state="done", done_at=now)
        row = case.task_row(run, first, by.id, kind="draft", state="done", action="submit", done_at=now)
        task = case.add_tasks(first, [row])[0]
        case.trail("submit", task)
        audit.record("workflow.start", "workflow.instance", instance.id, title=title, by=by,
                     after={"definition": known.name, "version": known.version})
        signals.workflow_started.send("workflow", instance=instance, by=by)
        for name in (*known.on_start, *first.on_complete):
            moves._run_effect(case, name, task)
        moves.advance(case, first, fork_id=None, task=task)
    return instance


def act(
    task_id: int,
    action: str,
    by: Any,
    comment: str = "",
    to: Iterable[Any] | None = None,
    target: str | None = None,
    version: int | None = None,
    form: Mapping[str, Any] | None = None,
    resume: str = "step",
    place: str = "before",
) -> Instance:
    """Does something to a task of one's own; the case as it is then.

    :param to: people (ids or usernames) for transfer, delegate, add_sign, circulate, or chosen for the next step.
    :param version: the task's version as it was seen; another one now is a conflict.
    :raises NotFound: no such task, or not visible. Forbidden: somebody else's. Conflict: done meanwhile, changed
        meanwhile, or the step does not offer the action. Invalid: what came with it is wrong.
    """
    comment = comment or ""
    if len(comment) > MAX_COMMENT:
        raise Invalid(f"意见不能超过 {MAX_COMMENT} 字", errors={"comment": [f"不能超过 {MAX_COMMENT} 字"]})
    chosen = person_ids(to or ())
    with db.transaction():
        task = Task.get_or_none(Task.id == task_id)
        if task is None:
            raise NotFound("没有这件任务")
        instance = lock_instance(task.instance_id)
        if db.is_postgresql():  # it may have changed while the case was locked by another
            task = Task.get_by_id(task_id)
        assert instance is not None
        if task.assignee_id != by.id:
            if takes_part(by, instance.id) or permissions.allows(by, MANAGE):
                raise Forbidden("这件任务不是您的")
            raise NotFound("没有这件任务")
        if action == "withdraw":
            return withdraw(instance.id, by, comment)
        if action == "urge":
            return urge(instance.id, by, comment)
        if task.state != "open":
            raise Conflict("这件任务已经办过或已取消：请刷新后再看", code="task_done")
        if version is not None and version != task.version:
            raise Conflict("这件任务在您打开之后有变化：请刷新后再看", code="stale_version")
        case = Case.of(instance, by)
        step = case.definition.steps[task.step]
        if action not in offered(task, step, instance, case.definition.first.id):
            raise Conflict(f"这一环节不能“{WORDS.get(action, action)}”", code="action_not_allowed")
        run = Run.get_by_id(task.run_id)
        ACTIONS[action](Act(case, task, run, step, action, comment.strip(), chosen, target, resume, place, form))
        audit.record(f"workflow.{action}", "workflow.task", task.id, title=instance.title, by=by,
                     after={"step": task.step, "instance": instance.id, "comment": comment,
                            "to": chosen or None, "target": target})
    return instance


#: action → the word on the button
WORDS = {
    "submit": "送审", "approve": "同意", "reject": "否决", "return": "退回", "withdraw": "撤回", "retrieve": "取回",
    "transfer": "转办", "delegate": "委托", "add_sign": "加签", "remove_sign": "减签", "circulate": "传阅",
    "read": "已阅", "claim": "签收", "release": "放回", "save": "保存", "urge": "催办", "skip": "自动通过",
    "cancel": "取消", "complete": "办结", "remind": "提醒", "overdue": "逾期", "escalate": "上报", "pass": "逾期自动通过",
}


def offered(task: Task, step: Step, instance: Instance, first: str) -> list[str]:
    """What the task's person may do to it now, the likeliest first."""
    if task.state != "open":
        return []
    if task.kind == "circulate":
        return ["read"]
    if task.kind == "draft":
        return ["approve", "save"]
    found = [a for a in step.actions if a in ACTIONS]
    if task.kind in ("delegate", "sign"):
        found = [a for a in found if a in ("approve", "return", "transfer", "circulate") and not (
            a == "return" and task.kind == "delegate")]
    if step.id == first:
        found = [a for a in found if a != "return"]
    if "add_sign" in found:
        found.append("remove_sign")
    if task.place == "claimed":
        found.append("release")
    elif step.mode == "one":
        found.append("claim")
    return list(dict.fromkeys([*found, "save", "read"]))


def takes_part(person: Any, instance_id: int) -> bool:
    """Whether somebody drafted the case or was ever asked in it."""
    asked = Task.select(Task.id).where(Task.assignee_id == person.id, Task.instance_id == instance_id).limit(1)
    if asked.tuples().first() is not None:
        return True
    own = Instance.select(Instance.id).where(Instance.id == instance_id, Instance.drafter_id == person.id)
    return own.tuples().first() is not None


def instances_of(person: Any) -> Any:
    """Query of the ids of all cases somebody takes part in, for ``column.in_(…)``."""
    asked = Task.select(Task.instance_id).where(Task.assignee_id == person.id)
    return asked | Instance.select(Instance.id).where(Instance.drafter_id == person.id)


def open_task(instance_id: int, person: Any) -> Task | None:
    """Somebody's open work in a case, or None."""
    return (
        Task.select()
        .where(Task.instance_id == instance_id, Task.assignee_id == person.id, Task.state == "open")
        .order_by(db.Case(None, [(Task.kind == "circulate", 1)], 0), Task.id).first()
    )


def first_step(instance: Instance) -> str:
    """Id of the step where the drafter starts."""
    return store.by_id(instance.definition_id).first.id


def withdraw(instance_id: int, by: Any, comment: str = "") -> Instance:
    """撤回 by the drafter: all open tasks end, the case is theirs again, as a draft they may submit anew."""
    with db.transaction():
        case = _own(instance_id, by, "撤回")
        if not case.definition.withdraw:
            raise Conflict("这个流程不允许撤回", code="withdraw_not_allowed")
        first = case.definition.first
        if open_kind(case.instance.id, "draft"):
            raise Conflict("已经在您手上，不需要撤回", code="already_draft")
        case.cancel_open()
        case.set_state("withdrawn")
        case.trail("withdraw", None, comment)
        moves.enter(case, first.id, fork_id=None, task=None, assigned=[case.instance.drafter_id])
        audit.record("workflow.withdraw", "workflow.instance", instance_id, title=case.instance.title, by=by,
                     after={"comment": comment})
        signals.workflow_withdrawn.send("workflow", instance=case.instance, by=by)
    return case.instance


def open_kind(instance_id: int, kind: str) -> bool:
    """Whether the case has an open task of that kind."""
    return Task.select(Task.id).where(Task.instance_id == instance_id, Task.state == "open",
                                      Task.kind == kind).limit(1).tuples().first() is not None


def retrieve(instance_id: int, by: Any, comment: str = "") -> Instance:
    """取回 by who acted last, until the next has acted: what followed is taken back, the task is theirs again."""
    with db.transaction():
        case = _visible(instance_id, by)
        _running(case.instance)
        task, run, step = _last_act(case.instance, by)
        case.cancel_open()
        case.trail("retrieve", task, comment)
        moves.enter(case, step.id, fork_id=run.fork_id, task=task, assigned=[by.id])
        audit.record("workflow.retrieve", "workflow.instance", instance_id, title=case.instance.title, by=by)
    return case.instance


def _last_act(instance: Instance, by: Any) -> tuple[Task, Run, Step]:
    """Task, run and step that somebody did last and may take back; Conflict says why not."""
    last = (Trail.select().where(Trail.instance_id == instance.id, Trail.action.in_(("approve", "submit", "return")))
            .order_by(Trail.id.desc()).first())
    if last is None or last.by_id != by.id or last.task_id is None:
        raise Conflict("最后办理的不是您，不能取回", code="not_last")
    task = Task.get_by_id(last.task_id)
    step = store.by_id(instance.definition_id).steps[task.step]
    if step.on_complete:
        raise Conflict(f"“{step.title}”已产生结果（如编号），不能取回", code="has_effects")
    after = [r.id for r in Run.select(Run.id).where(Run.instance_id == instance.id, Run.id > task.run_id)]
    touched = Task.select(Task.id).where(Task.run_id.in_(after or [0]), Task.state == "done").limit(1).tuples().first()
    if touched is not None:
        raise Conflict("下一环节已经有人办理，不能取回", code="too_late")
    run = Run.get_by_id(task.run_id)
    if run.state == "open":
        raise Conflict("这一环节还有人在办理，不需要取回", code="still_open")
    return task, run, step


def may_retrieve(instance: Instance, person: Any) -> bool:
    """Whether somebody who acted last may take that back now."""
    try:
        _last_act(instance, person)
    except Conflict:
        return False
    return True


def urge(instance_id: int, by: Any, comment: str = "") -> Instance:
    """催办: tells those who have it; once every four hours a case."""
    with db.transaction():
        case = _visible(instance_id, by)
        _running(case.instance)
        last = case.instance.urged_at
        if last is not None and case.now - last < URGE_EVERY:
            again = clock.local(last + URGE_EVERY).strftime("%H:%M")
            raise Conflict(f"刚刚催办过，{again} 以后可以再催", code="urged_recently")
        waiting = [i for (i,) in Task.select(Task.assignee_id).where(
            Task.instance_id == instance_id, Task.state == "open", Task.kind != "circulate").tuples()]
        Instance.update(urged_at=case.now).where(Instance.id == instance_id).execute()
        case.trail("urge", None, comment, to=waiting)
        case.tell("workflow.urge", waiting, f"催办：{case.instance.title}", comment)
        audit.record("workflow.urge", "workflow.instance", instance_id, title=case.instance.title, by=by,
                     after={"to": waiting})
    return case.instance


def cancel(instance_id: int, by: Any, comment: str = "") -> Instance:
    """取消: by the drafter while it is a draft again, or by who manages workflows, with a reason."""
    with db.transaction():
        case = _visible(instance_id, by)
        manages = by is None or permissions.allows(by, MANAGE)
        if case.instance.state not in ("running", "withdrawn"):
            raise Conflict("这件事项已经结束", code="ended")
        if not manages and not (case.instance.drafter_id == by.id and open_kind(instance_id, "draft")):
            raise Forbidden("只有拟稿人（事项在自己手上时）或流程管理员可以取消")
        if manages and by is not None and case.instance.drafter_id != by.id and not comment.strip():
            raise Invalid("取消别人的事项要写明理由", errors={"comment": ["要写明理由"]})
        case.cancel_open()
        case.set_state("cancelled")
        case.trail("cancel", None, comment)
        audit.record("workflow.cancel", "workflow.instance", instance_id, title=case.instance.title, by=by,
                     after={"comment": comment})
        signals.workflow_cancelled.send("workflow", instance=case.instance, by=by, comment=comment)
    return case.instance


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


def can_see(person: Any, instance: Instance) -> bool:
    """Whoever takes part, manages workflows, or may see what it is about."""
    if instance.drafter_id == person.id or takes_part(person, instance.id) or permissions.allows(person, MANAGE):
        return True
    if instance.subject_kind:
        from oa_kernel import builtin

        for subject in builtin.collect("oa_workflow_subjects"):
            if subject.kind == instance.subject_kind and subject.visible is not None:
                return bool(subject.visible(person, instance.subject_id))
    return False


def person_ids(values: Iterable[Any]) -> list[int]:
    """Ids of people given as rows, ids or usernames; Invalid names who is unknown."""
    ids: list[int] = []
    names: list[str] = []
    for value in [values] if isinstance(values, str) else values:
        if isinstance(value, int) and not isinstance(value, bool):
            ids.append(value)
        elif isinstance(value, str):
            names.append(value)
        elif getattr(value, "id", None) is not None:
            ids.append(value.id)
        else:
            raise Invalid("to 应是用户名的列表", errors={"to": ["应是用户名的列表"]})
    for name in names:
        person = identity.by_username(name)
        if person is None:
            raise Invalid(f"没有用户 {name}", errors={"to": [f"没有用户 {name}"]})
        ids.append(person.id)
    return ids
