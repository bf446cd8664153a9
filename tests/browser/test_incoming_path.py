"""The other half in a real browser: received, registered, instructed on a phone, handled, filed, found by three pieces of
its text, borrowed by somebody who may not see it otherwise, packaged, the package verified offline."""

from __future__ import annotations

import json

import pytest

from ..service import oa
from ..texts import INCOMING
from .test_documents_path import settled

pytestmark = pytest.mark.browser


def acted(page, address, comment):
    settled(page, address)
    page.fill("#field-comment", comment)
    page.click("button[name=action][value=approve]")
    settled(page)


def test_from_the_desk_to_a_verified_package(service, sign_in, tmp_path):
    office = sign_in("office")
    settled(office, service.url + "/documents/incoming/new")
    office.set_input_files("[name=file]", {"name": "来文.txt", "mimeType": "text/plain", "buffer": INCOMING.encode()})
    office.click("button:has-text('上传并核对')")
    office.wait_for_url("**/confirm/*")
    assert office.input_value("[name=number]") == "江政办发〔2026〕87号"
    assert office.input_value("[name=title]").endswith("冬季供水保障工作的通知")
    assert office.input_value("[name=dated_on]") == "2026-11-20"
    office.click("button:has-text('登记')")
    office.wait_for_url("**/documents/incoming/**")
    settled(office, service.url + "/documents/incoming")
    office.click("a:has-text('冬季供水保障工作')")
    settled(office)
    document = office.url
    office.fill("[name=department]", "综合处")
    office.fill("[name=opinion]", "拟请综合处牵头办理，请领导批示。")
    office.click("button:has-text('送办')")
    settled(office)
    office.click("a.btn-primary:has-text('办理')")
    settled(office)
    case = office.url
    acted(office, case, "请领导批示。")

    # the leader's instruction, on a phone
    leader = sign_in("leader", width=390, height=800)
    settled(leader, case)
    leader.click("a:has-text('查看收文')")
    leader.wait_for_url(document)
    acted(leader, case, "请综合处抓紧落实，十二月十日前报结果。")
    head = sign_in("head")
    settled(head, case + "?part=trail")
    assert "十二月十日前报结果" in head.inner_text(".oa-trail")
    acted(head, case, "已部署排查，正在落实。")
    acted(office, case, "")
    settled(office, document)
    assert "已办结" in office.inner_text("dl")

    # filed, and found by three pieces of it
    archivist = sign_in("archivist")
    settled(archivist, service.url + "/archives/pending")
    archivist.click("a:has-text('冬季供水保障工作')")
    settled(archivist)
    archivist.select_option("[name=retention]", "D30")
    archivist.click("button:has-text('归档')")
    settled(archivist)
    for words in ("供水保障", "冻裂", "87号"):
        settled(archivist, f"{service.url}/archives?q={words}")
        archivist.wait_for_selector("table a:has-text('冬季供水保障工作')")
    archivist.click("table a:has-text('冬季供水保障工作')")
    settled(archivist)
    record, number = archivist.url, archivist.inner_text(".oa-head-sub")
    assert "不通过" not in archivist.inner_text("#checks")

    # packaged, verified without a database
    package = tmp_path / "件.zip"
    package.write_bytes(archivist.request.get(record + "/package").body())
    assert json.loads(oa("verify", str(package), "--json").stdout)["archival_number"] == number

    # who may not see it borrows it, reads it with the own name across, and gives it back
    officer = sign_in("officer")
    assert officer.goto(record).status == 404
    settled(officer, service.url + "/archives/borrowings")
    officer.fill("[name=number]", number)
    officer.select_option("[name=purpose]", "work")
    officer.fill("[name=reason]", "核对供水保障任务")
    officer.click("form button:has-text('申请借阅')")
    settled(officer)
    officer.click(f"td a:has-text('{number}')")
    settled(officer)
    officer.click("a:has-text('审批经过')")
    settled(officer)
    asked = officer.url.split("?")[0]
    people = json.loads(oa("user", "list", "--json", config=service.config).stdout)
    superior = next(p["username"] for p in people if p["department"].endswith("业务处") and "处长" in p["posts"])
    acted(sign_in(superior), asked, "工作需要，同意。")
    acted(archivist, asked, "同意。")
    settled(officer, service.url + "/archives/borrowings")
    officer.click("table a:has-text('冬季供水保障工作')")
    settled(officer)
    officer.click("td a:has-text('来文.txt')")
    settled(officer)
    assert "冻裂" in officer.content() or officer.locator("img[src*='/pages/']").count() >= 1
    for page in (office, leader, head, archivist):
        assert page.problems == []
