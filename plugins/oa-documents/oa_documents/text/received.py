"""What a received document says of itself: number, title, sender, date, urgency, secrecy, by text and layout.

The layout is that of GB/T 9704-2012, 7.2–7.3: 版头 (份号, 密级, 紧急程度, 标志, 文号), 题名, 主送, body, 署名, date. Everything is a
proposal that a person confirms; what is not found is left out.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from .split import names

KINDS = ("决议", "决定", "命令", "公报", "公告", "通告", "意见", "通知", "通报", "报告", "请示", "批复", "议案", "函", "纪要")
_NUMBER = re.compile(r"([\u4e00-\u9fffA-Za-z]{1,20})[〔\[［(（【]\s*((?:19|20)\d{2})\s*[〕\]］)）】]\s*第?\s*(\d{1,6})\s*号")
_DATE = re.compile(r"^((?:19|20)\d{2})年(\d{1,2})月(\d{1,2})日$")
_SECRECY = re.compile(r"^(绝密|机密|秘密)(?:★(.{1,12}))?$")
_URGENCY = re.compile(r"^(特提|特急|加急|平急)$")
_ADDRESSED = re.compile(r"^[^。；！？]{1,400}[：:]$")
_HEAD = 25


def propose(text: str) -> dict[str, Any]:
    """``{title, number, kind, sender, dated_on, urgency, secrecy, secrecy_term, addressees}``, as far as found."""
    lines = [line for raw in text.replace("\r", "\n").split("\n") if (line := _bare(raw))]
    found: dict[str, Any] = {}
    at = _head(lines, found)
    _title(lines, at, found)
    _foot(lines, found)
    if "title" in found:
        kind = next((k for k in sorted(KINDS, key=len, reverse=True) if found["title"].endswith(k)), "")
        if kind:
            found["kind"] = kind
    return found


def _bare(line: str) -> str:
    """Without blanks between CJK characters, which typesetting spreads out: 特　急 is 特急."""
    line = line.strip(" \t\u3000\xa0\ufeff")
    return re.sub(r"(?<=[\u3000-\u9fff\uff00-\uffef★])[ \u3000\xa0]+(?=[\u3000-\u9fff\uff00-\uffef★])", "", line)


def _head(lines: list[str], found: dict[str, Any]) -> int:
    """Reads the 版头; the place after the line with the number, or 0."""
    for n, line in enumerate(lines[:_HEAD]):
        if match := _SECRECY.match(line):
            found["secrecy"] = match[1]
            if match[2]:
                found["secrecy_term"] = match[2]
        elif match := _URGENCY.match(line):
            found["urgency"] = match[1]
        elif (match := _NUMBER.search(line)) and len(line) < 60 and not line.endswith(("。", "，")):
            found["number"] = f"{match[1]}〔{match[2]}〕{match[3]}号"
            if sender := _mark(lines[:n]):
                found["sender"] = sender
            return n + 1
    return 0


def _mark(lines: list[str]) -> str:
    """Who stands in the 标志; of a joint issue (7.2.4) the first, who is its host: 文件 stands beside or between the names there."""
    names_in_red = [m for m in lines if not _SECRECY.match(m) and not _URGENCY.match(m) and not re.fullmatch(r"\d{6}", m)]
    at = next((n for n, m in enumerate(names_in_red) if m.endswith("文件")), None)
    if at is None:
        return ""
    joint = at < len(names_in_red) - 1 or (at > 0 and names_in_red[at] == "文件")
    mark = (names_in_red[0] if joint else names_in_red[at]).removesuffix("文件")
    return mark if len(mark) > 1 else ""


def _title(lines: list[str], at: int, found: dict[str, Any]) -> None:
    parts: list[str] = []
    for line in lines[at:at + 8]:
        if _ADDRESSED.match(line):
            found["addressees"] = names(line.rstrip("：:"))
            break
        if line.endswith(("。", "；", "，")) or re.match(r"^[-—]?\s*\d+\s*[-—]?$", line):
            break
        parts.append(line)
        if line.endswith(KINDS) and len(line) > 2:
            rest = lines[lines.index(line, at) + 1:][:1]
            if rest and _ADDRESSED.match(rest[0]):
                found["addressees"] = names(rest[0].rstrip("：:"))
            elif not found.get("number") and rest and (match := _NUMBER.fullmatch(rest[0])):
                found["number"] = f"{match[1]}〔{match[2]}〕{match[3]}号"
            break
    title = "".join(parts)
    if not parts and at > 1:  # title first, number below it
        above = [line for line in lines[:at - 1] if not _SECRECY.match(line) and not _URGENCY.match(line)]
        title = "".join(above) if above and above[-1].endswith(KINDS) else ""
    if 4 <= len(title) <= 300:
        found["title"] = title


def _foot(lines: list[str], found: dict[str, Any]) -> None:
    for n in range(len(lines) - 1, 0, -1):
        if match := _DATE.match(lines[n]):
            try:
                found["dated_on"] = dt.date(*map(int, match.groups()))
            except ValueError:
                continue
            signature = lines[n - 1]
            if "sender" not in found and len(signature) <= 40 and not re.search(r"[。；：，]", signature):
                found["sender"] = signature
            return
    if "sender" not in found and "title" in found and (place := found["title"].find("关于")) > 2:
        found["sender"] = found["title"][:place]


__all__ = ["KINDS", "propose"]
