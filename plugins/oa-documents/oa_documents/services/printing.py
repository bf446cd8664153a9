"""印制: copies of a formal document, each with its 份号 (GB/T 9704-2012, 7.2.1) and a watermark that says whose it is.

Numbers of copies run on over all runs of a document, and none is given twice. The pages are those of the formal version;
number and watermark are laid over them.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from oa_kernel import audit, clock, db, files, permissions
from oa_kernel.errors import Conflict, Invalid, NotFound

from .. import rights, settings
from ..models import Outgoing
from ..models_standing import PrintRun
from . import standing

SUBJECT = "documents.outgoing"
#: copies of one run
MOST = 500


def run(
    document: Outgoing, by: Any, *, count: int = 0, recipients: Sequence[str] = (), watermark: bool = True, purpose: str = "",
) -> PrintRun:
    """Takes the next numbers of copies: one for each recipient, or ``count``.

    :raises Conflict: not signed, or out of force. Invalid: no number of copies, or too many.
    """
    permissions.require(by, rights.PRINT)
    names = [" ".join(str(r).split())[:100] for r in recipients if str(r).strip()]
    count = count or len(names)
    if not 1 <= count <= MOST or len(names) > count:
        reason = f"份数应为 1 至 {MOST}，不少于写明的收件单位"
        raise Invalid(reason, errors={"count": [reason]})
    if not document.formal_file_id or document.state == "voided":
        raise Conflict("成文的公文才能印制", code="not_signed")
    if not standing.in_force(document):
        raise Conflict(f"这份公文{standing.words(document)}，不能再印制", code="out_of_force")
    with db.transaction():
        row = db.lock_rows(Outgoing.select().where(Outgoing.id == document.id)).get()
        first = max(row.copies_printed + 1, int(row.copy_number or 1))
        Outgoing.update(copies_printed=first + count - 1).where(Outgoing.id == row.id).execute()
        made = PrintRun.create(
            document_id=row.id, first=first, count=count, recipients=names, watermark=watermark, purpose=purpose.strip()[:200],
            by_id=by.id, by_name=by.name, at=clock.now())
        audit.record("documents.print", SUBJECT, row.id, row.title, by=by,
                     after={"number": row.number, "first": first, "count": count, "recipients": names, "purpose": made.purpose})
    return made


def log(document: Any) -> list[PrintRun]:
    """Runs of the document, the newest first; a hundred at most."""
    return list(PrintRun.select().where(PrintRun.document_id == document.id).order_by(PrintRun.id.desc()).limit(100))


def get(document: Any, run_id: int) -> PrintRun:
    """One run of the document, or NotFound."""
    found = PrintRun.get_or_none((PrintRun.id == run_id) & (PrintRun.document_id == document.id))
    if found is None:
        raise NotFound("没有这次印制")
    return found


def pdf(document: Any, made: PrintRun, by: Any) -> bytes:
    """The copies of a run one after another. Each look at them is on record: whoever has the file can print it."""
    permissions.require(by, rights.PRINT)
    from pypdf import PdfReader, PdfWriter

    formal = files.read_bytes(files.get(document.formal_file_id))
    pages = len(PdfReader(io.BytesIO(formal)).pages)
    out = PdfWriter()
    overlays = PdfReader(io.BytesIO(_overlays(document, made, pages, formal)))
    for n in range(made.count):
        source = PdfReader(io.BytesIO(formal))
        for at in range(pages):
            page = out.add_page(source.pages[at])
            page.merge_page(overlays.pages[n * pages + at])
            page.pop("/Annots", None)  # a printed copy is no sealed file
    out.compress_identical_objects()
    data = io.BytesIO()
    out.write(data)
    with db.transaction():
        audit.record("documents.print.pages", SUBJECT, document.id, document.title, by=by,
                     after={"run": made.id, "first": made.first, "count": made.count})
    return data.getvalue()


def _overlays(document: Any, made: PrintRun, pages: int, formal: bytes) -> bytes:
    """What is laid over every page of every copy: the 份号 in the place of the formal version's, where it has one."""
    from .. import typeset

    place = None
    if document.copy_number:
        written = document.copy_number.zfill(6)
        runs = [r for r in typeset.text_of(formal)[0] if r.text.startswith(written)]
        place = {"x": runs[0].x, "y": runs[0].y, "h": runs[0].h} if runs else None

    copies = [
        {"number": f"{made.first + n:06d}", "for": made.recipients[n] if n < len(made.recipients) else ""} for n in range(made.count)]
    return typeset.overlays(
        copies, pages=pages, watermark=made.watermark, place=place, foot=f"{made.by_name} {clock.local(made.at):%Y-%m-%d %H:%M} 印制",
        fonts=settings.fonts_folder())
