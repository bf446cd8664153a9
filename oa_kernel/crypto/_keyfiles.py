"""Files of the key ring: modes, crash-safe writing, the lock between processes, the passphrase's Argon2id."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from oa_kernel.crypto.errors import KeyRingError

# RFC 9106, section 4, second recommended option: 64 MiB, three passes, four lanes
_TIME, _MEMORY_KIB, _LANES = 3, 64 * 1024, 4
_MAX_MEMORY_KIB: Final = 4 * 1024 * 1024


def check_folder(folder: Path) -> None:
    """Refuse a folder that is missing, or that others than its owner can enter."""
    try:
        info = folder.stat()
    except OSError as exc:
        raise KeyRingError(f"打不开密钥目录 {folder}：{exc.strerror}。请检查配置中的路径，或先运行 oa init。") from exc
    if not stat.S_ISDIR(info.st_mode):
        raise KeyRingError(f"{folder} 不是目录，无法作为密钥目录。")
    _check_mode(folder, info.st_mode, "700")


def read(path: Path) -> dict[str, Any]:
    """A key file's JSON object; refuses a file that others than its owner can read."""
    try:
        with path.open("rb") as file:
            _check_mode(path, os.fstat(file.fileno()).st_mode, "600")
            document = json.loads(file.read(64 * 1024))
    except OSError as exc:
        raise KeyRingError(f"打不开密钥文件 {path}：{exc.strerror}。请检查该文件及其所有者，或从备份恢复。") from exc
    except ValueError as exc:
        raise KeyRingError(f"密钥文件 {path} 已损坏，不是有效的 JSON。请从备份恢复。") from exc
    if not isinstance(document, dict):
        raise KeyRingError(f"密钥文件 {path} 已损坏。请从备份恢复。")
    return document


def write(path: Path, document: dict[str, Any], replace: bool = False) -> None:
    """Write a key file so that after any crash it is there whole, or (if it replaces one) the old one is."""
    descriptor, temporary = tempfile.mkstemp(prefix=".writing-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(json.dumps(document, indent=1).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if replace:
            os.rename(temporary, path)
        else:
            os.link(temporary, path)  # unlike rename, never overwrites a key
            os.unlink(temporary)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a folder's entries durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to build in, which becomes ``target`` (missing or empty) when the block ends well."""
    target.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))  # mode 0700
    try:
        yield building
        sync_folder(building)
        os.rename(building, target)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    sync_folder(target.parent)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One writer at a time among all processes; the lock falls with its process."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def new_kdf() -> dict[str, Any]:
    """Parameters of Argon2id with a fresh salt."""
    salt = base64.b64encode(os.urandom(16)).decode()
    return {"name": "argon2id", "salt": salt, "time": _TIME, "memory_kib": _MEMORY_KIB, "lanes": _LANES}


def derive(passphrase: str, kdf: dict[str, Any]) -> bytes:
    """The 16-byte key of a passphrase (about 0.1 s); ValueError for parameters that cannot be."""
    from argon2.exceptions import HashingError
    from argon2.low_level import Type, hash_secret_raw

    if kdf["name"] != "argon2id" or not 0 < kdf["memory_kib"] <= _MAX_MEMORY_KIB or not 0 < kdf["time"] <= 100:
        raise ValueError("unknown key derivation")
    try:
        return hash_secret_raw(
            passphrase.encode(),
            base64.b64decode(kdf["salt"]),
            kdf["time"],
            kdf["memory_kib"],
            kdf["lanes"],
            16,
            Type.ID,
        )
    except HashingError as exc:
        raise ValueError("unusable key derivation parameters") from exc


def _check_mode(path: Path, mode: int, wanted: str) -> None:
    if mode & 0o077:
        raise KeyRingError(
            f"{path} 的权限是 {stat.S_IMODE(mode):03o}，其他人也能访问。请运行：chmod {wanted} {path}"
        )
