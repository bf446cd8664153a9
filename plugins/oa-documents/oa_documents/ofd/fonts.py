"""The font subsets in a PDF as font files that stand alone, for OFD to embed (GB/T 33190-2016, 11.1).

A PDF's subset is a bare CFF program or a TrueType file without a character map, since the page says which glyph is
meant. Readers of OFD look characters up in the font, so the subset gets the tables that make it an OpenType font, and a
character map of the characters that stand on the pages. Where two glyphs stand for one character, the map knows the
first, and the text says so where it means the other (CGTransform, 11.4).
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from oa_documents.ofd.drawing import Page, Run


@dataclass(slots=True)
class Font:
    """A font file to embed: its name without the subset's mark, its bytes, ``otf`` or ``ttf``, CID → glyph index."""

    name: str
    data: bytes
    extension: str
    glyphs: dict[int, int]
    #: character → glyph index, as the file's own map has it
    characters: dict[int, int] = field(default_factory=dict)


def fonts_of(pages: Iterable[Page]) -> dict[int, Font]:
    """The fonts of the runs on these pages, by ``id`` of the run's font object."""
    used: dict[int, tuple[Any, dict[int, str]]] = {}
    for page in pages:
        for thing in page.things:
            if isinstance(thing, Run):
                _, seen = used.setdefault(id(thing.font), (thing.font, {}))
                for glyph in thing.glyphs:
                    seen.setdefault(glyph.cid, glyph.text)
    return {key: _font(font, seen) for key, (font, seen) in used.items()}


def _font(font: Any, seen: dict[int, str]) -> Font:
    from pdfminer.pdftypes import stream_value

    name = str(font.basefont or font.fontname or "").rpartition("+")[2].removesuffix("-Identity-H")
    descriptor = font.descriptor
    kind = next((k for k in ("FontFile3", "FontFile2") if k in descriptor), "")
    if not kind:
        raise ValueError(f"the font {name} is not embedded")
    stream = stream_value(descriptor[kind])
    data, subtype = stream.get_data(), getattr(stream.get("Subtype"), "name", "")
    if kind == "FontFile3" and subtype != "OpenType":
        return _from_cff(name, data, font, seen)
    return _from_sfnt(name, data, seen)


def _from_cff(name: str, data: bytes, font: Any, seen: dict[int, str]) -> Font:
    from fontTools.cffLib import CFFFontSet
    from fontTools.fontBuilder import FontBuilder
    from fontTools.ttLib import newTable
    from fontTools.ttLib.tables.DefaultTable import DefaultTable

    program = CFFFontSet()
    program.decompile(io.BytesIO(data), None)
    top = program.topDictIndex[0]
    order = list(top.charset)
    keyed = hasattr(top, "ROS")
    # of a CID-keyed program the page's numbers are CIDs, else glyph indices
    glyphs = {cid: order.index(f"cid{cid:05d}") if keyed else cid for cid in seen}
    em = round(1 / top.FontMatrix[0]) if getattr(top, "FontMatrix", None) else 1000
    characters = _characters(seen, glyphs)
    names = [".notdef", *(f"g{n}" for n in range(1, len(order)))]
    builder = FontBuilder(em, isTTF=False)
    builder.font.sfntVersion = "OTTO"
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({code: names[index] for code, index in characters.items()})
    table = DefaultTable("CFF ")
    table.data = data
    builder.font["CFF "] = table
    widths = {glyphs[cid]: round(font.char_width(cid) * em) for cid in seen}
    left = _left_sides(top, set(glyphs.values()))
    builder.setupHorizontalMetrics({n: (widths.get(i, em), left.get(i, 0)) for i, n in enumerate(names)})
    _finish(builder, name, em, font.descriptor)
    builder.font["maxp"] = newTable("maxp")
    builder.font["maxp"].tableVersion, builder.font["maxp"].numGlyphs = 0x00005000, len(names)
    return Font(name, _saved(builder.font), "otf", glyphs, characters)


def _left_sides(top: Any, glyphs: set[int]) -> dict[int, int]:
    """Left side bearings. OpenType takes them from the outlines; who turns the font into TrueType moves each glyph by them."""
    from fontTools.pens.boundsPen import ControlBoundsPen

    found = {}
    for glyph in glyphs:
        pen = ControlBoundsPen(None)
        outline, _ = top.CharStrings.charStringsIndex.getItemAndSelector(glyph)
        outline.draw(pen)
        if pen.bounds:
            found[glyph] = round(pen.bounds[0])
    return found


def _from_sfnt(name: str, data: bytes, seen: dict[int, str]) -> Font:
    from fontTools.fontBuilder import FontBuilder
    from fontTools.ttLib import TTFont

    file = TTFont(io.BytesIO(data), recalcBBoxes=False)
    names = [".notdef", *(f"g{n}" for n in range(1, file["maxp"].numGlyphs))]
    file.setGlyphOrder(names)
    glyphs = {cid: cid for cid in seen}
    characters = _characters(seen, glyphs)
    for tag in ("post", "cmap", "name"):
        if tag in file:
            del file[tag]
    builder = FontBuilder(font=file)
    builder.setupCharacterMap({code: names[index] for code, index in characters.items()})
    _finish(builder, name, file["head"].unitsPerEm, {}, file.get("hhea"))
    extension = "ttf" if "glyf" in file else "otf"
    return Font(name, _saved(file), extension, glyphs, characters)


def _finish(builder: Any, name: str, em: int, descriptor: Any, head: Any = None) -> None:
    """The tables that every OpenType font has beside its glyphs."""
    from pdfminer.pdftypes import num_value

    def measure(key: str, otherwise: float) -> int:
        return round(num_value(descriptor[key]) * em / 1000) if key in descriptor else round(otherwise * em)

    ascent, descent = measure("Ascent", 0.88), measure("Descent", -0.12)
    if head is None:
        builder.setupHorizontalHeader(ascent=ascent, descent=descent)
    else:
        ascent, descent = head.ascent, head.descent
    builder.setupNameTable({"familyName": name, "styleName": "Regular", "psName": name, "fullName": name})
    if "OS/2" not in builder.font:
        builder.setupOS2(sTypoAscender=ascent, sTypoDescender=descent, usWinAscent=max(0, ascent), usWinDescent=abs(descent))
    builder.setupPost(keepGlyphNames=False)


def _characters(seen: dict[int, str], glyphs: dict[int, int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for cid, text in sorted(seen.items()):
        if len(text) == 1 and text != "\ufffd":
            found.setdefault(ord(text), glyphs[cid])
    return found


def _saved(font: Any) -> bytes:
    font.recalcBBoxes = False
    font.recalcTimestamp = False
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()
