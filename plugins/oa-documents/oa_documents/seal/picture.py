"""The picture of an organisation's round seal, as SVG in millimetres.

After the State Council's rules on official seals (国发〔1999〕25号): 42 mm across, a five-pointed star of 14 mm in the
middle, the name from left to right on the arc above it. Characters are text, so the font comes from whoever renders
the picture; a thin stroke and a horizontal squeeze give the narrow bold letters of cut seals.
"""

from __future__ import annotations

import math
import unicodedata
from typing import Final
from xml.sax.saxutils import escape

from oa_documents.seal.errors import SealError

SIZE_MM: Final = 42
RED: Final = "#e1000f"
FONTS: Final = "FandolSong, 'Noto Serif SC', SimSun, STSong, serif"
KINDS: Final = ("official", "plain")
SHORTEST, LONGEST = 2, 30

_CENTRE: Final = SIZE_MM / 2
_RING: Final = 1.2  # width of the ring
_STAR: Final = 7.0  # radius of the star's points
_GAP: Final = 1.0  # from the ring's inside to the letters


def seal_picture(name: str, kind: str = "official", centre_text: str = "", code: str = "") -> str:
    """SVG of a seal, 42 × 42 mm.

    :param name: the organisation's full name, 2 to 30 characters; well spaced from 4 to 25.
    :param kind: ``official`` with the star, ``plain`` without.
    :param centre_text: a line below the star, such as 合同专用章; up to 10 characters.
    :param code: the registration number along the lower edge; up to 18 letters or digits.
    """
    name, centre_text, code = (_clean(text) for text in (name, centre_text, code))
    if kind not in KINDS:
        raise ValueError(f"kind is one of {KINDS}, not {kind!r}")
    if not SHORTEST <= len(name) <= LONGEST:
        raise SealError(f"印章名称应为 {SHORTEST} 至 {LONGEST} 个字，现为 {len(name)} 个字：“{name}”。")
    if len(centre_text) > 10:
        raise SealError(f"印章中部文字最多 10 个字，现为 {len(centre_text)} 个字：“{centre_text}”。")
    if len(code) > 18 or not code.isascii() or not (code.isalnum() or not code):
        raise SealError(f"印章编码应为 18 位以内的数字或字母：“{code}”。")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIZE_MM}mm" height="{SIZE_MM}mm" '
        f'viewBox="0 0 {SIZE_MM} {SIZE_MM}">',
        f"<title>{escape(name)}</title>",
        f'<circle cx="{_n(_CENTRE)}" cy="{_n(_CENTRE)}" r="{_n(_CENTRE - _RING / 2)}" fill="none" stroke="{RED}" '
        f'stroke-width="{_n(_RING)}"/>',
        f'<g fill="{RED}" stroke="{RED}" stroke-linejoin="round" text-anchor="middle" font-family="{FONTS}">',
        *_name_on_arc(name, bool(centre_text or code)),
    ]
    if kind == "official":
        parts.append(_star())
    if centre_text:
        parts.append(_line(centre_text))
    if code:
        parts.extend(_code_on_arc(code))
    return "\n".join([*parts, "</g>", "</svg>", ""])


def _name_on_arc(name: str, leave_foot: bool) -> list[str]:
    count = len(name)
    height = 6.2 if count <= 12 else 5.8 if count <= 18 else 5.2
    # the more characters, the longer the arc, up to what the lower edge leaves free
    span = min(236.0 if leave_foot else 272.0, 48.0 + 18.0 * count)
    step = span / (count - 1)
    radius = _CENTRE - _RING - _GAP - height / 2
    # letters are squeezed to their share of the arc at their inner edge, where it is shortest, and never widened
    share = math.radians(step) * (radius - height / 2 + 0.6)
    squeeze = min(0.74, share * 0.95 / height)
    return [
        _letter(char, -span / 2 + index * step, radius, height, squeeze, stroke=0.2)
        for index, char in enumerate(name)
    ]


def _code_on_arc(code: str) -> list[str]:
    height, step = 1.9, 5.6
    radius = _CENTRE - _RING - 0.7 - height / 2
    first = 180 + (len(code) - 1) * step / 2
    # read from left to right along the foot: letters stand with their heads to the middle
    return [
        _letter(char, first - index * step, radius, height, 1.0, stroke=0.03, upright=False)
        for index, char in enumerate(code)
    ]


def _letter(
    char: str, angle: float, radius: float, height: float, squeeze: float, stroke: float, upright: bool = True
) -> str:
    """One character, its middle at ``angle`` degrees clockwise from the top, ``radius`` from the centre."""
    turn = math.radians(angle)
    x, y = _CENTRE + radius * math.sin(turn), _CENTRE - radius * math.cos(turn)
    rotation = angle if upright else angle + 180
    # the middle of a CJK character lies 0.38 em above its base line, that of a digit 0.35
    rise = (0.38 if ord(char) > 0x2E7F else 0.35) * height
    return (
        f'<text transform="translate({_n(x)} {_n(y)}) rotate({_n(rotation)}) scale({_n(squeeze)} 1)" '
        f'y="{_n(rise)}" font-size="{_n(height)}" stroke-width="{_n(stroke)}">{escape(char)}</text>'
    )


def _line(text: str) -> str:
    height = 4.2
    width = min(len(text) * height * 0.86, 21.0)
    squeeze = width / (len(text) * height)
    return (
        f'<text transform="translate({_n(_CENTRE)} {_n(_CENTRE + 11.0)}) scale({_n(squeeze)} 1)" '
        f'y="{_n(0.38 * height)}" font-size="{_n(height)}" stroke-width="0.1">{escape(text)}</text>'
    )


def _star() -> str:
    inner = _STAR * math.sin(math.radians(18)) / math.sin(math.radians(54))
    points = []
    for index in range(10):
        radius, turn = (_STAR, inner)[index % 2], math.radians(36 * index)
        points.append(f"{_n(_CENTRE + radius * math.sin(turn))},{_n(_CENTRE - radius * math.cos(turn))}")
    return f'<polygon points="{" ".join(points)}" stroke="none"/>'


def _clean(text: str) -> str:
    text = "".join(text.split())
    for char in text:
        if unicodedata.category(char)[0] in "CM":
            raise SealError(f"印章文字中有不能使用的字符：U+{ord(char):04X}。")
    return text


def _n(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")
