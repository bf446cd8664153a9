"""A page as Content.xml: TextObject, PathObject, ImageObject (GB/T 33190-2016, clauses 7.7, 9, 10 and 11).

Lengths are millimetres to the thousandth. The places of characters are rounded one by one, not their distances, so no
error adds up along a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final
from xml.sax.saxutils import escape

from oa_documents.ofd.drawing import Colour, Page, Path, Picture, Run
from oa_documents.ofd.fonts import Font

NAMESPACE: Final = "http://www.ofdspec.org/2016"
#: how far ink may reach over and below the base line, in ems; a reader may clip at the boundary
_ABOVE, _BELOW, _BESIDE = 1.1, 0.4, 0.25


def number(value: float) -> str:
    """Millimetres, to the thousandth."""
    return f"{value:.3f}".rstrip("0").rstrip(".").replace("-0", "0" if abs(value) < 0.0005 else "-0")


def numbers(*values: float) -> str:
    """Several of them with blanks between."""
    return " ".join(map(number, values))


def content_xml(
    page: Page, fonts: dict[int, tuple[int, Font]], picture: Callable[[Picture], int], take: Callable[[], int]
) -> str:
    """Content.xml of a page.

    :param fonts: ``id`` of a run's font object → (its resource's ID, what is embedded).
    :param picture: the resource ID of a picture. :param take: the next free ID of the document.
    """
    body: list[str] = []
    layer = take()
    for thing in page.things:
        if isinstance(thing, Run):
            body += (_text(run, *fonts[id(run.font)], take()) for run in _pieces(thing))
        elif isinstance(thing, Path):
            if thing.segments and (thing.stroke or thing.fill):
                body.append(_path(thing, take()))
        else:
            body.append(_image(thing, picture(thing), take()))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ofd:Page xmlns:ofd="{NAMESPACE}"><ofd:Area><ofd:PhysicalBox>'
        f"{numbers(0, 0, page.width, page.height)}</ofd:PhysicalBox></ofd:Area><ofd:Content>"
        f'<ofd:Layer ID="{layer}" Type="Body">\n' + "\n".join(body) + "\n</ofd:Layer></ofd:Content></ofd:Page>\n"
    )


def _pieces(run: Run) -> Iterator[Run]:
    """A run without blanks at its ends: readers drop them, and the distances would then belong to other characters."""
    glyphs = [glyph for glyph in run.glyphs if glyph.text]
    while glyphs and not glyphs[0].text.strip():
        glyphs = glyphs[1:]
    last = run.last
    while glyphs and not glyphs[-1].text.strip():
        last = abs(glyphs[-1].x - glyphs[-2].x) if len(glyphs) > 1 else 0
        glyphs = glyphs[:-1]
    if glyphs:
        yield Run(run.font, run.size, run.matrix, run.colour, glyphs, last)


def _text(run: Run, resource: int, font: Font, own: int) -> str:
    """A TextObject (11.2) with one TextCode (11.3) and where the font's map would choose another glyph, CGTransform (11.4)."""
    first = run.glyphs[0]
    a, b, c, d = run.matrix
    upright = run.matrix == (1.0, 0.0, 0.0, 1.0)
    if upright:
        side = run.size * _BESIDE
        left, top = first.x - side, first.y - run.size * _ABOVE
        right = run.glyphs[-1].x + run.last + side
        box = (left, top, right - left, run.size * (_ABOVE + _BELOW))
        x, y = first.x - round(left, 3), first.y - round(top, 3)
        along = [glyph.x for glyph in run.glyphs]
    else:
        # in the run's own coordinates the line is level; CTM brings it into its place
        reach = run.size * (abs(a) + abs(b) + abs(c) + abs(d)) * (_ABOVE + _BELOW)
        xs, ys = [g.x for g in run.glyphs], [g.y for g in run.glyphs]
        box = (min(xs) - reach, min(ys) - reach, max(xs) - min(xs) + 2 * reach, max(ys) - min(ys) + 2 * reach)
        x = y = 0.0
        stretch = (a * a + b * b) ** 0.5 or 1.0
        along = [((g.x - first.x) * a + (g.y - first.y) * b) / stretch / stretch for g in run.glyphs]
    text = "".join(_shown(glyph.text) for glyph in run.glyphs)
    attributes = f'ID="{own}" Boundary="{numbers(*box)}" Font="{resource}" Size="{number(run.size)}"'
    if not upright:
        moved = numbers(first.x - round(box[0], 3), first.y - round(box[1], 3))
        attributes += f' CTM="{a:.6g} {b:.6g} {c:.6g} {d:.6g} {moved}"'
    # a glyph that stands for several characters: these have no places of their own
    places = [round(p, 3) for p, glyph in zip(along, run.glyphs, strict=True) for _ in _shown(glyph.text)]
    deltas = [after - before for before, after in zip(places, places[1:], strict=False)]
    step = f' DeltaX="{numbers(*deltas)}"' if deltas else ""
    return (
        f"<ofd:TextObject {attributes}>{_fill(run.colour)}{''.join(_glyphs(run, font))}"
        f'<ofd:TextCode X="{number(x)}" Y="{number(y)}"{step}>{escape(text)}</ofd:TextCode></ofd:TextObject>'
    )


def _shown(text: str) -> str:
    """What stands in TextCode for a glyph: its characters without what XML does not allow."""
    return "".join(char if char >= " " and char not in "\ufffe\uffff" else " " for char in text) or "\ufffd"


def _glyphs(run: Run, font: Font) -> Iterator[str]:
    """CGTransform where the glyph is not the one that the font's own map gives."""
    at = 0
    for glyph in run.glyphs:
        shown, index = _shown(glyph.text), font.glyphs[glyph.cid]
        if len(shown) != 1 or font.characters.get(ord(shown)) != index:
            yield (
                f'<ofd:CGTransform CodePosition="{at}" CodeCount="{len(shown)}" GlyphCount="1">'
                f"<ofd:Glyphs>{index}</ofd:Glyphs></ofd:CGTransform>"
            )
        at += len(shown)


def _path(path: Path, own: int) -> str:
    """A PathObject (9.1); its points count from the boundary's corner."""
    points = [(n[i], n[i + 1]) for _, n in path.segments for i in range(0, len(n), 2)]
    half = max(path.width, 0.1) / 2 if path.stroke else 0.0
    left, top = (round(min(p[i] for p in points) - half, 3) for i in (0, 1))
    right, bottom = (max(p[i] for p in points) + half for i in (0, 1))
    data = " ".join(
        f"{kind} {numbers(*(v - (left, top)[i % 2] for i, v in enumerate(n)))}" if n else kind for kind, n in path.segments
    )
    attributes = f'ID="{own}" Boundary="{numbers(left, top, right - left, bottom - top)}"'
    inside = ""
    if path.stroke:
        attributes += f' LineWidth="{number(path.width)}"' + (f' Join="{path.join}"' if path.join != "Miter" else "")
        attributes += f' DashPattern="{numbers(*path.dash)}"' if path.dash else ""
        inside += _colour("StrokeColor", path.stroke)
    else:
        attributes += ' Stroke="false"'
    if path.fill:
        attributes += ' Fill="true"' + (' Rule="Even-Odd"' if path.even_odd else "")
        inside += _fill(path.fill)
    return f"<ofd:PathObject {attributes}>{inside}<ofd:AbbreviatedData>{data}</ofd:AbbreviatedData></ofd:PathObject>"


def _image(picture: Picture, resource: int, own: int) -> str:
    """An ImageObject (10.1): CTM brings the unit square into the boundary."""
    a, b, c, d, e, f = picture.matrix
    xs, ys = [e, e + a, e + c, e + a + c], [f, f + b, f + d, f + b + d]
    left, top = round(min(xs), 3), round(min(ys), 3)
    box = (left, top, max(xs) - left, max(ys) - top)
    return (
        f'<ofd:ImageObject ID="{own}" Boundary="{numbers(*box)}" CTM="{numbers(a, b, c, d, e - left, f - top)}" '
        f'ResourceID="{resource}"/>'
    )


def _fill(colour: Colour) -> str:
    # black is what a fill has without a word (8.3.2)
    return _colour("FillColor", colour) if colour != (0, 0, 0) else ""


def _colour(name: str, colour: Colour) -> str:
    return f'<ofd:{name} Value="{" ".join(map(str, colour))}"/>'
