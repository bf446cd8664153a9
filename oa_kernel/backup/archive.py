"""The archive: a tar stream, in clear or sealed by SM4-GCM under a passphrase.

``head.json`` comes first, ``manifest.json`` last; between them stand ``config/``, ``secrets/``, ``keys/``,
``database/`` and ``files/``. A sealed archive carries the head in clear (but authenticated) beside the parameters of
the key derivation, so that a list of backups needs no passphrase.
"""

from __future__ import annotations

import base64
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from oa_kernel.crypto import SM3, ChunkReader, ChunkWriter
from oa_kernel.errors import Invalid

FORMAT = 1
HEAD, MANIFEST = "head.json", "manifest.json"
PARTS = ("config", "secrets", "keys", "database", "files")
SUFFIX = ".oabackup"
_SEALED = b"OASM4"
_PIECE = 1024 * 1024
#: RFC 9106, section 4, second recommended option
_KDF = {"name": "argon2id", "time": 3, "memory_kib": 64 * 1024, "lanes": 4}
_MAX_MEMORY_KIB = 1024 * 1024


@dataclass(frozen=True)
class Head:
    """What a backup says of itself without being opened."""

    organisation: str
    created_at: str
    #: ``sqlite`` | ``postgresql``
    engine: str
    version: str
    #: settings as they were, for putting things back: ``keys.path``, ``storage.path``, ``database.url`` …
    settings: dict[str, str]
    #: plugin → version
    plugins: dict[str, str]
    format: int = FORMAT


@dataclass(frozen=True)
class Entry:
    """One file of the archive."""

    path: str
    size: int
    sm3: str


class Writer:
    """Adds files and keeps their digests."""

    def __init__(self, tar: tarfile.TarFile, progress: Callable[[int], Any]) -> None:
        self._tar, self._progress = tar, progress
        self.entries: list[Entry] = []

    def add(self, name: str, source: Path) -> None:
        """A file by its path."""
        with source.open("rb") as file:
            self._add(name, file, os.fstat(file.fileno()).st_size)

    def add_bytes(self, name: str, data: bytes) -> None:
        """A file by its content."""
        self._add(name, io.BytesIO(data), len(data))

    def _add(self, name: str, file: BinaryIO, size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        reading = _Digesting(file, self._progress)
        self._tar.addfile(info, reading)  # type: ignore[arg-type]
        self.entries.append(Entry(name, size, reading.digest.hexdigest()))


class _Digesting:
    """A file that is digested while it is read."""

    def __init__(self, file: Any, progress: Callable[[int], Any]) -> None:
        self._file, self._progress, self.digest = file, progress, SM3()

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._file.read(size)
        self.digest.update(data)
        self._progress(len(data))
        return data


class _Stream(io.RawIOBase):
    """Pieces as a file, for tarfile."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = next(self._pieces, b"")
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


@contextmanager
def writing(file: BinaryIO, head: Head, passphrase: str, progress: Callable[[int], Any]) -> Iterator[Writer]:
    """An archive being written into ``file``; the manifest is added when the block ends well."""
    if passphrase:
        kdf = {**_KDF, "salt": base64.b64encode(os.urandom(16)).decode()}
        info = json.dumps({"kdf": kdf, "head": asdict(head)}, ensure_ascii=False).encode()
        with ChunkWriter(file, _derive(passphrase, kdf), info) as sink, _tar(sink, head, progress) as writer:
            yield writer
    else:
        with _tar(file, head, progress) as writer:
            yield writer


@contextmanager
def _tar(sink: Any, head: Head, progress: Callable[[int], Any]) -> Iterator[Writer]:
    with tarfile.open(fileobj=sink, mode="w|", bufsize=_PIECE, format=tarfile.PAX_FORMAT) as tar:
        writer = Writer(tar, progress)
        writer.add_bytes(HEAD, _json(asdict(head)))
        yield writer
        writer.add_bytes(MANIFEST, _json({"format": FORMAT, "entries": [asdict(e) for e in writer.entries]}))


@contextmanager
def reading(path: Path, passphrase: str) -> Iterator[Iterator[tuple[str, int, BinaryIO]]]:
    """The files of an archive in order: name, size, content.

    :raises Invalid: for what is no backup, is damaged or wants another passphrase.
    """
    with _open(path) as file:
        stream: Any = file
        if _is_sealed(file):
            if not passphrase:
                raise Invalid(f"{path.name} 已加密：请用 --passphrase-file 给出口令", code="passphrase_needed")
            reader = ChunkReader(file, lambda info: _derive(passphrase, json.loads(info)["kdf"]))
            stream = io.BufferedReader(_Stream(reader.chunks()), _PIECE)
        try:
            with tarfile.open(fileobj=stream, mode="r|", bufsize=_PIECE) as tar:
                yield _members(tar, path)
        except (tarfile.TarError, EOFError) as error:
            raise Invalid(f"{path.name} 不是备份，或已损坏（{error}）", code="damaged") from None


def _members(tar: tarfile.TarFile, path: Path) -> Iterator[tuple[str, int, BinaryIO]]:
    for member in tar:
        parts = member.name.split("/")
        good = member.isreg() and (member.name in (HEAD, MANIFEST) or (parts[0] in PARTS and len(parts) > 1))
        if not good or ".." in parts or "" in parts:
            raise Invalid(f"{path.name} 里有不该有的内容：{member.name}", code="damaged")
        content = tar.extractfile(member)
        assert content is not None  # a regular file
        yield member.name, member.size, content  # type: ignore[misc]


def head_of(path: Path) -> tuple[Head, bool]:
    """What a backup says of itself, and whether it is sealed. Needs no passphrase; nothing of it is checked yet."""
    with _open(path) as file:
        sealed = _is_sealed(file)
        try:
            if sealed:
                fixed = len(_SEALED) + 2 + 7
                start = file.read(fixed + 2)
                data = json.loads(file.read(int.from_bytes(start[-2:], "big")))["head"]
            else:
                with tarfile.open(fileobj=file, mode="r|") as tar:
                    first = tar.next()
                    content = tar.extractfile(first) if first is not None and first.name == HEAD else None
                    if content is None:
                        raise ValueError("no head")
                    data = json.load(content)
            return Head(**data), sealed
        except (ValueError, KeyError, TypeError, tarfile.TarError, EOFError):
            raise Invalid(f"{path} 不是备份，或已损坏", code="damaged") from None


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise Invalid(f"打不开备份 {path}：{error.strerror}") from None


def _is_sealed(file: BinaryIO) -> bool:
    start = file.read(len(_SEALED))
    file.seek(0)
    return start == _SEALED


def _derive(passphrase: str, kdf: dict[str, Any]) -> bytes:
    from argon2.exceptions import HashingError
    from argon2.low_level import Type, hash_secret_raw

    try:
        if kdf["name"] != "argon2id" or not 0 < kdf["memory_kib"] <= _MAX_MEMORY_KIB or not 0 < kdf["time"] <= 100:
            raise ValueError
        return hash_secret_raw(passphrase.encode(), base64.b64decode(kdf["salt"]), kdf["time"], kdf["memory_kib"],
                               kdf["lanes"], 16, Type.ID)
    except (HashingError, ValueError, KeyError, TypeError):
        raise Invalid("备份的口令参数无法识别，文件可能已损坏", code="damaged") from None


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode()


__all__ = ["FORMAT", "HEAD", "MANIFEST", "SUFFIX", "Entry", "Head", "Writer", "head_of", "reading", "writing"]
