"""The package's bytes, version 1: ``OAX1 ‖ length ‖ header ‖ length ‖ signature ‖ body``.

The header is JSON in its one canonical form and says who sends what to whom and when; it holds the content key, wrapped
for the recipient's SM2 key (GB/T 32918.4), and the SM3 of the body. The signature (SM2 with SM3, GB/T 32918.2) is over
the header, so that it covers all. The body is the content under SM4-GCM, bound to id, sender and recipient.
"""

from __future__ import annotations

import base64
import datetime as dt
import io
import json
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO

from oa_kernel import crypto

from .errors import PackageError

MAGIC = b"OAX1"
#: bytes within which magic, header and signature end
HEAD_MOST = 16 * 1024
_PIECE = 256 * 1024
_DOMAIN = b"oa-exchange package 1\0"
_HEX = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[0-9a-f]{32}")
_TYPE = re.compile(r"[a-z]{1,12}")


@dataclass(frozen=True)
class Header:
    """What the header says. ``sender`` and ``recipient`` are fingerprints (SM3 of the signing certificate).

    ``created``: when the message was made; ``sent``: when this package was. ``key``: SM2Cipher in base64; ``size`` and
    ``sm3`` are the body's.
    """

    id: str
    type: str
    reply_to: str
    sender: str
    recipient: str
    created: str
    sent: str
    key: str
    size: int
    sm3: str
    v: int = 1

    @property
    def created_at(self) -> dt.datetime:
        """``created`` as an instant."""
        return dt.datetime.fromisoformat(self.created)

    @property
    def sent_at(self) -> dt.datetime:
        """``sent`` as an instant."""
        return dt.datetime.fromisoformat(self.sent)

    @property
    def bound(self) -> bytes:
        """What the body is bound to."""
        return f"oa-exchange body 1|{self.id}|{self.sender}|{self.recipient}".encode()


@dataclass(frozen=True)
class Head:
    """A package up to its body, not verified yet. ``start`` is where the body begins."""

    header: Header
    raw: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    start: int

    @property
    def sm3(self) -> str:
        """By which an answer names the very package it answers."""
        return crypto.sm3_hex(self.raw)

    @property
    def whole(self) -> int:
        """Bytes of the whole package."""
        return self.start + self.header.size


def canonical(value: Any) -> bytes:
    """JSON in its one form: keys sorted, no space, UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Sealed:
    """A package that was made: its head, and its body in a file. ``sm3``: of its header; ``size``: bytes of all of it."""

    head: bytes = field(repr=False)
    body: BinaryIO = field(repr=False)
    sm3: str
    size: int

    def pieces(self) -> Iterator[bytes]:
        """All of it, as often as it is asked for."""
        yield self.head
        self.body.seek(0)
        yield from iter(lambda: self.body.read(_PIECE), b"")

    def copy_to(self, sink: BinaryIO) -> None:
        """Writes all of it into ``sink``."""
        for piece in self.pieces():
            sink.write(piece)

    def __bytes__(self) -> bytes:
        return b"".join(self.pieces())

    def close(self) -> None:
        """Lets go of the file."""
        self.body.close()


def seal(
    content: Iterable[bytes], *, into: BinaryIO | None = None, id: str, type: str, sender: str, signing: crypto.SigningKey,
    recipient: str, recipient_public: bytes, created: dt.datetime, sent: dt.datetime, reply_to: str = "",
) -> Sealed:
    """A package. Only its ciphertext is written, into ``into`` (in memory where left out).

    :param content: in clear, in pieces. ``sender, recipient``: fingerprints. ``recipient_public``: the 64 bytes of the
        recipient's encryption key.
    """
    key, body, digest, size = crypto.new_key(), io.BytesIO() if into is None else into, crypto.SM3(), 0
    bare = Header(id, type, reply_to, sender, recipient, _instant(created), _instant(sent),
                  base64.b64encode(crypto.wrap_key(recipient_public, key)).decode(), 0, "")
    for piece in crypto.seal_pieces(key, content, bare.bound):
        digest.update(piece)
        body.write(piece)
        size += len(piece)
    raw = canonical({**asdict(bare), "size": size, "sm3": digest.hexdigest()})
    signature = signing.sign(_DOMAIN + raw)
    head = MAGIC + struct.pack(">I", len(raw)) + raw + struct.pack(">H", len(signature)) + signature
    return Sealed(head, body, crypto.sm3_hex(raw), len(head) + size)


def read_head(data: bytes) -> Head:
    """What the first bytes say (16 KiB are enough). Raises PackageError; nothing is verified yet."""
    try:
        if data[:4] != MAGIC:
            raise PackageError("这不是交换包")
        (length,) = struct.unpack(">I", data[4:8])
        raw = data[8 : 8 + length]
        (signed,) = struct.unpack(">H", data[8 + length : 10 + length])
        start = 10 + length + signed
        signature = data[10 + length : start]
        if start > HEAD_MOST or len(raw) != length or len(signature) != signed:
            raise PackageError("交换包不完整或头部过长")
        values = json.loads(raw)
        header = Header(**values)
        _check(header)
        if canonical(values) != raw:
            raise PackageError("交换包头部的写法不规范")
    except (struct.error, ValueError, TypeError, RecursionError) as error:
        raise PackageError("交换包的头部无法读取") from error
    return Head(header, raw, signature, start)


def verify(head: Head, public: bytes) -> None:
    """Raises PackageError (``signature``) unless the header was signed with the key."""
    if not crypto.verify(public, _DOMAIN + head.raw, head.signature):
        raise PackageError("签名不符：交换包被改动过，或不是该单位发出的", code="signature")


@dataclass(frozen=True)
class Body:
    """A body as its sender signed it, in a file, still encrypted."""

    _source: BinaryIO = field(repr=False)
    _start: int
    _size: int
    _key: bytes = field(repr=False)
    _bound: bytes

    def pieces(self) -> Iterator[bytes]:
        """The content, as often as it is asked for. Raises PackageError (``content``) at the end where it is not genuine."""
        self._source.seek(self._start)
        try:
            yield from crypto.open_pieces(self._key, self._source, self._size, self._bound)
        except (crypto.CryptoError, ValueError) as error:
            raise PackageError("内容解不开：被改动过，或与头部不是一起的", code="content") from error


def open_body(head: Head, source: BinaryIO, private: bytes) -> Body:
    """The body of the package that ``source`` holds. Raises PackageError: ``digest`` (another body), ``key`` (for somebody
    else)."""
    header, digest, size = head.header, crypto.SM3(), 0
    source.seek(head.start)
    while piece := source.read(_PIECE):
        digest.update(piece)
        size += len(piece)
    if size != header.size or digest.hexdigest() != header.sm3:
        raise PackageError("内容的摘要与头部不符：交换包不完整或被改动过", code="digest")
    try:
        key = crypto.unwrap_key(private, base64.b64decode(header.key, validate=True))
    except (crypto.CryptoError, ValueError) as error:
        raise PackageError("内容密钥打不开：不是发给本单位的，或被改动过", code="key") from error
    return Body(source, head.start, size, key, header.bound)


def _check(header: Header) -> None:
    if header.v != 1 or isinstance(header.v, bool):
        raise PackageError(f"交换包的版本 {str(header.v)[:20]} 不认识，请升级系统")
    texts = (header.id, header.type, header.reply_to, header.sender, header.recipient, header.created, header.sent, header.key,
             header.sm3)
    good = all(isinstance(t, str) for t in texts) and isinstance(header.size, int) and not isinstance(header.size, bool) \
        and _ID.fullmatch(header.id) and _TYPE.fullmatch(header.type) and (not header.reply_to or _ID.fullmatch(header.reply_to)) \
        and _HEX.fullmatch(header.sender) and _HEX.fullmatch(header.recipient) and _HEX.fullmatch(header.sm3) \
        and header.size >= 0
    if not good or header.created_at.tzinfo is None or header.sent_at.tzinfo is None:
        raise PackageError("交换包头部的内容不对")


def _instant(value: dt.datetime) -> str:
    return value.astimezone(dt.UTC).isoformat(timespec="seconds")
