"""What goes out: over HTTP to a partner that answers well, slowly, twice, with nonsense or not at all; and by file."""

import datetime as dt
import http.server
import threading
import time

import pytest
from oa_documents.models import Dispatch, Outgoing
from oa_documents.services import carriers, dispatches
from oa_exchange import transport
from oa_exchange.models import Message, Partner
from oa_exchange.services import partners, queue, sending

from oa_kernel import clock, db, files, outbox
from oa_kernel.errors import Conflict, Forbidden, Invalid

from .other import PDF, Other, by_file, exported, post


class Server:
    """The other side's door. ``answers``: what is done with each package that comes, the last one again and again."""

    def __init__(self, other):
        self.other, self.answers, self.came = other, [self.accept], []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                data = self.rfile.read(int(self.headers["Content-Length"]))
                server.came.append(data)
                answer = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
                status, body = answer(data)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                for piece in (body[:5], body[5:]):
                    try:
                        self.wfile.write(piece)
                        self.wfile.flush()
                    except OSError:
                        return
                    if answer == server.slow:
                        time.sleep(3)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def answer(self, data, status=200, **manifest):
        header = self.opened(data)[0]
        from oa_exchange import package

        request = manifest.pop("request", package.read_head(data).sm3)
        return status, bytes(self.other.pack("answer", {"result": "accepted", "request": request, **manifest}, files=(),
                                             reply_to=header.id))

    def opened(self, data):
        return self.other.open(data)

    def accept(self, data):
        return self.answer(data)

    def slow(self, data):
        return self.answer(data)


@pytest.fixture
def far(other, people):
    server = Server(other)
    other.partner = partners.change(other.partner, server.url, people["keeper"])
    outbox.drain()
    assert server.opened(server.came.pop())[0].type == "hello"
    yield server
    server.http.shutdown()


def dispatched(document, other, people):
    given = {"kind": "organisation", "id": other.partner.organisation_id, "channel": "exchange"}
    (item,) = dispatches.dispatch(document, [given], people["clerk"])
    return item


def again(row):
    return type(row).get_by_id(row.id)


def due():
    """As if the pause after a failed try were over."""
    later = clock.now() + dt.timedelta(hours=2)
    with clock.freeze(later):
        return outbox.drain()


def test_a_document_goes_out_is_delivered_and_signed_for(far, other, people, document, oa_client):
    item = dispatched(document, other, people)
    assert (item.channel, item.state) == ("exchange", "sent")
    outbox.drain()
    header, manifest, found = far.opened(far.came[0])
    assert header.type == "document" and [f["name"] for f in manifest["files"]] == ["正文.pdf", "附件1.txt"]
    assert found[0] == PDF and manifest["document"]["number"] == document.number
    assert again(item).state == "delivered"
    signed = {"signed_by": "王秋实", "signed_at": clock.now().isoformat()}
    assert by_file(other.pack("receipt", signed, files=(), reply_to=header.id), None)["reason"] == ""
    assert (again(item).state, again(item).signed_for_by) == ("signed_for", "王秋实")
    with pytest.raises(Conflict, match="已签收"):
        carriers.recall(document, again(item), people["clerk"], "发错了")
    page = oa_client(people["clerk"]).get("/exchange/messages").text
    assert "签收：" in page and document.title in page
    assert oa_client(people["stranger"]).get("/exchange/messages").status_code == 403


def test_a_partner_that_is_down_slow_or_talks_nonsense_only_delays_it(far, other, people, document):
    other_key = far.answer
    far.answers = [
        lambda d: (500, b"oops"), lambda d: (200, b"<html>"), lambda d: (404, b""), lambda d: other_key(d, request="0" * 64),
        lambda d: (200, bytes(300_000)), far.slow,
        lambda d: far.answer(d, 422, result="refused", code="clock", message="时钟不一致"), far.accept,
    ]
    item, seen = dispatched(document, other, people), []
    outbox.drain()
    for _ in range(7):
        partner = again(other.partner)
        seen.append(partner.last_error)
        assert partner.failures == len(seen) and again(item).state == "sent"
        assert again(item).note == f"还没有送到：{partner.last_error}。会自动再试"
        Partner.update(next_at=None).execute()
        queue.kick(partner.id)
        outbox.drain()
    words = ["HTTP 500", "没有采信", "不认识本单位", "没有采信", "过长", "2 秒内没有答复", "时钟不一致"]
    assert all(w in s for w, s in zip(words, seen, strict=True)), seen
    assert again(item).state == "delivered" and again(item).note == "" and again(other.partner).last_error == ""
    ids = {far.opened(d)[0].id for d in far.came}
    assert len(ids) == 1 and len(far.came) == 8, "always the same message"


def test_a_partner_that_is_heard_of_again_is_sent_to_at_once(far, other, people, document, oa_client):
    far.answers = [lambda d: (404, b""), far.accept]
    item = dispatched(document, other, people)
    outbox.drain()
    outbox.drain()
    assert len(far.came) == 1 and again(other.partner).next_at > clock.now(), "the next try is in a minute"
    by_file(other.pack("hello", {}, files=()), people["clerk"])
    outbox.drain()
    assert len(far.came) == 1, "a file says nothing of the network"
    assert post(oa_client(), other.pack("hello", {}, files=())).status_code == 200
    outbox.drain()
    assert len(far.came) == 2 and again(item).state == "delivered"


def test_a_day_down_loses_nothing_and_a_week_is_given_up(far, other, people, document, oa_outbox):
    far.http.shutdown()
    far.http.server_close()
    item = dispatched(document, other, people)
    outbox.drain()
    assert "没有运行" in again(other.partner).last_error
    start = clock.now()
    for hours in range(1, 36):
        with clock.freeze(start + dt.timedelta(hours=hours)):
            outbox.drain()
    assert again(item).state == "sent" and oa_outbox.rows(queue.TOPIC), "the next try is asked for"
    assert not oa_outbox.rows(queue.TOPIC, "dead")
    with clock.freeze(start + dt.timedelta(days=8)):
        outbox.drain()
    message = Message.get(Message.type == "document")
    assert message.state == "failed" and again(item).state == "failed" and "7 天没有送到" in again(item).note
    assert any("没有送达" in n.title for n in oa_outbox.inbox(people["clerk"]))
    assert queue.resend(message, people["clerk"]).state == "queued"
    with pytest.raises(Forbidden):
        queue.resend(message, people["stranger"])


def test_recalled_refused_and_out_of_trust(far, other, people, document):
    item = dispatched(document, other, people)
    assert carriers.recall(document, again(item), people["clerk"], "附件有误").state == "recalled", "it had not left"
    outbox.drain()
    assert far.came == []
    item = dispatched(document, other, people)
    outbox.drain()
    far.answers = [lambda d: far.answer(d, outcome="registered")]
    assert carriers.recall(document, again(item), people["clerk"], "附件有误").note == "已请求撤回：附件有误"
    outbox.drain()
    assert (again(item).state, again(item).note) == ("delivered", "没有撤回：对方已登记")
    sent = far.opened(far.came[0])[0].id
    by_file(other.pack("refusal", {"reason": "主送有误"}, files=(), reply_to=sent), None)
    assert (again(item).state, again(item).note) == ("refused", "主送有误")
    far.answers = [lambda d: far.answer(d, 422, result="refused", code="revoked", message="已撤销对你单位证书的信任")]
    item = dispatched(document, other, people)
    outbox.drain()
    assert again(item).state == "failed" and "已撤销对你单位" in again(item).note
    item = dispatched(document, other, people)
    partners.revoke(again(other.partner), "不再往来", people["keeper"])
    assert again(item).state == "failed" and "已撤销" in again(item).note
    with pytest.raises(Invalid, match="不能用“电子交换”"):
        dispatched(document, other, people)


def test_what_cannot_go_is_refused_before_it_is_queued(other, people, document):
    files.attach(files.store_bytes(bytes(2**21), "大.bin", people["clerk"]), "documents.outgoing", document.id)
    with pytest.raises(Invalid, match="上限 2 MB"):
        dispatched(document, other, people)
    Partner.update(not_after=clock.now() - dt.timedelta(days=1)).execute()
    with pytest.raises(Invalid, match="到期"):
        dispatched(document, other, people)
    assert Dispatch.select().count() == 0


def test_one_worker_a_partner_and_what_a_killed_one_left(far, other, people, document):
    dispatched(document, other, people)
    Partner.update(busy_until=clock.now() + dt.timedelta(seconds=5)).execute()
    outbox.drain()
    assert far.came == [] and sending.resume() == 0, "another worker has it"
    assert due() and len(far.came) == 1, "its time is over"
    queue.put(again(other.partner), "hello", {}, title="again")
    outbox.drain()
    assert len(far.came) == 2 and sending.resume() == 0


@pytest.mark.parametrize("url", ["http://oa.example.cn", "ftp://x", "https://", "https://a@b", "https://x?y", "x" * 400, "http://127.0.0.1.evil"])
def test_only_https_leaves_the_house(oa, url):
    with pytest.raises(Invalid):
        transport.check_url(url)


def test_trust_is_made_by_who_may_and_by_what_was_heard(people, oa_client, oa_api, tmp_path, oa):
    far = Other("云岭市水务局", tmp_path / "far")
    client = oa_client(people["keeper"])
    wrong = client.submit("/exchange/partners", {"fetch": "http://far.example", "name": "水务局"})
    assert wrong.status_code == 422 and "必须是 HTTPS" in wrong.text and 'href="#field-fetch"' in wrong.text
    wrong = client.submit("/exchange/partners", {"text": "不是证书"})
    assert wrong.status_code == 422 and 'href="#field-text"' in wrong.text and "不是证书</textarea>" in wrong.text
    made = client.submit("/exchange/partners", {"text": far.descriptor("https://far.example"), "name": ""})
    assert made.status_code == 303
    address = made.headers["Location"]
    assert far.fingerprint[:4] in client.get(address).text
    assert client.submit(address + "/confirm", {"heard": "0" * 16}).status_code == 422
    assert client.submit(address + "/confirm", {"heard": far.fingerprint[-16:-8] + " " + far.fingerprint[-8:]}).status_code == 303
    partner = Partner.get()
    assert (partner.state, partner.confirmed_by_name) == ("active", "董安然")
    assert client.submit("/exchange/partners", {"text": far.descriptor()}).status_code == 409
    rest = oa_api(people["keeper"])
    (shown,) = rest.get("/api/v1/exchange/partners").json["items"]
    assert shown["fingerprint"] == far.fingerprint and shown["problem"] == ""
    stale = rest.put(f"/api/v1/exchange/partners/{partner.id}", json={"url": "https://new.example", "version": 1})
    assert stale.status_code == 409
    newer = Other("云岭市水务局", tmp_path / "newer")
    assert rest.post("/api/v1/exchange/partners", json={"descriptor": newer.descriptor()}).json["state"] == "pending"
    assert partners.get(partner.id).fingerprint == newer.fingerprint, "a new certificate is heard anew"
    assert oa_api(people["clerk"]).get("/api/v1/exchange/partners").status_code == 403
    with pytest.raises(Invalid, match="本单位自己的"):
        partners.add(rest.get("/api/v1/exchange/certificate").json["descriptor"], people["keeper"])


def test_who_has_no_address_that_can_be_used_exchanges_by_file(people, oa_client, oa_configure, tmp_path):
    client = oa_client(people["keeper"])
    assert "本系统的地址" not in client.get("/exchange/partners").text
    oa_configure("web", base_url="http://oa.inside.example")
    assert "本系统的地址 http://oa.inside.example 不是 HTTPS" in client.get("/exchange/partners").text
    far = Other("云岭市水务局", tmp_path / "far").descriptor("http://10.0.0.7:8000")
    page = client.submit("/exchange/partners", {"text": far, "name": ""})
    partner = Partner.get()
    assert page.status_code == 303 and partner.url == "" and "先只用文件交换" in client.get(page.headers["Location"]).text
    with pytest.raises(Invalid, match="必须是 HTTPS"):
        partners.change(partner, "http://10.0.0.7:8000", people["keeper"])


def test_by_file_each_says_what_is_to_be_done(other, people, document, oa_client):
    item = dispatched(document, other, people)
    sent = Message.get(Message.type == "document")
    assert again(item).state == "sent" and "请在“电子交换”页导出" in again(item).note
    page = oa_client(people["clerk"]).get("/exchange/messages").text
    assert "待导出" in page and f"/exchange/messages/{sent.id}/export" in page
    assert f"/exchange/messages/{sent.id}/resend" not in page, "there is no way to send it"
    exported(sent, people["clerk"])
    assert again(item).note == "已导出成文件，等对方的答复"
    carriers.recall(document, again(item), people["clerk"], "发错了")
    exported(again(sent), people["clerk"])
    assert again(item).note == "已请求撤回：发错了", "that is not talked over"
    by_file(other.pack("answer", {"result": "accepted", "request": ""}, files=(), reply_to=sent.message_id), people["clerk"])
    assert again(item).state == "delivered"


def out_of_force(document, people):
    from oa_documents.models_standing import StandingChange
    from oa_documents.services import standing

    change = StandingChange.create(document_id=document.id, change="repealed", reason="已有新规定", effective_on=dt.date(2026, 12, 1),
                                   state="confirmed", asked_by_id=people["clerk"].id, asked_by_name="何素芬", asked_at=clock.now())
    with db.transaction():
        standing._apply(again(document), change, people["clerk"])


def test_what_became_of_a_document_goes_to_who_has_it_and_what_has_not_left_stays(far, other, people, document):
    item = dispatched(document, other, people)
    outbox.drain()
    far.came.clear()
    out_of_force(document, people)
    outbox.drain()
    (header, manifest, _), = (far.opened(d) for d in far.came)
    assert header.type == "standing" and manifest["words"] == "自2026年12月1日起废止"
    assert header.reply_to == Message.get(Message.type == "document").message_id and again(item).state == "delivered"

    Outgoing.update(standing="", standing_on=None).where(Outgoing.id == document.id).execute()
    Message.delete().execute()
    Dispatch.delete().execute()
    item = dispatched(again(document), other, people)
    far.came.clear()
    out_of_force(document, people)
    outbox.drain()
    assert far.came == [] and again(item).state == "failed" and "没有发出" in again(item).note
    Message.update(state="failed").execute()
    with pytest.raises(Conflict, match="不再发"):
        queue.resend(Message.get(), people["clerk"])
