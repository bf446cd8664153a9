"""The pages and REST routes, as people and programs use them."""

import io
import zipfile

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
