"""The organisation chart by keyboard and by picture, people picked by pinyin, a workbook brought in, with a real browser."""

import io

import pytest
from openpyxl import Workbook
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_where_one_is_stands_in_view_in_a_long_navigation(sign_in, service):
    page = sign_in("archivist", width=1366, height=500)
    page.goto(service.url + "/archives/statistics")
    here = page.locator(".oa-nav a.active").bounding_box()
    assert page.locator(".oa-nav").evaluate("nav => nav.scrollHeight > nav.clientHeight")
    assert here["y"] > 48 and here["y"] + here["height"] <= 500
    page.goto(service.url + "/")
    assert page.locator(".oa-nav").evaluate("nav => nav.scrollTop") == 0


def test_the_chart_is_walked_by_keyboard(sign_in, service):
    page = sign_in("drafter")
    page.goto(service.url + "/people/chart")
    items = page.locator("#org-tree [role=treeitem]")
    items.first.focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.getAttribute('aria-level')") == "2"
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.getAttribute('aria-level')") == "1"
    page.keyboard.press("ArrowLeft")
    assert items.first.get_attribute("aria-expanded") == "false"
    assert page.locator("#org-tree [role=treeitem]:visible").count() == 1
    assert page.locator(".oa-org-node").count() == 1
    page.keyboard.press("ArrowRight")
    assert page.locator(".oa-org-node").count() > 10
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.nextElementSibling") is None
    assert page.problems == []


def test_a_unit_is_found_opened_and_marked(sign_in, service):
    page = sign_in("drafter")
    page.goto(service.url + "/people/chart")
    page.click("[data-org=fold]")
    page.fill("#org-q", "机要")
    assert "1" in page.locator("#org-found").inner_text()
    assert page.locator(".oa-unit-hit").is_visible()
    assert page.locator(".oa-org-on").count() == 1
    before = page.locator("#org-picture svg").get_attribute("viewBox")
    page.click("[data-org=in]")
    assert page.locator("#org-picture svg").get_attribute("viewBox") != before


def test_on_a_phone_the_chart_is_a_list(sign_in, service):
    page = sign_in("drafter", width=360)
    page.goto(service.url + "/people/chart")
    assert not page.locator("#org-picture").is_visible() and page.locator("#org-tree").is_visible()


def test_somebody_is_picked_by_initials_and_moved(sign_in, service):
    page = sign_in("admin")
    page.goto(service.url + "/admin/people?q=officer")
    page.click("td.oa-title a")
    page.click("text=调动")
    for field, typed in (("新的部门", "档案处"), ("新的职务", "档案处")):
        box = page.get_by_role("combobox", name=field)
        box.click()
        box.fill(typed)
        page.locator("[role=option].active:visible").wait_for()
        box.press("Enter")
    page.click("button[value=preview]")
    page.locator("text=还没有改动").wait_for()
    page.click("button[value=do]")
    page.locator("text=已调动").first.wait_for()
    assert page.problems == []


def test_a_picker_keeps_what_nobody_has_for_the_service_to_judge(sign_in, service):
    page = sign_in("security")
    page.goto(service.url + "/admin/grants/new")
    box = page.get_by_role("combobox", name="人员")
    box.click()
    box.type("lxl")
    box.press("Enter")  # sooner than the answer: it is waited for, nobody of the list before is taken
    expect(page.locator("input[name=person]")).to_have_value("drafter")
    box.fill("nobody-at-all")
    assert page.locator("input[name=person]").evaluate("e => e.value") == "nobody-at-all"
    box.press("Escape")
    assert page.locator("#field-person-list").is_hidden()


def test_a_workbook_in_three_steps(sign_in, service):
    book = Workbook()
    book.active.append(["用户名", "姓名", "部门"])
    book.active.append(["brought.in", "导入者", "综合处"])
    data = io.BytesIO()
    book.save(data)
    page = sign_in("admin")
    page.goto(service.url + "/admin/imports/people")
    page.set_input_files("input[type=file]", {"name": "人员.xlsx", "mimeType": "", "buffer": data.getvalue()})
    page.click("main button[type=submit]")
    page.locator("text=1 行全部无误").wait_for()
    page.click("text=写入 1 行")
    page.locator("text=已写入 1 行").wait_for()
    with page.expect_download() as taken:
        page.click("text=下载一次性密码")
    assert taken.value.suggested_filename.endswith(".xlsx")
    assert page.problems == []
