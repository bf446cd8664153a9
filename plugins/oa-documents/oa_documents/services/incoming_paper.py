"""收文登记簿 as it is taken away: the rows somebody sees, as a spreadsheet and on paper."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from oa_kernel import clock, runtime

from .. import typeset
from . import incoming_lists

#: rows of the spreadsheet, and of the paper (some hundred pages)
EXPORTED, PRINTED = 20_000, 2_000
HEADERS = ("收文号", "收文日期", "来文单位", "来文字号", "标题", "文种", "密级", "缓急", "份数", "性质", "承办部门", "状态")
_ON_PAPER = ("收文号", "收文日期", "标题", "来文字号", "来文单位", "密级", "缓急", "份数", "承办部门", "状态")


def rows(person: Any, filters: Mapping[str, Any], most: int) -> Iterator[Any]:
    """The documents of the register as filtered, the newest first, a page of them at a time."""
    cursor, given = None, 0
    while given < most:
        page = incoming_lists.listing(person, filters, limit=min(200, most - given), cursor=cursor)
        yield from page.items
        given, cursor = given + len(page.items), page.next
        if cursor is None:
            return


def spreadsheet(person: Any, filters: Mapping[str, Any], *, natures: Mapping[str, str], states: Mapping[str, str]) -> bytes:
    """As .xlsx, 20,000 rows at most."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("收文登记簿")
    sheet.append(HEADERS)
    for d in rows(person, filters, EXPORTED):
        sheet.append([_harmless(v) for v in (
            f"{d.year}-{d.seq}", d.received_on, d.sender, d.number, d.title, d.kind, d.secrecy, d.urgency, d.copies,
            natures[d.nature], d.department_name, states[d.state])])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def pdf(person: Any, filters: Mapping[str, Any], *, states: Mapping[str, str]) -> bytes:
    """On paper: A4 across, PDF/A-2b, 2,000 rows at most; where there are more, the head says so."""
    found = list(rows(person, filters, PRINTED + 1))
    data = {
        "title": f"{filters.get('year') or ''}{'年' if filters.get('year') else ''}收文登记簿",
        "issuer": str(runtime.current().config["organisation"]["name"]), "made": clock.today().isoformat(), "headers": list(_ON_PAPER),
        "more": f"（只打印最近的 {PRINTED} 件，请缩小条件）" if len(found) > PRINTED else "",
        "rows": [[f"{d.year}-{d.seq}", d.received_on.isoformat(), d.title + (f"（作废：{d.void_reason}）" if d.void_reason else ""),
                  d.number or "", d.sender, d.secrecy, d.urgency or "", str(d.copies), d.department_name or "", states[d.state]]
                 for d in found[:PRINTED]],
    }
    return typeset.report((Path(typeset.__file__).parent / "register.typ").read_text(encoding="utf-8"), data)


def _harmless(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula begins with an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value


__all__ = ["EXPORTED", "HEADERS", "PRINTED", "pdf", "rows", "spreadsheet"]
