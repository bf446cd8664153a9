"""The package of a record (归档信息包): a zip file that another system can take and anybody can verify offline.

After DA/T 48-2009 in kind: one XML, ``eep.xml``, describes the record (metadata after DA/T 46-2009), lists its files with
their SM3 and the results of the checks; an SM2 signature covers that XML. Layout::

    说明文件.txt       what this is and how it is checked
    eep.xml           电子文件封装包
    eep.xml.sig       {"algorithm", "public_key", "fingerprint", "signature", "signed_at"}
    files/01-….pdf    the files, in their order
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from oa_kernel import clock, files, runtime
from oa_kernel.crypto import sm3_hex

from . import settings
from .checks import QUALITIES, RESULTS
from .models import RETENTIONS, Check, Item, Part

KIND = "oa-archives-package"
VERSION = "1"
PURPOSE = "archives"
XML, SIGNATURE, README = "eep.xml", "eep.xml.sig", "说明文件.txt"
ROLES = {"text": "正文", "attachment": "附件", "final_draft": "定稿", "handling": "办理单", "draft": "历次稿", "related": "来文或复文"}
_ROUNDS = 1024 * 1024


def file_name(part: Part) -> str:
    """Where a part stands in the package."""
    safe = "".join(c if c.isalnum() or c in "-_.（）()〔〕《》·" else "_" for c in part.name)[-120:]
    return f"files/{part.position:02d}-{ROLES.get(part.role, part.role)}-{safe}"


def describe(item: Item, parts: Sequence[Part], results: Iterable[Check]) -> bytes:
    """``eep.xml`` of a record, UTF-8."""
    root = ET.Element("电子文件封装包", {"类型": KIND, "版本": VERSION})
    _add(root, "封装包格式描述", "本封装包参照 DA/T 48-2009 的结构，文件以摘要（SM3）引用，签名（SM2）覆盖本文件全文")
    _add(root, "封装包创建时间", clock.local(clock.now()).isoformat(timespec="seconds"))
    _add(root, "封装包创建单位", settings.fonds_name())
    content = ET.SubElement(root, "封装内容")
    _metadata(ET.SubElement(content, "元数据"), item)
    listed = ET.SubElement(content, "文件组成")
    for part in parts:
        one = ET.SubElement(listed, "文件", {"序号": str(part.position)})
        for label, value in (("类别", ROLES.get(part.role, part.role)), ("题名", part.name), ("路径", file_name(part)),
                             ("媒体类型", part.mime), ("字节数", part.size), ("页数", part.pages or ""), ("SM3", part.sm3)):
            _add(one, label, value)
    tests = ET.SubElement(content, "四性检测")
    for result in results:
        one = ET.SubElement(tests, "检测项", {"编号": result.code})
        for label, value in (("类别", QUALITIES[result.quality]), ("名称", result.title),
                             ("结果", RESULTS[result.result]), ("依据", result.evidence)):
            _add(one, label, value)
    ET.indent(root)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="utf-8") + b"\n"


def _metadata(to: ET.Element, item: Item) -> None:
    values = {
        "档号": item.archival_number, "全宗号": item.fonds, "全宗名称": settings.fonds_name(), "档案门类代码": item.category,
        "年度": item.year, "保管期限": RETENTIONS[item.retention], "机构或问题": item.class_code, "件号": item.seq,
        "题名": item.title, "文件编号": item.number, "文种": item.kind, "责任者": item.creator,
        "日期": item.date.isoformat() if item.date else "", "密级": item.secrecy, "保密期限": item.secrecy_term,
        "紧急程度": item.urgency, "归档部门": item.department_name, "页数": item.pages, "关键词": "；".join(item.keywords),
        "归档时间": clock.local(item.filed_at).isoformat(timespec="seconds"), "归档人": item.filed_by_name,
    }
    for label, value in values.items():
        _add(to, label, value)
    people = ET.SubElement(to, "业务行为")
    for what, name in item.people:
        ET.SubElement(people, "行为", {"名称": what}).text = name
    more = ET.SubElement(to, "其他")
    for label, value in item.facts.items():
        ET.SubElement(more, "项", {"名称": label}).text = str(value)


def _add(to: ET.Element, label: str, value: Any) -> None:
    ET.SubElement(to, label).text = _clean(str(value))


def _clean(text: str) -> str:
    """XML 1.0 knows no other control characters."""
    return "".join(c for c in text if c in "\t\n" or ord(c) >= 32 and ord(c) not in (0xFFFE, 0xFFFF))


def sign(xml: bytes) -> dict[str, str]:
    """The signature beside ``eep.xml``, with the public key to check it by."""
    key = runtime.current().keys.signing(PURPOSE)
    return {
        "algorithm": "SM2-SM3 (GB/T 32918.2), DER", "public_key": key.public.hex(), "fingerprint": sm3_hex(key.public),
        "signature": key.sign(xml).hex(), "signed_at": clock.local(clock.now()).isoformat(timespec="seconds"),
    }


def readme(item: Item) -> str:
    """What somebody who finds the package in thirty years should read first."""
    return (
        f"电子档案归档信息包\r\n\r\n档号：{item.archival_number}\r\n题名：{item.title}\r\n立档单位：{settings.fonds_name()}\r\n\r\n"
        f"{XML} 是著录项、文件清单（含每个文件的 SM3 摘要）和四性检测结果；{SIGNATURE} 是对 {XML} 全文的 SM2 签名。\r\n"
        "files 目录中是档案的各个文件，按 正文、附件、定稿、办理单 的次序。\r\n\r\n"
        "核验：oa verify 本压缩包；或自行计算各文件的 SM3 与清单比对，再用公钥核对签名。公钥指纹请与立档单位公布的核对。\r\n"
    )


def write(item: Item, parts: Sequence[Part], results: Iterable[Check], out: Any) -> None:
    """Writes the package into a binary file; a file's bytes pass through piece by piece.

    :raises NotFound, CryptoError: a file is missing or was altered; what was written so far is no package.
    """
    xml = describe(item, parts, results)
    when = clock.local(item.filed_at).timetuple()[:6]

    def entry(name: str) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, when)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        return info

    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(entry(README), readme(item).encode("utf-8-sig"))
        archive.writestr(entry(XML), xml)
        archive.writestr(entry(SIGNATURE), json.dumps(sign(xml), ensure_ascii=False, indent=1).encode())
        for part in parts:
            row = files.get(part.file_id)
            with archive.open(entry(file_name(part)), "w", force_zip64=True) as target:
                for piece in files.open(row):
                    target.write(piece)


def name_of(item: Item) -> str:
    """The package's file name."""
    return f"{item.archival_number}.zip"


def as_mapping(root: ET.Element) -> Mapping[str, str]:
    """Metadata of a package, label → text."""
    found = root.find("封装内容/元数据")
    return {} if found is None else {child.tag: child.text or "" for child in found if len(child) == 0}
