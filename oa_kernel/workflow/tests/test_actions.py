"""Every action by the same table: its trail entry, who hears of it, who may not, and how it is undone."""

import pytest

from oa_kernel import workflow
from oa_kernel.errors import Conflict, Forbidden, NotFound
from oa_kernel.notifications.models import Notification
from oa_kernel.workflow import Task, xes

#: action → what comes with it, its trail entry, who hears of it, who has what then
TASK = {
    "approve": ({}, "approve", {"d"}, {("last", "d")}),
    "reject": ({"comment": "不办"}, "reject", {"drafter"}, set()),
    "return": ({"comment": "改", "target": "draft"}, "return", {"drafter"}, {("draft", "drafter")}),
    "transfer": ({"to": ["c"]}, "transfer", {"c"}, {("sign", "c"), ("sign", "b")}),
    "delegate": ({"to": ["c"]}, "delegate", {"c"}, {("sign", "c"), ("sign", "b")}),
    "add_sign": ({"to": ["c"], "place": "beside"}, "add_sign", {"c"}, {("sign", "a"), ("sign", "b"), ("sign", "c")}),
    "circulate": ({"to": ["c"]}, "circulate", {"c"}, {("sign", "a"), ("sign", "b")}),
    "claim": ({}, "claim", set(), {("sign", "a")}),
    "release": ({}, "release", {"b"}, {("sign", "a"), ("sign", "b")}),
    "save": ({"comment": "想一想"}, None, set(), {("sign", "a"), ("sign", "b")}),
    "read": ({}, None, set(), {("sign", "a"), ("sign", "b")}),
}
#: of the whole case: who does it, arguments, trail entry, who hears of it, who may not
CASE = {
    "withdraw": ("drafter", (), "withdraw", {"a", "b"}, "a"),
    "urge": ("drafter", (), "urge", {"a", "b"}, None),
    "resume": ("admin", (), "resume", {"a", "b"}, "drafter"),
    "reopen": ("admin", (), "reopen", {"d"}, "drafter"),
    "suspend": ("admin", (), "suspend", {"drafter"}, "drafter"),
    "jump": ("admin", ("last",), "jump", {"a", "b", "d", "drafter"}, "drafter"),
    "skip": ("admin", ("sign",), "skip_step", {"a", "b", "d"}, "drafter"),
    "cancel": ("admin", (), "cancel", {"a", "b", "drafter"}, "drafter"),
}


#: what must have happened before, so that it can be done
BEFORE = {
    "release": lambda desk, case: desk.act(case, "a", "claim"),
    "resume": lambda desk, case: workflow.suspend(case.id, desk.admin, "等"),
    "reopen": lambda desk, case: (desk.act(case, "a"), desk.act(case, "d")),
}


@pytest.fixture
def case(desk, request):
    desk.publish(("{id: draft, people: drafter, next: sign}", "{id: sign, people: {users: [a, b]}, mode: one, next: last}",
                  "{id: last, people: {user: d}, next: end}"))
    case = desk.start()
    params = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    BEFORE.get(params.get("action") or params.get("what"), lambda desk, case: None)(desk, case)
    Notification.delete().execute()
    return case


def told(desk):
    names = {p.id: n for n, p in desk.people.items()}
    return {names[i] for (i,) in Notification.select(Notification.person_id).tuples()}


@pytest.mark.parametrize("action", TASK)
def test_a_tasks_action(desk, case, action):
    options, entry, heard, then = TASK[action]
    task = desk.task(case, "a")
    before = [t["action"] for t in workflow.trail(case.id)]
    for who, wrong in (("e", NotFound), ("b", Forbidden), ("drafter", Forbidden)):
        with pytest.raises(wrong):
            workflow.act(task.id, action, desk.people[who], **options)
    assert [t["action"] for t in workflow.trail(case.id)] == before
    workflow.act(task.id, action, desk.a, **options)
    after = [t["action"] for t in workflow.trail(case.id)][len(before):]
    assert after[:1] == ([entry] if entry else [])
    assert told(desk) == heard
    assert desk.open(case) == then
    if Task.get_by_id(task.id).state != "open":
        with pytest.raises(Conflict):
            workflow.act(task.id, "approve", desk.a)


@pytest.mark.parametrize("what", CASE)
def test_an_action_on_the_whole_case(desk, case, what):
    by, arguments, entry, heard, refused = CASE[what]
    run = getattr(workflow, what)
    with pytest.raises(NotFound):
        run(case.id, *arguments, desk.e, "理由")
    if refused:
        with pytest.raises(Forbidden):
            run(case.id, *arguments, desk.people[refused], "理由")
    run(case.id, *arguments, desk.people[by], "理由")
    assert entry in [t["action"] for t in workflow.trail(case.id)]
    assert told(desk) == heard


@pytest.mark.parametrize("action", ["approve", "transfer", "return"])
def test_taken_back_it_is_as_before_and_whoever_lost_it_hears_of_it(desk, case, action):
    desk.act(case, "a", "add_sign", to=["c"], place="after")
    desk.act(case, "a", "remove_sign", to=["c"])
    options = TASK[action][0]
    if action == "return":
        options = {**options, "resume": "direct"}
    desk.act(case, "a", action, **options)
    lost = {w for s, w in desk.open(case)} - {"b"}
    Notification.delete().execute()
    workflow.retrieve(case.id, desk.a)
    assert ("sign", "a") in desk.open(case)
    assert told(desk) == lost
    assert [t["action"] for t in workflow.trail(case.id)][-1] == "retrieve"


@pytest.mark.parametrize("place", ["before", "after", "beside"])
def test_who_was_added_and_removed_hears_of_it(desk, case, place):
    desk.act(case, "a", "add_sign", to=["c"], place=place)
    Notification.delete().execute()
    mine = Task.get(Task.instance_id == case.id, Task.assignee_id == desk.a.id)
    workflow.act(mine.id, "remove_sign", desk.a, to=["c"])
    assert told(desk) == {"c"}
    assert desk.open(case) == {("sign", "a"), ("sign", "b")}


def test_a_hidden_field_reaches_nobody_by_another_way(desk, oa_api, oa_client):
    desk.publish(("{id: draft, people: drafter, next: one}", "{id: one, people: {user: a}, fields: {secret: hidden}, next: two}",
                  "{id: two, people: {user: b}, next: end}"), "form: {secret: {type: string, label: 机密}, open: {type: string}}")
    case = desk.start({"secret": "绝密内容", "open": "公开内容"})
    desk.act(case, "a", "circulate", to=["c"], comment="请阅")
    rest = oa_api(desk.a)
    pages = [rest.get(f"/api/v1/instances/{case.id}"), rest.get("/api/v1/tasks"), rest.get("/api/v1/notifications"),
             rest.get("/api/v1/search?q=绝密内容"), oa_client(desk.a).get(f"/cases/{case.id}")]
    for page in pages:
        assert page.status_code == 200
        assert "绝密内容" not in page.get_data(as_text=True).replace("q=绝密内容", "")
    assert "公开内容" in pages[-1].get_data(as_text=True)
    desk.act(case, "a")  # and not afterwards either, when nothing is to do any more
    for page in (rest.get(f"/api/v1/instances/{case.id}"), oa_client(desk.a).get(f"/cases/{case.id}")):
        assert "绝密内容" not in page.get_data(as_text=True)


def test_a_hidden_field_is_hidden_from_whom_another_stands_in_for(desk, oa_api):
    desk.publish(("{id: draft, people: drafter, next: one}", "{id: one, people: {user: a}, fields: {secret: hidden}, next: end}"),
                 "form: {secret: {type: string}}")
    workflow.delegate_standing(desk.a, desk.c, by=desk.a)
    case = desk.start({"secret": "绝密内容"})
    for who in (desk.a, desk.c):
        assert "绝密内容" not in oa_api(who).get(f"/api/v1/instances/{case.id}").get_data(as_text=True)


def test_a_hidden_field_is_in_no_trial_trail_log_or_message(desk):
    desk.publish(("{id: draft, people: drafter, next: one}", "{id: one, people: {user: a}, fields: {secret: hidden}, next: two}",
                  "{id: two, people: {user: b}, fields: {secret: edit}, next: end}"),
                 "form: {secret: {type: string}, open: {type: string}}")
    case = desk.start({"secret": "绝密内容", "open": "公开内容"})
    desk.act(case, "a", "circulate", to=["c"], comment="请阅")
    desk.act(case, "a")
    desk.act(case, "b", "save", form={"secret": "绝密内容二"}, comment="改过")
    desk.act(case, "b")
    rows = workflow.simulate("t.case", desk.drafter, {"secret": "绝密内容", "open": "公开内容"})
    assert next(r for r in rows if r["step"] == "one")["hidden"] == ["secret"]
    told = [f"{n.title} {n.body}" for n in Notification.select()]
    log = b"".join(xes.log("t.case", by=desk.admin)).decode()
    assert told and "请阅" in str(workflow.trail(case.id)) and "<trace>" in log
    for text in (str(rows), str(told), str(workflow.trail(case.id)), log):
        assert "绝密内容" not in text


def test_people_further_up_the_house_and_the_deputy_in_charge(desk, make):
    deputy = make.person("chief", "chief")
    top = make.department("局", deputy=deputy)
    middle = make.department("分局", parent=top)
    low = make.department("科", parent=middle)
    for unit, name in ((top, "toph"), (middle, "midh"), (low, "lowh")):
        desk.people[name] = make.person(name, name, unit, posts=[("负责人", "head")])
    desk.people |= {"chief": deputy, "clerk": make.person("clerk", "clerk", low)}
    desk.publish(("{id: draft, people: drafter, next: one}", "{id: one, people: {head_of: drafter}, next: two}",
                  "{id: two, people: {head_of: drafter, levels: 2}, next: three}",
                  "{id: three, people: {head_of: drafter, levels: 3}, next: four}",
                  "{id: four, people: {deputy_for: drafter}, next: five}",
                  "{id: five, people: {head_of: drafter, levels: 4}, fallback: {user: e}, next: six}",
                  "{id: six, people: {head_of: drafter, levels: 4}, next: end}"))
    case = workflow.start("t.case", "一件事", {}, desk.clerk)
    for step, who in (("one", "lowh"), ("two", "midh"), ("three", "toph"), ("four", "chief"), ("five", "e"), ("six", "admin")):
        assert desk.open(case) == {(step, who)}
        desk.act(case, who)
    assert desk.state(case) == "completed"
