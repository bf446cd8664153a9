"""The seals of a joint document: the fields that the first sealing declares, and each further sealing.

The first sealing declares one signature field for every organisation that will seal, in their order, and signs with the
first. So how many seals there must be, and whose, is under every one of the signatures. Each further sealing is one
incremental update that holds the next field with its value, the signature dictionary and the cross-references, and
nothing else. All of it follows from what is known: the declared field, the signature, the file before. It is made
again when the file is verified, and compared.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from oa_documents.seal import ses
from oa_documents.seal.increment import Objects, date, text, trailer_of

FILTER: Final = b"/GM.SES"
SUBFILTER: Final = b"/GM.sm2seal.GB38540"
PLACEHOLDER: Final = b"[" + b"*" * 46 + b"]"
#: signature fields that one file may declare
MOST: Final = 20
_PRINT_AND_LOCKED: Final = 4 | 128
_FIELD: Final = re.compile(
    rb"(?P<number>\d{1,10}) 0 obj\n<< /Type /Annot /Subtype /Widget /FT /Sig /T \(OASeal(?P<n>\d{1,2})\) /TU <feff(?P<who>[0-9a-f]*)>"
    rb" /F 132 /Rect \[(?P<rect>[-\d. ]*)\] /P (?P<page>\d{1,10} \d{1,5}) R(?: /V (?P<value>\d{1,10}) 0 R)?"
    rb"(?: /AP << /N (?P<appearance>\d{1,10}) 0 R >>)? >>\nendobj\n"
)
_DECLARED: Final = re.compile(
    rb"\n(?P<fields>(?:\d{1,10} 0 obj\n<< /Type /Annot [^\n]*\nendobj\n)+)(?P<signature>\d{1,10}) 0 obj\n<< /Type /Sig [^\n]*\Z"
)


@dataclass(frozen=True, slots=True)
class Field:
    """A signature field, merged with its widget. ``page`` is ``b"12 0"``, ``rect`` four numbers as written."""

    number: int
    n: int
    organisation: str
    rect: bytes
    page: bytes
    appearance: int | None

    def body(self, signature: int | None = None) -> bytes:
        return b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (OASeal%d) /TU %s /F %d /Rect [%s] /P %s R%s%s >>" % (
            self.n,
            text(self.organisation),
            _PRINT_AND_LOCKED,
            self.rect,
            self.page,
            b"" if signature is None else b" /V %d 0 R" % signature,
            b"" if self.appearance is None else b" /AP << /N %d 0 R >>" % self.appearance,
        )


def opening(organisation: str, seal_name: str, when: datetime) -> bytes:
    """A signature dictionary up to the value of /Contents, with a placeholder for /ByteRange."""
    return b"<< /Type /Sig /Filter %s /SubFilter %s /Name %s /Reason %s /M %s /ByteRange %s /Contents " % (
        FILTER,
        SUBFILTER,
        text(organisation),
        text(f"电子印章：{seal_name}"),
        date(when),
        PLACEHOLDER,
    )


def byte_range(ranges: tuple[int, int, int, int]) -> bytes:
    """Of fixed width, so that the numbers do not move what they count."""
    return b"[" + b" ".join(str(n).encode() for n in ranges).ljust(46) + b"]"


def room(seal: bytes, signer: ses.Certificate) -> int:
    """Digits of /Contents: the seal, the certificate and what the structures add, in hexadecimal."""
    return 2 * (len(seal) + len(signer.raw) + len(signer.issuer_name) + 512)


def declared(data: bytes, start: int) -> list[Field]:
    """The fields that the first sealing declares, whose /Contents begins at ``start``.

    Empty where the file was sealed by another program. They stand right before the signature dictionary, so that nothing
    has to be looked for in what the document itself holds.
    """
    found = _DECLARED.search(data, max(0, start - MOST * 1024), start)
    if found is None:
        return []
    signature, fields, at = int(found["signature"]), [], found.start("fields")
    while at < found.end("fields"):
        one = _FIELD.match(data, at, found.end("fields"))
        n = len(fields) + 1
        if one is None or (int(one["number"]), int(one["n"])) != (signature + n, n):
            return []
        if (one["value"] is not None) != (n == 1) or (n == 1 and int(one["value"]) != signature):
            return []
        try:
            who = bytes.fromhex(one["who"].decode()).decode("utf-16-be")
        except ValueError:
            return []
        appearance = int(one["appearance"]) if one["appearance"] is not None else None
        fields.append(Field(signature + n, n, who, one["rect"], one["page"], appearance))
        at = one.end()
    return fields


def further(
    data: bytes, end: int, digest: bytes, field: Field, seal: ses.Seal, signer: ses.Certificate, when: datetime
) -> tuple[bytes, bytes, int]:
    """The sealing that follows the first ``end`` bytes: before and after /Contents, and how many digits that has.

    ``digest`` is SM3 of those bytes.
    """
    before, digits = trailer_of(data, end), room(seal.raw, signer)
    signature = before.size
    out = Objects(end)
    out.add(field.number, field.body(signature))
    head = out.open(signature, opening(signer.organisation or signer.subject, seal.name, when))
    tail = out.close(digits + 2, signature + 1, before, digest[:16].hex().encode())
    return ranged(head, tail, end, digits), tail, digits


def ranged(head: bytes, tail: bytes, before: int, digits: int) -> bytes:
    """``head`` with its /ByteRange, where ``before`` bytes stand before it."""
    start, _, rest = head.rpartition(PLACEHOLDER)
    at = before + len(head)
    return start + byte_range((0, at, at + digits + 2, len(tail))) + rest
