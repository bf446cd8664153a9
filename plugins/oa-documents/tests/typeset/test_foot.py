"""版记, GB/T 9704-2012, 7.4, and what travels with the page: the code, the draft's mark, PDF/A."""

import pytest

from .documents import LETTER, MINUTES, NOTICE, ORDER, UPWARD, han, made, pages, replace
from .page import EM4, FOOT, LEFT, PITCH, RIGHT

LINES = list(range(1, 45, 4))


@pytest.mark.parametrize("lines", LINES)
def test_it_stands_at_the_foot_of_the_last_page_which_is_even(lines):
    sheet, result = made(replace(NOTICE, body="\n".join([han(26)] * lines)))
    assert result.pages == sheet.count and sheet.count % 2 == 0
    assert sheet.line("抄送：").page == sheet.count
    assert sheet.rules(sheet.count)[-1][0] == pytest.approx(FOOT, abs=0.4)


@pytest.mark.parametrize("lines", LINES)
def test_it_never_overlaps_the_text_or_the_seal(lines):
    sheet, result = made(replace(NOTICE, body="\n".join([han(26)] * lines), note="联系人：林晓燕"))
    top = sheet.rules(sheet.count)[-3][0]
    body = [line for line in sheet.lines(sheet.count) if line.size == 16]
    assert all(line.lower < top for line in body)
    if result.seal_box[0] == sheet.count - 1:
        assert result.seal_box[2] + result.seal_box[4] < top + 1


def test_its_rules_are_035_and_025_mm_and_as_wide_as_the_type_area():
    rules = pages(NOTICE).rules(2)[-3:]
    assert [round(r[3], 2) for r in rules] == [0.35, 0.25, 0.35]
    for rule in rules:
        assert (rule[1], rule[2]) == pytest.approx((LEFT, RIGHT), abs=0.1)


def test_copies_and_printer_are_4hao_one_character_in():
    sheet = pages(NOTICE)
    copies, printer = sheet.line("抄送："), sheet.line("印发")
    assert copies.text == "抄送：市委办公室，市人大常委会办公室，市政协办公室。"
    assert printer.text.startswith("云岭市人民政府办公室") and printer.text.endswith("2026年3月9日印发")
    assert copies.size == printer.size == 14
    for line in (copies, printer):
        assert line.left == pytest.approx(LEFT + EM4, abs=0.4)
    assert printer.right == pytest.approx(RIGHT - EM4, abs=0.4)


def test_the_second_line_of_copies_stands_under_the_first_name():
    sheet = pages(replace(NOTICE, cc=[f"市第{n}人民法院" for n in "一二三四五六七八九"]))
    first = sheet.line("抄送：")
    second = next(line for line in sheet.lines(first.page) if line.y > first.y + 1)
    assert second.left == pytest.approx(first.ink[3]["x0"] * 25.4 / 72, abs=0.4)
    assert all(line.right < RIGHT - EM4 + 0.3 for line in sheet.lines(first.page) if "法院" in line.text)


def test_copies_longer_than_a_page_flow_over_it():
    sheet = pages(replace(NOTICE, cc=[f"云岭市第{n}中学" for n in range(180)]))
    assert all(line.lower < FOOT + 1 for line in sheet.all if line.size == 14 and "—" not in line.text)
    assert "第179中学。" in "".join(sheet.text().split())


def test_a_letters_copies_have_no_rules_and_no_printer_and_stand_on_its_last_page():
    sheet = pages(LETTER)
    assert "印发" not in sheet.text() and sheet.line("抄送：").page == sheet.count
    assert not [r for r in sheet.rules(sheet.count) if not (r[4] and r[4][0] > 0.8)]
    short, result = made(replace(LETTER, body="请予支持。"))
    assert result.pages == 1 and short.line("抄送：").page == 1


@pytest.mark.parametrize("document", [NOTICE, UPWARD, LETTER, ORDER, MINUTES])
@pytest.mark.parametrize("lines", [3, 17, 24])
def test_no_page_is_blank_at_the_end(document, lines):
    sheet, _ = made(replace(document, body="\n".join([han(26)] * lines)))
    assert sheet.lines(sheet.count), "the last page is blank"


def test_the_code_leads_where_it_says():
    import pypdfium2
    import zxingcpp

    address = "https://oa.example.gov.cn/verify/d/3kU0cRr1nX7yQz0T"
    sheet, result = made(replace(NOTICE, qr=address))
    picture = pypdfium2.PdfDocument(sheet.data)[result.pages - 1].render(scale=150 / 72).to_pil()
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [address]
    folio = sheet.folio(result.pages)
    assert folio.right < 100  # the code stands at the other side


def test_a_draft_says_so_on_every_page_and_a_formal_version_never():
    draft = pages(replace(NOTICE, draft="草稿　第2稿　未经签发不得外传"))
    assert all("草稿" in draft.text(n) and "未经签发" in draft.text(n) for n in range(1, draft.count + 1))
    assert "草稿" not in pages(NOTICE).text()


@pytest.mark.parametrize("document", [NOTICE, UPWARD, LETTER, ORDER, MINUTES], ids=lambda d: d.format)
def test_it_is_pdfa_2b_with_all_fonts_embedded(document):
    import io
    import re

    import pypdf

    reader = pypdf.PdfReader(io.BytesIO(pages(document).data))
    metadata = reader.trailer["/Root"]["/Metadata"].get_object().get_data().decode()
    assert re.search(r"pdfaid:part>2<", metadata) and re.search(r"pdfaid:conformance>B<", metadata)
    assert reader.trailer["/Root"]["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    seen = 0
    for page in reader.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            for inner in font.get_object()["/DescendantFonts"]:
                descriptor = inner.get_object()["/FontDescriptor"]
                assert {"/FontFile2", "/FontFile3"} & set(descriptor), descriptor["/FontName"]
                seen += 1
            assert "/ToUnicode" in font.get_object()
    assert seen >= 2


def test_the_same_document_gives_the_same_bytes():
    from oa_documents.typeset import typeset

    assert typeset(NOTICE).pdf == typeset(NOTICE).pdf


def test_typesetting_again_is_quick():
    from time import perf_counter

    from oa_documents.typeset import typeset

    typeset(NOTICE)
    begin = perf_counter()
    typeset(NOTICE)
    assert perf_counter() - begin < 0.3 and round(PITCH, 1) == 10.4
