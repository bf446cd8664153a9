"""Scans: pieces become lines; where the extra is installed, a typeset page that was made a picture is read."""

import io

import pytest
from oa_documents.text import ocr, received


def box(left, top, width=100, height=20):
    return [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]


def test_pieces_at_the_same_height_are_one_line_from_left_to_right():
    pieces = [(box(300, 103), "高明德"), (box(50, 200), "关于开展检查的通知"), (box(50, 100), "云政办发〔2026〕3号"),
              (box(180, 98), "签发人：")]
    assert list(ocr.lines(pieces)) == ["云政办发〔2026〕3号 签发人： 高明德", "关于开展检查的通知"]
    assert list(ocr.lines([])) == []


def test_what_is_no_image_or_too_large_is_not_read(monkeypatch):
    from PIL import Image

    out = io.BytesIO()
    Image.new("L", (200, 100), 255).save(out, "PNG")
    monkeypatch.setattr(ocr, "PIXELS", 100)
    monkeypatch.setattr(ocr, "_read", lambda image: pytest.fail("must not be read"))
    assert ocr.of_image(out.getvalue()) == "" and ocr.of_image(b"no image") == ""


@pytest.mark.skipif(not ocr.available(), reason="the extra oa-documents[ocr] is not installed")
def test_fields_are_found_on_a_scanned_page():
    import pypdfium2
    from oa_documents import typeset
    from oa_documents.bench import document

    made = pypdfium2.PdfDocument(typeset.typeset(document(12)).pdf)
    out = io.BytesIO()
    made[0].render(scale=200 / 72).to_pil().convert("L").save(out, "PDF", resolution=200)
    scan = pypdfium2.PdfDocument(out.getvalue())
    assert scan[0].get_textpage().get_text_range() == ""
    found = received.propose(ocr.of_pdf(scan))
    assert found["number"] == "云政办发〔2026〕12号" and found["urgency"] == "加急" and found["kind"] == "通知"
    assert found["title"].endswith("关于开展2026年度机关固定资产清查工作的通知")
