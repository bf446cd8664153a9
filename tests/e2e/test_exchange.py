"""Two organisations, each with ``oa serve`` by HTTPS under an authority of its own: a document goes there, its receipt back.

Every test takes a document that is nowhere, and can be run alone.
"""

import http.client
import json
import urllib.request

import pytest

from ..service import oa, rows
from .pair import OURS, Pair, settings_of, until


@pytest.fixture(scope="module")
def pair(demo_template, tmp_path_factory):
    made = Pair(demo_template, tmp_path_factory.mktemp("exchange"))
    yield made
    made.close()


def test_a_document_and_its_receipt_go_by_https_both_ways(pair):
    for side in (pair.ours, pair.theirs):
        with pytest.raises((OSError, http.client.HTTPException)):
            urllib.request.urlopen(side.url.replace("https:", "http:") + "/healthz", timeout=5)
        assert rows(side.folder, "SELECT url FROM exchange_partner WHERE url <> ''")[0][0].startswith("https://localhost:")
        assert "allow_http_loopback: false" in side.config.read_text(encoding="utf-8")
    document = pair.document()
    dispatch = pair.send(document)
    (arrival,) = until(lambda: pair.arrived(document))
    assert arrival["sender"] == OURS and arrival["seal"]["ok"], arrival
    pair.becomes(document, dispatch, "delivered")
    registered = pair.register(arrival)
    assert registered["seal"]["ok"] and registered["files"][0]["sm3"] == pair.office.get(
        f"/documents/outgoing/{document['id']}").json["sm3"]
    assert pair.becomes(document, dispatch, "signed_for")["signed_for_by"] == "王秋实"
    assert pair.taken(dispatch) == 1


def test_it_is_refused_with_a_reason(pair):
    document = pair.document()
    dispatch = pair.send(document)
    (arrival,) = until(lambda: pair.arrived(document))
    pair.refuse(arrival, "不属本单位职责")
    assert pair.becomes(document, dispatch, "refused")["note"] == "不属本单位职责"
    pair.give_back(document)


def test_it_is_recalled_before_it_was_registered(pair):
    document = pair.document()
    dispatch = pair.send(document)
    pair.becomes(document, dispatch, "delivered")
    path = f"/documents/outgoing/{document['id']}/dispatches/{dispatch}/recall"
    assert pair.office.post(path, {"reason": "附件有误"}).status == 200
    pair.becomes(document, dispatch, "recalled")
    assert pair.arrived(document) == [], "it has left the desk"
    pair.give_back(document)


@pytest.fixture
def told(pair):
    """Whatever a test did to what they trust, they trust each other afterwards."""
    yield
    believe(pair.ours, pair.theirs_authority)
    believe(pair.theirs, pair.ours_authority)


def test_each_side_believes_only_the_authority_it_was_told(pair, told):
    """Its own authority is not the other's: nothing goes, the reason stands with the partner; put right, it goes."""
    document = pair.document()
    believe(pair.ours, pair.ours_authority)
    dispatch = pair.send(document)
    until(lambda: "不是由信任的机构签发" in last_error(pair.ours))
    assert pair.state(document, dispatch)["state"] == "sent" and pair.arrived(document) == []
    believe(pair.ours, pair.theirs_authority)
    pair.becomes(document, dispatch, "delivered")

    believe(pair.theirs, pair.theirs_authority)
    (arrival,) = pair.arrived(document)
    pair.register(arrival)
    until(lambda: "不是由信任的机构签发" in last_error(pair.theirs))
    assert pair.state(document, dispatch)["state"] == "delivered", "the receipt has not come"
    believe(pair.theirs, pair.ours_authority)
    assert pair.becomes(document, dispatch, "signed_for")["signed_for_by"] == "王秋实"


def believe(side, authority):
    """The side starts again where it must, and trusts this authority alone."""
    if f"ca_file: {authority.file}" in side.config.read_text(encoding="utf-8"):
        return
    side.stop()
    settings_of(side.folder, ca_file=str(authority.file))
    side.start()


def last_error(side):
    return rows(side.folder, "SELECT last_error FROM exchange_partner WHERE url <> ''")[0][0]


def person(browser, side, username):
    """A page signed in at one of the two."""
    page = browser.new_context(viewport={"width": 1366, "height": 900}, locale="zh-CN", ignore_https_errors=True).new_page()
    page.set_default_timeout(20_000)
    page.problems = []
    page.on("pageerror", lambda e: page.problems.append(f"script: {e}"))
    page.goto(side.url + "/sign-in")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", "Yunling-2026")
    page.click("button[type=submit]")
    page.wait_for_load_state("networkidle")
    return page


@pytest.mark.browser
def test_by_clicks_a_new_certificate_is_heard_and_a_document_goes_there_and_back(pair, browser):
    ours, theirs = pair.ours, pair.theirs
    again = pair.document()
    pair.send(again)
    until(lambda: pair.arrived(again))
    keeper, clerk = person(browser, theirs, "keeper"), person(browser, theirs, "clerk")
    people = json.loads(oa("user", "list", "--json", config=ours.config).stdout)
    trusted = next(p["username"] for p in people if "exchange_security" in p["roles"])
    security, office = person(browser, ours, trusted), person(browser, ours, "office")

    # the other organisation renews its certificate; ours fetches it and hears its fingerprint
    keeper.goto(theirs.url + "/exchange/partners")
    keeper.on("dialog", lambda d: d.accept())
    before = keeper.inner_text("#own-fingerprint")
    keeper.click("button:has-text('更换证书')")
    if keeper.locator("dialog[open] button.btn-primary, dialog[open] button.btn-danger").count():
        keeper.locator("dialog[open] button.btn-primary, dialog[open] button.btn-danger").first.click()
    keeper.wait_for_function("before => document.querySelector('#own-fingerprint')?.innerText !== before", arg=before)
    spoken = keeper.inner_text("#own-fingerprint").replace(" ", "").replace("\n", "")
    security.goto(ours.url + "/exchange/partners")
    security.fill("[name=fetch]", theirs.url)
    security.click("form[action='/exchange/partners'] button[type=submit]")
    security.wait_for_selector("[name=heard]")
    security.fill("[name=heard]", "0" * 16)
    security.click("form[action$='/confirm'] button")
    security.wait_for_selector(".oa-errors")
    assert "不一致就不要确认" in security.inner_text(".oa-errors")
    security.fill("[name=heard]", spoken[-16:])
    security.click("form[action$='/confirm'] button")
    security.wait_for_selector("text=已与云岭市财政局建立互信")

    # what still waits there is refused; ours sees why and sends it once more
    clerk.goto(theirs.url + "/documents/incoming/new")
    clerk.click(f"a:has-text('{again['title']}')")
    clerk.fill("form[action$='/refuse'] [name=reason]", "附件打不开")
    clerk.click("form[action$='/refuse'] button")
    clerk.wait_for_selector("text=已退文")
    shown = f"{ours.url}/documents/{again['id']}?tab=dispatch"
    until(lambda: office.goto(shown) and "附件打不开" in office.inner_text("#doc-side"))
    office.locator("summary:has-text('再分发')").click()
    choice = office.locator(".doc-pick", has_text="云岭市财政局")
    choice.locator("input").check()
    choice.locator("select").select_option(label="电子交换")
    office.click("#doc-side button.btn-primary:has-text('分发')")
    theirs_row = office.locator(".doc-dispatches li", has_text="云岭市财政局")
    until(lambda: office.goto(shown) and any("已送达" in row for row in theirs_row.all_inner_texts()))

    # it is registered there, and the receipt is here
    clerk.goto(theirs.url + "/documents/incoming/new")
    clerk.click(f"a:has-text('{again['title']}')")
    assert "签章有效" in clerk.inner_text("main")
    assert clerk.input_value("[name=number]") == again["number"]
    clerk.click("form button:has-text('登记')")
    clerk.wait_for_selector("text=回执将发给来文单位")
    until(lambda: office.goto(shown) and "王秋实" in office.inner_text("#doc-side"))
    office.goto(ours.url + "/exchange/messages")
    assert "签收回执" in office.inner_text("main")
    assert [p.problems for p in (keeper, clerk, security, office)] == [[], [], [], []]
