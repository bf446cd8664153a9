"""What who manages workflows may do, and moving cases to a new version."""

import pytest
from click.testing import CliRunner

from oa_kernel import workflow
from oa_kernel.errors import Conflict, Forbidden, Invalid
from oa_kernel.workflow import Task

STEPS = ("{id: draft, people: drafter, next: one}", "{id: one, people: {user: a}, on_complete: [numbers.give], next: two}",
         "{id: two, people: {users: [b, c]}, mode: all, next: end}")
given: list = []


@pytest.fixture(scope="session")
def oa_extra_plugins():
    from oa_kernel import hookimpl
    from oa_kernel.contributions import PluginInfo, WorkflowEffect

    class Numbers:
        @hookimpl
        def oa_plugin(self):
            return PluginInfo("numbers", "编号", "1")

        @hookimpl
        def oa_workflow_effects(self):
            return [WorkflowEffect("numbers.give", "编号", lambda instance, task, by: given.append(instance.id))]

    return {"numbers": Numbers()}


@pytest.fixture(scope="session")
def oa_settings():
    return {"organisation": {"name": "测试"}, "plugins": {"numbers": {}}}


@pytest.fixture
def case(desk):
    given.clear()
    desk.publish(STEPS, "version: 1")
    return desk.start()


def test_a_number_is_given_once_however_often_it_is_returned(desk, case):
    for _ in range(3):
        desk.act(case, "a")
        desk.act(case, "b", "return", comment="改", target="one")
    assert given == [case.id]


def test_managing_is_used_by_who_could_not_do_it_otherwise(desk, case, used_rights):
    manage = {"kernel.workflow.manage"}
    with used_rights(desk.admin) as used:
        assert workflow.admin_actions(workflow.Instance.get_by_id(case.id), desk.admin)
        own = workflow.start("t.case", "一件事", {}, desk.admin)
        workflow.get_instance(own.id, desk.admin)
        workflow.act(desk.task(own, "a").id, "return", by=desk.a, comment="改", target="draft")
        workflow.cancel(own.id, desk.admin)
    assert not used
    for act in (lambda: workflow.get_instance(case.id, desk.admin), lambda: workflow.cancel(case.id, desk.admin, "重复")):
        with used_rights(desk.admin) as used:
            act()
        assert used == manage


@pytest.mark.parametrize("what", ["suspend", "jump", "skip"])
def test_only_with_the_right_and_with_a_reason(desk, case, what):
    run = getattr(workflow, what)
    arguments = () if what == "suspend" else ("one",)
    with pytest.raises(Forbidden):
        run(case.id, *arguments, desk.drafter, "理由")
    with pytest.raises(Invalid) as caught:
        run(case.id, *arguments, desk.admin, " ")
    assert "comment" in caught.value.errors


def test_suspended_nobody_acts_and_resumed_it_goes_on(desk, case):
    task = desk.task(case, "a")
    workflow.suspend(case.id, desk.admin, "等")
    with pytest.raises(Conflict) as caught:
        workflow.act(task.id, "approve", desk.a)
    assert caught.value.code == "paused"
    workflow.resume(case.id, desk.admin, "续")
    desk.act(case, "a")
    assert desk.open(case) == {("two", "b"), ("two", "c")}


def test_jumped_to_a_step_and_to_people(desk, case):
    workflow.jump(case.id, "two", desk.admin, "急件", to=["d"])
    assert desk.open(case) == {("two", "d")}
    assert given == []


def test_skipped_without_its_effects(desk, case):
    workflow.skip(case.id, "one", desk.admin, "出差")
    assert desk.open(case) == {("two", "b"), ("two", "c")}
    assert given == []
    with pytest.raises(Conflict):
        workflow.skip(case.id, "one", desk.admin, "出差")


def test_reopened_at_the_last_step_and_only_when_it_had_ended(desk, case):
    with pytest.raises(Conflict):
        workflow.reopen(case.id, desk.admin, "x")
    for who in "abc":
        desk.act(case, who)
    assert desk.state(case) == "completed"
    workflow.reopen(case.id, desk.admin, "漏项")
    assert desk.open(case) == {("two", "b"), ("two", "c")}
    assert desk.state(case) == "running"


def test_a_returned_case_can_be_cancelled_by_its_drafter(desk, case):
    desk.act(case, "a", "return", comment="不全", target="draft")
    workflow.cancel(case.id, desk.drafter)
    assert desk.state(case) == "cancelled"
    assert Task.select().where(Task.instance_id == case.id, Task.state == "open").count() == 0


def test_cases_move_to_a_new_version_by_a_map_after_a_dry_run(desk, case):
    other = desk.start()
    desk.act(other, "a")
    desk.publish((STEPS[0].replace("one", "check"), STEPS[1].replace("id: one", "id: check"),
                  "{id: two, people: {user: d}, mode: all, next: end}"), "version: 2")
    dry = workflow.migrate("t.case", by=desk.admin, dry_run=True)
    assert [k["instance"] for k in dry["kept"]] == [case.id]
    assert "one" in dry["kept"][0]["reason"]
    assert workflow.get_instance(other.id, desk.admin).definition_version == 1
    done = workflow.migrate("t.case", {"one": "check"}, by=desk.admin)
    assert done["moved"] == [case.id, other.id]
    assert desk.open(case) == {("check", "a")}
    desk.act(case, "a")
    assert desk.open(case) == {("two", "d")}
    desk.act(other, "b", "return", comment="再看", target="check")
    assert desk.open(other) == {("check", "a")}


def test_the_command_line_moves_and_says_what_stays(desk, case, oa_installation):
    from oa_kernel.cli import oa

    desk.publish((STEPS[0].replace("one", "check"), STEPS[1].replace("id: one", "id: check"), STEPS[2]), "version: 2")
    run = CliRunner()
    config = ["--config", str(oa_installation.config_path), "workflow"]
    stays = run.invoke(oa, [*config, "migrate", "t.case", "--dry-run"])
    assert stays.exit_code == 1, stays.output
    moved = run.invoke(oa, [*config, "migrate", "t.case", "--map", "one=check", "--json"])
    assert (moved.exit_code, f'"moved": [\n    {case.id}\n  ]' in moved.output) == (0, True), moved.output
    schema = run.invoke(oa, [*config, "schema"])
    assert '"$schema"' in schema.output
