"""A partner that answers twice: the same package, receipt, refusal or recall once more, or another one about the same thing.

Nothing is doubled, and the second is answered as what is had already.
"""

import pytest
from oa_documents.models_incoming import Arrival
from oa_documents.services import dispatches
from oa_exchange.models import Message

from oa_kernel import clock, files

from .other import PDF, by_file, exported, post


@pytest.fixture
def desk(other, people, oa_client):
    """``desk(package)`` → status and what was answered; by HTTP."""
    client = oa_client()

    def send(data):
        answer = post(client, data)
        header, manifest, _files = other.open(answer.data)
        assert header.reply_to == data.id and manifest["request"] == data.sm3
        return answer.status_code, manifest

    return send


@pytest.fixture
def sent(other, people, document):
    """A document on its way to the partner by file, taken there; its dispatch and the message."""
    (item,) = dispatches.dispatch(document, [
        {"kind": "organisation", "id": other.partner.organisation_id, "channel": "exchange"}], people["clerk"])
    message = Message.get(Message.type == "document")
    header = other.open(exported(message, people["clerk"]))[0]
    by_file(other.pack("answer", {"result": "accepted", "request": ""}, files=(), reply_to=header.id), people["clerk"])
    return item, header.id


def again(row):
    return type(row).get_by_id(row.id)


def values(row):
    """All that stands in the row now."""
    return again(row).__data__


def counted(person, oa_outbox, words):
    return sum(words in n.title for n in oa_outbox.inbox(person))


def test_the_same_document_twice_is_one_document(desk, other, people, oa_outbox):
    data = other.pack(files=[("决算.pdf", PDF), ("附件.txt", "附件".encode())])
    first = desk(data)
    stored = files.File.select().count()
    assert first[0] == 200 and desk(data) == first, "answered as the first time"
    assert by_file(data, people["clerk"])["again"], "and by file too"
    assert Arrival.select().count() == 1 and files.File.select().count() == stored
    assert Message.select().where(Message.message_id == data.id).count() == 1
    assert counted(people["clerk"], oa_outbox, "收到来文") == 1


def test_the_same_receipt_twice_signs_once(desk, other, people, sent, oa_outbox):
    item, id = sent
    data = other.pack("receipt", {"signed_by": "王秋实", "signed_at": clock.now().isoformat()}, files=(), reply_to=id)
    assert desk(data) == desk(data)
    signed = again(item)
    assert (signed.state, signed.signed_for_by) == ("signed_for", "王秋实")
    assert Message.select().where(Message.type == "receipt").count() == 1

    other_one = other.pack("receipt", {"signed_by": "别的人", "signed_at": clock.now().isoformat()}, files=(), reply_to=id)
    refusal = other.pack("refusal", {"reason": "主送有误"}, files=(), reply_to=id)
    assert [desk(d)[1]["result"] for d in (other_one, refusal)] == ["accepted", "accepted"]
    assert values(item) == signed.__data__, "the first counts"
    assert counted(people["clerk"], oa_outbox, "退文") == 0


def test_the_same_refusal_twice_is_told_once(desk, other, people, sent, oa_outbox):
    item, id = sent
    data = other.pack("refusal", {"reason": "主送有误"}, files=(), reply_to=id)
    assert desk(data) == desk(data)
    assert (again(item).state, again(item).note) == ("refused", "主送有误")
    assert Message.select().where(Message.type == "refusal").count() == 1
    assert counted(people["clerk"], oa_outbox, "退文") == 1
    late = other.pack("receipt", {"signed_by": "王秋实", "signed_at": clock.now().isoformat()}, files=(), reply_to=id)
    assert desk(late)[0] == 200 and again(item).state == "refused"


def test_the_same_recall_twice_takes_back_once(desk, other):
    data = other.pack()
    desk(data)
    recall = other.pack("recall", {"reason": "发错了"}, files=(), reply_to=data.id)
    first = desk(recall)
    assert first[1]["outcome"] == "recalled" and desk(recall) == first
    assert Arrival.get().state == "recalled" and Message.select().where(Message.type == "recall").count() == 1
    another = other.pack("recall", {"reason": "真的发错了"}, files=(), reply_to=data.id)
    assert desk(another)[1]["outcome"] == "recalled" and Arrival.get().reason == "发错了"


def test_a_second_answer_to_what_was_sent_changes_nothing(other, people, sent):
    item, id = sent
    delivered, message = values(item), Message.get(Message.message_id == id)
    assert (delivered["state"], message.state) == ("delivered", "done")
    for manifest in ({"result": "accepted", "request": ""}, {"result": "refused", "code": "size", "message": "过大", "request": ""}):
        taken = by_file(other.pack("answer", manifest, files=(), reply_to=id), people["clerk"])
        assert (taken["kind"], taken["again"]) == ("answer", True)
        assert values(item) == delivered and values(message) == message.__data__
