"""What the fields of a document may hold: one place for pages, REST and the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from oa_kernel.config import SECRECY_LEVELS
from oa_kernel.errors import Invalid, TooLarge

from .. import kinds, settings
from . import joint, routing

#: fields a person edits, in the order of the page
EDITABLE = (
    "kind", "format", "copy_number", "secrecy", "secrecy_term", "urgency", "series", "signatory", "title",
    "addressees", "body", "attachment_titles", "note", "attendance", "cc", "joint", "joint_marks", "consult", "replaces",
)

#: what the fields are called on the screen
LABELS = {
    "kind": "文种", "format": "格式", "copy_number": "份号", "secrecy": "密级", "secrecy_term": "保密期限",
    "urgency": "紧急程度", "series": "机关代字", "signatory": "签发人", "title": "标题", "addressees": "主送", "body": "正文",
    "attachment_titles": "附件说明", "note": "附注", "attendance": "出席情况", "cc": "抄送",
    "joint": "联合行文", "joint_marks": "联合行文的标志", "consult": "会稿部门", "replaces": "代替的文件",
}

_LISTS = ("addressees", "cc", "attachment_titles", "consult", "replaces")
_TEXTS = {"title": 300, "signatory": 80, "note": 300, "series": 40, "secrecy_term": 30, "copy_number": 12,
          "joint_marks": 10}
_SEPARATORS = re.compile(r"[\n;；]+")
_TERM = re.compile(r"^(\d{1,2}年|\d{1,2}个月|长期|解密|启封|\d{4}年\d{1,2}月\d{1,2}日)?$")


class Problems:
    """Collects reasons by field, so that one answer names them all."""

    def __init__(self) -> None:
        self.errors: dict[str, list[str]] = {}

    def add(self, field: str, reason: str) -> None:
        self.errors.setdefault(field, []).append(reason)

    def check(self) -> None:
        """Raises Invalid if there is any."""
        if self.errors:
            first = next(iter(self.errors.values()))[0]
            more = sum(len(reasons) for reasons in self.errors.values()) - 1
            raise Invalid(first + (f"（另有 {more} 处）" if more else ""), errors=self.errors)


def clean(data: Mapping[str, Any], *, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The editable fields of ``data``, checked and brought into their form.

    Only what is in ``data`` comes back; ``before`` are the values that hold for the rest. A draft may be
    incomplete, so nothing is required here except a known kind (see :func:`complete`).

    :raises TooLarge: for a body over the limit, before anything else looks at it.
    :raises Invalid: with reasons by field.
    """
    body = data.get("body")
    limit = int(settings.get("max_body"))
    if isinstance(body, str) and len(body) > limit:
        raise TooLarge(
            f"正文有 {len(body):,} 个字符，超过上限 {limit:,} 个。请精简正文，或把长篇内容改为附件上传",
            code="body_too_large",
            errors={"body": [f"正文超过 {limit:,} 个字符"]},
        )
    problems = Problems()
    out: dict[str, Any] = {}
    for name in EDITABLE:
        if name in data and data[name] is not None:
            out[name] = _one(name, data[name], problems)
    problems.check()
    merged = {**(before or {}), **out}
    if "kind" in out:
        kind = kinds.get(out["kind"])
        out["kind"] = kind.name
        if "format" not in out and merged.get("format") not in kind.formats:
            out["format"] = kind.format
    if "format" in out:
        kind = kinds.get(str(merged["kind"]))
        if not out["format"]:
            out["format"] = kind.format
        elif out["format"] not in kinds.FORMATS:
            problems.add("format", f"没有“{out['format']}”这种格式。可用：{'、'.join(kinds.FORMATS)}")
        elif out["format"] not in kind.formats:
            allowed = "、".join(kinds.FORMATS[f] for f in kind.formats)
            problems.add("format", f"“{kind.name}”不用{kinds.FORMATS[out['format']]}，可用：{allowed}")
    if out.get("series"):
        from . import numbers

        numbers.require_code(out["series"], "series")
    _together(out, problems)
    _secrecy(out, merged, problems)
    if out.get("urgency") not in (None, *kinds.URGENCIES):
        problems.add("urgency", f"紧急程度没有“{out['urgency']}”：可用 加急、特急，不急则不填")
    if out.get("copy_number") and not re.fullmatch(r"\d{1,6}", out["copy_number"]):
        problems.add("copy_number", "份号是 1 至 6 位阿拉伯数字")
    problems.check()
    return out


def _together(out: Mapping[str, Any], problems: Problems) -> None:
    """联合行文, 会稿 and what is replaced."""
    from . import numbers

    if out.get("joint_marks", "all") not in joint.MARKS:
        problems.add("joint_marks", f"可用：{'、'.join(joint.MARKS)}")
    if settings.issuer() in [o["name"] for o in out.get("joint") or ()]:
        problems.add("joint", "主办机关就是本单位，不写在这里")
    for name in out.get("consult") or ():
        if routing.department_named(name) is None:
            problems.add("consult", f"没有名为“{name}”的部门（或不止一个）")
    wanted = out.get("replaces") or ()
    known = numbers.known(wanted) if wanted else {}
    for number in wanted:
        if not known.get(number):
            problems.add("replaces", f"登记簿里没有“{number}”，只能代替本单位已成文的公文")


def _one(name: str, value: Any, problems: Problems) -> Any:
    if name in _LISTS:
        return _list(name, value, problems)
    if name == "attendance":
        return _attendance(value, problems)
    if name == "joint":
        found, wrong = joint.parse(value)
        for reason in wrong:
            problems.add(name, reason)
        return found
    if not isinstance(value, str):
        problems.add(name, "应为文字")
        return ""
    if "\x00" in value:
        problems.add(name, "含有不可见的空字符（U+0000），请删去")
    if name == "body":
        return value.replace("\r\n", "\n").replace("\r", "\n")
    value = " ".join(value.split())
    if name in _TEXTS and len(value) > _TEXTS[name]:
        problems.add(name, f"有 {len(value)} 个字，最多 {_TEXTS[name]} 个")
    return value


def _list(name: str, value: Any, problems: Problems) -> list[str]:
    if isinstance(value, str):
        value = _SEPARATORS.split(value)
    if not isinstance(value, list | tuple):
        problems.add(name, "应为名单（JSON 数组），或每行一个")
        return []
    names: list[str] = []
    for item in value:
        text = item.get("name") if isinstance(item, Mapping) else item
        if not isinstance(text, str):
            problems.add(name, f"名单里有一项不是文字：{str(item)[:40]}")
            continue
        text = " ".join(text.split()).rstrip("：:")
        if text and text not in names:
            names.append(text)
    if len(names) > 200:
        problems.add(name, f"有 {len(names)} 项，最多 200 项；可用统称代替")
    if any(len(n) > 200 for n in names):
        problems.add(name, "有一项超过 200 个字")
    return names


def _attendance(value: Any, problems: Problems) -> dict[str, list[str]]:
    if not isinstance(value, Mapping):
        problems.add("attendance", "应为 {出席: […], 请假: […], 列席: […]}")
        return {}
    out = {}
    for group in ("出席", "请假", "列席"):
        people = _list("attendance", value.get(group) or [], problems)
        if people:
            out[group] = [p for name in people for p in re.split(r"[、，,\s]+", name) if p]
    return out


def _secrecy(out: dict[str, Any], merged: Mapping[str, Any], problems: Problems) -> None:
    if "secrecy" in out:
        level = out["secrecy"] = out["secrecy"] or SECRECY_LEVELS[0]
        highest = settings.highest_secrecy()
        if level not in SECRECY_LEVELS:
            problems.add("secrecy", f"没有“{level}”这个密级。可用：{'、'.join(SECRECY_LEVELS)}")
            return
        out["secrecy_level"] = SECRECY_LEVELS.index(level)
        if out["secrecy_level"] > SECRECY_LEVELS.index(highest):
            problems.add(
                "secrecy",
                f"本系统最高只能处理“{highest}”，不得录入“{level}”内容。请改用符合保密要求的涉密系统办理，并清除已录入的内容",
            )
            return
    if out.get("secrecy_term"):
        if not _TERM.match(out["secrecy_term"]):
            problems.add("secrecy_term", f"保密期限“{out['secrecy_term']}”写法不对，例：1年、6个月、长期、2030年12月31日")
        elif merged.get("secrecy") in (None, "", *SECRECY_LEVELS[:2]):
            problems.add("secrecy_term", "只有秘密、机密、绝密才写保密期限")


def complete(document: Any) -> None:
    """Raises Invalid, naming every field, unless the document can be put before a reviewer."""
    problems = Problems()
    kind = kinds.get(document.kind)
    if not document.title:
        problems.add("title", "还没有标题")
    if not document.body.strip():
        problems.add("body", "还没有正文")
    else:
        left = {text for text in kind.body.split("\n") if "……" in text}
        for n, text in enumerate(document.body.split("\n"), 1):
            if text in left:
                problems.add("body", f"第 {n} 段还是模板里的文字，“……”没有填写：{text[:30]}")
    if "……" in document.title:
        problems.add("title", "模板里的“……”还没有填写")
    count = len(document.addressees)
    if kind.addressees == "some" and not count:
        problems.add("addressees", f"“{kind.name}”要写主送机关")
    if kind.addressees == "one" and count != 1:
        problems.add("addressees", f"“{kind.name}”只写一个主送机关" + ("，还没有写" if not count else f"，现有 {count} 个"))
    if document.secrecy_level >= 2 and not document.secrecy_term:
        problems.add("secrecy_term", f"“{document.secrecy}”要写保密期限")
    problems.check()
