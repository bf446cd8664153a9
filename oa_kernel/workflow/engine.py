"""The engine's door: start, act; what concerns the whole case stands in ``whole``. Each call is one transaction, one
audit event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from oa_kernel import audit, builtin, clock, db, identity, permissions, signals
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound

from . import fields, moves, returning, store
from .actions import ACTIONS, Act
from .case import Case, lock_instance
from .definition import Step
from .models import Instance, Run, Task
from .people import MANAGE

ACTIONS["return"] = returning.return_

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
    parent_run: int | None = None,
) -> Instance:
    """Begins a case; the drafter's first step is done by starting.

    :param definition: name; the newest version is used and kept.
    :param subject: kind and id of what it is about, for a plugin's own things.
    :param to: people the drafter chooses for the next step, where it says ``chosen_by: previous``.
    :param parent_run: of a sub-process: the run that waits for it.
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
            form=values, urgency=urgency or "", started_at=now, parent_run_id=parent_run,
        )
        case = Case(instance, known, by)
        case.chosen = chosen if parent_run is None else None
        first = known.first
        run = case.open_run(first, 1, branch="", from_task=None, state="done", done_at=now)
        row = case.task_row(run, first, by.id, kind="draft", state="done", action="submit", done_at=now)
        task = case.add_tasks(first, [row])[0]
        case.trail("submit", task)
        audit.record("workflow.start", "workflow.instance", instance.id, title=title, by=by,
                     after={"definition": known.name, "version": known.version})
        signals.workflow_started.send("workflow", instance=instance, by=by)
        for name in known.on_start:
            moves.run_effect(case, name, task, "")
        moves.run_effects(case, first, task)
        moves.advance(case, first, branch="", task=task)
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
        task = Task.by_id(task_id)
        if task is None:
            raise NotFound("没有这件任务")
        instance = lock_instance(task.instance_id)
        if db.is_postgresql():  # it may have changed while the case was locked by another
            task = Task.get_by_id(task_id)
        assert instance is not None
        if task.assignee_id != by.id:
            if permissions.allows(by, MANAGE) or takes_part(by, instance.id):
                raise Forbidden("这件任务不是您的")
            raise NotFound("没有这件任务")
        if action in ("withdraw", "urge"):
            from . import whole

            return getattr(whole, action)(instance.id, by, comment)  # type: ignore[no-any-return]
        if task.state == "paused":
            raise Conflict("事项已暂停或已退回修改，恢复后再办", code="paused")
        if task.state != "open" and not (task.state == "waiting" and action == "remove_sign"):
            raise Conflict("这件任务已经办过或已取消：请刷新后再看", code="task_done")
        if version is not None and version != task.version:
            raise Conflict("这件任务在您打开之后有变化：请刷新后再看", code="stale_version")
        case = Case.of(instance, by)
        step = case.definition.steps[task.step]
        if action not in offered(task, step, instance, case.definition.first.id):
            raise Conflict(f"这一环节不能“{WORDS.get(action, action)}”", code="action_not_allowed")
        run = Run.get_by_id(task.run_id)
        if run.state == "paused" and task.kind != "circulate":
            raise Conflict("事项已暂停或已退回修改，恢复后再办", code="paused")
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
    "copy": "抄送", "notify": "通知", "timer": "时间已到", "service": "已自动办理", "service_failed": "自动办理失败",
    "subprocess": "发起子流程", "subprocess_ended": "子流程结束", "hand_over": "移交", "jump": "跳转", "skip_step": "跳过",
    "suspend": "暂停", "resume": "恢复", "reopen": "重新办理", "migrate": "换用新版流程", "retrieved": "已取回",
}


def offered(task: Task, step: Step, instance: Instance, first: str, *, alone: bool = False) -> list[str]:
    """What the task's person may do to it now, the likeliest first.

    :param alone: nobody else was asked, so that there is nothing to claim.
    """
    if task.state == "waiting" and task.kind == "work" and {"add_sign", "delegate"} & set(step.actions):
        return ["remove_sign"]
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
    elif step.mode == "one" and task.kind == "work":
        found.append("claim")
    if alone or task.kind != "work":
        found = [a for a in found if a != "claim"]
    return list(dict.fromkeys([*found, "save", "read"]))


def takes_part(person: Any, instance_id: int) -> bool:
    """Whether somebody drafted the case or was ever asked in it."""
    asked = Task.select(Task.id).where(
        Task.instance_id == instance_id, (Task.assignee_id == person.id) | (Task.for_id == person.id)).limit(1)
    if asked.tuples().first() is not None:
        return True
    own = Instance.select(Instance.id).where(Instance.id == instance_id, Instance.drafter_id == person.id)
    return own.tuples().first() is not None


def instances_of(person: Any) -> Any:
    """Query of the ids of all cases somebody takes part in, for ``column.in_(…)``."""
    asked = Task.select(Task.instance_id).where(Task.assignee_id == person.id)
    stood_in = Task.select(Task.instance_id).where(Task.for_id == person.id)
    return asked | stood_in | Instance.select(Instance.id).where(Instance.drafter_id == person.id)


def open_task(instance_id: int, person: Any) -> Task | None:
    """Somebody's open work in a case, or None."""
    return (
        Task.select()
        .where(Task.instance_id == instance_id, Task.assignee_id == person.id, Task.state == "open")
        .order_by(db.Case(None, [(Task.kind == "circulate", 1)], 0), Task.id).first()
    )


def open_kind(instance_id: int, kind: str) -> bool:
    """Whether the case has an open task of that kind."""
    return Task.select(Task.id).where(Task.instance_id == instance_id, Task.state == "open",
                                      Task.kind == kind).limit(1).tuples().first() is not None


def first_step(instance: Instance) -> str:
    """Id of the step where the drafter starts."""
    return store.by_id(instance.definition_id).first.id


def can_see(person: Any, instance: Instance) -> bool:
    """Whoever takes part, manages workflows, or may see what it is about."""
    if instance.drafter_id == person.id or takes_part(person, instance.id) or permissions.by_right(person, MANAGE):
        return True
    if instance.subject_kind:
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
