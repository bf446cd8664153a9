"""The month's report (督办月报): figures by department and the items behind them, as PDF and as a spreadsheet."""

from __future__ import annotations

import calendar
import datetime as dt
import io
from pathlib import Path
from typing import Any

from oa_kernel import clock, permissions
from oa_kernel.errors import BadRequest

from .. import rights
from ..models import Item
from . import lights

#: items of one report
MOST = 5_000
HEADERS = ("部门", "应办", "按期办结", "逾期办结", "超期未办", "正常推进", "按期办结率")


def month_of(text: str) -> tuple[dt.date, dt.date]:
    """First and last day of ``2026-11``. Raises BadRequest."""
    try:
        first = dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        raise BadRequest(f"月份“{text}”写法不对，应形如 2026-11") from None
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def figures(person: Any, month: str) -> dict[str, Any]:
    """``{"month", "rows": [(department, due, on time, late, overdue, open, rate)], "total", "items"}`` of the month.

    What counts: items that were open in the month or closed in it. Two queries.
    """
    permissions.require(person, rights.MANAGE)
    first, last = month_of(month)
    start = dt.datetime.combine(first, dt.time.min, clock.zone()).astimezone(dt.UTC)
    end = dt.datetime.combine(last + dt.timedelta(days=1), dt.time.min, clock.zone()).astimezone(dt.UTC)
    found = list(Item.select().where(
        Item.state != "cancelled", Item.created_at < end, (Item.state == "open") | (Item.closed_at >= start),
    ).order_by(Item.department_name, Item.due_on, Item.id).limit(MOST))
    by_department: dict[str, list[int]] = {}
    today = min(clock.today(), last)
    for item in found:
        row = by_department.setdefault(item.department_name, [0, 0, 0, 0, 0])
        row[0] += 1
        closed = item.state == "done" and item.closed_at < end
        if closed:
            row[1 if item.closed_on <= item.due_on else 2] += 1
        else:
            row[3 if item.due_on < today else 4] += 1
    rows = [(name, *values, _rate(values)) for name, values in by_department.items()]
    total = [sum(values[n] for values in by_department.values()) for n in range(5)]
    return {"month": month, "rows": rows, "total": ("合计", *total, _rate(total)), "items": found}


def _rate(row: list[int]) -> str:
    ended = row[1] + row[2] + row[3]
    return f"{row[1] / ended:.0%}" if ended else "—"


def spreadsheet(person: Any, month: str) -> bytes:
    """The report as .xlsx: figures on the first sheet, items on the second."""
    from openpyxl import Workbook

    found = figures(person, month)
    book = Workbook()
    sheet = book.active
    sheet.title = "汇总"
    sheet.append(HEADERS)
    for row in (*found["rows"], found["total"]):
        sheet.append([_cell(v) for v in row])
    listed = book.create_sheet("事项")
    listed.append(("事项", "主办部门", "责任人", "期限", "办结日期", "状态", "催办次数"))
    for item in found["items"]:
        listed.append([_cell(v) for v in (item.title, item.department_name, item.person_name, item.due_on, item.closed_on,
                                          lights.WORDS[lights.light(item)][0], item.urges)])
    for one, widths in ((sheet, (24, 8, 10, 10, 10, 10, 12)), (listed, (60, 20, 12, 12, 12, 12, 10))):
        for column, width in zip("ABCDEFG", widths, strict=True):
            one.column_dimensions[column].width = width
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula begins with an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value


def pdf(person: Any, month: str) -> bytes:
    """The report as PDF/A-2b, A4."""
    from oa_documents import typeset

    from oa_kernel import runtime

    found = figures(person, month)
    year, number = month.split("-")
    data = {
        "title": f"{year}年{int(number)}月督办情况通报", "issuer": str(runtime.current().config["organisation"]["name"]),
        "headers": list(HEADERS), "rows": [[str(v) for v in row] for row in found["rows"]], "total": [str(v) for v in found["total"]],
        "items": [[item.title, item.department_name, item.due_on.isoformat(), lights.WORDS[lights.light(item)][0]]
                  for item in found["items"] if lights.light(item) in ("red", "yellow", "late")],
        "made": clock.today().isoformat(),
    }
    template = (Path(__file__).parents[1] / "report" / "month.typ").read_text(encoding="utf-8")
    return typeset.report(template, data)
