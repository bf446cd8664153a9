"""Workbooks: which kinds there are, writing them, their empty templates."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from oa_kernel import audit, builtin
from oa_kernel.contributions import Sheet
from oa_kernel.errors import NotFound

#: column kind → width in characters and number format
_LOOKS = {"text": (18, "@"), "integer": (10, "0"), "number": (14, "#,##0.00"), "date": (12, "yyyy-mm-dd"), "boolean": (8, "@")}


def kinds() -> dict[str, Sheet]:
    """All kinds of spreadsheets by name."""
    return {sheet.name: sheet for sheet in builtin.collect("oa_sheets")}


def find(name: str) -> Sheet:
    """A kind by name; NotFound names the nearest."""
    known = kinds()
    if name not in known:
        near = difflib.get_close_matches(name, known, 1, 0.5)
        hint = f"，是不是 {near[0]}？" if near else f"；可用：{'、'.join(known)}"
        raise NotFound(f"没有叫 {name} 的表格{hint}")
    return known[name]


def parts_of(sheet: Sheet) -> list[Sheet]:
    """The worksheets of a workbook: the kind itself, or the kinds it is made of."""
    return [find(name) for name in sheet.parts] if sheet.parts else [sheet]


def dump(name: str, target: str | Path | BinaryIO, *, by: Any = None) -> int:
    """Writes all rows of a kind to a workbook; how many. That they went out stands in the audit record."""
    sheet = find(name)
    count = _write(sheet, target, lambda part: part.dump() if part.dump else ())
    audit.record("sheets.exported", "sheets", sheet.name, title=sheet.title, after={"rows": count}, by=by)
    return count


def template(name: str, target: str | Path | BinaryIO) -> None:
    """Writes a workbook with headings and notes only, to be filled in."""
    _write(find(name), target, lambda part: ())


def listing(title: str, heads: Mapping[str, str], rows: Iterable[Mapping[str, Any]], target: Any) -> None:
    """Writes plain rows under their headings (key → heading) to a workbook of one worksheet."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    page = book.create_sheet(title[:31])
    page.freeze_panes = "A2"
    page.append(list(heads.values()))
    for row in rows:
        page.append([shown(row.get(key)) for key in heads])
    book.save(target)


def write(sheet: Sheet, rows: Iterable[Mapping[str, Any]], target: str | Path | BinaryIO) -> int:
    """Writes given rows as a worksheet of this kind, which need not be a registered one; how many."""
    return _write(sheet, target, lambda _part: rows)


def _write(sheet: Sheet, target: Any, rows_of: Any) -> int:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    count = sum(_worksheet(book, part, rows_of(part)) for part in parts_of(sheet))
    book.save(target)
    return count


def _worksheet(book: Any, sheet: Sheet, rows: Iterable[Mapping[str, Any]]) -> int:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.comments import Comment
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    page = book.create_sheet(sheet.title[:31])
    page.freeze_panes = "A2"
    heads = []
    for number, column in enumerate(sheet.columns, 1):
        letter = get_column_letter(number)
        page.column_dimensions[letter].width = max(_LOOKS[column.kind][0], 2 * len(column.title) + 2)
        head = WriteOnlyCell(page, column.title + ("*" if column.required else ""))
        head.font = Font(bold=True)
        head.fill = PatternFill("solid", fgColor="FFEEF2F7")
        note = column.help + (f"（可填：{'、'.join(column.choices)}）" if column.choices else "")
        if note:
            head.comment = Comment(note, "OA")
        heads.append(head)
        choices = column.choices or (("是", "否") if column.kind == "boolean" else ())
        if choices and len(",".join(choices)) < 250:
            rule = DataValidation(type="list", formula1='"' + ",".join(choices) + '"', allow_blank=not column.required)
            rule.add(f"{letter}2:{letter}10000")
            page.data_validations.append(rule)
    page.append(heads)
    count = 0
    for row in rows:
        cells = []
        for column in sheet.columns:
            cell = WriteOnlyCell(page, shown(row.get(column.name)))
            cell.number_format = _LOOKS[column.kind][1]
            cells.append(cell)
        page.append(cells)
        count += 1
    return count


def shown(value: Any) -> Any:
    """A value as a cell holds it. Text that would be taken for a formula begins with an apostrophe."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list | tuple):
        value = "、".join(str(v) for v in value)
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, str) and value[:1] in "=+-@\t\r" and value:
        return "'" + value
    return value


__all__ = ["dump", "find", "kinds", "listing", "parts_of", "shown", "template", "write"]
