"""Is a backup whole? Every digest is computed anew, and the database inside is asked."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from oa_kernel.crypto import SM3, CryptoError
from oa_kernel.errors import Invalid

from . import databases
from .archive import FORMAT, MANIFEST, Head, head_of, reading

_PIECE = 1024 * 1024


@dataclass
class Report:
    """What was found. ``ok`` is what counts."""

    path: Path
    head: Head
    encrypted: bool
    files: int = 0
    size: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems


def verify(path: Path, *, passphrase: str = "", progress: Callable[[int, int], Any] | None = None) -> Report:
    """Reads the whole archive and compares it with its manifest.

    :raises Invalid: when it cannot be read at all: no backup, or another passphrase.
    """
    head, sealed = head_of(path)
    report = Report(path, head, sealed)
    with tempfile.TemporaryDirectory(prefix="oa-verify-") as scratch:
        database: tuple[str, Path] | None = None

        def keep(name: str, _size: int) -> Path | None:
            nonlocal database
            if not name.startswith("database/"):
                return None
            database = (name, Path(scratch) / "database")
            return database[1]

        try:
            report.problems += check(path, passphrase, keep, report, progress)
        except CryptoError as error:
            raise Invalid(f"{path.name} 无法解密：口令不对，或文件已被改动、截断（{error}）", code="damaged") from None
        if database is None:
            report.problems.append("备份里没有数据库")
        elif not report.problems:
            report.problems += databases.problems_of(*database)
    return report


def check(
    path: Path, passphrase: str, place: Callable[[str, int], Path | None], report: Report | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> list[str]:
    """Goes through the archive once; what differs from the manifest.

    :param place: ``place(name, size)`` → where to write the file, or None to only read it.
    """
    seen: dict[str, tuple[int, str]] = {}
    manifest: dict[str, Any] | None = None
    total, done = path.stat().st_size, 0
    with reading(path, passphrase) as members:
        try:
            for name, size, content in members:
                if manifest is not None:
                    return [f"清单之后还有 {name}"]
                if name == MANIFEST:
                    manifest = json.loads(content.read())
                    continue
                seen[name] = (size, _copy(content, place(name, size)))
                done += size
                if progress:
                    progress(min(done, total), total)
        except ValueError:
            return ["清单无法读取"]
        except (OSError, EOFError) as error:
            if isinstance(error, OSError) and error.errno:
                raise
            return [f"备份不完整：{error}"]
    if report is not None:
        report.files, report.size = len(seen), sum(size for size, _ in seen.values())
    return _differences(manifest, seen)


def _differences(manifest: dict[str, Any] | None, seen: dict[str, tuple[int, str]]) -> list[str]:
    if manifest is None:
        return ["备份不完整：没有清单"]
    if manifest.get("format") != FORMAT:
        return [f"备份的格式 {manifest.get('format')} 是更新的版本做的"]
    try:
        wanted = {e["path"]: (e["size"], e["sm3"]) for e in manifest["entries"]}
    except (KeyError, TypeError):
        return ["清单无法读取"]
    found = [f"缺少 {name}" for name in wanted if name not in seen]
    found += [f"清单里没有 {name}" for name in seen if name not in wanted]
    return found + [f"{name} 的 SM3 与清单不符" for name, value in wanted.items() if name in seen and seen[name] != value]


def _copy(content: BinaryIO, target: Path | None) -> str:
    digest = SM3()
    if target is None:
        while piece := content.read(_PIECE):
            digest.update(piece)
        return digest.hexdigest()
    import os

    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as sink:
        while piece := content.read(_PIECE):
            digest.update(piece)
            sink.write(piece)
        sink.flush()
        os.fsync(sink.fileno())
    return digest.hexdigest()


__all__ = ["Report", "check", "verify"]
