"""会签, 或签, votes, and those added to them: nobody's task is lost, nobody is asked twice."""

import pytest

from oa_kernel import workflow
from oa_kernel.errors import Conflict, Forbidden, Invalid
from oa_kernel.workflow import Task


def one_step(desk, mode, people="[a, b, c]", **more):
    extra = "".join(f", {k}: {v}" for k, v in more.items())
    desk.publish(("{id: draft, people: drafter, next: sign}",
                  f"{{id: sign, people: {{users: {people}}}, mode: {mode}{extra}, next: last}}",
                  "{id: last, people: {user: d}, next: end}"))
    return desk.start()


def test_a_countersigning_returned_to_come_straight_back_keeps_its_tasks(desk):
    case = one_step(desk, "all")
    desk.act(case, "a", comment="同意")
    desk.act(case, "b", "return", comment="改", target="draft", resume="direct")
    assert desk.open(case) == {("draft", "drafter")}
    desk.act(case, "drafter")
    assert desk.open(case) == {("sign", "b"), ("sign", "c")}
    desk.act(case, "b")
    desk.act(case, "c")
    assert desk.open(case) == {("last", "d")}


def test_one_after_the_other(desk):
    case = one_step(desk, "sequence")
    for who in "abc":
        assert desk.open(case) == {("sign", who)}
        desk.act(case, who)
    assert desk.open(case) == {("last", "d")}


def test_those_added_after_me_come_before_the_next_in_the_row(desk):
    case = one_step(desk, "sequence")
    desk.act(case, "a", "add_sign", to=["e"], place="after")
    desk.act(case, "a")
    assert desk.open(case) == {("sign", "e")}
    desk.act(case, "e")
    assert desk.open(case) == {("sign", "b")}


def test_the_first_of_a_pool_decides_though_another_had_delegated(desk):
    case = one_step(desk, "one")
    desk.act(case, "a", "delegate", to=["e"])
    desk.act(case, "b")
    assert desk.open(case) == {("last", "d")}


def offers(desk, case, who):
    """What is offered on the page of the task, and the same in the list and in the course of the case."""
    mine, person = desk.task(case, who), desk.people[who]
    listed = workflow.actions_of(workflow.todo(person).items)[mine.id]
    assert listed == workflow.task_actions(mine, person) == next(
        c["actions"] for c in workflow.instance_view(case.id, person)["current"] if c["task"] == mine.id)
    return listed


def test_there_is_nothing_to_claim_where_nobody_else_was_asked(desk):
    case = one_step(desk, "one", "[a]")
    assert "claim" not in offers(desk, case, "a") and "approve" in offers(desk, case, "a")


def test_claimed_is_mine_until_released(desk):
    case = one_step(desk, "one")
    assert "claim" in offers(desk, case, "a")
    desk.act(case, "a", "claim")
    assert desk.open(case) == {("sign", "a")}
    assert "claim" not in offers(desk, case, "a") and "release" in offers(desk, case, "a")
    desk.act(case, "a", "release")
    assert desk.open(case) == {("sign", "a"), ("sign", "b"), ("sign", "c")}


def test_the_first_waits_for_all_who_were_added_before_though_one_had_delegated(desk):
    case = one_step(desk, "all", "[a]")
    desk.act(case, "a", "add_sign", to=["b", "c"], place="before")
    desk.act(case, "b", "transfer", to=["e"])
    desk.act(case, "c")
    assert desk.open(case) == {("sign", "e")}
    desk.act(case, "e")
    assert desk.open(case) == {("sign", "a")}


def test_who_waits_for_those_added_before_may_take_them_back(desk):
    case = one_step(desk, "all", "[a]")
    mine = desk.task(case, "a")
    desk.act(case, "a", "add_sign", to=["b"], place="before")
    assert workflow.task_actions(Task.get_by_id(mine.id), desk.a) == ["remove_sign"]
    workflow.act(mine.id, "remove_sign", desk.a, to=["b"])
    assert desk.open(case) == {("sign", "a")}


def test_weights_with_a_veto(desk):
    mode = "{weights: {a: 2, b: 1, c: 1}, pass: 3, veto: [c]}"
    case = one_step(desk, mode)
    desk.act(case, "a")
    desk.act(case, "b")
    assert desk.open(case) == {("last", "d")}
    lost = one_step(desk, mode)
    desk.act(lost, "c", "reject", comment="否决")
    assert desk.state(lost) == "rejected"


def test_a_transferred_vote_keeps_its_weight(desk):
    case = one_step(desk, "{weights: {a: 2, b: 1}, pass: 2}", "[a, b]")
    desk.act(case, "a", "transfer", to=["e"])
    desk.act(case, "e")
    assert desk.open(case) == {("last", "d")}


def test_votes_that_are_missing_are_not_waited_for(desk):
    from oa_kernel import identity

    identity.disable_person(desk.a)
    case = one_step(desk, "{weights: {a: 2, b: 1, c: 1}, pass: 3}")
    desk.act(case, "b")
    desk.act(case, "c")
    assert desk.open(case) == {("last", "d")}


def test_a_vote_against_that_can_still_be_outvoted_ends_nothing(desk):
    case = one_step(desk, "{ratio: 0.5}")
    desk.act(case, "a", "reject", comment="不妥")
    assert desk.state(case) == "running"
    desk.act(case, "b")
    desk.act(case, "c")
    assert desk.open(case) == {("last", "d")}


def test_the_same_person_twice_in_a_row_is_passed_once_where_the_definition_says_so(desk):
    desk.publish(("{id: draft, people: drafter, next: one}", "{id: one, people: {user: a}, next: two}",
                  "{id: two, people: {user: a}, next: three}", "{id: three, people: {user: b}, next: end}"),
                 head="skip_same_person: true")
    case = desk.start()
    desk.act(case, "a")
    assert desk.open(case) == {("three", "b")}
    assert [t["action"] for t in workflow.trail(case.id)] == ["submit", "approve", "skip"]


def test_chosen_by_the_one_before_within_the_set(desk):
    desk.publish(("{id: draft, people: drafter, next: one}",
                  "{id: one, people: {chosen_by: previous, among: [a, b]}, next: end}"))
    with pytest.raises(Invalid) as caught:
        desk.start()
    assert "to" in caught.value.errors
    with pytest.raises(Invalid):
        desk.start(to=["c"])
    assert desk.open(desk.start(to=["b"])) == {("one", "b")}


def test_what_is_not_offered_is_a_conflict_and_of_others_forbidden(desk):
    case = one_step(desk, "all", "[a]", actions="[approve]")
    with pytest.raises(Conflict) as caught:
        desk.act(case, "a", "transfer", to=["b"])
    assert caught.value.code == "action_not_allowed"
    with pytest.raises(Forbidden):
        workflow.act(desk.task(case, "a").id, "approve", desk.drafter)


def test_a_transfer_can_be_taken_back_until_it_was_answered(desk):
    case = one_step(desk, "all", "[a]")
    desk.act(case, "a", "transfer", to=["b"])
    workflow.retrieve(case.id, desk.a)
    assert desk.open(case) == {("sign", "a")}
    desk.act(case, "a", "transfer", to=["b"])
    desk.act(case, "b")
    with pytest.raises(Conflict):
        workflow.retrieve(case.id, desk.a)


def test_ones_own_answer_in_a_countersigning_can_be_taken_back(desk):
    case = one_step(desk, "all")
    desk.act(case, "a", comment="同意")
    workflow.retrieve(case.id, desk.a)
    assert desk.open(case) == {("sign", w) for w in "abc"}
    assert "同意" in [t["comment"] for t in workflow.trail(case.id)]
