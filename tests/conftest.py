"""Fixtures of the tests that span packages: a demo organisation, a running service, a real browser."""

import os
import shutil

import pytest

from .service import Service, copy_of, make_demo

CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]


@pytest.fixture(scope="session")
def demo_template(tmp_path_factory):
    """The demo organisation as ``oa demo`` makes it, once a process."""
    return make_demo(tmp_path_factory.mktemp("demo") / "demo")


@pytest.fixture
def demo(demo_template, tmp_path):
    """A copy of it for one test (not served)."""
    return copy_of(demo_template, tmp_path / "demo")


@pytest.fixture(scope="module")
def service(demo_template, tmp_path_factory):
    """``oa serve`` of a copy, shared by a module's tests."""
    running = Service(copy_of(demo_template, tmp_path_factory.mktemp("service") / "demo")).start()
    yield running
    running.stop()


def chromium():
    """Path of the browser; without one the test is skipped, or fails where it is required."""
    path = os.environ.get("OA_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        reason = "no Chromium on this machine (apt-get install chromium)"
        if os.environ.get("OA_REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium, driven by Playwright."""
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def sign_in(browser, service):
    """``sign_in("drafter")`` → a page signed in as that person, in a window of its own."""
    from oa_kernel.demo import PASSWORD

    contexts = []

    def make(username, width=1366, height=900, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.problems = []
        page.on("pageerror", lambda e: page.problems.append(f"script: {e}"))
        page.on("console", lambda m: m.type == "error" and page.problems.append(f"console: {m.text} {m.location.get('url')}"))
        page.goto(service.url + "/")
        page.fill("input[name=username]", username)
        page.fill("input[name=password]", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_load_state("networkidle")
        return page

    yield make
    for context in contexts:
        context.close()
