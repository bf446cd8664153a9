"""The rules of the four checks (四性检测): authenticity, integrity, usability, security.

After DA/T 70-2018 in kind; the codes are this program's own. A rule looks at a :class:`Subject` and answers with a
result and the evidence for it, in words an archivist can follow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from oa_kernel import runtime
from oa_kernel.crypto import sm3_hex

from .. import archival_number
from ..models import RETENTIONS
from .inspect import Inspected

PASSED, FAILED, SKIPPED = "passed", "failed", "not_applicable"
QUALITIES = {"authenticity": "真实性", "integrity": "完整性", "usability": "可用性", "security": "安全性"}
RESULTS = {PASSED: "通过", FAILED: "不通过", SKIPPED: "不适用"}
#: what can be read for decades (GB/T 18894-2016, 8.3): others are kept, and named
LASTING = frozenset(("pdf", "ofd", "txt", "xml", "csv", "json", "jpg", "jpeg", "png", "tif", "tiff", "docx", "xlsx", "eml", "md"))
LEVELS = ("公开", "内部", "秘密", "机密", "绝密")


@dataclass
class Subject:
    """A record under test: its description and its parts as they were found."""

    #: the columns of ``Item``, those that are known at this stage
    facts: dict[str, Any]
    parts: Sequence[Inspected]
    #: digests the register has, by file id; at filing those of the file's row
    expected: dict[int, str] = field(default_factory=dict)
    #: other records with the same formal version: their 档号
    doubles: Sequence[str] = ()
    #: how many attachments the thing had; None: nobody knows any more
    attachments: int | None = None
    has_case: bool = False

    @property
    def main(self) -> Inspected | None:
        """The formal version."""
        return next((p for p in self.parts if p.role == "text"), None)


@dataclass(frozen=True)
class Result:
    """What one rule found."""

    quality: str
    code: str
    title: str
    result: str
    evidence: str


Answer = tuple[str, str]
Rule = Callable[[Subject], Answer]
RULES: list[tuple[str, str, str, Rule]] = []


def _rule(quality: str, code: str, title: str) -> Callable[[Rule], Rule]:
    def add(function: Rule) -> Rule:
        RULES.append((quality, code, title, function))
        return function

    return add


def run(subject: Subject) -> list[Result]:
    """All rules, in their order."""
    return [Result(quality, code, title, *rule(subject)) for quality, code, title, rule in RULES]


def _verdict(wrong: Sequence[str], right: str) -> Answer:
    return (FAILED, "；".join(wrong)[:1000]) if wrong else (PASSED, right)


@_rule("authenticity", "A1", "文件摘要与登记的一致")
def _digests(s: Subject) -> Answer:
    wrong = []
    for part in s.parts:
        known = s.expected.get(part.file.id, "（无）") if part.file is not None else "（无）"
        if known != part.sm3:
            wrong.append(f"{part.name}：登记 {known[:16]}…，实际 {part.sm3[:16] or '读不出'}…")
    return _verdict(wrong, f"{len(s.parts)} 个文件的 SM3 与登记的一致")


@_rule("authenticity", "A2", "档号规范")
def _number(s: Subject) -> Answer:
    text = str(s.facts.get("archival_number") or "")
    if not text:
        return SKIPPED, "尚未编号"
    try:
        number = archival_number.parse(text)
    except ValueError as error:
        return FAILED, str(error)
    wrong = [f"{title}为 {s.facts[name]}，档号中是 {getattr(number, part)}" for name, part, title in (
        ("fonds", "fonds", "全宗号"), ("year", "year", "年度"), ("retention", "retention", "保管期限"),
        ("class_code", "class_code", "机构代码"), ("seq", "seq", "件号")) if s.facts[name] != getattr(number, part)]
    return _verdict(wrong, f"{text} 符合 DA/T 22 的结构，与著录项一致")


@_rule("authenticity", "A3", "著录项的值合乎格式")
def _values(s: Subject) -> Answer:
    f, wrong = s.facts, []
    if f.get("retention") not in RETENTIONS:
        wrong.append(f"保管期限“{f.get('retention')}”不在 {'、'.join(RETENTIONS)} 之中")
    if f.get("date") is not None and f.get("year") and not f["year"] - 1 <= f["date"].year <= f["year"]:
        wrong.append(f"文件日期 {f['date']} 与归档年度 {f['year']} 不符")
    if any(ord(c) < 32 or 0xE000 <= ord(c) <= 0xF8FF for c in str(f.get("title", ""))):
        wrong.append("题名含有控制字符或自造字")
    return _verdict(wrong, "保管期限、年度、日期、题名合乎格式")


@_rule("authenticity", "A4", "题名、文号与正文内容一致")
def _content(s: Subject) -> Answer:
    main = s.main
    if main is None or not main.text.strip():
        return SKIPPED, "正文没有可提取的文字"
    text = _bare(main.text)
    wrong = [f"正文中找不到{label}“{s.facts[name]}”" for name, label in (("title", "题名"), ("number", "文号"))
             if s.facts.get(name) and not any(_bare(said) in text for said in _printed(str(s.facts[name])))]
    return _verdict(wrong, "题名与文号都在正文中")


def _printed(value: str) -> list[str]:
    """How it may stand on the page: a 命令 is numbered by its 令号 alone there (GB/T 9704-2012, 10.2)."""
    order = re.fullmatch(r".*令〔\d{4}〕(\d+)号", value)
    return [value, f"第{order[1]}号"] if order else [value]


@_rule("authenticity", "A5", "电子签章有效")
def _seals(s: Subject) -> Answer:
    sealed = [p for p in s.parts if p.seal is not None]
    if not sealed:
        return SKIPPED, "没有电子签章"
    wrong = [f"{p.name}：{p.seal['summary']}" for p in sealed if p.seal and not p.seal["ok"]]
    return _verdict(wrong, "；".join(str(p.seal["summary"]) for p in sealed if p.seal)[:1000])


@_rule("authenticity", "A6", "没有重复归档")
def _doubles(s: Subject) -> Answer:
    return (FAILED, f"正文与 {'、'.join(s.doubles)} 相同") if s.doubles else (PASSED, "没有正文相同的档案")


@_rule("integrity", "B1", "有正文")
def _has_text(s: Subject) -> Answer:
    return (PASSED, s.main.name) if s.main else (FAILED, "没有正文（定稿的正式版本）")


@_rule("integrity", "B2", "必备的著录项齐全")
def _required(s: Subject) -> Answer:
    needed = {"title": "题名", "creator": "责任者", "date": "文件日期", "retention": "保管期限", "year": "年度",
              "class_code": "机构（问题）"}
    missing = [f"缺少{label}" for name, label in needed.items() if not s.facts.get(name)]
    return _verdict(missing, "题名、责任者、日期、保管期限、年度、机构齐全")


@_rule("integrity", "B3", "附件齐全")
def _attachments(s: Subject) -> Answer:
    have = sum(p.role == "attachment" for p in s.parts)
    if s.attachments is None:
        return SKIPPED, f"有 {have} 个附件，来源未说明应有几个"
    return (PASSED, f"{have} 个附件") if have == s.attachments else (FAILED, f"应有 {s.attachments} 个附件，实有 {have} 个")


@_rule("integrity", "B4", "办理过程齐全")
def _process(s: Subject) -> Answer:
    if not s.has_case:
        return SKIPPED, "没有经过流程"
    found = [p.name for p in s.parts if p.role == "handling"]
    return (PASSED, "、".join(found)) if found else (FAILED, "经过了流程，但没有办理单")


@_rule("usability", "C1", "文件可以打开")
def _opens(s: Subject) -> Answer:
    wrong = [f"{p.name}：{p.broken}" for p in s.parts if p.broken]
    seen = sum(p.opened for p in s.parts)
    return _verdict(wrong, f"打开了 {seen} 个文件" + (f"，另有 {len(s.parts) - seen} 个只核对了摘要" if seen < len(s.parts) else ""))


@_rule("usability", "C2", "格式适合长期保存")
def _formats(s: Subject) -> Answer:
    others = [p.name for p in s.parts if p.extension not in LASTING]
    return _verdict([f"{n} 的格式不在长期保存格式之列" for n in others], "都是长期保存的格式")


@_rule("usability", "C3", "没有加密")
def _plain(s: Subject) -> Answer:
    return _verdict([f"{p.name} 加了密" for p in s.parts if p.encrypted], "没有加密的文件")


@_rule("security", "D1", "没有宏、脚本等能自行动作的内容")
def _active(s: Subject) -> Answer:
    return _verdict([f"{p.name} 含有{'、'.join(p.active)}" for p in s.parts if p.active], "没有宏和脚本")


@_rule("security", "D2", "密级不高于本系统的上限")
def _secrecy(s: Subject) -> Answer:
    highest = str(runtime.current().config["security"]["highest_secrecy"])
    level = int(s.facts.get("secrecy_level") or 0)
    return (PASSED, f"{LEVELS[level]}，上限 {highest}") if level <= LEVELS.index(highest) else (
        FAILED, f"{LEVELS[level]}高于本系统的上限{highest}")


def _bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def manifest_digest(facts: dict[str, Any], parts: Sequence[tuple[str, str, str]]) -> str:
    """SM3 over the description and (role, name, digest) of each part: what ``Item.digest`` keeps."""
    import json

    text = json.dumps([facts, parts], ensure_ascii=False, sort_keys=True, default=str, separators=(",", ":"))
    return sm3_hex(text.encode())
