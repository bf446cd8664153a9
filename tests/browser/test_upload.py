"""A large file going up in a real browser: how far it is, a way to stop, no way for what is over the limit; and without script."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import expect

from ..service import rows
from .test_following import settled

pytestmark = pytest.mark.browser

INTAKES = "/archives/intakes"
LARGE = os.urandom(8 * 2**20)


def kept(service):
    return rows(service.folder, "SELECT count(*) FROM files_file")


@pytest.fixture
def slow(sign_in, service):
    """The page of taking over, on a phone whose network takes 1 MB a second."""
    page = sign_in("archivist", width=360, height=740)
    settled(page, service.url + INTAKES)
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions",
                 {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 2**20})
    return page


def chosen(page, name="2025.tar", content=LARGE):
    page.set_input_files("[name=file]", {"name": name, "mimeType": "application/x-tar", "buffer": content})


def test_it_tells_how_far_it_is_and_can_be_stopped(slow, service):
    before = kept(service)
    assert slow.locator("[name=file]").bounding_box()["y"] < 740, "on a phone the form comes before the list"
    chosen(slow)
    slow.click("text=上传并导入")
    told = slow.locator(".oa-upload")
    expect(told.locator("p span")).to_contain_text("/ 8.0 MB")
    expect(told.locator("progress")).to_have_attribute("aria-label", "上传进度")
    slow.click("text=取消上传")
    expect(slow.locator("#oa-flash")).to_contain_text("已取消上传，什么也没有保存")
    expect(told).to_have_count(0)
    expect(slow.locator("text=上传并导入")).to_be_enabled()
    assert kept(service) == before and "2025.tar" not in slow.content()


def test_what_is_over_the_limit_is_not_sent(slow, service):
    sent = []
    slow.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    slow.evaluate("document.querySelector('[name=file]').dataset.most = 4 * 2 ** 20")
    chosen(slow)
    slow.click("text=上传并导入")
    expect(slow.locator("#oa-flash")).to_contain_text("“2025.tar”有 8.0 MB，超过上限 4.0 MB，没有上传")
    assert sent == [] and slow.evaluate("document.activeElement.name") == "file"
    assert slow.get_attribute("meta[name=oa-upload-most]", "content") == str(2 * 2**30)


@pytest.mark.parametrize("script", [True, False])
def test_it_arrives_with_script_and_without(browser, sign_in, service, script):
    page = sign_in("archivist")
    state = page.context.storage_state()
    context = browser.new_context(storage_state=state, java_script_enabled=script)
    page = context.new_page()
    page.goto(service.url + INTAKES)
    name = f"年度-{script}.zip"
    chosen(page, name, b"PK\x05\x06" + bytes(18))
    page.check("[name=check_only]")
    page.click("text=上传并导入")
    page.wait_for_load_state()
    expect(page.locator("main")).to_contain_text("已开始导入")
    expect(page.locator("#intakes")).to_contain_text(name)
    context.close()
