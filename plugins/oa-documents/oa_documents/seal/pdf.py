"""Sealing a PDF: an incremental update with a signature field whose signature covers the whole file.

What is appended: the catalogue with an AcroForm, the page with one more annotation, the field (merged with its widget),
the signature dictionary, for a visible seal an empty appearance, and a cross-reference section of the kind that the
file already has. Not one byte of the file before is touched. For PDF/A-2b (ISO 19005-2): the widget's Print flag is
set, it has an appearance or no area, /ByteRange covers everything but /Contents, which is PKCS #7 (see
:mod:`.container`), and the metadata stay as they are.

/Filter is ``GM.SES``, /SubFilter ``GM.sm2seal.GB38540``: a reader without a handler of that name says that it cannot
check the signature, and shows the document.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from oa_documents.seal import container, ses
from oa_documents.seal.errors import SealError
from oa_kernel import crypto

if TYPE_CHECKING:
    from pypdf import PdfReader

FILTER: Final = b"/GM.SES"
SUBFILTER: Final = b"/GM.sm2seal.GB38540"
_POINTS_PER_MM: Final = 72 / 25.4
_PRINT_AND_LOCKED: Final = 4 | 128
_START = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF\s*\Z")

#: (page counted from 0, x, y of the upper left corner from the page's upper left corner, width, height), in mm
Box = tuple[int, float, float, float, float]


def sign_pdf(
    pdf: bytes, seal: bytes, key: ses.KeyPair, certificate: bytes, when: datetime, box: Box | None = None
) -> bytes:
    """``pdf`` with ``seal`` (DER of SESeal) put under it, signed by ``key`` with ``certificate`` (DER).

    ``when`` is the aware time of sealing. ``box`` says where the drawn seal is, so that readers can point at it;
    without it the signature has no place on the page. The picture itself must already be drawn. :class:`SealError` if
    the file is no sound PDF, is encrypted, or carries a signature already, or if the certificate may not use the seal.
    """
    update = _Update(pdf, box)
    read, signer = ses.check_may_use(seal, key, certificate, when)
    # what will stand in /Contents, in hexadecimal: the seal, the certificate and what the structures add
    room = 2 * (len(seal) + len(certificate) + len(signer.issuer_name) + 512)
    head, tail = update.build(signer.organisation or signer.subject, read.name, when, room)
    before = len(pdf) + len(head)
    ranges = (0, before, before + room + 2, len(tail))
    # fixed width, so that the numbers do not move what they count
    opening, _, closing = head.rpartition(_PLACEHOLDER)
    head = opening + _byte_range(ranges) + closing
    digest = crypto.SM3(pdf).update(head).update(tail).digest()
    properties = "ByteRange=" + ",".join(map(str, ranges))
    to_sign = ses.to_be_signed(seal, digest, when, properties)
    value = crypto.sign(key.private, key.public, to_sign)
    contents = container.wrap(to_sign, certificate, value).hex().encode()
    if len(contents) > room:
        raise SealError("签章数据超出预留空间。")
    return b"".join((pdf, head, b"<", contents.ljust(room, b"0"), b">", tail))


def _byte_range(ranges: tuple[int, int, int, int]) -> bytes:
    return b"[" + b" ".join(str(n).encode() for n in ranges).ljust(46) + b"]"


_PLACEHOLDER: Final = b"[" + b"*" * 46 + b"]"


@dataclass(slots=True)
class _Place:
    """The page a signature belongs to, and the widget's rectangle in points."""

    reference: Any
    page: Any
    rect: tuple[float, float, float, float]


class _Update:
    """The parts of an incremental update, as bytes before and after /Contents."""

    def __init__(self, pdf: bytes, box: Box | None) -> None:
        from pypdf import PdfReader
        from pypdf.errors import PyPdfError

        match = _START.search(pdf, max(0, len(pdf) - 1024))
        if not pdf.startswith(b"%PDF-") or match is None:
            raise SealError("这不是完整的 PDF 文件（缺少文件头或文件尾），无法盖章。请重新生成该文件。")
        self._pdf = pdf
        self._previous = int(match[1])
        self._table = pdf.startswith(b"xref", self._previous)
        try:
            reader = PdfReader(io.BytesIO(pdf), strict=True)
            if reader.is_encrypted:
                raise SealError("这份 PDF 已加密，无法盖章。请使用未加密的版本。")
            self._read(reader, box)
        except (PyPdfError, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as exc:
            # pypdf answers damaged files with any of these
            raise SealError("这份 PDF 的内部结构有误，无法盖章。请重新生成该文件。") from exc

    def _read(self, reader: PdfReader, box: Box | None) -> None:
        trailer = reader.trailer
        self._root_reference = trailer.raw_get("/Root")
        self._root = self._root_reference.get_object()
        self._info = trailer.raw_get("/Info") if "/Info" in trailer else None
        self._id = bytes(trailer["/ID"][0].original_bytes) if "/ID" in trailer else crypto.sm3(self._pdf)[:16]
        self._next = int(trailer["/Size"])
        form = self._root.get("/AcroForm")
        self._form = form.get_object() if form is not None else {}
        for field in self._form.get("/Fields", []):
            if field.get_object().get("/FT") == "/Sig":
                raise SealError("这份 PDF 已有电子签章，再次盖章会使原签章失效。请使用盖章之前的版本。")
        self._place = _place(self._root, box)

    def build(self, organisation: str, seal_name: str, when: datetime, room: int) -> tuple[bytes, bytes]:
        """Everything before and after ``<…>`` of /Contents, with a placeholder for /ByteRange."""
        from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject, NumberObject

        signature, widget, appearance = self._next, self._next + 1, self._next + 2
        visible = self._place.rect[2] > self._place.rect[0]
        out = _Objects(len(self._pdf))
        root = DictionaryObject(_raw(self._root))
        form = DictionaryObject(_raw(self._form))
        reference = IndirectObject(widget, 0, None)
        form[NameObject("/Fields")] = ArrayObject([*list.__iter__(self._form.get("/Fields", [])), reference])
        form[NameObject("/SigFlags")] = NumberObject(3)
        root[NameObject("/AcroForm")] = form
        page = DictionaryObject(_raw(self._place.page))
        annotations = self._place.page.get("/Annots")
        old = list.__iter__(annotations.get_object()) if annotations is not None else []
        page[NameObject("/Annots")] = ArrayObject([*old, reference])

        out.add(self._root_reference, _serialise(root))
        out.add(self._place.reference, _serialise(page))
        rect = b" ".join(_number(value) for value in self._place.rect)
        out.add(
            reference,
            b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (OASeal1) /F %d /Rect [%s] /P %d %d R /V %d 0 R%s >>"
            % (
                _PRINT_AND_LOCKED,
                rect,
                self._place.reference.idnum,
                self._place.reference.generation,
                signature,
                b" /AP << /N %d 0 R >>" % appearance if visible else b"",
            ),
        )
        if visible:
            size = b"%s %s" % (
                _number(self._place.rect[2] - self._place.rect[0]),
                _number(self._place.rect[3] - self._place.rect[1]),
            )
            dictionary = b"<< /Type /XObject /Subtype /Form /BBox [0 0 %s] /Resources << >> /Length 0 >>" % size
            out.add(IndirectObject(appearance, 0, None), dictionary + b"\nstream\n\nendstream")
        opening = b"<< /Type /Sig /Filter %s /SubFilter %s /Name %s /Reason %s /M %s /ByteRange %s /Contents " % (
            FILTER,
            SUBFILTER,
            _text(organisation),
            _text(f"电子印章：{seal_name}"),
            _date(when),
            _PLACEHOLDER,
        )
        head = out.open(signature, opening)
        tail = b" >>\nendobj\n" + self._cross_references(out, len(head) + room + 2, self._next + (3 if visible else 2))
        return head, tail

    def _cross_references(self, out: _Objects, appended: int, size: int) -> bytes:
        start = len(self._pdf) + appended + len(b" >>\nendobj\n")
        second = crypto.sm3(self._pdf)[:16]
        shared = b"/Root %d %d R /Prev %d /ID [<%s> <%s>]" % (
            self._root_reference.idnum,
            self._root_reference.generation,
            self._previous,
            self._id.hex().encode(),
            second.hex().encode(),
        )
        if self._info is not None:
            shared += b" /Info %d %d R" % (self._info.idnum, self._info.generation)
        if self._table:
            body = out.table() + b"trailer\n<< /Size %d %s >>\n" % (size, shared)
        else:
            # a cross-reference stream lists itself
            body = out.stream(size, start, shared)
        return body + b"startxref\n%d\n%%%%EOF\n" % start


class _Objects:
    """Objects appended one after another, with their offsets."""

    def __init__(self, origin: int) -> None:
        self._origin = origin
        self._data = bytearray(b"\n")
        self._offsets: dict[int, tuple[int, int]] = {}

    def add(self, reference: Any, body: bytes) -> None:
        self._offsets[reference.idnum] = (reference.generation, self._origin + len(self._data))
        self._data += b"%d %d obj\n%s\nendobj\n" % (reference.idnum, reference.generation, body)

    def open(self, number: int, beginning: bytes) -> bytes:
        """All so far, and the beginning of the object that is finished elsewhere."""
        self._offsets[number] = (0, self._origin + len(self._data))
        return bytes(self._data) + b"%d 0 obj\n%s" % (number, beginning)

    def table(self) -> bytes:
        # the free entry 0 repeats what the file says; pypdf, for one, takes a table without it for misnumbered
        out = b"xref\n0 1\n0000000000 65535 f \n"
        for number, (generation, offset) in sorted(self._offsets.items()):
            out += b"%d 1\n%010d %05d n \n" % (number, offset, generation)
        return out

    def stream(self, own_number: int, own_offset: int, shared: bytes) -> bytes:
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


def _place(root: Any, box: Box | None) -> _Place:
    pages = list(_leaves(root.raw_get("/Pages"), {}, set()))
    index, x, y, width, height = box or (0, 0, 0, 0, 0)
    if not 0 <= index < len(pages):
        raise SealError(f"盖章位置在第 {index + 1} 页，但这份 PDF 只有 {len(pages)} 页。")
    reference, page, inherited = pages[index]
    if box is None:
        return _Place(reference, page, (0, 0, 0, 0))
    left, bottom, right, top = (float(value) for value in inherited["/MediaBox"].get_object())
    x0, y1 = left + x * _POINTS_PER_MM, top - y * _POINTS_PER_MM
    x1, y0 = x0 + width * _POINTS_PER_MM, y1 - height * _POINTS_PER_MM
    if width <= 0 or height <= 0 or x0 < left or y0 < bottom or x1 > right or y1 > top:
        raise SealError(f"盖章位置（{x:g}，{y:g}，{width:g}×{height:g} mm）超出第 {index + 1} 页的范围。")
    return _Place(reference, page, (x0, y0, x1, y1))


def _leaves(reference: Any, inherited: dict[str, Any], seen: set[int]) -> Any:
    """(reference, page, inherited attributes) of each page, without changing a page as pypdf's own list does."""
    if reference.idnum in seen:
        raise ValueError("the page tree runs in a circle")
    seen.add(reference.idnum)
    node = reference.get_object()
    inherited = {**inherited, **({"/MediaBox": node["/MediaBox"]} if "/MediaBox" in node else {})}
    if "/Kids" in node:
        for kid in list.__iter__(node["/Kids"]):
            yield from _leaves(kid, inherited, seen)
    else:
        yield reference, node, inherited


def _raw(dictionary: Any) -> dict[Any, Any]:
    """Members with their references unresolved."""
    return {key: dict.__getitem__(dictionary, key) for key in dictionary}


def _serialise(value: Any) -> bytes:
    out = io.BytesIO()
    value.write_to_stream(out)
    return out.getvalue()


def _number(value: float) -> bytes:
    return f"{value:.3f}".rstrip("0").rstrip(".").encode()


def _text(value: str) -> bytes:
    """A text string in UTF-16, in hexadecimal."""
    return b"<" + ("\ufeff" + value).encode("utf-16-be").hex().encode() + b">"


def _date(when: datetime) -> bytes:
    zone = when.strftime("%z")
    return f"(D:{when:%Y%m%d%H%M%S}{zone[:3]}'{zone[3:5]}')".encode()
