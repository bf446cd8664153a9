"""The OFD beside the PDF: made after signing, kept, handed to recipients and the archives, and read when it comes in."""

import io

from oa_documents.services import dispatches, formal_ofd, incoming, reading, records, verification

from oa_kernel import audit, files, outbox


def bytes_of(file):
    return files.read_bytes(file)


def test_it_is_made_in_the_background_and_given_to_whoever_may_see_the_pdf(office, oa_client, tmp_path):
    document = office.signed()
    assert formal_ofd.existing(document) is None  # the one who approves does not wait for it
    outbox.drain()
    made = formal_ofd.existing(document)
    assert made.name == f"{document.number}.ofd" and formal_ofd.of(document).id == made.id
    assert audit.events(action="documents.outgoing.ofd").items
    data = bytes_of(made)
    answer = verification.check(data, roots=verification._roots())
    assert answer["ok"] and answer["trusted"] and answer["kind"] == "电子签章 OFD"
    # offline, by its content rather than its name
    path = tmp_path / "x.bin"
    path.write_bytes(data)
    assert verification.recognises_ofd(path, data[:1024]) and verification.verify(path)["seal_name"] == document.seal.title[:-2]
    for client in (oa_client(office.drafter), oa_client(office.clerk)):
        assert client.get(f"/documents/{document.id}/ofd").data == data
    got = oa_client(office.drafter).get(f"/api/v1/documents/outgoing/{document.id}/ofd")
    assert got.data == data and got.headers["Content-Type"].startswith("application/ofd")
    page = oa_client(office.drafter).get(f"/documents/{document.id}").text
    assert f"/documents/{document.id}/ofd" in page
    # who is not sent it learns nothing of it; who is, gets it, and that counts as delivered
    receiver = oa_client(office.officer)
    assert receiver.get(f"/documents/{document.id}/ofd").status_code == 404
    dispatches.dispatch(document, [{"kind": "department", "id": office.business.id}], office.clerk)
    assert receiver.get(f"/documents/{document.id}/ofd").data == data
    assert dispatches.of(document)[0].state == "delivered"
    # anybody with the code compares either file
    code = document.verify_code
    assert verification.compare(code, data)["ok"]
    assert verification.public_view(code)["ofd_sm3"] == made.sm3
    assert [p.name for p in records.describe(str(document.id)).parts[:2]] == [f"{document.number}.pdf", f"{document.number}.ofd"]


def test_there_is_none_before_the_signing_and_none_where_it_is_switched_off(office, oa_client, monkeypatch):
    document = office.submitted()
    answer = oa_client(office.drafter).get(f"/api/v1/documents/outgoing/{document.id}/ofd")
    assert answer.status_code == 404 and "还没有成文" in answer.text
    monkeypatch.setattr(formal_ofd.settings, "section", lambda get=formal_ofd.settings.section: {**get(), "ofd": False})
    for who in ("head", "deputy", "leader", "clerk"):
        document = office.act(document, who)
    outbox.drain()
    assert formal_ofd.existing(document) is None and not formal_ofd.wanted(document)
    assert [p.name for p in records.describe(str(document.id)).parts if p.name.endswith(".ofd")] == []


def test_one_that_comes_in_is_read_its_seal_kept_and_a_dangerous_one_refused(office, oa_client):
    document = office.signed(urgency="加急")
    data = bytes_of(formal_ofd.of(document))
    client = oa_client(office.clerk)

    def upload(content, name):
        form = {"_csrf": client.csrf, "file": [(io.BytesIO(content), name)]}
        answer = client.post("/documents/incoming/upload", data=form, content_type="multipart/form-data")
        assert answer.status_code == 303, answer.text
        return client.get(answer.headers["Location"]).text, files.attached("documents.desk", office.clerk.id)[-1]

    page, file = upload(data, "来文.ofd")
    found = reading.propose(file)
    assert (found["title"], found["number"], found["sender"], found["urgency"], found["dated_on"]) == (
        document.title, document.number, "云岭市人民政府办公室", "加急", document.date)
    assert document.number in page and document.title in page and "各单位要高度重视" in page
    made = incoming.register({"title": found["title"], "sender": found["sender"], "files": [file.id]}, office.clerk)
    assert made.seal["ok"] and "印章签章" in made.seal["summary"] and "各单位要高度重视" in made.text
    # an attack is named at the desk
    page, bad = upload(data.replace(b"Doc_0/Document.xml", b"Doc_0/../Docum.xml"), "坏.ofd")
    assert "指到文件之外" in page
    altered = bytearray(data)
    altered[len(data) // 2] ^= 1
    assert reading.seal_of(upload(bytes(altered), "改.ofd")[1])["ok"] is False
