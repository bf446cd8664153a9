"""What the model found wrong in the engine, each in its shortest form."""

import pytest

from oa_kernel import clock, hookimpl, outbox, workflow
from oa_kernel.contributions import PluginInfo, WorkflowService
from oa_kernel.errors import Conflict
from oa_kernel.workflow import Instance, Task, deadlines
from oa_kernel.workflow.models import Timer

calls: list = []


class Booking:
    @hookimpl
    def oa_plugin(self):
        return PluginInfo("booking", "记账", "1")

    @hookimpl
    def oa_workflow_services(self):
        return [WorkflowService("booking.book", "记账", lambda instance, key: calls.append(key) or {})]


@pytest.fixture(scope="session")
def oa_extra_plugins():
    return {"booking": Booking()}


@pytest.fixture(scope="session")
def oa_settings():
    return {"organisation": {"name": "测试"}, "plugins": {"booking": {}}}


@pytest.fixture(autouse=True)
def hired_before(frozen):
    calls.clear()
    frozen("2026-11-02T09:00:00+08:00")


def publish(desk, mode, people="[a, b, c]", **more):
    extra = "".join(f", {k}: {v}" for k, v in more.items())
    desk.publish(("{id: draft, people: drafter, next: sign}",
                  f"{{id: sign, people: {{users: {people}}}, mode: {mode}{extra}, next: last}}",
                  "{id: last, people: {user: d}, next: end}"))
    return desk.start()


def test_resubmitted_straight_back_and_taken_back_only_the_drafter_has_it(desk):
    case = publish(desk, "all", "[a, b]")
    desk.act(case, "a", "return", comment="改", target="draft", resume="direct")
    desk.act(case, "drafter")
    assert desk.open(case) == {("sign", "a"), ("sign", "b")}
    workflow.retrieve(case.id, desk.drafter)
    assert desk.open(case) == {("draft", "drafter")}
    desk.act(case, "drafter")
    assert desk.open(case) == {("sign", "a"), ("sign", "b")}
    desk.act(case, "a")
    with pytest.raises(Conflict):
        workflow.retrieve(case.id, desk.drafter)


def test_a_decided_vote_still_waits_for_whom_an_earlier_voter_had_added(desk):
    case = publish(desk, "{ratio: 0.6}")
    desk.act(case, "a", "add_sign", to=["e"], place="after")
    desk.act(case, "a")
    desk.act(case, "b")
    assert desk.open(case) == {("sign", "e")}
    desk.act(case, "e")
    assert desk.open(case) == {("last", "d")}


def test_what_was_delegated_comes_back_to_a_pool_that_somebody_claimed_only_when_it_is_released(desk):
    case = publish(desk, "one")
    desk.act(case, "a", "delegate", to=["e"])
    desk.act(case, "b", "claim")
    desk.act(case, "e")
    assert desk.open(case) == {("sign", "b")}
    desk.act(case, "b", "release")
    assert desk.open(case) == {("sign", "a"), ("sign", "b"), ("sign", "c")}


def test_released_work_has_its_deadline_again(desk, frozen):
    case = publish(desk, "one", "[a, b]", due="4 hours", on_overdue="pass")
    desk.act(case, "a", "claim")
    frozen("2026-11-02T12:00:00+08:00")
    desk.act(case, "a", "release")
    task = desk.task(case, "b")
    assert Timer.select().where(Timer.task_id == task.id, Timer.fired_at.is_null()).count() == 1


def test_a_transferred_vote_keeps_its_weight_when_the_step_is_returned_to(desk):
    case = publish(desk, "{weights: {a: 2, b: 1}, pass: 3}", "[a, b]")
    desk.act(case, "a", "transfer", to=["e"])
    desk.act(case, "e")
    desk.act(case, "b")
    desk.act(case, "d", "return", comment="再议", target="sign")
    assert desk.open(case) == {("sign", "e"), ("sign", "b")}
    desk.act(case, "b")
    assert desk.open(case) == {("sign", "e")}


def test_who_got_it_by_a_transfer_that_was_taken_back_is_not_asked_again(desk):
    case = publish(desk, "all", "[a]")
    desk.act(case, "a", "transfer", to=["e"])
    workflow.retrieve(case.id, desk.a)
    desk.act(case, "a")
    desk.act(case, "d", "return", comment="再议", target="sign")
    assert desk.open(case) == {("sign", "a")}


def test_a_sub_process_that_ends_while_its_case_stands_still_is_heard_of_when_it_goes_on(desk):
    workflow.publish("name: t.child\ntitle: 子\nsteps:\n  - {id: draft, people: drafter, next: check}\n"
                     "  - {id: check, people: {user: b}, next: end}\n")
    desk.publish(("{id: draft, people: drafter, next: split}", "{id: split, type: fork, branches: [child, x]}",
                  "{id: child, type: subprocess, definition: t.child, next: both}", "{id: x, people: {user: a}, next: both}",
                  "{id: both, type: join, next: last}", "{id: last, people: {user: d}, next: end}"))
    case = desk.start()
    child = Instance.get(Instance.definition_name == "t.child")
    workflow.suspend(case.id, desk.admin, "等")
    desk.act(child, "b")
    assert desk.open(case) == set()
    workflow.resume(case.id, desk.admin, "续")
    assert desk.open(case) == {("x", "a")}
    desk.act(case, "a")
    assert desk.open(case) == {("last", "d")}


def test_a_step_that_was_skipped_takes_its_sub_process_with_it(desk):
    workflow.publish("name: t.child\ntitle: 子\nsteps:\n  - {id: draft, people: drafter, next: check}\n"
                     "  - {id: check, people: {user: b}, next: end}\n")
    desk.publish(("{id: draft, people: drafter, next: child}",
                  "{id: child, type: subprocess, definition: t.child, next: last}", "{id: last, people: {user: d}, next: end}"))
    case = desk.start()
    workflow.skip(case.id, "child", desk.admin, "不必")
    assert desk.open(case) == {("last", "d")}
    assert Instance.get(Instance.definition_name == "t.child").state == "cancelled"


def test_the_wait_of_a_suspended_case_has_no_clock(desk, frozen):
    desk.publish(("{id: draft, people: drafter, next: wait}", "{id: wait, type: timer, after: 4 hours, next: last}",
                  "{id: last, people: {user: a}, next: end}"))
    case = desk.start()
    frozen("2026-11-02T10:00:00+08:00")
    workflow.suspend(case.id, desk.admin, "等")
    assert Timer.select().where(Timer.fired_at.is_null()).count() == 0
    frozen("2026-11-02T20:00:00+08:00")
    assert deadlines.tick() == 0
    workflow.resume(case.id, desk.admin, "续")
    assert deadlines.tick() == 0
    frozen("2026-11-02T23:01:00+08:00")
    assert deadlines.tick() == 1
    assert desk.open(case) == {("last", "a")}


def test_a_service_of_a_case_that_was_suspended_for_days_is_called_when_it_goes_on(desk, frozen):
    desk.publish(("{id: draft, people: drafter, next: book}", "{id: book, type: service, service: booking.book, next: last}",
                  "{id: last, people: {user: a}, next: end}"))
    case = desk.start()
    workflow.suspend(case.id, desk.admin, "等")
    outbox.drain()
    assert calls == []
    frozen("2026-11-09T09:00:00+08:00")
    outbox.drain()
    workflow.resume(case.id, desk.admin, "续")
    outbox.drain()
    assert desk.open(case) == {("last", "a")}
    assert len(calls) == 1 and clock.now() is not None


@pytest.mark.parametrize("how", ["jump", "skip", "withdraw"])
def test_a_wait_that_was_ended_leaves_no_clock(desk, how):
    desk.publish(("{id: draft, people: drafter, next: wait}", "{id: wait, type: timer, after: 4 hours, next: last}",
                  "{id: last, people: {user: a}, next: end}"))
    case = desk.start()
    if how == "withdraw":
        workflow.withdraw(case.id, desk.drafter)
    else:
        getattr(workflow, how)(case.id, "last" if how == "jump" else "wait", desk.admin, "不等了")
    assert Timer.select().where(Timer.fired_at.is_null()).count() == 0


def test_what_was_answered_before_the_case_was_reopened_is_not_taken_back(desk):
    case = publish(desk, "one", "[a]")
    desk.act(case, "a")
    desk.act(case, "d")
    workflow.reopen(case.id, desk.admin, "漏项", target="last")
    with pytest.raises(Conflict):
        workflow.retrieve(case.id, desk.d)
    assert desk.open(case) == {("last", "d")}


def test_what_was_answered_in_a_branch_that_was_ended_is_not_taken_back(desk):
    desk.publish(("{id: draft, people: drafter, next: pre}", "{id: pre, people: {user: head}, next: split}",
                  "{id: split, type: fork, branches: [x, y, z]}", "{id: x, people: {user: a}, next: both}",
                  "{id: y, people: {user: b}, next: both}", "{id: z, people: {user: c}, next: both}",
                  "{id: both, type: join, next: end}"))
    case = desk.start()
    for who in ("head", "a", "b"):
        desk.act(case, who)
    desk.act(case, "c", "return", comment="重来", target="pre")
    for who in (desk.a, desk.b):
        with pytest.raises(Conflict):
            workflow.retrieve(case.id, who)
    assert desk.open(case) == {("pre", "head")}


def test_a_withdrawn_case_that_was_submitted_and_taken_back_is_a_withdrawn_one_again(desk):
    case = publish(desk, "one", "[a]")
    workflow.withdraw(case.id, desk.drafter)
    desk.act(case, "drafter")
    assert desk.state(case) == "running"
    workflow.retrieve(case.id, desk.drafter)
    assert desk.state(case) == "withdrawn" and desk.open(case) == {("draft", "drafter")}
    desk.act(case, "drafter")
    assert desk.state(case) == "running" and desk.open(case) == {("sign", "a")}


def test_what_was_submitted_is_not_taken_back_once_the_step_after_it_was_skipped(desk):
    case = publish(desk, "one", "[a]")
    workflow.skip(case.id, "sign", desk.admin, "不必")
    workflow.jump(case.id, "draft", desk.admin, "重写")
    with pytest.raises(Conflict):
        workflow.retrieve(case.id, desk.drafter)
    assert desk.open(case) == {("draft", "drafter")}


def test_what_was_submitted_is_not_taken_back_once_the_waits_after_it_were_ended(desk):
    desk.publish(("{id: draft, people: drafter, next: split}", "{id: split, type: fork, branches: [x, y]}",
                  "{id: x, type: timer, after: 4 hours, next: both}", "{id: y, type: timer, after: 5 hours, next: both}",
                  "{id: both, type: join, next: last}", "{id: last, people: {user: d}, next: end}"))
    case = desk.start()
    workflow.jump(case.id, "draft", desk.admin, "重写")
    with pytest.raises(Conflict):
        workflow.retrieve(case.id, desk.drafter)
    assert desk.open(case) == {("draft", "drafter")}


def in_two_branches(desk, *after):
    desk.publish(("{id: draft, people: drafter, next: split}", "{id: split, type: fork, branches: [x, y]}",
                  "{id: x, people: {user: a}, next: both}", "{id: y, people: {user: b}, next: both}",
                  f"{{id: both, type: join, next: {'last' if after else 'end'}}}", *after))
    return desk.start()


def test_what_was_answered_in_a_branch_is_not_taken_back_once_another_branch_went_on_from_the_join(desk):
    case = in_two_branches(desk, "{id: last, people: {user: d}, next: end}")
    desk.act(case, "a")
    desk.act(case, "b")
    with pytest.raises(Conflict):
        workflow.retrieve(case.id, desk.a)
    assert desk.open(case) == {("last", "d")}
    workflow.retrieve(case.id, desk.b)
    assert desk.open(case) == {("y", "b")}
    desk.act(case, "b")
    assert desk.open(case) == {("last", "d")}


def test_what_ended_a_case_by_a_join_is_not_taken_back_after_it_was_reopened(desk):
    case = in_two_branches(desk)
    desk.act(case, "a")
    desk.act(case, "b")
    assert desk.state(case) == "completed"
    workflow.reopen(case.id, desk.admin, "漏项", target="y")
    for who in (desk.a, desk.b):
        with pytest.raises(Conflict):
            workflow.retrieve(case.id, who)
    assert desk.open(case) == {("y", "b")}


def test_what_was_passed_by_itself_before_a_join_is_taken_back_with_what_led_to_it(desk):
    desk.publish(("{id: draft, people: drafter, next: split}", "{id: split, type: fork, branches: [x, y, z]}",
                  "{id: x, people: {user: a}, next: again}",
                  "{id: again, people: {user: a}, skip_same_person: true, next: both}",
                  "{id: y, people: {user: b}, next: both}", "{id: z, people: {user: c}, next: both}",
                  "{id: both, type: join, wait: 2, next: last}", "{id: last, people: {user: d}, next: end}"))
    case = desk.start()
    desk.act(case, "a")
    workflow.retrieve(case.id, desk.a)
    desk.act(case, "b")
    assert desk.open(case) == {("x", "a"), ("z", "c")}
    desk.act(case, "a")
    assert desk.open(case) == {("last", "d")}


def test_a_return_that_came_straight_back_is_not_taken_back(desk):
    case = publish(desk, "sequence", "[a]")
    desk.act(case, "a", "return", comment="改", target="draft", resume="direct")
    desk.act(case, "drafter")
    with pytest.raises(Conflict):
        workflow.retrieve(case.id, desk.a)
    assert desk.open(case) == {("sign", "a")}
    assert desk.act(case, "a").id == case.id and desk.open(case) == {("last", "d")}


@pytest.mark.parametrize("how", ["transfer", "return"])
def test_an_opinion_that_was_only_saved_does_not_hinder_taking_back(desk, how):
    case = publish(desk, "one", "[a]")
    if how == "transfer":
        desk.act(case, "a", "transfer", to=["e"])
    else:
        desk.act(case, "a", "return", comment="改", target="draft", resume="direct")
        desk.act(case, "drafter")
    desk.act(case, "e" if how == "transfer" else "a", "save", comment="还没想好")
    workflow.retrieve(case.id, desk.a if how == "transfer" else desk.drafter)
    assert desk.open(case) == {("sign", "a") if how == "transfer" else ("draft", "drafter")}


def test_what_ended_a_case_through_a_fork_without_steps_is_not_taken_back_after_it_was_reopened(desk):
    desk.publish(("{id: draft, people: drafter, next: split}",
                  "{id: split, type: fork, branches: [both, {when: amount > 5, to: x}]}", "{id: x, people: {user: a}, next: both}",
                  "{id: both, type: join, next: end}"), "form: {amount: {type: integer}}")
    case = desk.start({"amount": 1})
    assert desk.state(case) == "completed"
    workflow.reopen(case.id, desk.admin, "漏项", target="draft")
    with pytest.raises(Conflict):
        workflow.retrieve(case.id, desk.drafter)
    assert desk.open(case) == {("draft", "drafter")}


@pytest.mark.parametrize("place", ["beside", "after"])
def test_released_work_is_also_theirs_who_had_added_somebody_that_need_not_go_first(desk, place):
    case = publish(desk, "one", "[a, b]")
    desk.act(case, "a", "add_sign", to=["e"], place=place)
    desk.act(case, "b", "claim")
    desk.act(case, "b", "release")
    assert {("sign", "a"), ("sign", "b")} <= desk.open(case)


def test_who_waits_again_since_an_answer_was_taken_back_has_no_clock(desk):
    case = publish(desk, "one", "[a]", due="4 hours")
    desk.act(case, "a", "add_sign", to=["e"], place="before")
    desk.act(case, "e")
    workflow.retrieve(case.id, desk.e)
    assert desk.open(case) == {("sign", "e")}
    workflow.suspend(case.id, desk.admin, "等")
    assert Timer.select().where(Timer.fired_at.is_null(), Timer.task_id.in_(
        Task.select(Task.id).where(Task.state.in_(("waiting", "paused"))))).count() == 0


def test_what_comes_back_to_one_in_a_row_waits_for_who_took_back_an_answer_before_them(desk):
    case = publish(desk, "sequence", "[a, b]")
    desk.act(case, "a")
    desk.act(case, "b", "delegate", to=["e"])
    workflow.retrieve(case.id, desk.a)
    desk.act(case, "e")
    assert desk.open(case) == {("sign", "a")}
    desk.act(case, "a")
    assert desk.open(case) == {("sign", "b")}


def test_one_in_a_row_gets_it_again_though_they_had_added_somebody_after_themselves(desk):
    case = publish(desk, "sequence", "[a, b]")
    desk.act(case, "a")
    desk.act(case, "b", "add_sign", to=["e"], place="after")
    workflow.retrieve(case.id, desk.a)
    desk.act(case, "a")
    assert desk.open(case) == {("sign", "b")}
    desk.act(case, "b")
    assert desk.open(case) == {("sign", "e")}


@pytest.mark.parametrize("after", ["type: timer, after: 3 hours", "people: {user: d}"])
def test_within_a_branch_only_the_answer_that_led_on_is_taken_back(desk, after):
    desk.publish(("{id: draft, people: drafter, next: split}", "{id: split, type: fork, branches: [x, z]}",
                  "{id: x, people: {users: [a, b]}, mode: all, next: y}", f"{{id: y, {after}, next: both}}",
                  "{id: z, people: {user: c}, next: both}", "{id: both, type: join, next: end}"))
    case = desk.start()
    desk.act(case, "a")
    desk.act(case, "b")
    with pytest.raises(Conflict):
        workflow.retrieve(case.id, desk.a)
    workflow.retrieve(case.id, desk.b)
    assert desk.open(case) == {("x", "b"), ("z", "c")}


def test_a_branch_that_ended_by_itself_is_waited_for_again_once_its_end_is_taken_back(desk):
    desk.publish(("{id: draft, people: drafter, next: split}",
                  "{id: split, type: fork, branches: [both, {when: amount > 5, to: both}, {when: amount > 5, to: z}]}",
                  "{id: z, people: {users: [a, b]}, mode: all, next: end}",
                  "{id: both, type: join, next: last}", "{id: last, people: {user: d}, next: end}"), "form: {amount: {type: integer}}")
    case = desk.start({"amount": 9})
    desk.act(case, "a")
    desk.act(case, "b")
    with pytest.raises(Conflict):
        workflow.retrieve(case.id, desk.a)
    workflow.retrieve(case.id, desk.b)
    assert desk.open(case) == {("z", "b")}
    desk.act(case, "b")
    assert desk.open(case) == {("last", "d")} and desk.state(case) == "running"
