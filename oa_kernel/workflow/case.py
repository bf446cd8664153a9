"""One case while something happens to it: its rows, who acts, and the writing of runs, tasks and trail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from oa_kernel import builtin, clock, db, notifications, runtime, signals
from oa_kernel.identity.models import Person

from . import calendar, store
from .definition import Definition, Step
from .models import Instance, Run, Task, Timer, Trail


class Case:
    """A case inside one transaction. ``by`` is who acts (None: the system)."""

    def __init__(self, instance: Instance, definition: Definition, by: Any) -> None:
        self.instance, self.definition, self.by = instance, definition, by
        self.now = clock.now()
        #: people the acting person chose for the next step
        self.chosen: Sequence[int] = ()
        self.form_changed = False

    @classmethod
    def of(cls, instance: Instance, by: Any) -> Case:
        """The case of an instance's row."""
        return cls(instance, store.by_id(instance.definition_id), by)

    # ---- writing -------------------------------------------------------------------------------------------

    def open_run(self, step: Step, asked: int, *, fork_id: int | None, from_task: Task | None, **more: Any) -> int:
        """Inserts an activation of a step; its id."""
        return int(Run.insert(
            instance_id=self.instance.id, step=step.id, asked=asked, fork_id=fork_id,
            from_task_id=from_task.id if from_task else None, arrived_at=self.now, **more,
        ).execute())

    def close_run(self, run_id: int, state: str = "done") -> bool:
        """Ends an activation once; False if it was not open any more."""
        return bool(Run.update(state=state, done_at=self.now).where(Run.id == run_id, Run.state == "open").execute())

    def task_row(self, run_id: int, step: Step, assignee_id: int, **more: Any) -> dict[str, Any]:
        """A task's columns."""
        i = self.instance
        return {
            "instance_id": i.id, "run_id": run_id, "step": step.id, "step_name": step.title, "assignee_id": assignee_id,
            "definition_name": i.definition_name, "title": i.title, "urgency": i.urgency,
            "subject_kind": i.subject_kind, "subject_id": i.subject_id,
            "from_name": self.by.name if self.by is not None else "系统", "arrived_at": self.now, **more,
        }

    def add_tasks(self, step: Step, rows: list[dict[str, Any]]) -> list[Task]:
        """Inserts tasks and their timers, tells their people; the tasks."""
        due = calendar.due_at(self.now, step.due) if step.due else None
        made = []
        for row in rows:
            row.setdefault("state", "open")
            if row["state"] == "open":
                row.setdefault("due_at", due)
            task = Task(**row)
            task.id = int(Task.insert(**row).execute())
            made.append(task)
            if task.due_at is not None and task.state == "open":
                self._timers(step, task)
        opened = [t for t in made if t.state == "open"]
        if signals.workflow_task_created.receivers:
            for task in opened:
                signals.workflow_task_created.send("workflow", instance=self.instance, task=task)
        return made

    def _timers(self, step: Step, task: Task) -> None:
        rows = []
        for text in step.remind:
            at = calendar.before(task.due_at, text)
            if at > self.now:
                rows.append({"task_id": task.id, "kind": "remind", "at": at})
        rows.append({"task_id": task.id, "kind": "overdue", "at": task.due_at})
        Timer.insert_many(rows).execute()

    def trail(self, action: str, task: Task | None = None, comment: str = "", **details: Any) -> None:
        """Adds what happened."""
        by = self.by
        Trail.insert(
            instance_id=self.instance.id, at=self.now, step=task.step if task else "",
            step_name=task.step_name if task else "", action=action, by_id=by.id if by is not None else None,
            by_username=by.username if by is not None else "", by_name=by.name if by is not None else "系统",
            comment=comment, task_id=task.id if task else None,
            details={k: v for k, v in details.items() if v not in (None, "", [])} or None,
        ).execute()

    def tell(self, kind: str, people: Iterable[int], title: str, body: str = "") -> None:
        """Notifies people, the acting one left out."""
        mine = self.by.id if self.by is not None else None
        to = [p for p in people if p != mine]
        if to:
            i = self.instance
            notifications.send(kind, to, title, body=body, url=case_url(i.subject_kind, i.subject_id, i.id),
                               subject=("workflow.instance", i.id))

    # ---- ending --------------------------------------------------------------------------------------------

    def cancel_open(self, *, fork_id: int | None = None, within_fork: bool = False) -> None:
        """Ends everything open, or only what belongs to one branching; circulated copies stay readable."""
        runs = Run.select(Run.id).where(Run.instance_id == self.instance.id, Run.state == "open")
        if within_fork:
            runs = runs.where(Run.fork_id == fork_id)
        ids = [i for (i,) in runs.tuples()]
        if not ids:
            return
        Task.update(state="cancelled", done_at=self.now, version=Task.version + 1).where(
            Task.run_id.in_(ids), Task.state.in_(("open", "waiting")), Task.kind != "circulate"
        ).execute()
        Run.update(state="cancelled", done_at=self.now).where(Run.id.in_(ids)).execute()

    def set_state(self, state: str) -> None:
        """Writes the case's state; ended unless it runs (or waits as a draft again)."""
        self.instance.state = state
        self.instance.ended_at = None if state in ("running", "withdrawn") else self.now
        Instance.update(state=state, ended_at=self.instance.ended_at).where(Instance.id == self.instance.id).execute()

    def save_form(self, values: dict[str, Any]) -> None:
        """Writes changed form fields."""
        self.instance.form = {**self.instance.form, **values}
        Instance.update(form=self.instance.form).where(Instance.id == self.instance.id).execute()


def case_url(subject_kind: str, subject_id: str, instance_id: int) -> str:
    """The page where a case is worked on: its subject's own, else the general one."""
    if subject_kind:
        subjects = runtime.current().cache.get("workflow.subjects")
        if subjects is None:
            subjects = {s.kind: s for s in builtin.collect("oa_workflow_subjects")}
            runtime.current().cache["workflow.subjects"] = subjects
        subject = subjects.get(subject_kind)
        if subject is not None:
            return str(subject.url(subject_id))
    return f"/cases/{instance_id}"


def usernames(ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Person id → (username, name), one query."""
    wanted = list(set(ids))
    if not wanted:
        return {}
    return {i: (u, n) for i, u, n in
            Person.select(Person.id, Person.username, Person.name).where(Person.id.in_(wanted)).tuples()}


def lock_instance(instance_id: int) -> Instance | None:
    """The instance's row, locked on PostgreSQL so that a case moves one step at a time."""
    return db.lock_rows(Instance.select().where(Instance.id == instance_id)).first()  # type: ignore[no-any-return]


def iso(instant: dt.datetime | None) -> str | None:
    """An instant for JSON, in the organisation's zone with offset."""
    return None if instant is None else clock.local(instant).isoformat(timespec="seconds")
