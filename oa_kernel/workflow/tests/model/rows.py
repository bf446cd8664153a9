"""A case's rows as they stand in the database, read without models: the comparison after every move must be cheap."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from oa_kernel import db


class TaskRow(NamedTuple):
    id: int
    run_id: int
    step: str
    kind: str
    assignee_id: int
    for_id: int | None
    parent_id: int | None
    state: str
    place: str
    version: int


class RunRow(NamedTuple):
    id: int
    step: str
    state: str
    fork_id: int | None
    paused_by: int | None


def rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """All rows of a statement; ``?`` stands for a value on both engines."""
    return list(db.database.execute_sql(sql.replace("?", "%s") if db.is_postgresql() else sql, values).fetchall())


def tasks(case: int) -> list[TaskRow]:
    columns = ", ".join(TaskRow._fields)
    return [TaskRow(*r) for r in rows(f"SELECT {columns} FROM workflow_task WHERE instance_id = ? ORDER BY id", case)]


def runs(case: int) -> dict[int, RunRow]:
    return {r[0]: RunRow(*r) for r in rows(f"SELECT {', '.join(RunRow._fields)} FROM workflow_run WHERE instance_id = ?", case)}


def state(case: int) -> tuple[str, dict[str, Any]]:
    """The case's state and form."""
    ((found, form),) = rows("SELECT state, form FROM workflow_instance WHERE id = ?", case)
    return found, form if isinstance(form, dict) else json.loads(form)


def clocks() -> tuple[set[int], set[int]]:
    """Ids of the tasks and of the runs that have a clock going."""
    found = rows("SELECT task_id, run_id FROM workflow_timer WHERE fired_at IS NULL")
    return {t for t, _ in found if t}, {r for _, r in found if r}


def children(run_ids: list[int]) -> list[tuple[int, int, str]]:
    """(id, run, state) of the sub-processes of those runs."""
    if not run_ids:
        return []
    marks = ", ".join("?" * len(run_ids))
    return rows(f"SELECT id, parent_run_id, state FROM workflow_instance WHERE parent_run_id IN ({marks})", *run_ids)  # type: ignore[return-value]


def trail(case: int) -> list[tuple[str, int | None, str]]:
    """(comment, task, action) of all that happened."""
    return rows("SELECT comment, task_id, action FROM workflow_trail WHERE instance_id = ?", case)  # type: ignore[return-value]


def effects(case: int) -> int:
    return int(rows("SELECT COUNT(*) FROM workflow_effect_done WHERE instance_id = ?", case)[0][0])


def waiting_services() -> set[int]:
    """Runs whose service is to be called."""
    found = rows("SELECT payload FROM outbox_row WHERE topic = 'workflow.service' AND state = 'pending'")
    return {(p if isinstance(p, dict) else json.loads(p))["run"] for (p,) in found}
