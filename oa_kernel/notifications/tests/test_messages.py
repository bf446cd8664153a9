"""Inbox and mail: part of the deed, by each one's preferences, and once however long the server is away."""

import datetime as dt
import email
import email.header
import socket
from contextlib import closing, contextmanager

import pytest

from oa_kernel import clock, db, notifications, outbox
from oa_kernel.errors import Invalid, NotFound
from oa_kernel.outbox.models import Row

KIND = "workflow.task"


def free_port():
    with closing(socket.socket()) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture
def mail(oa_configure):
    """A mail host is set; nobody listens there yet."""
    port = free_port()
    oa_configure("web", base_url="https://oa.example.gov.cn")
    oa_configure("mail", host="127.0.0.1", port=port, timeout=2, sender="oa@example.gov.cn")
    return port


@contextmanager
def server(port, reply="250 kept", refused=()):
    """A real SMTP server on loopback; what it was given."""
    from aiosmtpd.controller import Controller

    messages = []

    class Handler:
        async def handle_RCPT(self, server, session, envelope, address, options):
            if address in refused:
                return "550 no such user"
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, server, session, envelope):
            if reply.startswith("250"):
                messages.append(email.message_from_bytes(envelope.content))
            return reply

    controller = Controller(Handler(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield messages
    finally:
        controller.stop()


@pytest.fixture
def people(make):
    return [make.person(n, n, email=f"{n}@example.org") for n in ("lin", "wu")]


def header(message, name):
    return str(email.header.make_header(email.header.decode_header(message[name])))


def test_the_inbox(people):
    lin, wu = people
    assert notifications.send(KIND, [lin, wu, lin.id], "请审核", body="一\n二", url="/tasks/1", subject=("task", 1)) == 2
    notifications.send(KIND, [lin], "再请审核", subject=("task", 2))
    assert notifications.unread_count(lin.id) == 2 and notifications.unread_count(wu.id) == 1
    assert [m.title for m in notifications.list_for(lin).items] == ["再请审核", "请审核"]
    assert notifications.mark_read(lin, subject=("task", 1)) == 1
    assert [m.title for m in notifications.list_for(lin, unread=True).items] == ["再请审核"]
    assert notifications.mark_read(lin) == 1 and notifications.unread_count(lin.id) == 0
    assert notifications.unread_count(wu.id) == 1


def test_nobody_reads_anothers(people):
    lin, wu = people
    notifications.send(KIND, [lin], "请审核")
    message, = notifications.list_for(lin).items
    for act in (notifications.get, notifications.mark_read):
        with pytest.raises(NotFound):
            act(wu, message.id)
    assert notifications.mark_read(lin, message.id) == 1 and notifications.mark_read(lin, message.id) == 0


def test_only_with_its_cause(people, mail):
    with pytest.raises(RuntimeError), db.transaction():
        notifications.send(KIND, people, "请审核")
        raise RuntimeError
    assert notifications.unread_count(people[0].id) == 0 and not Row.select().exists()


def test_counting_unread_is_one_indexed_query(people, count_queries):
    with count_queries() as statements:
        notifications.unread_count(people[0].id)
    assert len(statements) == 1


def test_without_a_mail_host_nothing_waits_for_one(people):
    notifications.send(KIND, people, "请审核")
    assert not Row.select().exists()


def test_preferences(people, mail):
    lin, wu = people
    notifications.set_preferences(lin, {KIND: ["inbox"]}, by=lin)
    notifications.send(KIND, people, "请审核")
    assert [r.payload["to"] for r in Row.select()] == ["wu@example.org"]
    row = next(r for r in notifications.preferences(lin) if r["kind"] == KIND)
    assert [(c["name"], c["on"]) for c in row["channels"]] == [("inbox", True), ("email", False)]
    notifications.set_preferences(lin, {KIND: ["email"]}, by=lin)
    assert next(r for r in notifications.preferences(lin) if r["kind"] == KIND)["channels"][1]["on"]
    with pytest.raises(Invalid):
        notifications.set_preferences(lin, {"no.such": []})
    with pytest.raises(Invalid):
        notifications.set_preferences(lin, {KIND: ["pigeon"]})


def test_mail_arrives(people, mail):
    notifications.send(KIND, [people[0]], "请审核：关于<值班>的通知", body="第一行\n第二行", url="/tasks/12")
    with server(mail) as messages:
        assert outbox.drain() == 1 and outbox.drain() == 0
    message, = messages
    assert (header(message, "Subject"), message["To"]) == ("请审核：关于<值班>的通知", "lin@example.org")
    assert "oa@example.gov.cn" in message["From"] and "测试市人民政府办公室" in header(message, "From")
    text, html = (part.get_payload(decode=True).decode() for part in message.get_payload())
    assert "第一行" in text and "https://oa.example.gov.cn/tasks/12" in text
    assert "&lt;值班&gt;" in html and "<值班>" not in html


def test_a_title_cannot_add_a_header(people, mail):
    notifications.send(KIND, [people[0]], "请审核\r\nBcc: x@example.org")
    with server(mail) as messages:
        outbox.drain()
    assert messages[0]["Bcc"] is None and "Bcc" in header(messages[0], "Subject")


def test_the_server_is_down_for_an_hour_and_it_comes_once(people, mail):
    start = clock.now()
    notifications.send(KIND, people, "请审核")
    ids = {r.payload["ref"] for r in Row.select()}
    for minutes in range(0, 60, 2):
        with clock.freeze(start + dt.timedelta(minutes=minutes)):
            outbox.drain()
    assert outbox.counts() == {"pending": 2, "dead": 0}
    with server(mail) as messages:
        for hours in (1, 2, 3):
            with clock.freeze(start + dt.timedelta(hours=hours)):
                outbox.drain()
    assert sorted(m["To"] for m in messages) == ["lin@example.org", "wu@example.org"]
    assert {m["Message-ID"].strip("<>").partition("@")[0] for m in messages} == ids
    assert outbox.counts() == {"pending": 0, "dead": 0}


def test_a_recipient_refused_for_good_is_a_dead_letter(people, mail):
    notifications.send(KIND, people, "请审核")
    with server(mail, refused={"lin@example.org"}) as messages:
        outbox.drain()
    assert [m["To"] for m in messages] == ["wu@example.org"]
    dead, = outbox.dead_letters().items
    assert "lin@example.org" in dead.last_error and "550" in dead.last_error


def test_a_server_that_is_busy_is_asked_again(people, mail):
    notifications.send(KIND, [people[0]], "请审核")
    with server(mail, reply="451 try later"):
        outbox.drain()
    assert outbox.counts() == {"pending": 1, "dead": 0}


def test_an_address_that_is_none_is_a_dead_letter(people, mail):
    outbox.put("mail", {"ref": "r", "to": "not an address", "title": "t"})
    with server(mail):
        outbox.drain()
    assert outbox.counts()["dead"] == 1
