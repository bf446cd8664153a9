"""The engine against a simple reference: random definitions, random moves, everything compared after each.

``OA_MODEL_SEQUENCES=5000`` makes it a long run (``long_run.py`` beside this); the default is small. What the
reference predicts stands in ``model/reference.py`` and ``model/moves.py``, what must hold besides in
``model/machine.py``.
"""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from oa_kernel import hookimpl, workflow
from oa_kernel.contributions import PluginInfo, WorkflowEffect, WorkflowService

from .model import machine
from .model.definitions import AMONG, CHILD, PEOPLE, definitions

SEQUENCES = int(os.environ.get("OA_MODEL_SEQUENCES", "0"))
COUNT = int(os.environ.get("OA_MODEL_COUNT", "25"))
STEPS = int(os.environ.get("OA_MODEL_STEPS", "14"))


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
def people(oa, make):
    unit = make.department("处")
    found = {name: make.person(name, name, unit) for name in ("drafter", *PEOPLE)}
    found["admin"] = make.person("admin", "管理员", unit, roles=["system_admin"])
    workflow.publish(json.dumps(CHILD))
    return found


picks = st.integers(0, 9)
somebody = st.sampled_from(PEOPLE)


class Office(RuleBasedStateMachine):
    """One case, from its start; what is done to it is drawn from the rules."""

    people: dict
    straight = False

    @initialize(data=st.data(), amount=st.sampled_from([1, 9]), chosen=st.sampled_from(AMONG))
    def begin(self, data, amount, chosen):
        self.play = machine.Play(self.people, data.draw(definitions(self.straight)), amount, [chosen])

    @rule(pick=picks, who=somebody, amount=st.sampled_from([None, None, 1, 9]))
    def approve(self, pick, who, amount):
        self.play.one("approve", pick, who, "", "", amount)

    @rule(pick=picks, who=somebody, amount=st.none())
    def approve_again(self, pick, who, amount):
        self.play.one("approve", pick, who, "", "", amount)

    @rule(pick=picks, resume=st.sampled_from(["step", "direct", "direct"]))
    def give_back(self, pick, resume):
        self.play.one("return", pick, "p0", "", resume, None)

    @rule(pick=picks, who=somebody, place=st.sampled_from(["before", "after", "beside"]), action=st.sampled_from(
        ["transfer", "delegate", "add_sign", "add_sign", "remove_sign", "circulate", "claim", "release", "save", "read", "reject"]))
    def act(self, pick, who, place, action):
        self.play.one(action, pick, who, place, "", None)

    @rule(pick=picks, action=st.sampled_from(["withdraw", "suspend", "resume", "jump", "skip", "skip"]))
    def whole(self, pick, action):
        self.play.whole(action, pick)

    @precondition(lambda self: self.play.model.world.status == "suspended")
    @rule()
    def resume(self):
        self.play.whole("resume", 0)

    @precondition(lambda self: self.play.model.world.status in ("completed", "rejected", "cancelled"))
    @rule()
    def reopen(self):
        self.play.whole("reopen", 0)

    @rule(who=st.sampled_from(["drafter", *PEOPLE]))
    def retrieve(self, who):
        self.play.retrieve(who)

    @rule(pick=picks)
    def read_copy(self, pick):
        self.play.read(pick)

    @rule(who=st.sampled_from(AMONG))
    def hand_over(self, who):
        self.play.hand_over(who)

    @rule(who=somebody, to=st.sampled_from([None, *PEOPLE]))
    def stand_in(self, who, to):
        self.play.stand_in(who, to)

    @rule()
    def time_passes(self):
        self.play.tick()

    @rule(fails=st.booleans(), pick=picks, action=st.sampled_from(["approve", "approve", "reject"]))
    def outside(self, fails, pick, action):
        self.play.serve(fails)
        self.play.child(pick, action)

    @rule(pick=picks, who=somebody)
    def intrude(self, pick, who):
        self.play.intrude(pick, who)

    @rule()
    def cancel(self):
        if self.play.model.version > 8:
            self.play.whole("cancel", 0)

    @invariant()
    def as_the_reference_says(self):
        if hasattr(self, "play"):
            with self.play.at():
                self.play.check()

    def teardown(self):
        if hasattr(self, "play"):
            self.play.close()


def run(people, straight, count):
    long = bool(SEQUENCES)
    phases = (Phase.generate,) if long else (Phase.generate, Phase.shrink)
    made = type("Office", (Office,), {"people": people, "straight": straight})
    run_state_machine_as_test(made, settings=settings(
        max_examples=SEQUENCES or count, stateful_step_count=STEPS, deadline=None, database=None, phases=phases,
        suppress_health_check=list(HealthCheck)))


def test_straight_definitions_move_exactly_as_the_reference_says(people):
    run(people, True, COUNT)


def test_branches_move_exactly_as_the_reference_says(people):
    run(people, False, COUNT)
