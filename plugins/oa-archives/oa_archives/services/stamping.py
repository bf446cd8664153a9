"""归档章 (DA/T 22-2015, 5.4) on a copy of a record's first page; what is kept is not touched."""

from __future__ import annotations

import io
from collections.abc import Sequence

from oa_kernel import files
from oa_kernel.errors import Conflict

from .. import paper
from ..models import RETENTIONS, Item, Part
from . import queries

#: millimetres from the page's upper edge: above the type area of a document (GB/T 9704-2012: 37 mm)
_TOP = 12.0
_LARGEST = 64 * 1024 * 1024


def stampable(item: Item, parts: Sequence[Part]) -> bool:
    """Whether a record has a PDF to put the stamp on."""
    return item.state != "destroyed" and any(p.role == "text" and p.mime == "application/pdf" for p in parts)


def stamped(item: Item) -> bytes:
    """The formal version with its stamp, as PDF. The caller has asked whether the record may be read.

    :raises Conflict: it is no PDF, or one that cannot be opened.
    """
    from pypdf import PdfReader, PdfWriter
    from pypdf.errors import PyPdfError

    part = next((p for p in queries.parts(item) if p.role == "text"), None)
    file = files.get(part.file_id) if part is not None else None
    if file is None or file.mime != "application/pdf" or file.size > _LARGEST:
        raise Conflict("正文不是 PDF，不能加盖归档章", code="not_pdf")
    try:
        reader = PdfReader(io.BytesIO(files.read_bytes(file)))
        writer = PdfWriter(clone_from=reader)
        page = writer.pages[0]
        page.transfer_rotation_to_content()
        box = page.cropbox
        stamp = PdfReader(io.BytesIO(_stamp(item, float(box.width), float(box.height)))).pages[0]
        from pypdf import Transformation

        page.merge_transformed_page(stamp, Transformation().translate(float(box.left), float(box.bottom)))
        out = io.BytesIO()
        writer.write(out)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise Conflict("正文的 PDF 打不开，不能加盖归档章", code="not_pdf") from error
    return out.getvalue()


def _stamp(item: Item, width: float, height: float) -> bytes:
    return paper.pdf("stamp.typ", {
        "title": f"归档章 {item.archival_number}", "width": width, "height": height, "top": _TOP, "fonds": item.fonds,
        "year": str(item.year), "seq": f"{item.seq:04d}", "class": item.class_code, "retention": RETENTIONS[item.retention],
        "pages": str(item.pages),
    })
