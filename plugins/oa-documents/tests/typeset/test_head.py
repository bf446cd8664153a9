"""版头, GB/T 9704-2012, 7.2 and 10.1 to 10.3."""

import pytest

from .documents import LETTER, MINUTES, NOTICE, ORDER, UPWARD, pages, replace
from .page import CHAR, EM3, LEFT, PITCH, RIGHT, TOP

MARKED = replace(NOTICE, copy_number="12", secrecy="机密", secrecy_term="1年", urgency="特急")


def is_red(colour):
    return len(colour) == 3 and colour[0] > 0.8 and max(colour[1:]) < 0.2


def test_copy_number_secrecy_and_urgency_stand_in_this_order_at_the_upper_left():
    lines = pages(MARKED).lines(1)[:3]
    assert [line.text for line in lines] == ["000012", "机密★1年", "特急"]
    assert lines[0].upper == pytest.approx(TOP, abs=0.3)
    for line in lines:
        assert line.left == pytest.approx(LEFT, abs=0.4) and line.size == 16
    assert lines[1].fonts != lines[0].fonts and lines[1].fonts == lines[2].fonts  # 黑体


@pytest.mark.parametrize("document", [NOTICE, MARKED, UPWARD], ids=["plain", "marked", "upward"])
def test_the_mark_is_35_mm_below_the_type_areas_top_centred_and_red(document):
    left, top, right, _ = pages(document).red_box(1, TOP, TOP + 60)
    assert top == pytest.approx(TOP + 35, abs=0.4)
    assert (left + right) / 2 == pytest.approx((LEFT + RIGHT) / 2, abs=1) and left >= LEFT and right <= RIGHT


def test_a_long_mark_keeps_to_the_type_area():
    long = replace(NOTICE, mark="云岭市深化放管服改革优化营商环境领导小组办公室文件")
    left, _, right, _ = pages(long).red_box(1, TOP, TOP + 55)
    assert left >= LEFT and right <= RIGHT and right - left > 130


def test_the_number_is_centred_two_lines_below_the_mark():
    sheet = pages(NOTICE)
    number = sheet.line("云政办发〔2026〕12号")
    assert number.text == "云政办发〔2026〕12号" and number.size == 16
    assert number.middle == pytest.approx((LEFT + RIGHT) / 2, abs=0.5)
    bottom = sheet.red_box(1, TOP, number.upper - 3)[3]
    assert number.upper - bottom == pytest.approx(2 * PITCH, abs=1)


def test_the_red_rule_is_as_wide_as_the_type_area_and_4_mm_below_the_number():
    sheet = pages(NOTICE)
    y, left, right, thick, colour = sheet.rules(1)[0]
    assert (left, right) == pytest.approx((LEFT, RIGHT), abs=0.1) and is_red(colour)
    assert y - thick / 2 - sheet.line("云政办发").lower == pytest.approx(4, abs=0.5)


def test_an_upward_document_has_its_number_left_and_its_signatory_right():
    sheet = pages(UPWARD)
    line = sheet.line("签发人")
    assert line.text.startswith("云政办发〔2026〕12号") and line.text.endswith("高明德")
    assert line.left == pytest.approx(LEFT + CHAR, abs=0.4) and line.right == pytest.approx(RIGHT - CHAR, abs=0.4)


def test_several_signatories_stand_two_a_line_the_number_beside_the_last():
    sheet = pages(replace(UPWARD, signatory="高明德、林晓燕、周文"))
    first, second = sheet.line("签发人"), sheet.line("周文")
    assert "高明德" in first.text and "林晓燕" in first.text and second.y == pytest.approx(first.y + PITCH, abs=0.2)
    assert second.text.startswith("云政办发〔2026〕12号")

    def start(line, char):
        return next(c["x0"] for c in line.chars if c["text"] == char)

    assert start(second, "周") == pytest.approx(start(first, "高"), abs=0.5)
    rule = sheet.rules(1)[0]
    assert rule[0] - second.lower == pytest.approx(4.25, abs=0.5)


def test_a_letters_mark_is_30_mm_below_the_edge_and_its_rules_are_double():
    sheet = pages(LETTER)
    left, top, right, _ = sheet.red_box(1, 20, 60)
    rules = [r for r in sheet.rules(1) if is_red(r[4])]
    assert [(round(r[1]), round(r[2])) for r in rules] == [(20, 190)] * 4  # 170 mm wide
    upper_thick, upper_thin, lower_thin, lower_thick = (r[3] for r in rules)
    assert upper_thick > upper_thin and lower_thick > lower_thin
    mark_top, mark_bottom = top, sheet.red_box(1, 20, rules[0][0] - 1)[3]
    assert mark_top == pytest.approx(30, abs=0.4)
    assert rules[0][0] - rules[0][3] / 2 - mark_bottom == pytest.approx(4, abs=0.4)
    assert 297 - (rules[3][0] + rules[3][3] / 2) == pytest.approx(20, abs=0.2)
    assert (left, right) == pytest.approx((20, 190), abs=0.3)


def test_a_letters_number_is_right_and_seven_eighths_of_a_character_below_the_rule():
    sheet = pages(LETTER)
    number, rules = sheet.line("云政办函〔2026〕7号"), [r for r in sheet.rules(1) if is_red(r[4])]
    assert number.right == pytest.approx(RIGHT, abs=0.4)
    assert number.upper - rules[1][0] - rules[1][3] / 2 == pytest.approx(7 / 8 * EM3, abs=0.4)
    marked = pages(replace(LETTER, secrecy="秘密", secrecy_term="3年", urgency="加急"))
    assert marked.line("秘密★3年").y == pytest.approx(number.y, abs=0.2)
    assert marked.line("秘密★3年").left == pytest.approx(LEFT, abs=0.4)


def test_an_orders_mark_is_20_mm_below_and_its_number_centred_without_a_rule():
    sheet = pages(ORDER)
    assert sheet.red_box(1, TOP, TOP + 45)[1] == pytest.approx(TOP + 20, abs=0.4)
    number, first = sheet.line("第12号"), sheet.line("经市政府同意")
    assert number.middle == pytest.approx((LEFT + RIGHT) / 2, abs=0.5)
    assert first.y - number.y == pytest.approx(3 * PITCH, abs=0.4)  # two blank lines
    assert not [r for r in sheet.rules(1) if is_red(r[4])]


def test_minutes_carry_their_mark_and_who_made_them_when():
    sheet = pages(MINUTES)
    line = sheet.line("2026年3月9日")
    assert line.text.startswith("云岭市人民政府办公室")
    assert line.left == pytest.approx(LEFT + CHAR, abs=0.4) and line.right == pytest.approx(RIGHT - CHAR, abs=0.4)
    assert sheet.red_box(1, TOP, TOP + 60)[1] == pytest.approx(TOP + 35, abs=0.4)
