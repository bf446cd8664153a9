"""One case while something happens to it: its rows, who acts, and the writing of runs, tasks and trail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from oa_kernel import builtin, clock, notifications, runtime, signals
from oa_kernel.identity.models import Person

from . import calendar, store
from .definition import Definition, Step
from .models import Instance, Run, Task, Timer, Trail

#: states of what is not over yet
ALIVE = ("open", "waiting", "paused")
#: why a run stands still: the whole case is suspended
SUSPENDED = 0


class Case:
    """A case inside one transaction. ``by`` is who acts (None: the system)."""

    def __init__(self, instance: Instance, definition: Definition, by: Any) -> None:
        self.instance, self.definition, self.by = instance, definition, by
        self.now = clock.now()
        #: people the acting person chose for the next step; None: nobody was asked to choose
        self.chosen: Sequence[int] | None = None
        #: branches of a fork that are yet to be entered, so that a join does not fire too early
        self.pending: set[str] = set()
        #: how a sub-process or a service ended, for the conditions after it
        self.outcome = ""

    @classmethod
    def of(cls, instance: Instance, by: Any) -> Case:
        """The case of an instance's row."""
        return cls(instance, store.by_id(instance.definition_id), by)

    # ---- writing -------------------------------------------------------------------------------------------

    def open_run(self, step: Step, asked: int, *, branch: str, from_task: Task | None, **more: Any) -> int:
        """Inserts an activation of a step; its id."""
        return Run.add(instance_id=self.instance.id, step=step.id, asked=asked, branch=branch,
                       from_task_id=from_task.id if from_task else None, arrived_at=self.now, **more)

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
            task.id = Task.add(**row)
            made.append(task)
            if task.due_at is not None and task.state == "open":
                self._timers(step, task)
        opened = [t for t in made if t.state == "open"]
        if signals.workflow_task_created.receivers:
            for task in opened:
                signals.workflow_task_created.send("workflow", instance=self.instance, task=task)
        return made

    def again(self, step: Step, task: Task, assignee_id: int | None = None, **more: Any) -> Task:
        """A new task in place of one that is over: the same run, kind, place, weight and those added to it."""
        row = self.task_row(task.run_id, step, task.assignee_id if assignee_id is None else assignee_id, kind=task.kind,
                            position=task.position, parent_id=task.parent_id, place=task.place, weight=task.weight,
                            for_id=task.for_id, **more)
        made = self.add_tasks(step, [row])[0]
        Task.update(parent_id=made.id).where(Task.parent_id == task.id, Task.state.in_(ALIVE)).execute()
        return made

    def reopen_waiting(self, step: Step, task: Task) -> None:
        """A waiting task's turn has come."""
        due = task.due_at if task.due_at is not None and task.due_at > self.now else (
            calendar.due_at(self.now, step.due) if step.due else None)
        Task.update(state="open", arrived_at=self.now, due_at=due, from_name=self.by.name if self.by else "系统",
                    paused_seconds=0, version=Task.version + 1).where(Task.id == task.id, Task.state == "waiting").execute()
        task.state, task.due_at = "open", due
        self.stop_clocks([task.id])
        if due is not None:
            self._timers(step, task)
        self.tell("workflow.task", [task.assignee_id], f"{step.title}：{self.instance.title}")

    def stop_clocks(self, task_ids: Iterable[int]) -> None:
        """Nothing reminds of those tasks until it is their turn again."""
        Timer.delete().where(Timer.task_id.in_(list(task_ids)), Timer.fired_at.is_null()).execute()

    def _timers(self, step: Step, task: Task) -> None:
        rows = []
        for text in step.remind:
            at = calendar.before(task.due_at, text)
            if at > self.now:
                rows.append({"task_id": task.id, "kind": "remind", "at": at})
        if task.due_at > self.now:  # one that was overdue when it was handed on has been told of already
            rows.append({"task_id": task.id, "kind": "overdue", "at": task.due_at})
        if rows:
            Timer.insert_many(rows).execute()

    def trail(self, action: str, task: Task | None = None, comment: str = "", step: Step | None = None,
              **details: Any) -> None:
        """Adds what happened."""
        by = self.by
        if task is not None and task.for_id and by is not None and by.id == task.assignee_id:
            details["for"] = _name_of(task.for_id)
        Trail.add(
            instance_id=self.instance.id, at=self.now, step=task.step if task else step.id if step else "",
            step_name=task.step_name if task else step.title if step else "", action=action,
            by_id=by.id if by is not None else None,
            by_username=by.username if by is not None else "", by_name=by.name if by is not None else "系统",
            comment=comment, task_id=task.id if task else None,
            details={k: v for k, v in details.items() if v not in (None, "", [])} or None,
        )

    def tell(self, kind: str, people: Iterable[int], title: str, body: str = "") -> None:
        """Notifies people, the acting one left out."""
        mine = self.by.id if self.by is not None else None
        to = [p for p in people if p != mine]
        if to:
            i = self.instance
            notifications.send(kind, to, title, body=body, url=case_url(i.subject_kind, i.subject_id, i.id),
                               subject=("workflow.instance", i.id))

    # ---- ending and standing still -------------------------------------------------------------------------

    def cancel(self, scope: str = "") -> list[int]:
        """Ends everything within a branch (all of the case by default); circulated copies stay readable.

        The ids of the runs that were ended."""
        runs = list(Run.select(Run.id, Run.step).where(*self._within(scope, ("open", "paused"))).tuples())
        self.cancel_runs([i for i, _ in runs])
        return [i for i, _ in runs]

    def cancel_runs(self, ids: list[int]) -> None:
        """Ends those runs with what is open in them, sub-processes included."""
        if not ids:
            return
        Task.update(state="cancelled", done_at=self.now, version=Task.version + 1).where(
            Task.run_id.in_(ids), Task.state.in_(ALIVE), Task.kind != "circulate"
        ).execute()
        Run.update(state="cancelled", done_at=self.now).where(Run.id.in_(ids)).execute()
        if any(s.type == "timer" for s in self.definition.steps.values()):
            Timer.delete().where(Timer.run_id.in_(ids), Timer.fired_at.is_null()).execute()
        if any(s.type == "subprocess" for s in self.definition.steps.values()):
            from .steps import cancel_children

            cancel_children(ids, self.by)

    def pause(self, scope: str, paused_by: int) -> list[int]:
        """Lets everything within a branch stand still, its clocks too; the runs' ids."""
        ids = [i for (i,) in Run.select(Run.id).where(*self._within(scope, ("open",))).tuples()]
        if ids:
            Run.update(state="paused", paused_by=paused_by).where(Run.id.in_(ids)).execute()
            here = (Task.run_id.in_(ids), Task.kind != "circulate")
            still = [i for (i,) in Task.select(Task.id).where(*here, Task.state == "open").tuples()]
            Task.update(state="paused", paused_at=self.now, version=Task.version + 1).where(Task.id.in_(still)).execute()
            self.stop_clocks(still)
            # of timer steps: marked with when it was stopped; ``go_on`` makes a new one that is later by as long
            Timer.update(fired_at=self.now).where(Timer.run_id.in_(ids), Timer.fired_at.is_null()).execute()
        return ids

    def go_on(self, paused_by: int) -> list[Task]:
        """What stood still because of that goes on; deadlines are later by as long as it stood. The open tasks."""
        mine = (Run.instance_id == self.instance.id, Run.state == "paused", Run.paused_by == paused_by)
        ids = [i for (i,) in Run.select(Run.id).where(*mine).tuples()]
        if not ids:
            return []
        Run.update(state="open", paused_by=None).where(Run.id.in_(ids)).execute()
        tasks = list(Task.select().where(Task.run_id.in_(ids), Task.state == "paused").order_by(Task.id))
        for task in tasks:
            step = self.definition.steps[task.step]
            stood = self.now - task.paused_at if task.paused_at is not None else dt.timedelta(0)
            if task.due_at is not None:
                task.due_at = calendar.later(task.due_at, stood, step.due)
            Task.update(state="open", paused_at=None, due_at=task.due_at, version=Task.version + 1,
                        paused_seconds=Task.paused_seconds + int(stood.total_seconds())).where(Task.id == task.id).execute()
            task.state = "open"
            if task.due_at is not None:
                self._timers(step, task)
        if any(s.type in ("timer", "service") for s in self.definition.steps.values()):
            from .steps import go_on_by_itself

            go_on_by_itself(self, ids)
        return tasks

    def _within(self, scope: str, states: tuple[str, ...]) -> list[Any]:
        where = [Run.instance_id == self.instance.id, Run.state.in_(states)]
        return [*where, Run.branch.startswith(scope)] if scope else where

    def alive(self, scope: str = "") -> bool:
        """Whether anything within a branch is still going on."""
        if any(p.startswith(scope) for p in self.pending):
            return True
        return Run.select(Run.id).where(*self._within(scope, ("open", "paused"))).limit(1).tuples().first() is not None

    def set_state(self, state: str) -> None:
        """Writes the case's state; ended unless it runs (or waits as a draft again, or is suspended)."""
        self.instance.state = state
        self.instance.ended_at = None if state in ("running", "withdrawn", "suspended") else self.now
        Instance.update(state=state, ended_at=self.instance.ended_at).where(Instance.id == self.instance.id).execute()

    def save_form(self, values: dict[str, Any]) -> None:
        """Writes changed form fields."""
        self.instance.form = {**self.instance.form, **values}
        Instance.update(form=self.instance.form).where(Instance.id == self.instance.id).execute()


def _name_of(person_id: int) -> str:
    return usernames([person_id]).get(person_id, ("", ""))[1]


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
    return Instance.by_id(instance_id, lock=True)  # type: ignore[no-any-return]


def iso(instant: dt.datetime | None) -> str | None:
    """An instant for JSON, in the organisation's zone with offset."""
    return None if instant is None else clock.local(instant).isoformat(timespec="seconds")
