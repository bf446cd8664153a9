"""The seals of a document issued together: each with its own key, all or none, listed wherever the document is shown."""

import datetime as dt
import io
import json

import pytest
from oa_documents.models import Outgoing, Sealing, SealRecord
from oa_documents.services import diagnostics, formal_ofd, incoming, sealings, seals, verification
from oa_documents.services import records as documents_records

from oa_kernel import audit, clock, files, outbox
from oa_kernel.cli.audits import verify_file
from oa_kernel.errors import Conflict, OAError

from .office import again

HOST, FINANCE, SAFETY, PAPER = "云岭市人民政府办公室", "云岭市财政局", "云岭市应急管理局", "云岭市公安局"


@pytest.fixture
def kept(office):
    """Seals of two other organisations, kept here."""
    seals.create(None)
    return [seals.create(None, name=name, joint=True) for name in (FINANCE, SAFETY)]


def ready(office, joint=f"{FINANCE}\n{SAFETY}"):
    """Everybody has agreed; only the number and the seals are missing."""
    document = office.submitted(("head", "deputy", "leader"), title=f"{HOST}等三部门关于开展联合检查的通知", joint=joint)
    return office.act(document, "clerk")  # they have signed on paper


def pdf_of(document):
    return files.read_bytes(files.get(again(document).formal_file_id))


def test_every_organisation_seals_with_its_own_key(office, kept, tmp_path):
    document = office.act(ready(office), "clerk")
    answer = verification.check(pdf_of(document), roots=seals.roots())
    assert answer["ok"] and answer["trusted"] and answer["expected"] == 3
    assert [one["organisation"] for one in answer["seals"]] == [HOST, FINANCE, SAFETY]
    prints = [seals.describe(seal)["fingerprint"] for seal in (seals.current(), *kept)]
    assert [one["fingerprint"] for one in answer["seals"]] == prints and len(set(prints)) == 3
    assert [row["organisation"] for row in sealings.of(document)] == [HOST, FINANCE, SAFETY]
    assert [seals.describe(seal)["used"] for seal in (seals.current(), *kept)] == [1, 1, 1]
    used = audit.events(action="documents.seal.use").items
    assert sorted(event.title for event in used) == sorted(seal.title for seal in kept)
    # offline, by the command's own way
    file = tmp_path / "联合.pdf"
    file.write_bytes(pdf_of(document))
    offline = verify_file(file)
    assert offline["ok"] and "共 3 枚" in offline["summary"] and len(offline["details"]) == 3
    assert offline["details"][2].startswith(f"第 3 枚（共 3 枚）：{SAFETY} 于 ") and prints[2] in offline["details"][2]
    json.dumps(offline, ensure_ascii=False)


def test_the_ofd_carries_the_same_seals_in_the_same_places(office, kept):
    document = office.act(ready(office), "clerk")
    outbox.drain()
    data = files.read_bytes(formal_ofd.existing(document))
    answer = verification.check(data, roots=seals.roots())
    assert answer["ok"] and [one["organisation"] for one in answer["seals"]] == [HOST, FINANCE, SAFETY]
    import re
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as package:
        described = [package.read(f"Doc_0/Signs/Sign_{n}/Signature.xml").decode() for n in range(3)]
    places = [re.search(r'<ofd:StampAnnot [^>]*Boundary="([^"]*)"', text)[1] for text in described]
    assert len(set(places)) == 3  # each where its picture is


def test_an_organisation_whose_seal_is_elsewhere_seals_on_paper(office, kept):
    document = office.act(ready(office, f"{PAPER}\n{SAFETY}"), "clerk")
    answer = verification.check(pdf_of(document), roots=None)
    assert answer["ok"] and [one["organisation"] for one in answer["seals"]] == [HOST, SAFETY]
    assert [(row["organisation"], bool(row["seal"])) for row in sealings.of(document)] == [
        (HOST, True), (PAPER, False), (SAFETY, True)]


def test_when_the_third_cannot_seal_nothing_is_done(office, kept):
    document = ready(office)
    before = (again(document).version, files.File.select().count())
    # the third seal's certificate is another one than its key: found only when it is its turn
    SealRecord.update(key_id=kept[0].key_id).where(SealRecord.id == kept[1].id).execute()
    with pytest.raises(OAError, match="私钥与证书"):
        office.act(document, "clerk")
    after = again(document)
    assert (after.version, files.File.select().count()) == before
    assert after.number is None and after.formal_file_id is None and after.state == "reviewing"
    assert not Sealing.select().where(Sealing.document == document.id).exists()
    assert audit.events(action="documents.seal.use").items == []
    # mended, the same step goes through
    SealRecord.update(key_id=kept[1].key_id).where(SealRecord.id == kept[1].id).execute()
    assert verification.check(pdf_of(office.act(document, "clerk")), roots=None)["ok"]


def test_an_expired_seal_of_another_organisation_is_named_before_and_refused(office, kept, oa_client):
    document = ready(office)
    SealRecord.update(valid_until=clock.now() - dt.timedelta(days=1)).where(SealRecord.id == kept[1].id).execute()
    level, line = diagnostics._seal()
    assert level == "warning" and kept[1].title in line and kept[0].title not in line
    assert "印章已过期，不能成文" in oa_client(office.clerk).get(f"/documents/{document.id}").text
    with pytest.raises(Conflict, match="“云岭市应急管理局”的印章已过期"):
        office.act(document, "clerk")
    assert again(document).number is None
    # out of use, it is as if it were elsewhere
    seals.set_active(kept[1].id, False, None)
    assert [bool(row["seal"]) for row in sealings.of(office.act(document, "clerk"))] == [True, True, False]


def test_all_seals_stand_on_the_pages_and_in_the_answers(office, kept, oa_client):
    document = ready(office, f"{FINANCE}\n{SAFETY}\n{PAPER}")
    page = oa_client(office.clerk).get(f"/documents/{document.id}").text
    assert "成文时依次用印" in page and page.count("印章在此") == 3 and "留出位置，在纸上用印" in page
    document = office.act(document, "clerk")
    page = oa_client(office.clerk).get(f"/documents/{document.id}?tab=act").text
    assert "各机关的印章" in page and "在纸上用印" in page and "成文时依次用印" not in page
    listed = oa_client(office.drafter).get(f"/api/v1/documents/outgoing/{document.id}").json["seals"]
    assert [row["organisation"] for row in listed] == [HOST, FINANCE, SAFETY, PAPER] and listed[3]["at"] is None
    public = oa_client()
    page = public.get(f"/verify/d/{document.verify_code}").text
    for name in (HOST, FINANCE, SAFETY, PAPER):
        assert name in page
    form = {"_csrf": public.csrf, "file": (io.BytesIO(pdf_of(document)), "文件.pdf")}
    page = public.post(f"/verify/d/{document.verify_code}", data=form, content_type="multipart/form-data").text
    assert "与原件一致" in page and "第 3 枚（共 3 枚）：云岭市应急管理局" in page
    page = public.post("/verify", data={"file": (io.BytesIO(pdf_of(document)), "文件.pdf")}, content_type="multipart/form-data").text
    assert "真实" in page and "第 2 枚（共 3 枚）：云岭市财政局" in page
    shorter = pdf_of(document)[:-2000]
    page = public.post("/verify", data={"file": (io.BytesIO(shorter), "文件.pdf")}, content_type="multipart/form-data").text
    assert "不真实或已改动" in page and "缺“云岭市应急管理局”" in page


def test_one_that_comes_in_is_registered_with_all_its_seals(office, kept, oa_client):
    document = office.act(ready(office), "clerk")
    file = files.store_bytes(pdf_of(document), "来文.pdf", office.clerk)
    files.attach(file, "documents.desk", office.clerk.id)
    made = incoming.register({"title": document.title, "sender": HOST, "files": [file.id]}, office.clerk)
    assert made.seal["ok"] and len(made.seal["details"]) == 3
    assert "第 3 枚（共 3 枚）：云岭市应急管理局" in oa_client(office.clerk).get(f"/documents/incoming/{made.id}").text


def test_a_document_of_our_own_has_one_seal_as_before(office, kept):
    document = office.signed()
    answer = verification.check(pdf_of(document), roots=None)
    assert answer["ok"] and answer["expected"] == 1 and answer["details"] == []
    assert [row["organisation"] for row in sealings.of(document)] == [HOST]
    assert not Sealing.select().exists() and documents_records.describe(str(document.id)).title == document.title
    assert Outgoing.get_by_id(document.id).seal.organisation == HOST
