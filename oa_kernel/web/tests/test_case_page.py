"""A case without a plugin's page: started, worked on and finished from the kernel's own pages."""

from __future__ import annotations

import pytest

from oa_kernel import workflow
from oa_kernel.web.tests.pages import Browser, plain

LEAVE = """
name: office.leave
title: 请假审批
version: 1
form:
  days: {type: number, label: 天数, required: true}
  remark: {type: string, label: 备注}
steps:
  - {id: draft, title: 填写, people: drafter, next: review}
  - {id: review, title: 处长审批, people: {head_of: drafter}, fields: {days: read, remark: edit}, next: end}
"""


@pytest.fixture
def office(oa, make):
    unit = make.department("综合处")
    people = {"drafter": make.person("drafter", "李拟稿", unit), "other": make.person("other", "外人", unit),
              "head": make.person("head", "王处长", unit, posts=[("处长", "head")])}
    workflow.publish(LEAVE)
    return people


@pytest.fixture
def browser(oa_client, office):
    return lambda name: Browser(oa_client(office[name]), office[name])


@pytest.fixture
def case(office, browser):
    browser("drafter").post("/cases/start/office.leave", title="请假三天回乡", days="3", urgency="加急")
    return workflow.Instance.get()


def task(case, person):
    found = workflow.open_task(case.id, person)
    return {"task": found.id, "version": found.version}


def at_review(case, office):
    if workflow.open_task(case.id, office["head"]) is None:
        workflow.act(workflow.open_task(case.id, office["drafter"]).id, "approve", office["drafter"])


def test_a_case_is_chosen_and_started(browser):
    one = browser("drafter")
    assert "请假审批" in one.get("/cases/start")
    assert "天数" in one.get("/cases/start/office.leave")
    page = one.post("/cases/start/office.leave", title="请假三天回乡", days="3")
    assert "请假三天回乡" in page and "李拟稿" in page
    assert "请假三天回乡" in one.get("/cases")
    one.get("/cases/start/no.such", 404)


def test_what_is_wrong_is_named_and_what_was_typed_stays(browser):
    page = browser("drafter").post("/cases/start/office.leave", 422, title="", days="三", remark="留下我")
    assert "请填写标题" in page and "留下我" in page
    assert workflow.Instance.select().count() == 0


def test_the_next_person_sees_what_to_do_and_finishes(browser, case, office):
    at_review(case, office)
    one = browser("head")
    page = one.get(f"/cases/{case.id}")
    assert "处长审批" in page and 'value="approve"' in page and "下一步" in page and "结束" in page
    one.post(f"/cases/{case.id}/act", action="approve", comment="同意，注意交接", remark="已安排", **task(case, office["head"]))
    done = workflow.Instance.get_by_id(case.id)
    assert (done.state, done.form["remark"]) == ("completed", "已安排")
    assert "同意，注意交接" in one.get(f"/cases/{case.id}?part=trail")


def test_all_tabs_open(browser, case):
    page = browser("drafter").client.get(f"/cases/{case.id}?part=flow").text
    assert "<svg" in page and "处长审批" in plain(page)
    assert "没有附件" in browser("drafter").get(f"/cases/{case.id}?part=files")
    assert "李拟稿" in browser("drafter").get(f"/cases/{case.id}?part=trail")


def test_who_has_no_part_in_it_does_not_see_it(browser, case):
    browser("other").get(f"/cases/{case.id}", 404)


def test_returned_needs_a_reason_or_goes_back(browser, case, office):
    at_review(case, office)
    browser("head").post(f"/cases/{case.id}/act", action="return", comment="请写明日期", **task(case, office["head"]))
    assert workflow.open_task(case.id, office["drafter"]) is not None
    assert "请写明日期" in browser("drafter").get(f"/cases/{case.id}?part=trail")


def test_a_task_done_by_then_is_told_and_not_done_twice(browser, case, office):
    at_review(case, office)
    sent = task(case, office["head"])
    workflow.act(sent["task"], "approve", office["head"], comment="先办")
    before = len(workflow.trail(case.id))
    browser("head").post(f"/cases/{case.id}/act", action="approve", comment="后办", **sent)
    assert len(workflow.trail(case.id)) == before


def test_a_field_one_may_only_read_is_not_changed(browser, case, office):
    at_review(case, office)
    browser("head").post(f"/cases/{case.id}/act", action="approve", days="99", remark="", **task(case, office["head"]))
    assert workflow.Instance.get_by_id(case.id).form["days"] == 3


def test_the_list_costs_the_same_for_5_and_60_cases(browser, office, count_queries):
    one, counts = browser("drafter"), []
    for start, stop in ((0, 5), (5, 60)):
        for n in range(start, stop):
            workflow.start("office.leave", f"请假{n}", {"days": 1}, office["drafter"])
        one.get("/cases?state=")
        with count_queries() as statements:
            one.get("/cases")
        counts.append(len(statements))
    assert counts[0] == counts[1], statements


def test_the_public_page_verifies_and_keeps_nothing(oa_client):
    import io

    assert "验证文件" in plain(oa_client().get("/verify").text)
    answer = oa_client().post("/verify", data={"file": (io.BytesIO(b"plain text"), "a.txt")})
    assert answer.status_code == 200 and "无法验证" in plain(answer.text)


def test_the_page_of_the_interface_names_every_operation(browser, oa_app):
    page = browser("drafter").get("/api/")
    assert "data-api-path" in page and "/api/v1/tasks" in page
    assert oa_app.test_client().get(page.split('<script src="')[-1].split('"')[0]).status_code == 200


def test_who_is_added_may_come_before_beside_or_after(oa, make, oa_client):
    from oa_kernel import workflow
    from oa_kernel.workflow import Task

    unit = make.department("处")
    people = {name: make.person(name, name, unit) for name in ("who", "a", "b")}
    workflow.publish("name: t.place\ntitle: 事\nversion: 1\nsteps:\n  - {id: draft, people: drafter, next: a}\n"
                     "  - {id: a, people: {user: a}, next: end}\n")
    for place, state in (("before", "waiting"), ("beside", "open"), ("after", "open")):
        case = workflow.start("t.place", "一件事", {}, people["who"])
        client = oa_client(people["a"])
        assert "在我之后办" in client.get(f"/cases/{case.id}").text
        task = workflow.open_task(case.id, people["a"])
        client.submit(f"/cases/{case.id}/act", {"task": task.id, "version": task.version, "action": "add_sign", "to": "b",
                                                "place": place})
        mine = Task.get_by_id(task.id)
        added = Task.get(Task.parent_id == task.id)
        assert (mine.state, added.place) == (state, place)


def test_a_phrase_is_chosen_without_a_script_and_offered_first_the_next_time(browser, case, office):
    at_review(case, office)
    head = browser("head")
    head.post("/profile/phrases", text="同意，按规定休假。", here="1")
    page = head.get(f"/cases/{case.id}")
    assert page.index("同意，按规定休假。") < page.index("请按程序办理。")
    head.post(f"/cases/{case.id}/act", action="approve", phrase="同意，按规定休假。", comment="注意安全。",
              **task(case, office["head"]))
    said = [t["comment"] for t in workflow.instance_view(case.id, office["head"])["trail"]]
    assert "同意，按规定休假。注意安全。" in said
    head.post("/profile/phrases", text="同意，按规定休假。", forget="1")
    assert "还没有自己的常用语" in head.get("/profile/phrases")
    assert "最多" in head.post("/profile/phrases", 422, text="长" * 201, here="1")


def test_the_navigation_marks_what_one_started_or_what_one_has_to_do(case, browser):
    started, to_do = 'href="/cases" title="我发起的" class="active"', 'href="/todo" title="待办事项" class="active"'
    own, others = (browser(name).client.get(f"/cases/{case.id}").text for name in ("drafter", "head"))
    assert started in own and to_do not in own
    assert to_do in others and started not in others
