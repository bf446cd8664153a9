"""The bytes of an incremental update (ISO 32000-1, 7.5.6): objects one after another, and their cross-references.

What is written here is read here again: a sealing that follows another one is compared with what it must be, byte by
byte. So nothing in these bytes may come from a library whose next version writes a number or a name in another way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from oa_documents.seal.errors import SealError

#: ``%%EOF`` and what leads to the cross-references, as every sealing ends
_END: Final = re.compile(rb"startxref\n(\d{1,12})\n%%EOF\n\Z")
_SHARED: Final = (
    rb"/Root (?P<root>\d{1,10} \d{1,5}) R /Prev \d{1,12} /ID \[<(?P<id>[0-9a-f]*)> <[0-9a-f]*>\]"
    rb"(?: /Info (?P<info>\d{1,10} \d{1,5}) R)?"
)
_TABLE: Final = re.compile(
    rb"xref\n(?:\d{1,10} 1\n\d{10} \d{5} [nf] \n)+trailer\n<< /Size (?P<size>\d{1,10}) " + _SHARED + rb" >>\nstartxref\n"
)
_STREAM: Final = re.compile(
    rb"\d{1,10} 0 obj\n<< /Type /XRef /Size (?P<size>\d{1,10}) /W \[1 8 2\] /Index \[[\d ]*\] " + _SHARED
    + rb" /Length \d{1,10} >>\nstream\n"
)


@dataclass(frozen=True, slots=True)
class Trailer:
    """What an update must know of the file it continues. References are ``b"12 0"``, ``identity`` hexadecimal."""

    table: bool
    start: int
    size: int
    root: bytes
    identity: bytes
    info: bytes | None


def trailer_of(data: bytes, end: int) -> Trailer:
    """The trailer of the sealing that ends at ``end``; :class:`SealError` if it is not of this program's making."""
    last = _END.search(data, max(0, end - 64), end)
    if last is not None:
        start = int(last[1])
        table = data.startswith(b"xref", start)
        found = (_TABLE if table else _STREAM).match(data, start, end)
        if found is not None:
            return Trailer(table, start, int(found["size"]), found["root"], found["id"], found["info"])
    raise SealError("前一枚印章不是按本系统的方式盖的，无法接着用印。")


class Objects:
    """Objects appended from ``origin`` on, with their offsets."""

    def __init__(self, origin: int) -> None:
        self._origin = origin
        self._data = bytearray(b"\n")
        self._offsets: dict[int, tuple[int, int]] = {}

    def add(self, number: int, body: bytes, generation: int = 0) -> None:
        self._offsets[number] = (generation, self._origin + len(self._data))
        self._data += b"%d %d obj\n%s\nendobj\n" % (number, generation, body)

    def open(self, number: int, beginning: bytes) -> bytes:
        """All so far, and the beginning of the object that :meth:`close` finishes."""
        self._offsets[number] = (0, self._origin + len(self._data))
        self._data += b"%d 0 obj\n%s" % (number, beginning)
        return bytes(self._data)

    def close(self, room: int, size: int, before: Trailer, second: bytes) -> bytes:
        """What follows the ``room`` bytes left in the open object: its end, cross-references, trailer.

        ``size`` is one more than the highest number used; ``second`` the half of /ID that changes, in hexadecimal.
        """
        closing = b" >>\nendobj\n"
        start = self._origin + len(self._data) + room + len(closing)
        shared = b"/Root %s R /Prev %d /ID [<%s> <%s>]" % (before.root, before.start, before.identity, second)
        if before.info is not None:
            shared += b" /Info %s R" % before.info
        if before.table:
            body = self._table() + b"trailer\n<< /Size %d %s >>\n" % (size, shared)
        else:
            # a cross-reference stream lists itself
            body = self._stream(size, start, shared)
        return closing + body + b"startxref\n%d\n%%%%EOF\n" % start

    def _table(self) -> bytes:
        # the free entry 0 repeats what the file says; pypdf, for one, takes a table without it for misnumbered
        out = b"xref\n0 1\n0000000000 65535 f \n"
        for number, (generation, offset) in sorted(self._offsets.items()):
            out += b"%d 1\n%010d %05d n \n" % (number, offset, generation)
        return out

    def _stream(self, own_number: int, own_offset: int, shared: bytes) -> bytes:
        entries = sorted({**self._offsets, own_number: (0, own_offset)}.items())
        index = b" ".join(b"%d 1" % number for number, _ in entries)
        data = b"".join(b"\x01" + at.to_bytes(8, "big") + gen.to_bytes(2, "big") for _, (gen, at) in entries)
        dictionary = b"<< /Type /XRef /Size %d /W [1 8 2] /Index [%s] %s /Length %d >>" % (
            own_number + 1,
            index,
            shared,
            len(data),
        )
        return b"%d 0 obj\n%s\nstream\n%s\nendstream\nendobj\n" % (own_number, dictionary, data)


def number(value: float) -> bytes:
    return f"{value:.3f}".rstrip("0").rstrip(".").encode()


def text(value: str) -> bytes:
    """A text string in UTF-16, in hexadecimal."""
    return b"<" + ("\ufeff" + value).encode("utf-16-be").hex().encode() + b">"


def date(when: datetime) -> bytes:
    """In UTC, whole seconds: as the signature itself has it."""
    return f"(D:{when.astimezone(UTC):%Y%m%d%H%M%S}+00'00')".encode()
