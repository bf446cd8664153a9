"""Two organisations, two services on loopback, and a wire between them that can be cut: HTTPS there, HTTP back."""

import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml

from oa_kernel.testing.authority import Authority

from ..client import Rest
from ..service import Service, copy_of, make_office, oa, rows, token

#: people of the second organisation, and a token for its clerk
_PEOPLE = """
import sys
from oa_kernel import identity, permissions, runtime
runtime.boot(sys.argv[1])
root = identity.department_tree()[0]
clerk = identity.create_person(username="clerk", name="王秋实", department=root, password="Yunling-2026")
identity.models.Person.update(completed=True, password_expired=False).execute()
for role in ("documents_office", "exchange_clerk"):
    permissions.grant(clerk, role)
keeper = identity.create_person(username="keeper", name="严守信", department=root, password="Yunling-2026")
identity.models.Person.update(completed=True, password_expired=False).execute()
permissions.grant(keeper, "exchange_security")
print(identity.create_token(clerk, title="test")[1])
"""


class Wire:
    """Stands before the second service. ``mode``: ``pass`` | ``lose`` (forwards, and loses the answer) | ``kill``."""

    def __init__(self, service, tls):
        self.service, self.mode, self.seen = service, "pass", threading.Event()
        wire = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                wire.carry(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def carry(self, handler):
        mode = self.mode
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        if mode == "kill":
            threading.Timer(0.05, self.service.kill).start()
        request = urllib.request.Request(self.service.url + handler.path, data=body, method="POST",
                                         headers={"Content-Type": "application/octet-stream"})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                status, data = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, data = error.code, error.read()
        except OSError:
            status, data = 502, b""
        self.seen.set()
        if mode == "lose":
            time.sleep(4)  # longer than the sender waits, or lives
            return
        try:
            handler.send_response(status)
            handler.send_header("Content-Length", str(len(data)))
            handler.end_headers()
            handler.wfile.write(data)
        except OSError:
            return


def settings_of(folder, **values):
    path = folder / "oa.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    config["plugins"]["exchange"] = {"enabled": True, **values}
    path.write_text(yaml.safe_dump(config, allow_unicode=True, sort_keys=False), encoding="utf-8")


def until(what, seconds=25):
    """Waits for something; what it was last is said where it never comes."""
    end = time.monotonic() + seconds
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < end, "it did not come to it"
        time.sleep(0.15)


class Pair:
    def __init__(self, ours, theirs, wire, office, clerk):
        self.ours, self.theirs, self.wire, self.office, self.clerk = ours, theirs, wire, office, clerk
        found = office.get("/documents/outgoing?limit=200").json["items"]
        self.documents = [d for d in found if d["state"] in ("signed", "dispatched") and not d["finished"]]

    def send(self, document):
        """Dispatches the document to the other organisation; the dispatch's id."""
        made = self.office.post(f"/documents/outgoing/{document['id']}/dispatches", {
            "recipients": [{"kind": "organisation", "name": "云岭市财政局", "channel": "exchange"}]})
        assert made.status == 201, str(made)
        return made.json["items"][0]["id"]

    def state(self, document, dispatch):
        items = self.office.get(f"/documents/outgoing/{document['id']}/dispatches").json["items"]
        return next(d for d in items if d["id"] == dispatch)

    def becomes(self, document, dispatch, state):
        return until(lambda: (d := self.state(document, dispatch))["state"] == state and d)

    def arrived(self, document):
        items = self.clerk.get("/documents/arrivals").json["items"]
        return [a for a in items if a["number"] == document["number"]]


@pytest.fixture(scope="module")
def pair(demo_template, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exchange")
    fast = {"allow_http_loopback": True, "retry_first": 1, "retry_longest": 2, "timeout": 3}
    authority = Authority(folder / "ca")
    first = copy_of(demo_template, folder / "first")
    second = make_office(folder / "second", "云岭市财政局")
    settings_of(first, **fast, ca_file=str(authority.file))
    settings_of(second, **fast)
    secret = subprocess.run([sys.executable, "-c", _PEOPLE, str(second / "oa.yaml")], check=True, capture_output=True, text=True)
    ours, theirs = Service(first), Service(second)
    wire = Wire(theirs, authority.context("localhost"))
    told = {}
    for side in (ours, theirs):
        done = oa("exchange", "export-certificate", str(side.folder / "card.json"), "--json", config=side.config,
                  OA_WEB_BASE_URL=side.url)
        told[side] = json.loads(done.stdout)["fingerprint"]
    for side, other, url in ((ours, theirs, wire.url), (theirs, ours, ours.url)):
        done = oa("exchange", "add-partner", str(other.folder / "card.json"), "--url", url, "--fingerprint", told[other], "--json",
                  config=side.config)
        assert json.loads(done.stdout)["state"] == "active"
    ours.start(), theirs.start()
    yield Pair(ours, theirs, wire, Rest(ours.url, token(ours.config, "office")), Rest(theirs.url, secret.stdout.strip()))
    ours.stop(), theirs.stop()
    wire.server.shutdown()


def test_there_and_back_through_whatever_happens(pair):
    # delivered, registered with its seal verified, the receipt comes back
    document, again = pair.documents[:2]
    dispatch = pair.send(document)
    (arrival,) = until(lambda: pair.arrived(document))
    assert arrival["sender"] == "云岭市人民政府办公室" and arrival["seal"]["ok"], arrival
    pair.becomes(document, dispatch, "delivered")
    registered = pair.clerk.post(f"/documents/arrivals/{arrival['id']}/register", {})
    assert registered.status == 201, str(registered)
    assert registered.json["seal"]["ok"] and registered.json["files"][0]["sm3"] == pair.office.get(
        f"/documents/outgoing/{document['id']}").json["sm3"]
    assert pair.becomes(document, dispatch, "signed_for")["signed_for_by"] == "王秋实"

    # refused with a reason
    dispatch = pair.send(again)
    (arrival,) = until(lambda: pair.arrived(again))
    assert pair.clerk.post(f"/documents/arrivals/{arrival['id']}/refuse", {"reason": "不属本单位职责"}).status == 200
    assert pair.becomes(again, dispatch, "refused")["note"] == "不属本单位职责"

    # recalled before it was registered
    dispatch = pair.send(again)
    pair.becomes(again, dispatch, "delivered")
    path = f"/documents/outgoing/{again['id']}/dispatches/{dispatch}/recall"
    assert pair.office.post(path, {"reason": "附件有误"}).status == 200
    pair.becomes(again, dispatch, "recalled")
    assert pair.arrived(again) == [], "it has left the desk"

    # the receiver is killed while it takes the package, and stays away for a while
    pair.wire.mode = "kill"
    pair.wire.seen.clear()
    dispatch = pair.send(again)
    until(pair.wire.seen.is_set)
    pair.wire.mode = "pass"
    assert pair.theirs.process.wait(10) != 0
    until(lambda: rows(pair.ours.folder, "SELECT failures FROM exchange_partner WHERE last_error <> ''"))
    assert pair.state(again, dispatch)["state"] == "sent"
    pair.theirs.start()
    pair.becomes(again, dispatch, "delivered")
    (arrival,) = pair.arrived(again)  # nothing lost, nothing doubled
    assert pair.clerk.post(f"/documents/arrivals/{arrival['id']}/refuse", {"reason": "重复"}).status == 200
    pair.becomes(again, dispatch, "refused")

    # the sender is killed when the other side has it and the answer is still on its way
    pair.wire.mode = "lose"
    pair.wire.seen.clear()
    dispatch = pair.send(again)
    until(pair.wire.seen.is_set)
    pair.ours.kill()
    pair.wire.mode = "pass"
    assert len(pair.arrived(again)) == 1
    pair.ours.start()
    number = rows(pair.ours.folder, "SELECT id FROM exchange_message WHERE state = 'queued' AND type = 'document'")[0][0]
    assert pair.office.post(f"/exchange/messages/{number}/resend").status in (200, 403)
    pair.becomes(again, dispatch, "delivered")
    assert len(pair.arrived(again)) == 1
    assert rows(pair.theirs.folder, "SELECT count(*) FROM exchange_message WHERE direction = 'in' AND type = 'document'") == [(5,)]


def person(browser, side, username):
    """A page signed in at one of the two."""
    page = browser.new_context(viewport={"width": 1366, "height": 900}, locale="zh-CN").new_page()
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
    again = pair.documents[1]
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
    until(lambda: office.goto(shown) and "已送达" in office.inner_text("#doc-side"))

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
