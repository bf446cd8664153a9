"""What lies in the files at the sign-in desk: Word files whole, e-mails with what they carry, pictures beside the form."""

import base64
import io
import re

import docx
import pytest
from oa_documents.models_incoming import Incoming
from oa_documents.navigation import NAVIGATION
from oa_documents.services import incoming, reading

from oa_kernel import files

LINES = ("清河县人民政府文件", "清政〔2026〕41号", "关于解决防汛抢险物资采购经费的请示", "云岭市人民政府办公室：",
         "经测算，共需经费120万元。", "清河县人民政府", "2026年11月22日")
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4////fwAJ+wP9KobjigAAAABJRU5ErkJggg==")


def word():
    document, out = docx.Document(), io.BytesIO()
    for line in LINES:
        document.add_paragraph(line)
    document.save(out)
    return out.getvalue()


def mail(*carried, subject="报送：一份请示"):
    from email.message import EmailMessage

    message = EmailMessage()
    message["Subject"] = subject
    message.set_content("现报送请示一份，请查收。")
    for name, content in carried:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return bytes(message)


@pytest.fixture
def desk(office, oa_client):
    return oa_client(office.clerk)


def upload(desk, *named):
    data = {"_csrf": desk.csrf, "file": [(io.BytesIO(content), name) for name, content in named]}
    return desk.post("/documents/incoming/upload", data=data, content_type="multipart/form-data")


def test_a_word_file_is_read_with_its_head_and_its_signature(office):
    found = reading.propose(files.store_bytes(word(), "请示.docx", office.clerk))
    assert (found["number"], found["sender"], found["title"]) == ("清政〔2026〕41号", "清河县人民政府", LINES[2])
    assert str(found["dated_on"]) == "2026-11-22" and all(line in found["text"] for line in LINES)


def test_the_document_is_what_the_email_carries(office):
    found = reading.propose(files.store_bytes(mail(("请示.docx", word())), "报送.eml", office.clerk))
    assert (found["number"], found["sender"], found["title"]) == ("清政〔2026〕41号", "清河县人民政府", LINES[2])
    assert "现报送请示一份" in found["text"] and LINES[4] in found["text"]


def test_an_email_without_attachments_says_what_it_says(office):
    found = reading.propose(files.store_bytes(mail(subject="清河县关于经费的请示"), "报送.eml", office.clerk))
    assert found["title"] == "清河县关于经费的请示" and "number" not in found


def test_what_the_email_carries_is_registered_beside_it(office):
    letter = files.store_bytes(mail(("请示.docx", word()), ("程序.exe", b"MZ\x90\x00" + b"\0" * 100)), "报送.eml", office.clerk)
    document = incoming.register({"title": "请示", "sender": "清河县", "files": [letter.id]}, office.clerk)
    assert [f.name for f in files.attached(incoming.SUBJECT, document.id)] == ["报送.eml", "请示.docx"]
    assert LINES[4] in Incoming.get().text


def test_one_file_that_is_not_taken_is_named_and_the_others_stay(desk):
    answer = upload(desk, ("程序.exe", b"MZ\x90\x00"), ("请示.docx", word()), ("空.txt", b""))
    assert answer.status_code == 303
    shown = desk.get(answer.headers["Location"]).text
    assert "没有收下 2 份" in shown and "程序.exe" in shown and "空.txt" in shown and LINES[2] in shown


def test_where_none_is_taken_each_is_named(desk):
    answer = upload(desk, ("程序.exe", b"MZ\x90\x00"), ("空.txt", b""))
    assert answer.status_code == 422 and "程序.exe" in answer.text and "空.txt" in answer.text


def test_a_picture_stands_beside_the_form_and_that_nothing_was_read_is_said(desk, monkeypatch):
    monkeypatch.setattr("oa_documents.text.ocr.available", lambda: False)
    where = upload(desk, ("扫描.png", PNG)).headers["Location"]
    shown = desk.get(where).text
    assert f'<img src="{where}/file"' in shown and "什么也没有读出" in shown


def test_what_waits_for_registration_counts_in_the_navigation(desk, office):
    item = next(i for i in NAVIGATION if i.endpoint == "documents.incoming_new")
    assert item.count(office.clerk) == 0
    upload(desk, ("请示.docx", word()), ("二.txt", "关于一事的函".encode()))
    assert item.count(office.clerk) == 2


def test_what_is_confirmed_stands_at_the_desk_in_the_navigation(desk):
    page = desk.get(upload(desk, ("请示.docx", word())).headers["Location"]).text
    current = [tag for tag in re.findall(r"<a [^>]*>", page) if 'aria-current="page"' in tag]
    assert any('href="/documents/incoming/new"' in tag for tag in current)
    assert not any('href="/documents/incoming"' in tag for tag in current)
