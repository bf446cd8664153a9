"""A whole document as plain text, taken apart: title, number, addressees, body, signature, date, copies."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

_NUMBER = re.compile(r"^[\u4e00-\u9fffA-Za-z]{1,20}[〔\[［(（【]\d{4}[〕\]］)）】]\s*第?\d{1,6}号$")
_DATE = re.compile(r"^(\d{4})年(\d{1,2})月(\d{1,2})日$")
_ADDRESSEES = re.compile(r"^[^。；！？一二三四五六七八九十0-9（(][^。；！？]{1,400}[：:]$")
_COPIES = re.compile(r"^(?:抄送|分送)[：:](.+)$")
_ATTACHED = re.compile(r"^附件[：:]?\s*(?:\d+[.．、])?\s*(.*)$")
_ATTACHED_MORE = re.compile(r"^\d+[.．、]\s*(.+)$")
_NOTE = re.compile(r"^[（(](.+)[）)]$")


def split_text(text: str) -> dict[str, Any]:
    """``{title, number, addressees, body, signature, date, cc, attachment_titles, note}``; what is not there is empty.

    The first line is the title. Signature, date, copies and the list of attachments are known by where they stand:
    after the body.
    """
    lines = [line.strip(" \t\u3000\xa0\ufeff") for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    lines = [line for line in lines if line]
    out: dict[str, Any] = {"title": "", "number": "", "addressees": [], "body": "", "signature": "", "date": None,
                           "cc": [], "attachment_titles": [], "note": ""}
    if lines and _NUMBER.match(lines[0]):
        out["number"] = lines.pop(0)
    if lines:
        out["title"] = lines.pop(0)
    if lines and not out["number"] and _NUMBER.match(lines[0]):
        out["number"] = lines.pop(0)
    if lines and _ADDRESSEES.match(lines[0]):
        out["addressees"] = names(lines.pop(0).rstrip("：:"))
    _take_foot(lines, out)
    out["body"] = "\n".join(lines)
    return out


def names(text: str) -> list[str]:
    """``各省、自治区、直辖市人民政府，国务院各部委`` → the names between the outermost marks."""
    mark = "，" if "，" in text else "、"
    depth, parts, current = 0, [], ""
    for char in text:
        depth += (char in "（(") - (char in "）)")
        if char == mark and depth <= 0:
            parts.append(current)
            current = ""
        else:
            current += char
    return [p.strip() for p in [*parts, current] if p.strip()]


def _take_foot(lines: list[str], out: dict[str, Any]) -> None:
    while lines:
        copies = _COPIES.match(lines[-1])
        if copies:
            out["cc"] = names(copies[1].rstrip("。"))
        elif lines[-1].endswith("印发") and len(lines[-1]) < 60:
            pass  # 印发机关 and 印发日期 are set by the typesetter
        else:
            break
        lines.pop()
    note = _NOTE.match(lines[-1]) if len(lines) > 1 else None
    if note and len(lines) > 1 and _DATE.match(lines[-2]):
        out["note"] = note[1]
        lines.pop()
    date = _DATE.match(lines[-1]) if lines else None
    if date:
        try:
            out["date"] = dt.date(*map(int, date.groups()))
        except ValueError:
            return
        lines.pop()
        if lines and len(lines[-1]) <= 40 and not re.search(r"[。；：！？]", lines[-1]):
            out["signature"] = lines.pop()
    _take_attachments(lines, out)


def _take_attachments(lines: list[str], out: dict[str, Any]) -> None:
    for at in range(len(lines) - 1, max(-1, len(lines) - 21), -1):
        first = _ATTACHED.match(lines[at])
        if first and lines[at].startswith("附件"):
            titles = [first[1]] if first[1] else []
            titles += [m[1] if (m := _ATTACHED_MORE.match(line)) else line for line in lines[at + 1:]]
            if titles and all(len(t) < 100 and not t.endswith("。") for t in titles):
                out["attachment_titles"] = titles
                del lines[at:]
            return
