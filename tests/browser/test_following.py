"""Following in a real browser: the to-do list by keyboard, a case managed with a reason, work handed over, charts drawn."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def settled(page, url):
    page.goto(url)
    page.wait_for_load_state("networkidle")


def test_from_the_list_to_the_opinion_and_on_to_the_next_by_keyboard(sign_in, service):
    page = sign_in("office")
    settled(page, service.url + "/todo")
    links = page.locator("[data-row] a")
    assert links.count() >= 2
    where = "document.activeElement.getAttribute('href')"
    page.keyboard.press("j")
    first = page.evaluate(where)
    page.keyboard.press("j")
    assert page.evaluate(where) not in (None, first)
    page.keyboard.press("k")
    assert page.evaluate(where) == first
    page.keyboard.press("Enter")
    page.wait_for_url("**" + first)
    page.wait_for_load_state("networkidle")
    page.keyboard.press("e")
    assert page.evaluate("document.activeElement.name") == "comment"


def test_a_filter_is_kept_and_one_press_away(sign_in, service):
    page = sign_in("office")
    settled(page, service.url + "/todo?q=的")
    page.click("text=保存这个筛选")
    page.fill("#field-name", "常看的")
    page.click(".oa-saved button[type=submit]")
    page.wait_for_load_state("networkidle")
    settled(page, service.url + "/todo")
    page.click(".oa-saved a:has-text('常看的')")
    page.wait_for_load_state("networkidle")
    assert "q=" in page.url
    assert page.problems == []


def test_a_manager_moves_a_case_and_says_why(sign_in, service):
    page = sign_in("admin")
    settled(page, service.url + "/admin/workflows/documents.outgoing/waiting")
    page.click("[data-row] a >> nth=0")
    page.wait_for_load_state("networkidle")
    case = page.url
    page.click(".oa-manage a:has-text('跳转')")
    page.wait_for_load_state("networkidle")
    page.select_option("#field-target", label="签发")
    page.fill("[name=comment]", "领导出差，先报签发")
    page.click("main button:has-text('跳转')")
    page.wait_for_load_state("networkidle")
    settled(page, case.split("?")[0] + "?part=trail")
    expect(page.locator(".oa-trail")).to_contain_text("领导出差，先报签发")
    settled(page, case.split("?")[0] + "?part=flow")
    expect(page.locator(".oa-flow .is-current")).to_contain_text("签发")
    assert page.problems == []


def test_work_is_handed_over_to_somebody_picked_by_typing(sign_in, service):
    page = sign_in("admin")
    settled(page, service.url + "/admin/hand-over?from=head")
    page.locator("#field-to").press_sequentially("deputy", delay=30)
    page.locator("[role=option]").first.click()
    page.fill("[name=comment]", "调离")
    page.click("main button:has-text('移交')")
    page.wait_for_url("**to=deputy**")
    expect(page.locator("main")).to_contain_text("接办的")
    assert page.problems == []


def test_charts_are_drawn_and_follow_the_looks(sign_in, service):
    page = sign_in("admin", color_scheme="dark")
    settled(page, service.url + "/admin/workflows/documents.outgoing/statistics?period=all")
    expect(page.locator("[data-chart=bars] svg")).to_be_visible()
    expect(page.locator("[data-chart=lines] svg")).to_be_visible()
    assert page.locator("[data-chart=bars] svg text").count() > 4
    assert page.problems == []
