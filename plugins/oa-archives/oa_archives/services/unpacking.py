"""An uploaded .zip or .tar of a year's package, unpacked into a folder of its own: nothing outside it, no links, within bounds.

The upload stays encrypted in the files room and is read from there piece by piece, backwards and forwards as the formats ask.
"""

from __future__ import annotations

import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from oa_kernel import files
from oa_kernel.errors import Invalid, StorageFull

from .. import settings
from ..paths import safe
from ..yearly import MANIFEST

#: endings of what may be uploaded
KINDS = ("zip", "tar")
#: entries, and how deep a folder may stand
_MOST, _DEEPEST = 200_000, 8
#: bytes of a format's own tables that are read at once; more is no honest package
_LARGEST_TABLE = 64 * 1024 * 1024
_PIECE = 1024 * 1024
#: bytes that stay free on the disk
_SPARE = 512 * 1024 * 1024
#: what file managers add of their own
_LITTER = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")

Progress = Callable[[int, int], Any]


@dataclass(frozen=True)
class _Entry:
    name: str
    size: int
    open: Callable[[], Any]


def unpack(file: files.File, into: Path, progress: Progress | None = None) -> Path:
    """Unpacks it into a new folder; where in it the package of a year is.

    :param progress: ``progress(entries done, in all)``.
    :raises Invalid: it cannot be read, leads outside, has links, is too large, or holds no package of a year. StorageFull.
    """
    into.mkdir(parents=True, mode=0o700)
    with Reader(file) as source:
        try:
            if file.name.lower().endswith(".zip"):
                with zipfile.ZipFile(source) as archive:
                    _write(list(_of_zip(archive)), into, progress)
            else:
                with tarfile.open(fileobj=source, mode="r:") as archive:
                    _write(list(_of_tar(archive)), into, progress)
        except (zipfile.BadZipFile, zipfile.LargeZipFile, tarfile.TarError, EOFError, NotImplementedError, RuntimeError,
                ValueError) as error:
            raise _refused(f"压缩包损坏：{error}") from error
        except Exception as error:
            if type(error).__module__ != "zlib":
                raise
            raise _refused(f"压缩包损坏：{error}") from error
    return _package_in(into)


def _write(entries: list[_Entry], into: Path, progress: Progress | None) -> None:
    """All is looked at before anything is written; what comes out is never more than was said."""
    total = sum(e.size for e in entries)
    most = int(settings.get("import_size")) * 1024 * 1024
    if total > most:
        raise _refused(f"解开后有 {shown(total)}，超过上限 {shown(most)}（设置 import_size）；请放进导入文件夹")
    if total + _SPARE > shutil.disk_usage(into).free:
        raise StorageFull(f"磁盘空间不足：解开需要 {shown(total)}；请联系管理员清理磁盘后再试")
    names: set[str] = set()
    for entry in entries:
        parts = PurePosixPath(entry.name).parts
        if not safe(entry.name) or "\\" in entry.name:
            raise _refused(f"压缩包里有指向包外的路径：{entry.name[:100]}")
        if len(parts) > _DEEPEST or any(len(p.encode("utf-8", "replace")) > 255 for p in parts):
            raise _refused(f"压缩包里的路径过深或过长：{entry.name[:100]}")
        if entry.name in names:
            raise _refused(f"压缩包里有同名的文件：{entry.name}")
        names.add(entry.name)
    for entry in entries:
        if above := next((p for p in map(str, PurePosixPath(entry.name).parents) if p in names), ""):
            raise _refused(f"压缩包里的 {above} 又是文件又是文件夹")
    for done, entry in enumerate(entries, 1):
        target = into / entry.name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        seen = 0
        with entry.open() as source, target.open("xb") as sink:
            target.chmod(0o600)
            while piece := source.read(_PIECE):
                seen += len(piece)
                if seen > entry.size:
                    break
                sink.write(piece)
        if seen != entry.size:
            raise _refused(f"压缩包里的 {entry.name} 与所写的大小不符")
        if progress:
            progress(done, len(entries))


def _of_zip(archive: zipfile.ZipFile) -> Iterator[_Entry]:
    infos = archive.infolist()
    _count(len(infos))
    for info in infos:
        name = _zip_name(info)
        kind = stat.S_IFMT(info.external_attr >> 16) if info.create_system == 3 else 0
        if info.is_dir() or _litter(name):
            continue
        if kind not in (0, stat.S_IFREG):
            raise _refused(f"压缩包里有链接或特殊文件：{name}")
        if info.flag_bits & 0x1:
            raise _refused("压缩包有密码；请不加密码打包")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _refused("压缩包的压缩方法不认识；请用通常的 zip（存储或 Deflate）")
        yield _Entry(name, info.file_size, lambda info=info: archive.open(info))


def _zip_name(info: zipfile.ZipInfo) -> str:
    """The name as it was meant: without the flag for UTF-8, Chinese file managers write GBK."""
    if info.flag_bits & 0x800 or info.filename.isascii():
        return info.filename
    raw = info.filename.encode("cp437")
    return _decoded(raw)


def _decoded(raw: bytes) -> str:
    for code in ("utf-8", "gb18030"):
        try:
            return raw.decode(code)
        except UnicodeDecodeError:
            continue
    raise _refused("压缩包里的文件名无法辨认；请以 UTF-8 重新打包")


def _of_tar(archive: tarfile.TarFile) -> Iterator[_Entry]:
    for count, member in enumerate(archive, 1):
        _count(count)
        name = _decoded(member.name.encode("utf-8", "surrogateescape")).removeprefix("./")
        if member.isdir() or _litter(name):
            continue
        if not member.isreg() or member.issparse():
            raise _refused(f"压缩包里有链接或特殊文件：{name}")
        yield _Entry(name, member.size, lambda member=member: archive.extractfile(member))


def _count(count: int) -> None:
    if count > _MOST:
        raise _refused(f"压缩包里的文件超过 {_MOST} 个；请放进导入文件夹")


def _litter(name: str) -> bool:
    return any(part in _LITTER for part in PurePosixPath(name).parts)


def _package_in(folder: Path) -> Path:
    """The package itself, or the one folder that holds it."""
    if (folder / MANIFEST).is_file():
        return folder
    inside = [one for one in folder.iterdir() if (one / MANIFEST).is_file()]
    if len(inside) != 1:
        raise _refused(f"压缩包里没有年度数据包（缺少 {MANIFEST}）" if not inside else "压缩包里不止一个年度数据包；请一个一个上传")
    return inside[0]


def _refused(text: str) -> Invalid:
    return Invalid(text, code="upload_refused", errors={"file": [text]})


def shown(size: int) -> str:
    """A size for people."""
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{max(1, size // 2**20)} MiB"


class Reader:
    """A stored file that can be read from anywhere; nothing of it is decrypted but what is asked for."""

    def __init__(self, file: files.File) -> None:
        self._file, self._at, self._left = file, 0, b""
        self._pieces: Any = None
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes; refuses what only a forged table would ask for."""
        size = self._file.size - self._at if size is None or size < 0 else min(size, max(0, self._file.size - self._at))
        if size > _LARGEST_TABLE:
            raise ValueError("目录或文件头过大")
        if size and self._pieces is None:
            self._pieces = files.open(self._file, self._at)
        found, have = [self._left], len(self._left)
        while have < size and (piece := next(self._pieces, b"")):
            found.append(piece)
            have += len(piece)
        whole = b"".join(found)
        self._left, whole = whole[size:], whole[:size]
        self._at += len(whole)
        return whole

    def seek(self, offset: int, whence: int = 0) -> int:
        """As of every binary file."""
        to = offset + {0: 0, 1: self._at, 2: self._file.size}[whence]
        if to < 0:
            raise OSError(22, "Invalid argument")
        if 0 <= to - self._at <= len(self._left):  # a step ahead, as between entries
            self._left = self._left[to - self._at :]
        elif to != self._at:
            self._stop()
        self._at = to
        return to

    def tell(self) -> int:
        """Where it stands."""
        return self._at

    def seekable(self) -> bool:
        """It is."""
        return True

    def readable(self) -> bool:
        """It is."""
        return True

    def close(self) -> None:
        """Lets go of the stored file."""
        self._stop()
        self.closed = True

    def _stop(self) -> None:
        if self._pieces is not None:
            self._pieces.close()
        self._pieces, self._left = None, b""

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


__all__ = ["KINDS", "Reader", "shown", "unpack"]
