"""The page and its type area, GB/T 9704-2012, 5.2 and 7.5."""

import pytest

from .documents import LETTER, MINUTES, NOTICE, ORDER, UPWARD, han, made, pages, replace
from .page import CHAR, EM4, FOOT, LEFT, MM, PITCH, RIGHT, TOP

FULL = replace(NOTICE, body="\n".join([han(28 * 60)]), cc=[], printer="")
FORMATS = {"general": NOTICE, "upward": UPWARD, "letter": LETTER, "order": ORDER, "minutes": MINUTES}


def test_a_page_is_a4():
    page = pages(NOTICE)._open.pages[0]
    assert (float(page.width) * MM, float(page.height) * MM) == pytest.approx((210, 297), abs=0.2)


def test_a_page_has_22_lines_of_28_characters():
    lines = [line for line in pages(FULL).lines(2) if line.y < FOOT]
    assert [len(line.text) for line in lines] == [28] * 22
    assert {line.size for line in lines} == {16}


def test_lines_fill_the_type_area():
    lines = [line for line in pages(FULL).lines(2) if line.y < FOOT]
    assert lines[0].upper == pytest.approx(TOP, abs=0.3) and lines[-1].lower == pytest.approx(FOOT, abs=0.3)
    for line in lines:
        assert line.left == pytest.approx(LEFT, abs=0.3) and line.right == pytest.approx(RIGHT, abs=0.4)
    steps = {round(b.y - a.y, 1) for a, b in zip(lines, lines[1:], strict=False)}
    assert steps <= {round(PITCH, 1), round(PITCH + 0.1, 1), round(PITCH - 0.1, 1)}


def test_a_paragraph_is_indented_by_two_characters():
    first = pages(FULL).line(han(20))
    assert first.left == pytest.approx(LEFT + 2 * CHAR, abs=0.3) and len(first.text) == 26


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_stands_outside_the_type_area(name):
    for line in pages(FORMATS[name]).all:
        if TOP < line.y < FOOT:
            assert line.left > LEFT - 0.5 and line.right < RIGHT + 0.3, line.text


def test_numbers_stand_right_on_odd_and_left_on_even_pages():
    sheet = pages(FULL)
    odd, even = sheet.folio(1), sheet.folio(2)
    assert (odd.text, even.text) == ("— 1 —", "— 2 —") and odd.size == even.size == 14
    assert odd.right == pytest.approx(RIGHT - EM4, abs=0.3)
    assert even.left == pytest.approx(LEFT + EM4, abs=0.3)


def test_the_dash_of_the_number_is_7_mm_below_the_type_area():
    assert pages(FULL).folio(1).y - 0.38 * EM4 == pytest.approx(FOOT + 7, abs=0.3)


def test_a_letter_has_no_number_on_its_first_page():
    two = replace(LETTER, body=han(28 * 30))
    assert pages(two).folio(1) is None and pages(two).folio(2).text == "— 2 —"


def test_a_blank_page_and_the_colophon_after_it_have_no_number():
    # the second page is full to the foot, so that 版记 finds no room
    for count in range(18, 30):
        sheet, result = made(replace(NOTICE, body="\n".join([han(26)] * count)))
        if result.pages == 4 and not [line for line in sheet.lines(3) if line.y < FOOT]:
            assert sheet.folio(2) is not None and sheet.folio(3) is None and sheet.folio(4) is None
            assert "抄送" in sheet.text(4)
            return
    pytest.fail("no document of these fills its second page")


@pytest.mark.parametrize("lines", range(1, 26, 2))
def test_no_page_is_a_signatures_alone(lines):
    body = "\n".join([han(26)] * lines + [han(28 * 4)])
    sheet, result = made(replace(NOTICE, body=body))
    assert "此页无正文" not in sheet.text()
    page = result.seal_box[0] + 1
    before = [line for line in sheet.lines(page) if line.y < sheet.line("2026年3月9日").y - 1.5 * PITCH]
    assert any(line.text[:8] in body for line in before), f"page {page} has no text"
    assert "".join(sheet.text().split()).count(han(28)) >= 1


def test_moved_lines_keep_their_words_and_their_measure():
    body = "\n".join([han(26)] * 15 + [han(28 * 4) + "。"])
    sheet, result = made(replace(NOTICE, body=body))
    assert result.seal_box[0] == 1
    top = [line for line in sheet.lines(2) if line.y < FOOT][0]
    if top.left < LEFT + 1:  # the paragraph goes on here: its lines before are full
        above = [line for line in sheet.lines(1) if line.y < FOOT][-1]
        assert above.right == pytest.approx(RIGHT, abs=0.6)
    assert "".join(body.split()) in "".join(sheet.text(1).split()).replace("—1—", "") + "".join(sheet.text(2).split())


def test_the_last_rows_of_a_table_go_along_with_the_signature():
    for rows in range(8, 24):
        body = "名单如下。\n| 姓名 | 单位 |\n|---|---|\n" + "\n".join(f"| 人员{n:02} | 窗口{n:02} |" for n in range(rows))
        sheet, result = made(replace(NOTICE, body=body))
        page = result.seal_box[0] + 1
        assert f"人员{rows - 1:02}" in sheet.text(page), f"{rows} rows: page {page} has none of them"
