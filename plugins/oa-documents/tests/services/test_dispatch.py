"""分发、签收: by the system, by e-mail through a real SMTP server, by hand."""

import datetime as dt
import email
import re
import socket
from email import policy

import pytest
from aiosmtpd.controller import Controller
from oa_documents.models import Dispatch
from oa_documents.seal import verify_pdf
from oa_documents.services import dispatches, drafts

from oa_kernel import clock, notifications, outbox
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound

from .office import again

OUTSIDE = {"kind": "organisation", "name": "市邮政公司", "channel": "email", "email": "post@example.org"}
BY_HAND = {"kind": "organisation", "name": "市博物馆", "channel": "hand"}


class Post:
    """Keeps what it is given; refuses what is addressed to nobody@."""

    def __init__(self):
        self.messages = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=policy.default)
        self.messages.append((envelope.rcpt_tos, message))
        return "250 OK"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


PORT = free_port()


@pytest.fixture(scope="session")
def oa_settings():
    return {"organisation": {"name": "云岭市人民政府办公室"}, "security": {"highest_secrecy": "机密"},
            "mail": {"host": "127.0.0.1", "port": PORT, "timeout": 5}, "web": {"base_url": "https://oa.yunling.example"},
            "plugins": {"documents": {"series": "云政办发", "overdue_days": 3}}}


@pytest.fixture
def post():
    handler = Post()
    controller = Controller(handler, hostname="127.0.0.1", port=PORT)
    controller.start()
    yield handler
    controller.stop()


def sent(office, *recipients, **fields):
    document = office.signed(**fields)
    made = dispatches.dispatch(document, list(recipients), office.clerk)
    return again(document), made


def department(office):
    return {"kind": "department", "id": office.business.id}


def state(item):
    return Dispatch.get_by_id(item.id).state


def text_of(message):
    return message.get_body(("plain",)).get_content()


def test_an_outside_organisation_gets_the_sealed_file_and_signs_by_its_link(office, post, oa_client):
    document, (item,) = sent(office, OUTSIDE)
    assert document.state == "dispatched" and state(item) == "sent"
    outbox.drain()
    assert state(item) == "delivered"
    ((to, message),) = [m for m in post.messages if m[0] == ["post@example.org"]]
    assert to == ["post@example.org"] and document.number in message["subject"]
    (attachment,) = message.iter_attachments()
    assert attachment.get_content_type() == "application/pdf" and verify_pdf(attachment.get_content()).ok
    link = re.search(r"https://oa\.yunling\.example(/receipt/\S+)", text_of(message))[1]
    page = oa_client().get(link)
    assert page.status_code == 200 and document.title in page.get_data(as_text=True)
    token = link.rpartition("/")[2]
    signed = dispatches.sign_by_token(token, " 王 芳 ")
    assert (signed.state, signed.signed_for_by) == ("signed_for", "王 芳") and signed.signed_for_at
    with pytest.raises(Conflict, match="已经签收"):
        dispatches.sign_by_token(token, "另一人")
    assert any("已签收" in n.title for n in notifications.list_for(office.drafter).items)


def test_a_link_stands_for_one_dispatch_only(office, oa_client):
    document, (first, second) = sent(office, OUTSIDE, {**OUTSIDE, "name": "市电信公司", "email": "tel@example.org"})
    token = dispatches.receipt_token(first)
    number, _, mac = token.partition(".")
    assert dispatches.by_token(token).id == first.id
    other = dispatches.receipt_token(second).partition(".")[2]
    for wrong in (f"{second.id}.{mac}", f"{number}.{other}", f"{number}.{mac[:-1]}", f"{number}.", number, "", "x.y", f"0{number}.",
                  f"{'9' * 30}.{mac}", f"{number}.{mac}0"):
        with pytest.raises(NotFound):
            dispatches.by_token(wrong)
    assert oa_client().get(f"/receipt/{second.id}.{mac}").status_code == 404
    assert oa_client().get(f"/receipt/{second.id}.{mac}/pdf").status_code == 404
    assert oa_client().get(f"/receipt/{token}/pdf").status_code == 200


def test_a_receipt_by_link_needs_a_name(office):
    _, (item,) = sent(office, OUTSIDE)
    for name in ("", "  ", "长" * 61):
        with pytest.raises(Invalid):
            dispatches.sign_by_token(dispatches.receipt_token(item), name)
    assert state(item) == "sent"


def test_a_server_that_is_down_only_delays_it(office, frozen):
    frozen("2035-11-20T09:00:00+08:00")
    _, (item,) = sent(office, OUTSIDE)
    outbox.drain()
    assert state(item) == "sent"
    handler = Post()
    controller = Controller(handler, hostname="127.0.0.1", port=PORT)
    controller.start()
    try:
        frozen("2035-11-20T10:30:00+08:00")
        outbox.drain()
        outbox.drain()
    finally:
        controller.stop()
    assert state(item) == "delivered" and len([m for m in handler.messages if m[0] == ["post@example.org"]]) == 1


def test_an_address_that_is_refused_has_failed_and_is_sent_again_to_another(office, post):
    document, (item,) = sent(office, {**OUTSIDE, "email": "nobody@example.org"})
    outbox.drain()
    assert state(item) == "failed" and Dispatch.get_by_id(item.id).note
    old = dispatches.receipt_token(item)
    again_sent = dispatches.resend(document, Dispatch.get_by_id(item.id), office.clerk, email="right@example.org")
    outbox.drain()
    assert state(item) == "delivered" and again_sent.times_sent == 2
    assert ["right@example.org"] in [m[0] for m in post.messages]
    with pytest.raises(NotFound):
        dispatches.by_token(old)  # the link that went to the wrong address has ended


def test_urging_sends_a_reminder_once_an_hour(office, post):
    document, (item,) = sent(office, OUTSIDE)
    dispatches.urge(document, item, office.clerk)
    with pytest.raises(Conflict):
        dispatches.urge(document, Dispatch.get_by_id(item.id), office.clerk)
    outbox.drain()
    subjects = [m[1]["subject"] for m in post.messages if m[0] == ["post@example.org"]]
    assert len(subjects) == 2 and sum("请签收" in s for s in subjects) == 1


def test_a_department_is_told_opens_it_and_alone_signs_for_it(office, oa_api):
    document, (item,) = sent(office, department(office))
    assert any("请签收" in n.title for n in notifications.list_for(office.officer).items)
    assert dispatches.waiting_count(office.officer) == 1
    assert oa_api(office.officer).get(f"/api/v1/documents/outgoing/{document.id}/pdf").status_code == 200
    assert state(item) == "delivered"
    for person in (office.drafter, office.clerk):
        with pytest.raises(Forbidden, match="业务处"):
            dispatches.sign_for(document, item, person)
    signed = dispatches.sign_for(document, item, office.colleague)
    assert (signed.state, signed.signed_for_by) == ("signed_for", "业务同事")
    with pytest.raises(Conflict):
        dispatches.sign_for(document, signed, office.officer)
    assert dispatches.waiting_count(office.officer) == 0


def test_what_was_carried_by_hand_gets_its_receipt_from_the_office(office):
    document, (item,) = sent(office, BY_HAND)
    with pytest.raises(Forbidden):
        dispatches.enter_receipt(document, item, office.drafter, signed_by="李馆长")
    for day in (clock.today() + dt.timedelta(days=1), clock.today() - dt.timedelta(days=9)):
        with pytest.raises(Invalid):
            dispatches.enter_receipt(document, item, office.clerk, signed_by="李馆长", on=day)
    done = dispatches.enter_receipt(document, item, office.clerk, signed_by="李馆长", on=clock.today())
    assert (done.state, done.signed_for_by) == ("signed_for", "李馆长")


def test_what_nobody_signed_for_in_time_is_overdue_and_can_still_be_signed(office, frozen):
    frozen("2035-11-20T09:00:00+08:00")
    document, (item, _) = sent(office, department(office), BY_HAND)
    assert dispatches.mark_overdue() == 0
    frozen("2035-11-23T09:00:01+08:00")
    assert dispatches.mark_overdue() == 2 and state(item) == "overdue"
    assert any("逾期" in n.title for n in notifications.list_for(office.officer).items)
    assert dispatches.mark_overdue() == 0
    assert dispatches.sign_for(document, item, office.officer).state == "signed_for"


def test_a_receipt_is_never_undone_by_what_comes_late(office, frozen):
    frozen("2035-11-20T09:00:00+08:00")
    _, (item,) = sent(office, OUTSIDE)
    dispatches.sign_by_token(dispatches.receipt_token(item), "王芳")
    dispatches.mail_delivered(item.id)
    dispatches.mail_failed(item.id, "late")
    frozen("2035-12-24T09:00:00+08:00")
    dispatches.mark_overdue()
    assert state(item) == "signed_for"


def test_all_recipients_or_none(office):
    document = office.signed()
    with pytest.raises(Invalid) as caught:
        dispatches.dispatch(document, [department(office), {"kind": "department", "id": 999}, {"kind": "moon"}, "x",
                                       {"kind": "organisation", "name": "甲", "channel": "email"}], office.clerk)
    assert set(caught.value.errors) == {f"recipients.{n}" for n in (1, 2, 3, 4)}
    assert Dispatch.select().count() == 0 and again(document).state == "signed"


def test_only_what_is_signed_is_dispatched_by_who_may_and_once(office):
    with pytest.raises(Conflict, match="成文"):
        dispatches.dispatch(office.submitted(), [department(office)], office.clerk)
    document = office.signed()
    with pytest.raises(Forbidden):
        dispatches.dispatch(document, [department(office)], office.drafter)
    dispatches.dispatch(document, [department(office)], office.clerk)
    with pytest.raises(Invalid, match="已分发"):
        dispatches.dispatch(again(document), [department(office)], office.clerk)


def test_finishing_with_open_receipts_needs_a_note(office):
    document, (item,) = sent(office, department(office))
    with pytest.raises(Invalid, match="还有 1 个单位"):
        dispatches.finish(document, office.clerk)
    dispatches.sign_for(document, item, office.officer)
    assert dispatches.finish(document, office.clerk).finished_at
    with pytest.raises(Conflict):
        dispatches.finish(again(document), office.clerk)


def test_a_voided_document_is_not_mailed_and_its_link_gives_no_file(office, post, oa_client):
    document, (item,) = sent(office, OUTSIDE)
    drafts.void(document, "内容有误", office.clerk)
    outbox.drain()
    assert not [m for m in post.messages if m[0] == ["post@example.org"]] and state(item) == "failed"
    assert oa_client().get(f"/receipt/{dispatches.receipt_token(item)}/pdf").status_code == 404
