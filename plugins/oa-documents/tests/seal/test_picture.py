"""The picture of a seal: well-formed, to size, every character drawn, bad names refused."""

import math
import re
import xml.etree.ElementTree as ET

import pytest
from oa_documents.seal import SealError, seal_picture

SVG = "{http://www.w3.org/2000/svg}"


def letters(svg):
    found = []
    for text in ET.fromstring(svg).iter(f"{SVG}text"):
        x, y = map(float, re.search(r"translate\((\S+) (\S+)\)", text.get("transform")).groups())
        found.append((text.text, x, y, float(text.get("font-size"))))
    return found


@pytest.mark.parametrize("count", range(2, 31))
def test_every_character_stands_inside_the_ring_in_order_and_apart(count):
    name = "".join(chr(0x4E00 + i) for i in range(count))
    placed = letters(seal_picture(name))
    assert "".join(char for char, *_ in placed) == name
    angles = [math.degrees(math.atan2(x - 21, 21 - y)) for _, x, y, _ in placed]
    assert angles == sorted(angles)
    assert angles[0] == pytest.approx(-angles[-1], abs=0.1)
    for _, x, y, size in placed:
        from_centre = math.hypot(x - 21, y - 21)
        assert from_centre - size / 2 > 7 and from_centre + size / 2 < 42 / 2 - 1.2
    if count > 2:
        assert math.dist(placed[0][1:3], placed[1][1:3]) >= 2.4


def test_it_is_42_mm_with_a_star_of_14():
    root = ET.fromstring(seal_picture("某市人民政府"))
    assert (root.get("width"), root.get("viewBox")) == ("42mm", "0 0 42 42")
    points = [tuple(map(float, p.split(","))) for p in next(root.iter(f"{SVG}polygon")).get("points").split()]
    assert len(points) == 10 and points[0] == (21, 14)
    assert next(ET.fromstring(seal_picture("某市人民政府", "plain")).iter(f"{SVG}polygon"), None) is None


def test_the_line_and_the_code_are_drawn():
    drawn = "".join(char for char, *_ in letters(seal_picture("某市人民政府", "official", "合同专用章", "11010800")))
    assert drawn == "某市人民政府合同专用章11010800"


def test_markup_in_a_name_stays_text():
    assert letters(seal_picture("A<&>B"))[1][0] == "<"


@pytest.mark.parametrize(
    "arguments",
    [
        ("",),
        ("一",),
        ("一" * 31,),
        ("某市\x00政府",),
        ("某市政府", "official", "一" * 11),
        ("某市政府", "official", "", "编号"),
        ("某市政府", "official", "", "1" * 19),
    ],
)
def test_what_cannot_be_cut_is_refused(arguments):
    with pytest.raises(SealError):
        seal_picture(*arguments)


def test_the_typesetter_draws_it(page):
    import pypdfium2

    picture = pypdfium2.PdfDocument(page)[1].render(scale=2).to_pil().convert("RGB")
    mm = 2 * 72 / 25.4
    for x, y in ((100.6, 171), (141.4, 171), (121, 150.6), (121, 191.4), (121, 168)):  # the ring, and the star
        red, green, blue = picture.getpixel((round(x * mm), round(y * mm)))
        assert red > 180 and green < 80 and blue < 80, (x, y)
    name_band = picture.crop(tuple(round(v * mm) for v in (103, 153, 139, 162)))
    raw = name_band.tobytes()
    red_pixels = sum(1 for red, green in zip(raw[::3], raw[1::3], strict=True) if red > 180 and green < 120)
    assert 0.03 < red_pixels / (name_band.width * name_band.height) < 0.5
