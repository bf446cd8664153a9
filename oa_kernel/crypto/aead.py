"""SM4-GCM (GB/T 32907-2016, GB/T 17964-2021) for small things: a secret, a key, a token.

Files go through :mod:`oa_kernel.crypto.stream`. `cryptography`'s OpenSSL does the work.
"""

from __future__ import annotations

import secrets
from typing import Any, Final

from oa_kernel.crypto.errors import CryptoError

KEY_SIZE: Final = 16
NONCE_SIZE: Final = 12
TAG_SIZE: Final = 16
_VERSION: Final = 1
OVERHEAD: Final = 1 + NONCE_SIZE + TAG_SIZE


def new_key() -> bytes:
    """A random SM4 key: 16 bytes."""
    return secrets.token_bytes(KEY_SIZE)


def gcm(key: bytes, nonce: bytes) -> Any:
    """The `cryptography` cipher object, for one message."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if len(key) != KEY_SIZE:
        raise ValueError(f"an SM4 key has {KEY_SIZE} bytes, not {len(key)}")
    return Cipher(algorithms.SM4(key), modes.GCM(nonce))


def seal_bytes(key: bytes, data: bytes, aad: bytes = b"") -> bytes:
    """Encrypt and authenticate ``data``: version ‖ nonce (12) ‖ ciphertext ‖ tag (16), 29 bytes longer than ``data``.

    ``aad`` is authenticated and not stored; the same must be given to :func:`open_bytes`. The nonce is random,
    so one key must not seal more than 2³² messages (NIST SP 800-38D, 8.3).
    """
    nonce = secrets.token_bytes(NONCE_SIZE)
    encryptor = gcm(key, nonce).encryptor()
    encryptor.authenticate_additional_data(bytes([_VERSION]) + aad)
    ciphertext = encryptor.update(data) + encryptor.finalize()
    return b"".join((bytes([_VERSION]), nonce, ciphertext, encryptor.tag))


def open_bytes(key: bytes, sealed: bytes, aad: bytes = b"") -> bytes:
    """What :func:`seal_bytes` sealed; :class:`CryptoError` if one bit of it, of ``aad`` or of the key differs."""
    from cryptography.exceptions import InvalidTag

    if len(sealed) < OVERHEAD:
        raise CryptoError("密文不完整：长度不足。请从备份恢复该数据。")
    if sealed[0] != _VERSION:
        raise CryptoError(f"密文格式版本 {sealed[0]} 无法识别，数据可能已损坏，或由更新版本的系统写入。")
    nonce, tag = sealed[1 : 1 + NONCE_SIZE], sealed[-TAG_SIZE:]
    decryptor = gcm(key, nonce).decryptor()
    decryptor.authenticate_additional_data(bytes([_VERSION]) + aad)
    try:
        return bytes(decryptor.update(sealed[1 + NONCE_SIZE : -TAG_SIZE]) + decryptor.finalize_with_tag(tag))
    except InvalidTag as exc:
        raise CryptoError("密文校验失败：数据已被改动，或密钥不对。请从备份恢复该数据，并检查密钥目录。") from exc
