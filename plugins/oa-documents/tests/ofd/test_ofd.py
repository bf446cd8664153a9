"""OFD beside PDF: the same characters in the same places, a seal that covers every file, and what strangers send."""

import io
import struct
import unicodedata
import zipfile
from dataclasses import replace

import ofdkit
import pdfplumber
import pypdfium2
import pytest
from defusedxml.ElementTree import fromstring
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.boundsPen import ControlBoundsPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from oa_documents import ofd
from oa_documents.ofd.content import content_xml
from oa_documents.ofd.drawing import Glyph, Page, Run
from oa_documents.ofd.fonts import Font
from oa_documents.ofd.package import OFDError
from oa_documents.typeset.compile import compile_pdf
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont
from seal.conftest import NOW, make_office
from typeset.documents import LEVELS, NOTICE, made
from typeset.page import MM

#: with a code, a table and an attachment: every kind of thing that a page has
DOCUMENT = replace(
    NOTICE, body=LEVELS + "\n| 单位 | 人数 |\n| --- | --- |\n| 甲局 | 12 |\n三、https://oa.example.cn/a/very/long/address/indeed",
    qr="https://oa.example.cn/verify/d/abc", urgency="特急", attachments=[("名单", "第一名")], attachment_titles=["名单"])


@pytest.fixture(scope="module")
def paper():
    """(pages as measured in the PDF, what was typeset)."""
    return made(DOCUMENT)


@pytest.fixture(scope="module")
def files(paper):
    return ofd.write(paper[1].pdf, ofd.Information(DOCUMENT.title, "某办", custom={"文号": DOCUMENT.number}))


@pytest.fixture(scope="module")
def office():
    return make_office()


@pytest.fixture(scope="module")
def signed(files, office, paper):
    return ofd.sign(files, office.seal, office.key, office.certificate, NOW, paper[1].seal_box)


def test_every_character_stands_where_the_pdf_has_it(paper, signed):
    """Read by readers that are not ours: page by page the same text, and no run begins or ends 0.01 mm elsewhere."""
    with ofdkit.open(ofd.pack(signed)) as document, pdfplumber.open(io.BytesIO(paper[1].pdf)) as measured:
        assert document.warnings == [] and document.info.title == DOCUMENT.title
        assert document.info.custom_data == {"文号": DOCUMENT.number}
        assert len(document.pages) == len(measured.pages) == 4
        for page, printed in zip(document.pages, measured.pages, strict=True):
            assert page.box == (0, 0, 210, 297)
            chars = [c for c in printed.chars if (c["text"].replace("\u200b", "").strip())]
            assert sorted("".join(r.text for r in page.runs).replace(" ", "")) == sorted("".join(c["text"][0] for c in chars))
            places = [(c["text"][0], c["matrix"][4] * MM, 297 - c["matrix"][5] * MM, c["size"] * MM) for c in chars]
            for run in page.runs:
                # what it says of a run's width ends with a guess of the last character's
                guess = run.size if unicodedata.east_asian_width(run.text[-1]) in "WF" else run.size / 2
                for char, x in ((run.text[0], run.x), (run.text[-1], run.x + run.width - guess)):
                    assert any(char == text and abs(left - x) < 0.01 and abs(base - run.y) < 0.01 and abs(size - run.size) < 0.001
                               for text, left, base, size in places), (run, char)


def test_the_page_looks_as_the_pdf_does(paper, signed):
    """Drawn by FreeType from the embedded fonts at the places another reader found, beside PDFium's picture of the PDF.

    Ink of the one that has none of the other's within 0.25 mm is what differs; the red rule is all that is not text.
    """
    scale = 200 / 25.4
    with pypdfium2.PdfDocument(paper[1].pdf) as opened:
        printed = opened[0].render(scale=200 / 72, grayscale=True).to_pil()
    drawn = Image.new("L", printed.size, 255)
    pen = ImageDraw.Draw(drawn)
    resources = fromstring(signed["Doc_0/PublicRes.xml"])
    names = {font.get("ID"): font[0].text for font in resources.iter() if font.tag.endswith("}Font")}
    page = fromstring(signed["Doc_0/Pages/Page_0/Content.xml"])
    used = {one.get("ID"): one.get("Font") for one in page.iter() if one.tag.endswith("TextObject")}
    with ofdkit.open(ofd.pack(signed)) as document:
        for run in document.pages[0].runs:
            data = signed[f"Doc_0/Res/{names[used[run.object_id]]}"]
            font = ImageFont.truetype(io.BytesIO(data), run.size * scale, layout_engine=ImageFont.Layout.BASIC)
            code = next(one for one in page.iter() if one.get("ID") == run.object_id)[-1]
            x = run.x
            for char, step in zip(run.text, [*map(float, (code.get("DeltaX") or "").split()), 0], strict=True):
                pen.text((x * scale, run.y * scale), char, font=font, fill=0, anchor="ls")
                x += step
    rule = [n * scale for n in (28, 113, 184, 115.5)]
    for picture in (printed, drawn):
        ImageDraw.Draw(picture).rectangle(rule, fill=255)
    for one, other in ((printed, drawn), (drawn, printed)):
        ink = one.point(lambda v: 255 if v < 110 else 0)
        near = other.point(lambda v: 255 if v < 200 else 0).filter(ImageFilter.MaxFilter(5))
        total = ink.histogram()[255]
        alone = ImageChops.subtract(ink, near).histogram()[255]
        assert total > 20_000 and alone < total * 0.002, (alone, total)


def test_the_package_carries_its_fonts_and_draws_rules_and_seal(files):
    page = files["Doc_0/Pages/Page_0/Content.xml"].decode()
    assert 'LineWidth="0.5"><ofd:StrokeColor Value="230 0 18"/>' in page  # the red rule
    fonts = [TTFont(io.BytesIO(data)) for name, data in files.items() if "/font_" in name]
    mapped = {code for font in fonts for code in font.getBestCmap()}
    assert {ord(c) for c in DOCUMENT.title} <= mapped
    # a mapped character has ink
    outlines = fonts[0].getGlyphSet()
    assert all(outlines[name].width > 0 for name in fonts[0].getBestCmap().values())
    # the left side bearings are those of the outlines: a reader that makes TrueType of the font moves the glyphs by them
    for name in fonts[0].getBestCmap().values():
        bounds = ControlBoundsPen(None)
        outlines[name].draw(bounds)
        assert bounds.bounds is None or fonts[0]["hmtx"][name][1] == round(bounds.bounds[0])


def test_a_truetype_font_of_the_organisation_is_embedded_with_a_map(tmp_path):
    names = [".notdef", "a", "b"]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord("甲"): "a", ord("乙"): "b"})
    pen = TTGlyphPen(None)
    for n, point in enumerate(((100, 0), (900, 0), (900, 800))):
        (pen.lineTo if n else pen.moveTo)(point)
    pen.closePath()
    builder.setupGlyf(dict.fromkeys(names, pen.glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (1000, 100)))
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"familyName": "Probe", "styleName": "Regular", "psName": "Probe"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(tmp_path / "probe.ttf")
    pdf, _ = compile_pdf('#set text(font: "Probe")\n甲乙甲 #rotate(-30deg)[乙甲]', tmp_path)
    files = ofd.write(pdf, ofd.Information("字体"))
    (name,) = [name for name in files if "/font_" in name]
    font = TTFont(io.BytesIO(files[name]))
    assert name.endswith(".ttf") and set(font.getBestCmap()) == {ord("甲"), ord("乙")}
    assert font["hmtx"][font.getBestCmap()[ord("甲")]][0] == 1000
    with ofdkit.open(ofd.pack(files)) as document:
        level, turned = document.pages[0].runs
        assert (level.text, turned.text) == ("甲乙甲", "乙甲") and turned.size == pytest.approx(level.size, abs=0.001)
    # turned by 30 degrees upwards, the distance of the characters as on a level line
    assert 'CTM="0.866025 -0.5 0.5 0.866025' in files["Doc_0/Pages/Page_0/Content.xml"].decode()
    assert turned.width == pytest.approx(2 * level.width / 3, abs=0.01)


def test_two_glyphs_of_one_character_are_told_apart():
    font = Font("F", b"", "otf", {1: 1, 2: 2, 3: 3}, {ord("令"): 1})
    run = Run("f", 5.0, (1.0, 0.0, 0.0, 1.0), (0, 0, 0), [Glyph(1, "令", 10, 20), Glyph(2, "令", 15, 20), Glyph(3, "fi", 20, 20)])
    xml = content_xml(Page(210, 297, [run]), {id(run.font): (9, font)}, lambda _: 0, iter(range(1, 9)).__next__)
    assert '<ofd:CGTransform CodePosition="1" CodeCount="1" GlyphCount="1"><ofd:Glyphs>2<' in xml
    assert '<ofd:CGTransform CodePosition="2" CodeCount="2" GlyphCount="1"><ofd:Glyphs>3<' in xml
    assert "CodePosition=\"0\"" not in xml and ">令令fi</ofd:TextCode>" in xml


# the seal


def test_a_sealed_package_is_genuine_and_any_altered_file_is_named(signed, office):
    answer = ofd.verify_ofd(ofd.pack(signed), [office.root])
    assert answer.ok and answer.trusted and answer.covers_whole_file and answer.signed_at == NOW
    for name, data in signed.items():
        # a letter of its text, not its markup, so that the answer does not come from the XML parser
        at = data.find(b"</ofd:") - 1 if name.endswith(".xml") else len(data) // 2
        altered = data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
        found = ofd.verify_ofd(ofd.pack({**signed, name: altered}))
        assert not found.ok and found.sealed and name.rpartition("/")[2] in "".join(found.reasons), (name, found.reasons)
    page = "Doc_0/Pages/Page_1/Content.xml"
    gone = ofd.verify_ofd(ofd.pack({k: v for k, v in signed.items() if k != page}))
    assert not gone.ok and page in gone.reasons[0] and "拿掉" in gone.reasons[0]
    added = ofd.verify_ofd(ofd.pack({**signed, "Doc_0/Pages/Page_9/Content.xml": b"<a/>"}))
    assert not added.ok and "Page_9" in added.reasons[0]


def test_a_seal_of_somebody_else_or_of_another_file_is_refused(signed, files, office):
    whole = ofd.pack(signed)
    stranger = make_office()
    assert ofd.verify_ofd(whole, [stranger.root]).trusted is False
    assert not ofd.verify_ofd(whole + b"x").ok and not ofd.verify_ofd(b"x" + whole).ok
    plain = ofd.verify_ofd(ofd.pack(files))
    assert not plain.ok and not plain.sealed and "没有电子印章" in plain.reasons[0]
    other = ofd.sign({**files, "Doc_0/more.xml": b"<a/>"}, office.seal, office.key, office.certificate, NOW)
    value = "Doc_0/Signs/Sign_0/SignedValue.dat"
    swapped = ofd.verify_ofd(ofd.pack({**signed, value: other[value]}))
    assert not swapped.ok and "Signature.xml" in swapped.reasons[0]


# what strangers send


def _packed(*entries, claim=None):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in entries:
            package.writestr(name, data)
    data = bytearray(out.getvalue())
    if claim is not None:  # the directory says another size than there is
        at = data.rfind(b"PK\x01\x02")
        struct.pack_into("<I", data, at + 24, claim)
    return bytes(data)


ENTRY = ('<OFD><DocBody><DocInfo><Title>来文</Title></DocInfo><DocRoot>{0}</DocRoot></DocBody></OFD>')
DOC = '<Document><Pages><Page ID="1" BaseLoc="{0}"/></Pages></Document>'
BOMB = '<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><OFD>&c;</OFD>'


@pytest.mark.parametrize(("data", "said"), [
    (b"PK\x03\x04 nothing", "不是 OFD 文件，或文件不完整"),
    (_packed(("a.xml", "<a/>")), "缺少 OFD.xml"),
    (_packed(("OFD.xml", "<OFD/>"), ("../../etc/cron.d/x", "x")), "“../../etc/cron.d/x”指到文件之外"),
    (_packed(("OFD.xml", ENTRY.format("../../../etc/passwd"))), "“../../../etc/passwd”指到文件之外"),
    (_packed(("OFD.xml", ENTRY.format("D.xml")), ("D.xml", DOC.format("/../../x"))), "“/../../x”指到文件之外"),
    (_packed(("OFD.xml", ENTRY.format("D.xml")), ("D.xml", DOC.format("P.xml"))), "第 1 页的内容（P.xml）不在文件里"),
    (_packed(("OFD.xml", BOMB)), "实体声明"),
    (_packed(("OFD.xml", "<OFD>" + " " * (17 << 20) + "</OFD>")), "“OFD.xml”解压后有 17 MB"),
    (_packed(("OFD.xml", "<OFD/>"), ("big", b""), claim=300 << 20), "压缩炸弹"),
    (_packed(("OFD.xml", "<OFD>" + "<a/>" * 900_000 + "</OFD>")), "太多图元"),
    (_packed(*[(f"f{n}", "") for n in range(5001)], ("OFD.xml", "<OFD/>")), "超过上限 5000 个"),
    (_packed(("OFD.xml", ENTRY.format("D.xml")), ("D.xml", "<Document><Pages>" + '<Page BaseLoc="OFD.xml"/>' * 2001
                                                  + "</Pages></Document>")), "2001 页，超过上限"),
])
def test_what_may_not_be_opened_is_refused_with_the_reason(data, said):
    with pytest.raises(OFDError, match=said.replace("(", "\\(").replace(".", "\\.")):
        ofd.read_ofd(data)
    answer = ofd.verify_ofd(data)  # never raises
    assert not answer.ok and answer.reasons


def test_a_file_of_another_maker_is_read_line_by_line():
    page = ('<Page><Content><Layer><PageBlock><TextObject Boundary="10 30 90 6" Size="5"><TextCode X="0" Y="5" DeltaX="g 3 5">'
            '关于汛期</TextCode></TextObject></PageBlock><TextObject Boundary="40 30 90 6" Size="5"><TextCode X="0" Y="5">的通知'
            '</TextCode></TextObject><TextObject Boundary="10 10 9 6" Size="5"><TextCode X="0" Y="5">特急</TextCode></TextObject>'
            '</Layer></Content><Template TemplateID="7"/></Page>')
    template = ('<Page><Content><Layer><TextObject Boundary="10 20 9 6" Size="5"><TextCode X="0" Y="5">底</TextCode></TextObject>'
                "</Layer></Content></Page>")
    document = ('<Document><CommonData><TemplatePage ID="7" BaseLoc="T.xml"/></CommonData><Pages><Page BaseLoc="Doc_0/P.xml"/>'
                "</Pages></Document>")
    data = _packed(("OFD.xml", ENTRY.format("/doc_0/D.xml")), ("Doc_0/D.xml", document), ("Doc_0/P.xml", page),
                   ("Doc_0/T.xml", template))
    found = ofd.read_ofd(data)
    assert (found.title, found.pages, found.text) == ("来文", 1, "特急\n底\n关于汛期 的通知")
