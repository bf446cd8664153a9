"""Pages, REST and the month's report."""

import html
import io
import re

import pytest
from oa_supervision.services import items, reports

from oa_kernel import clock
from oa_kernel.errors import BadRequest

SAID = {"progress": "已完成", "problems": "无", "suggestions": "无"}


def test_the_month_counts_by_department(desk):
    done, late, open_ = desk.item("甲"), desk.item("乙"), desk.item("丙", due="2026-11-24")
    items.feed_back(done, SAID, desk.officer)
    items.close(done, desk.supervisor)
    with clock.freeze("2026-12-07T10:00:00+08:00"):
        items.feed_back(late, SAID, desk.officer)
        items.close(late, desk.supervisor)
        found = reports.figures(desk.supervisor, "2026-12")
        assert found["rows"] == [("业务处", 2, 0, 1, 1, 0, "0%")]
        november = reports.figures(desk.supervisor, "2026-11")
        assert november["rows"] == [("业务处", 3, 1, 0, 1, 1, "50%")] and november["total"][0] == "合计"
    assert open_.id in [i.id for i in found["items"]]
    with pytest.raises(BadRequest):
        reports.month_of("2026-13")


def test_the_report_can_be_taken_away(desk):
    import pdfplumber
    from openpyxl import load_workbook

    desk.item("=危险的题目")
    with pdfplumber.open(io.BytesIO(reports.pdf(desk.supervisor, "2026-11"))) as pdf:
        text = pdf.pages[0].extract_text()
    assert "2026年11月督办情况通报" in text and "业务处" in text
    book = load_workbook(io.BytesIO(reports.spreadsheet(desk.supervisor, "2026-11")))
    assert book["事项"]["A2"].value == "'=危险的题目" and book["汇总"]["B2"].value == 1
    assert not [c.value for c in book["事项"][2] if c.value == "'"]  # an empty cell is empty


def test_clicked_through(desk, oa_client):
    supervisor = oa_client(desk.supervisor)
    wrong = supervisor.submit("/supervision/new", {"title": "落实储备", "due_on": "", "department": "业务处"})
    assert wrong.status_code == 422 and "请填写办结期限" in wrong.text and "落实储备" in wrong.text
    made = supervisor.submit("/supervision/new", {"title": "落实储备", "due_on": "2026-12-04", "department": "业务处",
                                                  "assisting": "财务处", "stages": "采购 2026-11-27\n入库"})
    where = made.headers["Location"]
    head = oa_client(desk.head)
    page = head.get(where).text
    assert "采购" in page and "入库" in page and "申请延期" in page
    assert head.submit(where + "/feedback", {**SAID, "problems": ""}).status_code == 422
    assert head.submit(where + "/stage", {"position": "1"}).status_code == 303
    assert head.submit(where + "/feedback", {**SAID, "finished": "1"}).status_code == 303
    assert head.submit(where + "/close", {}).status_code == 403
    assert "报告办结" in supervisor.get(where).text
    assert supervisor.submit(where + "/close", {"note": "已核实"}).status_code == 303
    assert "已销号" in supervisor.get(where).text and "落实储备" in supervisor.get("/supervision?light=done").text
    assert oa_client(desk.stranger).get(where).status_code == 404
    assert "落实储备" not in oa_client(desk.stranger).get("/supervision").text
    assert supervisor.get("/supervision/reports/2026-11/pdf").data.startswith(b"%PDF")
    assert supervisor.get("/supervision/reports/2026-11/xlsx").data[:2] == b"PK"
    assert "业务处" in supervisor.get("/supervision/reports?month=2026-11").text


def test_by_rest(desk, oa_api):
    supervisor, head = oa_api(desk.supervisor), oa_api(desk.head)
    made = supervisor.post("/api/v1/supervision", json={"title": "落实储备", "due_on": "2026-12-04", "department": "业务处"})
    assert made.status_code == 201 and made.json["light"] == "green"
    path = f"/api/v1/supervision/{made.json['id']}"
    assert head.post(path + "/feedback", json={**SAID, "problems": ""}).status_code == 422
    assert head.post(path + "/feedback", json=SAID).status_code == 201
    assert supervisor.post(path + "/urge", json={}).json == {"told": 1}
    assert supervisor.post(path + "/urge", json={}).status_code == 409
    assert head.post(path + "/extension", json={"due_on": "2026-12-18", "reason": "供货推迟"}).json["instance"]
    assert supervisor.post(path + "/close", json={"note": "已落实"}).json["state"] == "done"
    assert supervisor.get("/api/v1/supervision?light=done").json["items"][0]["id"] == made.json["id"]
    assert oa_api(desk.stranger).get(path).status_code == 404
    assert supervisor.get("/api/v1/supervision/reports/2026-11").json["rows"][0]["department"] == "业务处"


def test_an_item_is_begun_on_a_documents_page_and_leads_back_to_it(desk, oa_client):
    from oa_documents.services import incoming

    from oa_kernel import files, permissions

    permissions.grant(desk.head, "documents_office", by=None)
    letter = files.store_bytes("关于储备的通知".encode(), "来文.txt", desk.head)
    document = incoming.register({"title": "关于储备的通知", "sender": "省局", "files": [letter.id]}, desk.head)
    client = oa_client(desk.supervisor)
    page = client.get(f"/documents/incoming/{document.id}").text
    link = html.unescape(re.search(r'href="(/supervision/new[^"]+)"', page)[1])
    assert "关于储备的通知" in client.get(link).text
    values = {"title": "落实储备", "due_on": "2026-12-04", "department": "业务处", "source_kind": "documents.incoming"}
    made = client.submit("/supervision/new", {**values, "source_id": str(document.id)}).headers["Location"]
    assert f'href="/documents/incoming/{document.id}"' in client.get(made).text
    other = client.submit("/supervision/new", {**values, "source_id": "999"}).headers["Location"]
    assert "查看来源" not in client.get(other).text
    assert "/supervision/new" not in oa_client(desk.officer).get("/supervision").text


def test_a_month_that_is_none_is_said_on_the_page(desk, oa_client):
    page = oa_client(desk.supervisor).get("/supervision/reports?month=2026-13")
    assert page.status_code == 400 and "2026-13" in page.text and 'name="month"' in page.text
