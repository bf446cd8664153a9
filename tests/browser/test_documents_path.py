"""The main job in a real browser, by five people: drafted, annotated, sent back, signed, numbered, sealed,
dispatched, signed for. What a clerk would do with the mouse and the keyboard, nothing by REST."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from ..service import oa
from ..texts import NOTICE

pytestmark = pytest.mark.browser


def settled(page, url=None):
    if url:
        page.goto(url)
    page.wait_for_load_state("networkidle")


def says(page, words):
    """Waits for the status line."""
    expect(page.locator("[data-doc-status]")).to_contain_text(words, timeout=15_000)


def drafted(page, service):
    """A draft of the notice, typed into the form; returns its address."""
    settled(page, service.url + "/documents/new")
    page.click("button[name=kind][value=通知]")
    page.wait_for_url("**/edit")
    settled(page)
    page.fill("[name=title]", NOTICE["title"])
    page.fill("[name=addressees]", "\n".join(NOTICE["addressees"]))
    page.fill("[name=body]", NOTICE["body"])
    page.select_option("[name=urgency]", "加急")
    return page.url.removesuffix("/edit")


def approved(page, address, comment):
    """One's own step is done; what stood there before is returned."""
    settled(page, address)
    shown = page.inner_text(".doc-act")
    page.fill("[name=comment]", comment)
    page.click("button[name=action][value=approve]")
    settled(page)
    return shown


def select_passage(page, words):
    """Selects words of the typeset page, as dragging over them would."""
    found = page.evaluate(
        """words => {
          for (const node of document.querySelectorAll('.doc-text text')) {
            const at = node.textContent.indexOf(words);
            if (at < 0) continue;
            getSelection().setBaseAndExtent(node.firstChild, at, node.firstChild, at + words.length);
            return true;
          }
          return false;
        }""", words)
    assert found, f"{words} stands on no page"


def test_from_draft_to_receipt(service, sign_in, tmp_path):
    drafter, head = sign_in("drafter"), sign_in("head")
    address = drafted(drafter, service)

    # the page beside the form follows, and everything is kept without pressing anything
    says(drafter, "已自动保存")
    expect(drafter.locator("#doc-form")).to_have_attribute("data-previewed", re.compile(r"[1-9]"))
    assert drafter.locator("[data-doc-live] img[src^=blob]").count() >= 2
    settled(drafter, address + "/edit")
    assert drafter.input_value("[name=body]") == NOTICE["body"]
    drafter.click("button[name=do][value=submit]")
    drafter.wait_for_url(address)

    # the head annotates a passage and sends it back
    settled(head, address)
    head.click(".doc-tabs a[href$='tab=notes']")
    head.wait_for_selector("[data-doc-annotate]")
    select_passage(head, "首问负责")
    expect(head.locator("[name=quote]")).to_have_value("首问负责")
    head.fill("[data-doc-annotate] [name=text]", "请写全称")
    head.click("[data-doc-annotate] button")
    head.wait_for_selector(".doc-note")
    assert head.locator(".doc-mark").count() == 1
    head.click(".doc-tabs a[href$='tab=act']")
    head.wait_for_selector(".doc-act")
    assert "分管领导审核" in head.inner_text(".doc-next")
    head.fill("[name=comment]", "请改好批注处再报")
    head.click("summary:has-text('更多')")
    head.click("button[name=action][value=return]")
    settled(head)

    # the drafter sees why, answers, changes the wording, deals with the remark, submits again
    settled(drafter, address)
    assert "请改好批注处再报" in drafter.inner_text("#doc-side")
    settled(drafter, address + "/edit")
    drafter.click(".doc-answer summary")
    drafter.fill(".doc-answer textarea", "已改为首问负责制")
    drafter.click(".doc-answer button")
    drafter.wait_for_selector(".doc-reply")
    drafter.click("button:has-text('标为已处理')")
    drafter.wait_for_selector(".doc-note-done", state="attached")
    drafter.fill("[name=body]", NOTICE["body"].replace("首问负责、", "首问负责制、"))
    drafter.click("button[name=do][value=submit]")
    drafter.wait_for_url(address)

    # the head sees what changed, by character; then everybody agrees
    newest = head.goto(address + "?tab=record") and head.locator(".doc-revisions li").count()
    settled(head, f"{address}?tab=record&from={newest - 1}&to={newest}")
    assert head.locator(".doc-diff-body ins").all_inner_texts() == ["制"]
    assert "分管领导审核" in approved(head, address, "同意。")
    assert "签发" in approved(sign_in("deputy"), address, "拟同意，请审定。")
    approved(sign_in("leader", width=390, height=800), address, "同意印发。")  # on a phone
    office = sign_in("office")
    shown = approved(office, address, "")
    settled(office, address)
    number = office.inner_text(".oa-head-sub")
    assert "号" in number and number in shown, "the number given is the one that was announced"

    # dispatched, signed for by the department
    settled(office, address + "?tab=dispatch")
    addressed = office.locator("[name=department]:checked, [name=organisation]:checked")
    while addressed.count():
        addressed.first.uncheck()
    office.locator("label.form-check", has_text="业务处").locator("input").check()
    office.click("#doc-side button.btn-primary:has-text('分发')")
    office.wait_for_selector(".doc-dispatches")
    officer = sign_in("officer")
    settled(officer, address)
    assert officer.locator(".doc-tabs").count() == 0, "who only received it sees no opinions"
    officer.click("button:has-text('签收')")
    settled(officer)
    settled(office, address + "?tab=dispatch")
    assert "1 / 1 已签收" in office.inner_text("#doc-side")
    office.click("button:has-text('办结')")
    settled(office)
    assert "已办结" in office.inner_text(".doc-marks")

    # the PDF proves itself offline
    file = tmp_path / "sealed.pdf"
    file.write_bytes(office.request.get(address + "/pdf").body())
    told = json.loads(oa("verify", str(file), "--json", config=service.config).stdout)
    assert json.dumps(told, ensure_ascii=False).count("true") >= 1
    file.write_bytes(file.read_bytes().replace(b"endstream", b"endstreaM", 1))
    assert oa("verify", str(file), config=service.config, check=False).returncode == 1

    for page in (drafter, head, office, officer):
        assert page.problems == []


def test_nothing_typed_is_lost_when_the_session_ends(service, sign_in):
    page = sign_in("drafter")
    address = drafted(page, service)
    says(page, "已自动保存")
    page.context.clear_cookies()
    page.fill("[name=title]", "会话结束之后写的标题")
    says(page, "登录已过期")
    assert page.locator("[data-doc-status-actions] a:has-text('重新登录')").count() == 1

    from oa_kernel.demo import PASSWORD

    page.click("[data-doc-status-actions] a")
    page.fill("input[name=username]", "drafter")
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(address + "/edit")
    page.click("[data-doc-kept-use]")
    assert page.input_value("[name=title]") == "会话结束之后写的标题"
    says(page, "已自动保存")


def test_nothing_typed_is_lost_while_the_service_is_away(service, sign_in):
    page = sign_in("drafter")
    address = drafted(page, service)
    says(page, "已自动保存")
    page.context.set_offline(True)
    page.fill("[name=title]", "连不上的时候写的标题")
    says(page, "连不上系统")
    page.context.set_offline(False)
    says(page, "已自动保存")
    settled(page, address + "/edit")
    assert page.input_value("[name=title]") == "连不上的时候写的标题"


def test_the_path_needs_no_script(service, browser):
    from oa_kernel.demo import PASSWORD

    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(service.url + "/")
    page.fill("input[name=username]", "drafter")
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.goto(service.url + "/documents/new")
    page.click("button[name=kind][value=通知]")
    page.fill("[name=title]", NOTICE["title"])
    page.fill("[name=addressees]", "业务处")
    page.fill("[name=body]", NOTICE["body"])
    page.click("button[name=do][value=submit]")
    assert page.locator(".doc-current").inner_text().startswith("部门负责人初审")
    page.click(".doc-tabs a[href$='tab=flow']")
    assert page.locator(".oa-course-step.is-current").count() == 1
    context.close()
