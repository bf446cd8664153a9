"""A case as somebody may see it: where it is, who has it, what happened, what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oa_kernel import db, permissions
from oa_kernel.errors import NotFound

from . import fields, moves, people, store
from .case import Case, iso, usernames
from .definition import END, Step
from .engine import WORDS, can_see, offered, open_kind
from .following import urge_again_at
from .models import Instance, Task, Trail
from .people import MANAGE
from .returning import may_retrieve


def started_by(person: Any, *, state: str = "", limit: int = 50, cursor: str | None = None) -> db.Page:
    """A page of the cases somebody started, the last first; one query."""
    query = Instance.select().where(Instance.drafter_id == person.id)
    if state:
        query = query.where(Instance.state == state)
    return db.page(query, [Instance.started_at.desc(), Instance.id.desc()], limit=limit, cursor=cursor)


def definition_of(instance: Instance) -> Any:
    """The definition a case began with."""
    return store.by_id(instance.definition_id)


def instance_actions(instance: Instance, person: Any) -> list[str]:
    """What somebody may do with the whole case: ``withdraw``, ``retrieve``, ``urge``, ``cancel``."""
    own = instance.drafter_id == person.id
    draft = own and open_kind(instance.id, "draft")
    manages = permissions.allows(person, MANAGE)
    found = []
    if instance.state == "running":
        if own and not draft and definition_of(instance).withdraw:
            found.append("withdraw")
        if may_retrieve(instance, person):
            found.append("retrieve")
        if not draft and waits_for_others(instance.id, person):
            found.append("urge")
    if instance.state in ("running", "withdrawn") and (manages or draft):
        found.append("cancel")
    return found


def waits_for_others(instance_id: int, person: Any) -> bool:
    """Whether anybody else has something to do in the case: nobody urges themselves."""
    return bool(Task.select().where(Task.instance_id == instance_id, Task.state == "open", Task.kind != "circulate",
                                    Task.assignee_id.is_null() | (Task.assignee_id != person.id)).exists())


def get_instance(instance_id: int, viewer: Any) -> Instance:
    """The case, if the person may see it; NotFound otherwise."""
    instance = Instance.by_id(instance_id)
    if instance is None or not can_see(viewer, instance):
        raise NotFound("没有这件事项")
    return instance  # type: ignore[no-any-return]


def instance_view(instance_id: int, viewer: Any) -> dict[str, Any]:
    """The contract's shape of ``GET /instances/{id}``. Constant in queries."""
    return view_of(get_instance(instance_id, viewer), viewer)


def view_of(instance: Instance, viewer: Any) -> dict[str, Any]:
    """The same of a row that was already checked."""
    definition = store.by_id(instance.definition_id)
    tasks = list(Task.select().where(Task.instance_id == instance.id, Task.state.in_(("open", "waiting", "paused"))).order_by(Task.id))
    steps: list[Step | None] = [definition.steps[s] for s in steps_of(viewer, instance) if s in definition.steps]
    names = usernames([*(t.assignee_id for t in tasks), instance.drafter_id])
    return {
        "id": instance.id,
        "definition": instance.definition_name,
        "definition_version": instance.definition_version,
        "title": instance.title,
        "state": instance.state,
        "suspended": instance.state == "suspended",
        "drafter": _name(names, instance.drafter_id),
        "urgency": instance.urgency,
        "form": fields.visible(definition, steps, instance.form),
        "started_at": iso(instance.started_at),
        "ended_at": iso(instance.ended_at),
        "urge_again_at": iso(urge_again_at(instance)),
        "current": _current(instance, definition, tasks, names, viewer),
        "trail": trail(instance.id),
    }


def steps_of(viewer: Any, instance: Instance) -> set[str]:
    """The steps somebody has had work at, theirs or for another: what their sight of the form goes by."""
    return {s for (s,) in Task.select(Task.step).where(
        Task.instance_id == instance.id,
        (Task.assignee_id == viewer.id) | (Task.for_id == viewer.id)).distinct().tuples()}


def _name(names: Mapping[int, tuple[str, str]], person_id: int | None) -> dict[str, str] | None:
    if person_id is None or person_id not in names:
        return None
    username, name = names[person_id]
    return {"username": username, "name": name}


def _current(instance: Instance, definition: Any, tasks: list[Task], names: Any, viewer: Any) -> list[dict[str, Any]]:
    """Open work: one entry a person, or one for a pool of whom the first answers."""
    out: list[dict[str, Any]] = []
    pools: dict[int, list[Task]] = {}
    for task in tasks:
        if task.state != "open" or task.kind == "circulate":
            continue
        if task.kind == "work" and definition.steps[task.step].mode == "one":
            pools.setdefault(task.run_id, []).append(task)
        else:
            pools[-task.id] = [task]
    for members in pools.values():
        own = next((t for t in members if t.assignee_id == viewer.id), members[0])
        pool = len(members) > 1
        out.append({
            "task": own.id, "step": own.step, "step_name": own.step_name, "kind": own.kind,
            "assignee": None if pool else _name(names, own.assignee_id),
            "candidates": [_name(names, t.assignee_id) for t in members],
            "since": iso(own.arrived_at), "due": iso(own.due_at), "version": own.version,
            "actions": offered(own, definition.steps[own.step], instance, definition.first.id, alone=not pool)
            if own.assignee_id == viewer.id else [],
        })
    return out


def trail(instance_id: int) -> list[dict[str, Any]]:
    """What happened, oldest first."""
    rows = Trail.select().where(Trail.instance_id == instance_id).order_by(Trail.id)
    return [{
        "at": iso(t.at), "step": t.step, "step_name": t.step_name, "action": t.action,
        "action_name": WORDS.get(t.action, t.action),
        "by": {"username": t.by_username, "name": t.by_name}, "comment": t.comment, "details": t.details or {}, "task": t.task_id,
    } for t in rows]


def next_steps_preview(task: Task, by: Any, form: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Where approving would lead, and to whom: ``[{"step", "title", "people": [names]}]``. Writes nothing."""
    instance = Instance.get_by_id(task.instance_id)
    if form:
        instance.form = {**instance.form, **form}
    case = Case.of(instance, by)
    step = case.definition.steps[task.step]
    found: list[dict[str, Any]] = []
    _look(case, step, found, 0)
    return found


def _look(case: Case, step: Step, found: list[dict[str, Any]], depth: int) -> None:
    if depth > 20:
        return
    if step.type == "fork":
        values = moves.names(case)
        from . import conditions

        chosen = [b.to for b in step.branches if not b.when or conditions.holds(b.when, values)]
    else:
        chosen = [moves.choose(case, step, step.next)]
    for name in chosen:
        if name == END:
            found.append({"step": END, "title": "结束", "people": []})
            continue
        target = case.definition.steps[name]
        if target.type != "task":
            _look(case, target, found, depth + 1)
            continue
        ids = people.find(case.definition, target, case.instance)[0]
        names = usernames(ids)
        found.append({"step": name, "title": target.title, "people": [names[i][1] for i in ids if i in names]})


def return_targets(task: Task) -> list[dict[str, str]]:
    """Steps the task can be returned to, oldest first."""
    from .actions import Act
    from .models import Run
    from .returning import earlier_steps

    instance = Instance.get_by_id(task.instance_id)
    case = Case.of(instance, None)
    a = Act(case, task, Run.get_by_id(task.run_id), case.definition.steps[task.step], "return")
    return [{"step": r.step, "title": case.definition.steps[r.step].title} for r in earlier_steps(a)]
