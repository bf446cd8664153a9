"""Steps that no person does: sub-processes, services, timers, notifications."""

import pytest

from oa_kernel import clock, hookimpl, outbox, workflow
from oa_kernel.contributions import PluginInfo, WorkflowService
from oa_kernel.errors import Conflict, Forbidden
from oa_kernel.workflow import Instance, Task, deadlines


class Ledger:
    """A plugin with a service that fails as long as it is told to."""

    failing = False
    keys: list = []

    @hookimpl
    def oa_plugin(self):
        return PluginInfo("ledger", "台账", "1")

    @hookimpl
    def oa_workflow_services(self):
        return [WorkflowService("ledger.book", "记账", self.book)]

    def book(self, instance, key):
        self.keys.append(key)
        if self.failing:
            raise OSError("对方没有回答")
        return {"booked": f"凭证-{instance.id}"}


LEDGER = Ledger()
SERVICE = ("{id: draft, people: drafter, next: book}", "{id: book, type: service, service: ledger.book, next: last}",
           "{id: last, people: {user: a}, next: end}")
FORM = "form: {booked: {type: string}, day: {type: string}}"


@pytest.fixture(scope="session")
def oa_extra_plugins():
    return {"ledger": LEDGER}


@pytest.fixture(scope="session")
def oa_settings():
    return {"organisation": {"name": "测试"}, "plugins": {"ledger": {}}}


@pytest.fixture(autouse=True)
def fresh():
    LEDGER.failing = False
    LEDGER.keys.clear()


def test_a_service_is_called_after_the_commit_and_its_answer_taken_over(desk):
    desk.publish(SERVICE, FORM)
    case = desk.start()
    assert LEDGER.keys == []
    outbox.drain()
    assert desk.open(case) == {("last", "a")}
    assert Instance.get_by_id(case.id).form["booked"] == f"凭证-{case.id}"


def test_a_failing_service_is_visible_tried_again_and_called_with_the_same_key(desk):
    LEDGER.failing = True
    desk.publish(SERVICE, FORM)
    case = desk.start()
    outbox.drain()
    (row,) = workflow.failed_services()
    assert row["instance"] == case.id and "对方没有回答" in row["error"]
    with pytest.raises(Forbidden):
        workflow.repeat_service(row["run"], desk.a)
    LEDGER.failing = False
    workflow.repeat_service(row["run"], desk.admin)
    outbox.drain()
    assert desk.open(case) == {("last", "a")}
    assert workflow.failed_services() == []
    assert len(set(LEDGER.keys)) == 1 and len(LEDGER.keys) == 2


def test_a_service_that_comes_late_changes_nothing(desk):
    desk.publish(SERVICE, FORM)
    case = desk.start()
    workflow.withdraw(case.id, desk.drafter)
    outbox.drain()
    assert LEDGER.keys == []
    assert desk.open(case) == {("draft", "drafter")}


def test_a_timer_waits(desk, frozen):
    frozen("2026-11-24T09:00:00+08:00")
    desk.publish(("{id: draft, people: drafter, next: wait}", "{id: wait, type: timer, after: 3 days, next: last}",
                  "{id: last, people: {user: a}, next: end}"))
    case = desk.start()
    assert deadlines.tick() == 0
    frozen("2026-11-27T09:01:00+08:00")
    assert deadlines.tick() == 1
    assert desk.open(case) == {("last", "a")}
    assert clock.now() is not None


def test_a_copy_blocks_nothing_is_read_with_an_opinion_and_survives_a_rejection(desk):
    desk.publish(("{id: draft, people: drafter, next: tell}",
                  "{id: tell, type: notify, copy: true, people: {users: [b, c]}, message: 请知悉, next: last}",
                  "{id: last, people: {user: a}, next: end}"))
    case = desk.start()
    assert desk.open(case) == {("last", "a")}
    desk.act(case, "b", "read", comment="已知悉")
    desk.act(case, "a", "reject", comment="不办")
    assert desk.task(case, "c").kind == "circulate"
    desk.act(case, "c", "read", comment="可惜")
    assert {"已知悉", "可惜"} <= {t["comment"] for t in workflow.trail(case.id)}


def sub(desk, following="last"):
    workflow.publish("name: t.child\ntitle: 子流程\nform: {day: {type: string}}\nsteps:\n"
                     "  - {id: draft, people: drafter, next: check}\n"
                     "  - {id: check, people: {user: b}, fields: {day: edit}, next: end}\n")
    desk.publish(("{id: draft, people: drafter, next: child}",
                  f"{{id: child, type: subprocess, definition: t.child, map: {{day: day}}, back: {{booked: day}}, next: {following}}}",
                  "{id: last, people: {user: a}, next: end}", "{id: other, people: {user: c}, next: end}"), FORM)
    case = desk.start({"day": "x"})
    return case, Instance.get(Instance.definition_name == "t.child")


BOTH = "[{when: \"outcome == 'rejected'\", to: other}, {to: last}]"


def test_a_sub_process_is_waited_for_and_its_fields_come_back(desk):
    case, child = sub(desk, BOTH)
    assert child.form == {"day": "x"}
    assert desk.open(case) == set()
    desk.act(child, "b", form={"day": "y"})
    assert desk.state(child) == "completed"
    assert desk.open(case) == {("last", "a")}
    assert Instance.get_by_id(case.id).form["booked"] == "y"


def test_a_rejected_sub_process_takes_the_way_the_definition_says(desk):
    case, child = sub(desk, BOTH)
    desk.act(child, "b", "reject", comment="不行")
    assert desk.open(case) == {("other", "c")}


def test_withdrawn_with_its_sub_process(desk):
    case, child = sub(desk, BOTH)
    task = desk.task(child, "b")
    workflow.withdraw(case.id, desk.drafter)
    assert desk.state(child) == "cancelled"
    with pytest.raises(Conflict):
        workflow.act(task.id, "approve", desk.b)
    assert Task.select().where(Task.instance_id == child.id, Task.state == "open").count() == 0
