"""What comes in: taken once, answered signed, refused with the reason; who is unknown learns nothing."""

import datetime as dt
import io

import pytest
from oa_documents.models_incoming import Arrival, Incoming
from oa_documents.services import arrivals
from oa_exchange.models import Message, Partner
from oa_exchange.services import identity, messages, partners, sending

from oa_kernel import clock
from oa_kernel.errors import Invalid

from .other import FIELDS, PDF, Other, by_file, exported, post


@pytest.fixture
def desk(other, people, oa_client):
    """``desk(package)`` → status, answer; by HTTP, as a stranger."""
    client = oa_client()

    def send(data):
        answer = post(client, data)
        if answer.status_code not in (200, 422):
            return answer.status_code, answer.data
        header, manifest, _files = other.open(answer.data)
        assert header.type == "answer" and header.reply_to == data.id and manifest["request"] == data.sm3
        return answer.status_code, manifest

    return send


def test_a_document_comes_to_the_desk_once_and_its_receipt_goes_back(desk, other, people, oa_outbox):
    data = other.pack(files=[("决算.pdf", PDF), ("附件.txt", "附件".encode())])
    status, answer = desk(data)
    assert (status, answer["result"]) == (200, "accepted") and answer["arrived_at"]
    arrival = Arrival.get()
    assert (arrival.sender, arrival.number, arrival.state, arrival.urgency) == ("云岭市财政局", FIELDS["number"], "waiting", "加急")
    assert any("收到来文" in n.title for n in oa_outbox.inbox(people["clerk"]))
    assert desk(data)[1] == answer and Arrival.select().count() == 1, "twice is once"

    fields = {name: getattr(arrival, name) for name in ("title", "sender", "number")}
    document = arrivals.register(arrival, fields, people["clerk"])
    assert Incoming.get_by_id(document.id).sender == "云岭市财政局"
    receipt = Message.get(Message.type == "receipt")
    carried = exported(receipt, people["clerk"])
    header, manifest, _files = other.open(carried)
    assert (header.type, header.reply_to, manifest["signed_by"]) == ("receipt", data.id, "何素芬")
    assert manifest["register_number"] == f"{document.year}-{document.seq}"

    late, answer = desk(other.pack("recall", {"reason": "文号有误"}, files=(), reply_to=data.id))
    assert (late, answer["outcome"]) == (200, "registered"), "what is registered stays"


def test_what_became_of_a_document_stands_with_it_from_then_on(desk, other, people, oa_client, oa_outbox):
    data, later = other.pack(), other.pack(manifest={"document": {**FIELDS, "number": "云财〔2026〕9号"}})
    desk(data)
    arrival = Arrival.get()
    document = arrivals.register(arrival, {name: getattr(arrival, name) for name in ("title", "sender", "number")}, people["clerk"])
    notice = other.pack("standing", {"words": "自2026年12月1日起废止", "change": "repealed"}, files=(), reply_to=data.id)
    assert desk(notice)[1]["outcome"] == "registered" and desk(notice)[1]["outcome"] == "registered"
    assert [n.title for n in oa_outbox.inbox(people["clerk"])].count(f"来文自2026年12月1日起废止：{FIELDS['title']}") == 1
    assert "这份来文自2026年12月1日起废止" in oa_client(people["clerk"]).get(f"/documents/incoming/{document.id}").text

    first = other.pack("standing", {"words": "已撤销，自始无效", "change": "withdrawn"}, files=(), reply_to=later.id)
    assert desk(first)[1]["outcome"] == "unknown"
    desk(later)
    assert Arrival.get(Arrival.number == "云财〔2026〕9号").standing == "已撤销，自始无效", "the notice came first"


def test_refused_and_recalled(desk, other, people, oa_client):
    first, second = other.pack(), other.pack(manifest={"document": {**FIELDS, "number": "云财〔2026〕8号"}})
    desk(first), desk(second)
    one, two = Arrival.select().order_by(Arrival.id)
    client = oa_client(people["clerk"])
    assert FIELDS["title"] in client.get("/documents/incoming/new").text
    page = client.get(f"/documents/arrivals/{one.id}").text
    assert "电子交换" in page and "退文" in page
    assert client.submit(f"/documents/arrivals/{one.id}/refuse", {"reason": ""}).status_code == 422
    assert client.submit(f"/documents/arrivals/{one.id}/refuse", {"reason": "主送不是本单位"}).status_code == 303
    _header, manifest, _files = other.open(exported(Message.get(Message.type == "refusal"), people["clerk"]))
    assert manifest["reason"] == "主送不是本单位"
    assert desk(other.pack("recall", {"reason": "发错了"}, files=(), reply_to=second.id))[1]["outcome"] == "recalled"
    assert Arrival.get_by_id(two.id).state == "recalled"
    assert client.submit(f"/documents/arrivals/{two.id}", {"title": "x", "sender": "y"}).status_code == 409
    early = other.pack(manifest={"document": {**FIELDS, "number": "云财〔2026〕9号"}})
    assert desk(other.pack("recall", {"reason": "发错了"}, files=(), reply_to=early.id))[1]["outcome"] == "unknown"
    desk(early)
    assert Arrival.get(Arrival.number == "云财〔2026〕9号").state == "recalled", "the recall came first"
    assert oa_client(people["stranger"]).get(f"/documents/arrivals/{one.id}").status_code in (403, 404)


def test_replayed_late_and_skewed_packages_are_refused(desk, other, oa):
    now = clock.now()
    data = other.pack()
    desk(data)
    status, answer = desk(other.pack(id=data.id, manifest={"document": {**FIELDS, "title": "换了内容"}}))
    assert (status, answer["code"]) == (422, "replay") and "内容不同" in answer["message"]
    for shift, word in ((dt.timedelta(minutes=6), "快"), (-dt.timedelta(minutes=6), "慢")):
        status, answer = desk(other.pack(sent=now + shift))
        assert (status, answer["code"]) == (422, "clock") and f"发送方比接收方{word} " in answer["message"]
    assert desk(other.pack(sent=now - dt.timedelta(minutes=4)))[0] == 200, "five minutes are tolerated"
    status, answer = desk(other.pack(created=now - dt.timedelta(days=31)))
    assert (status, answer["code"]) == (422, "old")
    with clock.freeze(now + dt.timedelta(days=60)):
        Message.update(created_at=now - dt.timedelta(days=401)).where(Message.message_id == data.id).execute()
        assert messages.prune() == 2 and not Message.select().where(Message.message_id == data.id).exists()
        with pytest.raises(Invalid, match="不在有效期内"):
            partners.add(Other("短期", oa.config.folder / "short", days=5, not_before=now).descriptor(), None)
        answer = desk(data)[1]
        assert answer["code"] in ("old", "clock"), "its id is forgotten, its age is not"
        assert by_file(data, None)["reason"].endswith("不再接收")


def test_only_partners_are_answered(desk, other, people, oa_client, tmp_path):
    unknown = Other("不认识的单位", tmp_path / "unknown")
    client = oa_client()
    nowhere = client.get("/no/such/page")
    for data in (unknown.pack(), b"", b"nonsense", bytes(other.pack()) + b"x", other.pack(recipient="a" * 64)):
        answer = post(client, data)
        assert answer.status_code == nowhere.status_code == 404 and "交换" not in answer.text
    pending = partners.add(unknown.descriptor(), people["keeper"])
    assert post(client, unknown.pack()).status_code == 404 and pending.state == "pending"
    forged = bytearray(other.pack())
    forged[60] ^= 1
    assert post(client, bytes(forged)).status_code == 404
    impostor = unknown.pack(sender=other.fingerprint)
    assert post(client, impostor).status_code == 404
    assert "签名不符" in Message.get(Message.state == "rejected").last_error, "our own log says what it was"
    assert Arrival.select().count() == 0


def test_altered_content_revoked_expired_and_too_large(desk, other, people, oa):
    flipped = bytearray(other.pack())
    flipped[-1] ^= 1
    status, answer = desk(type(other.pack())(flipped, _id(flipped), _sm3(flipped)))
    assert (status, answer["code"]) == (422, "digest")
    assert desk(other.pack("novel", {}, files=()))[1]["code"] == "content"
    assert desk(other.pack(manifest={"other": 1}))[1]["message"] == "交换包的内容缺少必要的项"
    status, answer = desk(other.pack(manifest={"document": {**FIELDS, "secrecy": "机密"}}))
    assert status == 422 and "最高只能接收“内部”" in answer["message"]
    status, answer = desk(other.pack("receipt", {"signed_at": clock.now().isoformat()}, files=(), reply_to="a" * 32))
    assert status == 422 and "没有发过" in answer["message"]
    status, answer = desk(other.pack(files=[("大.bin", bytes(3 * 2**20))]))
    assert (status, answer["code"]) == (422, "size") and "上限 2 MB" in answer["message"]
    Partner.update(not_after=clock.now() - dt.timedelta(days=1)).where(Partner.id == other.partner.id).execute()
    status, answer = desk(other.pack())
    assert (status, answer["code"]) == (422, "expired") and "请更换证书" in answer["message"]
    with pytest.raises(Exception, match="到期"):
        sending.build(partners.get(other.partner.id), Message(message_id="a" * 32, manifest="{}", created_at=clock.now()))
    partners.revoke(partners.get(other.partner.id), "私钥可能泄露", people["keeper"])
    status, answer = desk(other.pack())
    assert (status, answer["code"]) == (422, "revoked") and "撤销" in answer["message"]
    assert Arrival.select().count() == 0
    assert Message.select().where(Message.state == "rejected").count() == 8


def _head(data):
    from oa_exchange import package

    return package.read_head(bytes(data))


def _id(data):
    return _head(data).header.id


def _sm3(data):
    return _head(data).sm3


def test_by_file_it_is_the_same(other, people, tmp_path):
    data = other.pack(sent=clock.now() - dt.timedelta(days=3), created=clock.now() - dt.timedelta(days=3))
    taken = by_file(data, people["clerk"])
    assert (taken["kind"], taken["reason"], taken["again"]) == ("package", "", False)
    assert Arrival.get().way == "电子交换（文件）"
    header, manifest, _files = other.open(exported(taken["message"], people["clerk"]))
    assert (header.type, header.reply_to, manifest["result"]) == ("answer", data.id, "accepted")
    assert by_file(data, people["clerk"])["again"] and Arrival.select().count() == 1
    for wrong, words in [(b"PK", "不是交换包"), (data[:-1], "摘要"), (Other("x", tmp_path / "x").pack(), "不是已确认")]:
        try:
            assert words in by_file(wrong, people["clerk"])["reason"]
        except Invalid as error:
            assert words in error.message
    ours = Message.get(Message.type == "hello")
    carried = exported(ours, people["clerk"])
    _header, _manifest, _files = other.open(carried)
    answer = other.pack("answer", {"result": "accepted", "request": ""}, files=(), reply_to=ours.message_id)
    assert by_file(answer, people["clerk"])["kind"] == "answer"
    assert Message.get_by_id(ours.id).state == "done"
    assert by_file(answer, people["clerk"])["again"]
    with pytest.raises(Invalid, match="不是本单位发出的"):
        by_file(other.pack("answer", {"result": "accepted"}, files=(), reply_to="f" * 32), people["clerk"])


def test_our_own_renewal_still_opens_what_was_under_way(desk, other, people):
    data = other.pack()
    before = identity.current().fingerprint
    assert identity.renew(people["keeper"]).fingerprint != before
    taken = by_file(data, people["clerk"])
    assert taken["reason"] == "" and Arrival.select().count() == 1


def test_by_the_page_it_says_what_comes_next(other, people, oa_client):
    client = oa_client(people["clerk"])

    def imported(data):
        sent = client.submit("/exchange/messages/import", {"file": (io.BytesIO(data), "来.oax")})
        return client.get(sent.headers["Location"]).text if sent.status_code == 303 else sent.text

    data = other.pack()
    assert "在“收文登记”登记或退文；请把答复导出交回发送单位" in imported(data)
    assert "以前导入过" in imported(data)
    assert "已导入；请把答复导出" in imported(other.pack("hello", {}, files=()))
    assert "这不是交换包" in imported(b"PK")
