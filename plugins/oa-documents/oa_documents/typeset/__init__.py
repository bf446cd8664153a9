"""Typesetting by GB/T 9704-2012 with typst; knows nothing of the database. See docs/typesetting.md."""

from . import fonts
from .compile import page_pngs, page_svgs, report, typeset, typst_source
from .document import OfficialDocument, Typeset
from .pieces import DraftSheet, Opinion, TextRun, draft_sheet, overlays, svg_to_png, text_layer, text_of

__all__ = [
    "DraftSheet", "OfficialDocument", "Opinion", "TextRun", "Typeset", "draft_sheet", "fonts", "overlays", "page_pngs",
    "page_svgs", "report", "svg_to_png", "text_layer", "text_of", "typeset", "typst_source",
]
