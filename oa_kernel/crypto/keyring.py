"""The installation's keys, in one folder.

::

    keys/             mode 0700
      ring.json       0600  the ring key, plain or wrapped by a passphrase (Argon2id)
      root-0001….key  0600  secret from which `secret(purpose)` is derived
      data-0001….key  0600  SM4 master keys: the newest encrypts, all decrypt
      sm2-audit-0001….key   SM2 signing keys, by purpose

Every key file is sealed with the ring key, so changing or adding a passphrase rewrites ring.json alone. A key file
is written once and never changed or removed by the ring: old data stays readable. Writes are crash-safe.
"""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from oa_kernel.crypto import _keyfiles, sm2
from oa_kernel.crypto.aead import new_key, open_bytes, seal_bytes
from oa_kernel.crypto.digest import hkdf_sm3
from oa_kernel.crypto.errors import CryptoError, KeyRingError, UnknownKey

_ENVELOPE: Final = 1
_WRAP: Final = b"oa-kernel key wrap"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An SM2 key pair of the ring with its ``id`` and ``purpose``; ``created`` is an aware UTC time."""

    id: str
    purpose: str
    public: bytes
    created: datetime
    private: bytes = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """DER signature of ``data``."""
        return sm2.sign(self.private, self.public, data)

    def verify(self, data: bytes, signature: bytes) -> bool:
        return sm2.verify(self.public, data, signature)


@dataclass(frozen=True, slots=True)
class _Key:
    id: str
    kind: str  # "root", "data", "sm2-<purpose>"
    number: int
    created: datetime
    value: bytes = field(repr=False)


class KeyRing:
    """Open with :meth:`open`, make with :meth:`create`; safe to share between threads and processes."""

    def __init__(self, folder: Path, ring_key: bytes) -> None:
        self.folder = folder
        self._ring_key = ring_key
        self._lock = threading.RLock()
        self._keys: dict[str, _Key] = {}
        self._seen = -1
        self._secrets: dict[str, bytes] = {}
        self._reload()
        if not self._of("root") or not self._of("data"):
            raise KeyRingError(f"密钥目录 {folder} 不完整：缺少根密钥或数据密钥。请从备份恢复整个目录。")

    # making and opening

    @classmethod
    def create(cls, folder: str | os.PathLike[str], passphrase: str | None = None) -> KeyRing:
        """Make a folder with a fresh root secret and data key; :class:`KeyRingError` if it already holds anything.

        The folder appears complete or not at all.
        """
        target = Path(folder)
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise KeyRingError(f"{target} 已存在且不为空，不会覆盖其中的密钥。请换一个目录。")
        ring_key = new_key()
        with _keyfiles.new_folder(target) as building:
            _keyfiles.write(building / "ring.json", _ring_document(ring_key, passphrase))
            _write_key(building, ring_key, "root", 1, os.urandom(32))
            _write_key(building, ring_key, "data", 1, new_key())
        return cls(target, ring_key)

    @classmethod
    def open(cls, folder: str | os.PathLike[str], passphrase: str | None = None) -> KeyRing:
        """Open a folder that :meth:`create` made; :class:`KeyRingError` says what is wrong with it."""
        target = Path(folder)
        _keyfiles.check_folder(target)
        return cls(target, _read_ring_key(target, passphrase))

    @staticmethod
    def exists(folder: str | os.PathLike[str]) -> bool:
        """Is there a key ring in ``folder``?"""
        return (Path(folder) / "ring.json").is_file()

    def change_passphrase(self, new: str | None) -> None:
        """Protect the ring by ``new`` from now on, or by file modes alone if None. No other file changes."""
        with self._writing():
            _keyfiles.write(self.folder / "ring.json", _ring_document(self._ring_key, new), replace=True)

    # data

    def encrypt(self, data: bytes, aad: bytes = b"") -> bytes:
        """Encrypt a small secret with the newest data key: version ‖ length of key id ‖ key id ‖ SM4-GCM.

        Bind it to its place with ``aad``, such as ``b"user:17:totp"``, so that it cannot be moved to another row.
        """
        key = self._newest("data")
        head = bytes([_ENVELOPE, len(key.id)]) + key.id.encode()
        return head + seal_bytes(key.value, data, head + aad)

    def decrypt(self, blob: bytes, aad: bytes = b"") -> bytes:
        """What :meth:`encrypt` made, by whichever key; :class:`CryptoError` or :class:`UnknownKey` if it cannot be."""
        key_id = self.key_id_of(blob)
        head = blob[: 2 + len(key_id)]
        return open_bytes(self._find(key_id).value, blob[len(head) :], head + aad)

    def wrap(self, key: bytes) -> bytes:
        """Envelope of a file's own key, to be stored beside the file."""
        return self.encrypt(key, _WRAP)

    def unwrap(self, blob: bytes) -> bytes:
        """The key in an envelope that :meth:`wrap` made."""
        return self.decrypt(blob, _WRAP)

    def rotate(self) -> str:
        """Add a data key that encrypts from now on; returns its id. What was encrypted before stays readable."""
        with self._writing():
            return self._add("data", new_key()).id

    @property
    def current_data_key(self) -> str:
        """Id of the data key that encrypts."""
        return self._newest("data").id

    def key_id_of(self, blob: bytes) -> str:
        """Id of the key that ``blob`` was encrypted with."""
        blob = bytes(blob)
        if len(blob) < 2 or blob[0] != _ENVELOPE or len(blob) < 2 + blob[1]:
            raise CryptoError("密文信封的格式无法识别，数据可能已损坏。请从备份恢复该数据。")
        try:
            return blob[2 : 2 + blob[1]].decode("ascii")
        except UnicodeDecodeError as exc:
            raise CryptoError("密文信封中的密钥编号已损坏。请从备份恢复该数据。") from exc

    def secret(self, purpose: str) -> bytes:
        """32 bytes that depend on the root secret and ``purpose`` alone, such as ``"session"`` or ``"csrf"``."""
        if purpose not in self._secrets:
            root = self._of("root")[0]
            self._secrets[purpose] = hkdf_sm3(root.value, b"oa-kernel secret: " + purpose.encode())
        return self._secrets[purpose]

    # signing

    def signing(self, purpose: str) -> SigningKey:
        """The newest SM2 key of ``purpose`` (lower-case letters, digits, ``.`` and ``_``), made on first demand."""
        kind = _signing_kind(purpose)
        if not self._current(kind):
            with self._writing():
                if not self._of(kind):
                    self._add(kind, sm2.generate_keypair().private)
        return _signing_key(self._of(kind)[-1])

    def rotate_signing(self, purpose: str) -> SigningKey:
        """Add a signing key that is used from now on; older ones still verify."""
        with self._writing():
            return _signing_key(self._add(_signing_kind(purpose), sm2.generate_keypair().private))

    def signing_keys(self, purpose: str) -> list[SigningKey]:
        """All keys of ``purpose``, oldest first."""
        return [_signing_key(key) for key in self._current(_signing_kind(purpose))]

    def signing_key(self, key_id: str) -> SigningKey:
        """The signing key with this id; :class:`UnknownKey` if the ring does not hold it."""
        key = self._find(key_id)
        if not key.kind.startswith("sm2-"):
            raise UnknownKey(f"密钥 {key_id} 不是签名密钥。")
        return _signing_key(key)

    def describe(self) -> list[dict[str, Any]]:
        """Id, kind and time of creation (ISO 8601) of each key, without any secret: for `oa doctor`."""
        self._refresh()
        keys = sorted(self._keys.values(), key=lambda key: (key.kind, key.number))
        return [{"id": key.id, "kind": key.kind, "created": key.created.isoformat()} for key in keys]

    # inside

    def _of(self, kind: str) -> list[_Key]:
        return sorted((key for key in self._keys.values() if key.kind == kind), key=lambda key: key.number)

    def _current(self, kind: str) -> list[_Key]:
        self._refresh()
        return self._of(kind)

    def _newest(self, kind: str) -> _Key:
        return self._current(kind)[-1]

    def _find(self, key_id: str) -> _Key:
        key = self._keys.get(key_id)
        if key is None:
            self._reload()  # always: two changes of the folder may fall into one tick of its clock
            key = self._keys.get(key_id)
        if key is None:
            raise UnknownKey(
                f"密钥目录 {self.folder} 中没有密钥 {key_id[:80]!r}，无法解密或验证。请从备份恢复该密钥文件。"
            )
        return key

    def _refresh(self) -> None:
        """Another process may have added a key: the folder's time of change tells, without reading it."""
        try:
            changed = self.folder.stat().st_mtime_ns
        except OSError as exc:
            raise KeyRingError(f"无法读取密钥目录 {self.folder}：{exc.strerror}。") from exc
        if changed != self._seen:
            self._reload()

    def _reload(self) -> None:
        with self._lock:
            seen = self.folder.stat().st_mtime_ns
            known = set(self._keys)
            fresh = {
                path.stem: _read_key(path, self._ring_key)
                for path in sorted(self.folder.glob("*.key"))
                if path.stem not in known
            }
            self._keys = {**self._keys, **fresh}
            self._seen = seen

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock, _keyfiles.locked(self.folder):
            self._reload()
            yield

    def _add(self, kind: str, value: bytes) -> _Key:
        keys = self._of(kind)
        path = _write_key(self.folder, self._ring_key, kind, keys[-1].number + 1 if keys else 1, value)
        self._reload()
        return self._keys[path.stem]


def _signing_kind(purpose: str) -> str:
    if not purpose or not all(c.isascii() and (c.islower() or c.isdigit() or c in "._") for c in purpose):
        raise ValueError(f"a purpose consists of lower-case letters, digits, '.' and '_', not {purpose!r}")
    return f"sm2-{purpose}"


def _signing_key(key: _Key) -> SigningKey:
    # the file holds private ‖ public: deriving the public key would cost as much as a signature
    return SigningKey(key.id, key.kind[4:], key.value[32:], key.created, key.value[:32])


def _write_key(folder: Path, ring_key: bytes, kind: str, number: int, value: bytes) -> Path:
    if kind.startswith("sm2-"):
        value += sm2.public_of(value)
    key_id = f"{kind}-{number:04d}-{os.urandom(4).hex()}"
    document = {
        "format": 1,
        "id": key_id,
        "kind": kind,
        "number": number,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    sealed = seal_bytes(ring_key, value, json.dumps(document, sort_keys=True).encode())
    path = folder / f"{key_id}.key"
    _keyfiles.write(path, {**document, "key": base64.b64encode(sealed).decode()})
    return path


def _read_key(path: Path, ring_key: bytes) -> _Key:
    document = _keyfiles.read(path)
    try:
        sealed = base64.b64decode(document.pop("key"), validate=True)
        value = open_bytes(ring_key, sealed, json.dumps(document, sort_keys=True).encode())
        if document["id"] != path.stem:
            raise KeyRingError(f"密钥文件 {path} 被改了名，原名为 {document['id']}.key。请改回原名。")
        created = datetime.fromisoformat(document["created"])
        return _Key(document["id"], document["kind"], int(document["number"]), created, value)
    except (KeyError, TypeError, ValueError, CryptoError) as exc:
        raise KeyRingError(f"密钥文件 {path} 已损坏，或不属于这个密钥目录。请从备份恢复。") from exc


def _ring_document(ring_key: bytes, passphrase: str | None) -> dict[str, Any]:
    if passphrase is None:
        return {"format": 1, "protection": "file-mode", "key": base64.b64encode(ring_key).decode()}
    if not passphrase:
        raise KeyRingError("密钥口令不能为空。")
    kdf = _keyfiles.new_kdf()
    sealed = seal_bytes(_keyfiles.derive(passphrase, kdf), ring_key, b"oa-kernel ring key")
    return {"format": 1, "protection": "passphrase", "kdf": kdf, "key": base64.b64encode(sealed).decode()}


def _read_ring_key(folder: Path, passphrase: str | None) -> bytes:
    path = folder / "ring.json"
    document = _keyfiles.read(path)
    try:
        raw = base64.b64decode(document["key"], validate=True)
        protected = {"file-mode": False, "passphrase": True}[document["protection"]]
        if document["format"] != 1:
            raise KeyRingError(f"{path} 的格式版本为 {document['format']}，请升级系统后再打开。")
        kek = _keyfiles.derive(passphrase, document["kdf"]) if protected and passphrase else b""
    except (KeyError, TypeError, ValueError) as exc:
        raise KeyRingError(f"{path} 已损坏。请从备份恢复。") from exc
    if not protected:
        if len(raw) != 16:
            raise KeyRingError(f"{path} 已损坏。请从备份恢复。")
        return raw
    if not passphrase:
        raise KeyRingError(f"密钥目录 {folder} 由口令保护，请提供口令。")
    try:
        return open_bytes(kek, raw, b"oa-kernel ring key")
    except CryptoError as exc:
        raise KeyRingError(f"密钥目录 {folder} 的口令不对，或 {path.name} 已损坏。") from exc
