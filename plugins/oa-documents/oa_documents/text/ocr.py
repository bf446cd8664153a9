"""Text of scanned pages by optical character recognition, where ``pip install 'oa-documents[ocr]'`` put RapidOCR.

RapidOCR (Apache-2.0) brings PP-OCR models in its wheel and runs them on the processor; nothing leaves the machine.
"""

from __future__ import annotations

import importlib.util
import logging
import threading
from collections.abc import Iterator, Sequence
from typing import Any

#: pages of a scan that are read: the 版头 stands on the first, name and date on the last
PAGES = 3
#: dots per inch that pages are drawn with, and pixels of an image at most (an A4 page at 300 dpi has 8.7 million)
DPI = 150
PIXELS = 40_000_000
#: how sure a line must be to count, 0–1
SURE = 0.5

_lock = threading.Lock()
_engine: Any = None


def available() -> bool:
    """Whether it is installed."""
    return importlib.util.find_spec("rapidocr") is not None and importlib.util.find_spec("onnxruntime") is not None


def of_pdf(document: Any) -> str:
    """Text of the first pages and the last one of an open ``pypdfium2.PdfDocument`` that has only pictures."""
    count = len(document)
    wanted = list(range(count)) if count <= PAGES else [*range(PAGES - 1), count - 1]
    found = []
    for number in wanted:
        page = document[number]
        try:
            width, height = page.get_size()  # in points of 1/72 inch
            scale = DPI / 72
            if width * height * scale * scale > PIXELS:
                continue
            found.append(_read(page.render(scale=scale).to_pil().convert("RGB")))
        finally:
            page.close()
    return "\n".join(found)


def of_image(data: bytes) -> str:
    """Text of an image; empty where it is none, or larger than :data:`PIXELS`."""
    import io

    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > PIXELS:
                return ""
            return _read(image.convert("RGB"))
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        return ""


def _read(image: Any) -> str:
    import numpy

    with _lock:  # the models keep their own buffers, and two at once would only share the processor
        answer = _recogniser()(numpy.asarray(image)[:, :, ::-1])
    if answer is None or answer.txts is None:
        return ""
    pieces = [(box, text) for box, text, score in zip(answer.boxes, answer.txts, answer.scores, strict=True) if score >= SURE]
    return "\n".join(lines(pieces))


def lines(pieces: Sequence[tuple[Any, str]]) -> Iterator[str]:
    """Recognised pieces as lines, from the top down; those at the same height are one line, from left to right.

    :param pieces: (four corners as (x, y) from the upper left, text).
    """
    placed = [(min(p[1] for p in box), max(p[1] for p in box), min(p[0] for p in box), text) for box, text in pieces]
    row: list[tuple[float, str]] = []
    bottom = 0.0
    for top, end, left, text in sorted(placed):
        if row and (top + end) / 2 > bottom:
            yield " ".join(text for _, text in sorted(row))
            row = []
        bottom = end if not row else max(bottom, end)
        row.append((left, text))
    if row:
        yield " ".join(text for _, text in sorted(row))


def _recogniser() -> Any:
    global _engine
    if _engine is None:
        from rapidocr import RapidOCR

        logging.getLogger("RapidOCR").setLevel(logging.WARNING)
        _engine = RapidOCR(params={"Global.log_level": "warning"})
    return _engine


__all__ = ["DPI", "PAGES", "PIXELS", "available", "lines", "of_image", "of_pdf"]
