"""Steps that no person does: sub-processes, services, timers, notifications."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from oa_kernel import audit, builtin, clock, db, outbox, permissions, runtime
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound
from oa_kernel.identity.models import Person

from . import calendar, moves, people
from .case import Case, lock_instance
from .definition import Step
from .models import Instance, Run, Task, Timer
from .people import MANAGE

#: the outbox topic of service steps
TOPIC = "workflow.service"
#: sub-processes in one another
DEPTH = 5


def enter(case: Case, step: Step, branch: str, task: Task | None, passed: int) -> list[str]:
    """Begins such a step; a notification is passed at once."""
    if step.type == "notify":
        _notify(case, step, branch, task)
        return moves.advance(case, step, branch=branch, task=task, passed=passed + 1)
    run = case.open_run(step, 0, branch=branch, from_task=task)
    if step.type == "timer":
        Timer.insert(run_id=run, kind="step", at=_until(case, step)).execute()
    elif step.type == "service":
        outbox.put(TOPIC, {"run": run}, key=f"{TOPIC}:{run}")
    else:
        _start_child(case, step, run)
    return [step.id]


def go_on(case: Case, run: Run, outcome: str = "") -> list[str]:
    """Such a step is over: on to the next."""
    if not case.close_run(run.id):
        return []
    step = case.definition.steps[run.step]
    case.outcome = outcome
    if outcome not in ("", "completed") and not any("outcome" in b.when for b in step.next):
        moves.rejected(case, f"“{step.title}”没有办成")
        return []
    task = Task.by_id(run.from_task_id) if run.from_task_id else None
    return moves.advance(case, step, branch=run.branch, task=task)


# ---- notifications ----------------------------------------------------------------------------------------------


def _notify(case: Case, step: Step, branch: str, task: Task | None) -> None:
    found = people.by_rule(step.people, case.instance, step, case.instance.form, ())
    run = case.open_run(step, 0, branch=branch, from_task=task, state="done", done_at=case.now)
    title = f"{step.message or step.title}：{case.instance.title}"
    if step.copy:
        case.add_tasks(step, [case.task_row(run, step, p, kind="circulate", due_at=None) for p in found])
    case.tell("workflow.circulated" if step.copy else "workflow.notice", found, title)
    case.trail("copy" if step.copy else "notify", None, step=step, to=found)


# ---- timers -----------------------------------------------------------------------------------------------------


def _until(case: Case, step: Step) -> dt.datetime:
    if isinstance(step.after, Mapping):
        name = str(step.after.get("field"))
        day = _date(case.instance.form.get(name))
        if day is None:
            raise Invalid(f"“{step.title}”要等到的日期没有填", errors={name: ["必须填写"]})
        return dt.datetime.combine(day, dt.time(0), clock.zone()).astimezone(clock.UTC)
    return calendar.due_at(case.now, str(step.after))


def _date(value: Any) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value or "")[:10])
    except ValueError:
        return None


def timer_fired(run_id: int, instance: Instance) -> int:
    """The wait is over; how many went on (0: the step was ended meanwhile). The case is locked."""
    run = Run.get_or_none(Run.id == run_id, Run.state == "open")
    if run is None:
        return 0
    case = Case.of(instance, None)
    case.trail("timer", None, step=case.definition.steps[run.step])
    go_on(case, run)
    audit.record("workflow.timer", "workflow.instance", instance.id, title=instance.title)
    return 1


# ---- services ---------------------------------------------------------------------------------------------------


def services() -> dict[str, Any]:
    """Registered services by name."""
    cache = runtime.current().cache
    if "workflow.services" not in cache:
        cache["workflow.services"] = {s.name: s for s in builtin.collect("oa_workflow_services")}
    return cache["workflow.services"]  # type: ignore[no-any-return]


def deliver(payload: dict[str, Any]) -> None:
    """Carries out a service step: the plugin's callable outside of any transaction, then on. Raising: again later."""
    run = Run.get_or_none(Run.id == payload["run"])
    if run is None or run.state in ("done", "cancelled"):
        return
    instance = Instance.get_by_id(run.instance_id)
    if run.state == "paused":  # it is put again when the case goes on
        return
    step = Case.of(instance, None).definition.steps[run.step]
    try:
        service = services().get(step.service)
        if service is None:
            raise LookupError(f"没有登记服务 {step.service}：提供它的插件可能未启用")
        result = service.run(instance, f"{TOPIC}:{run.id}")
    except Exception as error:
        _failed(run, step, f"{type(error).__name__}: {error}"[:1000].replace("\0", ""))
        raise
    with db.transaction():
        locked = lock_instance(run.instance_id)
        assert locked is not None
        fresh = Run.get_by_id(run.id)
        if fresh.state != "open":  # paused meanwhile: it is put, and called with the same key, again
            return
        case = Case.of(locked, None)
        if result:
            case.save_form(dict(result))
        Run.update(error="").where(Run.id == run.id).execute()
        case.trail("service", None, step=step)
        go_on(case, fresh)
        audit.record("workflow.service", "workflow.instance", locked.id, title=locked.title, after={"step": step.id})


def _failed(run: Run, step: Step, text: str) -> None:
    """Shows why; those who manage workflows are told once."""
    with db.transaction():
        instance = lock_instance(run.instance_id)
        if instance is None:
            return
        first = not Run.get_by_id(run.id).error
        Run.update(error=text).where(Run.id == run.id, Run.state == "open").execute()
        if first:
            case = Case.of(instance, None)
            case.trail("service_failed", None, text, step=step)
            case.tell("workflow.overdue", permissions.people_with(MANAGE), f"“{step.title}”没有办成：{instance.title}", text)


def failed_services(limit: int = 200) -> list[dict[str, Any]]:
    """Service steps that failed and are not through yet, the oldest first."""
    rows = (Run.select(Run.id, Run.instance_id, Run.step, Run.error, Run.arrived_at, Instance.title)
            .join(Instance, on=(Instance.id == Run.instance_id))
            .where(Run.state == "open", Run.error != "").order_by(Run.id).limit(limit).tuples())
    return [{"run": r, "instance": i, "step": s, "error": e, "since": at, "title": t} for r, i, s, e, at, t in rows]


def repeat_service(run_id: int, by: Any) -> None:
    """Has a service step tried again at once."""
    if by is not None and not permissions.by_right(by, MANAGE):
        raise Forbidden("只有流程管理员可以重做")
    with db.transaction():
        run = Run.by_id(run_id)
        if run is None:
            raise NotFound("没有这个服务环节")
        instance = lock_instance(run.instance_id)
        assert instance is not None
        step = Case.of(instance, by).definition.steps[run.step]
        if run.state != "open" or step.type != "service":
            raise Conflict("这个服务环节不在等候", code="not_waiting")
        outbox.put(TOPIC, {"run": run_id})
        audit.record("workflow.service_repeated", "workflow.instance", instance.id, title=instance.title, by=by,
                     before={"error": run.error}, after={"step": run.step})


# ---- sub-processes ----------------------------------------------------------------------------------------------


def _start_child(case: Case, step: Step, run_id: int) -> None:
    from .engine import start

    depth, above = 1, case.instance
    while above.parent_run_id and depth <= DEPTH:
        above = Instance.get_by_id(Run.get_by_id(above.parent_run_id).instance_id)
        depth += 1
    if depth > DEPTH:
        raise Conflict(f"子流程套得太深（超过 {DEPTH} 层）：请流程管理员检查定义", code="too_deep")
    mine = case.instance
    form = {theirs: mine.form.get(ours) for theirs, ours in step.map.items()}
    child = start(step.definition, mine.title, form, Person.get_by_id(mine.drafter_id),
                  urgency=mine.urgency, department_id=mine.department_id, parent_run=run_id)
    case.trail("subprocess", None, step=step, instance=child.id)


def child_ended(child: Instance, outcome: str, by: Any) -> None:
    """The sub-process is over: the case that waited for it goes on."""
    found = Run.by_id(child.parent_run_id)
    if found is None:
        return
    instance = lock_instance(found.instance_id)
    run = Run.get_or_none(Run.id == found.id, Run.state == "open")
    if instance is None or run is None:  # one that stands still hears of it when it goes on (``catch_up``)
        return
    case = Case.of(instance, by)
    step = case.definition.steps[run.step]
    if outcome == "completed" and step.back:
        case.save_form({ours: child.form.get(theirs) for ours, theirs in step.back.items()})
    case.trail("subprocess_ended", None, step=step, instance=child.id, outcome=outcome)
    go_on(case, run, outcome)


def catch_up(case: Case) -> None:
    """Sub-processes that ended while what waits for them stood still. The case's row is read anew by those who go on."""
    if not any(s.type == "subprocess" for s in case.definition.steps.values()):
        return
    ended = list(Instance.select().join(Run, on=(Run.id == Instance.parent_run_id)).where(
        Run.instance_id == case.instance.id, Run.state == "open",
        Instance.state.in_(("completed", "rejected", "cancelled"))).order_by(Run.id))
    for child in ended:
        child_ended(child, child.state, case.by)
    if ended:
        fresh = Instance.get_by_id(case.instance.id)
        case.instance.form, case.instance.state, case.instance.ended_at = fresh.form, fresh.state, fresh.ended_at


def go_on_by_itself(case: Case, run_ids: list[int]) -> None:
    """What no person does goes on after it stood still: waits are longer by as long, services are put again."""
    for run in Run.select().where(Run.id.in_(run_ids), Run.fork_id.is_null()).order_by(Run.id):
        step = case.definition.steps[run.step]
        if step.type == "service":
            outbox.put(TOPIC, {"run": run.id})
        elif step.type == "timer":
            timer = Timer.select().where(Timer.run_id == run.id).order_by(Timer.id.desc()).get()
            stood = dt.timedelta(0) if isinstance(step.after, Mapping) else case.now - timer.fired_at
            Timer.insert(run_id=run.id, kind="step", at=calendar.later(timer.at, stood, "")).execute()


def cancel_children(run_ids: list[int], by: Any) -> None:
    """Sub-processes of runs that were ended end too."""
    for child in Instance.select().where(Instance.parent_run_id.in_(run_ids), Instance.state.in_(
            ("running", "withdrawn", "suspended"))):
        case = Case.of(child, by)
        case.cancel()
        case.set_state("cancelled")
        case.trail("cancel", None, "上级流程已变动")
