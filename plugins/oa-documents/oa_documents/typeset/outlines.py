"""The letters of a seal as outlines: what is copied from the page is the document's text, not the seal's letters,
and the seal looks the same wherever it is printed."""

from __future__ import annotations

import functools
import re
from html import unescape
from pathlib import Path
from typing import Any

from . import fonts as _fonts

_TEXT = re.compile(
    r'<text transform="(?P<place>[^"]*)" y="(?P<y>[-\d.]+)" font-size="(?P<size>[-\d.]+)" stroke-width="(?P<stroke>[-\d.]+)">'
    r"(?P<text>[^<]*)</text>"
)


@functools.lru_cache(maxsize=8)
def outlined(svg: str, folder: Path | None = None) -> str:
    """A seal's picture with its letters drawn as paths; text of other shapes than ours is left as it is."""
    if "<text" not in svg:
        return svg
    font = _fonts.open_font(_fonts.roles(folder)["宋体"].family, folder)
    return _TEXT.sub(lambda match: _drawn(match, font), svg) if font is not None else svg


def _drawn(match: re.Match[str], font: Any) -> str:
    from fontTools.pens.svgPathPen import SVGPathPen
    from fontTools.pens.transformPen import TransformPen

    text, size = unescape(match["text"]), float(match["size"])
    glyphs, names = font.getGlyphSet(), font.getBestCmap()
    if not all(ord(char) in names for char in text):
        return match[0]
    em = size / font["head"].unitsPerEm
    chosen = [glyphs[names[ord(char)]] for char in text]
    at = -sum(glyph.width for glyph in chosen) * em / 2  # anchored in the middle
    pen = SVGPathPen(glyphs, lambda value: f"{value:.3f}".rstrip("0").rstrip("."))
    for glyph in chosen:
        glyph.draw(TransformPen(pen, (em, 0, 0, -em, at, float(match["y"]))))
        at += glyph.width * em
    return f'<path transform="{match["place"]}" stroke-width="{match["stroke"]}" d="{pen.getCommands()}"/>'


#: an em is drawn that high to find its ink
_PIXELS = 500


@functools.lru_cache(maxsize=64)
def depth(text: str, family: str, folder: Path | None = None) -> float:
    """How far the ink of a line reaches below its base line, in ems.

    The typesetter's own bounds go by the curves' control points, which lie lower than the ink.
    """
    file = _fonts.file_of(family, folder)
    if file is None:
        return 0.0
    # drawn rather than computed: reading one glyph's curves would first read the whole font
    from PIL import ImageFont

    font = ImageFont.truetype(str(file[0]), _PIXELS, index=file[1], layout_engine=ImageFont.Layout.BASIC)
    lowest = 0
    for char in set(text):
        drawn, (_, top) = font.getmask2(char, mode="L", anchor="ls")
        ink = drawn.getbbox()
        lowest = max(lowest, top + ink[3] if ink else 0)
    return lowest / _PIXELS
