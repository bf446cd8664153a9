"""Following a case: who had it how long, urging, managing it; figures of a definition; failed steps; handing over."""

import gzip
import re
import xml.etree.ElementTree as ET

import pytest

from oa_kernel import identity, outbox, permissions, workdays, workflow
from oa_kernel.web.tests.pages import Browser, last_event, plain
from oa_kernel.workflow import Instance, Task, figures

STEPS = """
name: t.case
title: 采购审批
steps:
  - {id: draft, title: 拟稿, people: drafter, next: one}
  - {id: one, title: 初审, people: {user: a}, due: 1 working day, on_overdue: escalate, next: two}
  - {id: two, title: 审核, people: {user: b}, next: end}
"""
SERVICE = """
name: t.service
title: 自动归档
steps:
  - {id: draft, title: 拟稿, people: drafter, next: machine}
  - {id: machine, title: 自动编号, type: service, service: machines.run, next: end}
"""
works = {"error": "打印机没有纸"}


@pytest.fixture(scope="session")
def oa_extra_plugins():
    from oa_kernel import hookimpl
    from oa_kernel.contributions import PluginInfo, WorkflowService

    def run(instance, key):
        if works["error"]:
            raise RuntimeError(works["error"])
        return {}

    class Machines:
        @hookimpl
        def oa_plugin(self):
            return PluginInfo("machines", "机器", "1")

        @hookimpl
        def oa_workflow_services(self):
            return [WorkflowService("machines.run", "机器", run)]

    return {"machines": Machines()}


@pytest.fixture(scope="session")
def oa_settings():
    return {"organisation": {"name": "测试"}, "plugins": {"machines": {}}}


@pytest.fixture(autouse=True)
def early(frozen):
    """A Thursday; before anybody is given a role, for a grant holds from when it is made."""
    frozen("2026-10-15T09:00:00+08:00")
    works["error"] = "打印机没有纸"


@pytest.fixture
def office(oa, make):
    unit = make.department("综合处")
    people = {n: make.person(n, f"{n}先生", unit) for n in ("drafter", "a", "b", "c")}
    people["admin"] = make.person("admin", "管理员", unit, roles=["system_admin"])
    people["doctor"] = make.person("doctor", "无关", unit)
    workflow.publish(STEPS)
    return people


@pytest.fixture
def browser(oa_client, office):
    return lambda name: Browser(oa_client(office[name]), office[name])


@pytest.fixture
def case(office, frozen):
    return workflow.start("t.case", "采购显示器", {}, office["drafter"])


def words(page):
    """What is read of a page, its tags left out."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def act(case, who, action="approve", **kwargs):
    return workflow.act(workflow.open_task(case.id, who).id, action, who, **kwargs)


# ---- how a case went ----------------------------------------------------------------------------------------------


def test_who_had_it_how_long_by_the_clock_and_in_working_hours(browser, case, office, frozen):
    frozen("2026-10-16T09:00:00+08:00")  # Friday
    act(case, office["a"])
    frozen("2026-10-19T09:00:00+08:00")  # Monday
    page = browser("drafter").get(f"/cases/{case.id}?part=flow")
    one, two = workflow.course(Instance.get_by_id(case.id)).passages[1:]
    day = sum((b.hour * 60 + b.minute) - (a.hour * 60 + a.minute) for a, b in workdays.hours()) * 60
    assert (one.time.seconds, one.time.working) == (86400, day)
    assert (two.time.seconds, two.time.working) == (3 * 86400, day)
    assert "用时 24 小时" in page and "已 3 天" in page and "a先生" in page
    assert "用时 24 小时" in browser("drafter").get(f"/cases/{case.id}?part=trail")


def test_what_stood_still_counts_in_neither(browser, case, office, frozen):
    frozen("2026-10-15T10:00:00+08:00")
    workflow.suspend(case.id, office["admin"], "等批复")
    frozen("2026-10-15T15:00:00+08:00")
    assert "停着" in browser("drafter").get(f"/cases/{case.id}?part=flow")
    workflow.resume(case.id, office["admin"], "已批复")
    frozen("2026-10-15T16:00:00+08:00")
    went = workflow.course(Instance.get_by_id(case.id))
    assert went.passages[-1].time.seconds == went.passages[-1].people[0].time.seconds == 2 * 3600
    assert went.passages[-1].time.working == 2 * 3600
    page = browser("drafter").get(f"/cases/{case.id}?part=flow")
    assert "停过的时间" in page and "等批复" in page


def test_a_return_that_comes_straight_back_stands_still_meanwhile(office, frozen):
    workflow.publish(STEPS.replace("people: {user: b}", "people: {users: [b, c]}, mode: all"))
    case = workflow.start("t.case", "会签", {}, office["drafter"])
    act(case, office["a"])
    frozen("2026-10-15T10:00:00+08:00")
    act(case, office["b"], "return", comment="补充", target="one", resume="direct")
    frozen("2026-10-15T11:00:00+08:00")
    act(case, office["a"])
    frozen("2026-10-15T11:30:00+08:00")
    went = workflow.course(Instance.get_by_id(case.id))
    other = next(h for p in went.passages if p.step == "two" for h in p.people if h.username == "c")
    assert other.time.seconds == 5400
    assert [(p.why, p.reason) for p in went.pauses] == [("return", "补充")]
    assert workflow.Task.get(Task.assignee_id == office["c"].id).paused_seconds == 3600


def test_the_diagram_tells_what_is_behind_now_and_to_come(case, office):
    act(case, office["a"])
    svg = workflow.diagram(Instance.get_by_id(case.id))
    found = dict(re.findall(r'class="oa-flow-step is-(\w+)"><title>(\w+)', svg))
    assert {v: k for k, v in found.items()} == {"初审": "done", "审核": "current", "结束": "coming"}
    act(case, office["b"], "reject", comment="不行")
    assert "is-coming" not in workflow.diagram(Instance.get_by_id(case.id))


def test_the_deadline_and_what_follows_it_stand_on_the_page(browser, case, office):
    page = browser("a").get(f"/cases/{case.id}")
    assert "期限 1 个工作日" in page and "超期：上报负责人" in page
    identity.update_person(office["a"], locale="en")
    page, flow = browser("a").get(f"/cases/{case.id}"), browser("a").client.get(f"/cases/{case.id}?part=flow").text
    assert "1 working day" in page and not re.search("期限|超期|工作日|上报", page)
    svg = flow.split('class="oa-flow"', 1)[1].split("</svg>", 1)[0]
    assert "current step" in svg and not re.search("当前|将到|结束|小时", svg)


def test_the_page_costs_the_same_however_long_the_case_went(browser, case, office, count_queries):
    one, counts = browser("drafter"), []
    for _ in range(2):
        one.get(f"/cases/{case.id}?part=flow")
        with count_queries() as statements:
            one.get(f"/cases/{case.id}?part=flow")
        counts.append(len(statements))
        for _ in range(6):
            act(case, office["a"])
            act(case, office["b"], "return", comment="改", target="one")
    assert counts[0] == counts[1], statements


# ---- urging ---------------------------------------------------------------------------------------------------------


def test_urged_by_one_press_and_not_again_before_the_time_told(browser, case, frozen):
    one = browser("drafter")
    assert f'action="/cases/{case.id}/urge"' in one.client.get(f"/cases/{case.id}").text
    one.post(f"/cases/{case.id}/urge")
    page = one.client.get(f"/cases/{case.id}").text
    assert f'action="/cases/{case.id}/urge"' not in page
    assert "13:00 以后可以再催" in plain(page) and 'disabled aria-describedby="urge-again"' in page
    frozen("2026-10-15T13:00:01+08:00")  # the session is over by then
    assert f'action="/cases/{case.id}/urge"' in browser("drafter").client.get(f"/cases/{case.id}").text


# ---- managing -------------------------------------------------------------------------------------------------------


def test_only_managers_see_and_reach_the_acts_of_managing(browser, case):
    assert "流程管理" in browser("admin").get(f"/cases/{case.id}")
    assert "流程管理" not in browser("drafter").get(f"/cases/{case.id}")
    assert browser("drafter").status(f"/cases/{case.id}/manage/jump") == 403


@pytest.mark.parametrize("what", ["suspend", "jump", "skip", "terminate"])
def test_every_act_asks_for_a_reason_and_keeps_what_was_chosen(browser, case, what):
    one = browser("admin")
    assert "理由" in one.get(f"/cases/{case.id}/manage/{what}")
    page = one.client.post(f"/cases/{case.id}/manage/{what}", data={"_csrf": one.csrf, "target": "one", "comment": " "})
    assert page.status_code == 422 and "要写明理由" in page.text
    assert Instance.get_by_id(case.id).state == "running"


def test_suspended_resumed_jumped_skipped_ended_and_reopened(browser, case, office):
    one = browser("admin")

    def do(what, **fields):
        one.post(f"/cases/{case.id}/manage/{what}", comment=f"理由：{what}", **fields)
        return Instance.get_by_id(case.id).state

    assert do("suspend") == "suspended"
    assert do("resume") == "running"
    assert do("jump", target="two", to="c先生（c）") == "running"
    assert workflow.open_task(case.id, office["c"]) is not None
    assert do("skip", target="two") == "completed"
    assert do("reopen", target="one") == "running"
    assert do("terminate") == "cancelled"
    assert "理由：terminate" in one.get(f"/cases/{case.id}?part=trail")
    assert last_event("workflow.cancel").after["comment"] == "理由：terminate"


def test_an_act_that_does_not_fit_leads_back_with_a_word(browser, case):
    page = browser("admin").client.get(f"/cases/{case.id}/manage/resume", follow_redirects=True)
    assert "不能“恢复”" in plain(page.text)
    page = browser("admin").client.get(f"/cases/{case.id}/manage/skip?next=//evil.example/x")
    assert "evil.example" not in page.text


# ---- figures --------------------------------------------------------------------------------------------------------


def test_figures_by_page_and_interface(browser, case, office, oa_api, frozen):
    frozen("2026-10-15T11:00:00+08:00")
    act(case, office["a"])
    one = browser("admin")
    assert "采购审批" in one.get("/workflow-statistics")
    page = one.client.get("/admin/workflows/t.case/statistics").text
    assert "2.0 小时" in plain(page) and "a先生" in page and "is-shade-4" in page and 'data-chart="bars"' in page
    assert browser("drafter").status("/admin/workflows/t.case/statistics") == 403
    found = oa_api(office["admin"]).get("/api/v1/workflows/t.case/statistics?since=2026-10-01").json
    assert next(s for s in found["steps"] if s["step"] == "one")["median_seconds"] == 7200
    assert oa_api(office["admin"]).get("/api/v1/workflows/t.case/statistics?since=x").status_code == 422
    assert oa_api(office["admin"]).get("/api/v1/workflows/no.such/statistics").status_code == 404
    assert oa_api(office["drafter"]).get("/api/v1/workflows/t.case/statistics").status_code == 403
    steps = oa_api(office["drafter"]).get(f"/api/v1/instances/{case.id}/steps").json["steps"]
    assert [(s["step"], s["state"], s["seconds"]) for s in steps] == [
        ("draft", "done", 0), ("one", "done", 7200), ("two", "current", 0)]
    assert oa_api(office["doctor"]).get(f"/api/v1/instances/{case.id}/steps").status_code == 404


def test_figures_of_many_tasks_come_from_the_background_with_a_bar(browser, case, monkeypatch):
    asked, here = [], "/admin/workflows/t.case/statistics?period=all"
    monkeypatch.setattr(figures, "AT_ONCE", -1)
    monkeypatch.setattr(figures.scheduling, "enqueue", lambda name, row: asked.append(row))
    one, part = browser("admin").client, {"headers": {"HX-Request": "true"}}
    page = one.get(here).text
    assert "<progress" in page and f'hx-get="{here}&amp;part=1"' in page
    assert "HX-Refresh" not in one.get(f"{here}&part=1", **part).headers
    figures.work_out(asked[0])
    assert one.get(f"{here}&part=1", **part).headers["HX-Refresh"] == "true"
    page = one.get(here).text
    assert "oa-figures-row" in page and "<progress" not in page and len(asked) == 1


@pytest.mark.oa_databases
def test_figures_of_many_tasks_are_accepted_by_the_interface_and_there_later(case, office, oa_api, make, frozen, monkeypatch):
    asked, here = [], "/api/v1/workflows/t.case/statistics?since=2026-10-01&version=1"
    monkeypatch.setattr(figures.scheduling, "enqueue", lambda name, row: asked.append((name, row)))
    frozen("2026-10-15T11:00:00+08:00")
    act(case, office["a"])
    api = oa_api(office["admin"])
    at_once = api.get(here)
    assert (at_once.status_code, at_once.json["progress"], asked) == (200, None, [])
    assert at_once.json["made_at"] == "2026-10-15T11:00:00+08:00"
    monkeypatch.setattr(figures, "AT_ONCE", -1)
    answer = api.get(here)
    assert (answer.status_code, answer.headers["Location"], answer.json) == (
        202, here, {"definition": "t.case", "status": here, "progress": {"done": 0, "of": 4}})
    assert int(answer.headers["Retry-After"]) > 0 and len(asked) == 1 and asked[0][0] == figures.TASK
    assert api.get(answer.headers["Location"]).status_code == 202 and len(asked) == 1
    figures.work_out(asked[0][1])
    there = api.get(here)
    assert there.status_code == 200 and there.json == at_once.json
    only = make.person("viewer", "看数字的")
    permissions.create_role("viewers", "看", {"kernel.workflow.statistics": "all"})
    permissions.grant(only, "viewers")
    assert there.json["people"] and oa_api(only).get(here).json["people"] is None
    frozen("2026-10-15T13:00:00+08:00")
    old = api.get(here)  # newer ones are on their way
    assert (old.status_code, old.json["made_at"], old.json["progress"]) == (
        200, "2026-10-15T11:00:00+08:00", {"done": 0, "of": 4})
    assert len(asked) == 2


def test_the_interface_describes_that_figures_may_come_later(oa_api, office):
    described = oa_api(office["admin"]).get("/api/v1/openapi.json").json["paths"]
    answers = described["/workflows/{name}/statistics"]["get"]["responses"]
    assert {"200", "202"} <= set(answers) and "status" in answers["202"]["content"]["application/json"]["schema"]["properties"]


def test_filters_that_make_no_sense_are_told(browser, case):
    one = browser("admin")
    assert one.status("/admin/workflows/t.case/statistics?since=2026-10-09&until=2026-10-01") == 422
    assert one.status("/admin/workflows/t.case/statistics?since=gestern") == 422
    assert one.status("/admin/workflows/t.case/statistics?period=all&version=1") == 200
    assert one.status("/admin/workflows/no.such/statistics") == 404


def test_what_waits_longest_is_listed_by_pages(browser, office, count_queries):
    one, counts = browser("admin"), []
    for number in (5, 55):
        while Instance.select().count() < number:
            workflow.start("t.case", f"第{Instance.select().count()}件", {}, office["drafter"])
        one.get("/admin/workflows/t.case/waiting")
        with count_queries() as statements:
            page = one.get("/admin/workflows/t.case/waiting")
        counts.append(len(statements))
    assert counts[0] == counts[1], statements
    assert "第0件" in page and "第54件" not in page and "下一页" in page


def test_the_log_comes_as_a_packed_file(browser, case):
    answer = browser("admin").client.get("/admin/workflows/t.case/log.xes.gz?anonymous=1")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="t.case.xes.gz"'
    assert len(ET.fromstring(gzip.decompress(answer.data)).findall("{http://www.xes-standard.org/}trace")) == 1
    assert browser("drafter").status("/admin/workflows/t.case/log.xes.gz") == 403


# ---- failed service steps -------------------------------------------------------------------------------------------


@pytest.fixture
def failed(office):
    workflow.publish(SERVICE)
    case = workflow.start("t.service", "第一件", {}, office["drafter"])
    outbox.drain()
    return case


def test_a_failed_step_is_listed_with_its_reason_and_repeated(browser, failed, office):
    one = browser("admin")
    page = one.get("/admin/workflow-services")
    assert "打印机没有纸" in page and "自动编号" in page and "试过 1 次" in page
    assert "没有办成的自动环节 1" in words(one.get("/admin/health"))
    works["error"] = ""
    row, = workflow.failed_service_page().items
    one.post(f"/admin/workflow-services/{row['run']}/repeat")
    outbox.drain()
    assert Instance.get_by_id(failed.id).state == "completed"
    assert "都办成了" in one.get("/admin/workflow-services")
    assert workflow.failed_service_count() == 0


def test_the_same_by_the_interface(failed, office, oa_api):
    admin = oa_api(office["admin"])
    row, = admin.get("/api/v1/workflow-services/failed").json["items"]
    assert (row["instance"], row["step_name"], row["attempts"]) == (failed.id, "自动编号", 1)
    assert admin.post(f"/api/v1/workflow-services/{row['run']}/repeat", json={}).status_code == 202
    assert admin.post("/api/v1/workflow-services/999/repeat", json={}).status_code == 404
    assert oa_api(office["drafter"]).get("/api/v1/workflow-services/failed").status_code == 403


def test_the_list_of_failed_steps_costs_the_same_for_2_and_20(browser, failed, office, count_queries):
    one, counts = browser("admin"), []
    for number in (2, 20):
        while workflow.failed_service_count() < number:
            workflow.start("t.service", "又一件", {}, office["drafter"])
            outbox.drain()
        one.get("/admin/workflow-services")
        with count_queries() as statements:
            one.get("/admin/workflow-services")
        counts.append(len(statements))
    assert counts[0] == counts[1], statements


# ---- handing over ---------------------------------------------------------------------------------------------------


def test_seen_first_then_moved_then_seen_where_it_is(browser, case, office):
    second = workflow.start("t.case", "采购椅子", {}, office["drafter"])
    one = browser("admin")
    page = words(one.get("/admin/hand-over?from=a"))
    assert "将要移交的 2 件" in page and "采购显示器" in page and "采购审批 2" in page
    assert Task.select().where(Task.assignee_id == office["c"].id).count() == 0
    done = one.post("/admin/hand-over", **{"from": "a", "to": "c", "comment": "调离", "also_later": "1"})
    assert "已移交 2 件：从a先生到c先生" in done and "由c先生接办的" in done and "采购椅子" in done
    assert {workflow.open_task(i.id, office["c"]) is not None for i in (case, second)} == {True}
    assert [r.kind for r in workflow.stand_ins(office["a"])] == ["handover"]
    assert "没有待办" in one.get("/admin/hand-over?from=a")


@pytest.mark.parametrize(("fields", "said"), [
    ({"to": "c", "comment": ""}, "要写明理由"), ({"to": "", "comment": "x"}, "请填写人员"),
    ({"to": "nobody", "comment": "x"}, "没有这个人"), ({"to": "a", "comment": "x"}, "应是另一位在用的人员"),
])
def test_what_is_wrong_is_said_and_nothing_moves(browser, case, office, fields, said):
    page = browser("admin").post("/admin/hand-over", 422, **{"from": "a", **fields})
    assert said in page
    assert workflow.open_task(case.id, office["a"]) is not None


def test_handing_over_is_for_managers(browser, case, office, oa_api):
    assert browser("drafter").status("/admin/hand-over?from=a") == 403
    assert oa_api(office["drafter"]).post("/api/v1/people/a/hand-over", json={"to": "c", "comment": "x"}).status_code == 403
    assert oa_api(office["admin"]).post("/api/v1/people/a/hand-over", json={"to": "c", "comment": "调离"}).json == {"tasks": 1}


def test_the_list_costs_the_same_for_2_and_60(browser, office, count_queries):
    one, counts = browser("admin"), []
    for number in (2, 60):
        while Instance.select().count() < number:
            workflow.start("t.case", "又一件", {}, office["drafter"])
        one.get("/admin/hand-over?from=a")
        with count_queries() as statements:
            one.get("/admin/hand-over?from=a")
        counts.append(len(statements))
    assert counts[0] == counts[1], statements


# ---- standing in ----------------------------------------------------------------------------------------------------


def test_stand_ins_by_the_interface(office, oa_api):
    mine = oa_api(office["a"])
    made = mine.post("/api/v1/stand-ins", json={"kind": "delegation", "to": "c", "until": "2026-10-20", "definitions": ["t.case"]})
    assert made.status_code == 201
    assert mine.get("/api/v1/stand-ins").json["items"] == [{
        "id": made.json["id"], "kind": "delegation", "person": {"username": "a", "name": "a先生"},
        "to": {"username": "c", "name": "c先生"}, "since": "2026-10-15", "until": "2026-10-20", "definitions": ["t.case"],
        "reason": ""}]
    case = workflow.start("t.case", "采购", {}, office["drafter"])
    assert workflow.open_task(case.id, office["c"]) is not None
    assert oa_api(office["b"]).delete(f"/api/v1/stand-ins/{made.json['id']}").status_code == 404
    assert mine.delete(f"/api/v1/stand-ins/{made.json['id']}").status_code == 204
    assert mine.delete(f"/api/v1/stand-ins/{made.json['id']}").status_code == 409
    assert mine.get("/api/v1/stand-ins").json["items"] == []


@pytest.mark.parametrize(("body", "field"), [
    ({"kind": "delegation"}, "to"), ({"kind": "absence", "to": "nobody"}, "to"), ({"kind": "absence", "since": "morgen"}, "since"),
    ({"kind": "delegation", "to": "c", "definitions": ["no.such"]}, "definitions"), ({"kind": "vacation"}, "kind"),
    ({"kind": "absence", "definitions": ["t.case"]}, "definitions"),
])
def test_what_is_wrong_is_said_by_field(office, oa_api, body, field):
    answer = oa_api(office["a"]).post("/api/v1/stand-ins", json=body)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert workflow.stand_ins(office["a"]) == []


def test_managers_set_them_for_others_and_nobody_else_does(office, oa_api):
    body = {"kind": "absence", "person": "a", "to": "b"}
    assert oa_api(office["b"]).post("/api/v1/stand-ins", json=body).status_code == 403
    assert oa_api(office["b"]).get("/api/v1/stand-ins?person=a").status_code == 403
    assert oa_api(office["admin"]).post("/api/v1/stand-ins", json=body).status_code == 201
    assert len(oa_api(office["admin"]).get("/api/v1/stand-ins?person=a").json["items"]) == 1


def test_for_whom_i_stand_in_is_shown_to_me(browser, office):
    workflow.set_absent(office["a"], by=office["a"], to=office["b"])
    page = browser("b").get("/profile/stand-ins")
    assert "我代别人办的" in page and "a先生" in page


# ---- the to-do list's own filters -------------------------------------------------------------------------------


def test_filters_are_kept_under_a_name_used_and_forgotten(browser, case, office):
    one = browser("a")
    assert "保存这个筛选" not in one.get("/todo")
    assert "保存这个筛选" in one.get("/todo?q=显示器")
    one.post("/todo/filters", name="买东西", q="显示器")
    page = one.client.get("/todo").text
    assert "买东西" in page and "q=%E6%98%BE%E7%A4%BA%E5%99%A8" in page
    assert "删去筛选" in one.client.get("/todo?q=显示器").text
    assert "买东西" not in browser("b").get("/todo")
    one.post("/todo/filters", name="买东西", remove="1")
    assert "买东西" not in words(one.get("/todo"))
    assert last_event("person.preferences_set").object_id == str(office["a"].id)


def test_a_filter_needs_a_name_and_something_to_filter_by_and_there_are_not_too_many(browser, case):
    one = browser("a")
    assert "先选好筛选条件" in one.post("/todo/filters", name="空")
    for number in range(12):
        one.post("/todo/filters", name=f"第{number}个", q="显示器")
    assert "最多保存 12 个" in one.post("/todo/filters", name="再来", q="显示器")
    assert "已保存筛选" in one.post("/todo/filters", name="第3个", q="椅子")


def test_the_list_shows_them_without_another_statement(browser, case, count_queries):
    one = browser("a")
    one.get("/todo")
    with count_queries() as before:
        one.get("/todo")
    one.post("/todo/filters", name="买东西", q="显示器")
    one.get("/todo")
    with count_queries() as after:
        one.get("/todo")
    assert len(after) == len(before)
