"""Is a package whole and genuine? Looks at nothing but the package: no database, no network."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from oa_kernel.crypto import SM3, CryptoError, sm3_hex
from oa_kernel.crypto import verify as sm2_verify

from . import eep, embedded_read, package, signed_by

_MOST_FILES = 10_000
_LARGEST_XML = 16 * 1024 * 1024
_LARGEST_SIGNATURE = 64 * 1024


def recognises(path: Path, head: bytes) -> bool:
    """A zip file with an ``eep.xml``, or the XML that has its files inside."""
    if _embedded(head):
        return True
    if head[:4] != b"PK\x03\x04":
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return package.XML in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return package.XML.encode() in head  # damaged: it still was one of ours


def verify(path: Path) -> dict[str, Any]:
    """``{ok, kind, summary, reasons, archival_number, title, files, fingerprint}``."""
    return look(path)[0]


def look(path: Path) -> tuple[dict[str, Any], eep.Described | None]:
    """The verdict of :func:`verify`, and what the package says of its record where that could be read."""
    described = None
    result: dict[str, Any] = {"ok": False, "kind": "归档信息包", "summary": "", "reasons": [], "files": 0}
    try:
        if _is_embedded(path):
            described, signature = embedded_read.read(path)
            result |= {**signature, "files": len(described.parts), "title": described.values["title"],
                       "archival_number": described.values["archival_number"]}
        else:
            with zipfile.ZipFile(path) as archive:
                described = _verify(archive, result)
    except (_Wrong, embedded_read.Wrong) as error:
        result["reasons"].append(str(error))
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError, RuntimeError, zipfile.LargeZipFile) as error:
        result["reasons"].append(f"压缩包损坏：{error}")
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in ("zlib", "defusedxml", "xml"):
            raise
        result["reasons"].append(f"{package.XML} 或压缩数据损坏：{error}")
    result["ok"] = not result["reasons"]
    named = f"{result.get('archival_number', '')} {result.get('title', '')}".strip()
    if result["ok"]:
        result["summary"] = (f"归档信息包完整：{named}，{result['files']} 个文件与清单一致；签名公钥指纹（SM3）"
                             f"{result['fingerprint']}，请与立档单位公布的核对{signed_by.sentence(result)}")
    else:
        result["summary"] = "归档信息包不可信：" + result["reasons"][0]
    return result, described


class Changed(Exception):
    """A package has other bytes than when it was checked."""


def read(path: Path, sm3: str) -> eep.Described:
    """What a package says of its record that was checked when its SM3 was ``sm3``: the same bytes say the same.

    :raises Changed: they are others, or cannot be read.
    """
    try:
        if _is_embedded(path):
            described, now = embedded_read.describe(path)
        else:
            with path.open("rb") as file:
                digest = SM3()
                while piece := file.read(1024 * 1024):
                    digest.update(piece)
                now = digest.hexdigest()
                if now == sm3:
                    with zipfile.ZipFile(file) as archive:
                        described = eep.read(archive.read(package.XML))
    except (OSError, embedded_read.Wrong) as error:
        raise Changed(f"{path.name}：{error}") from error
    if now != sm3:
        raise Changed(f"{path.name}：内容在核验之后变了")
    return described


def contents(path: Path, described: eep.Described) -> Iterator[Any]:
    """The files in the order of ``described.listed``, each with ``read(size)``; to be read before the next is asked for."""
    if _is_embedded(path):
        yield from embedded_read.contents(path)
        return
    with zipfile.ZipFile(path) as archive:
        for name, _, _ in described.listed:
            with archive.open(name) as source:
                yield source


def _is_embedded(path: Path) -> bool:
    with path.open("rb") as file:
        return _embedded(file.read(1024))


def _embedded(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<" and "<电子文件封装包".encode() in head[:1024]


class _Wrong(Exception):
    """What is wrong, in words."""


def _verify(archive: zipfile.ZipFile, result: dict[str, Any]) -> eep.Described:
    infos = archive.infolist()
    names = [i.filename for i in infos]
    if len(names) > _MOST_FILES:
        raise _Wrong(f"压缩包里有 {len(names)} 个文件，超过 {_MOST_FILES} 个")
    if len(set(names)) != len(names):
        raise _Wrong("压缩包里有同名的文件")
    for name in names:
        if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or ":" in name:
            raise _Wrong(f"压缩包里有指向包外的路径：{name}")
    xml = _read(archive, package.XML, _LARGEST_XML)
    _signature(archive, xml, result)
    described = _described(xml, result)
    expected = {package.XML, package.SIGNATURE, package.README, *(path for path, _, _ in described.listed)}
    for name in sorted(set(names) - expected):
        result["reasons"].append(f"多出清单之外的文件：{name}")
    for path, size, digest in described.listed:
        if path not in names:
            result["reasons"].append(f"缺少文件：{path}")
            continue
        if archive.getinfo(path).file_size != size:
            result["reasons"].append(f"{path} 的字节数与清单不符：清单 {size}，实际 {archive.getinfo(path).file_size}")
            continue
        if _digest(archive, path, size) != digest:
            result["reasons"].append(f"{path} 的摘要与清单不符：内容被改动过")
    result["files"] = len(described.parts)
    return described


def _signature(archive: zipfile.ZipFile, xml: bytes, result: dict[str, Any]) -> None:
    try:
        given = json.loads(_read(archive, package.SIGNATURE, _LARGEST_SIGNATURE))
        public, signature = bytes.fromhex(given["public_key"]), bytes.fromhex(given["signature"])
        genuine = sm2_verify(public, xml, signature)
    except (ValueError, KeyError, TypeError, CryptoError, RecursionError) as error:
        raise _Wrong(f"签名文件损坏：{error}") from error
    result["fingerprint"] = sm3_hex(public)
    result["signed_at"] = str(given.get("signed_at", ""))
    if not genuine:
        result["reasons"].append(f"{package.XML} 与签名不符：著录项或文件清单被改动过")
    try:
        result |= signed_by.told(str(given.get("certificate") or ""), public, result["signed_at"])
    except signed_by.Wrong as error:
        result["reasons"].append(str(error))


def _described(xml: bytes, result: dict[str, Any]) -> eep.Described:
    try:
        found = eep.read(xml)
    except (KeyError, TypeError) as error:
        raise _Wrong(f"{package.XML} 缺少 {error}") from error
    except ValueError as error:
        raise _Wrong(f"{package.XML}：{error}") from error
    result["archival_number"], result["title"] = found.values["archival_number"], found.values["title"]
    if not found.parts:
        raise _Wrong("清单里没有文件")
    return found


def _read(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise _Wrong(f"缺少 {name}") from None
    if info.file_size > most:
        raise _Wrong(f"{name} 过大（{info.file_size} 字节）")
    with archive.open(info) as source:
        data = source.read(most + 1)
    if len(data) > most:
        raise _Wrong(f"{name} 过大")
    return data


def _digest(archive: zipfile.ZipFile, name: str, size: int) -> str:
    digest, seen = SM3(), 0
    with archive.open(name) as source:
        while piece := source.read(1024 * 1024):
            seen += len(piece)
            if seen > size:
                return ""
            digest.update(piece)
    return digest.hexdigest()


__all__ = ["Changed", "contents", "look", "read", "recognises", "verify"]
