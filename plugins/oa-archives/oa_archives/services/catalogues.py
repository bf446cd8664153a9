"""归档文件目录 (DA/T 22-2015, 5.5): as a spreadsheet and on paper, what the reader may see of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from oa_kernel import permissions
from oa_kernel.errors import BadRequest, Invalid

from .. import paper, rights, settings, tables
from ..models import RETENTIONS, Item
from . import queries

HEADERS = ("序号", "档号", "文号", "责任者", "题名", "日期", "密级", "页数", "备注")
#: lines of one catalogue on paper, and of one spreadsheet
MOST_ON_PAPER, MOST = 3_000, 100_000
_BATCH = 500


def rows(person: Any, year: Any, *, retention: str = "", class_code: str = "", most: int = MOST) -> Iterator[tuple[Any, ...]]:
    """The catalogue's lines in the order of 档号, read in batches.

    :raises BadRequest: no year. Invalid: there are more than ``most``.
    """
    permissions.require(person, rights.EXPORT)
    if not (str(year).isascii() and str(year).isdigit() and len(str(year)) == 4):
        raise BadRequest("year 应为四位年份，例：2026")
    if retention and retention not in RETENTIONS:
        raise BadRequest(f"retention 可用：{'、'.join(RETENTIONS)}")
    query = queries.visible(Item.select(), person).where(
        Item.year == int(year), Item.fonds == str(settings.get("fonds")), Item.state != "destroyed")
    if retention:
        query = query.where(Item.retention == retention)
    if class_code:
        query = query.where(Item.class_code == class_code)
    ids = [i for (i,) in query.select(Item.id).order_by(Item.retention, Item.class_code, Item.seq).limit(most + 1).tuples()]
    if len(ids) > most:
        raise Invalid(f"超过 {most} 件：请按保管期限、机构分开打印，或用表格", code="too_many")
    return _lines(ids)


def _lines(ids: list[int]) -> Iterator[tuple[Any, ...]]:
    shown = (Item.id, Item.archival_number, Item.number, Item.creator, Item.title, Item.date, Item.secrecy, Item.pages)
    for first in range(0, len(ids), _BATCH):
        wanted = ids[first : first + _BATCH]
        found = {item.id: item for item in Item.select(*shown).where(Item.id << wanted)}
        for n, id_ in enumerate(wanted, first + 1):
            item = found[id_]
            yield (n, item.archival_number, item.number, item.creator, item.title, f"{item.date:%Y%m%d}" if item.date else "",
                   item.secrecy, item.pages, "")


def spreadsheet(person: Any, year: Any, **filters: str) -> bytes:
    """The catalogue as .xlsx."""
    return tables.workbook([(f"{year}年归档文件目录", HEADERS, rows(person, year, **filters))])


def pdf(person: Any, year: Any, *, retention: str = "", class_code: str = "") -> bytes:
    """The catalogue as PDF/A-2b, A4 across."""
    lines = [[str(value) for value in line] for line in
             rows(person, year, retention=retention, class_code=class_code, most=MOST_ON_PAPER)]
    return paper.pdf("catalogue.typ", {
        "title": f"{year}年归档文件目录", "fonds": str(settings.get("fonds")), "fonds_name": settings.fonds_name(), "year": str(year),
        "retention": RETENTIONS.get(retention, "全部"), "class": class_code or "全部", "headers": list(HEADERS), "rows": lines,
    })
