"""The pages: who sees what, what a form answers, what the editor is told."""

import io
import re

import pytest
from oa_documents.services import dispatches, drafts
from oa_documents.views.case import TABS

from oa_kernel import workflow

from .office import again


def token(client, path):
    return re.search(r'name="_csrf" value="([^"]+)"', client.get(path).text)[1]


def post(client, path, page, **fields):
    return client.post(path, data={"_csrf": token(client, page), **fields})


def test_who_has_no_part_in_it_gets_404_everywhere(office, oa_client):
    document = office.submitted()
    client, base = oa_client(office.officer), f"/documents/{document.id}"
    for path in ("", "/edit", "/pdf", "/sheet", "/flow.svg", "/pages/1.png", *(f"?tab={t}" for t in TABS)):
        assert client.get(base + path).status_code == 404, path
    for path in ("/act", "/notes", "/submit", "/delete", "/withdraw", "/autosave", "/preview"):
        assert post(client, base + path, "/documents/waiting").status_code == 404, path


@pytest.mark.parametrize("path", ["/documents/numbers", "/documents/organisations", "/documents/seals"])
def test_what_the_office_manages_is_closed_to_others(office, oa_client, path):
    assert oa_client(office.clerk).get(path).status_code == 200
    assert oa_client(office.officer).get(path).status_code == 403


def test_every_tab_opens_for_who_has_the_task(office, oa_client):
    document = office.submitted()
    for tab in ("act", "notes", "flow", "files", "record"):
        answer = oa_client(office.head).get(f"/documents/{document.id}?tab={tab}")
        assert answer.status_code == 200
        assert 'aria-current="page">' + TABS[tab] in answer.text


def test_next_step_and_its_people_are_named_before_one_presses(office, oa_client):
    text = oa_client(office.head).get(f"/documents/{office.submitted().id}").text
    assert "分管领导审核</strong> 分管领导" in text


def test_acting_from_the_page(office, oa_client):
    document = office.submitted()
    task = workflow.open_task(document.instance_id, office.head)
    client, base = oa_client(office.head), f"/documents/{document.id}"
    answer = post(client, base + "/act", base, task=task.id, version=task.version, action="approve", comment="同意。")
    assert answer.status_code == 303
    assert workflow.open_task(document.instance_id, office.deputy) is not None
    again_ = post(client, base + "/act", base + "?tab=notes", task=task.id, version=task.version, action="approve")
    assert again_.status_code == 409, "a second press acts once"


def test_receivers_see_the_formal_version_and_nothing_else(office, oa_client):
    document = office.signed()
    dispatches.dispatch(document, [{"kind": "department", "id": office.business.id}], office.clerk)
    client, base = oa_client(office.officer), f"/documents/{document.id}"
    page = client.get(base)
    assert page.status_code == 200 and "签收" in page.text and "doc-tabs" not in page.text
    assert client.get(base + "/pdf").data[:5] == b"%PDF-"
    assert client.get(base + "/flow.svg").status_code == 404
    item = dispatches.of(document)[0]
    assert post(client, f"{base}/dispatches/{item.id}/sign", base).status_code == 303
    assert dispatches.of(document)[0].state == "signed_for"


def test_preview_keeps_nothing_and_sends_changed_pages_only(office, oa_client):
    document = office.draft()
    client, base = oa_client(office.drafter), f"/documents/{document.id}"
    typed = {"title": "另一个标题的通知", "body": "一、甲\n三、乙"}
    told = post(client, base + "/preview", base + "/edit", **typed).json
    assert told["pages"][0]["svg"].startswith("<svg") and "接不上" in told["checks"]
    assert again(document).title == document.title
    have = " ".join(p["mark"] for p in told["pages"])
    assert [p["svg"] for p in post(client, base + "/preview", base + "/edit", have=have, **typed).json["pages"]] == [
        None] * len(told["pages"])


def test_autosave_tells_of_another_window(office, oa_client):
    document = office.draft()
    client, base = oa_client(office.drafter), f"/documents/{document.id}"
    told = post(client, base + "/autosave", base + "/edit", version=document.version, body="新的正文").json
    assert told["ok"] and again(document).body == "新的正文"
    stale = post(client, base + "/autosave", base + "/edit", version=document.version, body="旧窗口的正文")
    assert stale.status_code == 409 and stale.json["current"] == told["version"]


def test_attachments_come_by_the_form(office, oa_client):
    document = office.draft()
    client, base = oa_client(office.drafter), f"/documents/{document.id}"
    answer = client.post(base + "/attachments", data={
        "_csrf": token(client, base + "/edit"), "file": (io.BytesIO(b"hello"), "说明.txt")},
        content_type="multipart/form-data")
    assert answer.status_code == 303
    page = client.get(base + "?tab=files").text
    assert "说明.txt" in page and "第 1 版" in page
    assert client.post(base + "/attachments?replaces=999999", data={
        "_csrf": token(client, base + "/edit"), "file": (io.BytesIO(b"x"), "a.txt")},
        content_type="multipart/form-data").status_code == 404


@pytest.mark.parametrize("back", ["", "?next=/documents/{id}/edit"])
def test_an_empty_file_is_refused_on_the_page_it_came_from(office, oa_client, back):
    document = office.draft()
    client, base = oa_client(office.drafter), f"/documents/{document.id}"
    answer = client.post(base + "/attachments" + back.format(id=document.id), data={
        "_csrf": token(client, base + "/edit"), "file": (io.BytesIO(b""), "空.txt")}, content_type="multipart/form-data")
    assert answer.status_code == 422 and "文件是空的" in answer.text
    assert ("data-doc-editor" in answer.text) == bool(back)


def test_a_submission_that_lacks_something_keeps_what_was_typed(office, oa_client):
    document = office.draft()
    client, base = oa_client(office.drafter), f"/documents/{document.id}"
    answer = post(client, base + "/edit", base + "/edit", do="submit", version=document.version, title="关于值班的通知",
                  addressees="", body="打了一半的正文")
    assert answer.status_code == 422
    assert "打了一半的正文" in answer.text and "要写主送机关" in answer.text
    assert again(document).state == "draft"


def test_a_document_sent_back_says_by_whom_and_why(office, oa_client):
    document = office.submitted()
    office.act(document, "head", "return", comment="请补充依据", target="draft")
    text = oa_client(office.drafter).get(f"/documents/{document.id}?tab=act").text
    assert "处长" in text and "请补充依据" in text and "/edit" in text


def test_what_changed_is_marked_by_character(office, oa_client):
    document = office.draft()
    drafts.update(document, {"title": document.title.replace("窗口", "服务窗口")}, office.drafter)
    text = oa_client(office.drafter).get(f"/documents/{document.id}?tab=record&from=1&to=2").text
    assert '<ins title="林晓燕">服务</ins>' in text


def test_who_is_addressed_is_ticked_the_first_time_it_is_dispatched(office, oa_client):
    document = office.signed(addressees=["业务处"])
    clerk = oa_client(office.clerk)
    ticked = re.findall(r'name="department" value="(\d+)" checked', clerk.get(f"/documents/{document.id}?tab=dispatch").text)
    assert ticked == [str(office.business.id)]
    clerk.submit(f"/documents/{document.id}/dispatch", {"department": str(office.unit.id), "department_channel": "system"})
    again_shown = clerk.get(f"/documents/{document.id}?tab=dispatch").text
    assert not re.findall(r'name="department" value="\d+" checked', again_shown)


def test_changes_between_drafts_are_words_and_no_notation(office, oa_client):
    document = office.draft()
    drafts.update(document, {"addressees": ["业务处", "综合处"], "joint": [{"name": "云岭市财政局"}]}, office.drafter)
    drafts.submit(again(document), office.drafter)
    shown = oa_client(office.drafter).get(f"/documents/{document.id}?tab=record").text
    assert "业务处、综合处</ins>" in shown and "云岭市财政局</ins>" in shown


def test_what_was_ticked_stays_where_it_cannot_be_dispatched(office, oa_client):
    from oa_documents.services import addressbook

    bureau = addressbook.save({"name": "市财政局", "email": "czj@example.org"}, office.clerk)
    document = office.signed(addressees=["业务处"])
    clerk = oa_client(office.clerk)
    page = clerk.submit(f"/documents/{document.id}/dispatch", {
        "department": str(office.unit.id), "department_channel": "hand", "organisation": str(bureau.id),
        f"channel_{bureau.id}": "hand", "other": "市博物馆", "other_email": "不是邮箱"})
    assert page.status_code == 422 and "市博物馆" in page.text
    assert re.findall(r'name="department" value="(\d+)" checked', page.text) == [str(office.unit.id)]
    assert re.findall(r'name="organisation" value="(\d+)" checked', page.text) == [str(bureau.id)]
    assert page.text.count('<option value="hand" selected>') == 2
