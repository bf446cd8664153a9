"""The uploaded workbook once more, its faulty cells marked and each bad row's reasons beside it, to be put right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .load import lines_of, opened, page_of
from .workbook import find, parts_of, shown

_HEAD = "问题"


def marked(kind: str, source: Any, faults: Sequence[Mapping[str, Any]], target: Any) -> None:
    """Writes a copy of ``source`` to ``target``: values only, with the faults (``{sheet?, row, column, message}``)
    coloured, noted, and told in a first column that an import leaves aside. Row by row, however large it is."""
    from openpyxl import Workbook

    sheet = find(kind)
    book = Workbook(write_only=True)
    with opened(source) as (old, last_rows):
        for part in parts_of(sheet):
            page = page_of(old, part, alone=not sheet.parts)
            if page is not None:
                own = [f for f in faults if f.get("sheet", part.title) == part.title]
                _page(book.create_sheet(part.title[:31]), lines_of(page, last_rows), own)
    book.save(target)


def _page(page: Any, lines: Any, faults: list[Mapping[str, Any]]) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.comments import Comment
    from openpyxl.styles import Font, PatternFill

    red, bold = PatternFill("solid", fgColor="FFFBD5D5"), Font(bold=True)
    by_row: dict[int, list[Mapping[str, Any]]] = {}
    for fault in faults:
        by_row.setdefault(fault["row"], []).append(fault)
    page.freeze_panes = "B2"
    page.column_dimensions["A"].width = 48
    places: dict[str, int] = {}
    skip = 0
    for number, line in enumerate(lines, 1):
        values = [cell.value for cell in line]
        if number == 1:
            heads = [str(v or "").strip().rstrip("*＊").strip() for v in values]
            skip = int(bool(heads) and heads[0] == _HEAD)  # a marked one that was sent in again
            places = {head: at for at, head in enumerate(heads[skip:])}
        cells = [WriteOnlyCell(page, _value(value)) for value in values[skip:]]
        wrong = by_row.get(number, [])
        first = WriteOnlyCell(page, _HEAD if number == 1 else "；".join(str(f["message"]) for f in wrong) or None)
        if number == 1:
            for cell in [first, *cells]:
                cell.font = bold
        if wrong:
            first.fill = red
        for fault in wrong:
            at = places.get(str(fault["column"]))
            if at is not None and at < len(cells):
                cells[at].fill = red
                cells[at].comment = Comment(str(fault["message"]), "OA")
        page.append([first, *cells])


def _value(value: Any) -> Any:
    """As it stood; a formula as its text."""
    return shown(getattr(value, "text", value))


__all__ = ["marked"]
