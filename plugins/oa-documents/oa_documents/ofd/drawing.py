"""What stands on the pages of a PDF that our typesetter made: runs of text, paths and pictures, in millimetres.

The origin is the page's upper left corner, y grows downwards, as in OFD (GB/T 33190-2016, 8.2). Clipping paths,
transparency and shadings are not looked at: the typesetter uses none for documents.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

MM: Final = 25.4 / 72
_IDENTITY: Final = (1.0, 0.0, 0.0, 1.0)

#: red, green, blue from 0 to 255
Colour = tuple[int, int, int]


@dataclass(slots=True)
class Glyph:
    """One glyph: number in the PDF's font, what it stands for (often one character), origin on the base line."""

    cid: int
    text: str
    x: float
    y: float


@dataclass(slots=True)
class Run:
    """Glyphs set in one go. ``size`` is the em in mm; ``matrix`` (a b c d) turns or squeezes it, (1 0 0 1) for none."""

    font: Any
    size: float
    matrix: tuple[float, float, float, float]
    colour: Colour
    glyphs: list[Glyph] = field(default_factory=list)
    #: advance of the last glyph in mm along the line
    last: float = 0.0


@dataclass(slots=True)
class Path:
    """A path of ``M``, ``L``, ``B`` (Bézier) and ``C`` (close) with points in mm."""

    segments: list[tuple[str, tuple[float, ...]]]
    stroke: Colour | None
    fill: Colour | None
    even_odd: bool
    width: float
    dash: tuple[float, ...] = ()
    #: Miter | Round | Bevel
    join: str = "Miter"


@dataclass(slots=True)
class Picture:
    """A picture, and the matrix that brings the unit square (y down) into its place."""

    data: bytes
    extension: str
    matrix: tuple[float, float, float, float, float, float]


@dataclass(slots=True)
class Page:
    """A page with its size in mm; things in the order they are painted."""

    width: float
    height: float
    things: list[Run | Path | Picture] = field(default_factory=list)


def read_pages(pdf: bytes) -> list[Page]:
    """The pages of a PDF. For PDFs of our own making only: nothing guards against what a stranger's may do."""
    from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
    from pdfminer.pdfpage import PDFPage

    class Interpreter(PDFPageInterpreter):  # type: ignore[misc]
        def init_state(self, ctm: Any) -> None:
            super().init_state(ctm)
            # pdfminer begins with 0, a PDF with 1 (ISO 32000-1, table 52)
            self.graphicstate.linewidth = 1

    resources = PDFResourceManager()
    device = _device(resources)
    interpreter = Interpreter(resources, device)
    for page in PDFPage.get_pages(io.BytesIO(pdf)):
        interpreter.process_page(page)
    return device.pages  # type: ignore[no-any-return]


def stamps_of(pdf: bytes) -> dict[str, tuple[int, float, float, float, float]]:
    """Where the seals of a sealed PDF are drawn, by field: page counted from 0, x, y, width, height in mm."""
    from pdfminer.pdfpage import PDFPage
    from pdfminer.pdftypes import resolve1

    out = {}
    for n, page in enumerate(PDFPage.get_pages(io.BytesIO(pdf))):
        for reference in resolve1(page.annots) or ():
            one = resolve1(reference)
            if getattr(one.get("FT"), "name", "") == "Sig":
                left, bottom, right, top = (float(resolve1(v)) for v in resolve1(one["Rect"]))
                if right > left and top > bottom:
                    x0, _, _, y1 = page.mediabox
                    name = bytes(resolve1(one["T"])).decode("latin-1")
                    out[name] = n, (left - x0) * MM, (y1 - top) * MM, (right - left) * MM, (top - bottom) * MM
    return out


def _device(resources: Any) -> Any:
    """pdfminer is loaded only here, so the class that inherits from it is made here too."""
    from pdfminer.pdfdevice import PDFTextDevice
    from pdfminer.pdffont import PDFUnicodeNotDefined

    class Device(PDFTextDevice):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(resources)
            self.pages: list[Page] = []
            self._run: Run | None = None

        def begin_page(self, page: Any, ctm: Any) -> None:
            x0, y0, x1, y1 = page.mediabox
            self.pages.append(Page((x1 - x0) * MM, (y1 - y0) * MM))

        def _point(self, matrix: Any, x: float, y: float) -> tuple[float, float]:
            a, b, c, d, e, f = matrix
            return (a * x + c * y + e) * MM, self.pages[-1].height - (b * x + d * y + f) * MM

        def render_string(self, textstate: Any, seq: Any, ncs: Any, graphicstate: Any) -> None:
            self._run = None
            super().render_string(textstate, seq, ncs, graphicstate)

        def render_char(
            self, matrix: Any, font: Any, fontsize: float, scaling: float, rise: float, cid: int, ncs: Any, graphicstate: Any
        ) -> float:
            if self._run is None:
                a, b, c, d = (round(n, 6) for n in matrix[:4])
                turned = (a * scaling, -b * scaling, -c, d)
                # a plain size where the matrix only scales; y is turned round, so (1 0 0 1) is upright
                plain = b == c == 0 and a * scaling == d > 0
                size = fontsize * (d if plain else 1.0) * MM
                self._run = Run(font, size, _IDENTITY if plain else turned, _colour(graphicstate.ncolor))
                self.pages[-1].things.append(self._run)
            try:
                # zero-width blanks only let a line break: no text
                text = font.to_unichr(cid).replace("\u200b", "")
            except PDFUnicodeNotDefined:
                text = "\ufffd"
            advance = font.char_width(cid) * fontsize * scaling
            self._run.glyphs.append(Glyph(cid, text, *self._point(matrix, 0, rise)))
            self._run.last = advance * MM
            return advance  # type: ignore[no-any-return]

        def paint_path(self, gstate: Any, stroke: bool, fill: bool, evenodd: bool, path: Sequence[Any]) -> None:
            a, b, c, d = self.ctm[:4]
            scale = abs(a * d - b * c) ** 0.5 * MM
            segments = list(_segments(path, lambda x, y: self._point(self.ctm, x, y)))
            dashes, _ = gstate.dash or ((), 0)
            self.pages[-1].things.append(Path(
                segments, _colour(gstate.scolor) if stroke else None, _colour(gstate.ncolor) if fill else None,
                evenodd, gstate.linewidth * scale, tuple(float(n) * scale for n in dashes or ()),
                {1: "Round", 2: "Bevel"}.get(gstate.linejoin, "Miter")))

        def render_image(self, name: str, stream: Any) -> None:
            a, b, c, d, e, f = self.ctm
            x, y = self._point(self.ctm, 0, 1)
            data, extension = _picture(stream)
            self.pages[-1].things.append(
                Picture(data, extension, (a * MM, -b * MM, -c * MM, d * MM, x, y)))

    return Device()


def _segments(path: Sequence[Any], place: Any) -> Any:
    """The path's pieces in OFD's words (GB/T 33190-2016, 9.1)."""
    at = (0.0, 0.0)
    for kind, *numbers in path:
        points = [place(numbers[n], numbers[n + 1]) for n in range(0, len(numbers), 2)]
        if kind in "ml":
            yield kind.upper(), points[0]
        elif kind == "c":
            yield "B", tuple(n for p in points for n in p)
        elif kind == "v":
            yield "B", (*at, *points[0], *points[1])
        elif kind == "y":
            yield "B", (*points[0], *points[1], *points[1])
        elif kind == "h":
            yield "C", ()
        if points:
            at = points[-1]


def _colour(value: Any) -> Colour:
    """RGB of what pdfminer has: one number is grey, three are RGB, four CMYK, None is black."""
    if value is None:
        return (0, 0, 0)
    parts = [float(n) for n in value] if isinstance(value, list | tuple) else [float(value)]
    if len(parts) == 4:
        rest = 1 - parts[3]
        parts = [(1 - ink) * rest for ink in parts[:3]]
    if len(parts) == 1:
        parts *= 3
    red, green, blue = (max(0, min(255, round(n * 255))) for n in parts[:3])
    return red, green, blue


def _picture(stream: Any) -> tuple[bytes, str]:
    """A picture's file: a JPEG as it is, anything else as PNG with its mask as transparency."""
    from pdfminer.pdftypes import resolve1, stream_value
    from PIL import Image

    filters = [str(getattr(name, "name", name)) for name, _ in stream.get_filters()]
    data = stream.get_data()
    mask = stream.get("SMask")
    if filters[-1:] == ["DCTDecode"] and mask is None:
        return data, "jpg"
    if filters[-1:] == ["DCTDecode"]:
        image = Image.open(io.BytesIO(data)).convert("RGB")
    else:
        size = resolve1(stream["Width"]), resolve1(stream["Height"])
        bits = resolve1(stream.get("BitsPerComponent", 8))
        pixels = size[0] * size[1]
        mode = "1" if bits == 1 else {1: "L", 3: "RGB", 4: "CMYK"}[max(1, len(data) // max(1, pixels))]
        image = Image.frombytes(mode, size, data).convert("RGB")
    if mask is not None:
        veil = stream_value(mask)
        size = resolve1(veil["Width"]), resolve1(veil["Height"])
        image.putalpha(Image.frombytes("L", size, veil.get_data()).resize(image.size))
    out = io.BytesIO()
    image.save(out, format="PNG")
    return out.getvalue(), "png"
