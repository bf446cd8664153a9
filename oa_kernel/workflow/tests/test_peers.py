"""What users of other engines reported going wrong, each as a test: here it does not."""

import pytest

from oa_kernel import hookimpl, workflow
from oa_kernel.contributions import PluginInfo, WorkflowEffect
from oa_kernel.errors import Conflict
from oa_kernel.workflow import Task

given: list = []
filed: list = []
STEPS = ("{id: draft, people: drafter, next: one}", "{id: one, people: {user: a}, on_complete: [peers.number], next: sign}",
         "{id: sign, people: {users: [b, c, d]}, mode: all, next: last}", "{id: last, people: {user: e}, next: end}")


class Peers:
    @hookimpl
    def oa_plugin(self):
        return PluginInfo("peers", "编号与归档", "1")

    @hookimpl
    def oa_workflow_effects(self):
        return [WorkflowEffect("peers.number", "编号", lambda instance, task, by: given.append(instance.id)),
                WorkflowEffect("peers.file", "归档", lambda instance, task, by: filed.append(instance.id))]


@pytest.fixture(scope="session")
def oa_extra_plugins():
    return {"peers": Peers()}


@pytest.fixture(scope="session")
def oa_settings():
    return {"organisation": {"name": "测试"}, "plugins": {"peers": {}}}


@pytest.fixture
def case(desk):
    given.clear(), filed.clear()
    desk.publish(STEPS, "on_complete: [peers.file]")
    case = desk.start()
    desk.act(case, "a")
    return case


@pytest.mark.parametrize("resume", ["step", "direct"])
def test_a_returned_countersigning_does_not_lose_its_tasks(desk, case, resume):  # ruoyi-vue-pro 668
    desk.act(case, "b", comment="同意")
    desk.act(case, "c", "return", comment="改", target="draft", resume=resume)
    assert desk.open(case) == {("draft", "drafter")}
    desk.act(case, "drafter")
    if resume == "step":
        desk.act(case, "a")
        assert desk.open(case) == {("sign", "b"), ("sign", "c"), ("sign", "d")}
    else:
        assert desk.open(case) == {("sign", "c"), ("sign", "d")}
    for who in {w for _, w in desk.open(case)}:
        desk.act(case, who)
    assert desk.open(case) == {("last", "e")}


def test_returned_to_the_drafter_it_is_not_handed_to_the_next_approver(desk, case):  # AntFlow 7
    desk.act(case, "b", "return", comment="改", target="drafter")
    assert desk.open(case) == {("draft", "drafter")}
    assert Task.select().where(Task.instance_id == case.id, Task.state == "open").count() == 1
    desk.act(case, "drafter")
    assert desk.open(case) == {("one", "a")}


def test_a_return_takes_no_new_number(desk, case):  # steedos/workflow 1393
    for _ in range(3):
        desk.act(case, "b", "return", comment="改", target="draft")
        desk.act(case, "drafter")
        desk.act(case, "a")
    assert given == [case.id]


@pytest.mark.parametrize("then", ["return", "reject", "withdraw", "jump"])
def test_opinions_of_circulated_copies_are_not_lost(desk, case, then):  # steedos/workflow 1635
    desk.act(case, "b", "circulate", to=["head", "a"])
    desk.act(case, "head", "read", comment="已阅，建议加快")
    if then == "withdraw":
        workflow.withdraw(case.id, desk.drafter)
    elif then == "jump":
        workflow.jump(case.id, "last", desk.admin, "急")
    else:
        desk.act(case, "b", then, comment="不妥")
    desk.act(case, "a", "read", comment="同上")
    assert {"已阅，建议加快", "同上"} <= {t["comment"] for t in workflow.trail(case.id)}


@pytest.mark.parametrize("how", ["return", "withdraw"])
def test_a_case_that_came_back_can_be_deleted_by_its_drafter(desk, case, how):  # codingapi 130
    if how == "return":
        desk.act(case, "b", "return", comment="改", target="draft")
    else:
        workflow.withdraw(case.id, desk.drafter)
    assert "cancel" in workflow.instance_actions(workflow.get_instance(case.id, desk.drafter), desk.drafter)
    workflow.cancel(case.id, desk.drafter)
    assert desk.state(case) == "cancelled"
    assert not Task.select().where(Task.instance_id == case.id, Task.state.in_(("open", "waiting", "paused"))).exists()


def test_a_case_is_filed_once_though_it_ends_twice(desk, case):  # steedos/workflow 1729
    for who in "bcde":
        desk.act(case, who)
    assert filed == [case.id]
    with pytest.raises(Conflict):
        workflow.cancel(case.id, desk.admin, "x")
    workflow.reopen(case.id, desk.admin, "漏项")
    desk.act(case, "e")
    assert desk.state(case) == "completed"
    assert filed == [case.id]
