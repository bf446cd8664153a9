"""Every page at a phone's and a desk's width: axe finds nothing, nothing sticks out, no script fails."""

import pytest

pytestmark = pytest.mark.browser

#: who looks at what
PAGES = {
    "head": ["/", "/?arrange=1", "/todo", "/todo?state=done", "/notifications", "/notifications?show=all", "/search?q=lin",
             "/people", "/people?q=lxl", "/people/5", "/people/chart", "/people/departments/3?on=all", "/cases",
             "/cases/start", "/profile", "/profile/phrases", "/profile/preferences", "/api/"],
    "drafter": ["/documents/mine", "/documents/new", "/documents/reviewing", "/documents/register",
                "/documents/internal", "/documents/internal/new"],
    "office": ["/documents/register", "/documents/numbers", "/documents/organisations", "/documents/seals", "/documents/waiting",
               "/documents/incoming", "/documents/incoming/new", "/documents/incoming/3", "/documents/incoming/8",
               "/documents/arrivals/1", "/exchange/messages",
               "/ledgers", "/ledgers/seal_uses", "/ledgers/seal_uses?q=安全生产&seal=单位公章",
               "/ledgers/seal_uses/200", "/ledgers/seal_uses/17",
               "/ledgers/seal_uses/new", "/ledgers/seal_uses/199/edit"],
    "archivist": ["/archives", "/archives?q=通知", "/archives/1", "/archives/pending", "/archives/pending?state=declined",
                  "/archives/borrowings/register", "/archives/access", "/archives/statistics", "/archives/appraisals",
                  "/archives/appraisals/1", "/archives/transfers", "/archives/handovers", "/archives/intakes", "/archives/boxes"],
    "admin": ["/admin/workflows", "/admin/workflows/new", "/admin/workflows/demo.purchase", "/admin/workflows/demo.purchase/edit",
              "/admin/workflows/demo.purchase/edit?step=head", "/admin/workflows/demo.purchase/edit?tab=fields",
              "/admin/workflows/demo.purchase/edit?tab=rights", "/admin/workflows/demo.purchase/edit?tab=yaml",
              "/admin/workflows/demo.purchase/edit?tab=trial", "/admin/workflows/demo.purchase/edit?tab=head",
              "/admin/people", "/admin/people/new", "/admin/people/5", "/admin/people/5/move",
              "/admin/departments", "/admin/departments/3",
              "/admin/imports", "/admin/imports/organisation", "/admin/plugins", "/admin/plugins/documents",
              "/admin/plugins/documents/purge", "/admin/health",
              "/admin/dead-letters", "/workflow-statistics", "/admin/workflows/documents.outgoing/statistics?period=all",
              "/admin/workflows/documents.outgoing/waiting", "/admin/workflow-services", "/admin/hand-over",
              "/admin/hand-over?from=head", "/cases/1?part=flow", "/cases/1/manage/reopen"],
    "security": ["/admin/roles", "/admin/grants", "/admin/grants/new", "/admin/grants/1", "/admin/security", "/admin/approvals",
                 "/access-requests", "/admin/review", "/admin/review/unheld", "/admin/sign-ins"],
    "d11p3": ["/exchange/partners", "/exchange/partners/1"],  # who manages the trust of the exchange
    "auditor": ["/admin/audit", "/admin/audit/sign-ins", "/admin/audit/review"],
}
WIDTHS = (360, 1366)
#: rules that judge a site, not a page
OPTIONS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}


def faults(page):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [f"{v['id']}: {v['help']} {[n['html'][:120] for n in v['nodes'][:3]]}" for v in found]


def blank_icons(page):
    """Icons the page asks for that the sprite does not have: they are drawn as nothing."""
    return page.evaluate("""async () => {
        const asked = [...new Set([...document.querySelectorAll("svg.icon use")].map((u) => u.getAttribute("href")))];
        const sprites = {}, blank = [];
        for (const one of asked) {
            const [file, name] = one.split("#");
            sprites[file] ??= await (await fetch(file)).text();
            if (!sprites[file].includes(`id="${name}"`)) blank.push(name);
        }
        return blank;
    }""")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("username", PAGES)
def test_pages(sign_in, service, username, width):
    page = sign_in(username, width=width)
    wrong = {}
    for path in PAGES[username]:
        answer = page.goto(service.url + path)
        page.wait_for_load_state("networkidle")
        found = faults(page)
        if answer.status != 200:
            found.append(f"answered {answer.status}")
        sticking = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if sticking > 1:
            found.append(f"{sticking} px stick out to the right")
        if blank := blank_icons(page):
            found.append(f"icons that are not in the sprite: {blank}")
        if found:
            wrong[path] = found
    assert wrong == {}
    assert page.problems == []


@pytest.mark.parametrize("username", PAGES)
def test_every_way_of_the_navigation_may_be_gone(sign_in, service, username):
    page = sign_in(username, width=360)
    page.goto(service.url + "/")
    ways = page.eval_on_selector_all("nav a[href^='/']", "found => [...new Set(found.map((a) => a.getAttribute('href')))]")
    assert len(ways) > 4
    assert {way: status for way in ways if (status := page.request.get(service.url + way).status) != 200} == {}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_signing_in_and_out(browser, service, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 800}, locale="zh-CN", color_scheme=scheme)
    page = context.new_page()
    page.goto(service.url + "/sign-in")
    assert faults(page) == []
    page.fill("input[name=username]", "nobody")
    page.fill("input[name=password]", "wrong-Password-1")
    page.click("main button[type=submit]")
    assert page.locator("[role=alert]").inner_text()
    assert faults(page) == []
    context.close()


def test_the_keyboard_reaches_what_matters(sign_in, service):
    page = sign_in("head")
    page.goto(service.url + "/todo")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "oa-skip"
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.closest('[data-row]') !== null")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "oa-q"


def test_a_lost_session_keeps_what_was_typed(sign_in, service):
    from oa_kernel.demo import PASSWORD

    page = sign_in("head")
    page.goto(service.url + "/profile")
    field = page.locator("main form[method=post] input[name=phone]")
    field.fill("8888")
    page.context.clear_cookies()
    field.press("Enter")
    page.wait_for_load_state("networkidle")
    page.goto(service.url + "/sign-in?next=/profile")
    page.fill("input[name=username]", "head")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_load_state("networkidle")
    assert page.locator("main form[method=post] input[name=phone]").input_value() == "8888"
