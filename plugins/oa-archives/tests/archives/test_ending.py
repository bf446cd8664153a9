"""Records end by an approved list only, with two people present; or they are handed over against a receipt."""

import datetime as dt
import io
import json
import zipfile

import pytest
from oa_archives.models import Item
from oa_archives.models_use import Appraisal, AppraisalEntry, Transfer
from oa_archives.services import (
    access,
    appraisal,
    appraisal_case,
    destruction,
    filing,
    keeping,
    packages,
    queries,
    transfer,
    transfer_checks,
    transfer_files,
)

from oa_kernel import clock, crypto, db, files, permissions, workflow
from oa_kernel import contributions as c
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound
from oa_kernel.notifications.models import Notification

from .things import ERASED, pdf

pytestmark = pytest.mark.oa_databases


@pytest.fixture
def court(desk, make):
    """Who decides, and two who are present."""
    desk.decider = make.person("decider", "高明德", desk.unit, [("主任", "head")], ["archives_decider"], clearance=3)
    desk.one = make.person("one", "甲", desk.unit, roles=["archives_witness"])
    desk.two = make.person("two", "乙", desk.unit, roles=["archives_witness"])
    return desk


def due(desk, retention="D10", **more):
    """A record whose term is over."""
    item = desk.file(choice={"retention": retention}, date=dt.date(2010, 3, 2), **more)
    return Item.get_by_id(item.id)


def approve(case_id, person):
    for task in list(workflow.Task.select().where(workflow.Task.instance_id == case_id, workflow.Task.assignee_id == person.id,
                                                  workflow.Task.state == "open")):
        workflow.act(task.id, "approve", by=person)


def test_only_what_has_run_out_is_listed_and_never_twice(court, count_queries):
    item = due(court, title="Old one")
    for retention in ("Y", "D30"):
        due(court, retention, title=f"Kept {retention}")
    court.file(title="New one", choice={"retention": "D10"})
    with count_queries() as statements:
        found = appraisal.due(court.archivist).items
    assert [i.id for i in found] == [item.id] and len([s for s in statements if "archives_item" in s]) == 1
    with pytest.raises(Forbidden):
        appraisal.due(court.reader)
    with pytest.raises(Conflict):
        appraisal.create(court.archivist, "清册", [item.id, item.id + 1])
    row = appraisal.create(court.archivist, "清册", everything=True)
    assert row.number == f"鉴定〔{clock.today().year}〕1号" and row.count == 1
    with pytest.raises(Conflict):
        appraisal.create(court.archivist, "又一份", [item.id])
    appraisal.drop(court.archivist, row.id, row.version)
    assert appraisal.due(court.archivist).items


def test_who_is_to_be_present_is_told_and_the_archivist_when_they_are(court, oa_outbox):
    due(court, title="Old one")
    row = appraisal.create(court.archivist, "清册", everything=True)
    case = appraisal_case.submit(court.archivist, row.id, row.version)
    approve(case.id, court.decider)
    approve(case.id, court.decider)
    for person in (court.one, court.two):
        assert [n.title for n in oa_outbox.inbox(person)] == [f"请监销：{row.number}"]
    destruction.witness(court.one, row.id)
    ready = f"监销人已到场：{row.number}"
    assert ready not in [n.title for n in oa_outbox.inbox(court.archivist)]
    destruction.witness(court.two, row.id)
    assert ready in [n.title for n in oa_outbox.inbox(court.archivist)]


def test_from_the_list_to_content_that_nothing_brings_back(court, oa_client):
    attachment = files.store_bytes(b"the same annex", "附件.txt")
    parts = [c.RecordPart("text", "正文.pdf", file=files.store_bytes(pdf("Old one", "YZB 12"), "正文.pdf")),
             c.RecordPart("attachment", "附件.txt", file=attachment)]
    old, kept, forever = due(court, title="Old one", parts=parts), due(court, title="Kept"), due(court, title="Forever")
    other = court.file(title="Other", parts=[
        c.RecordPart("text", "正文.pdf", file=files.store_bytes(pdf("Other", "YZB 12"), "正文.pdf")),
        c.RecordPart("attachment", "附件.txt", file=attachment)])
    row = appraisal.create(court.archivist, "2010 年 10 年期", everything=True)
    entries = {e.item_id: e for e in AppraisalEntry.select()}
    wrong = [{"entry": entries[kept.id].id, "opinion": "keep", "keep_until": "2001", "reason": "还有用"}]
    with pytest.raises(Invalid):
        appraisal.judge(court.archivist, row.id, row.version, wrong)
    row = appraisal.judge(court.archivist, row.id, row.version, [
        {**wrong[0], "keep_until": clock.today().year + 5},
        {"entry": entries[forever.id].id, "opinion": "permanent", "reason": "涉及本机关沿革"}])
    with pytest.raises(Conflict, match="别人改过"):
        appraisal_case.submit(court.archivist, row.id, row.version - 1)
    case = appraisal_case.submit(court.archivist, row.id, row.version)
    with pytest.raises(Conflict):
        destruction.witness(court.one, row.id)
    task = workflow.Task.get(workflow.Task.instance_id == case.id, workflow.Task.assignee_id == court.decider.id)
    workflow.act(task.id, "return", by=court.decider, comment="理由再写清楚", target="draft")
    row = appraisal.get(court.archivist, row.id)
    row = appraisal.judge(court.archivist, row.id, row.version, [
        {"entry": entries[forever.id].id, "opinion": "permanent", "reason": "涉及本机关沿革，有查考价值"}])
    assert row.state == "draft" and appraisal_case.submit(court.archivist, row.id, row.version).id == case.id
    approve(case.id, court.decider)
    approve(case.id, court.decider)
    assert Appraisal.get_by_id(row.id).state == "approved"
    now = {i.id: i for i in Item.select()}
    assert now[forever.id].retention == "Y" and now[kept.id].keep_until == clock.today().year + 5
    assert [i.id for i in queries.find(court.archivist, {"q": "消防", "retention": "Y"}).items] == [forever.id]
    assert not appraisal.due(court.archivist).items
    with pytest.raises(Conflict, match="监销人"):
        destruction.destroy(court.archivist, row.id, row.number)
    destruction.witness(court.one, row.id)
    with pytest.raises(Conflict):
        destruction.witness(court.one, row.id)
    destruction.witness(court.two, row.id)
    with pytest.raises(Forbidden):
        destruction.destroy(court.decider, row.id, row.number)
    with pytest.raises(Conflict, match="照抄"):
        destruction.destroy(court.archivist, row.id, "yes")
    part = old.parts.get()
    path = files.blob_path(part.sm3)
    copy = path.read_bytes()
    told = len(ERASED)
    assert [i.id for i in queries.find(court.archivist, {"q": "消防", "year": "2010"}).items][0] == forever.id
    assert destruction.destroy(court.archivist, row.id, row.number) == {"destroyed": 1, "files": 1, "files_kept": 1}
    path.write_bytes(copy)  # a backup of the blobs comes back, and the key ring is whole
    db.database.execute_sql("UPDATE files_blob SET erased_at = NULL")
    db.database.execute_sql("UPDATE files_file SET erased_at = NULL")
    with pytest.raises(crypto.CryptoError):
        files.read_bytes(files.get(part.file_id))
    assert ERASED[told:] == [(old.source_id, row.number)]
    gone = Item.get_by_id(old.id)
    assert (gone.state, gone.text, gone.title) == ("destroyed", "", "Old one") and row.number in destruction.told(gone)
    assert old.id not in [i.id for i in queries.find(court.archivist, {"q": "消防"}).items]
    assert old.id in [i.id for i in queries.find(court.archivist, {"q": "Old"}).items]
    assert [i.id for i in queries.find(court.archivist, {"q": "Old", "state": "destroyed"}).items] == [old.id]
    for call in (lambda: packages.build(court.archivist, gone), lambda: keeping.check(gone, court.archivist)):
        with pytest.raises(Conflict, match="销毁"):
            call()
    client = oa_client(court.archivist)
    assert row.number in client.get(f"/archives/{old.id}").text and client.get(f"/archives/{old.id}/files/1").status_code == 409
    assert files.read_bytes(files.get(other.parts.where(filing.Part.role == "attachment").get().file_id)) == b"the same annex"
    with pytest.raises(Conflict):
        destruction.destroy(court.archivist, row.id, row.number)


def test_permanent_records_are_never_destroyed_even_on_an_approved_list(court):
    item, other = due(court, title="One"), due(court, title="Two")
    row = appraisal.create(court.archivist, "清册", everything=True)
    case = appraisal_case.submit(court.archivist, row.id, row.version)
    approve(case.id, court.decider)
    approve(case.id, court.decider)
    Item.update(retention="Y").where(Item.id == other.id).execute()
    destruction.witness(court.one, row.id)
    destruction.witness(court.two, row.id)
    with pytest.raises(Conflict) as caught:
        destruction.destroy(court.archivist, row.id, row.number)
    assert caught.value.code == "permanent"
    assert Item.get_by_id(item.id).state == "kept" and files.read_bytes(files.get(item.parts.get().file_id))


def test_a_transfer_is_checked_packed_and_ended_by_its_receipt(court):
    items = [court.file(title=f"Number {n}", choice={"retention": r}) for n, r in enumerate(("Y", "D30", "D10"))]
    data = {"first_year": "2026", "last_year": "2026"}
    with pytest.raises(Forbidden):
        transfer.create(court.reader, data)
    with pytest.raises(Invalid) as caught:
        transfer.create(court.archivist, {**data, "first_year": "1900", "retentions": ["D10"]})
    assert set(caught.value.errors) == {"first_year", "retentions"}
    row = transfer.create(court.archivist, data)
    assert row.count == 2 and items[2].id not in [e.id for e in transfer.entries(court.archivist, row).items]
    with pytest.raises(Conflict):
        transfer.create(court.archivist, data)
    receipt = {"receipt_number": "馆收 7", "receipt_on": str(clock.today()), "receipt_by": "接收人"}
    with pytest.raises(Conflict):
        transfer.receive(court.archivist, row.id, receipt)
    part = items[0].parts.get()
    whole = files.blob_path(part.sm3).read_bytes()
    files.blob_path(part.sm3).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    transfer.STEP, step = 1, transfer.STEP
    transfer_checks.start(court.archivist, row.id)
    with pytest.raises(Conflict):
        transfer_checks.start(court.archivist, row.id)
    transfer.check(court.archivist, row.id)  # a worker got so far and was killed
    assert transfer_checks.resume() == 0 and transfer.standing(row)["left"] == 1
    Transfer.update(beat_at=clock.now() - dt.timedelta(hours=1)).execute()
    assert transfer_checks.resume() == 1
    assert transfer_checks.run(row.id) == {"checked": 2, "failed": 1, "left": 0}
    transfer.STEP = step
    files.blob_path(part.sm3).write_bytes(whole)
    transfer_checks.start(court.archivist, row.id, again=True)
    assert transfer_checks.run(row.id) == {"checked": 2, "failed": 0, "left": 0}
    assert Notification.select().where(Notification.kind == "archives.transfer").count() == 2
    assert {one.stage for one in queries.checks_of(items[0])} == {"transfer"}
    row = transfer.get(court.archivist, row.id)
    with transfer_files.bundle(court.archivist, row) as out, zipfile.ZipFile(out) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        for name, digest in manifest["sm3"].items():
            assert crypto.sm3_hex(archive.read(name)) == digest
        inner = [n for n in archive.namelist() if n.startswith("记录/")]
        assert len(inner) == 2 and "eep.xml" in zipfile.ZipFile(io.BytesIO(archive.read(inner[0]))).namelist()
        signature = json.loads(archive.read("manifest.json.sig"))
        public, given = bytes.fromhex(signature["public_key"]), bytes.fromhex(signature["signature"])
        assert crypto.verify(public, archive.read("manifest.json"), given)
        assert archive.read("移交清单.pdf")[:5] == b"%PDF-"
    transfer.receive(court.archivist, row.id, receipt)
    assert Item.get_by_id(items[0].id).state == "transferred" and Item.get_by_id(items[2].id).state == "kept"
    with pytest.raises(Conflict):
        transfer.drop(court.archivist, row.id)
    with pytest.raises(NotFound):
        transfer.get(court.reader, row.id)
    assert permissions.allows(court.archivist, "archives.transfer.manage") and access.is_open(Item.get_by_id(items[0].id)) is False
