"""The engine against a simple reference: random definitions, random moves, everything compared after each.

``OA_MODEL_SEQUENCES=5000`` makes it a long run (``long_run.sh`` beside this); the default is small. What the
reference predicts stands in ``model/reference.py`` and ``model/moves.py``, what must hold besides in
``model/machine.py``.
"""

from __future__ import annotations

import datetime as dt
import gc
import json
import os
import time

import pytest
import yaml
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from oa_kernel import clock, hookimpl, permissions, workflow
from oa_kernel.contributions import PluginInfo, WorkflowEffect, WorkflowService

from .model import machine
from .model.definitions import AMONG, CHILD, PEOPLE, definitions
from .model.moves import ENDED

SEQUENCES = int(os.environ.get("OA_MODEL_SEQUENCES", "0"))
COUNT = int(os.environ.get("OA_MODEL_COUNT", "25"))
STEPS = int(os.environ.get("OA_MODEL_STEPS", "14"))
#: no example lasts longer: a move lets at most three hours pass
DAYS = 1 + STEPS * 3 // 24


class Counting:
    """A plugin with an effect that may happen once a step, and a service that fails when it is told to."""

    @hookimpl
    def oa_plugin(self):
        return PluginInfo("counting", "计数", "1")

    @hookimpl
    def oa_workflow_effects(self):
        return [WorkflowEffect("counting.number", "编号", lambda instance, task, by: machine.happened.append(instance.id))]

    @hookimpl
    def oa_workflow_services(self):
        return [WorkflowService("counting.book", "记账", self.book)]

    def book(self, instance, key):
        if machine.failing:
            raise OSError("对方没有回答")
        machine.served.append(key)
        return {}


@pytest.fixture(scope="session")
def oa_extra_plugins():
    return {"counting": Counting()}


@pytest.fixture(scope="session")
def oa_settings():
    return {"organisation": {"name": "测试"}, "plugins": {"counting": {}}}


@pytest.fixture
def people(oa, make, monkeypatch):
    monkeypatch.setattr(yaml, "SafeLoader", getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # the same words, read faster
    unit = make.department("处")
    found = {name: make.person(name, name, unit) for name in ("drafter", *PEOPLE)}
    found["admin"] = make.person("admin", "管理员", unit, roles=["system_admin"])
    workflow.publish(json.dumps(CHILD))
    known(found.values())
    return found


def known(people):
    """Rights are remembered once they are committed, which an example never is: as a worker, the process knows them."""
    for day in range(DAYS):
        with clock.freeze(machine.START + dt.timedelta(days=day)):
            for person in people:
                permissions.allows(person, "kernel.workflow.manage")


#: what people do, and what happens around it: what stands here twice is drawn twice as often
ON_TASKS = ("approve", "approve", "approve", "return", "return", "transfer", "delegate", "add_sign", "add_sign", "remove_sign",
            "circulate", "claim", "claim", "release", "save", "reject")
BESIDE = ("withdraw", "suspend", "resume", "jump", "skip", "skip", "reopen", "cancel", "retrieve", "retrieve", "retrieve", "hand over",
          "stand in", "time passes", "time passes", "outside", "outside", "intrude")
picks = st.integers(0, 9)
somebody = st.sampled_from(PEOPLE)


class Office(RuleBasedStateMachine):
    """One case, from its start; what is done to it is drawn from the rules."""

    people: dict
    straight = False

    @initialize(data=st.data(), amount=st.sampled_from([1, 9]), chosen=st.sampled_from(AMONG))
    def begin(self, data, amount, chosen):
        self.play = machine.Play(self.people, data.draw(definitions(self.straight)), amount, [chosen])

    @rule(what=st.sampled_from(ON_TASKS), pick=picks, who=somebody, place=st.sampled_from(["before", "after", "beside"]),
          amount=st.sampled_from([None, None, None, 1, 9]))
    def on_a_task(self, what, pick, who, place, amount):
        self.play.one(what, pick, who, place, "direct" if amount else "step", amount)

    @rule(what=st.sampled_from(ON_TASKS), pick=picks, who=somebody)
    def on_another(self, what, pick, who):
        self.play.one(what, pick, who, "before", "direct", None)

    @rule(pick=picks)
    def approve(self, pick):
        self.play.one("approve", pick, "p0", "", "", None)

    @rule(what=st.sampled_from(BESIDE), pick=picks, who=st.sampled_from(["drafter", *PEOPLE]), to=st.sampled_from([None, *PEOPLE]))
    def beside(self, what, pick, who, to):
        play = self.play
        if play.model.world.status == "suspended" and what != "intrude":
            play.whole("resume", 0)
        elif play.model.world.status in ENDED and pick < 8:
            play.whole("reopen", 0)
        elif what in ("withdraw", "suspend", "resume", "jump", "skip", "reopen") or what == "cancel" and pick < 3:
            play.whole(what, pick)
        elif what == "retrieve":
            play.retrieve(who if pick < 5 else play.last)
        elif what == "hand over" and who in AMONG:
            play.hand_over(who)
        elif what == "stand in" and who in PEOPLE:
            play.stand_in(who, to)
        elif what == "time passes":
            play.tick()
        elif what == "outside":
            play.serve(pick < 3)
            play.child(pick, "reject" if pick > 7 else "approve")
        elif what == "intrude" and who in PEOPLE:
            play.intrude(pick, who)
        play.read(pick)

    @invariant()
    def as_the_reference_says(self):
        if hasattr(self, "play"):
            with self.play.at():
                self.play.check()

    def teardown(self):
        if hasattr(self, "play"):
            self.play.close()


#: what must have been done in a long run, or it has shown nothing
MOVES = ("approve", "return", "reject", "transfer", "delegate", "add_sign", "remove_sign", "circulate", "read a copy", "claim",
         "release", "save", "withdraw", "retrieve", "jump", "skip", "suspend", "resume", "cancel", "reopen", "hand over",
         "stand in", "be away", "clocks fired", "services called", "approve in a sub-process", "reject in a sub-process")


def run(people, straight, count, capsys):
    gc.freeze()  # what is there from the start need not be looked through again and again
    if SEQUENCES:
        from .model.evenly import NAME as backend
    else:
        backend = "hypothesis"
    made = type("Office", (Office,), {"people": people, "straight": straight})
    machine.said_of("")
    run_state_machine_as_test(made, settings=settings(
        max_examples=SEQUENCES or count, stateful_step_count=STEPS, deadline=None, database=None, backend=backend,
        phases=(Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck)))
    missing = [m for m in MOVES if not machine.counts[m, True]]
    line = machine.said_of("straight" if straight else "branches")
    if SEQUENCES:
        with capsys.disabled():
            print(f"\n{line}; {time.process_time():.0f} s of the processor")
    assert SEQUENCES < 1000 or not missing, f"never done: {missing}"


def test_straight_definitions_move_exactly_as_the_reference_says(people, capsys):
    run(people, True, COUNT, capsys)


def test_branches_move_exactly_as_the_reference_says(people, capsys):
    run(people, False, COUNT, capsys)
