"""The to-do list: one range scan of one index a page, whatever else the table holds."""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import clock, db
from oa_kernel.db import paging

from .models import Task

#: rows on a page
PAGE = 50
#: what is due within this is due soon
SOON = dt.timedelta(days=1)

COLUMNS = (
    Task.id, Task.instance_id, Task.step, Task.step_name, Task.kind, Task.state, Task.definition_name, Task.title,
    Task.urgency, Task.subject_kind, Task.subject_id, Task.from_name, Task.arrived_at, Task.read_at, Task.due_at,
    Task.done_at, Task.action, Task.version,
)


def todo(
    person: Any,
    state: str = "open",
    *,
    q: str = "",
    definition: str = "",
    urgency: str = "",
    due: str = "",
    kind: str = "",
    sort: str = "arrived",
    limit: int = PAGE,
    cursor: str | None = None,
) -> db.Page:
    """A page of somebody's tasks, newest first, as ``Task`` rows with the list's columns.

    :param state: ``open`` or ``done``. :param q: part of the title. :param kind: ``circulate`` for copies to read.
    :param due: ``overdue``, or ``soon`` for those due within a day.
    :param sort: ``arrived``, or ``due`` for those with a deadline, the nearest first.
    """
    if not (q or definition or urgency or due or kind or cursor) and sort == "arrived":
        return _first_page(person.id, "done" if state == "done" else "open", max(1, min(limit, paging.MAX_LIMIT)))
    query = Task.select(*COLUMNS).where(
        Task.assignee_id == person.id, Task.state == ("done" if state == "done" else "open"))
    if q:
        query = query.where(Task.title.contains(q))
    if definition:
        query = query.where(Task.definition_name == definition)
    if urgency:
        query = query.where(Task.urgency == urgency)
    if due == "overdue":
        query = query.where(Task.due_at < clock.now())
    elif due == "soon":
        query = query.where(Task.due_at >= clock.now(), Task.due_at < clock.now() + SOON)
    if kind:
        query = query.where(Task.kind == kind)
    if sort == "due":
        query, order = query.where(Task.due_at.is_null(False)), [Task.due_at.asc(), Task.id.asc()]
    else:
        order = [Task.arrived_at.desc(), Task.id.desc()]
    return db.page(query.objects(), order, limit=limit, cursor=cursor)


_LIST = f"SELECT {', '.join(c.column_name for c in COLUMNS)} FROM workflow_task"
_TIMES = [n for n, c in enumerate(COLUMNS) if isinstance(c, db.UTCDateTimeField)]
_NAMES = [c.name for c in COLUMNS]


def _first_page(person_id: int, state: str, limit: int) -> db.Page:
    """What is asked for most of all, by a statement that is not put together anew each time."""
    mark = db.database.param
    found = db.database.execute_sql(
        f"{_LIST} WHERE assignee_id = {mark} AND state = {mark} ORDER BY arrived_at DESC, id DESC LIMIT {mark}",
        (person_id, state, limit + 1),
    ).fetchall()
    instant = Task.arrived_at.python_value
    rows = []
    for values in found:
        columns = list(values)
        for n in _TIMES:
            if columns[n] is not None:
                columns[n] = instant(columns[n])
        task = Task(__no_default__=True)
        task.__data__.update(zip(_NAMES, columns, strict=True))
        rows.append(task)
    return paging.cut(rows, (Task.arrived_at, Task.id), limit)


#: counting stops here: nobody reads “待办 12,345”
COUNT_LIMIT = 1000


def todo_counts(person: Any) -> dict[str, Any]:
    """What waits, in one query: ``{"open", "due_soon", "overdue", "circulate": n, "urgency": {word: n},
    "definition": {name: n}}``. Counting stops at :data:`COUNT_LIMIT`, so that it stays quick."""
    now = clock.now()
    mark = db.database.param
    mine = db.database.execute_sql(
        f"SELECT due_at, urgency, kind, definition_name FROM workflow_task WHERE assignee_id = {mark} AND state = 'open'"
        f" LIMIT {COUNT_LIMIT}", (person.id,),
    ).fetchall()
    instant = Task.due_at.python_value
    counts: dict[str, Any] = {"open": 0, "due_soon": 0, "overdue": 0, "circulate": 0, "urgency": {}, "definition": {}}
    for due, urgency, kind, definition in mine:
        counts["open"] += 1
        counts["circulate"] += kind == "circulate"
        counts["definition"][definition] = counts["definition"].get(definition, 0) + 1
        if urgency:
            counts["urgency"][urgency] = counts["urgency"].get(urgency, 0) + 1
        if due is not None:
            due = instant(due)
            counts["overdue"] += due < now
            counts["due_soon"] += now <= due < now + SOON
    return counts


def next_task(person: Any, after: int) -> Task | None:
    """The task to offer when one was done: the newest open one."""
    return (
        Task.select(*COLUMNS)
        .where(Task.assignee_id == person.id, Task.state == "open", Task.id != after)
        .order_by(Task.arrived_at.desc(), Task.id.desc()).first()
    )


def get_task(task_id: int, person: Any) -> Task:
    """One's own task, whatever its state; NotFound for others'."""
    from oa_kernel.errors import NotFound

    task = Task.get_or_none(Task.id == task_id, Task.assignee_id == person.id)
    if task is None:
        raise NotFound("没有这件任务")
    return task  # type: ignore[no-any-return]


def task_actions(task: Task, person: Any) -> list[str]:
    """What the person may do to the task now, the likeliest first."""
    from . import store
    from .engine import offered
    from .models import Instance

    if task.assignee_id != person.id:
        return []
    instance = Instance.get_by_id(task.instance_id)
    definition = store.by_id(instance.definition_id)
    pool = _pools([task])
    return offered(task, definition.steps[task.step], instance, definition.first.id, alone=pool.get(task.id, 1) < 2)


def _pools(tasks: list[Task]) -> dict[int, int]:
    """Open task → how many people its step is open for, itself among them; one query. It also tells the tasks whether
    somebody has taken them on, which the columns of a list do not."""
    asked = {t.id: t for t in tasks if t.state == "open" and t.kind == "work"}
    if not asked:
        return {}
    own, other = Task.alias(), Task.alias()
    found = own.select(own.id, own.place, db.fn.COUNT(other.id)).join(
        other, on=(other.run_id == own.run_id) & (other.state == "open") & (other.kind == "work"),
    ).where(own.id.in_(list(asked))).group_by(own.id, own.place).tuples()
    pools = {}
    for task_id, place, people in found:
        asked[task_id].place = place
        pools[task_id] = people
    return pools


def actions_of(tasks: list[Task]) -> dict[int, list[str]]:
    """Task id → actions, for a page of tasks: two queries, for their cases and for who else was asked."""
    from . import store
    from .engine import offered
    from .models import Instance

    cases = {i.id: i for i in Instance.select().where(Instance.id.in_({t.instance_id for t in tasks} or {0}))}
    out, pools = {}, _pools(tasks)
    for task in tasks:
        instance = cases[task.instance_id]
        definition = store.by_id(instance.definition_id)
        out[task.id] = offered(
            task, definition.steps[task.step], instance, definition.first.id, alone=pools.get(task.id, 1) < 2)
    return out


def is_about(task_id: int, subject_kind: str, subject_id: str) -> bool:
    """Whether a task belongs to a case about that thing."""
    return Task.select(Task.id).where(
        Task.id == task_id, Task.subject_kind == subject_kind, Task.subject_id == subject_id
    ).tuples().first() is not None
