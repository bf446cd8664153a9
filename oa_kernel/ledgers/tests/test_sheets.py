"""Spreadsheets: rows in, every bad cell named and nothing written; rows out."""

import openpyxl
import pytest

from oa_kernel import audit, context, sheets
from oa_kernel.errors import Forbidden

pytestmark = pytest.mark.oa_databases

HEADS = ["编号", "名称", "条码", "类别", "金额", "数量", "购置日期", "保管人", "使用部门", "供应商手机", "备注"]


def book(path, *lines, heads=HEADS):
    made = openpyxl.Workbook()
    made.active.append(heads)
    for line in lines:
        made.active.append(list(line))
    made.save(path)
    return path


@pytest.fixture
def file(tmp_path):
    return tmp_path / "items.xlsx"


GOOD = ("", "签字笔", "690001", "文具", 12.5, 40, "2026-03-01", "clerk", "业务处", "13912345678", "蓝色")


def test_rows_come_in_and_are_known_again(items, house, file):
    book(file, GOOD, ("", "文件柜", "", "家具", "1,200.00", 2, "2026/4/5", "钱保管", "", "", ""))
    assert sheets.load("items", file, by=house.keeper).written == 2
    first, second = items.model.select().order_by(items.model.id)
    assert (first.code[-4:], first.left, first.keeper, first.place) == ("0001", 40, house.clerk.id, house.departments[1].id)
    assert (second.price, second.bought_on.month, second.keeper) == (1200, 4, house.keeper.id)
    # known by its number: an empty cell and a mask leave what is there
    book(file, (first.code, "签字笔", "", "文具", "", 38, "", "", "", "139****5678", ""))
    assert sheets.load("items", file, by=house.keeper).written == 1
    again = items.get(first.id, house.keeper)
    assert (again.left, again.barcode, again.phone, again.version) == (38, "690001", "13912345678", 2)
    assert audit.events(kind="office.items", object_id=str(first.id)).items[0].action == "office.items.changed"


def test_any_bad_row_and_nothing_is_written(items, house, file):
    book(file, GOOD,
         ("", "", "690002", "文具", 1, 1, "2026-13-01", "", "", "", ""),
         ("", "尺", "690001", "食品", 1, 1.5, "", "谁", "无此处", "", ""),
         ("YP-1999-0009", "钉", "", "文具", -1, 1, "", "", "", "", ""),
         ("", "钉", "", "文具", -1, 1, "", "", "", "", ""),
         ("", "本", "690001", "文具", 1, 1, "", "无人", "无此处", "", ""))
    result = sheets.load("items", file, by=house.keeper)
    told = {(f["row"], f["column"]) for f in result.faults}
    assert result.written == 0 and items.model.select().count() == 0
    assert told == {(3, "名称"), (3, "购置日期"), (4, "类别"), (4, "数量"), (4, "使用部门"), (5, "编号"), (6, "金额"),
                    (7, "保管人"), (7, "使用部门")}
    book(file, GOOD, *[
        ("YP-1999-0009", "钉", "", "文具", 1, 1, "", "", "", "", ""), ("", "钉", "", "文具", -1, 1, "", "", "", "", ""),
        ("", "本", "690001", "文具", 1, 1, "", "无人", "", "", ""), ("", "本", "", "文具", 1, 1, "", "", "无此处", "", "")])
    result = sheets.load("items", file, by=house.keeper)
    told = {(f["row"], f["column"]) for f in result.faults}
    assert told == {(3, "编号"), (4, "金额"), (5, "保管人"), (6, "使用部门")} and items.model.select().count() == 0


def test_who_may_not_import_or_export_is_refused(items, house, file):
    book(file, GOOD)
    with pytest.raises(Forbidden):
        sheets.load("items", file, by=house.reader)
    items.create({"name": "尺", "kind": "文具"}, house.keeper)
    for who, allowed in ((house.reader, False), (house.clerk, True)):
        with context.acting(context.Actor(channel="web").with_person(who)):
            if allowed:
                assert sheets.dump("items", file, by=who) == 0  # of her department there is nothing
            else:
                with pytest.raises(Forbidden):
                    sheets.dump("items", file, by=who)
