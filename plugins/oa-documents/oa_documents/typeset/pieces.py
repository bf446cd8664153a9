"""What is made beside the document itself: the draft sheet, pictures, the text that lies over a page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import compile as _compile
from . import fonts as _fonts
from .document import OfficialDocument

_POINT_MM = 25.4 / 72


@dataclass(frozen=True)
class Opinion:
    """Somebody's opinion on a draft."""

    name: str
    text: str
    at: str


@dataclass(frozen=True)
class DraftSheet:
    """发文稿纸. ``groups``: (step, opinions) in the order of the sheet."""

    heading: str
    title: str
    kind: str
    number: str = ""
    urgency: str = ""
    secrecy: str = ""
    addressees: Sequence[str] = ()
    cc: Sequence[str] = ()
    attachments: Sequence[str] = ()
    drafter: str = ""
    department: str = ""
    groups: Sequence[tuple[str, Sequence[Opinion]]] = ()
    printer: str = ""
    date: dt.date | None = None
    foot: str = ""


@dataclass(frozen=True)
class TextRun:
    """A run of text on a page; place and size in millimetres from the page's top left."""

    text: str
    x: float
    y: float
    w: float
    h: float


def draft_sheet(sheet: DraftSheet, fonts: Path | None = None) -> bytes:
    """The sheet as PDF/A-2b."""
    data = {
        "faces": _fonts.faces(fonts), "heading": sheet.heading, "title": sheet.title, "kind": sheet.kind,
        "number": sheet.number, "urgency": sheet.urgency or "平件", "secrecy": sheet.secrecy or "—",
        "addressees": "、".join(sheet.addressees) or "—", "cc": "、".join(sheet.cc) or "—",
        "attachments": "；".join(f"{n}. {t}" for n, t in enumerate(sheet.attachments, 1)) or "—",
        "drafter": sheet.drafter, "department": sheet.department,
        "groups": [{"title": title, "opinions": [{"name": o.name, "text": o.text or "（无意见）", "at": o.at} for o in found]}
                   for title, found in sheet.groups],
        "printer": sheet.printer, "date": _compile.chinese_date(sheet.date), "foot": sheet.foot,
    }
    pdf, _ = _compile.compile_pdf(_compile.source("sheet.typ", data), fonts)
    return pdf


def overlays(
    copies: Sequence[Mapping[str, str]], *, pages: int, watermark: bool, place: Mapping[str, float] | None, foot: str,
    fonts: Path | None = None,
) -> bytes:
    """Pages to be laid over those of printed copies, ``pages`` for each of ``copies`` (``{"number", "for"}``).

    :param place: where the 份号 of the formal version stands on its first page, in millimetres; None: nowhere.
    """
    data = {"faces": _fonts.faces(fonts), "copies": [dict(c) for c in copies], "pages": pages, "watermark": watermark,
            "place": dict(place) if place else None, "foot": foot}
    pdf, _ = _compile.compile_pdf(_compile.source("overlay.typ", data), fonts)
    return pdf


def svg_to_png(svg: str, size_mm: float, fonts: Path | None = None, dpi: float = 300) -> bytes:
    """A square picture drawn with the fonts that documents have."""
    data = {"svg": svg, "size": size_mm}
    text = _compile.source("picture.typ", data)
    return _compile.compile_pages(text, fonts, "png", dpi)[0]


def text_layer(document: OfficialDocument, fonts: Path | None = None) -> list[list[TextRun]]:
    """The runs of text of every page, so that text can be chosen over its picture."""
    return text_of(_compile.typeset(document, fonts=fonts).pdf)


def text_of(pdf: bytes) -> list[list[TextRun]]:
    """The same of a PDF that is there already."""
    import pypdfium2

    pages = []
    opened = pypdfium2.PdfDocument(pdf)
    try:
        for page in opened:
            height = page.get_height()
            text = page.get_textpage()
            runs = []
            for n in range(text.count_rects()):
                left, bottom, right, top = text.get_rect(n)
                words = text.get_text_bounded(left, bottom, right, top).replace("\r\n", "").strip()
                if words:
                    runs.append(TextRun(words, *(round(v * _POINT_MM, 2) for v in (
                        left, height - top, right - left, top - bottom))))
            pages.append(runs)
    finally:
        opened.close()
    return pages
