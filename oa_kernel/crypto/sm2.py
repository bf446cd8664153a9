"""SM2 signatures and key wrapping (GB/T 32918-2016), encoded by GB/T 35276-2017 / GM/T 0009-2012.

`gmssl` does the arithmetic on the curve; OpenSSL knows SM2, but `cryptography` does not offer it. Everything around the
arithmetic is here, because gmssl's own helpers draw random numbers from a predictable generator, strip zeros and
fours from the front of public keys, take no identity, ignore the hash when decrypting, and accept signatures and
points outside their range. Its arithmetic is not constant-time: keep signing keys on machines whose
other users you trust.
"""

from __future__ import annotations

import functools
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Any, Final

from oa_kernel.crypto import _der
from oa_kernel.crypto.digest import DIGEST_SIZE, sm3
from oa_kernel.crypto.errors import CryptoError

#: the identity that GM/T 0009-2012 (clause 10) prescribes where none is agreed
DEFAULT_ID: Final = b"1234567812345678"

P: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A: Final = P - 3
B: Final = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G: Final = bytes.fromhex(
    "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
    "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0"
)


@dataclass(frozen=True, slots=True)
class SM2KeyPair:
    """``private``: 32 bytes; ``public``: the point's x ‖ y, 64 bytes."""

    private: bytes = field(repr=False)
    public: bytes


def generate_keypair() -> SM2KeyPair:
    """A fresh key pair; the private key is uniform in [1, n-2] (GB/T 32918.1, 6.1)."""
    private = _random_scalar().to_bytes(32, "big")
    return SM2KeyPair(private, public_of(private))


def public_of(private: bytes) -> bytes:
    """The public key (64 bytes) of a private one (32 bytes)."""
    return _multiply(_private_scalar(private), G)


def sign(private: bytes, public: bytes, data: bytes, identity: bytes = DEFAULT_ID) -> bytes:
    """Sign ``data``: DER of SEQUENCE {r, s} (GB/T 32918.2, 6; GM/T 0009-2012, 7.3), 70 to 72 bytes."""
    return sign_digest(private, message_digest(public, data, identity))


def verify(public: bytes, data: bytes, signature: bytes, identity: bytes = DEFAULT_ID) -> bool:
    """Is ``signature`` (DER) of ``data`` by the owner of ``public``? Never raises for what these bytes hold."""
    if not is_on_curve(public):
        return False
    return verify_digest(public, message_digest(public, data, identity), signature)


def message_digest(public: bytes, data: bytes, identity: bytes = DEFAULT_ID) -> bytes:
    """SM3(Z ‖ data), what is in fact signed; Z by GB/T 32918.2, 5.5, binds identity, curve and public key."""
    if len(identity) > 0xFFFF // 8:
        raise ValueError("an SM2 identity has at most 8,191 bytes")
    curve = A.to_bytes(32, "big") + B.to_bytes(32, "big") + G
    z = sm3((len(identity) * 8).to_bytes(2, "big") + identity + curve + _public(public))
    return sm3(z + data)


def sign_digest(private: bytes, digest: bytes) -> bytes:
    """Sign the 32 bytes that :func:`message_digest` gave."""
    if len(digest) != DIGEST_SIZE:
        raise ValueError(f"SM2 signs a digest of {DIGEST_SIZE} bytes, not {len(digest)}")
    engine = _engine(private=f"{_private_scalar(private):064x}")
    while True:
        signature = engine.sign(digest, f"{_random_scalar():064x}")
        if signature is not None:  # r = 0, r + k = n or s = 0: draw again (6.1, A5 and A6)
            return _der.sequence(_der.integer(int(signature[:64], 16)), _der.integer(int(signature[64:], 16)))


def verify_digest(public: bytes, digest: bytes, signature: bytes) -> bool:
    """Like :func:`verify`, over SM3(Z ‖ data)."""
    if not is_on_curve(public) or len(digest) != DIGEST_SIZE:
        return False
    try:
        r, s = _der.read_integers(signature, 2)
    except _der.DERError:
        return False
    if not (0 < r < N and 0 < s < N and (r + s) % N):
        return False
    try:
        return bool(_engine(public=public.hex()).verify(f"{r:064x}{s:064x}", digest))
    except TypeError:
        # sG + tP is the point at infinity, for which gmssl has only None; a forger can provoke it
        return False


def wrap_key(public: bytes, key: bytes) -> bytes:
    """Encrypt ``key`` (1 to 1,024 bytes) to the owner of ``public``.

    DER of SM2Cipher, C1 C3 C2 (GB/T 32918.4, 6.1; GM/T 0009-2012, 7.2).
    """
    if not 0 < len(key) <= 1024:
        raise ValueError(f"a key to wrap has 1 to 1,024 bytes, not {len(key)}")
    if not is_on_curve(public):
        raise ValueError("the public key is not a point of the SM2 curve")
    while True:
        k = _random_scalar()
        shared = _multiply(k, public)
        mask = _kdf(shared, len(key))
        if any(mask):  # all zero would send the key in clear: draw again (GB/T 32918.4, 6.1, A5)
            break
    c1 = _multiply(k, G)
    c3 = sm3(shared[:32] + key + shared[32:])
    return _der.sequence(
        _der.integer(int.from_bytes(c1[:32], "big")),
        _der.integer(int.from_bytes(c1[32:], "big")),
        _der.octets(c3),
        _der.octets(_xor(key, mask)),
    )


def unwrap_key(private: bytes, blob: bytes) -> bytes:
    """What :func:`wrap_key` wrapped; :class:`CryptoError` if it was altered or is for another key."""
    scalar = _private_scalar(private)
    try:
        x, y, c3, c2 = _der.read_cipher(blob)
        point = x.to_bytes(32, "big") + y.to_bytes(32, "big")
    except (_der.DERError, OverflowError) as exc:
        raise CryptoError("SM2 密文的格式不对，数据可能已损坏。") from exc
    if not is_on_curve(point) or not c2:
        raise CryptoError("SM2 密文中的点不在曲线上，数据已损坏或被改动。")
    shared = _multiply(scalar, point)
    key = _xor(c2, _kdf(shared, len(c2)))
    if not hmac.compare_digest(sm3(shared[:32] + key + shared[32:]), c3):
        raise CryptoError("SM2 密文校验失败：数据已被改动，或不是为这把密钥加密的。")
    return key


def is_on_curve(public: bytes) -> bool:
    """Is ``public`` (x ‖ y, 64 bytes) a point of the curve, other than infinity?"""
    if len(public) != 64:
        return False
    x, y = int.from_bytes(public[:32], "big"), int.from_bytes(public[32:], "big")
    return x < P and y < P and (y * y - (x * x * x + A * x + B)) % P == 0


def _public(public: bytes) -> bytes:
    if len(public) != 64:
        raise ValueError(f"an SM2 public key has 64 bytes (x ‖ y, without 04), not {len(public)}")
    return public


def _private_scalar(private: bytes) -> int:
    scalar = int.from_bytes(private, "big")
    if len(private) != 32 or not 0 < scalar < N - 1:
        raise ValueError("an SM2 private key has 32 bytes and lies in [1, n-2]")
    return scalar


def _random_scalar() -> int:
    return secrets.randbelow(N - 2) + 1


@functools.cache
def _gmssl_class() -> Any:
    from gmssl.sm2 import CryptSM2

    return CryptSM2


def _engine(private: str = "", public: str = "") -> Any:
    engine = _gmssl_class()("", "")
    # set after construction: the constructor strips every leading 0 and 4 from a public key that begins with 04
    engine.private_key, engine.public_key = private, public
    return engine


def _multiply(scalar: int, point: bytes) -> bytes:
    return bytes.fromhex(_engine()._kg(scalar, point.hex()))


def _kdf(shared: bytes, length: int) -> bytes:
    """Key derivation of GB/T 32918.4, 5.4.3."""
    blocks = (sm3(shared + counter.to_bytes(4, "big")) for counter in range(1, -(-length // DIGEST_SIZE) + 1))
    return b"".join(blocks)[:length]


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(len(left), "big")
