"""A workflow drawn from nothing in the browser, published, and run by five people: countersigned, a signer added, sent
back and straight on again. What an administrator and clerks would do with mouse and keyboard, nothing by REST."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

NAME = "office.outing"


def settled(page, url):
    page.goto(url)
    page.wait_for_load_state("networkidle")


def saved(page, nth=None):
    """Waits until everything is kept and the drawing has followed."""
    expect(page.locator("[data-wf-status]")).to_contain_text("已自动保存" if nth is None else f"第 {nth} 稿")


def begun(page, service, name=NAME, title="外出考察审批"):
    settled(page, service.url + "/admin/workflows")
    page.click("a:has-text('新建流程')")
    page.fill("[name=title]", title)
    page.fill("[name=name]", name)
    page.click("button:has-text('建立草稿')")
    page.wait_for_url("**/edit")
    page.wait_for_load_state("networkidle")


def box(page, title):
    """A step in the drawing, by its title."""
    return page.locator(".lf-node", has_text=title)


def chosen(page, title):
    box(page, title).click()
    expect(page.locator("#wf-title")).to_have_value(title)


def added(page, title):
    """A step by the palette, after the one that is chosen; its form is open then."""
    page.click(".wf-palette button[data-wf-kind=task]")
    expect(page.locator("#wf-title")).to_have_value("办理")
    set_to(page, "#wf-title", title)
    expect(box(page, title)).to_be_visible()


def set_to(page, field, value):
    """A field of the form on the right; kept when it is left."""
    before = page.locator("[data-wf-form] input[name=version]").first.input_value()
    page.fill(field, value)
    page.locator(field).press("Tab")
    changed(page, before)


def choose(page, field, value):
    before = page.locator("[data-wf-form] input[name=version]").first.input_value()
    page.select_option(field, value)
    changed(page, before)


def changed(page, before):
    expect(page.locator("[data-wf-form] input[name=version]").first).not_to_have_value(before)


def drawn_line(page, a, b):
    """Drags from the dot at the bottom of one step to another."""
    box(page, a).hover()
    dots = page.locator(".lf-node", has_text=a).locator(".lf-node-anchor-hover, .lf-node-anchor")
    dots.first.wait_for(state="attached")
    below = max((d.bounding_box() for d in dots.all()), key=lambda r: r["y"])
    page.mouse.move(below["x"] + below["width"] / 2, below["y"] + below["height"] / 2)
    page.mouse.down()
    target = box(page, b).bounding_box()
    page.mouse.move(target["x"] + target["width"] / 2, target["y"] + 30, steps=8)
    page.mouse.move(target["x"] + target["width"] / 2, target["y"] + 26, steps=3)
    page.mouse.up()


def act(page, service, case, action, comment="", **more):
    """One's own step of a case, on its page."""
    settled(page, f"{service.url}{case}")
    page.fill("#field-comment", comment)
    button = page.locator(f"button[form=case-form][value={action}]")
    if not button.is_visible():
        page.click("summary:has-text('更多')")
    for name, value in more.items():
        if name == "to":  # chosen by typing
            page.fill("#field-to", value)
            page.locator("[role=option]", has_text=value).or_(page.locator("[role=option]").first).first.click()
            continue
        field = page.locator(f"[name={name}]")
        field.select_option(value) if field.evaluate("e => e.tagName") == "SELECT" else field.fill(value)
    button.click()
    page.wait_for_load_state("networkidle")


def can(page, service, case):
    settled(page, f"{service.url}{case}")
    return page.locator("button[form=case-form][value=approve]").count() == 1


def test_drawn_published_and_run_to_the_end(service, sign_in):
    admin = sign_in("admin")
    begun(admin, service)

    # the first step is there; a head's review, a countersigning of two, the leader
    chosen(admin, "拟稿")
    added(admin, "处长审核")
    added(admin, "两家会签")
    choose(admin, "[name='people.kind']", "users")
    set_to(admin, "[name='people.users']", "office，deputy")
    choose(admin, "[name='mode.kind']", "all")
    added(admin, "领导批准")
    choose(admin, "[name='people.kind']", "users")
    set_to(admin, "[name='people.users']", "leader")
    set_to(admin, "[name=due]", "2 working days")

    # small sums go from the head to the end: drawn with the mouse, its condition typed beside
    admin.click(".oa-tabs a:has-text('表单')")
    admin.fill("[name='field.label']", "预算")
    admin.fill("[name='field.name']", "budget")
    admin.select_option("[name='field.type']", "number")
    admin.click("button:has-text('添加字段')")
    admin.wait_for_selector("summary:has-text('预算')")
    drawn_line(admin, "处长审核", "结束")
    expect(admin.locator("[name='way.to']").first).to_have_value("end")
    admin.fill("[name='way.when'] >> nth=0", "budget < 1000")
    admin.locator("[name='way.when'] >> nth=0").press("Tab")
    expect(admin.locator("[data-wf-problems]")).to_contain_text("没有问题")
    admin.click(".oa-tabs a:has-text('YAML')")
    text = admin.locator("#wf-text")
    expect(text).to_have_value(re.compile(r"when: budget < 1000"))

    # a comment typed in the YAML is still there after the next change in the drawing
    text.fill(text.input_value().replace("title: 两家会签", "title: 两家会签   # 办公室与分管领导"))
    chosen(admin, "两家会签")
    set_to(admin, "[name=due]", "4 hours")
    admin.click(".oa-tabs a:has-text('YAML')")
    expect(admin.locator("#wf-text")).to_have_value(re.compile("# 办公室与分管领导"))

    # tried before it is published
    admin.click(".oa-tabs a:has-text('试走')")
    admin.fill("#wf-drafter", "drafter")
    admin.fill("[name='value:budget']", "5000")
    admin.click("button:has-text('试走')")
    expect(admin.locator(".wf-trial > li")).to_have_count(4)
    expect(admin.locator(".wf-trial")).to_contain_text("不成立（budget = 5000）")

    admin.click("[data-wf-publish]")
    admin.wait_for_url("**/publish")
    admin.click("main form button:has-text('发布')")
    admin.wait_for_load_state("networkidle")
    assert "第 1 版" in admin.inner_text("#main")

    # run: sent back by the leader and straight on to the leader; a signer added beside the countersigning
    drafter = sign_in("drafter")
    settled(drafter, f"{service.url}/cases/start/{NAME}")
    drafter.fill("[name=title]", "赴外地考察档案工作")
    drafter.fill("[name=budget]", "5000")
    drafter.click("main button[type=submit]:has-text('发起')")
    drafter.wait_for_url("**/cases/*")
    case = drafter.url.removeprefix(service.url)
    head, office, deputy, officer, leader = map(sign_in, ("head", "office", "deputy", "officer", "leader"))
    act(head, service, case, "approve", "同意")
    assert can(office, service, case) and can(deputy, service, case), "both countersign at once"
    act(office, service, case, "add_sign", "请业务处也看一下", to="officer")
    act(officer, service, case, "approve", "业务处无意见")
    if can(office, service, case):
        act(office, service, case, "approve", "同意")
    assert leader.request.get(service.url + case).status == 404, "one of the two has not answered: it is not the leader's yet"
    act(deputy, service, case, "approve", "同意")
    act(leader, service, case, "return", "请补充预算说明", target="draft", resume="direct")
    act(drafter, service, case, "approve", "已补充")
    assert not can(head, service, case), "straight back: not by the head again"
    act(leader, service, case, "approve", "批准")
    settled(drafter, f"{service.url}{case}")
    assert "已办结" in drafter.inner_text("#main")
    for page in (admin, drafter, head, office, deputy, officer, leader):
        assert page.problems == []


def test_drawn_without_a_mouse_on_a_phone(service, sign_in):
    admin = sign_in("admin", width=360, height=740)
    begun(admin, service, "office.phone", "手机上画的")
    assert not admin.locator("[data-wf-canvas]").is_visible()
    admin.fill("#wf-new-title", "处长审核")
    admin.locator("#wf-new-title").press("Enter")
    expect(admin.locator("#wf-title")).to_have_value("处长审核")
    assert admin.evaluate("document.activeElement.id") == "wf-title"
    admin.click("a:has-text('全部环节')")
    expect(admin.locator(".wf-steps li")).to_have_count(2)
    expect(admin.locator("[data-wf-problems]")).to_contain_text("没有问题")
    assert admin.problems == []


def test_nothing_drawn_is_lost_while_the_service_is_away_or_somebody_was_faster(service, sign_in):
    one = sign_in("admin")
    begun(one, service, "office.two", "两个人改的")
    chosen(one, "拟稿")
    one.context.set_offline(True)
    one.fill("#wf-title", "断网时写的标题")
    one.locator("#wf-title").press("Tab")
    expect(one.locator("[data-wf-status]")).to_contain_text("连不上系统")
    one.context.set_offline(False)
    saved(one)
    expect(box(one, "断网时写的标题")).to_be_visible()

    other = one.context.new_page()
    settled(other, f"{service.url}/admin/workflows/office.two/edit?step=draft")
    set_to(other, "#wf-title", "另一窗口改的")
    one.fill("#wf-title", "这一窗口改的")
    one.locator("#wf-title").press("Tab")
    expect(one.locator("[data-wf-conflict]")).to_be_visible()
    assert one.input_value("#wf-title") == "这一窗口改的"
    one.click("[data-wf-mine]")
    expect(box(one, "这一窗口改的")).to_be_visible()
