"""Reminders before a deadline and what the definition says of overdue tasks; each once."""

from __future__ import annotations

import logging
from typing import Any

from oa_kernel import audit, clock, context, db, identity
from oa_kernel.errors import OAError
from oa_kernel.identity.models import Person

from . import people
from .actions import Act, approve
from .case import Case, lock_instance
from .models import Run, Task, Timer

log = logging.getLogger(__name__)
BATCH = 200


def tick() -> int:
    """Fires what is due; how many. Run every minute by the worker."""
    fired = 0
    with context.acting(context.Actor(username="worker", name="系统", channel="worker")):
        while True:
            due = list(Timer.select(Timer.id).where(Timer.fired_at.is_null(), Timer.at <= clock.now())
                       .order_by(Timer.at).limit(BATCH).tuples())
            if not due:
                return fired
            for (timer_id,) in due:
                try:
                    fired += _fire(timer_id)
                except OAError as error:  # one case that cannot move must not hold up the others
                    log.error("timer %s: %s", timer_id, error.message)
                    Timer.update(fired_at=clock.now()).where(Timer.id == timer_id).execute()


def _fire(timer_id: int) -> int:
    with db.transaction():
        mine = Timer.update(fired_at=clock.now()).where(Timer.id == timer_id, Timer.fired_at.is_null()).execute()
        if not mine:
            return 0
        timer = Timer.get_by_id(timer_id)
        task = Task.get_or_none(Task.id == timer.task_id)
        if task is None or task.state != "open":
            return 0
        instance = lock_instance(task.instance_id)
        if instance is None or instance.state != "running":
            return 0
        case = Case.of(instance, None)
        if timer.kind == "remind":
            left = clock.local(task.due_at).strftime("%m-%d %H:%M")
            case.tell("workflow.overdue", [task.assignee_id], f"{left} 到期：{instance.title}")
            case.trail("remind", task)
        else:
            _overdue(case, task)
        audit.record(f"workflow.{timer.kind}", "workflow.task", task.id, title=instance.title)
        return 1


def _overdue(case: Case, task: Task) -> None:
    step = case.definition.steps[task.step]
    said: Any = step.on_overdue or "urge"
    case.trail("overdue", task, details_rule=said if isinstance(said, str) else "transfer")
    if said == "pass":
        person = Person.get_by_id(task.assignee_id)
        case.by = person
        approve(Act(case, task, Run.get_by_id(task.run_id), step, "approve", comment="逾期自动通过"))
        return
    if isinstance(said, dict):
        found = people.by_rule(said["transfer"], case.instance, step, case.instance.form, ())
        found = [i for i in found if i != task.assignee_id]
        if found:
            Task.update(state="done", action="transfer", comment="逾期转办", done_at=case.now,
                        version=Task.version + 1).where(Task.id == task.id).execute()
            row = case.task_row(task.run_id, step, found[0], kind=task.kind, position=task.position)
            case.add_tasks(step, [row])
            case.tell("workflow.task", [found[0]], f"逾期转办 {step.title}：{case.instance.title}")
            return
    case.tell("workflow.overdue", [task.assignee_id], f"已逾期：{case.instance.title}")
    if said == "escalate":
        person = Person.get_by_id(task.assignee_id)
        above = identity.heads_of(person.department_id) if person.department_id else []
        if above == [person.id] or not above:
            above = identity.deputy_for(person.department_id) if person.department_id else []
        case.trail("escalate", task)
        case.tell("workflow.overdue", [i for i in above if i != person.id],
                  f"{person.name} 逾期未办：{case.instance.title}")
