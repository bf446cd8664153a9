"""Plays a case on the engine and on the reference, and holds what must be true of the engine's rows after every move."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from oa_kernel import clock, db, outbox, runtime, workflow
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound
from oa_kernel.workflow import Instance, Run, Task, deadlines

from . import rows
from .definitions import CHILD
from .moves import Model
from .reference import OFFERED
from .rows import RunRow, TaskRow
from .world import Refused, Ticket

REFUSED = (Conflict, Forbidden, Invalid, NotFound)
ALIVE = ("open", "waiting", "paused")
#: later than the day the people were hired on
START = dt.datetime(2030, 1, 2, 1, tzinfo=dt.UTC)

#: what the effect and the service were called for, in this example
happened: list[int] = []
served: list[str] = []
#: how often each move was (done, refused) since the counts were last printed, and how many steps and sequences there were
counts: Counter[tuple[str, bool]] = Counter()
played: Counter[str] = Counter()
#: whether the service fails
failing = False


class Undo(Exception):
    """Nothing of an example stays in the database."""


@contextmanager
def undone() -> Iterator[None]:
    """A transaction that is taken back at the end."""
    try:
        with db.transaction():
            yield
            raise Undo
    except Undo:
        pass


def said_of(name: str) -> str:
    """One line of what was played, and begins anew."""
    moves = sorted({what for what, _ in counts})
    line = f"{name}: {played['sequences']} sequences, {played['steps']} steps; done/refused: " + ", ".join(
        f"{what} {counts[what, True]}/{counts[what, False]}" for what in moves)
    played.clear()
    counts.clear()
    return line


def forget(definition_id: int) -> None:
    """Ids are given anew after an example: what was compiled for one must not be taken for the next."""
    cache = runtime.current().cache
    cache.get("workflow.compiled", {}).pop(definition_id, None)
    cache.pop("workflow.current", None)


class Play:
    """One case. ``people``: username → person."""

    def __init__(self, people: dict[str, Any], definition: dict[str, Any], amount: int, chosen: list[str]) -> None:
        self.people, self.names = people, {p.id: n for n, p in people.items()}
        self.now, self.stack = START, ExitStack()
        happened.clear()
        served.clear()
        self.stack.enter_context(undone())
        self.said: list[str] = []
        played["sequences"] += 1
        self.over: dict[int, str] = {}
        self.lost: set[int] = set()
        self.last = "drafter"
        with self.at():
            self.stack.callback(forget, workflow.publish(json.dumps(definition)).id)
            self.case = workflow.start("model.case", "一件事", {"amount": amount}, people["drafter"],
                                       to=[people[c] for c in chosen])
        self.model = Model(definition, self.now, amount, chosen)
        self.steps = list(self.model.steps)

    def close(self) -> None:
        self.stack.close()

    @contextmanager
    def at(self, later: dt.timedelta = dt.timedelta(minutes=1)) -> Iterator[None]:
        self.now += later
        with clock.freeze(self.now):
            yield

    def move(self, what: str, engine: Callable[[], Any], model: Callable[[], Any],
             later: dt.timedelta = dt.timedelta(minutes=1)) -> bool:
        """The same on both; whether it was done. They agree on whether it may be."""
        before, numbers = self.states(), len(happened)
        with self.at(later):
            self.model.now = self.now
            try:
                with db.savepoint():
                    engine()
                done, why = True, ""
            except REFUSED as error:
                done, why = False, f"{type(error).__name__} {error}"
            if not done:
                del happened[numbers:]  # as rows of a plugin's own would be, it is taken back with the transaction
                assert before == self.states(), "what was refused changed something"
            if self.model.exact:
                try:
                    model()
                    allowed = True
                except Refused as error:
                    allowed, why = False, str(error)
                assert done == allowed, f"engine {'did it' if done else 'refused'}, the reference not: {why}"
        counts[what, done] += 1
        return done

    def states(self) -> dict[int, Any]:
        return {t.id: (t.state, t.assignee_id, t.version) for t in self.tasks()}

    def tasks(self) -> list[TaskRow]:
        return rows.tasks(self.case.id)

    # ---- moves ---------------------------------------------------------------------------------------------

    def one(self, action: str, pick: int, who: str, place: str, resume: str, amount: int | None) -> None:
        """An action on one of the tasks that are alive."""
        tasks = [t for t in self.tasks() if t.state in ("open", "waiting") and t.kind != "circulate"]
        if not tasks:
            return
        if action in ("claim", "release"):
            action = "release" if any(t.place == "claimed" for t in tasks) else "claim"
        likely = self.likely(action, tasks) if pick < 8 else []
        if pick < 8 and not likely and action in ("claim", "release", "remove_sign"):
            action, likely = "approve", self.likely("approve", tasks)
        task = (likely or tasks)[pick % len(likely or tasks)]
        if action == "remove_sign" and likely and pick < 8:
            who = next(self.names[t.assignee_id] for t in tasks if t.parent_id == task.id)
        self.last = self.names[task.assignee_id]
        ticket = self.ticket_of(task, tasks).id if self.model.exact else 0
        comment = f"意见{len(self.said)}"
        what: dict[str, Any] = {}
        if action in ("transfer", "delegate", "add_sign", "remove_sign", "circulate", "approve"):
            what = {"to": [who], "place": place}
        if action == "return":
            targets = sorted({t["step"] for t in workflow.return_targets(Task.get_by_id(task.id))})
            if self.model.exact:
                assert set(targets) == self.model.targets(self.model.ticket(ticket)[1]), "where it may be returned to"
            what = {"resume": resume, "target": targets[pick % len(targets)] if targets and pick < 8 else "drafter"}
        form = {"amount": amount} if amount is not None and action in ("approve", "save", "return") else None

        def engine() -> None:
            workflow.act(task.id, action, self.people[self.names[task.assignee_id]], comment=comment, form=form,
                         **{k: [self.people[u] for u in v] if k == "to" else v for k, v in what.items()})

        if self.move(action, engine, lambda: self.model.act(ticket, action, **what, amount=form and amount)) and action in (
                "approve", "return", "reject", "transfer"):
            self.said.append(comment)

    def likely(self, action: str, tasks: list[TaskRow]) -> list[TaskRow]:
        """Those of whom it is not plain that they may not do it; the others are tried too, but not as often."""
        if action == "remove_sign":
            return [t for t in tasks if t.kind == "work" and any(o.parent_id == t.id for o in tasks)]
        found = [t for t in tasks if t.state == "open" and action in OFFERED[t.kind]]
        if action == "release":
            return [t for t in found if t.place == "claimed"]
        if action == "claim":
            return [t for t in found if t.place != "claimed" and self.model.steps[t.step].get("mode", "one") == "one" and any(
                o.run_id == t.run_id and o.id != t.id for o in found)]
        return found

    def ticket_of(self, task: TaskRow, tasks: list[TaskRow]) -> Ticket:
        """The reference's ticket for a task: of several alike, the one at the same place in the row."""
        def key(step: str, who: str, kind: str, own: str | None, place: str) -> tuple[Any, ...]:
            return step, who, kind, own, place if kind == "sign" else ""

        def of(t: TaskRow) -> tuple[Any, ...]:
            return key(t.step, self.names[t.assignee_id], t.kind, self.names.get(t.for_id), t.place)

        alike = [t.id for t in tasks if of(t) == of(task)]
        tickets = sorted((t for d in self.model.doing(still=True) for t in d.alive()
                          if key(d.step, t.who, t.kind, t.own, t.place) == of(task)), key=lambda t: t.id)
        assert len(tickets) == len(alike), f"{of(task)}: the reference has {len(tickets)} of them, the engine {len(alike)}"
        return tickets[alike.index(task.id)]

    def read(self, pick: int) -> None:
        copies = [t for t in self.tasks() if t.kind == "circulate" and t.state == "open"]
        if copies:
            copy, comment = copies[pick % len(copies)], f"阅{len(self.said)}"
            name = self.names[copy.assignee_id]
            with self.at():
                workflow.act(copy.id, "read", self.people[name], comment=comment)
            self.model.copies[name] -= 1
            counts["read a copy", True] += 1
            self.said.append(comment)

    def whole(self, action: str, pick: int) -> None:
        """Something with the whole case, mostly by who manages workflows."""
        admin, case, model = self.people["admin"], self.case.id, self.model
        step = self.steps[pick % len(self.steps)]
        if action == "withdraw":
            self.move(action, lambda: workflow.withdraw(case, self.people["drafter"]), model.withdraw)
        elif action == "jump":
            self.move(action, lambda: workflow.jump(case, step, admin, "调整"), lambda: model.jump(step))
        elif action == "skip":
            active = self.model.active() if self.model.exact else []
            step = active[pick % len(active)] if active and pick < 8 else step
            self.move(action, lambda: workflow.skip(case, step, admin, "跳过"), lambda: model.skip(step))
        else:
            self.move(action, lambda: getattr(workflow, action)(case, admin, "理由"), getattr(model, action))

    def retrieve(self, who: str) -> None:
        may = self.model.may_retrieve(who) if self.model.exact else None
        done = False
        with self.at():
            self.model.now = self.now
            before, numbers = self.states(), len(happened)
            try:
                with db.savepoint():
                    workflow.retrieve(self.case.id, self.people[who])
                done = True
            except REFUSED as error:
                assert may is not True, f"it must be let: {error}"
                del happened[numbers:]
                assert before == self.states(), "what was refused changed something"
            assert not (done and may is False), "it must not be let"
            counts["retrieve", done] += 1
            if done and self.model.exact:
                self.model.retrieve(who)

    def hand_over(self, who: str) -> None:
        self.move("hand over", lambda: workflow.hand_over(self.people[who], self.people["p4"], by=self.people["admin"], reason="调离",
                                             also_later=False), lambda: self.model.hand_over(who, "p4"))

    def stand_in(self, who: str, to: str | None) -> None:
        if to != who:
            person, other = self.people[who], self.people[to] if to else None
            with self.at():
                if other is None:
                    workflow.set_absent(person, by=person)
                else:
                    workflow.delegate_standing(person, other, by=person)
            self.model.stand_in(who, to)
            counts["stand in" if to else "be away", True] += 1

    def tick(self) -> None:
        fired: list[int] = []
        self.move("time passes", lambda: fired.append(deadlines.tick()), self.model.tick, dt.timedelta(hours=3))
        counts["clocks fired", True] += sum(fired)

    def serve(self, fails: bool) -> None:
        """The worker takes what waits in the outbox."""
        global failing
        failing = fails
        before = len(served)
        self.move("outbox", outbox.drain, self.model.served if not fails else lambda: None, dt.timedelta(minutes=61))
        counts["services called", True] += len(served) - before

    def child(self, pick: int, action: str) -> None:
        children = list(Instance.select().where(Instance.definition_name == CHILD["name"], Instance.state == "running"))
        if not children:
            return
        child = children[pick % len(children)]
        task = Task.get(Task.instance_id == child.id, Task.state == "open")
        step = Run.get_by_id(child.parent_run_id).step
        by = self.names[task.assignee_id]
        self.move(f"{action} in a sub-process", lambda: workflow.act(task.id, action, self.people[by], comment="子"),
                  lambda: self.model.child(step, "completed" if action == "approve" else "rejected", by))

    def intrude(self, pick: int, who: str) -> None:
        """Somebody tries what is not theirs, or not any more."""
        others = [t for t in self.tasks() if t.state != "open" or self.names[t.assignee_id] != who]
        if others:
            self.must_not(others[pick % len(others)], who)

    def must_not(self, task: TaskRow, who: str) -> None:
        before = self.states()
        for action in ("approve", "reject", "transfer"):
            try:
                with self.at(), db.savepoint():
                    workflow.act(task.id, action, self.people[who], comment="x", to=[self.people["p3"]])
            except REFUSED:
                counts["what is not theirs", False] += 1
                continue
            raise AssertionError(f"{who} could {action} a task that is not theirs to do")
        assert before == self.states()

    # ---- what must hold ------------------------------------------------------------------------------------

    def check(self) -> None:
        played["steps"] += 1
        state, form = rows.state(self.case.id)
        tasks = self.tasks()
        runs = rows.runs(self.case.id)
        work = [t for t in tasks if t.kind != "circulate"]
        self.check_reference(state, form, tasks, runs)
        self.check_alive(state, work, runs)
        self.check_once(tasks, runs)
        for t in [t for t in tasks if t.id in self.lost and t.state != "open"][-2:]:  # whoever has just lost it
            self.must_not(t, self.names[t.assignee_id])
        self.lost = {t.id for t in tasks if t.state == "open"}

    def check_reference(self, state: str, form: dict[str, Any], tasks: list[TaskRow], runs: dict[int, RunRow]) -> None:
        if not self.model.exact:
            return
        assert state == self.model.world.status
        work = [t for t in tasks if t.state == "open" and t.kind != "circulate"]
        assert Counter((t.step, self.names[t.assignee_id]) for t in work) == self.model.open()
        wanted = "paused" if state == "suspended" else "open"
        active = sorted(r.step for r in runs.values() if r.state == wanted and r.fork_id is None and (
            wanted == "open" or r.paused_by == 0))
        assert active == self.model.active()
        copies = Counter(self.names[t.assignee_id] for t in tasks if t.kind == "circulate" and t.state == "open")
        assert copies == +self.model.copies
        assert Counter(happened) == Counter({self.case.id: len(self.model.effects)} if self.model.effects else {})
        assert form["amount"] == self.model.world.amount

    def check_alive(self, state: str, work: list[TaskRow], runs: dict[int, RunRow]) -> None:
        open_ = [t for t in work if t.state == "open"]
        with_tasks = {t.run_id for t in work}
        by_itself = [r for r in runs.values() if r.state == "open" and r.id not in with_tasks and r.fork_id is None]
        task_clocks, run_clocks = rows.clocks()
        children = rows.children([r.id for r in runs.values() if self.model.steps[r.step].get("type") == "subprocess"])
        for r in by_itself:
            kind = self.model.steps[r.step].get("type")
            if kind == "timer":
                assert r.id in run_clocks, "a timer step without its timer"
            elif kind == "service":
                assert r.id in rows.waiting_services(), "a service that nobody will call"
            else:
                assert kind == "subprocess"
                assert [s for _, run, s in children if run == r.id and s in ("running", "withdrawn")], (
                    "it waits for a sub-process that is over")
        if state in ("running", "withdrawn"):
            assert open_ or by_itself, "a running case that nobody has"
        elif state == "suspended":
            assert not open_ and not by_itself, "suspended: nobody acts"
            assert any(r.state == "paused" for r in runs.values()), "suspended: it can go on"
            alive = {t.id for t in work if t.state in ALIVE}
            assert not task_clocks & alive and not run_clocks & set(runs), "a suspended case has a clock"
        else:
            assert not [t for t in work if t.state in ALIVE], "an ended case with open work"
            assert not [r for r in runs.values() if r.state in ("open", "paused")]
            assert not [s for _, _, s in children if s in ("running", "withdrawn", "suspended")], (
                "an ended case with a sub-process that goes on")
        for t in work:
            if t.state in ALIVE:
                assert runs[t.run_id].state in {"open": ("open",), "paused": ("paused",), "waiting": ("open", "paused")}[t.state], (
                    "an orphan task")

    def check_once(self, tasks: list[TaskRow], runs: dict[int, RunRow]) -> None:
        for t in tasks:
            if t.id in self.over:
                assert self.over[t.id] == t.state, "a completed task reopened by itself"
            if t.state in ("done", "cancelled"):
                self.over[t.id] = t.state
        fired = [(r.step, r.fork_id) for r in runs.values() if r.fork_id is not None and r.state in ("done", "open", "paused")]
        assert len(fired) == len(set(fired)), "a join that fired twice"
        open_ = [r.step for r in runs.values() if r.state == "open" and r.fork_id is None]
        assert len(open_) == len(set(open_)), "a step that is done twice at a time"
        trail = rows.trail(self.case.id)
        assert set(self.said) <= {c for c, _, _ in trail}, "an opinion was lost"
        answers = [t for _, t, a in trail if t and a in ("submit", "approve", "reject", "return", "transfer", "pass", "read")]
        assert len(answers) == len(set(answers)), "a task that was done twice"
        assert len(happened) == rows.effects(self.case.id), "an effect happened twice"
