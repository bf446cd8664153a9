"""No page is a signature's alone (GB/T 9704-2012, 7.3.5: not 此页无正文, but lines of the text go along).

The typesetter lays a document out; where the signature came to stand on a page without text, the last two lines of the
last paragraph (or the last rows of the last table) are moved over to it. Which characters those lines are is read from
the pages that were laid out.
"""

from __future__ import annotations

from typing import Any

_POINT_MM = 25.4 / 72
_PITCH_MM = (225 - 16 * _POINT_MM) / 21
#: characters that must stay behind, most of a line
_STAYING = 20
#: rows of a table that are moved
_ROWS = 2


def lonely(end: Any, sign: Any) -> bool:
    """Does the signature stand on a page without text? Both are places: ``{page, y}`` or None."""
    return bool(end and sign and int(sign["page"]) > int(end["page"]))


def moved(blocks: list[dict[str, Any]], pdf: bytes, end: Any) -> list[dict[str, Any]]:
    """The blocks with the tail of the last one split off to the next page; the whole of it where it is short."""
    last = blocks[-1]
    parts = _rows(last) if last["kind"] == "table" else _lines(last, pdf, end)
    return [*blocks[:-1], *(parts or [{**last, "sticky": True}])]


def _rows(table: dict[str, Any]) -> list[dict[str, Any]]:
    rows, head = table["rows"], 1 if table["header"] else 0
    if len(rows) - head <= 2 * _ROWS:
        return []
    return [{**table, "rows": rows[:-_ROWS]}, {"kind": "break"}, {**table, "rows": [*rows[:head], *rows[-_ROWS:]]}]


def _lines(paragraph: dict[str, Any], pdf: bytes, end: Any) -> list[dict[str, Any]]:
    lead, rest = paragraph["lead"], paragraph["rest"]
    tail = _last_lines(pdf, int(end["page"]) - 1, float(end["y"]))
    at = len(rest)
    for char in reversed(tail):
        at = rest.rfind(char, max(0, at - 4), at)  # what lies between is white space
        if at < 0:
            return []
    if not tail or len(_seen(lead + rest[:at])) < _STAYING:
        return []
    return [{**paragraph, "rest": rest[:at], "cut": True}, {"kind": "break"},
            {"kind": "p", "level": 0, "lead": "", "rest": rest[at:], "goes_on": True}]


def _last_lines(pdf: bytes, page: int, base_mm: float) -> str:
    """Characters of the two lines that end at the base line ``base_mm`` below the page's upper edge."""
    import pypdfium2

    opened = pypdfium2.PdfDocument(pdf)
    try:
        height = opened[page].get_height()
        text = opened[page].get_textpage()
        found = []
        for n in range(text.count_chars()):
            _left, bottom, _right, top = text.get_charbox(n, loose=True)
            middle = (height - (top + bottom) / 2) * _POINT_MM
            if base_mm - 1.8 * _PITCH_MM < middle < base_mm + 0.2 * _PITCH_MM:
                found.append(text.get_text_range(n, 1))
        return _seen("".join(found))
    finally:
        opened.close()


def _seen(text: str) -> str:
    return "".join(c for c in text if not c.isspace() and c not in "\u200b\ufeff\ufffe\x02")
