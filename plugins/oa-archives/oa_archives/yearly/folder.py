"""Names, manifest and signature of a year's package. Nothing here knows the database, so that anybody can check it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from oa_kernel.crypto import SM3, CryptoError, sm3_hex
from oa_kernel.crypto import verify as sm2_verify

from .. import signed_by
from ..paths import safe

FORMAT, VERSION = "oa-archives-year", 1
MANIFEST, SIGNATURE = "manifest.jsonl", "manifest.jsonl.sig"
README, CATALOGUE_CSV, CATALOGUE_XML = "说明文件.txt", "目录.csv", "目录.xml"
SCHEMAS = "结构说明"
_LARGEST_LINE, _LARGEST_SIGNATURE = 64 * 1024, 64 * 1024
_PIECE = 1024 * 1024


class Wrong(Exception):
    """What is wrong with a year's package, in words."""


@dataclass(frozen=True)
class Listed:
    """A file that the manifest lists; ``archival_number`` of packages."""

    path: str
    size: int
    sm3: str
    archival_number: str = ""


@dataclass(frozen=True)
class Manifest:
    """The manifest's first line, and who signed."""

    head: Mapping[str, Any]
    fingerprint: str
    signed_at: str
    sm3: str
    #: as :func:`..signed_by.told` tells it
    owner: Mapping[str, Any]


def package_path(retention: str, class_code: str, name: str) -> str:
    """Where a record's package stands in the folder; ``name`` is its file name."""
    return f"packages/{retention}/{class_code}/{name}"


def line(values: Mapping[str, Any]) -> bytes:
    """A line of the manifest."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def statement(sm3: str, size: int, head: Mapping[str, Any]) -> str:
    """What is signed."""
    return json.dumps({"manifest": MANIFEST, "sm3": sm3, "size": size, "fonds": head["fonds"], "year": head["year"],
                       "count": head["count"]}, ensure_ascii=False)


def read_manifest(folder: Path) -> Manifest:
    """First line and signature of a folder's manifest, after its digest was compared with what is signed.

    :raises Wrong: it is not there, damaged, altered, or of another kind.
    """
    try:
        with (folder / SIGNATURE).open("rb") as file:
            given = json.loads(file.read(_LARGEST_SIGNATURE))
        said = json.loads(given["statement"])
        public = bytes.fromhex(given["public_key"])
        genuine = sm2_verify(public, given["statement"].encode(), bytes.fromhex(given["signature"]))
        signed = (str(said["sm3"]), int(said["size"]), said["fonds"], said["year"], said["count"])
    except FileNotFoundError:
        raise Wrong(f"缺少 {SIGNATURE}：没有做完，或不是年度数据包") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, CryptoError, RecursionError) as error:
        raise Wrong(f"{SIGNATURE} 损坏：{error}") from error
    if not genuine:
        raise Wrong(f"{SIGNATURE} 的签名不符：清单的摘要被改动过")
    try:
        size, sm3 = digest_of(folder / MANIFEST)
        with (folder / MANIFEST).open("rb") as file:
            head = json.loads(file.readline(_LARGEST_LINE))
    except FileNotFoundError:
        raise Wrong(f"缺少 {MANIFEST}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise Wrong(f"{MANIFEST} 损坏：{error}") from error
    if (sm3, size) != signed[:2]:
        raise Wrong(f"{MANIFEST} 的摘要与签名的不符：清单被改动过")
    if not isinstance(head, dict) or head.get("format") != FORMAT or head.get("version") != VERSION:
        raise Wrong(f"{MANIFEST} 不是本系统第 {VERSION} 版的年度数据包")
    if (head.get("fonds"), head.get("year"), head.get("count")) != signed[2:]:
        raise Wrong(f"{MANIFEST} 的首行与签名的不符")
    signed_at = str(given.get("signed_at", ""))
    try:
        owner = signed_by.told(str(given.get("certificate") or ""), public, signed_at)
    except signed_by.Wrong as error:
        raise Wrong(str(error)) from error
    return Manifest(head, sm3_hex(public), signed_at, sm3, owner)


def files_of(folder: Path) -> Iterator[Listed]:
    """What the manifest lists, line by line; :func:`read_manifest` comes first.

    :raises Wrong: a line that cannot be read, or leads outside the folder.
    """
    with (folder / MANIFEST).open("rb") as file:
        file.readline(_LARGEST_LINE)
        for number, text in enumerate(iter(lambda: file.readline(_LARGEST_LINE), b""), 2):
            try:
                row = json.loads(text)
                found = Listed(str(row["path"]), int(row["size"]), str(row["sm3"]), str(row.get("archival_number", "")))
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                raise Wrong(f"{MANIFEST} 第 {number} 行损坏：{error}") from error
            if not safe(found.path):
                raise Wrong(f"{MANIFEST} 第 {number} 行指向文件夹之外：{found.path}")
            yield found


def digest_of(path: Path) -> tuple[int, str]:
    """Size and SM3 of a file, read piece by piece."""
    with path.open("rb") as file:
        return digest(file)


def digest(file: BinaryIO) -> tuple[int, str]:
    """The same of an open one."""
    state, size = SM3(), 0
    while piece := file.read(_PIECE):
        state.update(piece)
        size += len(piece)
    return size, state.hexdigest()


__all__ = [
    "CATALOGUE_CSV", "CATALOGUE_XML", "FORMAT", "MANIFEST", "README", "SCHEMAS", "SIGNATURE", "VERSION", "Listed", "Manifest",
    "Wrong", "digest", "digest_of", "files_of", "line", "package_path", "read_manifest", "statement",
]
