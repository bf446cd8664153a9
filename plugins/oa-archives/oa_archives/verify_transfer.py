"""Is what was handed to the state archive (移交信息包) whole and genuine? Offline, of the file alone; flat in memory."""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from oa_kernel.crypto import SM3, CryptoError, sm3_hex
from oa_kernel.crypto import verify as sm2_verify

from . import signed_by, verify

MANIFEST, SIGNATURE = "manifest.json", "manifest.json.sig"
KIND = "oa-archives-transfer"
RECORDS = "记录/"
_MOST_FILES, _MOST_REASONS = 200_000, 200
_LARGEST_MANIFEST, _LARGEST_SIGNATURE = 64 * 1024 * 1024, 64 * 1024
_PIECE = 256 * 1024


class _Wrong(Exception):
    """What is wrong with the whole, in words."""


def recognises(path: Path, head: bytes) -> bool:
    """A zip file with a manifest and packages of records."""
    if head[:4] != b"PK\x03\x04":
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return RECORDS.encode() in head  # damaged: it still was one of ours
    return MANIFEST in names and any(name.startswith(RECORDS) for name in names)


def check(path: Path) -> dict[str, Any]:
    """``{ok, kind, summary, reasons, number, count, fingerprint}``: every digest, and every record's own package."""
    result: dict[str, Any] = {"ok": False, "kind": "移交信息包", "summary": "", "reasons": [], "number": "", "count": 0}
    try:
        with zipfile.ZipFile(path) as archive:
            _check(archive, result)
    except _Wrong as error:
        result["reasons"].append(str(error))
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
        result["reasons"].append(f"压缩包损坏：{error}")
    result["ok"] = not result["reasons"]
    if result["ok"]:
        result["summary"] = (f"移交信息包完整：{result['number']}，{result['count']} 件与清单一致，逐件核验无误；签名公钥指纹（SM3）"
                             f"{result['fingerprint']}，请与移交单位公布的核对{signed_by.sentence(result)}")
    else:
        result["summary"] = "移交信息包不可信：" + result["reasons"][0]
    return result


def _check(archive: zipfile.ZipFile, result: dict[str, Any]) -> None:
    names = archive.namelist()
    if len(names) > _MOST_FILES or len(set(names)) != len(names):
        raise _Wrong(f"压缩包里的文件超过 {_MOST_FILES} 个，或有同名的")
    manifest = _small(archive, MANIFEST, _LARGEST_MANIFEST)
    _signature(_small(archive, SIGNATURE, _LARGEST_SIGNATURE), manifest, result)
    try:
        said = json.loads(manifest)
        listed = {str(name): str(digest) for name, digest in said["sm3"].items()}
        result["number"], count, kind = str(said["number"]), int(said["count"]), said["kind"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _Wrong(f"{MANIFEST} 读不出：{error}") from error
    if kind != KIND:
        raise _Wrong(f"{MANIFEST} 不是移交信息包的清单")
    records = [name for name in listed if name.startswith(RECORDS)]
    result["count"] = len(records)
    if len(records) != count:
        result["reasons"].append(f"清单写明 {count} 件，列出的是 {len(records)} 件")
    for name in sorted(set(names) - set(listed) - {MANIFEST, SIGNATURE}):
        _add(result, f"多出清单之外的文件：{name}")
    for name, digest in listed.items():
        if name not in names:
            _add(result, f"缺少文件：{name}")
        else:
            _one(archive, name, digest, result)


def _one(archive: zipfile.ZipFile, name: str, digest: str, result: dict[str, Any]) -> None:
    """One file against its digest; a record's package by its own signature and list as well."""
    size, seen, state = archive.getinfo(name).file_size, 0, SM3()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / ("件.eep" if name.endswith(".eep") else "件.zip")
        with archive.open(name) as source, copy.open("wb") as target:
            while piece := source.read(_PIECE):
                seen += len(piece)
                if seen > size:
                    break
                state.update(piece)
                target.write(piece)
        if seen != size or state.hexdigest() != digest:
            _add(result, f"{name} 的摘要与清单不符：内容被改动过")
        elif name.startswith(RECORDS):
            found = verify.verify(copy)
            for reason in found["reasons"]:
                _add(result, f"{name}：{reason}")


def _signature(given: bytes, manifest: bytes, result: dict[str, Any]) -> None:
    try:
        said = json.loads(given)
        public, signature = bytes.fromhex(said["public_key"]), bytes.fromhex(said["signature"])
        genuine = sm2_verify(public, manifest, signature)
    except (ValueError, KeyError, TypeError, CryptoError, RecursionError) as error:
        raise _Wrong(f"签名文件损坏：{error}") from error
    result["fingerprint"], result["signed_at"] = sm3_hex(public), str(said.get("signed_at", ""))
    if not genuine:
        raise _Wrong(f"{MANIFEST} 与签名不符：清单被改动过")
    try:
        result |= signed_by.told(str(said.get("certificate") or ""), public, result["signed_at"])
    except signed_by.Wrong as error:
        _add(result, str(error))


def _small(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise _Wrong(f"缺少 {name}") from None
    with archive.open(info) as source:
        data = source.read(most + 1)
    if len(data) > most:
        raise _Wrong(f"{name} 过大")
    return data


def _add(result: dict[str, Any], reason: str) -> None:
    if len(result["reasons"]) < _MOST_REASONS:
        result["reasons"].append(reason)


__all__ = ["KIND", "MANIFEST", "RECORDS", "SIGNATURE", "check", "recognises"]
