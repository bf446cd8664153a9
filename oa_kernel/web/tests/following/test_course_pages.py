"""How a case went: who had it how long, what stands still, urging."""

import re

from oa_kernel import identity, workdays, workflow
from oa_kernel.web.tests.pages import plain
from oa_kernel.workflow import Instance, Task

from .cases import STEPS, act


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


def test_urged_by_one_press_and_not_again_before_the_time_told(browser, case, frozen):
    one = browser("drafter")
    assert f'action="/cases/{case.id}/urge"' in one.client.get(f"/cases/{case.id}").text
    one.post(f"/cases/{case.id}/urge")
    page = one.client.get(f"/cases/{case.id}").text
    assert f'action="/cases/{case.id}/urge"' not in page
    assert "13:00 以后可以再催" in plain(page) and 'disabled aria-describedby="urge-again"' in page
    frozen("2026-10-15T13:00:01+08:00")  # the session is over by then
    assert f'action="/cases/{case.id}/urge"' in browser("drafter").client.get(f"/cases/{case.id}").text
