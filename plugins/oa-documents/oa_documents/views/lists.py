"""Lists: my drafts, in review, waiting for a receipt, the register."""

from __future__ import annotations

import io
from typing import Any

from flask import request

from oa_kernel import clock, web

from .. import kinds, rights
from ..models import STATES
from ..services import dispatches, numbers, queries
from .pages import STATE_WORDS, filters, pages, render

_EXPORT_ROWS = 20_000


@pages.get("/documents/mine", permission=rights.DRAFT)
def mine() -> Any:
    """What one drafted oneself."""
    person = web.person()
    state = request.args.get("state", "")
    states = (state,) if state in STATES else ()
    page = queries.mine(person, states=states, cursor=request.args.get("cursor"))
    return render("mine.html", page=page, state=state)


@pages.get("/documents/reviewing", signed_in=True)
def reviewing() -> Any:
    """Documents under review that one may see."""
    given = filters("kind", "q")
    page = queries.listing(web.person(), {**given, "state": "reviewing"}, cursor=request.args.get("cursor"))
    return render("reviewing.html", page=page, filters=given, kinds=list(kinds.KINDS))


@pages.get("/documents/waiting", signed_in=True)
def waiting() -> Any:
    """What one's departments have not signed for."""
    page = dispatches.waiting_for(web.person(), cursor=request.args.get("cursor"))
    return render("waiting.html", page=page)


@pages.get("/documents/register", signed_in=True)
def register() -> Any:
    """发文登记簿."""
    given = filters("year", "series", "kind", "state", "standing", "q")
    page = queries.register(web.person(), given, cursor=request.args.get("cursor"))
    return render(
        "register.html", page=page, filters=given, kinds=list(kinds.KINDS), years=queries.years(),
        series=numbers.series_list(active_only=False),
    )


@pages.get("/documents/register.xlsx", signed_in=True)
def register_export() -> Any:
    """The register, as filtered, as a spreadsheet."""
    given = filters("year", "series", "kind", "state", "standing", "q")
    data = _spreadsheet(web.person(), given)
    name = f"发文登记簿 {clock.today().isoformat()}.xlsx"
    return web.send_bytes(data, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", name)


def _spreadsheet(person: Any, given: dict[str, str]) -> bytes:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("发文登记簿")
    for column, width in zip("ABCDEFGHIJ", (20, 8, 60, 8, 8, 30, 14, 10, 12, 10), strict=True):
        sheet.column_dimensions[column].width = width
    sheet.append(["文号", "文种", "标题", "密级", "缓急", "主送", "拟稿部门", "拟稿人", "成文日期", "状态"])
    cursor, written = None, 0
    while written < _EXPORT_ROWS:
        page = queries.register(person, given, limit=200, cursor=cursor)
        for row in page.items:
            values = [row.number, row.kind, row.title, row.secrecy, row.urgency, "、".join(row.addressees),
                      row.department_name, row.drafter_name, row.date, STATE_WORDS[row.state][0]]
            sheet.append([harmless(v) for v in values])
        written += len(page.items)
        cursor = page.next
        if cursor is None:
            break
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def harmless(value: Any) -> Any:
    """A cell's value; text that a spreadsheet would take for a formula begins with an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value
