"""Sealing a PDF: an incremental update with a signature field whose signature covers the whole file.

What is appended: the catalogue with an AcroForm, the page with one more annotation, the field (merged with its widget),
the signature dictionary, for a visible seal an empty appearance, and a cross-reference section of the kind that the
file already has. Not one byte of the file before is touched. For PDF/A-2b (ISO 19005-2): the widget's Print flag is
set, it has an appearance or no area, /ByteRange covers everything but /Contents, which is PKCS #7 (see
:mod:`.container`), and the metadata stay as they are.

Several organisations seal one after another (:mod:`.row`): the first sealing declares a field for each of them.

/Filter is ``GM.SES``, /SubFilter ``GM.sm2seal.GB38540``: a reader without a handler of that name says that it cannot
check the signature, and shows the document.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from oa_documents.seal import container, row, ses
from oa_documents.seal.errors import SealError
from oa_documents.seal.increment import Objects, Trailer, number
from oa_kernel import crypto

if TYPE_CHECKING:
    from pypdf import PdfReader

_POINTS_PER_MM: Final = 72 / 25.4
_START = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF\s*\Z")

#: (page counted from 0, x, y of the upper left corner from the page's upper left corner, width, height), in mm
Box = tuple[int, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Sealer:
    """Who seals: the seal (DER of SESeal), and the key and certificate (DER) that may use it.

    ``box`` says where the drawn seal is, so that readers can point at it; without it the signature has no place on the
    page.
    """

    seal: bytes
    key: ses.KeyPair
    certificate: bytes
    box: Box | None = None


def sign_pdf(
    pdf: bytes, seal: bytes, key: ses.KeyPair, certificate: bytes, when: datetime, box: Box | None = None
) -> bytes:
    """``pdf`` with one seal put under it: :func:`seal_row` of a single :class:`Sealer`."""
    return seal_row(pdf, [Sealer(seal, key, certificate, box)], when)


def seal_row(pdf: bytes, sealers: Sequence[Sealer], when: datetime) -> bytes:
    """``pdf`` with the seals put under it one after another, each signature over all that stands before it.

    ``when`` is the aware time of sealing. The pictures themselves must already be drawn. :class:`SealError` if the file
    is no sound PDF, is encrypted, or carries a signature already, or if a certificate may not use its seal; nothing
    has been sealed then.
    """
    if len(sealers) > row.MOST:
        raise SealError(f"一份文件最多盖 {row.MOST} 枚印章。")
    others = []
    for one in sealers[1:]:
        _, signer = ses.check_may_use(one.seal, one.key, one.certificate, when)
        others.append((signer.organisation or signer.subject, one.box))
    out = begin_row(pdf, sealers[0], when, others)
    for one in sealers[1:]:
        out = seal_next(out, one, when)
    return out


def begin_row(pdf: bytes, first: Sealer, when: datetime, others: Sequence[tuple[str, Box | None]] = ()) -> bytes:
    """``pdf`` with the first seal, and fields declared for the ``others``: (organisation, place) in their order."""
    read, signer = ses.check_may_use(first.seal, first.key, first.certificate, when)
    update = _Update(pdf, [first.box, *(box for _, box in others)])
    digits, digest = row.room(first.seal, signer), crypto.SM3(pdf)
    own = signer.organisation or signer.subject
    head, tail = update.build([own, *(name for name, _ in others)], digest.digest(), own, read.name, when, digits)
    return _signed(pdf, digest, row.ranged(head, tail, len(pdf), digits), tail, digits, first, when)


def seal_next(pdf: bytes, sealer: Sealer, when: datetime) -> bytes:
    """``pdf`` with the next seal of its row. The place is the declared one.

    :class:`SealError` if the row is full, was begun by another program, or it is another organisation's turn.
    """
    from oa_documents.seal.verify import places_of

    read, signer = ses.check_may_use(sealer.seal, sealer.key, sealer.certificate, when)
    places = places_of(pdf)
    fields = row.declared(pdf, places[0].start) if places else []
    if not fields:
        raise SealError("这份 PDF 没有为其他机关留出印章，无法接着用印。")
    if len(places) >= len(fields):
        raise SealError(f"应盖的 {len(fields)} 枚印章都已盖上，不能再盖。")
    field, own = fields[len(places)], signer.organisation or signer.subject
    if field.organisation != own:
        raise SealError(f"第 {field.n} 枚印章应由“{field.organisation}”加盖，不是“{own}”。请按次序用印。")
    digest = crypto.SM3(pdf)
    head, tail, digits = row.further(pdf, len(pdf), digest.digest(), field, read, signer, when)
    return _signed(pdf, digest, head, tail, digits, sealer, when)


def _signed(
    pdf: bytes, digest: crypto.SM3, head: bytes, tail: bytes, digits: int, sealer: Sealer, when: datetime
) -> bytes:
    """The file with the signature put between ``head`` and ``tail``; ``digest`` is that of ``pdf``."""
    start = len(pdf) + len(head)
    properties = f"ByteRange=0,{start},{start + digits + 2},{len(tail)}"
    to_sign = ses.to_be_signed(sealer.seal, digest.update(head).update(tail).digest(), when, properties)
    value = crypto.sign(sealer.key.private, sealer.key.public, to_sign)
    contents = container.wrap(to_sign, sealer.certificate, value).hex().encode()
    if len(contents) > digits:
        raise SealError("签章数据超出预留空间。")
    return b"".join((pdf, head, b"<", contents.ljust(digits, b"0"), b">", tail))


@dataclass(slots=True)
class _Place:
    """The page a signature belongs to, and the widget's rectangle in points."""

    reference: Any
    page: Any
    rect: tuple[float, float, float, float]


class _Update:
    """The parts of an incremental update, as bytes before and after /Contents."""

    def __init__(self, pdf: bytes, boxes: Sequence[Box | None]) -> None:
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
            self._read(reader, boxes)
        except (PyPdfError, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as exc:
            # pypdf answers damaged files with any of these
            raise SealError("这份 PDF 的内部结构有误，无法盖章。请重新生成该文件。") from exc

    def _read(self, reader: PdfReader, boxes: Sequence[Box | None]) -> None:
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
        pages = list(_leaves(self._root.raw_get("/Pages"), {}, set()))
        self._places = [_place(pages, box) for box in boxes]

    def build(
        self, organisations: Sequence[str], digest: bytes, own: str, seal_name: str, when: datetime, digits: int
    ) -> tuple[bytes, bytes]:
        """Everything before and after ``<…>`` of /Contents, with a placeholder for /ByteRange.

        One field for each of the ``organisations``, the first with the signature. ``digest`` is SM3 of the file.
        """
        from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject, NumberObject

        signature, count = self._next, len(organisations)
        fields, free = [], self._next + 1 + count
        for n, (name, place) in enumerate(zip(organisations, self._places, strict=True), 1):
            visible = place.rect[2] > place.rect[0]
            reference = b"%d %d" % (place.reference.idnum, place.reference.generation)
            rect = b" ".join(number(value) for value in place.rect)
            fields.append(row.Field(signature + n, n, name, rect, reference, free if visible else None))
            free += visible

        out = Objects(len(self._pdf))
        root = DictionaryObject(_raw(self._root))
        form = DictionaryObject(_raw(self._form))
        references = [IndirectObject(one.number, 0, None) for one in fields]
        form[NameObject("/Fields")] = ArrayObject([*list.__iter__(self._form.get("/Fields", [])), *references])
        form[NameObject("/SigFlags")] = NumberObject(3)
        root[NameObject("/AcroForm")] = form
        out.add(self._root_reference.idnum, _serialise(root), self._root_reference.generation)
        for number_, own_place in {place.reference.idnum: place for place in self._places}.items():
            page = DictionaryObject(_raw(own_place.page))
            annotations = own_place.page.get("/Annots")
            old = list.__iter__(annotations.get_object()) if annotations is not None else []
            here = [r for r, place in zip(references, self._places, strict=True) if place.reference.idnum == number_]
            page[NameObject("/Annots")] = ArrayObject([*old, *here])
            out.add(number_, _serialise(page), own_place.reference.generation)
        for one, place in zip(fields, self._places, strict=True):
            if one.appearance is not None:
                size = b"%s %s" % (number(place.rect[2] - place.rect[0]), number(place.rect[3] - place.rect[1]))
                dictionary = b"<< /Type /XObject /Subtype /Form /BBox [0 0 %s] /Resources << >> /Length 0 >>" % size
                out.add(one.appearance, dictionary + b"\nstream\n\nendstream")
        # last, right before the signature: there the verification finds them (``row.declared``)
        for one in fields:
            out.add(one.number, one.body(signature if one.n == 1 else None))
        head = out.open(signature, row.opening(own, seal_name, when))
        return head, out.close(digits + 2, free, self._trailer(), digest[:16].hex().encode())

    def _trailer(self) -> Trailer:
        root, info = self._root_reference, self._info
        return Trailer(
            self._table, self._previous, self._next, b"%d %d" % (root.idnum, root.generation), self._id.hex().encode(),
            None if info is None else b"%d %d" % (info.idnum, info.generation),
        )


def _place(pages: list[Any], box: Box | None) -> _Place:
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

