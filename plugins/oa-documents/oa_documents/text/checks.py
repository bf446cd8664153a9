"""Checks of a draft, each with its clause. They advise; what must not pass is refused by the services."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .body import Paragraph, parse_body

RULES = "《党政机关公文处理工作条例》"
STANDARD = "GB/T 9704-2012 "

_CITED = re.compile(r"(?P<code>[\u4e00-\u9fffA-Za-z]{1,12})(?P<open>[〔\[［(（【])(?P<year>(?:19|20)\d{2})(?P<close>[〕\]］)）】])"
                    r"(?P<word>\s*第?)(?P<seq>\d{1,6})号")
_WORD_DATE = re.compile(r"[二一][〇○零一二三四五六七八九]{3}年[一二三四五六七八九十]{1,3}月(?:[一二三四五六七八九十]{1,3}日)?")
_DIGITS = {c: n for n, c in enumerate("〇一二三四五六七八九")} | {"○": 0, "零": 0}
_CHINESE = {c: n for n, c in enumerate("一二三四五六七八九", 1)}
_ASKS = re.compile(r"(妥否|当否|可否|是否妥当)[，,]?\s*请.{0,6}(批示|指示|批准|审批|批复)|"
                   r"请(予)?(批示|批准|审批)|拟请.{0,20}(批准|同意)|恳请.{0,20}(批准|同意)")
_MATTER = re.compile(r"(?:请示事项|请求事项|拟请(?:批准|同意)|请(?:予)?(?:批准|解决|同意))")
_LEVEL_WORDS = {1: "一、", 2: "（一）", 3: "1.", 4: "（1）"}


@dataclass(frozen=True)
class Note:
    """One finding. ``line`` (from 1) and ``column`` (from 0) and ``length`` are its place in ``field``; line 0: the whole
    field. ``fix``: what may stand there instead; None where a person must decide."""

    field: str
    line: int
    column: int
    length: int
    #: error | warning
    severity: str
    message: str
    clause: str
    fix: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def cited_numbers(text: str) -> set[str]:
    """Well-written forms of all document numbers a text cites."""
    return {_good(m) for m in _CITED.finditer(text)}


def check(fields: Mapping[str, Any], *, number_exists: Callable[[str], bool | None] | None = None) -> list[Note]:
    """All findings in the order of the page.

    :param fields: ``kind title addressees body cc attachment_titles signatory format note attendance secrecy_level
        copy_number joint``, and ``below``: names among ``cc`` that stand below us in the address book.
    :param number_exists: whether a number stands in the register; None for a series that is not ours.
    """
    from .kind_checks import by_kind

    kind, body = str(fields.get("kind") or ""), str(fields.get("body") or "")
    blocks = [b for b in parse_body(body) if isinstance(b, Paragraph)]
    return [
        *_title(str(fields.get("title") or ""), kind), *_addressees(list(fields.get("addressees") or []), kind),
        *by_kind(fields, blocks),
        *_matters(str(fields.get("title") or ""), kind, blocks), *_answers(kind, body), *_order(blocks), *_places(body, number_exists),
        *_attachments(list(fields.get("attachment_titles") or []), body, bool(fields.get("attached"))),
    ]


def _title(title: str, kind: str) -> list[Note]:
    found = []
    stripped = title.strip()
    if stripped.endswith(("。", "；", "，", "、")):
        found.append(Note("title", 1, len(title.rstrip()) - 1, 1, "error", "标题末尾不用标点", STANDARD + "7.3.1", ""))
    word = {"命令": "令"}.get(kind, kind)
    if stripped and word and not stripped.rstrip("。").endswith((word, f"{word}（试行）")):
        found.append(Note("title", 1, 0, len(title), "warning", f"标题应以文种“{word}”结尾", RULES + "第九条（七）"))
    return found


def _addressees(names: list[str], kind: str) -> list[Note]:
    if not names and kind in ("通知", "函", "请示", "报告", "批复", "通报", "意见", "议案"):
        return [Note("addressees", 0, 0, 0, "error", f"“{kind}”缺少主送机关", RULES + "第九条（八）")]
    if kind == "请示" and len(names) > 1:
        return [Note("addressees", 0, 0, 0, "error", "请示只写一个主送机关，需要同时送其他机关的用抄送", RULES + "第十五条（一）")]
    return []


def _matters(title: str, kind: str, blocks: list[Paragraph]) -> list[Note]:
    found = []
    if kind == "报告":
        for b in blocks:
            match = _ASKS.search(b.text)
            if match:
                found.append(Note("body", b.line, match.start(), len(match[0]), "error",
                                  "报告不得夹带请示事项，需要批准的另写请示", RULES + "第十五条（四）"))
    if kind == "请示":
        asked = [b for b in blocks if b.level in (1, 2) and _MATTER.search(b.lead)]
        if len(asked) > 1:
            found.append(Note("body", asked[1].line, 0, len(asked[1].lead), "error",
                              "一件请示里有两个请示事项：请示应当一文一事", RULES + "第十五条（四）"))
        elif re.search(r"关于.{2,40}(?:和|及|以及|、).{0,4}关于", title) or "两个问题" in title or "两件事" in title:
            found.append(Note("title", 1, 0, len(title), "error", "标题里有两件事：请示应当一文一事", RULES + "第十五条（四）"))
        elif _second_request(blocks):
            line, column, length = _second_request(blocks) or (0, 0, 0)
            found.append(Note("body", line, column, length, "error", "正文里请求了两件事：请示应当一文一事",
                              RULES + "第十五条（四）"))
    return found


def _answers(kind: str, body: str) -> list[Note]:
    """批复 answers a 请示 and cites it: 你处《关于……的请示》（……〔2026〕1号）收悉."""
    if kind != "批复" or not body.strip() or _CITED.search(body) or re.search(r"《[^》]*请示》", body):
        return []
    first = body.split("\n")[0]
    return [Note("body", 1, 0, len(first), "error", "批复没有引述来文：开头写明所答复请示的标题和文号", RULES + "第八条（十二）")]


def _second_request(blocks: list[Paragraph]) -> tuple[int, int, int] | None:
    """The place where a request begins again with 同时、另、此外."""
    asked = False
    for b in blocks:
        for match in re.finditer(r"(同时|另|另外|此外|一并)[，,]?(?:拟|恳)?请[^。]{2,40}|(?:拟请|恳请|请予|请求)[^。]{2,40}", b.text):
            if match[1] and asked:
                return b.line, match.start(), len(match[0])
            asked = True
    return None


def _order(blocks: list[Paragraph]) -> list[Note]:
    """Numbers follow one another, and levels follow 一、 （一） 1. （1） without a jump back to front."""
    found = []
    last = {1: 0, 2: 0, 3: 0, 4: 0}
    open_level = 0
    for b in blocks:
        if not b.level:
            continue
        n = _value(b.number)
        if b.level > open_level + 1 and open_level and not (open_level == 1 and b.level == 3) and b.level - open_level > 1:
            found.append(Note("body", b.line, 0, len(b.number), "warning",
                              f"层次从“{_LEVEL_WORDS[open_level]}”跳到“{_LEVEL_WORDS[b.level]}”：依次用 一、 （一） 1. （1）",
                              STANDARD + "7.3.3"))
        elif not open_level and b.level in (2, 4):
            found.append(Note("body", b.line, 0, len(b.number), "warning",
                              f"第一层用“一、”，不直接用“{b.number}”", STANDARD + "7.3.3"))
        expected = last[b.level] + 1
        if n and n not in (expected, 1):
            found.append(Note("body", b.line, 0, len(b.number), "error",
                              f"序号“{b.number}”接不上：这一层上一个是 {_said(last[b.level])}，这里应是 {_said(expected)}",
                              STANDARD + "7.3.3", _renumbered(b.number, expected)))
        elif n == 1 and last[b.level] and b.level >= open_level and open_level == b.level:
            found.append(Note("body", b.line, 0, len(b.number), "error", f"序号“{b.number}”重复",
                              STANDARD + "7.3.3", _renumbered(b.number, expected)))
        last[b.level] = n or expected
        for deeper in range(b.level + 1, 5):
            last[deeper] = 0
        open_level = b.level
    return found


def _said(n: int) -> str:
    return f"第 {n} 个" if n else "没有"


def _value(number: str) -> int:
    text = number.strip("（）()、.． ")
    if text.isdigit():
        return int(text)
    if "十" in text:
        tens, _, ones = text.partition("十")
        return (_CHINESE.get(tens, 1) if tens else 1) * 10 + _CHINESE.get(ones, 0)
    return _CHINESE.get(text, 0)


def chinese(n: int) -> str:
    """1 to 99 in Chinese numerals."""
    ones = "〇一二三四五六七八九"
    if n < 10:
        return ones[n]
    tens, rest = divmod(n, 10)
    return ("" if tens == 1 else ones[tens]) + "十" + (ones[rest] if rest else "")


def _renumbered(number: str, n: int) -> str:
    inner = number.strip("（）()、.． ")
    return number.replace(inner, str(n) if inner.isdigit() else chinese(n), 1)


def _places(body: str, number_exists: Callable[[str], bool | None] | None) -> list[Note]:
    found = []
    for line, text in enumerate(body.split("\n"), 1):
        for match in _WORD_DATE.finditer(text):
            found.append(Note("body", line, match.start(), len(match[0]), "error",
                              "日期用阿拉伯数字，年份写全，月、日不编虚位", STANDARD + "7.3.5.4", _arabic(match[0])))
        for match in _CITED.finditer(text):
            found += _citation(line, match, number_exists)
    return found


def _citation(line: int, match: re.Match[str], number_exists: Callable[[str], bool | None] | None) -> list[Note]:
    good = _good(match)
    at = (line, match.start(), len(match[0]))
    if match["open"] != "〔" or match["close"] != "〕":
        return [Note("body", *at, "error", f"文号“{match[0]}”的年份用六角括号〔〕", STANDARD + "7.2.5", good)]
    if match["word"].strip():
        return [Note("body", *at, "error", f"文号“{match[0]}”不加“第”字", STANDARD + "7.2.5", good)]
    if match["seq"].startswith("0"):
        return [Note("body", *at, "error", f"文号“{match[0]}”的顺序号不编虚位", STANDARD + "7.2.5", good)]
    if number_exists is not None and number_exists(good) is False:
        return [Note("body", *at, "error", f"发文登记簿里没有“{good}”这个文号，请核对", RULES + "第十九条")]
    return []


def _good(match: re.Match[str]) -> str:
    code = re.sub(r"^(?:根据|按照|依据|参照|执行|印发|转发|落实|贯彻|详见|参见|见|和|与|及|以|号|的|为|文件)+", "", match["code"])
    return f"{code or match['code']}〔{match['year']}〕{int(match['seq'])}号"


def _arabic(text: str) -> str:
    year, _, rest = text.partition("年")
    month, _, day = rest.partition("月")
    out = "".join(str(_DIGITS.get(c, 0)) for c in year) + f"年{_value(month)}月"
    return out + (f"{_value(day.rstrip('日'))}日" if day else "")


def _attachments(titles: list[str], body: str, attached: bool) -> list[Note]:
    found = []
    for n, title in enumerate(titles, 1):
        if title.endswith(("。", "；")) or (title.startswith("《") and title.endswith("》")):
            found.append(Note("attachment_titles", n, 0, len(title), "error", "附件名称不加书名号，末尾不加标点",
                              STANDARD + "7.3.4", title.rstrip("。；").strip("《》")))
    cited = re.search(r"(?:见|详见)附件\d*", body)
    if cited and not titles and not attached:
        line = body.count("\n", 0, cited.start()) + 1
        column = cited.start() - (body.rfind("\n", 0, cited.start()) + 1)
        found.append(Note("body", line, column, len(cited[0]), "warning", "正文提到附件，但没有附件", STANDARD + "7.3.4"))
    return found
