"""What is finished becomes a record under its 档号: once, whole, or not at all."""

import pytest
from oa_archives.models import Check, Item, Part, Pending
from oa_archives.services import filing, pending

from oa_kernel import contributions as c
from oa_kernel import db, files, permissions, signals
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound

from .things import KEPT, KNOWN, pdf

ACTS = b"\n/OpenAction << /S /JavaScript /JS (x) >>"

pytestmark = pytest.mark.oa_databases


def test_a_finished_thing_waits_with_a_proposal_and_its_reason(desk):
    row = desk.finish(title="关于印发公文处理办法的通知")
    assert (row.retention, row.class_code, row.state) == ("Y", "BGS", "waiting")
    assert row.reason == "本机关的规章制度" and row.department_name == "办公室"
    assert [r.id for r in pending.waiting(desk.archivist).items] == [row.id]


def test_it_is_offered_once_and_anew_while_it_waits(desk):
    row = desk.finish()
    KNOWN[row.source_id] = c.Record(title="另一个题名", kind="请示", department="办公室")
    pending.offer("things.thing", row.source_id)
    assert Pending.select().count() == 1
    assert (Pending.get_by_id(row.id).title, Pending.get_by_id(row.id).retention) == ("另一个题名", "Y")


def test_filing_gives_the_number_keeps_the_parts_and_tells_the_source(desk):
    item = desk.file(choice={"retention": "D10", "keywords": ["消防"]})
    assert item.archival_number == "Z109-WS·2026-D10-BGS-0001" and item.keywords == ["消防"]
    assert [(p.role, p.name, p.pages) for p in item.parts] == [("text", "正文.pdf", 1)]
    assert dict(KEPT) == {"1": item.archival_number}
    assert Pending.get(Pending.item_id == item.id).state == "filed"
    assert desk.file().archival_number == "Z109-WS·2026-D30-BGS-0001"  # another series
    assert desk.file(choice={"retention": "D10"}).archival_number == "Z109-WS·2026-D10-BGS-0002"


def test_filing_twice_is_refused_and_changes_nothing(desk):
    row = desk.finish()
    filing.file(desk.archivist, row.id)
    with pytest.raises(Conflict, match="已经归档"):
        filing.file(desk.archivist, row.id)
    assert pending.offer("things.thing", row.source_id) is None
    assert Item.select().count() == 1 and Pending.select().count() == 1


def test_the_parts_stand_in_the_order_of_the_standard(desk):
    parts = [c.RecordPart("handling", "办理单.txt", data=b"..."), c.RecordPart("final_draft", "定稿.txt", data=b"draft"),
             c.RecordPart("attachment", "附件.txt", data="附件一".encode()), c.RecordPart("draft", "第1稿.txt", data=b"1"),
             c.RecordPart("text", "正文.pdf", data=pdf("Notice on fire safety", "YZB 12"))]
    item = desk.file(parts=parts, instance_id=5)
    assert [p.role for p in item.parts.order_by(Part.position)] == ["text", "attachment", "final_draft", "handling"]


@pytest.mark.parametrize(("choice", "field"), [
    ({"retention": "D99"}, "retention"), ({"class": "办公室"}, "class"), ({"class": "a"}, "class"),
    ({"keywords": ["词"] * 21}, "keywords"), ({"keywords": [""]}, "keywords"), ({"year": 1900}, "year"), ({"year": 2990}, "year")])
def test_a_choice_that_cannot_be_is_named(desk, choice, field):
    row = desk.finish()
    with pytest.raises(Invalid) as caught:
        filing.file(desk.archivist, row.id, choice)
    assert field in caught.value.errors and Item.select().count() == 0


@pytest.mark.parametrize(("parts", "code"), [
    ([], "B1"),
    ([c.RecordPart("text", "正文.pdf", data=b"%PDF-1.7\nnot really")], "C1"),
    ([c.RecordPart("text", "正文.pdf", data=pdf("Another title", "YZB 12"))], "A4"),
    ([c.RecordPart("text", "正文.pdf", data=pdf("Notice on fire safety", "YZB 12") + ACTS)], "D1"),
])
def test_a_record_that_fails_a_check_is_refused_with_the_rule_and_nothing_stays(desk, parts, code):
    row = desk.finish(parts=parts)
    before = files.File.select().count()
    with pytest.raises(Conflict) as caught:
        filing.file(desk.archivist, row.id)
    assert caught.value.code == "checks_failed" and code in [f["code"] for f in caught.value.details["checks"]]
    assert (Item.select().count(), Check.select().count(), files.File.select().count()) == (0, 0, before)
    assert Pending.get_by_id(row.id).state == "waiting" and KEPT == []


def test_an_order_bears_its_number_alone_on_the_page(desk):
    """GB/T 9704-2012, 10.2: 第3号 on the page of 云政办令〔2026〕3号."""
    page = "云岭市人民政府办公室令\n第3号\n《公文处理办法》已经通过，现予公布。\n"
    for number, filed in (("云政办令〔2026〕4号", False), ("云政办令〔2026〕3号", True)):
        row = desk.finish(title="云岭市人民政府办公室令", number=number, kind="命令", parts=[
            c.RecordPart("text", "令.txt", data=page.encode())])
        if filed:
            assert filing.file(desk.archivist, row.id).number == number
        else:
            with pytest.raises(Conflict, match="找不到文号"):
                filing.file(desk.archivist, row.id)


def test_what_is_voided_waits_no_longer(desk):
    row = desk.finish()
    signals.record_gone.send("test", kind="things.thing", subject_id=row.source_id, reason="文号用错", by=desk.archivist)
    assert pending.waiting(desk.archivist).items == []
    (gone,) = pending.waiting(desk.archivist, state="declined").items
    assert gone.id == row.id and gone.note == "已作废：文号用错"


def test_what_was_altered_on_disk_is_not_filed(desk):
    row = desk.finish()
    path = files.blob_path(files.File.get().sm3)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(Conflict, match="读不出来|摘要"):
        filing.file(desk.archivist, row.id)


def test_what_is_not_finished_any_more_is_not_filed(desk):
    row = desk.finish()
    KNOWN[row.source_id] = None
    with pytest.raises(Conflict, match="已撤销"):
        filing.file(desk.archivist, row.id)


def test_the_same_text_twice_is_told(desk):
    file = files.store_bytes(pdf("Notice on fire safety", "YZB 12"), "正文.pdf")
    first = desk.file(parts=[c.RecordPart("text", "正文.pdf", file=file)])
    with pytest.raises(Conflict, match=first.archival_number):
        desk.file(parts=[c.RecordPart("text", "正文.pdf", file=file)])


def test_only_archivists_file_and_none_above_their_clearance(desk, make):
    row, secret = desk.finish(), desk.finish(level=3)
    with pytest.raises(Forbidden):
        filing.file(desk.reader, row.id)
    low = make.person("low", "新人", desk.unit, roles=["archives_archivist"], clearance=0)
    assert [r.id for r in pending.waiting(low).items] == [row.id]
    with pytest.raises(NotFound):
        filing.file(low, secret.id)


def test_declining_needs_a_reason_and_can_be_taken_back(desk):
    row = desk.finish()
    with pytest.raises(Invalid):
        pending.decline(desk.archivist, row.id, " ")
    pending.decline(desk.archivist, row.id, "重份")
    assert pending.waiting(desk.archivist).items == []
    with pytest.raises(Conflict):
        filing.file(desk.archivist, row.id)
    pending.restore(desk.archivist, row.id)
    assert filing.file(desk.archivist, row.id).seq == 1


def test_every_write_is_in_the_record(desk):
    item = desk.file()
    query = "SELECT action FROM audit_event WHERE kind = 'archives.item' ORDER BY id"
    assert [action for (action,) in db.database.execute_sql(query).fetchall()] == ["archives.filed"]
    assert item.filed_by_name == "曹兰英"


def test_lists_ask_one_query_a_page(desk, count_queries):
    for n in range(3):
        desk.finish(title=f"Notice {n}")
    permissions.allows(desk.archivist, "archives.item.file")
    with count_queries() as statements:
        pending.waiting(desk.archivist)
    assert len([s for s in statements if "archives_pending" in s]) == 1

