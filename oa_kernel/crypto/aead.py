"""SM4-GCM (GB/T 32907-2016, GB/T 17964-2021) for small things: a secret, a key, a token; and for one message by pieces.

Files go through :mod:`oa_kernel.crypto.stream`. `cryptography`'s OpenSSL does the work.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Final

from oa_kernel.crypto.errors import CryptoError

KEY_SIZE: Final = 16
NONCE_SIZE: Final = 12
TAG_SIZE: Final = 16
_VERSION: Final = 1
_PIECE: Final = 256 * 1024
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
    return b"".join(seal_pieces(key, (data,), aad))


def seal_pieces(key: bytes, pieces: Iterable[bytes], aad: bytes = b"") -> Iterator[bytes]:
    """What :func:`seal_bytes` makes of all ``pieces`` together, piece by piece: for one message that need not be in memory."""
    nonce = secrets.token_bytes(NONCE_SIZE)
    encryptor = gcm(key, nonce).encryptor()
    encryptor.authenticate_additional_data(bytes([_VERSION]) + aad)
    yield bytes([_VERSION]) + nonce
    for piece in pieces:
        yield encryptor.update(piece)
    yield encryptor.finalize() + encryptor.tag


def open_bytes(key: bytes, sealed: bytes, aad: bytes = b"") -> bytes:
    """What :func:`seal_bytes` sealed; :class:`CryptoError` if one bit of it, of ``aad`` or of the key differs."""
    return b"".join(open_pieces(key, io.BytesIO(sealed), len(sealed), aad))


def open_pieces(key: bytes, source: BinaryIO, size: int, aad: bytes = b"") -> Iterator[bytes]:
    """What :func:`seal_bytes` sealed, piece by piece, from the ``size`` bytes that ``source`` gives next.

    Only the end tells whether it is genuine: :class:`CryptoError` is raised after the last piece, and until then nothing of
    it may be believed or kept.
    """
    from cryptography.exceptions import InvalidTag

    if size < OVERHEAD:
        raise CryptoError("密文不完整：长度不足。请从备份恢复该数据。")
    head = source.read(1 + NONCE_SIZE)
    if len(head) < 1 + NONCE_SIZE:
        raise CryptoError("密文不完整：长度不足。请从备份恢复该数据。")
    if head[0] != _VERSION:
        raise CryptoError(f"密文格式版本 {head[0]} 无法识别，数据可能已损坏，或由更新版本的系统写入。")
    decryptor = gcm(key, head[1:]).decryptor()
    decryptor.authenticate_additional_data(head[:1] + aad)
    left = size - OVERHEAD
    while left:
        piece = source.read(min(_PIECE, left))
        if not piece:
            raise CryptoError("密文不完整：末尾缺失。请从备份恢复该数据。")
        left -= len(piece)
        yield decryptor.update(piece)
    try:
        rest = decryptor.finalize_with_tag(source.read(TAG_SIZE))
    except (InvalidTag, ValueError) as exc:
        raise CryptoError("密文校验失败：数据已被改动，或密钥不对。请从备份恢复该数据，并检查密钥目录。") from exc
    if rest:
        yield rest
