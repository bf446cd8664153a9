"""Files of a case on its page and by REST; a case that came back is edited there again."""

from __future__ import annotations

import io

import pytest

from oa_kernel import files, workflow
from oa_kernel.web.tests.pages import Browser
from oa_kernel.web.tests.test_case_page import browser, office  # noqa: F401

SICK = """
name: office.sick
title: 病假
version: 1
form:
  days: {type: integer, label: 天数, required: true}
  proof: {type: file, label: 病假条, required: true}
steps:
  - {id: draft, title: 填写, people: drafter, next: review}
  - {id: review, title: 处长审批, people: {head_of: drafter}, next: end}
"""


def sent(browser, path, files_, status=200, **form):  # noqa: F811
    data = {"_csrf": browser.csrf, **form, **{k: [(io.BytesIO(data), name) for name, data in v] for k, v in files_.items()}}
    answer = browser.client.post(path, data=data, content_type="multipart/form-data", follow_redirects=True)
    assert answer.status_code == status, answer.text[:500]
    return answer.text


@pytest.fixture
def case(office, browser):  # noqa: F811
    workflow.publish(SICK)
    sent(browser("drafter"), "/cases/start/office.sick", {"proof": [("病假条.txt", b"three days")], "files": [("别的.txt", b"more")]},
         title="病假三天", days="3")
    return workflow.Instance.get()


def came_back(case, office):  # noqa: F811
    workflow.act(workflow.open_task(case.id, office["head"]).id, "return", office["head"], comment="请换一张清楚的")
    return workflow.open_task(case.id, office["drafter"])


def test_files_come_with_the_start_and_those_of_a_field_answer_it(case, office, browser):  # noqa: F811
    found = workflow.attachments(case, office["drafter"])
    assert [(f["name"], f["field"]) for f in found] == [("病假条.txt", "proof"), ("别的.txt", "")]
    assert case.form["proof"] == "病假条.txt"
    page = browser("head").get(f"/cases/{case.id}?part=files")
    assert "病假条.txt" in page and "别的.txt" in page and "移除" not in page
    answer = browser("head").client.get(f"/cases/{case.id}/files/{found[0]['id']}")
    assert answer.data == b"three days" and "attachment" in answer.headers["Content-Disposition"]
    assert browser("other").status(f"/cases/{case.id}/files/{found[0]['id']}") == 404


def test_without_the_file_that_must_be_there_nothing_begins(office, browser):  # noqa: F811
    workflow.publish(SICK)
    page = sent(browser("drafter"), "/cases/start/office.sick", {"files": [("别的.txt", b"more")]}, 422, title="病假", days="3")
    assert "请选择病假条" in page and "附件请重新选择" in page and 'value="病假"' in page
    assert not workflow.Instance.select().exists()


def test_what_came_back_says_why_and_is_edited_before_it_goes_on(case, office, browser):  # noqa: F811
    back = came_back(case, office)
    one = browser("drafter")
    page = one.client.get(f"/cases/{case.id}").text
    assert "请换一张清楚的" in page and 'name="days"' in page and 'name="proof"' in page and "送审" in page
    form = {"task": str(back.id), "version": str(back.version), "action": "approve"}
    sent(one, f"/cases/{case.id}/act", {"proof": [("清楚的.txt", b"clear")]}, **form, days="4")
    case = workflow.Instance.get()
    assert case.form == {"days": 4, "proof": "清楚的.txt"}
    assert [f["name"] for f in workflow.attachments(case, office["drafter"])] == ["病假条.txt", "别的.txt", "清楚的.txt"]
    assert "请换一张清楚的" not in browser("head").client.get(f"/cases/{case.id}").text  # said to whom it came back


def test_a_file_that_is_not_sent_again_stays(case, office, browser):  # noqa: F811
    back = came_back(case, office)
    sent(browser("drafter"), f"/cases/{case.id}/act", {}, task=str(back.id), version=str(back.version), action="approve", days="5")
    assert workflow.Instance.get().form == {"days": 5, "proof": "病假条.txt"}


def test_an_act_that_is_refused_leaves_no_file(case, office, browser):  # noqa: F811
    back = came_back(case, office)
    sent(browser("drafter"), f"/cases/{case.id}/act", {"proof": [("新.txt", b"new")]}, task=str(back.id),
         version=str(back.version + 5), action="approve", days="5")
    assert [f["name"] for f in workflow.attachments(workflow.Instance.get(), office["drafter"])] == ["病假条.txt", "别的.txt"]


def test_files_are_added_and_taken_away_on_the_page(case, office, browser):  # noqa: F811
    one = browser("head")
    page = sent(one, f"/cases/{case.id}/files", {"files": [("批注.txt", b"a note"), ("二.txt", b"2")]})
    assert "已添加 2 个附件" in page and "批注.txt" in page
    made = workflow.attachments(case, office["drafter"])[2]
    assert "移除" in one.get(f"/cases/{case.id}?part=files")
    assert "只能移除自己添加的" in browser("drafter").post(f"/cases/{case.id}/files/{made['id']}/remove")
    assert "已移除附件" in one.post(f"/cases/{case.id}/files/{made['id']}/remove")
    assert "没有选择文件" in sent(one, f"/cases/{case.id}/files", {})
    sent(browser("other"), f"/cases/{case.id}/files", {"files": [("x.txt", b"x")]}, 404)
    assert [f["name"] for f in workflow.attachments(case, office["drafter"])] == ["病假条.txt", "别的.txt", "二.txt"]


def test_by_rest(case, office, oa_client, browser):  # noqa: F811
    head = oa_client(office["head"])
    own = files.store(io.BytesIO(b"by rest"), "接口.txt", office["head"])
    csrf = {"X-CSRF-Token": Browser(head, office["head"]).csrf}
    answer = head.post(f"/api/v1/instances/{case.id}/files", json={"files": [own.id]}, headers=csrf)
    assert answer.status_code == 200 and [f["name"] for f in answer.json["items"]][-1] == "接口.txt"
    assert head.get(f"/api/v1/files/{own.id}").data == b"by rest"
    assert oa_client(office["other"]).get(f"/api/v1/instances/{case.id}/files").status_code == 404
    answer = head.post(f"/api/v1/instances/{case.id}/files/{own.id}/remove", json={}, headers=csrf)
    assert [f["name"] for f in answer.json["items"]] == ["病假条.txt", "别的.txt"]
    proof = files.store(io.BytesIO(b"x"), "条.txt", office["drafter"])
    drafter = oa_client(office["drafter"])
    made = drafter.post("/api/v1/instances", headers={"X-CSRF-Token": Browser(drafter, office["drafter"]).csrf}, json={
        "definition": "office.sick", "title": "再病", "form": {"days": 1, "proof": "条.txt"}, "files": [proof.id]})
    assert made.status_code == 201
    assert [f["name"] for f in workflow.attachments(workflow.Instance.get_by_id(made.json["id"]), office["drafter"])] == ["条.txt"]
