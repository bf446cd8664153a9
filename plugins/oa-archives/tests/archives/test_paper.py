"""Catalogue, boxes and stamp; the June rule."""

import datetime as dt
import io

import pytest
from oa_archives.models import Pending
from oa_archives.models_keeping import Box
from oa_archives.services import boxes, catalogues, june, pending, stamping

from oa_kernel import clock, files
from oa_kernel.errors import Conflict, Forbidden, Invalid


@pytest.fixture
def at(monkeypatch):
    """``at("2027-07-01")``: it is that day."""
    def go(day):
        monkeypatch.setattr(clock, "today", lambda: dt.date.fromisoformat(day))
    return go


def text_of(data):
    from pypdf import PdfReader

    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


def test_records_go_into_boxes_by_their_pages_and_labels_catalogue_and_stamp_come_out(desk):
    from oa_archives.models import Item
    from openpyxl import load_workbook

    items = [desk.file(title=f"Notice {n}") for n in range(4)]
    for item, pages in zip(items, (100, 70, 150, 400), strict=True):
        Item.update(pages=pages).where(Item.id == item.id).execute()
    made = boxes.fill(desk.archivist, 2026, 20)
    assert [(b.number, b.first_seq, b.last_seq, b.items, b.pages) for b in made] == [
        (1, 1, 2, 2, 170), (2, 3, 3, 1, 150), (3, 4, 4, 1, 400)]
    assert boxes.fill(desk.archivist, 2026, 20) == [] and Box.select().count() == 3
    desk.file(title="Another")
    assert [(b.number, b.thickness) for b in boxes.fill(desk.archivist, 2026, 50)] == [(4, 50)]
    with pytest.raises(Invalid):
        boxes.fill(desk.archivist, 2026, 21)
    with pytest.raises(Forbidden):
        boxes.fill(desk.reader, 2026, 20)

    boxes.note(desk.archivist, made[0].id, "第1件缺附件")
    printed = text_of(boxes.labels(desk.archivist, boxes.listing(desk.archivist, 2026).items))
    assert "备 考 表" in printed and "第1件缺附件" in printed and "曹兰英" in printed
    sheet = load_workbook(io.BytesIO(catalogues.spreadsheet(desk.archivist, 2026))).active
    assert [c.value for c in sheet[2]][1:5] == ["Z109-WS·2026-D30-BGS-0001", "YZB 12", "云岭市人民政府办公室", "Notice 0"]
    assert sheet.max_row == 6 and "Notice 3" in text_of(catalogues.pdf(desk.archivist, 2026))

    before = files.read_bytes(files.get(items[0].parts.get().file_id))
    stamped = text_of(stamping.stamped(desk.again(items[0])))
    assert all(word in stamped for word in ("全宗号", "Z109", "件号", "0001", "机构或问题", "BGS", "30年", "100", "Notice 0"))
    assert files.read_bytes(files.get(items[0].parts.get().file_id)) == before


def test_what_is_no_pdf_gets_no_stamp(desk):
    from oa_kernel import contributions as c

    item = desk.file(parts=[c.RecordPart("text", "正文.txt", data=b"Notice on fire safety YZB 12")])
    with pytest.raises(Conflict):
        stamping.stamped(item)


@pytest.fixture
def november(at):
    """Before anybody gets a role, whatever day it is today."""
    at("2026-11-25")


@pytest.mark.parametrize(("setting", "asks"), [("at_once", "2026-11-25"), ("june", "2027-01-01")])
def test_things_are_filed_by_the_following_june(november, desk, oa_outbox, at, monkeypatch, setting, asks):
    from oa_archives import settings

    get = settings.get
    monkeypatch.setattr(settings, "get", lambda name: setting if name == "filing" else get(name))
    row = desk.finish()
    assert (row.asks_on, row.due_on) == (dt.date.fromisoformat(asks), dt.date(2027, 6, 30))
    assert pending.count() == (setting == "at_once") and pending.waiting(desk.archivist).items == [row]
    days = (("2027-04-26", 0, 0), ("2027-05-03", 1, 0), ("2027-06-30", 1, 0), ("2027-07-01", 1, 1), ("2028-01-03", 1, 1))
    for day, told, overdue in days:
        at(day)
        assert (june.remind(), june.overdue_of()) == (told, overdue), day
    assert [r.id for r in pending.waiting(desk.archivist, state="overdue").items] == [row.id]
    assert any("1 件逾期" in n.title for n in oa_outbox.inbox(desk.archivist))
    Pending.update(state="filed").execute()
    assert june.remind() == 0


@pytest.mark.parametrize(("title", "text", "creator", "words"), [
    ("云岭市财政局关于报送下一年度部门预算草案的通知", "", "云岭市财政局", ["预算", "草案"]),
    ("云岭市人民政府办公室关于做好冬季办公区供暖工作的通知", "管道要检修。管道要保温。管道要试压。锅炉一次。", "云岭市人民政府办公室",
     ["冬季", "办公区", "供暖", "管道"]),
    ("Notice", "", "", []),
])
def test_keywords_say_what_a_record_is_about_not_who_made_it(title, text, creator, words):
    from oa_archives.services import keywords

    assert keywords.propose(title, text, creator) == words
