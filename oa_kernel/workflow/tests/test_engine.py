"""Cases move as the definition says; what peers' users reported going wrong does not."""

import pytest

from oa_kernel import audit, workflow
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound
from oa_kernel.workflow import Instance, Run, Task, view

PURCHASE = """
name: office.purchase
title: 采购审批
version: 1
form: {amount: {type: number, label: 金额}, reviewers: {type: list, label: 会签人}}
steps:
  - {id: draft, title: 拟稿, people: drafter, next: review}
  - id: review
    title: 负责人审核
    people: {head_of: drafter}
    next: deputy
  - {id: deputy, title: 分管领导, people: {deputy_for: drafter}, next: [{when: "amount > 50000", to: split}, {to: end}]}
  - {id: split, type: fork, branches: [finance, legal]}
  - {id: finance, title: 财务, people: {user: finance}, next: both}
  - {id: legal, title: 会签, people: {field: reviewers}, mode: all, next: both}
  - {id: both, type: join, wait: all, next: last}
  - {id: last, title: 复核, people: {users: [finance, other]}, mode: one, next: end}
"""


@pytest.fixture
def office(oa, make):
    """A drafter with a head and a deputy in charge, and others."""
    deputy = make.person("deputy", "分管")
    unit = make.department("综合处", deputy=deputy)
    people = {"deputy": deputy, "drafter": make.person("drafter", "拟稿", unit),
              "head": make.person("head", "处长", unit, posts=[("处长", "head")])}
    for name in ("finance", "other", "a", "b", "c"):
        people[name] = make.person(name, name, unit)
    people["admin"] = make.person("admin", "管理员", unit, roles=["system_admin"])
    workflow.publish(PURCHASE)
    return people


def start(office, amount=100, **form):
    return workflow.start("office.purchase", "采购显示器", {"amount": amount, **form}, office["drafter"])


def open_of(case):
    return {(t.step, p): t for t in Task.select().where(Task.instance_id == case.id, Task.state == "open")
            for p in [t.assignee_id]}


def task_of(case, person, step=None):
    found = workflow.open_task(case.id, person)
    assert found is not None, f"{person.username} has nothing to do"
    assert step in (None, found.step)
    return found


def act(case, person, action="approve", **kwargs):
    return workflow.act(task_of(case, person).id, action, person, **kwargs)


def state(case):
    return Instance.get_by_id(case.id).state


def test_the_short_way_to_the_end(office):
    case = start(office)
    act(case, office["head"], comment="同意")
    act(case, office["deputy"])
    assert state(case) == "completed"
    view = workflow.instance_view(case.id, office["drafter"])
    assert view["current"] == []
    assert [(t["action"], t["by"]["username"]) for t in view["trail"]] == [
        ("submit", "drafter"), ("approve", "head"), ("approve", "deputy"), ("complete", "deputy")]


def test_a_condition_leads_through_fork_and_join_which_fires_once(office):
    case = start(office, 80000, reviewers=["a", "b"])
    act(case, office["head"])
    act(case, office["deputy"])
    assert {t.step for t in open_of(case).values()} == {"finance", "legal"}
    act(case, office["a"])
    act(case, office["finance"])
    assert {t.step for t in open_of(case).values()} == {"legal"}
    act(case, office["b"])
    assert {t.step for t in open_of(case).values()} == {"last"}
    assert Run.select().where(Run.instance_id == case.id, Run.step == "both", Run.state == "done").count() == 1
    act(case, office["other"])
    assert state(case) == "completed"
    assert open_of(case) == {}


def test_the_first_of_a_pool_answers_and_the_others_lose_it(office):
    case = start(office, 80000, reviewers=["a"])
    for who in ("head", "deputy", "a", "finance"):
        act(case, office[who])
    view = workflow.instance_view(case.id, office["drafter"])["current"]
    assert len(view) == 1
    assert view[0]["assignee"] is None
    assert {c["username"] for c in view[0]["candidates"]} == {"finance", "other"}
    other = task_of(case, office["other"])
    act(case, office["finance"])
    with pytest.raises(Conflict):
        workflow.act(other.id, "approve", office["other"])


def test_a_done_task_cannot_be_done_again(office):
    case = start(office)
    task = task_of(case, office["head"])
    workflow.act(task.id, "approve", office["head"])
    with pytest.raises(Conflict) as caught:
        workflow.act(task.id, "approve", office["head"])
    assert caught.value.code == "task_done"


def test_a_version_seen_before_a_change_is_refused(office):
    case = start(office)
    task = task_of(case, office["head"])
    workflow.act(task.id, "save", office["head"], comment="想一想")
    with pytest.raises(Conflict) as caught:
        workflow.act(task.id, "approve", office["head"], version=task.version)
    assert caught.value.code == "stale_version"
    workflow.act(task.id, "approve", office["head"], version=task.version + 1)


def test_others_may_not_act_and_strangers_see_nothing(office):
    case = start(office)
    task = task_of(case, office["head"])
    with pytest.raises(Forbidden):
        workflow.act(task.id, "approve", office["drafter"])
    with pytest.raises(NotFound):
        workflow.act(task.id, "approve", office["a"])
    with pytest.raises(NotFound):
        workflow.instance_view(case.id, office["a"])


def test_returned_to_the_drafter_is_the_drafters_and_not_handed_to_the_next_approver(office):
    case = start(office)
    act(case, office["head"])
    act(case, office["deputy"], "return", comment="改", target="draft")
    assert list(open_of(case)) == [("draft", office["drafter"].id)]
    act(case, office["drafter"])
    assert list(open_of(case)) == [("review", office["head"].id)]


def test_returned_with_direct_resume_goes_straight_back(office):
    case = start(office)
    act(case, office["head"])
    act(case, office["deputy"], "return", comment="改", target="draft", resume="direct")
    act(case, office["drafter"])
    assert list(open_of(case)) == [("deputy", office["deputy"].id)]


def test_a_countersigned_step_that_is_returned_to_asks_everybody_again(office):
    workflow.publish("""
name: t.all
title: 会签
form: {who: {type: list}}
steps:
  - {id: draft, title: 拟稿, people: drafter, next: all}
  - {id: all, title: 会签, people: {field: who}, mode: all, next: last}
  - {id: last, title: 审定, people: {user: head}, next: end}
""")
    case = workflow.start("t.all", "会签一件事", {"who": ["a", "b", "c"]}, office["drafter"])
    for who in "abc":
        act(case, office[who], comment=f"{who} 同意")
    act(case, office["head"], "return", comment="再议", target="all")
    assert {t.assignee_id for t in open_of(case).values()} == {office[w].id for w in "abc"}
    assert [t["comment"] for t in workflow.trail(case.id) if t["action"] == "approve"] == ["a 同意", "b 同意", "c 同意"]
    for who in "abc":
        act(case, office[who])
    assert list(open_of(case)) == [("last", office["head"].id)]


def test_returning_out_of_a_countersigning_leaves_no_orphan(office):
    case = start(office, 80000, reviewers=["a", "b"])
    act(case, office["head"])
    act(case, office["deputy"])
    act(case, office["a"])
    act(case, office["b"], "return", comment="不妥", target="review")
    assert list(open_of(case)) == [("review", office["head"].id)]


def test_a_reason_is_needed_to_return_or_reject(office):
    case = start(office)
    for action in ("return", "reject"):
        with pytest.raises(Invalid) as caught:
            act(case, office["head"], action)
        assert "comment" in caught.value.errors


def test_it_cannot_be_returned_to_where_it_has_not_been(office):
    case = start(office)
    with pytest.raises(Invalid, match="draft"):
        act(case, office["head"], "return", comment="x", target="deputy")


def test_rejected_is_over(office):
    case = start(office)
    act(case, office["head"], "reject", comment="不需要")
    assert state(case) == "rejected"
    assert open_of(case) == {}


def test_withdrawn_is_the_drafters_again_and_can_be_submitted_anew(office):
    case = start(office)
    with pytest.raises(Forbidden):
        workflow.withdraw(case.id, office["head"])
    head_task = task_of(case, office["head"])
    workflow.withdraw(case.id, office["drafter"])
    assert state(case) == "withdrawn"
    with pytest.raises(Conflict):
        workflow.act(head_task.id, "approve", office["head"])
    act(case, office["drafter"])
    assert state(case) == "running"
    assert list(open_of(case)) == [("review", office["head"].id)]


def test_retrieved_until_the_next_has_acted(office):
    case = start(office)
    act(case, office["head"])
    workflow.retrieve(case.id, office["head"])
    assert list(open_of(case)) == [("review", office["head"].id)]
    act(case, office["head"])
    act(case, office["deputy"])
    with pytest.raises(Conflict):
        workflow.retrieve(case.id, office["head"])


def test_transferred_is_the_others(office):
    case = start(office)
    task = task_of(case, office["head"])
    act(case, office["head"], "transfer", to=["a"])
    with pytest.raises(Conflict):
        workflow.act(task.id, "approve", office["head"])
    act(case, office["a"])
    assert list(open_of(case)) == [("deputy", office["deputy"].id)]


def test_delegated_comes_back(office):
    case = start(office)
    act(case, office["head"], "delegate", to=["a"])
    assert workflow.open_task(case.id, office["head"]) is None
    act(case, office["a"], comment="已核对")
    act(case, office["head"])
    assert list(open_of(case)) == [("deputy", office["deputy"].id)]


@pytest.mark.parametrize(("place", "order"), [("before", ["a", "head"]), ("after", ["head", "a"]), ("beside", ["head", "a"])])
def test_an_added_signer_is_waited_for(office, place, order):
    case = start(office)
    act(case, office["head"], "add_sign", to=["a"], place=place)
    for who in order:
        assert {t.step for t in open_of(case).values()} == {"review"}
        act(case, office[who])
    assert list(open_of(case)) == [("deputy", office["deputy"].id)]


def test_circulated_copies_block_nothing_and_their_opinions_survive_a_return(office):
    case = start(office)
    act(case, office["head"], "circulate", to=["a", "b"])
    act(case, office["a"], "read", comment="已阅，建议加快")
    act(case, office["head"], "return", comment="改", target="draft")
    assert workflow.open_task(case.id, office["b"]) is not None
    assert "已阅，建议加快" in [t["comment"] for t in workflow.trail(case.id)]


def test_urging_is_limited(office):
    case = start(office)
    workflow.urge(case.id, office["drafter"])
    with pytest.raises(Conflict) as caught:
        workflow.urge(case.id, office["drafter"])
    assert caught.value.code == "urged_recently"


def test_nobody_urges_themselves(office):
    """Else who has it would use up the one time in four hours that the others have."""
    case = start(office)
    assert "urge" not in view.instance_actions(case, office["head"]) and "urge" in view.instance_actions(case, office["drafter"])
    with pytest.raises(Conflict) as caught:
        workflow.urge(case.id, office["head"])
    assert caught.value.code == "own_task"
    workflow.urge(case.id, office["drafter"])


def test_nobody_found_goes_to_the_administrators_and_is_never_lost(office, make):
    lonely = make.person("lonely", "无处", make.department("无主处"))
    case = workflow.start("office.purchase", "x", {"amount": 1}, lonely)
    assert [t.assignee_id for t in open_of(case).values()] == [office["admin"].id]


def test_a_running_case_keeps_the_version_it_began_with(office):
    case = start(office)
    workflow.publish(PURCHASE.replace("version: 1", "version: 2").replace("title: 负责人审核", "title: 新审核"))
    act(case, office["head"])
    assert workflow.instance_view(case.id, office["drafter"])["definition_version"] == 1
    newer = start(office)
    assert task_of(newer, office["head"]).step_name == "新审核"


def test_a_field_that_may_not_be_edited_or_is_hidden(office):
    workflow.publish("""
name: t.fields
title: 字段
form: {amount: {type: number}, secret: {type: string}, note: {type: string}}
steps:
  - {id: draft, title: 拟稿, people: drafter, next: review}
  - {id: review, title: 审核, people: {user: a}, fields: {secret: hidden, note: required, amount: read}, next: end}
""")
    case = workflow.start("t.fields", "x", {"amount": 1, "secret": "s"}, office["drafter"])
    assert "secret" not in workflow.instance_view(case.id, office["a"])["form"]
    with pytest.raises(Invalid) as caught:
        act(case, office["a"])
    assert "note" in caught.value.errors
    with pytest.raises(Invalid):
        act(case, office["a"], form={"amount": 2, "note": "y"})
    act(case, office["a"], form={"note": "y"})
    assert Instance.get_by_id(case.id).form == {"amount": 1, "secret": "s", "note": "y"}


def test_a_ratio_decides(office):
    workflow.publish("""
name: t.ratio
title: 表决
form: {who: {type: list}}
steps:
  - {id: draft, title: 拟稿, people: drafter, next: vote}
  - {id: vote, title: 表决, people: {field: who}, mode: {ratio: 0.6}, next: end}
""")
    case = workflow.start("t.ratio", "x", {"who": ["a", "b", "c"]}, office["drafter"])
    act(case, office["a"])
    act(case, office["b"], "reject", comment="反对")
    assert state(case) == "running"
    act(case, office["c"])
    assert state(case) == "completed"
    lost = workflow.start("t.ratio", "y", {"who": ["a", "b", "c"]}, office["drafter"])
    act(lost, office["a"], "reject", comment="反对")
    act(lost, office["b"], "reject", comment="反对")
    assert state(lost) == "rejected"


def test_the_todo_page_is_one_query_and_shows_only_ones_own(office, count_queries):
    for i in range(30):
        workflow.start("office.purchase", f"第 {i} 件", {"amount": 1}, office["drafter"])
    with count_queries() as statements:
        page = workflow.todo(office["head"], limit=20)
        titles = [t.title for t in page.items]
    assert len(statements) == 1
    assert len(titles) == 20
    assert page.next
    assert workflow.todo(office["a"]).items == []


def test_each_action_leaves_one_audit_event(office):
    from oa_kernel.audit.models import Event

    case = start(office)
    before = Event.select().count()
    act(case, office["head"])
    events = list(Event.select().order_by(Event.id).offset(before))
    assert [e.action for e in events] == ["workflow.approve"]
    assert audit is not None


def test_the_diagram_lights_the_current_step(office):
    case = start(office)
    svg = workflow.diagram(Instance.get_by_id(case.id))
    assert svg.count("is-current") == 1
    assert "处长" in svg
    assert "<script" not in svg
    assert "style=" not in svg


def test_simulation_says_who_and_why(office):
    steps = workflow.simulate("office.purchase", office["drafter"], {"amount": 1})
    assert [(s["step"], s["people"]) for s in steps] == [
        ("draft", ["拟稿"]), ("review", ["处长"]), ("deputy", ["分管"])]
    assert steps[1]["why"] == "部门负责人"
