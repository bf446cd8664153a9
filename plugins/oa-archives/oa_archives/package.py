"""The package of a record (归档信息包): a zip file that another system can take and anybody can verify offline.

One XML, ``eep.xml`` (see :mod:`.eep`), describes the record, lists its files with their SM3 and the results of the checks;
an SM2 signature covers that XML. A package may also be one XML file that has the files inside (:mod:`.embedded`), where the
form ``embedded`` is asked for. Layout of the form ``files``::

    说明文件.txt       what this is and how it is checked
    eep.xml           电子文件封装包
    eep.xml.sig       {"algorithm", "public_key", "fingerprint", "signature", "signed_at"}
    检索文本.txt       the text the record is found by, where there is one
    files/01-….pdf    the files, in their order
"""

from __future__ import annotations

import base64
import json
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

from oa_kernel import clock, files, runtime
from oa_kernel.crypto import sm3_hex
from oa_kernel.errors import Invalid

from . import eep, embedded, settings
from .eep import KIND, ROLES, as_mapping, describe
from .models import Check, Item, Part

PURPOSE = "archives"
#: what a package may be
FORMS = {"files": "压缩包，文件另存", "embedded": "DA/T 48 封装包，文件嵌入"}
XML, SIGNATURE, README, TEXT = "eep.xml", "eep.xml.sig", "说明文件.txt", "检索文本.txt"


def file_name(part: Part) -> str:
    """Where a part stands in the package."""
    safe = "".join(c if c.isalnum() or c in "-_.（）()〔〕《》·" else "_" for c in part.name)[-120:]
    return f"files/{part.position:02d}-{ROLES.get(part.role, part.role)}-{safe}"


def sign(data: bytes) -> dict[str, str]:
    """A signature over ``data``, with the public key to check it by and its certificate (DER, Base64)."""
    from .services import certificates

    key = runtime.current().keys.signing(PURPOSE)
    return {
        "algorithm": "SM2-SM3 (GB/T 32918.2), DER", "public_key": key.public.hex(), "fingerprint": sm3_hex(key.public),
        "signature": key.sign(data).hex(), "signed_at": clock.local(clock.now()).isoformat(timespec="seconds"),
        "certificate": base64.b64encode(certificates.current().raw).decode(),
    }


def readme(item: Item) -> str:
    """What somebody who finds the package in thirty years should read first."""
    return (
        f"电子档案归档信息包\r\n\r\n档号：{item.archival_number}\r\n题名：{item.title}\r\n立档单位：{settings.fonds_name()}\r\n\r\n"
        f"{XML} 是著录项、文件清单（含每个文件的 SM3 摘要）和四性检测结果；{SIGNATURE} 是对 {XML} 全文的 SM2 签名。\r\n"
        "files 目录中是档案的各个文件，按 正文、附件、定稿、办理单 的次序。\r\n\r\n"
        "核验：oa verify 本压缩包；或自行计算各文件的 SM3 与清单比对，再用公钥核对签名。公钥指纹请与立档单位公布的核对。\r\n"
    )


def form_of(asked: Any) -> str:
    """The form that is asked for; the installation's where nothing is.

    :raises Invalid: there is no such form.
    """
    form = str(asked or settings.get("package_form"))
    if form not in FORMS:
        raise Invalid(f"没有“{form}”这种信息包，可用：{'、'.join(FORMS)}", errors={"form": ["信息包的形式不对"]})
    return form


def write(item: Item, parts: Sequence[Part], results: Iterable[Check], out: Any, form: str = "files") -> None:
    """Writes the package into a binary file, which need not be seekable; a file's bytes pass through piece by piece.

    :param form: of FORMS.
    :raises NotFound, CryptoError: a file is missing or was altered; what was written so far is no package.
    """
    if form == "embedded":
        embedded.write(item, [(p, file_name(p)) for p in parts], results, out, TEXT)
        return
    text = item.text.encode("utf-8", "replace")
    xml = eep.describe(item, [(p, file_name(p)) for p in parts], results, (TEXT, len(text), sm3_hex(text)) if text else None)
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
        if text:
            archive.writestr(entry(TEXT), text)
        for part in parts:
            row = files.get(part.file_id)
            with archive.open(entry(file_name(part)), "w", force_zip64=True) as target:
                for piece in files.open(row):
                    target.write(piece)


def suffix_of(form: str) -> str:
    """What a package's file name ends with."""
    return embedded.SUFFIX if form == "embedded" else ".zip"


def name_of(item: Item, form: str = "files") -> str:
    """The package's file name."""
    return f"{item.archival_number}{suffix_of(form)}"


__all__ = [
    "FORMS", "KIND", "README", "ROLES", "SIGNATURE", "TEXT", "XML", "as_mapping", "describe", "file_name", "form_of", "name_of",
    "readme", "sign", "suffix_of", "write",
]
