"""Reminders before a deadline and what the definition says of overdue tasks; each once."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from oa_kernel import audit, clock, context, db, identity
from oa_kernel.errors import OAError
from oa_kernel.identity.models import Person

from . import deciding, people, steps
from .case import Case, lock_instance
from .models import Run, Task, Timer

log = logging.getLogger(__name__)
BATCH = 200
#: what cannot be done now is tried again after
AGAIN = dt.timedelta(minutes=30)


def tick() -> int:
    """Fires what is due; how many. Run every minute by the worker."""
    fired = 0
    with context.acting(context.Actor(username="worker", name="系统", channel="worker")):
        while True:
            due = list(Timer.select(Timer.id).where(Timer.fired_at.is_null(), Timer.at <= clock.now())
                       .order_by(Timer.at, Timer.id).limit(BATCH).tuples())
            if not due:
                return fired
            for (timer_id,) in due:
                try:
                    fired += _fire(timer_id)
                except OAError as error:  # one case that cannot move must not hold up the others
                    log.error("timer %s: %s", timer_id, error.message)
                    Timer.update(at=clock.now() + AGAIN).where(Timer.id == timer_id, Timer.fired_at.is_null()).execute()


def _fire(timer_id: int) -> int:
    with db.transaction():
        timer = Timer.by_id(timer_id)
        found = None if timer is None else Run.by_id(timer.run_id) if timer.kind == "step" else (
            Task.by_id(timer.task_id))
        # the case first, then its timer, as everybody who stops a clock does: two who wait for one another never end
        instance = lock_instance(found.instance_id) if found is not None else None
        mine = Timer.update(fired_at=clock.now()).where(Timer.id == timer_id, Timer.fired_at.is_null()).execute()
        if not mine or instance is None:
            return 0
        if timer.kind == "step":
            return steps.timer_fired(timer.run_id, instance)
        task = Task.get_by_id(timer.task_id)  # it may have been done while the case was locked by another
        if task.state != "open" or instance.state != "running":
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
    case.trail("overdue", task, rule=said if isinstance(said, str) else "transfer")
    if said == "pass" and task.kind == "work":
        _pass(case, task)
        return
    if isinstance(said, dict) and task.kind != "draft":
        found = people.by_rule(said["transfer"], case.instance, step, case.instance.form, ())
        found = [i for i in found if i != task.assignee_id]
        if found:
            Task.update(state="done", action="transfer", comment="逾期转办", done_at=case.now,
                        version=Task.version + 1).where(Task.id == task.id).execute()
            made = case.again(step, task, found[0])
            case.trail("transfer", task, "逾期转办", to=[found[0]], made=made.id)
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


def _pass(case: Case, task: Task) -> None:
    """Nobody answered in time, and the definition takes that for consent; the trail says that it was the system."""
    Task.update(state="done", action="pass", done_at=case.now, version=Task.version + 1).where(Task.id == task.id).execute()
    task.state, task.action = "done", "pass"
    case.trail("pass", task, "逾期自动通过")
    deciding.answered(case, Run.get_by_id(task.run_id), case.definition.steps[task.step], task)
