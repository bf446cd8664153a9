"""Lists: filters, order, pages, totals, search; one indexed query each."""

import datetime as dt
from dataclasses import replace

import pytest

from oa_kernel import db, ledgers
from oa_kernel.errors import BadRequest, Invalid
from oa_kernel.ledgers.columns import MOST_PAIRS, paired
from oa_kernel.ledgers.query import page_query

pytestmark = pytest.mark.oa_databases


@pytest.fixture
def stock(items, house):
    """Twenty-four things: some without a date or a price."""
    rows = []
    for n in range(24):
        rows.append(items.create({
            "name": f"{'打印纸签字笔文件柜'[n % 3 * 3:n % 3 * 3 + 3]}{n:02d}", "kind": ["文具", "设备", "家具"][n % 3],
            "price": None if n % 5 == 0 else f"{n}.50", "left": n, "place": house.departments[n % 2].id,
            "bought_on": None if n % 4 == 0 else dt.date(2026, 1, n + 1).isoformat(), "barcode": f"69{n:03d}",
            "keeper": "reader" if n < 6 else "keeper", "remark": "放在三楼东侧库房" if n % 2 else "A4 paper",
        }, house.keeper))
    return rows


def walk(items, person, args, limit=5):
    """All rows of a list, page by page."""
    found, cursor = [], None
    while True:
        page = items.page(person, args, limit=limit, cursor=cursor)
        found += page.items
        cursor = page.next
        if cursor is None:
            return found


@pytest.mark.parametrize("sort", ["id", "-id", "name", "-name", "price", "-price", "bought_on", "-bought_on", "code", "-left"])
def test_pages_in_any_order_show_every_row_once(items, house, stock, sort):
    found = walk(items, house.keeper, {"sort": sort})
    assert sorted(r.id for r in found) == sorted(r.id for r in stock)
    column = sort.removeprefix("-")
    told = [getattr(r, column) for r in found]
    keys = [(v is not None, v if v is not None else 0) for v in told]  # what is empty lies before everything
    assert keys == sorted(keys, reverse=sort.startswith("-"))


@pytest.mark.parametrize(("args", "wanted"), [
    ({"kind": "设备"}, lambda r: r.kind == "设备"),
    ({"kind": ["设备", "家具"]}, lambda r: r.kind != "文具"),
    ({"price_from": "10", "price_to": "15.5"}, lambda r: r.price is not None and 10 <= r.price <= 15.5),
    ({"left_to": "3"}, lambda r: r.left <= 3),
    ({"bought_on_to": "2026-01-10"}, lambda r: r.bought_on is not None and r.bought_on.day <= 10),
    ({"bought_on": "2026-01-03"}, lambda r: r.bought_on == dt.date(2026, 1, 3)),
    ({"name_prefix": "文件"}, lambda r: r.name.startswith("文件")),
    ({"barcode": "69007"}, lambda r: r.barcode == "69007"),
    ({"keeper": "reader"}, lambda r: r.left < 6),
    ({"q": "三楼东"}, lambda r: r.left % 2),
    ({"q": "三楼 文件柜"}, lambda r: r.left % 2 and r.kind == "家具"),
    ({"q": "PAPER"}, lambda r: not r.left % 2),
    ({"q": "楼三"}, lambda r: False),
    ({"q": "库房", "kind": "设备", "left_from": 9}, lambda r: r.left % 2 and r.kind == "设备" and r.left >= 9),
])
def test_filters_keep_what_they_say(items, house, stock, args, wanted):
    assert {r.id for r in walk(items, house.keeper, args)} == {r.id for r in stock if wanted(r)}


def test_department_filters_and_scopes_go_together(items, house, stock):
    place = house.departments[1].id
    mine = {r.id for r in stock if r.place == place}
    assert {r.id for r in walk(items, house.keeper, {"place": place})} == mine
    assert {r.id for r in walk(items, house.clerk, {"kind": "设备"})} == {r.id for r in stock if r.id in mine and r.kind == "设备"}
    assert {r.id for r in walk(items, house.reader, {})} == {r.id for r in stock if r.keeper == house.reader.id}


@pytest.mark.parametrize("args", [
    {"kind": "食品"}, {"price_from": "many"}, {"bought_on": "yesterday"}, {"keeper": "who"}, {"sort": "remark"},
    {"sort": "-phone"}, {"state": "gone"}, {"left": "1e99"}, {"q": "纸", "sort": "name"}, {"name_prefix": "a\x00"}, {"name": "\ud800"},
    {"keeper": "\x00"}, {"place": 10**30},
])
def test_what_cannot_be_understood_is_said(items, house, stock, args):
    with pytest.raises(Invalid) as refused:
        items.page(house.keeper, args)
    assert set(refused.value.errors) <= set(args)


@pytest.mark.parametrize("cursor", ["x", "W10", "WyItaWQiLG51bGwsIjEiXQ", "\udc00", "WyItaWQiLG51bGwsdHJ1ZV0"])
def test_a_foreign_cursor_is_refused(items, house, stock, cursor):
    with pytest.raises(BadRequest):
        items.page(house.keeper, {}, cursor=cursor)


def test_a_cursor_belongs_to_its_order(items, house, stock):
    cursor = items.page(house.keeper, {"sort": "name"}, limit=3).next
    with pytest.raises(BadRequest):
        items.page(house.keeper, {"sort": "-name"}, cursor=cursor)


def test_a_page_is_one_query_and_totals_one_more(items, house, stock, count_queries):
    items.page(house.keeper)
    with count_queries() as statements:
        page = items.page(house.clerk, {"kind": "设备", "sort": "price"}, limit=50)
        items.names(page.items, house.clerk)
    own = [s for s in statements if "office_item" in s]
    assert len(own) == 1
    wanted = ledgers.understand(items, house.keeper, {"kind": "文具"})
    with count_queries() as statements:
        sums = ledgers.totals(items, house.keeper, wanted)
    assert len([s for s in statements if "office_item" in s]) == 1
    rows = [r for r in stock if r.kind == "文具"]
    assert (sums.count, sums.sums, sums.capped) == (
        len(rows), {"price": sum(r.price or 0 for r in rows), "left": sum(r.left for r in rows)}, False)


def test_what_one_may_not_see_one_cannot_ask_about(items, house, stock):
    assert "floor_price" not in [c.name for c in items.columns(house.clerk)]
    with pytest.raises(Invalid):
        items.page(house.clerk, {"sort": "floor_price"})


def plan(query):
    sql, parameters = query.sql()
    if db.is_postgresql():
        db.database.execute_sql("SET enable_seqscan = off")
        try:
            return "\n".join(r[0] for r in db.database.execute_sql("EXPLAIN " + sql, parameters).fetchall())
        finally:
            db.database.execute_sql("SET enable_seqscan = on")
    return "\n".join(r[3] for r in db.database.execute_sql("EXPLAIN QUERY PLAN " + sql, parameters).fetchall())


@pytest.mark.parametrize("args", [
    {"sort": "price"}, {"sort": "-bought_on"}, {"sort": "name"}, {}, {"name_prefix": "文件"}, {"bought_on_from": "2026-01-05"},
    {"price_from": 3, "price_to": 9}, {"kind": "设备", "sort": "-id"}, {"kind": "设备", "sort": "price"},
    {"kind": "设备", "sort": "-bought_on"}, {"kind": ["设备", "家具"], "sort": "name"},
    {"kind": "设备", "left_from": 2, "sort": "price"},
])
def test_first_and_deep_pages_walk_an_index_without_sorting(items, house, stock, args):
    wanted = ledgers.understand(items, house.keeper, args)
    first = items.page(house.keeper, args, limit=3)
    for cursor in (None, first.next):
        told = plan(page_query(items, house.keeper, wanted, cursor).limit(4))
        if db.is_postgresql():
            assert "Index" in told and "Seq Scan" not in told
        else:
            assert "USING INDEX office_item_l" in told and "TEMP B-TREE" not in told and "SCAN" not in told


@pytest.mark.oa_databases("sqlite")
@pytest.mark.parametrize(("args", "index"), [
    ({"kind": "设备"}, "(archived=? AND kind=?)"), ({"kind": "设备", "sort": "price"}, "lf_kind_price (archived=? AND kind=?"),
    ({"kind": "设备", "sort": "-name"}, "lf_kind_name (archived=? AND kind=?"),
    ({"kind": ["设备", "家具"], "sort": "price"}, "l_price (archived=?"),
])
def test_one_value_of_few_is_looked_up_with_the_order_and_not_walked_past(items, house, stock, args, index):
    assert index in plan(page_query(items, house.keeper, ledgers.understand(items, house.keeper, args)).limit(4))


def test_a_ledger_of_many_filters_and_orders_has_no_index_for_every_two(items):
    declared = {c.name: c for c in items.declaration.columns}
    many = [replace(declared["kind"], name=f"kind{n}") for n in range(9)] + [declared[n] for n in ("name", "price", "left")]
    assert len(paired(items.declaration.columns)) == 5 and len(paired(many)) == MOST_PAIRS < 27
