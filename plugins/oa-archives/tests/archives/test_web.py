"""The pages and REST routes, as people and programs use them."""

import io
import zipfile
from pathlib import Path

import oa_archives
import pytest


@pytest.fixture
def api(oa_api):
    return oa_api


def test_rest_from_pending_to_package(desk, api):
    row = desk.finish()
    archivist = api(desk.archivist)
    waiting = archivist.get("/api/v1/archives/pending").json["items"]
    assert [(w["id"], w["proposed"]["retention"], w["proposed"]["class"]) for w in waiting] == [(row.id, "D30", "BGS")]
    made = archivist.post(f"/api/v1/archives/pending/{row.id}/file", json={"keywords": ["消防"]})
    assert made.status_code == 201 and made.json["archival_number"] == "Z109-WS·2026-D30-BGS-0001"
    again = archivist.post(f"/api/v1/archives/pending/{row.id}/file", json={})
    assert again.status_code == 409 and again.json["code"] == "not_waiting"
    found = archivist.get("/api/v1/archives", query_string={"q": "消防", "year": "2026"}).json["items"]
    assert [(f["title"], f["retention"]) for f in found] == [("Notice on fire safety", "D30")] and "消防" in found[0]["snippet"]
    one = archivist.get(f"/api/v1/archives/{made.json['id']}").json
    assert one["files"][0]["role"] == "text" and one["people"][0] == {"action": "拟稿", "name": "林晓岚"}
    assert archivist.get(f"/api/v1/archives/{made.json['id']}/checks").json["ok"] is True
    packed = archivist.get(f"/api/v1/archives/{made.json['id']}/package")
    assert packed.mimetype == "application/zip"
    assert "eep.xml" in zipfile.ZipFile(io.BytesIO(packed.data)).namelist()


def test_rest_refuses_strangers_and_hides_what_they_may_not_see(desk, api):
    item = desk.file()
    assert api(desk.reader).get("/api/v1/archives/pending").status_code == 403
    assert api(desk.stranger).get(f"/api/v1/archives/{item.id}").status_code == 404
    assert api(desk.stranger).get("/api/v1/archives").json["items"] == []
    assert api(desk.reader).get(f"/api/v1/archives/{item.id}/package").status_code == 403
    assert api(desk.archivist).get("/api/v1/archives", query_string={"q": "！"}).status_code == 400


def test_the_archivist_files_by_clicks(desk, oa_client):
    row = desk.finish()
    client = oa_client(desk.archivist)
    assert row.title in client.get("/archives/pending").text
    assert "归档" in client.get(f"/archives/pending/{row.id}").text
    wrong = client.submit(f"/archives/pending/{row.id}/file", {"retention": "Y", "class": "小写", "keywords": "一 二"})
    assert wrong.status_code == 422 and "机构（问题）代码应为" in wrong.text
    done = client.submit(f"/archives/pending/{row.id}/file", {"retention": "Y", "class": "BGS", "keywords": "消防 安全"})
    assert done.status_code == 303
    page = client.get(done.headers["Location"]).text
    assert "Z109-WS·2026-Y-BGS-0001" in page and "四性检测" in page and "消防、安全" in page
    assert client.get(done.headers["Location"] + "/files/1").mimetype == "application/pdf"
    assert client.get(done.headers["Location"] + "/files/9").status_code == 404


def test_several_are_filed_at_once_and_one_that_cannot_be_is_named(desk, oa_client):
    from oa_archives.models import Item

    rows = [desk.finish(), desk.finish(parts=[]), desk.finish()]
    client = oa_client(desk.archivist)
    client.submit("/archives/pending/batch", {"id": [r.id for r in rows]})
    page = client.get("/archives/pending").text
    assert "已归档 2 件" in page and "没有正文" in page and Item.select().count() == 2


def test_searching_by_the_page(desk, oa_client):
    desk.file(text="开展消防演练")
    client = oa_client(desk.reader)
    page = client.get("/archives", query_string={"q": "防演"}).text
    assert "<mark>防演</mark>" in page
    assert "没有找到档案" in client.get("/archives", query_string={"q": "不存在的词"}).text
    assert client.get("/archives/pending").status_code in (403, 404)


def test_borrowing_appraisal_and_transfer_by_rest(desk, api, make):
    """Who may what, as status codes; one pass through each."""
    import datetime as dt

    from oa_archives.services import transfer_checks

    from oa_kernel import clock, identity, workflow

    make.person("head", "范启航", desk.other, [("处长", "head")])
    item, old = desk.file(), desk.file(title="Old", choice={"retention": "D10"}, date=dt.date(2010, 3, 2))
    reader, archivist = api(desk.stranger), api(desk.archivist)
    base = "/api/v1/archives"
    wish = {"number": item.archival_number, "purpose": "work", "reason": "核对", "days": 3}
    made = reader.post(f"{base}/borrowings", json=wish)
    assert made.status_code == 201 and made.json["title"] is None and made.json["state"] == "asked"
    one = f"{base}/borrowings/{made.json['id']}"
    assert reader.post(f"{base}/borrowings", json={**wish, "number": "Z109-WS·2026-Y-BGS-0099"}).status_code == 404
    assert reader.get(f"{one}/pages/1/1").status_code == 404 and reader.get(f"{base}/borrowings/register").status_code == 403
    for _ in range(2):
        task = workflow.Task.get(workflow.Task.instance_id == made.json["instance"], workflow.Task.state == "open")
        workflow.act(task.id, "approve", by=identity.by_ids([task.assignee_id])[task.assignee_id])
    assert reader.get(one).json["files"][0]["shown"] and reader.get(f"{one}/pages/1/1").mimetype == "image/png"
    assert reader.get(f"{one}/files/1").status_code == 403 and reader.get(f"{base}/{item.id}").status_code == 404
    assert api(desk.reader).get(f"{one}/pages/1/1").status_code == 404
    with clock.freeze(clock.now() + dt.timedelta(days=4)):
        late = api(desk.stranger)
        assert late.get(f"{one}/pages/1/1").status_code == 404 and late.get(one).json["state"] == "ended"
    assert archivist.post(f"{base}/access", json={"items": [item.id], "open_from": None, "reason": "控制"}).json == {"changed": 1}
    assert [i["id"] for i in archivist.get(f"{base}/due").json["items"]] == [old.id]
    row = archivist.post(f"{base}/appraisals", json={"title": "清册", "items": [old.id]}).json
    place = f"{base}/appraisals/{row['id']}"
    assert reader.get(place).status_code == 404 and archivist.get(place).json["items"][0]["opinion"] == "destroy"
    assert archivist.post(f"{place}/witness").status_code == 403
    assert archivist.post(f"{place}/destroy", json={"number": row["number"]}).json["code"] == "not_approved"
    assert archivist.post(f"{place}/drop", json={"version": row["version"]}).json["state"] == "dropped"
    move = archivist.post(f"{base}/transfers", json={"first_year": 2026, "last_year": 2026}).json
    place = f"{base}/transfers/{move['id']}"
    assert reader.get(place).status_code == 403 and archivist.get(f"{place}/package").status_code == 409
    asked, twice = (archivist.post(f"{place}/checks", json={}) for _ in range(2))
    assert (asked.status_code, asked.json["checking"], twice.json["code"]) == (202, True, "checking")
    assert transfer_checks.run(move["id"]) == archivist.get(place).json["checks"] == {"checked": 1, "failed": 0, "left": 0}
    assert archivist.get(f"{place}/package").mimetype == "application/zip"
    assert archivist.get(f"{place}/list.pdf").data[:5] == b"%PDF-" and archivist.get(f"{place}/list.xlsx").data[:2] == b"PK"
    receipt = {"receipt_number": "7", "receipt_on": str(clock.today()), "receipt_by": "甲"}
    assert archivist.post(f"{place}/receipt", json=receipt).json["state"] == "transferred"
    assert archivist.get(f"{base}/statistics").json["total"] == 2


@pytest.mark.parametrize("name", ["boxes", "appraisal", "handovers", "transfer", "pending", "borrowings", "transfers", "access"])
def test_tables_of_several_columns_fold_on_a_phone(name):
    """A table that does not fold hides its last columns beyond the right edge at 360 px."""
    text = (Path(oa_archives.__file__).parent / "templates" / "oa_archives" / f"{name}.html").read_text(encoding="utf-8")
    tables = [head.split(">")[0] for head in text.split("<table")[1:]]
    assert tables and all("oa-list" in head for head in tables) and "oa-title" in text


def test_a_period_that_is_none_is_said_on_the_page(desk, oa_client):
    page = oa_client(desk.archivist).get("/archives/statistics?first=2027-01-01&last=2026-01-01")
    assert page.status_code == 400 and "起止日期颠倒" in page.text and 'name="first" type="date" value="2027-01-01"' in page.text
