"""Takes the pictures of the guides for clerk and archivist again: ``python docs/pictures.py [NAME …]``.

Makes a demo organisation in a temporary folder (a copy of ``OA_DEMO``, where that names one), serves it on a free port, walks it
as the person and writes ``docs/images/NAME.png``: 1280 px wide, with a palette of its own (ImageMagick's ``convert``). Needs Chromium
as the browser tests do. Look at every picture before committing it.
"""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

IMAGES = ROOT / "docs" / "images"
MOST = 80_000


def _upload(page: Any, *texts: tuple[str, str]) -> None:
    page.goto("/documents/incoming/new")
    page.set_input_files("[name=file]", [{"name": n, "mimeType": "text/plain", "buffer": t.encode()} for n, t in texts])
    page.click("button:has-text('上传并核对')")
    page.wait_for_load_state("networkidle")


def _desk(page: Any) -> None:
    page.goto("/documents/incoming/new")


def _confirm(page: Any) -> None:
    from tests.texts import INCOMING

    _upload(page, ("来文.txt", INCOMING))


def _duplicate(page: Any) -> None:
    from tests.texts import INCOMING

    _confirm(page)
    page.click("button:has-text('登记')")
    page.wait_for_load_state("networkidle")
    _upload(page, ("又一份.txt", INCOMING + "（抄送件）"))


def _row(title: str, start: str = "/documents/incoming") -> Callable[[Any], None]:
    """The page that a list's row leads to."""

    def follow(page: Any) -> None:
        page.goto(start)
        page.click(f"main a:has-text('{title}')")

    return follow


def _instruct(page: Any) -> None:
    _row("年度考核工作", "/todo")(page)
    page.click("a.btn-primary:has-text('办理')")


def _transfer(page: Any) -> None:
    """A list of this year's records is made; its page is shown."""
    page.goto("/archives/transfers")
    for field in ("first_year", "last_year"):
        page.fill(f"[name={field}]", str(dt.date.today().year))
    page.click("button:has-text('编制')")


def _address(path: str) -> Callable[[Any], None]:
    return lambda page: page.goto(path)


#: name → who, what is opened, the height that is shown
PICTURES: dict[str, tuple[str, Callable[[Any], None], int]] = {
    "incoming-desk": ("office", _desk, 620),
    "incoming-confirm": ("office", _confirm, 900),
    "incoming-duplicate": ("office", _duplicate, 900),
    "incoming-route": ("office", _row("预算执行情况审计"), 1060),
    "incoming-register": ("office", _address("/documents/incoming"), 760),
    "incoming-instruct": ("leader", _instruct, 900),
    "supervision-board": ("leader", _address("/supervision"), 760),
    "internal-reports": ("office", _address("/documents/internal"), 620),
    "archives-pending": ("archivist", _address("/archives/pending"), 760),
    "archives-search": ("archivist", _address("/archives?q=通知"), 820),
    "archives-item": ("archivist", _address("/archives/1"), 900),
    "archives-borrowings": ("archivist", _address("/archives/borrowings/register"), 620),
    "archives-appraisals": ("archivist", _row("年期档案鉴定", "/archives/appraisals"), 760),
    "archives-transfers": ("archivist", _transfer, 760),
}


def take(browser: Any, url: str, name: str) -> None:
    """One picture."""
    from oa_kernel.demo import PASSWORD

    username, walk, height = PICTURES[name]
    context = browser.new_context(base_url=url, viewport={"width": 1280, "height": height}, locale="zh-CN")
    context.set_default_timeout(20_000)
    try:
        page = context.new_page()
        page.goto("/")
        page.fill("input[name=username]", username)
        page.fill("input[name=password]", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_load_state("networkidle")
        walk(page)
        page.wait_for_load_state("networkidle")
        target = IMAGES / f"{name}.png"
        page.screenshot(path=target)
    finally:
        context.close()
    for colours in (64, 32, 16):
        subprocess.run(["convert", target, "-strip", "+dither", "-colors", str(colours), f"PNG8:{target}"], check=True)
        if target.stat().st_size < MOST:
            break
    print(f"{name}: {target.stat().st_size // 1000} KB")


def main(names: list[str]) -> int:
    """Takes those, or all; 1 when one could not be taken."""
    from playwright.sync_api import Error, sync_playwright

    from tests.conftest import CHROMIUM_FLAGS, chromium
    from tests.service import Service, copy_of, make_demo

    failed = 0
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        demo, ready = Path(folder) / "demo", os.environ.get("OA_DEMO")
        service = Service(copy_of(Path(ready), demo) if ready else make_demo(demo)).start()
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        try:
            for name in names or PICTURES:
                try:
                    take(browser, service.url, name)
                except Error as error:
                    failed += 1
                    print(f"{name}: {error.message.splitlines()[0]}", file=sys.stderr)
        finally:
            browser.close()
            service.stop()
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
