"""Two organisations on loopback, each served by HTTPS under an authority of its own, each trusting the other's."""

import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import yaml

from oa_kernel.testing.authority import Authority

from ..client import Rest
from ..service import Service, copy_of, make_office, oa, rows, token

OURS, THEIRS = "云岭市人民政府办公室", "云岭市财政局"
#: people of the second organisation, and a token for its clerk
_PEOPLE = """
import sys
from oa_kernel import identity, permissions, runtime
runtime.boot(sys.argv[1])
root = identity.department_tree()[0]
clerk = identity.create_person(username="clerk", name="王秋实", department=root, password="Yunling-2026")
for role in ("documents_office", "exchange_clerk"):
    permissions.grant(clerk, role)
keeper = identity.create_person(username="keeper", name="严守信", department=root, password="Yunling-2026")
permissions.grant(keeper, "exchange_security")
identity.models.Person.update(completed=True, password_expired=False).execute()
print(identity.create_token(clerk, title="test")[1])
"""
#: no way but HTTPS; the demo allows HTTP to this machine
_FAST = {"retry_first": 1, "retry_longest": 2, "timeout": 3, "allow_http_loopback": False}


class Wire:
    """Stands before the second service, HTTPS on both sides of it.

    ``mode``: ``pass`` | ``lose`` (forwards, and loses the answer) | ``kill`` (the service, while it takes the package).
    """

    def __init__(self, service, authority):
        self.service, self.mode, self.seen = service, "pass", threading.Event()
        wire = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                wire.carry(self)

            def log_message(self, *_):
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = authority.context("localhost").wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def turn(self, mode):
        """From now on so; ``seen`` is set by the next package."""
        self.seen.clear()
        self.mode = mode

    def carry(self, handler):
        mode = self.mode
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        if mode == "kill":
            threading.Timer(0.05, self.service.kill).start()
        request = urllib.request.Request(self.service.url + handler.path, data=body, method="POST",
                                         headers={"Content-Type": "application/octet-stream"})
        try:
            with urllib.request.urlopen(request, timeout=20, context=self.service.context) as answer:
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
    """Adds to the exchange's settings of an installation; they count from its next start."""
    path = folder / "oa.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    config["plugins"]["exchange"] = {**(config["plugins"].get("exchange") or {}), "enabled": True, **values}
    path.write_text(yaml.safe_dump(config, allow_unicode=True, sort_keys=False), encoding="utf-8")


def until(what, seconds=40):
    """Waits for something; what it was last is said where it never comes."""
    end = time.monotonic() + seconds
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < end, f"it did not come to it: {found!r}"
        time.sleep(0.15)


class Pair:
    """The two of them: ``ours`` dispatches (``office``), ``theirs`` takes (``clerk``). Close it at the end."""

    def __init__(self, demo, folder, *, wire=False, start=True):
        ours = self.ours_authority = Authority(folder / "ca-ours", "Authority of ours")
        theirs = self.theirs_authority = Authority(folder / "ca-theirs", "Authority of theirs")
        first, second = copy_of(demo, folder / "first"), make_office(folder / "second", THEIRS)
        settings_of(first, **_FAST, ca_file=str(theirs.file))
        settings_of(second, **_FAST, ca_file=str(ours.file))
        secret = subprocess.run([sys.executable, "-c", _PEOPLE, str(second / "oa.yaml")], check=True, capture_output=True, text=True)
        self.ours, self.theirs = Service(first, authority=ours), Service(second, authority=theirs)
        self.wire = Wire(self.theirs, theirs) if wire else None
        self.office = Rest(self.ours.url, token(first / "oa.yaml", "office"), self.ours.context)
        self.clerk = Rest(self.theirs.url, secret.stdout.strip(), self.theirs.context)
        self._trust()
        if start:
            self.start()

    def start(self):
        self.ours.start(), self.theirs.start()
        for side in (self.ours, self.theirs):  # each has told the other that it trusts it: nothing is on its way now
            until(lambda side=side: not rows(side.folder, "SELECT 1 FROM exchange_message m JOIN exchange_partner p ON p.id ="
                                             " m.partner_id WHERE m.state = 'queued' AND p.url <> ''"))
        found = self.office.get("/documents/outgoing?limit=200").json["items"]
        self._documents = [d for d in found if d["state"] in ("signed", "dispatched") and not d["finished"]]

    def _trust(self):
        told = {}
        for side in (self.ours, self.theirs):
            done = oa("exchange", "export-certificate", str(side.folder / "card.json"), "--json", config=side.config,
                      OA_WEB_BASE_URL=side.url)
            told[side] = json.loads(done.stdout)["fingerprint"]
        there = self.wire.url if self.wire else self.theirs.url
        for side, other, url in ((self.ours, self.theirs, there), (self.theirs, self.ours, self.ours.url)):
            done = oa("exchange", "add-partner", str(other.folder / "card.json"), "--url", url, "--fingerprint", told[other],
                      "--json", config=side.config)
            assert json.loads(done.stdout)["state"] == "active"

    def close(self):
        self.ours.stop(), self.theirs.stop()
        if self.wire:
            self.wire.server.shutdown()

    def document(self):
        """A signed document that no test has had yet."""
        return self._documents.pop(0)

    def give_back(self, document):
        """One that was refused or called back: the demo has few that are signed, and another test may send it."""
        self._documents.append(document)

    def send(self, document):
        """Dispatches the document to the other organisation; the dispatch's id."""
        made = self.office.post(f"/documents/outgoing/{document['id']}/dispatches", {
            "recipients": [{"kind": "organisation", "name": THEIRS, "channel": "exchange"}]})
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

    def register(self, arrival):
        made = self.clerk.post(f"/documents/arrivals/{arrival['id']}/register", {})
        assert made.status == 201, str(made)
        return made.json

    def refuse(self, arrival, reason):
        assert self.clerk.post(f"/documents/arrivals/{arrival['id']}/refuse", {"reason": reason}).status == 200

    def taken(self, dispatch):
        """How often the other organisation has taken the dispatch's package."""
        ((id,),) = rows(self.ours.folder, f"SELECT message_id FROM exchange_message WHERE subject_id = {dispatch}"
                                          " AND type = 'document'")
        return rows(self.theirs.folder, f"SELECT count(*) FROM exchange_message WHERE direction = 'in' AND state = 'accepted'"
                                        f" AND message_id = '{id}'")[0][0]
