"""Copies with their numbers; reminders that grow; fax by e-mail; confidential documents sealed for their recipient."""

import io
import os
import stat
import subprocess
import sys

import pytest
from click.testing import CliRunner
from oa_documents import commands, envelope
from oa_documents.models import Dispatch, Organisation
from oa_documents.seal import verify_pdf
from oa_documents.services import addressbook, dispatches, printing, reminding, verification
from pypdf import PdfReader

from oa_kernel import audit, clock, notifications, outbox
from oa_kernel.errors import Conflict, Forbidden, Invalid

from .office import again


@pytest.fixture(scope="session")
def oa_settings(tmp_path_factory):
    return {"organisation": {"name": "云岭市人民政府办公室"}, "security": {"highest_secrecy": "机密"},
            "mail": {"folder": str(tmp_path_factory.mktemp("post"))},
            "plugins": {"documents": {"series": "云政办发", "fax_gateway": "{number}@fax.yunling.example", "reminders": [1, 2, 2]}}}


def mails(oa_settings, to):
    import email
    from email import policy
    from pathlib import Path

    found = [email.message_from_bytes(p.read_bytes(), policy=policy.default)
             for p in sorted(Path(oa_settings["mail"]["folder"]).rglob("*.eml"))]
    return [m for m in found if to in str(m["to"])]


def text_of(pdf, page):
    return "".join(PdfReader(io.BytesIO(pdf)).pages[page].extract_text().split())


def test_every_copy_has_its_own_number_and_says_whose_it_is(office, oa_client, oa_api):
    document = office.signed(secrecy="秘密", secrecy_term="1年", copy_number="1")
    with pytest.raises(Forbidden):
        printing.run(document, office.drafter, count=1)
    first = printing.run(document, office.clerk, recipients=["云岭市财政局", "云岭市公安局"], purpose="送阅")
    second = printing.run(again(document), office.clerk, count=3)
    assert (first.first, first.count, second.first, second.count) == (1, 2, 3, 3)
    pdf = printing.pdf(document, first, office.clerk)
    pages = len(PdfReader(io.BytesIO(pdf)).pages)
    assert pages % 2 == 0 and "云岭市财政局" in text_of(pdf, 0) and "云岭市公安局" in text_of(pdf, pages // 2)
    assert "000002" in text_of(pdf, pages // 2) and "第000002份" in text_of(pdf, pages - 1)
    assert not any("/Annots" in page for page in PdfReader(io.BytesIO(pdf)).pages)
    runs = [e.after for e in audit.events(action="documents.print").items if "recipients" in e.after]
    assert [r["first"] for r in runs] == [3, 1]
    for fields in ({"count": 0}, {"count": printing.MOST + 1}, {"count": 1, "recipients": ["甲", "乙"]}):
        with pytest.raises(Invalid):
            printing.run(document, office.clerk, **fields)
    page = oa_client(office.clerk)
    assert page.submit(f"/documents/{document.id}/prints", {"print_for": "云岭市档案馆\n", "watermark": "1"}).status_code == 303
    assert "000006" in page.get(f"/documents/{document.id}?tab=dispatch").text
    rest = oa_api(office.clerk)
    made = rest.post(f"/api/v1/documents/outgoing/{document.id}/prints", json={"count": 1}).json
    assert (made["first"], made["last"]) == (7, 7)
    assert rest.get(f"/api/v1/documents/outgoing/{document.id}/prints/{made['id']}/pdf").data[:5] == b"%PDF-"
    assert oa_api(office.drafter).get(f"/api/v1/documents/outgoing/{document.id}/prints").status_code == 403
    with pytest.raises(Conflict, match="成文"):
        printing.run(office.submitted(), office.clerk, count=1)


def test_who_does_not_sign_is_reminded_after_working_days_and_more_people_each_time(office, make, frozen, oa_settings):
    boss = make.person("boss", "业务处长", office.business, posts=[("业务处长", "head")])
    frozen("2035-11-23T09:00:00+08:00")  # a Friday
    document = office.signed()
    item, outside = dispatches.dispatch(document, [
        {"kind": "department", "id": office.business.id},
        {"kind": "organisation", "name": "市邮政公司", "channel": "email", "email": "slow@example.org"}], office.clerk)

    def told(person):
        return len([n for n in notifications.list_for(person, limit=50).items if "催签收" in n.title])

    frozen("2035-11-25T12:00:00+08:00")  # Sunday: not yet
    assert reminding.remind_due() == 0
    frozen("2035-11-26T18:00:00+08:00")
    assert reminding.remind_due() == 2 and reminding.remind_due() == 0
    assert (told(office.officer), told(boss), told(office.drafter)) == (1, 1, 0)
    outbox.drain()
    assert len(mails(oa_settings, "slow@example.org")) == 2
    dispatches.sign_by_token(dispatches.receipt_token(Dispatch.get_by_id(outside.id)), "王芳")
    frozen("2035-11-28T18:00:00+08:00")
    assert reminding.remind_due() == 1 and told(office.drafter) == 0
    frozen("2035-11-30T18:00:00+08:00")
    assert reminding.remind_due() == 1 and told(office.drafter) == 1 and told(office.officer) == 3
    assert Dispatch.get_by_id(item.id).remind_at is None  # no more
    again_sent = dispatches.resend(again(document), Dispatch.get_by_id(item.id), office.clerk)
    assert (again_sent.reminders, again_sent.remind_at is not None) == (0, True)


def test_a_fax_goes_to_the_gateway(office, oa_settings):
    document = office.signed()
    museum = addressbook.save({"name": "市博物馆", "fax": "0888-123 4567"}, office.clerk)
    with pytest.raises(Invalid, match="传真号码"):
        dispatches.dispatch(document, [{"kind": "organisation", "name": "市图书馆", "channel": "fax"}], office.clerk)
    (item,) = dispatches.dispatch(document, [{"kind": "organisation", "id": museum.id, "channel": "fax"}], office.clerk)
    outbox.drain()
    (message,) = mails(oa_settings, "08881234567@fax.yunling.example")
    assert Dispatch.get_by_id(item.id).state == "delivered" and "receipt" not in message.get_body(("plain",)).get_content()
    (attachment,) = message.iter_attachments()
    assert verify_pdf(attachment.get_content()).ok


def test_who_has_no_installation_makes_a_key_and_opens_what_was_sealed(tmp_path):
    """The recipient's computer has the program and no configuration."""
    def oa(*args):
        return subprocess.run([sys.executable, "-m", "oa_kernel.cli", *args], cwd=tmp_path, capture_output=True, text=True,
                              env={**os.environ, "OA_CONFIG": "", "PYTHONUTF8": "1"})

    made = oa("documents", "keypair", "云岭市公安局", "密钥夹")
    assert made.returncode == 0 and (tmp_path / "密钥夹" / "云岭市公安局.key").exists(), made.stderr
    needs = oa("documents", "series", "list")
    assert needs.returncode == 2 and "--config" in needs.stderr and "Traceback" not in needs.stderr


def test_a_confidential_document_is_mailed_sealed_for_its_recipient_only(office, oa_settings, tmp_path):
    made = CliRunner().invoke(commands.documents, ["keypair", "云岭市公安局", str(tmp_path)])
    key, certificate = tmp_path / "云岭市公安局.key", (tmp_path / "云岭市公安局.pem").read_text()
    assert made.exit_code == 0 and stat.S_IMODE(key.stat().st_mode) == 0o600
    police = addressbook.save({"name": "云岭市公安局", "email": "police@example.org"}, office.clerk)
    document = office.signed(secrecy="秘密", secrecy_term="1年", copy_number="1")
    where = [{"kind": "organisation", "id": police.id, "channel": "email"}]
    with pytest.raises(Invalid, match="加密证书"):
        dispatches.dispatch(document, where, office.clerk)
    with pytest.raises(Invalid, match="传真"):
        dispatches.dispatch(document, [{**where[0], "channel": "fax", "fax": "12345"}], office.clerk)
    with pytest.raises(Invalid):
        addressbook.save({"certificate": "-----BEGIN CERTIFICATE-----\nMIIB"}, office.clerk, police)
    addressbook.save({"certificate": certificate}, office.clerk, police)
    dispatches.dispatch(document, where, office.clerk)
    outbox.drain()
    (message,) = mails(oa_settings, "police@example.org")
    (attachment,) = message.iter_attachments()
    sealed = attachment.get_content()
    assert b"%PDF" not in sealed and attachment.get_filename().endswith(".oase")
    file = tmp_path / "公文.oase"
    file.write_bytes(sealed)
    assert verification.recognises_sealed(file, sealed[:200]) and verification.verify_sealed(file)["recipient"] == "云岭市公安局"
    done = CliRunner().invoke(commands.documents, ["open", str(file), "--key", str(key), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    (opened,) = (tmp_path / "out").iterdir()
    assert verify_pdf(opened.read_bytes()).ok and document.number in opened.name
    other, _ = envelope.make_key("别的单位", clock.now())
    with pytest.raises(Invalid, match="不是给这把密钥的"):
        envelope.open_sealed(sealed, other)
    with pytest.raises(Invalid, match="改动"):
        envelope.open_sealed(sealed.replace("云岭市公安局".encode(), "云岭市财政局".encode()), key.read_text())
    for nonsense in (b"", b"{}", b'{"format": "oa-sealed-1"}', b"[" * 5000):
        with pytest.raises(Invalid):
            envelope.open_sealed(nonsense, key.read_text())
    assert Organisation.get_by_id(police.id).certificate.startswith("-----BEGIN")
