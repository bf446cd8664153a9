"""Spreadsheets of lists: one sheet a view, headed, with nothing a spreadsheet program would take for a formula."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Sequence
from typing import Any

from oa_kernel import clock

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDEST = 60


def workbook(sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[Any]]]]) -> bytes:
    """``.xlsx`` of (title, headings, rows) for each sheet."""
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    book.remove(book.active)
    for title, headings, rows in sheets:
        sheet = book.create_sheet(title)
        sheet.append(list(headings))
        widths = [_width(h) for h in headings]
        for heading in sheet[1]:
            heading.font = Font(bold=True)
        for row in rows:
            values = [cell(value) for value in row]
            sheet.append(values)
            widths = [max(w, min(_WIDEST, _width(v))) for w, v in zip(widths, values, strict=True)]
        for n, width in enumerate(widths, 1):
            sheet.column_dimensions[get_column_letter(n)].width = width + 2
        sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def cell(value: Any) -> Any:
    """A value as a cell has it: times in the organisation's zone, text never a formula."""
    if isinstance(value, dt.datetime):
        return clock.local(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, str):
        text = "".join(c for c in value if c in "\t\n" or ord(c) >= 32)
        return f"'{text}" if text[:1] in tuple("=+-@\t\r") else text
    return value


def _width(value: Any) -> int:
    return sum(2 if ord(c) > 0x2E80 else 1 for c in str(value if value is not None else ""))
