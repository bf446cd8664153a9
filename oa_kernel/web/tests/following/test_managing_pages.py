"""What who manages workflows does with a case, and that nobody else does."""

import pytest

from oa_kernel import workflow
from oa_kernel.web.tests.pages import last_event, plain
from oa_kernel.workflow import Instance


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
