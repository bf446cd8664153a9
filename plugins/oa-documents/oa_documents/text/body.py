"""Plain text into paragraphs and tables.

One paragraph a line. The level is known by the numbering of GB/T 9704-2012, 7.3.3: 一、 （一） 1. （1）.
Tables are written with Markdown pipes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CHINESE = "一二三四五六七八九十百零〇"
_NUMBERS = (
    (1, re.compile(rf"[{_CHINESE}]{{1,5}}、")),
    (2, re.compile(rf"[（(][{_CHINESE}]{{1,5}}[）)]、?")),
    (3, re.compile(r"\d{1,3}[.．](?!\d)[ 　]*")),
    (4, re.compile(r"[（(]\d{1,3}[）)]、?")),
)
_SEPARATOR = re.compile(r"^\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?$")
#: characters up to which a line without a full stop is taken for a heading that stands alone
_HEADING = 45
#: characters up to which what precedes the first full stop is taken for a run-in heading
_RUN_IN = 60
#: characters within which a colon ends a topic that leads its line
_TOPIC = 20
_ENDS = "。；！？：;:!?"


@dataclass(frozen=True)
class Paragraph:
    """One line. ``level``: 0 body, 1 一、 2 （一） 3 1. 4 （1）.

    ``lead`` is the heading part, number included: the line itself when it is a heading alone, else what stands
    before the first full stop (that stop included) when a heading runs into the text; empty for none.
    ``lead + rest == text``. ``line`` counts from 1.
    """

    level: int
    number: str
    text: str
    lead: str
    rest: str
    line: int


@dataclass(frozen=True)
class Table:
    """Rows of equal length. ``align``: ``left`` | ``center`` | ``right`` by column. ``line`` of its first row."""

    rows: list[list[str]]
    header: bool
    align: list[str]
    line: int


Block = Paragraph | Table


def parse_body(body: str) -> list[Block]:
    """The blocks of a body, empty lines left out."""
    lines = body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    blocks: list[Block] = []
    i = 0
    while i < len(lines):
        line = lines[i].strip(" \t\u3000\xa0\ufeff")
        if not line:
            i += 1
        elif line.startswith("|") and line.count("|") > 1:
            j = i
            while j < len(lines) and lines[j].strip().startswith("|"):
                j += 1
            blocks.append(_table([row.strip() for row in lines[i:j]], i + 1))
            i = j
        else:
            blocks.append(paragraph(line, i + 1))
            i += 1
    return blocks


def paragraph(text: str, line: int) -> Paragraph:
    """One line's paragraph."""
    for level, pattern in _NUMBERS:
        match = pattern.match(text)
        if match:
            lead = _lead(text, match.end(), level)
            return Paragraph(level, match[0].strip(" \u3000"), text, lead, text[len(lead):], line)
    return Paragraph(0, "", text, "", text, line)


def _lead(text: str, begin: int, level: int) -> str:
    """The heading part of a numbered line."""
    if len(text) <= _HEADING and text[-1] not in _ENDS and "。" not in text:
        return text
    if level > 2:  # 1. and （1） are set in the body's own face: their headings need no telling apart
        return ""
    stop = text.find("。", begin, begin + _RUN_IN)
    colon = text.find("：", begin, begin + _TOPIC)
    if 0 <= colon < len(text) - 1 and (stop < 0 or colon < stop):
        return text[: colon + 1]  # 一、元旦：1月1日放假……
    if stop < 0:
        return text if len(text) <= _HEADING and level == 1 and text[-1] not in "；;" else ""
    if stop == len(text) - 1:
        return text if level == 1 or len(text) <= _HEADING // 2 else ""
    return text[: stop + 1]


def _table(lines: list[str], at: int) -> Table:
    header = len(lines) > 1 and bool(_SEPARATOR.match(lines[1]))
    rows = [_cells(line) for n, line in enumerate(lines) if not (header and n == 1)]
    width = max(len(row) for row in rows)
    align = ["left"] * width
    if header:
        for n, mark in enumerate(_cells(lines[1])[:width]):
            left, right = mark.startswith(":"), mark.endswith(":")
            align[n] = "center" if left and right else "right" if right else "left"
    return Table([row + [""] * (width - len(row)) for row in rows], header, align, at)


def _cells(line: str) -> list[str]:
    inner = line.removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return [part.replace("\0", "|").strip() for part in inner.replace("\\|", "\0").split("|")]
