"""What each of the fifteen kinds needs or must not have (regulation of 2012, art. 8, 9, 15), and where it is missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .body import Paragraph
from .checks import RULES, STANDARD, Note

#: published to everybody: no addressee, no secrecy
_PUBLIC = ("公报", "公告", "通告")
_NO_ADDRESSEE = ("决议", "命令", "纪要", *_PUBLIC)
_ABOUT = ("决定", "意见", "通知", "通报", "报告", "请示", "批复", "议案", "函")
#: kinds and what their text ends with or says; what is missing is said
_SAYS: dict[str, tuple[str, str]] = {
    "请示": (r"请.{0,6}(批示|批准|审批|指示|批复)", "请示的结尾没有请求的话：如“妥否，请批示”"),
    "议案": (r"(请|提请).{0,4}(予)?审议", "议案没有提请审议的话：如“请予审议”"),
    "决议": (r"(会议|大会|全会)", "决议没有写明哪次会议通过"),
    "命令": (r"(公布|施行|实施|授予|嘉奖|撤销)", "命令没有写明公布、施行或者授予什么"),
    "纪要": (r"(议定|决定|明确|同意|指出|强调)", "纪要没有写会议议定的事项"),
    "公告": (r"(公告|公布)", "公告没有“现予公告”一类的话"),
    "通告": (r"(通告|公布)", "通告没有“特此通告”一类的话"),
    "批复": (r"(同意|不同意|原则同意|不予|批准)", "批复没有表明态度：同意、原则同意或者不同意"),
}
_LEADER = re.compile(r"(同志|市长|省长|县长|书记|主任|局长|处长|部长)$")


def by_kind(fields: Mapping[str, Any], blocks: Sequence[Paragraph]) -> list[Note]:
    """Findings of the kind of ``fields``."""
    kind = str(fields.get("kind") or "")
    found: list[Note] = []
    for rule in _RULES:
        found += rule(kind, fields, blocks)
    return found


def _whole(field: str, severity: str, message: str, clause: str) -> list[Note]:
    return [Note(field, 0, 0, 0, severity, message, clause)]


def _addressees(kind: str, fields: Mapping[str, Any], _blocks: Sequence[Paragraph]) -> list[Note]:
    names = [str(n) for n in fields.get("addressees") or ()]
    if kind in _NO_ADDRESSEE and names:
        where = "分送的单位写在版记" if kind == "纪要" else "面向社会或全体公布"
        return _whole("addressees", "error", f"“{kind}”不写主送机关：{where}", RULES + "第九条（八）")
    if kind in ("请示", "报告") and any(_LEADER.search(n) for n in names):
        return _whole("addressees", "error", "不得以本机关名义向上级机关负责人个人报送公文", RULES + "第十五条（五）")
    if kind == "议案" and names and not any(re.search(r"人民代表大会|人大", n) for n in names):
        return _whole("addressees", "error", "议案主送同级人民代表大会或者它的常务委员会", RULES + "第八条（十三）")
    return []


def _copies(kind: str, fields: Mapping[str, Any], _blocks: Sequence[Paragraph]) -> list[Note]:
    below = [str(n) for n in fields.get("below") or ()]
    if kind in ("请示", "报告") and below:
        return _whole("cc", "error", f"上行文不抄送下级机关：{'、'.join(below[:3])}", RULES + "第十五条（一）")
    return []


def _secrecy(kind: str, fields: Mapping[str, Any], _blocks: Sequence[Paragraph]) -> list[Note]:
    level = int(fields.get("secrecy_level") or 0)
    if kind in _PUBLIC and level:
        return _whole("secrecy", "error", f"“{kind}”公开发布，不标密级", RULES + "第八条")
    if level >= 2 and not fields.get("copy_number"):
        return _whole("copy_number", "error", "涉密公文应当标注份号", RULES + "第九条（一）")
    return []


def _title(kind: str, fields: Mapping[str, Any], _blocks: Sequence[Paragraph]) -> list[Note]:
    title = str(fields.get("title") or "").strip()
    if kind in _ABOUT and title.endswith(kind) and not re.search(r"(关于|转发|印发|批转|表彰|公布).+的", title):
        message = f"标题由发文机关名称、事由和文种组成：……关于……的{kind}"
        return [Note("title", 1, 0, len(title), "warning", message, RULES + "第九条（七）")]
    return []


def _says(kind: str, _fields: Mapping[str, Any], blocks: Sequence[Paragraph]) -> list[Note]:
    if kind not in _SAYS or not blocks:
        return []
    pattern, message = _SAYS[kind]
    if any(re.search(pattern, b.text) for b in blocks):
        return []
    last = blocks[-1]
    return [Note("body", last.line, 0, len(last.text), "warning", message, RULES + "第八条")]


def _upward(kind: str, fields: Mapping[str, Any], _blocks: Sequence[Paragraph]) -> list[Note]:
    found: list[Note] = []
    if kind == "请示" and "note" in fields and not re.search(r"联系人", str(fields.get("note") or "")):
        found += _whole("note", "warning", "请示在附注写联系人姓名和电话", STANDARD + "7.3.6")
    return found


def _attendance(kind: str, fields: Mapping[str, Any], _blocks: Sequence[Paragraph]) -> list[Note]:
    people = fields.get("attendance")
    if kind == "纪要" and isinstance(people, Mapping) and not people.get("出席"):
        return _whole("attendance", "error", "纪要要标注出席人员名单；有请假、列席的也写明", STANDARD + "10.3")
    return []


def _letter(kind: str, fields: Mapping[str, Any], blocks: Sequence[Paragraph]) -> list[Note]:
    if kind != "函":
        return []
    found = []
    for b in blocks:
        match = re.search(r"请(予)?(批示|指示)", b.text)
        if match:
            found.append(Note("body", b.line, match.start(), len(match[0]), "error", "函用于不相隶属机关，不用请示的话",
                              RULES + "第八条（十四）"))
    if fields.get("format") == "general":
        found += _whole("format", "warning", "函一般用信函格式", STANDARD + "10.1")
    return found


_RULES: tuple[Callable[[str, Mapping[str, Any], Sequence[Paragraph]], list[Note]], ...] = (
    _title, _addressees, _copies, _secrecy, _says, _upward, _attendance, _letter)
