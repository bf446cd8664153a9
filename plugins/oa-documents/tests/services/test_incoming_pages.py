"""The sign-in desk by pages and by REST."""

import io

import pdfplumber
import pytest
from oa_documents.models_incoming import Incoming
from openpyxl import load_workbook

TEXT = ("云岭市财政局文件\n云财〔2026〕15号\n云岭市财政局关于申请追加信息化经费的请示\n市政府办公室：\n一事。\n"
        "云岭市财政局\n2026年3月2日\n")


@pytest.fixture
def desk(office, oa_client):
    return oa_client(office.clerk)


def upload(client, *texts):
    data = {"_csrf": client.csrf, "file": [(io.BytesIO(t.encode()), f"来文{n}.txt") for n, t in enumerate(texts)]}
    return client.post("/documents/incoming/upload", data=data, content_type="multipart/form-data")


def test_files_are_uploaded_confirmed_one_by_one_and_registered(desk, office):
    answer = upload(desk, TEXT, TEXT.replace("15号", "16号"))
    assert answer.status_code == 303
    page = desk.get(answer.headers["Location"]).text
    assert "云财〔2026〕15号" in page and "云岭市财政局关于申请追加信息化经费的请示" in page and "2026-03-02" in page
    values = {"title": "云岭市财政局关于申请追加信息化经费的请示", "sender": "云岭市财政局", "number": "云财〔2026〕15号",
              "kind": "请示", "received_on": "2026-03-03", "secrecy": "公开", "copies": "1", "nature": "action"}
    wrong = desk.submit(answer.headers["Location"], {**values, "title": ""})
    assert wrong.status_code == 422 and "请填写标题" in wrong.text and "云财〔2026〕15号" in wrong.text
    done = desk.submit(answer.headers["Location"], values)
    assert done.status_code == 303 and "/confirm/" in done.headers["Location"]  # the next one
    page = desk.get(done.headers["Location"]).text
    assert "云财〔2026〕16号" in page
    document = Incoming.get()
    shown = desk.get(f"/documents/incoming/{document.id}").text
    assert document.title in shown and "送办" in shown and "来文0.txt" in shown
    assert document.title in desk.get("/documents/incoming").text
    sheet = load_workbook(io.BytesIO(desk.get("/documents/incoming.xlsx").data)).active
    cells = [cell for row in sheet.iter_rows(values_only=True) for cell in row]
    assert document.title in cells and "'" not in cells  # an empty cell is empty


def test_the_register_is_printed_as_filtered(desk, office):
    from oa_documents.services import incoming

    for title, number in (("云岭市财政局关于申请追加信息化经费的请示", "云财〔2026〕15号"), ("关于防汛值班的通知", "云水〔2026〕3号")):
        incoming.register({"title": title, "sender": "云岭市财政局", "number": number, "urgency": "特急"}, office.clerk)
    answer = desk.get("/documents/incoming.pdf?q=防汛")
    assert answer.mimetype == "application/pdf"
    with pdfplumber.open(io.BytesIO(answer.data)) as pdf:
        (page,) = pdf.pages
        text = page.extract_text()
    assert page.width > page.height and "关于防汛值班的通知" in text and "云水〔2026〕3号" in text and "追加信息化" not in text
    assert "incoming.pdf?q=" in desk.get("/documents/incoming?q=防汛").text


def test_a_duplicate_is_shown_and_needs_a_tick(desk):
    first = upload(desk, TEXT).headers["Location"]
    values = {"title": "关于经费的请示", "sender": "云岭市财政局", "number": "云财〔2026〕15号",
              "received_on": "2026-03-03", "secrecy": "公开", "copies": "1", "nature": "action"}
    desk.submit(first, values)
    again = upload(desk, TEXT).headers["Location"]
    assert "可能已经登记过" in desk.get(again).text
    refused = desk.submit(again, values)
    assert refused.status_code == 409 and "重复登记" in refused.text and Incoming.select().count() == 1
    assert desk.submit(again, {**values, "despite": "1"}).status_code == 303 and Incoming.select().count() == 2


def test_a_broken_pdf_is_said_and_can_be_removed(desk):
    data = {"_csrf": desk.csrf, "file": (io.BytesIO(b"%PDF-1.7\nbroken"), "坏.pdf")}
    answer = desk.post("/documents/incoming/upload", data=data, content_type="multipart/form-data")
    assert "打不开" in desk.get(answer.headers["Location"]).text
    assert desk.submit(answer.headers["Location"] + "/remove", {}).status_code == 303
    assert desk.get(answer.headers["Location"]).status_code == 404


def test_routed_and_voided_by_the_page(desk, office):
    where = upload(desk, TEXT).headers["Location"]
    desk.submit(where, {"title": "关于经费的请示", "sender": "云岭市财政局", "received_on": "2026-03-03",
                        "secrecy": "公开", "copies": "1", "nature": "action"})
    document = Incoming.get()
    assert desk.submit(f"/documents/incoming/{document.id}/route", {"department": "没有的处", "nature": "action"}).status_code == 422
    assert desk.submit(f"/documents/incoming/{document.id}/route", {"department": "综合处", "nature": "action"}).status_code == 303
    page = desk.get(f"/documents/incoming/{document.id}").text
    assert "办理中" in page and "办理经过" in page
    assert desk.submit(f"/documents/incoming/{document.id}/answer", {}).headers["Location"].endswith("/edit")


def test_what_was_typed_stays_where_a_department_is_wrong(desk):
    where = upload(desk, TEXT).headers["Location"]
    desk.submit(where, {"title": "关于经费的请示", "sender": "云岭市财政局", "received_on": "2026-03-03",
                        "secrecy": "公开", "copies": "1", "nature": "action"})
    document = Incoming.get()
    page = desk.get(f"/documents/incoming/{document.id}").text
    assert TEXT.splitlines()[4] in page and '<option value="综合处">' in page  # the text and the departments there are
    page = desk.submit(f"/documents/incoming/{document.id}/route", {
        "department": "综合处", "assisting": "业务处、没有的处", "opinion": "请综合处阅办。", "nature": "reading"}).text
    assert "没有名为“没有的处”的部门" in page and "业务处、没有的处" in page and "请综合处阅办。" in page
    assert '<option value="reading" selected>' in page


@pytest.mark.parametrize("path", ["incoming", "register", "mine", "reviewing", "internal", "waiting", "numbers"])
def test_lists_fold_on_a_phone(desk, office, path):
    """A table that does not fold hides its state beyond the right edge at 360 px."""
    office.signed()
    office.draft()
    where = upload(desk, TEXT).headers["Location"]
    desk.submit(where, {"title": "关于经费的请示", "sender": "云岭市财政局", "received_on": "2026-03-03",
                        "secrecy": "公开", "copies": "1", "nature": "action"})
    tables = desk.get(f"/documents/{path}").text.split("<table")[1:]
    assert all("oa-list" in t.split(">")[0] and "oa-title" in t for t in tables)


def test_strangers_neither_see_nor_register(office, oa_client):
    stranger = oa_client(office.officer)
    for path in ("/documents/incoming", "/documents/incoming/new"):
        assert stranger.get(path).status_code in (403, 404)


def test_by_rest(office, oa_api):
    clerk = oa_api(office.clerk)
    file = clerk.post("/api/v1/files", data={"file": (io.BytesIO(TEXT.encode()), "来文.txt")}, content_type="multipart/form-data").json
    proposed = clerk.post("/api/v1/documents/incoming/propose", json={"file": file["id"]}).json
    assert proposed["number"] == "云财〔2026〕15号" and proposed["duplicates"] == []
    body = {"number": "云财〔2026〕15号", "title": proposed["title"], "kind": "请示", "sender": "云岭市财政局",
            "received_on": "2026-03-03", "urgency": "加急", "secrecy": "内部", "files": [file["id"]]}
    made = clerk.post("/api/v1/documents/incoming", json=body)
    assert made.status_code == 201 and made.json["register_number"] == "2026-1" and made.json["state"] == "registered"
    assert clerk.post("/api/v1/documents/incoming", json=body).json["code"] == "duplicate"
    routed = clerk.post(f"/api/v1/documents/incoming/{made.json['id']}/route", json={"department": "综合处"})
    assert routed.status_code == 200 and routed.json["instance"]
    assert clerk.get(f"/api/v1/documents/incoming/{made.json['id']}").json["state"] == "handling"
    assert [d["title"] for d in clerk.get("/api/v1/documents/incoming?year=2026").json["items"]] == [proposed["title"]]
    assert oa_api(office.officer).get(f"/api/v1/documents/incoming/{made.json['id']}").status_code == 404
    assert oa_api(office.officer).post("/api/v1/documents/incoming", json=body).status_code == 403
