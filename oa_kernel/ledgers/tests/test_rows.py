"""Rows: made, changed, taken out of use, removed; rights, versions, numbers, history."""

import datetime as dt
from decimal import Decimal

import pytest

from oa_kernel import audit, clock, ledgers, numbering, permissions
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound

pytestmark = pytest.mark.oa_databases

BRUSH = {"name": "签字笔", "kind": "文具", "price": "12.50", "left": 40, "bought_on": "2026-03-01", "phone": "13912345678"}


def test_a_row_keeps_what_it_was_given_and_has_the_next_number(items, house, frozen):
    frozen("2031-05-02T10:00:00+08:00")
    first = items.create({**BRUSH, "keeper": "reader", "place": house.departments[1].id}, house.keeper)
    second = items.create(BRUSH, house.keeper)
    row = items.get(first.id, house.keeper)
    assert (row.code, second.code) == ("YP-2031-0001", "YP-2031-0002")
    assert (row.price, row.left, row.bought_on) == (Decimal("12.50"), 40, dt.date(2026, 3, 1))
    assert (row.owner_id, row.department_id) == (house.reader.id, house.departments[1].id)
    assert (second.owner_id, second.department_id, second.created_by_id) == (house.keeper.id, house.departments[0].id, house.keeper.id)


def test_a_refused_row_takes_no_number(items, house):
    items.create({**BRUSH, "barcode": "690"}, house.keeper)
    with pytest.raises(Invalid) as refused:
        items.create({**BRUSH, "barcode": "690"}, house.keeper)
    assert refused.value.errors == {"barcode": ["条码“690”已经登记过"]}
    assert items.create(BRUSH, house.keeper).code.endswith("0002")


def test_every_reason_comes_at_once_and_by_field(items, house):
    with pytest.raises(Invalid) as refused:
        items.create({"kind": "食品", "left": -1, "bought_on": "2026-13-01", "keeper": "who", "place": 99999}, house.keeper)
    assert {"name", "kind", "left", "bought_on"} <= set(refused.value.errors)
    with pytest.raises(Invalid) as refused:
        items.create({**BRUSH, "keeper": "who", "place": 99999}, house.keeper)
    assert set(refused.value.errors) == {"keeper", "place"}


@pytest.mark.parametrize(("field", "value"), [
    ("left", 2**31), ("left", 10**30), ("price", "9" * 30), ("name", "长" * 121), ("barcode", "9" * 41), ("remark", "a\x00b"),
    ("bought_on", "10000-01-01"), ("place", 2**70), ("price", "NaN"),
])
def test_what_no_engine_can_keep_is_refused_as_the_field(items, house, field, value):
    with pytest.raises(Invalid) as refused:
        items.create({**BRUSH, field: value}, house.keeper)
    assert set(refused.value.errors) == {field} and items.model.select().count() == 0


@pytest.mark.parametrize("number", [0, 2**63, 10**40])
def test_numbers_no_row_can_have_are_not_found(items, house, number):
    with pytest.raises(NotFound):
        items.get(number, house.keeper)


def test_scopes_say_who_sees_and_who_changes(items, house):
    his = items.create({**BRUSH, "keeper": "reader", "place": house.departments[1].id}, house.keeper)
    other = items.create({**BRUSH, "place": house.departments[0].id}, house.keeper)
    assert [r.id for r in items.page(house.reader).items] == [his.id]
    assert [r.id for r in items.page(house.clerk).items] == [his.id]
    assert items.page(house.nobody).items == []
    for who in (house.clerk, house.reader, house.nobody):
        with pytest.raises(NotFound):
            items.get(other.id, who)
        with pytest.raises((NotFound, Forbidden)):
            items.update(other.id, {"left": 1}, who)
    with pytest.raises(Forbidden):  # sees it, may not change it
        items.update(his.id, {"left": 1}, house.reader)
    items.update(his.id, {"left": 1}, house.clerk)
    with pytest.raises(Forbidden):  # nobody registers for another department than the own one
        items.create({**BRUSH, "place": house.departments[0].id, "keeper": "keeper"}, house.clerk)
    with pytest.raises(Forbidden):
        items.create(BRUSH, house.nobody)


def test_a_change_from_an_older_version_is_refused_and_says_what_the_other_changed(items, house):
    row = items.create({**BRUSH, "place": house.departments[1].id, "floor_price": "9"}, house.keeper)
    seen = row.version
    items.update(row.id, {"left": 38, "floor_price": "8"}, house.keeper, version=seen)
    with pytest.raises(Conflict) as refused:
        items.update(row.id, {"left": 39}, house.clerk, version=seen)
    assert refused.value.code == "stale"
    told = refused.value.details["changes"]
    assert [(c["column"], c["before"], c["after"], c["by"]) for c in told] == [("left", "40", "38", "钱保管")]
    assert items.get(row.id, house.keeper).left == 38
    assert items.update(row.id, {"left": 39}, house.clerk, version=refused.value.details["version"]).left == 39


def test_a_change_of_nothing_is_no_change(items, house):
    row = items.create(BRUSH, house.keeper)
    assert items.update(row.id, {"left": 40}, house.keeper).version == row.version


def test_seeing_what_is_masked_for_others_is_use_of_that_right_and_asking_is_not(items, house, used_rights):
    row = items.create({**BRUSH, "place": house.departments[1].id}, house.keeper)
    for person, expected in ((house.keeper, {"office.items.sensitive"}), (house.clerk, set())):
        with used_rights(person) as used:
            items.shown(row, person)
            assert items.may(person, "edit", row)
        assert used == expected


def test_masked_and_secret_fields_stay_with_those_who_may_see_them(items, house):
    row = items.create({**BRUSH, "place": house.departments[1].id, "floor_price": "9.9"}, house.keeper)
    assert items.shown(row, house.clerk)["phone"] == "139****5678"
    assert "floor_price" not in items.shown(row, house.clerk)
    assert items.shown(row, house.keeper)["floor_price"] == Decimal("9.9")
    with pytest.raises(Invalid):
        items.update(row.id, {"floor_price": "1"}, house.clerk)
    with pytest.raises(Invalid):  # a mask must not be written over what it hides
        items.update(row.id, {"phone": "139****5678"}, house.clerk)
    permissions.create_role("seer", "看全部内容", {"office.items.sensitive": "all"})
    permissions.grant(house.clerk, "seer")
    assert items.shown(row, house.clerk)["phone"] == "13912345678"


def test_history_says_who_changed_what_as_far_as_one_may_see(items, house):
    row = items.create({**BRUSH, "place": house.departments[1].id, "floor_price": "9", "keeper": "keeper"}, house.keeper)
    items.update(row.id, {"floor_price": "7", "phone": "13800001111", "keeper": "clerk", "left": None}, house.keeper)
    items.archive([row.id], "用完了", house.clerk)
    told = items.history(row.id, house.clerk).items
    assert [(e["action"], e["by"], e["reason"]) for e in told] == [
        ("archived", "孙登记", "用完了"), ("changed", "钱保管", ""), ("created", "钱保管", "")]
    changes = {c["column"]: (c["before"], c["after"]) for c in told[1]["changes"]}
    assert changes == {"left": ("40", ""), "keeper": ("钱保管", "孙登记"), "phone": ("139****5678", "138****1111")}
    full = items.history(row.id, house.keeper).items[1]["changes"]
    assert ("floor_price", "9.00", "7.00") in [(c["column"], c["before"], c["after"]) for c in full]
    with pytest.raises(NotFound):
        items.history(row.id, house.nobody)


def test_archived_rows_stay_and_come_back(items, house):
    row = items.create(BRUSH, house.keeper)
    with pytest.raises(Invalid):
        items.archive([row.id], "  ", house.keeper)
    items.archive([row.id], "报废", house.keeper)
    assert items.page(house.keeper).items == []
    assert [r.id for r in items.page(house.keeper, {"state": "archived"}).items] == [row.id]
    with pytest.raises(Conflict):
        items.update(row.id, {"left": 1}, house.keeper)
    with pytest.raises(Conflict):
        items.archive([row.id], "再来", house.keeper)
    items.restore(row.id, house.keeper)
    assert [r.id for r in items.page(house.keeper, {"state": "all"}).items] == [row.id]


def test_archiving_many_is_all_or_nothing(items, house):
    mine = items.create({**BRUSH, "place": house.departments[1].id}, house.keeper)
    other = items.create(BRUSH, house.keeper)
    with pytest.raises(NotFound):
        items.archive([mine.id, other.id], "清理", house.clerk)
    assert len(items.page(house.keeper).items) == 2
    assert len(items.archive([mine.id, other.id], "清理", house.keeper)) == 2


def test_a_removed_row_is_gone_its_number_void_and_its_content_in_the_record(items, house):
    row = items.create({**BRUSH, "remark": "红色的"}, house.keeper)
    items.remove(row.id, "重复登记", house.keeper)
    with pytest.raises(NotFound):
        items.get(row.id, house.keeper)
    assert items.page(house.keeper, {"q": "红色"}).items == []
    entry, = numbering.register(f"office.items:{clock.today().year}").items
    assert (entry.state, entry.reason) == ("void", "重复登记")
    last = audit.events(kind="office.items", object_id=str(row.id)).items[0]
    assert last.action == "office.items.removed" and last.before["name"] == "签字笔"


def test_one_write_is_one_event_in_one_transaction(items, house, count_queries):
    row = items.create({**BRUSH, "barcode": "1"}, house.keeper)
    items.page(house.keeper)
    with count_queries() as statements:
        items.update(row.id, {"left": 3}, house.keeper)
    writes = [s.split()[0] for s in statements if s.split()[0] in ("UPDATE", "INSERT", "DELETE")]
    assert writes == ["UPDATE", "DELETE", "INSERT", "INSERT"]  # the row, its words anew, the event


def test_a_subclass_adds_what_a_file_cannot_say(items, house):
    class Strict(ledgers.Ledger):
        def validate(self, values, row, by):
            if values.get("kind") == "设备" and not values.get("bought_on"):
                raise Invalid("有 1 处需要改正", errors={"bought_on": ["设备要填购置日期"]})
            return values

        def before_save(self, row, before, by):
            row.remark = row.remark or "（无备注）"

    strict = Strict(items.declaration, "office", items.model)
    with pytest.raises(Invalid):
        strict.create({"name": "打印机", "kind": "设备"}, house.keeper)
    assert strict.create(BRUSH, house.keeper).remark == "（无备注）"
