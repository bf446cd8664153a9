"""The little DER that SM2 and certificates need; strict, so that one value has one encoding."""

from __future__ import annotations

_INTEGER, _BITS, _OCTETS, _SEQUENCE = 0x02, 0x03, 0x04, 0x30


class DERError(ValueError):
    """Not the DER that was expected."""


def integer(value: int) -> bytes:
    """A non-negative INTEGER."""
    return _tlv(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(value: bytes) -> bytes:
    return _tlv(_OCTETS, value)


def bits(value: bytes) -> bytes:
    """A BIT STRING of whole bytes."""
    return _tlv(_BITS, b"\x00" + value)


def sequence(*parts: bytes) -> bytes:
    return _tlv(_SEQUENCE, b"".join(parts))


def read_integers(data: bytes, count: int) -> list[int]:
    """The members of a SEQUENCE of ``count`` non-negative INTEGERs, and nothing else."""
    body, rest = _take(bytes(data), _SEQUENCE)
    values = []
    for _ in range(count):
        raw, body = _take(body, _INTEGER)
        values.append(_to_int(raw))
    if body or rest:
        raise DERError("trailing bytes")
    return values


def read_cipher(data: bytes) -> tuple[int, int, bytes, bytes]:
    """SM2Cipher: x, y, hash, ciphertext."""
    body, rest = _take(bytes(data), _SEQUENCE)
    x, body = _take(body, _INTEGER)
    y, body = _take(body, _INTEGER)
    digest, body = _take(body, _OCTETS)
    text, body = _take(body, _OCTETS)
    if body or rest:
        raise DERError("trailing bytes")
    return _to_int(x), _to_int(y), digest, text


def _tlv(tag: int, body: bytes) -> bytes:
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def _take(data: bytes, tag: int) -> tuple[bytes, bytes]:
    if len(data) < 2 or data[0] != tag:
        raise DERError("another type was expected")
    size, start = data[1], 2
    if size & 0x80:
        count = size & 0x7F
        raw = data[2 : 2 + count]
        size, start = int.from_bytes(raw, "big"), 2 + count
        if not 0 < count <= 4 or len(raw) < count or raw[0] == 0 or size < 0x80:
            raise DERError("length not in its shortest form")
    if len(data) < start + size:
        raise DERError("cut short")
    return data[start : start + size], data[start + size :]


def _to_int(raw: bytes) -> int:
    if not raw or raw[0] & 0x80 or (len(raw) > 1 and raw[0] == 0 and not raw[1] & 0x80):
        raise DERError("integer negative or not in its shortest form")
    return int.from_bytes(raw, "big")
