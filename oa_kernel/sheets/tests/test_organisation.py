"""The organisation in and out as .xlsx: whole or not at all, every bad row named."""

import io
import json

import pytest
from openpyxl import Workbook, load_workbook

from oa_kernel import identity, sheets
from oa_kernel.contributions import SheetColumn
from oa_kernel.errors import Invalid, NotFound
from oa_kernel.sheets.load import read_cell

PEOPLE = ["用户名*", "姓名*", "部门", "职务", "邮箱", "电话", "手机", "在用"]


def book(**pages):
    made = Workbook()
    made.remove(made.active)
    for title, rows in pages.items():
        page = made.create_sheet(title)
        for row in rows:
            page.append(row)
    out = io.BytesIO()
    made.save(out)
    out.seek(0)
    return out


@pytest.fixture
def office(make):
    office = make.department("办公室")
    make.post(office, "主任", "head")
    make.post(office, "科员")
    return office


def people():
    return {row["username"] for row in identity.directory()}


def test_new_people_get_posts_and_a_one_time_password(office):
    result = sheets.load("people", book(人员=[PEOPLE, ["zhang", "张三", "办公室", "主任、科员（代理）", "z@x.cn", 8601, "", "是"]]))
    assert result.faults == [] and result.written == 1
    person = identity.by_username("zhang")
    assert [(h.post.title, h.main, h.acting) for h in identity.holdings(person)] == [
        ("主任", True, False), ("科员", False, True)]
    assert person.phone == "8601"
    assert identity.authenticate("zhang", result.told[0]["password"]).id == person.id
    assert identity.pending_steps(person)[0] == "password"


def test_one_bad_row_and_nothing_is_written(office):
    result = sheets.load("people", book(人员=[
        PEOPLE, ["good", "好", "办公室"], ["bad", "坏", "没有的处"], ["worse", "", "办公室"], ["good2", "好", "办公室", "处长"]]))
    assert result.written == 0 and result.told == []
    assert people() == set()
    assert [(f["row"], f["column"]) for f in result.faults] == [(3, "部门"), (4, "姓名"), (5, "职务")]
    assert "没有的处" in result.faults[0]["message"]
    assert people() == set()


def test_every_fault_of_every_row_is_told_at_once(office):
    result = sheets.load("people", book(人员=[
        PEOPLE,
        ["bad name", "", "没有的处", "科员、办公室：处长", "not-mail", "abc", "手机号", "也许"],
        ["twin", "一", "没有的处", "办公室：科员"],
        ["twin", "二", "办公室", "处长、组长", "x@"],
    ]), by=None)
    assert [(f["row"], f["column"]) for f in result.faults] == [
        *((2, c) for c in ("用户名", "姓名", "部门", "职务", "邮箱", "电话", "手机", "在用")),
        (3, "部门"),
        (4, "用户名"), (4, "职务"), (4, "职务"), (4, "邮箱"),
    ]
    assert "必须填写" in result.faults[1]["message"] and result.faults[3]["message"] == "办公室没有职务“处长”"
    assert people() == set()


def test_faults_of_a_whole_organisation_come_in_the_order_of_the_workbook(office):
    result = sheets.load("organisation", book(
        部门=[["部门", "代码", "排序", "分管领导"], ["没有/综合处", "", "一", "nobody"], ["财务处", "", 1, "gao"]],
        岗位=[["部门", "职务", "类别"], ["财务处", "", "头儿"], ["没有的处", "处长", "主要负责人"]],
        人员=[PEOPLE, ["gao", "高", "没有的处", "财务处：会计"]],
    ))
    assert [(f["sheet"], f["row"], f["column"]) for f in result.faults] == [
        ("部门", 2, "部门"), ("部门", 2, "排序"), ("部门", 2, "分管领导"),
        ("岗位", 2, "职务"), ("岗位", 2, "类别"), ("岗位", 3, "部门"),
        ("人员", 2, "部门"), ("人员", 2, "职务"),
    ]
    assert [d.name for d in identity.department_tree()] == ["办公室"]


def test_a_department_that_is_not_in_use_comes_in_as_such(oa):
    rows = book(部门=[["部门", "在用"], ["旧处", "否"], ["新处", "是"]])
    assert sheets.load("departments", rows).faults == []
    assert {d.name: d.active for d in identity.department_tree(active_only=False)} == {"旧处": False, "新处": True}


def test_a_dry_run_writes_nothing_and_refuses_the_same(office):
    rows = book(人员=[PEOPLE, ["zhang", "张三", "办公室", "主任"]])
    assert sheets.load("people", rows, dry_run=True).as_dict() == {"written": 0, "errors": [], "dry_run": True}
    assert people() == set()


def test_the_same_username_twice_in_one_file(office):
    result = sheets.load("people", book(人员=[PEOPLE, ["twin", "一", "办公室"], ["twin", "二", "办公室"]]))
    assert [(f["row"], f["column"]) for f in result.faults] == [(3, "用户名")]
    assert people() == set()


def test_what_is_known_is_changed_not_doubled(office, make):
    make.person("zhang", "张三", office)
    result = sheets.load("people", book(人员=[PEOPLE, ["zhang", "张三丰", "", "", "", "", "13900000000", "否"]]))
    assert result.faults == []
    person = identity.by_username("zhang")
    assert (person.name, person.mobile, person.active, person.department_id) == ("张三丰", "13900000000", False, office.id)


def test_an_organisation_goes_out_and_comes_in_again(office, make, tmp_path):
    below = make.department("机要室", office)
    make.person("lead", "领导", office, posts=[("副主任", "leader")])
    identity.update_department(below, deputy=identity.by_username("lead"))
    before = tmp_path / "before.xlsx"
    assert sheets.dump("organisation", before) == 2 + 3 + 1
    assert sheets.load("organisation", before).faults == []
    after = tmp_path / "after.xlsx"
    sheets.dump("organisation", after)
    assert cells(before) == cells(after)
    assert cells(before)["部门"][2][:4] == ("办公室/机要室", None, 0, "lead")


def test_a_whole_organisation_from_nothing(oa):
    result = sheets.load("organisation", book(
        部门=[["部门", "代码", "排序", "分管领导"], ["市政府办"], ["市政府办/综合处", "ZH", 1, "gao"]],
        岗位=[["部门", "职务", "类别"], ["综合处", "处长", "主要负责人"], ["市政府办", "主任", "单位领导"]],
        人员=[PEOPLE, ["gao", "高", "市政府办", "主任"], ["zhou", "周", "市政府办", "综合处：处长"]],
    ))
    assert result.faults == [] and result.written == 6
    unit = identity.department_tree()[1]
    assert (unit.name, unit.deputy_id) == ("综合处", identity.by_username("gao").id)
    assert list(identity.heads_of(unit)) == [identity.by_username("zhou").id]


def cells(path):
    return {page.title: [tuple(row) for row in page.iter_rows(values_only=True)] for page in load_workbook(path)}


@pytest.mark.parametrize(("rows", "said"), [
    ([["姓名"], ["张三"]], "缺少列“用户名”"),
    ([], "缺少列"),
])
def test_a_missing_column_is_named(oa, rows, said):
    with pytest.raises(Invalid, match=said):
        sheets.load("people", book(人员=rows))


def test_what_is_no_workbook_is_refused(oa, tmp_path):
    path = tmp_path / "people.xlsx"
    path.write_bytes(b"username,name\n")
    with pytest.raises(Invalid, match="不是 .xlsx"):
        sheets.load("people", path)


def test_an_unknown_kind_names_the_nearest(oa):
    with pytest.raises(NotFound, match="people"):
        sheets.load("peopel", book(人员=[]))


@pytest.mark.parametrize(("kind", "raw", "value"), [
    ("date", "2024/3/1", "2024-03-01"), ("date", "2024年3月1日", "2024-03-01"), ("integer", "1,200", 1200),
    ("number", "￥1,200.50", "1200.50"), ("boolean", "否", False), ("text", 8601.0, "8601"),
])
def test_cells_as_people_write_them(kind, raw, value):
    assert str(read_cell(SheetColumn("x", "列", kind), raw)) == str(value)


@pytest.mark.parametrize(("kind", "raw"), [
    ("date", "2024/13/01"), ("date", "明天"), ("integer", "1.5"), ("number", "NaN"), ("boolean", "也许"),
])
def test_cells_nobody_can_read_are_named(kind, raw):
    with pytest.raises(ValueError, match="“列”.*" + str(raw)):
        read_cell(SheetColumn("x", "列", kind), raw)


def test_text_is_never_a_formula(oa, make):
    make.person("eve", "=1+1")
    out = io.BytesIO()
    sheets.dump("people", out)
    page = load_workbook(out)["人员"]
    assert page["B2"].value == "'=1+1" and page["B2"].data_type == "s"
    out.seek(0)
    assert sheets.load("people", out).faults == []
    assert identity.by_username("eve").name == "=1+1"


def test_by_the_command_line(office, oa_installation, tmp_path):
    from click.testing import CliRunner

    from oa_kernel.cli import oa

    path = tmp_path / "people.xlsx"
    path.write_bytes(book(人员=[PEOPLE, ["zhang", "张三", "无此处"]]).getvalue())
    done = CliRunner().invoke(oa, ["--config", str(oa_installation.config_path), "import", "people", str(path), "--json"])
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    assert said["written"] == 0
    assert [(e["row"], e["column"]) for e in said["errors"]] == [(2, "部门")]
