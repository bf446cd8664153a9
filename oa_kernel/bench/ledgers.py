"""Pages of a ledger of a million rows beside the bare SQL of the same page, and beside a ledger of a thousand."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import rows
from .figures import Figure, interleaved, quick
from .office import temporary

_KINDS = ("文具", "设备", "家具", "耗材", "工具")
#: the kind of one row in 50,000
_RARE = "古籍"
_WORDS = ("打印机", "签字笔", "文件柜", "投影仪", "硒鼓", "办公椅", "扫描仪", "路由器", "笔记本", "碎纸机")
_FILE = """\
name: bench
title: 测量
fields:
  code: {type: string, label: 编号, sort: true, filter: true}
  name: {type: string, label: 名称, sort: true, filter: true}
  kind: {type: string, label: 类别, allowed: [文具, 设备, 家具, 耗材, 工具, 古籍], filter: true}
  price: {type: money, label: 金额, sort: true, filter: true}
  bought_on: {type: date, label: 购置日期, sort: true, filter: true}
"""
#: page → (arguments, WHERE and ORDER BY of the same rows by hand)
_CASES: dict[str, tuple[dict[str, Any], str]] = {
    "首页": ({}, "archived = 0 ORDER BY id DESC"),
    "按金额排序的首页": ({"sort": "price"}, "archived = 0 ORDER BY COALESCE(price, -9000000000000000000), id"),
    "按类别筛选": ({"kind": "设备"}, "archived = 0 AND kind = '设备' ORDER BY id DESC"),
    "少见的类别、按金额排序": ({"kind": _RARE, "sort": "price"},
                   f"archived = 0 AND kind = '{_RARE}' ORDER BY COALESCE(price, -9000000000000000000), id"),
    "按名称开头筛选": ({"name_prefix": "投影仪"},
                "archived = 0 AND name >= '投影仪' AND name < '投影仪\U0010ffff' ORDER BY name, id"),
}


def run(tell: Callable[[str], Any]) -> Iterator[Figure]:
    """Yields milliseconds of pages through the service (rights, filters, rows as objects) beside plain SQL."""
    large = 20_000 if quick() else 1_000_000
    taken: dict[int, dict[str, float]] = {}
    for count in (1000, large):
        tell(f"准备 {count:,} 行")
        with tempfile.TemporaryDirectory() as name, _office(Path(name), count) as (ledger, person):
            taken[count] = {}
            for title, ours, bare in _pages(ledger, person, count):
                tell(f"{count:,} 行：{title}")
                a, b = interleaved(ours, bare, runs=5 if quick() else 31)
                taken[count][title] = a
                if count == large:
                    yield Figure(f"{title}，{count:,} 行", round(a * 1000, 2), "毫秒", "同一页的 SQL", round(b * 1000, 2), 12, False,
                                 note="50 行；服务：权限、筛选、对象；SQL：只取元组")
    for title, seconds in taken[large].items():
        small = taken[1000][title]
        yield Figure(f"{title}，随表增长", round(seconds * 1000, 2), "毫秒", "1,000 行", round(small * 1000, 2), 1.5, False)


def _pages(ledger: Any, person: Any, count: int) -> Iterator[tuple[str, Callable[[], Any], Callable[[], Any]]]:
    from oa_kernel import db

    table, columns = ledger.model._meta.table_name, ", ".join(f'"{c}"' for c in ledger.model._meta.columns)

    def bare(rest: str) -> Callable[[], Any]:
        sql = f'SELECT {columns} FROM "{table}" WHERE {rest} LIMIT 51'
        return lambda: db.database.execute_sql(sql).fetchall()

    for title, (args, rest) in _CASES.items():
        yield title, (lambda args=args: ledger.page(person, args)), bare(rest)  # type: ignore[misc]
    middle = ledger.model.select().order_by(ledger.model.price, ledger.model.id).offset(count // 2).limit(1).get()
    from oa_kernel import ledgers
    from oa_kernel.ledgers.query import _cursor

    cursor = _cursor(middle, ledgers.understand(ledger, person, {"sort": "price"}))
    after = (f"archived = 0 AND (COALESCE(price, -9000000000000000000), id) > ({int(middle.price * 100)}, {middle.id}) "
             "ORDER BY COALESCE(price, -9000000000000000000), id")
    yield "深页（中间）", (lambda: ledger.page(person, {"sort": "price"}, cursor=cursor)), bare(after)


@contextmanager
def _office(folder: Path, count: int) -> Iterator[tuple[Any, Any]]:
    """A temporary installation on SQLite with the ledger filled, and somebody who may see all of it."""
    from oa_kernel import identity, ledgers, permissions

    (folder / "ledgers").mkdir()
    (folder / "ledgers" / "bench.yaml").write_text(_FILE, encoding="utf-8")
    with temporary(folder):
        ledgers.sync()
        person = identity.create_person("reader", "读者", password_hash="")
        permissions.grant(person, "own.bench.reader")
        ledger = ledgers.get("bench")
        first = dt.date(2016, 1, 1)
        names = ("code", "name", "kind", "price", "bought_on")
        rows.insert(ledger.model, names, (
            (f"B-{n:08d}", f"{_WORDS[n % 10]}{n * 7919 % 9973}", _KINDS[n % 5] if n % 50_000 else _RARE, n * 104_729 % 9_999_991,
             (first + dt.timedelta(days=n % 3650)).isoformat())
            for n in range(count)
        ))
        yield ledger, person


__all__ = ["run"]
