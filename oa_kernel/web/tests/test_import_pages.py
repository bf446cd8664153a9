"""Importing by the pages: file → check → result; by whom, whole or not at all, once, and nothing strange opened."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import pytest
from openpyxl import Workbook, load_workbook

from oa_kernel import clock, identity, permissions, sheets
from oa_kernel.audit.models import Event
from oa_kernel.errors import Invalid
from oa_kernel.files.models import Attachment, File
from oa_kernel.sheets.models import Import
from oa_kernel.web.tests.pages import Browser, plain

HEADS = ["用户名", "姓名", "部门", "职务", "邮箱", "电话", "手机", "在用"]
HOME = "/admin/imports"


def book(rows, title="人员", heads=HEADS):
    made = Workbook()
    page = made.active
    page.title = title
    for row in [heads, *rows]:
        page.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


@pytest.fixture
def office(make):
    office = make.department("办公室")
    make.post(office, "科员")
    return office


@pytest.fixture
def admin(make, office, oa_client):
    someone = make.person("sys", "管理员", office, roles=["system_admin"])
    return Browser(oa_client(someone), someone)


@pytest.fixture
def clerk(make, office, oa_client):
    someone = make.person("clerk", "经办", office)
    return Browser(oa_client(someone), someone)


def send(browser, data, kind="people", name="人员.xlsx", follow=True):
    return browser.client.post(f"{HOME}/{kind}", data={"_csrf": browser.csrf, "file": (io.BytesIO(data), name)},
                               content_type="multipart/form-data", follow_redirects=follow)


def job(browser, data, **how):
    answer = send(browser, data, follow=False, **how)
    assert answer.status_code == 303, plain(answer.text)[:500]
    return answer.headers["Location"]


def test_in_three_steps(admin, office):
    where = job(admin, book([["zhang", "张三", "办公室", "科员"], ["li", "李四", "办公室", ""]]))
    page = admin.get(where)
    assert "2 行全部无误" in page and identity.by_username("zhang") is None
    assert "已写入 2 行" in admin.post(f"{where}/write")
    assert [h.post.title for h in identity.holdings(identity.by_username("zhang"))] == ["科员"]


def test_a_one_time_password_is_fetched_on_record_and_forgotten(admin, office):
    where = job(admin, book([["zhang", "张三", "办公室"]]))
    admin.post(f"{where}/write")
    row = Import.get()
    answer = admin.client.get(f"{where}/told.xlsx")
    got = [c.value for c in list(load_workbook(io.BytesIO(answer.data)).active)[1]]
    assert identity.authenticate("zhang", got[3]).username == "zhang"
    assert got[3] not in row.told  # sealed by the key ring
    assert Event.select().where(Event.action == "sheets.told_read").count() == 1
    admin.post(f"{where}/told/forget")
    assert admin.status(f"{where}/told.xlsx") == 404


def test_bad_rows_are_marked_and_nothing_is_written(admin, office):
    where = job(admin, book([["zhang", "张三", "没有的处"], ["li", "李四", "办公室", "处长"], ["ok", "好", "办公室"]]))
    page = admin.get(where)
    assert "2 处有误" in page and "没有部门“没有的处”" in page
    assert "2 处有误" in admin.post(f"{where}/write")
    assert identity.by_username("ok") is None
    marked = load_workbook(io.BytesIO(admin.client.get(f"{where}/marked.xlsx").data)).active
    assert [c.value for c in marked[1]][:4] == ["问题", "用户名", "姓名", "部门"]
    assert "没有部门" in marked["A2"].value and marked["D2"].fill.fgColor.rgb == "FFFBD5D5" and marked["D2"].comment
    assert marked["A4"].value is None


def test_a_marked_workbook_put_right_goes_in_again(admin, office):
    where = job(admin, book([["zhang", "张三", "没有的处"]]))
    again = load_workbook(io.BytesIO(admin.client.get(f"{where}/marked.xlsx").data))
    again.active["D2"] = "办公室"
    out = io.BytesIO()
    again.save(out)
    assert "1 行全部无误" in admin.get(job(admin, out.getvalue()))


def test_many_faults_are_paged(admin, office):
    where = job(admin, book([[f"u{n}", "张三", "没有的处"] for n in range(120)]))
    first, last = admin.get(where), admin.get(f"{where}?page=3")
    assert "第 1 页，共 3 页" in first and "<td>2</td>" in first and "<td>121</td>" not in first
    assert "<td>121</td>" in last


def test_a_second_click_writes_nothing_twice(admin, office):
    where = job(admin, book([["zhang", "张三", "办公室"]]))
    admin.post(f"{where}/write")
    told = Import.get().told
    admin.post(f"{where}/write")
    assert Import.get().told == told
    assert Event.select().where(Event.action == "person.created", Event.title == "张三").count() == 1


def test_a_step_begun_again_makes_the_earlier_one_step_back(admin, office, frozen):
    where = job(admin, book([["zhang", "张三", "办公室"]]))
    row = Import.get()
    old = row.begun_at
    Import.update(state="writing", begun_at=old).execute()  # as a killed worker left it
    assert "两分钟没有进展" not in admin.get(where)
    frozen((clock.now() + dt.timedelta(minutes=3)).isoformat())
    assert "两分钟没有进展" in admin.get(where)
    assert "已写入 1 行" in admin.post(f"{where}/restart")
    sheets.imports.run(row.id, "writing", old.isoformat())
    assert Event.select().where(Event.action == "person.created", Event.title == "张三").count() == 1


def test_whoever_lost_the_right_writes_nothing(admin, office):
    from oa_kernel import permissions

    where = job(admin, book([["zhang", "张三", "办公室"]]))
    permissions.revoke(admin.person, "system_admin")
    admin.post(f"{where}/write", 404)
    assert identity.by_username("zhang") is None


def test_each_sees_the_kinds_they_may_import_and_their_own_imports_only(admin, clerk, make, office, oa_client):
    where = job(admin, book([["zhang", "张三", "办公室"]]))
    assert "人员" in admin.get(HOME) and "没有可以导入的表格" in clerk.get(HOME)
    for path in (f"{HOME}/people", f"{HOME}/people/export.xlsx", f"{HOME}/people/template.xlsx", where):
        assert clerk.status(path) == 404, path
    books = make.person("books", "部门维护", office)
    permissions.create_role("own.departments", "维护部门", {"kernel.departments.manage": "all"}, domain="system")
    permissions.grant(books, "own.departments")
    assert HOME in Browser(oa_client(books), books).get("/") and HOME not in clerk.get("/")
    other = make.person("sys2", "另一管理员", office, roles=["system_admin"])
    assert Browser(oa_client(other), other).status(where) == 404


def test_export_and_template(admin, office):
    answer = admin.client.get(f"{HOME}/organisation/export.xlsx")
    assert load_workbook(io.BytesIO(answer.data)).sheetnames == ["部门", "岗位", "人员"]
    assert Event.select().where(Event.action == "sheets.exported").get().person_id == admin.person.id
    template = load_workbook(io.BytesIO(admin.client.get(f"{HOME}/people/template.xlsx").data))["人员"]
    assert template.max_row == 1 and template["A1"].value == "用户名*"


def test_given_up_and_expired_files_are_gone(admin, office, frozen):
    first = job(admin, book([["zhang", "张三", "办公室"]]))
    admin.post(f"{first}/cancel")
    assert File.select().count() == Attachment.select().count() == 0
    second = job(admin, book([["zhang", "张三", "办公室"]]))
    frozen((clock.now() + dt.timedelta(hours=25)).isoformat())
    assert second and not sheets.imports.recent(admin.person)
    assert sheets.imports.expire() == 2
    assert File.select().count() == Import.select().count() == 0


def test_who_uploaded_may_read_the_file_and_nobody_else(admin, clerk, office):
    from oa_kernel import files

    job(admin, book([["zhang", "张三", "办公室"]]))
    file = File.get()
    assert files.readable(admin.person, file) and not files.readable(clerk.person, file)


def test_the_queue_does_what_is_large_where_a_worker_lives(admin, office, monkeypatch):
    from oa_kernel import scheduling

    monkeypatch.setattr(sheets.imports, "AT_ONCE", 0)
    monkeypatch.setattr(scheduling, "alive", lambda: True)
    where = job(admin, book([["zhang", "张三", "办公室"]]))
    assert "正在读取工作簿" in admin.get(where)
    task = scheduling.huey().dequeue()
    scheduling.huey().execute(task)
    part = plain(admin.client.get(f"{where}?part=1", headers={"HX-Request": "true"}).text)
    assert "1 行全部无误" in part and "<html" not in part and "hx-get" not in part


# what is no ordinary workbook

def altered(data, add=(), change=None):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info.filename)
            if change and info.filename in change:
                content = change[info.filename](content)
            new.writestr(info.filename, content)
        for name, content in add:
            new.writestr(name, content)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
GOOD = book([["zhang", "张三", ""]])
STRANGE = {
    "压缩比异常": altered(GOOD, [("xl/media/image1.xml", b"\0" * 50_000_000)]),
    "超过 16384 列": altered(GOOD, change={SHEET: lambda x: x.replace(
        b"</sheetData>", b'<row r="9">' + b"<c/>" * 20_000 + b"</row></sheetData>")}),
    "外部链接": altered(GOOD, [("xl/externalLinks/externalLink1.xml", b"<x/>")]),
    "带有宏": altered(GOOD, [("xl/vbaProject.bin", b"x")]),
    "DOCTYPE": altered(GOOD, change={SHEET: lambda x: b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a/>'}),
    "已损坏": altered(GOOD, change={SHEET: lambda x: x[:200]}),
    "有密码": b"\xd0\xcf\x11\xe0" + b"\0" * 600,
    "部分组成": altered(GOOD, [(f"xl/media/{n}.xml", b"x") for n in range(2_001)]),
}


@pytest.mark.parametrize("said", STRANGE)
def test_strange_workbooks_are_refused_in_words(oa, said):
    with pytest.raises(Invalid, match=said):
        sheets.load("people", io.BytesIO(STRANGE[said]), dry_run=True)


def test_a_strange_workbook_fails_its_check_on_the_page(admin, office):
    where = job(admin, STRANGE["外部链接"])
    assert "外部链接" in admin.get(where)


def test_what_is_no_xlsx_stays_on_the_form(admin, office):
    page = plain(send(admin, b"username,name\n", name="people.csv").text)
    assert "第 1 步" in page and "没有保存" in page
    assert Import.select().count() == 0


def test_formulas_and_error_values_are_named_by_row(oa):
    result = sheets.load("people", io.BytesIO(book([["=1+1", "张三"], ["li", "#REF!"]])), dry_run=True)
    assert [(f["row"], f["column"]) for f in result.faults] == [(2, "用户名"), (3, "姓名")]
    assert "是公式" in result.faults[0]["message"] and "错误值" in result.faults[1]["message"]


def test_rows_that_are_only_formatted_do_not_count(oa, make):
    data = altered(GOOD, change={SHEET: lambda x: x.replace(b"</sheetData>", b'<row r="1048576" ht="20"/></sheetData>')})
    assert sheets.load("people", io.BytesIO(data), dry_run=True).faults == []


def test_imports_stand_in_the_record(admin, office):
    where = job(admin, book([["zhang", "张三", "办公室"]]))
    admin.post(f"{where}/write")
    done = {e.action: e for e in Event.select().where(Event.action.startswith("sheets."))}
    assert set(done) == {"sheets.import_begun", "sheets.import_ended", "sheets.imported"}
    assert {e.person_id for e in done.values()} == {admin.person.id}
    assert done["sheets.imported"].after == {"rows": {"people": 1}}
