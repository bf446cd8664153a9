"""``eep.xml`` (电子文件封装包): written from a record, and read back.

Structure after DA/T 48-2009, names of metadata after DA/T 46-2009, as far as docs/archives.md says. What those standards
have no place for (results of the four checks, what the register needs to take the record over without loss) stands in
附加信息, so that a reader of the standard's parts can leave it out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

from oa_kernel import clock

from . import settings
from .checks import QUALITIES, RESULTS
from .models import RETENTIONS, Check, Item, Part
from .xmltext import clean

KIND = "oa-archives-package"
#: of the XML that refers to its files, and of the one that has them inside (:mod:`.embedded`)
VERSION, EMBEDDED = "2", "3"
ROLES = {"text": "正文", "attachment": "附件", "final_draft": "定稿", "handling": "办理单", "draft": "历次稿", "related": "来文或复文"}
#: columns of the register that are carried as they are, beside the standards' elements
_PLAIN = ("category", "secrecy_level", "size", "source_kind", "source_id", "digest", "sound")
_TIMES = ("filed_at", "checked_at")
#: the same, left out where there is none
_DECIDED = ("open_from", "access_reason", "keep_until")
_BASE = "被签名对象/封装内容"
_RECORD = f"{_BASE}/文件实体块/文件实体"
_MORE = f"{_BASE}/附加信息"


@dataclass
class Described:
    """What an ``eep.xml`` says of a record: columns of the register, its parts, the checks, the text it is found by."""

    values: dict[str, Any] = field(default_factory=dict)
    #: each {position, role, name, mime, size, sm3, pages, path}
    parts: list[dict[str, Any]] = field(default_factory=list)
    #: each {stage, at, quality, code, title, result, evidence}
    checks: list[dict[str, Any]] = field(default_factory=list)
    #: (path, size, sm3) of the text for searching; None: there is none
    text: tuple[str, int, str] | None = None

    @property
    def listed(self) -> list[tuple[str, int, str]]:
        """(path, size, SM3) of every file of the package that the description covers."""
        found = [(p["path"], p["size"], p["sm3"]) for p in self.parts]
        return [*found, self.text] if self.text else found


def describe(
    item: Item, parts: Sequence[tuple[Part, str]], results: Iterable[Check], text: tuple[str, int, str] | None,
    embed: Callable[[int], str] | None = None,
) -> bytes:
    """``eep.xml`` of a record, UTF-8.

    :param parts: each with its path in the package.
    :param embed: files go inside: what to write in place of the n-th one's Base64; the text for searching is the last.
    """
    root = ET.Element("电子文件封装包", {"类型": KIND, "版本": EMBEDDED if embed else VERSION})
    _add(root, "封装包格式描述", "本封装包参照 DA/T 48-2009 的结构，" + (
        "文件以 Base64 嵌入编码数据，签名（SM2）在电子签名块" if embed else
        "文件以路径和摘要（SM3）引用，签名（SM2）另存，覆盖本文件全文"))
    _add(root, "版本", "2009")
    signed = ET.SubElement(root, "被签名对象")
    _add(signed, "封装包类型", "原始型")
    _add(signed, "封装包类型描述", "一件归档电子文件及其元数据")
    _add(signed, "封装包创建时间", clock.local(clock.now()).isoformat(timespec="seconds"))
    _add(signed, "封装包创建单位", settings.fonds_name())
    content = ET.SubElement(signed, "封装内容")
    _entities(content, item)
    record = ET.SubElement(ET.SubElement(content, "文件实体块"), "文件实体")
    _add(record, "文件标识符", item.archival_number)
    _metadata(ET.SubElement(record, "文件元数据"), item, len(parts))
    data = ET.SubElement(record, "文件数据")
    for n, (part, path) in enumerate(parts):
        one = _group(data, "文档", {
            "文档标识符": f"{item.archival_number}-{part.position:02d}", "文档序号": part.position,
            "文档主从声明": "主" if part.role == "text" else "从", "稿本": ROLES.get(part.role, part.role), "题名": part.name,
            "页数": part.pages})
        electronic = {"格式信息": part.mime, "计算机文件名": path, "计算机文件大小": part.size, "SM3": part.sm3}
        if embed:
            _embedded(one, n, electronic, embed(n))
        else:
            for label, value in electronic.items():
                _add(one, label, value)
    searched = _additions(ET.SubElement(content, "附加信息"), item, results, text)
    if embed and searched is not None:
        _add(searched, "编码数据", embed(len(parts)))
    ET.indent(root)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="utf-8") + b"\n"


def _embedded(document: ET.Element, n: int, electronic: Mapping[str, Any], data: str) -> None:
    """文档数据 of one file (DA/T 48-2009: 文档数据 → 编码 → 电子属性, 编码描述, 反编码关键字, 编码数据); ``SM3`` is ours."""
    place = f"文档{n + 1}-文档数据1"
    coding = ET.SubElement(ET.SubElement(document, "文档数据", {"文档数据ID": place}), "编码", {"编码ID": f"{place}-编码1"})
    _group(coding, "电子属性", electronic)
    _add(coding, "编码描述", "编码数据是计算机文件的 Base64 编码（RFC 2045）；还原后的扩展名见反编码关键字，摘要见电子属性的 SM3")
    extension = str(electronic["计算机文件名"]).rpartition(".")[2]
    _add(coding, "反编码关键字", f"base64-{extension if extension.isalnum() and len(extension) < 9 else 'bin'}")
    ET.SubElement(coding, "编码数据", {"编码数据ID": f"{place}-编码1-编码数据"}).text = data


def _entities(content: ET.Element, item: Item) -> None:
    """业务实体 and 机构人员实体: who did what."""
    business, people = ET.SubElement(content, "业务实体块"), ET.SubElement(content, "机构人员实体块")
    for n, (what, name) in enumerate(item.people, 1):
        one = ET.SubElement(business, "业务实体")
        for label, value in (("业务标识符", f"B{n}"), ("业务状态", "已办结"), ("业务行为", what), ("机构人员标识符", f"P{n}")):
            _add(one, label, value)
        one = ET.SubElement(people, "机构人员实体")
        for label, value in (("机构人员标识符", f"P{n}"), ("机构人员类型", "个人"), ("机构人员名称", name)):
            _add(one, label, value)


def _metadata(to: ET.Element, item: Item, files: int) -> None:
    _add(to, "聚合层次", "文件")
    _group(to, "来源", {"全宗名称": settings.fonds_name(), "立档单位名称": settings.fonds_name()})
    _add(to, "电子文件号", item.archival_number)
    number = _group(to, "档号", {
        "全宗号": item.fonds, "年度": item.year, "保管期限": RETENTIONS[item.retention], "机构或问题": item.class_code,
        "室编件号": item.seq})
    number.set("编号", item.archival_number)
    _group(to, "内容描述", {
        "题名": item.title, "关键词": "；".join(item.keywords), "文件编号": item.number, "责任者": item.creator,
        "日期": item.date.isoformat() if item.date else "", "文种": item.kind, "紧急程度": item.urgency, "密级": item.secrecy,
        "保密期限": item.secrecy_term})
    _group(to, "形式特征", {"文件组合类型": "组合文件" if files > 1 else "单份文件", "件数": 1, "页数": item.pages})
    _group(to, "归档", {
        "归档部门": item.department_name, "归档时间": clock.local(item.filed_at).isoformat(timespec="seconds"),
        "归档人": item.filed_by_name})


def _additions(to: ET.Element, item: Item, results: Iterable[Check],
               text: tuple[str, int, str] | None) -> ET.Element | None:
    """附加信息; the element of the text for searching, where there is one."""
    register = ET.SubElement(to, "登记")
    values = {name: getattr(item, name) for name in _PLAIN} | {name: getattr(item, name).isoformat() for name in _TIMES}
    values |= {name: value for name in _DECIDED if (value := getattr(item, name))}
    for name, value in values.items():
        ET.SubElement(register, "登记项", {"名称": name}).text = clean(str(value))
    facts = ET.SubElement(to, "其他")
    for label, value in item.facts.items():
        ET.SubElement(facts, "项", {"名称": clean(str(label))}).text = clean(str(value))
    searched = _group(to, "检索文本", {"路径": text[0], "字节数": text[1], "SM3": text[2]}) if text is not None else None
    tests = ET.SubElement(to, "四性检测")
    for result in results:
        one = ET.SubElement(tests, "检测项", {"编号": result.code, "环节": result.stage, "时间": result.at.isoformat()})
        for label, value in (("类别", QUALITIES[result.quality]), ("名称", result.title),
                             ("结果", RESULTS[result.result]), ("依据", result.evidence)):
            _add(one, label, value)
    return searched


def read(xml: bytes) -> Described:
    """What :func:`describe` wrote, with the columns' types.

    :raises ValueError: it is not one of ours; XML errors are those of ``defusedxml``.
    """
    from defusedxml.ElementTree import fromstring

    return from_tree(fromstring(xml, forbid_dtd=True), VERSION)


def from_tree(root: ET.Element, version: str = EMBEDDED) -> Described:
    """The same of what was parsed already.

    :raises ValueError, KeyError: it is not one of ours.
    """
    if root.tag != "电子文件封装包" or root.get("类型") != KIND or root.get("版本") != version:
        raise ValueError(f"不是本系统的封装包（类型 {root.get('类型')}，版本 {root.get('版本')}）")
    found = Described()
    facts = as_mapping(root)
    retentions = {word: code for code, word in RETENTIONS.items()}
    date = facts.get("日期", "")
    found.values = {
        "archival_number": facts["档号"], "fonds": facts["全宗号"], "year": int(facts["年度"]),
        "retention": retentions[facts["保管期限"]], "class_code": facts["机构或问题"], "seq": int(facts["室编件号"]),
        "title": facts["题名"], "number": facts["文件编号"], "kind": facts["文种"], "creator": facts["责任者"],
        "date": dt.date.fromisoformat(date) if date else None, "urgency": facts["紧急程度"], "secrecy": facts["密级"],
        "secrecy_term": facts["保密期限"], "keywords": [w for w in facts["关键词"].split("；") if w],
        "pages": int(facts["页数"]), "department_name": facts["归档部门"], "filed_by_name": facts["归档人"],
        "facts": {e.get("名称", ""): e.text or "" for e in root.iterfind(f"{_MORE}/其他/项")},
        "people": [[b, p] for b, p in zip(
            (e.text or "" for e in root.iterfind(f"{_BASE}/业务实体块/业务实体/业务行为")),
            (e.text or "" for e in root.iterfind(f"{_BASE}/机构人员实体块/机构人员实体/机构人员名称")), strict=True)],
    }
    for one in root.iterfind(f"{_MORE}/登记/登记项"):
        name, value = one.get("名称", ""), one.text or ""
        if name in _TIMES:
            found.values[name] = dt.datetime.fromisoformat(value)
        elif name in _DECIDED:
            found.values[name] = {"open_from": dt.date.fromisoformat, "keep_until": int}.get(name, str)(value)
        elif name in _PLAIN:
            found.values[name] = value == "True" if name == "sound" else int(value) if name in ("secrecy_level", "size") else value
    if missing := [n for n in (*_PLAIN, *_TIMES) if n not in found.values]:
        raise ValueError(f"缺少登记项 {missing[0]}")
    _read_lists(root, found)
    return found


def _read_lists(root: ET.Element, found: Described) -> None:
    roles = {word: role for role, word in ROLES.items()}
    for one in root.iterfind(f"{_RECORD}/文件数据/文档"):
        get = {child.tag: child.text or "" for child in one.iter()}
        found.parts.append({
            "position": int(get["文档序号"]), "role": roles.get(get["稿本"], get["稿本"]), "name": get["题名"],
            "mime": get["格式信息"], "size": int(get["计算机文件大小"]), "sm3": get["SM3"],
            "pages": int(get["页数"]), "path": get["计算机文件名"]})
    qualities, results = ({w: c for c, w in words.items()} for words in (QUALITIES, RESULTS))
    for one in root.iterfind(f"{_MORE}/四性检测/检测项"):
        get = {child.tag: child.text or "" for child in one}
        found.checks.append({
            "stage": one.get("环节", ""), "at": dt.datetime.fromisoformat(one.get("时间", "")), "quality": qualities[get["类别"]],
            "code": one.get("编号", ""), "title": get["名称"], "result": results[get["结果"]], "evidence": get["依据"]})
    text = root.find(f"{_MORE}/检索文本")
    if text is not None:
        found.text = (text.findtext("路径") or "", int(text.findtext("字节数") or -1), text.findtext("SM3") or "")


def as_mapping(root: ET.Element) -> Mapping[str, str]:
    """Metadata of a package, label → text; of a label that stands twice the first."""
    found: dict[str, str] = {}
    metadata = root.find(f"{_RECORD}/文件元数据")
    for one in metadata.iter() if metadata is not None else ():
        if one.tag == "档号":
            found[one.tag] = one.get("编号", "")
        elif len(one) == 0:
            found.setdefault(one.tag, one.text or "")
    return found


def _group(to: ET.Element, label: str, values: Mapping[str, Any]) -> ET.Element:
    made = ET.SubElement(to, label)
    for name, value in values.items():
        _add(made, name, value)
    return made


def _add(to: ET.Element, label: str, value: Any) -> None:
    ET.SubElement(to, label).text = clean(str(value))


__all__ = ["EMBEDDED", "KIND", "ROLES", "VERSION", "Described", "as_mapping", "describe", "from_tree", "read"]
