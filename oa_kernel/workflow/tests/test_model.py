"""Random definitions and random actions against what must hold after every single one.

``OA_MODEL_SEQUENCES=50000`` makes it a long run; the default is small. The reference beside the engine is simple: who
said what (opinions), which tasks are over, whose turn it is by the tasks' own states.
"""

from __future__ import annotations

import datetime as dt
import os

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oa_kernel import clock, workflow
from oa_kernel.contributions import WorkflowEffect
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound
from oa_kernel.workflow import Instance, Run, Task, Trail
from oa_kernel.workflow.models import Done, StandIn, Timer

SEQUENCES = int(os.environ.get("OA_MODEL_SEQUENCES", "40"))
PEOPLE = ("p0", "p1", "p2", "p3", "p4")
EXPECTED = (Conflict, Forbidden, Invalid, NotFound)
ALIVE = ("open", "waiting", "paused")

happened: list[int] = []


class Counting:
    """A plugin whose effect may happen once a case."""

    def oa_plugin(self):
        from oa_kernel.contributions import PluginInfo

        return PluginInfo("counting", "计数", "1")

    def oa_workflow_effects(self):
        return [WorkflowEffect("counting.number", "编号", lambda instance, task, by: happened.append(instance.id))]


def _marked():
    from oa_kernel import hookimpl

    for name in ("oa_plugin", "oa_workflow_effects"):
        setattr(Counting, name, hookimpl(getattr(Counting, name)))
    return Counting()


@pytest.fixture(scope="session")
def oa_extra_plugins():
    return {"counting": _marked()}


@pytest.fixture(scope="session")
def oa_settings():
    return {"organisation": {"name": "测试"}, "plugins": {"counting": {}}}


modes = st.sampled_from([
    "one", "all", "sequence", {"ratio": 0.6}, {"ratio": 1.0}, {"weights": {"p0": 2, "p1": 1, "p2": 1}, "pass": 2},
    {"weights": {"p0": 1, "p1": 1}, "pass": 2, "veto": ["p1"]},
])


@st.composite
def definitions(draw) -> str:
    """A sound definition: a row of steps, some of them forks whose branches come together (or simply end)."""
    steps: list[dict] = [{"id": "draft", "people": "drafter"}]
    count = draw(st.integers(1, 3))
    for n in range(count):
        kind = draw(st.sampled_from(["task", "task", "fork", "nested"]))
        steps += [_task(draw, f"t{n}")] if kind == "task" else _fork(draw, f"f{n}", kind == "nested")
    for i, step in enumerate(steps):
        following = next((s["id"] for s in steps[i + 1:] if not s.get("inner")), "end")
        if step["next" if step.get("type") != "fork" else "branches"] is None if step.get("type") == "fork" else (
                step.get("next") is None):
            step["next"] = following
    for step in steps:
        step.pop("inner", None)
    return yaml.safe_dump({"name": "model.case", "title": "模型", "version": 1, "steps": steps}, allow_unicode=True)


def _task(draw, ident, **more):
    step = {"id": ident, "mode": draw(modes), "people": {"users": draw(st.lists(
        st.sampled_from(PEOPLE), min_size=1, max_size=3, unique=True))}, "next": None, **more}
    if draw(st.booleans()):
        step["on_complete"] = ["counting.number"]
    if draw(st.integers(0, 3)) == 0:
        step["skip_same_person"] = True
    if draw(st.integers(0, 2)) == 0:
        step["due"] = "2 hours"
        step["on_overdue"] = draw(st.sampled_from(["urge", "pass", "escalate", {"transfer": {"user": "p4"}}]))
    return step


def _fork(draw, ident, nested):
    join = f"{ident}j"
    branches: list[dict] = []
    first = []
    for b in range(draw(st.integers(2, 3))):
        name = f"{ident}b{b}"
        length = draw(st.integers(0, 2))
        if nested and b == 0:
            inner = _fork(draw, name, False)
            for s in inner:
                s["inner"] = True
            inner[-1]["next"] = join
            branches += inner
            first.append(name)
            continue
        names = [f"{name}s{k}" for k in range(length)]
        for k, s in enumerate(names):
            last = draw(st.sampled_from([join, join, join, "end"]))
            branches.append(_task(draw, s, inner=True) | {"next": names[k + 1] if k + 1 < length else last})
        first.append(names[0] if names else join)
    wait = draw(st.sampled_from(["all", "all", 1]))
    reach = {b.get("next") for b in branches} | set(first)
    if sum(_leads(f, branches, join) for f in first) < 2 or join not in reach:
        for b in branches:  # a join is only one where branches come together
            if b.get("next") == "end":
                b["next"] = join
    return [{"id": ident, "type": "fork", "branches": first, "next": 0}, *branches,
            {"id": join, "type": "join", "wait": wait, "next": None}]


def _leads(name, branches, join):
    while name not in (join, "end"):
        step = next(b for b in branches if b["id"] == name)
        if step.get("type") == "fork":
            return True
        name = step["next"]
    return name == join


def text_of(definition: str) -> str:
    data = yaml.safe_load(definition)
    for step in data["steps"]:
        if step.get("type") == "fork":
            step.pop("next", None)
    return yaml.safe_dump(data, allow_unicode=True)


TASK_ACTIONS = ["approve"] * 6 + ["return"] * 4 + ["reject", "transfer", "delegate", "add_sign", "add_sign", "remove_sign",
                                                   "circulate", "read", "claim", "release", "save"]
CASE_ACTIONS = ["withdraw", "retrieve", "retrieve", "urge", "suspend", "resume", "jump", "skip", "reopen", "tick",
                "cancel", "hand_over"]
moves = st.lists(st.tuples(
    st.sampled_from(TASK_ACTIONS * 2 + CASE_ACTIONS), st.integers(0, 9), st.sampled_from(PEOPLE),
    st.sampled_from(["before", "after", "beside"]), st.sampled_from(["step", "direct"])), min_size=1, max_size=25)


class Machine:
    """Plays the moves and checks the invariants after each."""

    def __init__(self, people, definition):
        self.people, self.by_id = people, {p.id: p for p in people.values()}
        happened.clear()
        workflow.publish(definition)
        self.case = workflow.start("model.case", "一件事", {}, people["drafter"])
        self.opinions: list[str] = []
        self.over: dict[int, tuple] = {}
        self.fired: set[int] = set()
        self.reopened = False

    def play(self, move):
        action, pick, who, place, resume = move
        before = {t.id: t.state for t in self.tasks()}
        try:
            if action in CASE_ACTIONS:
                self.whole(action, pick, who)
            else:
                self.one(action, pick, who, place, resume)
        except EXPECTED:
            assert before == {t.id: t.state for t in self.tasks()}, "what was refused changed something"
        self.check()

    def tasks(self):
        return list(Task.select().where(Task.instance_id == self.case.id).order_by(Task.id))

    def one(self, action, pick, who, place, resume):
        open_ = [t for t in self.tasks() if t.state in ("open", "waiting")]
        if not open_:
            return
        task = open_[pick % len(open_)]
        comment = f"意见{len(self.opinions)}"
        options = {}
        if action in ("transfer", "delegate", "add_sign", "remove_sign", "circulate"):
            options = {"to": [who], "place": place}
        if action == "return":
            targets = workflow.return_targets(task) if task.state == "open" and task.kind == "work" else []
            options = {"resume": resume, "target": targets[pick % len(targets)]["step"] if targets else None}
        workflow.act(task.id, action, self.by_id[task.assignee_id], comment=comment, **options)
        if action in ("approve", "return", "reject") or (action == "read" and task.kind == "circulate"):
            self.opinions.append(comment)

    def whole(self, action, pick, who):
        admin, case = self.people["admin"], self.case.id
        steps = list(workflow.definition_of(self.case).steps)
        if action in ("withdraw", "urge"):
            getattr(workflow, action)(case, self.people["drafter"])
        elif action == "retrieve":
            workflow.retrieve(case, self.people[who])
        elif action == "tick":
            with clock.freeze(clock.now() + dt.timedelta(hours=3)):
                from oa_kernel.workflow import deadlines

                deadlines.tick()
        elif action == "jump":
            workflow.jump(case, steps[pick % len(steps)], admin, "调整")
        elif action == "skip":
            workflow.skip(case, steps[pick % len(steps)], admin, "跳过")
        elif action == "cancel":
            if pick == 0:
                workflow.cancel(case, admin, "取消")
        elif action == "hand_over":
            workflow.hand_over(self.people[who], self.people["p4"], by=admin, reason="调离", also_later=False)
        else:
            getattr(workflow, action)(case, admin, "理由")
            self.reopened = self.reopened or action == "reopen"

    def check(self):
        instance = Instance.get_by_id(self.case.id)
        tasks = self.tasks()
        runs = {r.id: r for r in Run.select().where(Run.instance_id == instance.id)}
        work = [t for t in tasks if t.kind != "circulate"]
        open_ = [t for t in work if t.state == "open"]
        if instance.state in ("running", "withdrawn"):
            assert open_, "a running case that nobody has"
        elif instance.state == "suspended":
            assert not open_ and any(t.state == "paused" for t in work), "suspended: nobody acts, and it can go on"
            assert not self.clocks(work), "a suspended case has no clock"
        else:
            assert not [t for t in work if t.state in ALIVE], "an ended case with open work"
            assert not [r for r in runs.values() if r.state in ("open", "paused")]
        for t in tasks:
            if t.id in self.over:
                assert self.over[t.id] == t.state, "a completed task reopened by itself"
            if t.state in ("done", "cancelled"):
                self.over[t.id] = t.state
            if t.kind != "circulate" and t.state == "open":
                assert runs[t.run_id].state == "open", "an orphan task"
            if t.kind != "circulate" and t.state == "waiting":
                assert runs[t.run_id].state in ("open", "paused"), "an orphan task"
            if t.kind != "circulate" and t.state == "paused":
                assert runs[t.run_id].state == "paused"
        for r in runs.values():
            if r.state == "open" and r.fork_id is None:
                assert any(t.run_id == r.id and t.state in ALIVE for t in work), "an open step without tasks"
        fired = [(r.step, r.fork_id) for r in runs.values() if r.fork_id is not None and r.state in ("done", "open", "paused")]
        assert len(fired) == len(set(fired)), "a join that fired twice"
        said = {c for (c,) in Trail.select(Trail.comment).where(Trail.instance_id == instance.id).tuples()}
        assert set(self.opinions) <= said, "an opinion was lost"
        done = Done.select().where(Done.instance_id == instance.id).count()
        assert len(happened) == done, "an effect happened twice"
        open_steps = [r.step for r in runs.values() if r.state == "open" and r.fork_id is None]
        assert len(open_steps) == len(set(open_steps)), "a step that is done twice at a time"

    def clocks(self, work):
        ids = [t.id for t in work if t.state in ALIVE]
        return Timer.select().where(Timer.task_id.in_(ids), Timer.fired_at.is_null()).count() if ids else 0


@pytest.fixture
def people(oa, make):
    unit = make.department("处")
    found = {name: make.person(name, name, unit) for name in ("drafter", *PEOPLE)}
    found["admin"] = make.person("admin", "管理员", unit, roles=["system_admin"])
    return found


@settings(max_examples=SEQUENCES, deadline=None, database=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(definition=definitions(), sequence=moves)
def test_nothing_is_lost_whatever_is_done(people, definition, sequence):
    StandIn.delete().execute()
    Task.update(state="cancelled").where(Task.state.in_(ALIVE)).execute()  # of earlier examples
    Timer.delete().execute()
    machine = Machine(people, text_of(definition))
    machine.check()
    for move in sequence:
        machine.play(move)
