"""What was answered with success is there after kill −9; mail waits for its server; a full disk leaves no half file."""

import asyncio
import email
import json
import resource
import threading
import time

import pytest

from ..client import Rest
from ..service import Service, free_port, oa, rows, token
from ..texts import NOTICE

PATH = ("head", "deputy", "leader", "office")


@pytest.fixture
def running(demo):
    """A service of this test's own; whatever happens it ends."""
    made = []

    def start(**options):
        made.append(Service(demo, **options).start())
        return made[-1]

    yield start
    for one in made:
        if one.process.poll() is None:
            one.kill()


def test_kill_9_in_the_middle_of_approvals_loses_nothing(running, demo):
    service = running()
    people = {name: Rest(service.url, token(service.config, name)) for name in ("drafter", *PATH)}
    answered: dict[int, list[str]] = {}
    stop = threading.Event()

    def work():
        while not stop.is_set():
            try:
                made = people["drafter"].post("/documents/outgoing", NOTICE).json
                instance = people["drafter"].post(f"/documents/outgoing/{made['id']}/submit").json["instance"]
                answered[instance] = ["submit"]
                for name in PATH:
                    if people[name].act(instance, "approve").status == 200:
                        answered[instance].append(name)
            except (OSError, ValueError, KeyError, AssertionError):
                return  # the service is gone: nothing was answered

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and sum(len(v) for v in answered.values()) < 20:
        time.sleep(0.05)
    service.kill()
    stop.set()
    for thread in threads:
        thread.join()
    assert sum(len(v) for v in answered.values()) >= 5, "nothing had been answered before the kill"

    again = running()
    drafter = Rest(again.url, token(again.config, "drafter"))
    for instance, steps in answered.items():
        case = drafter.get(f"/instances/{instance}").json
        done = [t["by"]["username"] for t in case["trail"] if t["action"] == "approve"]
        expected = [s for s in steps if s != "submit"]
        assert done[: len(expected)] == expected, f"case {instance}: answered {steps}, kept {done}"
        if case["state"] == "running":
            assert len(case["current"]) == 1, f"case {instance} has no open task"
        else:
            assert done == list(PATH)
    numbers = sorted(
        int(d["number"].split("〕")[1].rstrip("号"))
        for d in drafter.get("/documents/outgoing?limit=200").json["items"] if d["number"] and "办" in d["number"]
    )
    assert len(numbers) == len(set(numbers))
    oa("audit", "seal", config=again.config)
    assert json.loads(oa("audit", "verify", "--json", config=again.config).stdout)["ok"]


class Mailbox:
    """An SMTP server on loopback that keeps what it is given."""

    def __init__(self, port):
        from aiosmtpd.controller import Controller

        self.messages = []
        mailbox = self

        class Handler:
            async def handle_DATA(self, server, session, envelope):
                mailbox.messages.append(email.message_from_bytes(envelope.content))
                await asyncio.sleep(0)
                return "250 kept"

        self.controller = Controller(Handler(), hostname="127.0.0.1", port=port)

    def __enter__(self):
        self.controller.start()
        return self

    def __exit__(self, *_):
        self.controller.stop()


def test_mail_waits_for_its_server_and_comes_once(running, demo):
    port = free_port()
    service = running(environ={"OA_MAIL_HOST": "127.0.0.1", "OA_MAIL_PORT": str(port), "OA_MAIL_TIMEOUT": "2"})
    drafter = Rest(service.url, token(service.config, "drafter"))
    title = "关于检验邮件投递的通知"
    made = drafter.post("/documents/outgoing", {**NOTICE, "title": title}).json
    assert drafter.post(f"/documents/outgoing/{made['id']}/submit").status == 200  # answered though no server is up

    def due_now():
        # an hour of waiting, made short: the next try is now
        rows(demo, "UPDATE outbox_row SET next_at = '2000-01-01 00:00:00' WHERE state = 'pending'")

    time.sleep(2)
    with Mailbox(port) as mailbox:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not mailbox.messages:
            due_now()
            time.sleep(0.5)
        time.sleep(2)
        due_now()
        time.sleep(2)
        to_head = [m for m in mailbox.messages if "head@" in m["To"]]
        subjects = [str(email.header.make_header(email.header.decode_header(m["Subject"]))) for m in to_head]
        assert len([s for s in subjects if s == f"部门负责人初审：{title}"]) == 1, subjects


def test_a_full_disk_in_the_middle_of_an_upload_leaves_nothing(running, demo, monkeypatch):
    # a limit on the size of files is met in the same place as a full disk: in write(2)
    limit = 6 * 1024 * 1024
    real = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, real[1]))
    try:
        service = running(worker=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, real)
    drafter = Rest(service.url, token(service.config, "drafter"))
    before = sorted(p for p in (demo / "files").rglob("*") if p.is_file())
    answer = drafter.upload("大文件.txt", "值班".encode() * 2_000_000, "text/plain")
    assert answer.status in (503, 507), str(answer)
    assert answer.json["code"] and answer.json["detail"]
    assert sorted(p for p in (demo / "files").rglob("*") if p.is_file()) == before
    assert drafter.upload("小文件.txt", "值班".encode(), "text/plain").status == 201
