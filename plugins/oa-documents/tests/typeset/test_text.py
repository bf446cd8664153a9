"""主体, GB/T 9704-2012, 7.3: title, addressees, levels, attachments, signature and seal."""

import pytest
from oa_documents.typeset import fonts
from oa_documents.typeset.titles import break_title, width

from .documents import HOLIDAYS, LEVELS, MINUTES, NOTICE, OFFICE, UPWARD, han, made, pages, replace
from .page import CHAR, EM3, FOOT, LEFT, PITCH, RIGHT

LEVELLED = replace(NOTICE, body=LEVELS, attachment_titles=["检查评分表", "检查工作领导小组及其办公室组成人员名单和联系方式一览表"])
TITLES = [
    "关于印发云岭市政务服务窗口作风检查实施方案和评分标准的通知",
    "云岭市人民政府办公室关于进一步做好2026年政务服务大厅错时延时服务和值班值守工作的紧急通知",
    "云岭市人民政府办公室转发市发展改革委市财政局关于加强政府投资项目前期工作经费管理意见的通知",
    "云岭市人民政府关于同意设立云岭市数字经济产业园区和调整高新技术产业开发区管理机构设置有关事项的批复",
    "云岭市人民政府办公室关于成立云岭市第五次全国经济普查领导小组及其办公室并印发《云岭市第五次全国经济普查实施方案》的通知",
]


def family(role):
    return fonts.roles(None)[role].family.replace(" ", "")


def test_the_title_is_22_points_centred_two_lines_below_the_rule():
    sheet = pages(NOTICE)
    lines = [line for line in sheet.lines(1) if line.size == 22]
    assert "".join(line.text for line in lines) == NOTICE.title
    for line in lines:
        assert line.middle == pytest.approx((LEFT + RIGHT) / 2, abs=0.6)
    rule = sheet.rules(1)[0]
    assert lines[0].upper - rule[0] == pytest.approx(2 * PITCH, abs=1.5)


@pytest.mark.parametrize("title", TITLES)
def test_a_titles_lines_break_at_words_in_a_good_shape(title):
    import rjieba

    lines = break_title(title)
    assert "".join(lines) == title and 2 <= len(lines) <= 4
    cuts = {0}
    for word in rjieba.cut(title):
        cuts.add(max(cuts) + len(word))
    at = 0
    for line in lines[:-1]:
        at += len(line)
        assert at in cuts, f"a word is broken after {line}"
    widths = [width(line) for line in lines]
    assert max(widths) <= 20 and min(widths) > 3
    assert not lines[-1].startswith(("的", "和", "、")) and not any(line.endswith(("《", "（")) for line in lines)
    if len(lines) == 3:  # no hourglass
        assert widths[1] >= min(widths[0], widths[2]) - 1


@pytest.mark.parametrize("title", TITLES)
def test_long_titles_stand_on_the_page_as_broken(title):
    sheet = pages(replace(NOTICE, title=title))
    assert tuple(line.text for line in sheet.lines(1) if line.size == 22) == break_title(title)
    assert all(line.left > LEFT and line.right < RIGHT for line in sheet.lines(1) if line.size == 22)


def test_addressees_stand_flush_left_one_line_below_the_title_and_end_with_a_colon():
    sheet = pages(NOTICE)
    title, line = [line for line in sheet.lines(1) if line.size == 22][-1], sheet.line("各县（市、区）人民政府")
    assert line.text == "各县（市、区）人民政府、市政府各部门、各直属机构：" and line.size == 16
    assert line.left == pytest.approx(LEFT, abs=0.3)
    assert line.upper - title.lower == pytest.approx(PITCH + 4.8, abs=2)


def test_each_level_has_its_face_and_all_have_3hao():
    sheet = pages(LEVELLED)
    faces = {"一、检查范围": "黑体", "（一）市、县": "楷体", "1. 首问负责": "仿宋", "（1）窗口人员": "仿宋",
             "各单位要高度重视": "仿宋"}
    for text, role in faces.items():
        line = sheet.line(text)
        assert line.ink[2]["fontname"].partition("+")[2].startswith(family(role)), text
        assert {round(c["size"]) for c in line.ink} == {16} and line.left > LEFT + 1.5 * CHAR


def test_a_run_in_heading_only_is_in_the_headings_face():
    line = pages(NOTICE).line("一、市政务服务大厅：")
    colon = line.text.index("：")
    black = [c["fontname"].partition("+")[2].startswith(family("黑体")) for c in line.ink]
    assert all(black[:colon]) and not any(black[colon + 1:])


def test_the_list_of_attachments_stands_one_line_below_two_characters_in():
    sheet = pages(LEVELLED)
    first, last = sheet.line("附件：1."), sheet.line("各单位要高度重视")
    assert first.y - last.y == pytest.approx(2 * PITCH, abs=0.3)
    assert first.left == pytest.approx(LEFT + 2 * CHAR, abs=0.4)
    assert first.text == "附件：1.检查评分表" or first.text == "附件：1. 检查评分表"
    second = sheet.line("2.检查工作领导") if "2.检查工作领导" in sheet.text() else sheet.line("检查工作领导小组及其")
    following = next(line for line in sheet.lines(second.page) if line.y > second.y + 1)
    title_left = next(c["x0"] for c in second.chars if c["text"] == "检") * 25.4 / 72
    assert following.left == pytest.approx(title_left, abs=0.4)  # the second line stands under the title's first character


def test_a_long_list_of_attachments_goes_over_the_page_with_numbers_apart_from_titles():
    sheet, result = made(replace(NOTICE, attachment_titles=[f"名称{n}" for n in range(1, 41)]))
    for n in (1, 9, 10, 40):
        line = next(line for line in sheet.all if line.text.replace(" ", "").endswith(f"{n}.名称{n}"))
        dot = next(c for c in line.ink if c["text"] == ".")
        title = next(c for c in line.ink if c["text"] == "名")
        assert dot["x1"] <= title["x0"] + 0.1
    assert sheet.line("附件：").page == 2 and result.seal_box[0] + 1 == sheet.line("名称40").page


def test_one_attachment_has_no_number():
    assert pages(replace(NOTICE, attachment_titles=["检查评分表"])).line("附件：").text == "附件：检查评分表"


def test_with_a_seal_the_date_is_four_characters_from_the_right_and_the_name_centred_over_it():
    sheet = pages(NOTICE)
    date, name = sheet.line("2026年3月9日"), sheet.all[sheet.all.index(sheet.line("2026年3月9日")) - 1]
    assert name.text == OFFICE and date.y - name.y == pytest.approx(PITCH, abs=0.2)
    assert date.right == pytest.approx(RIGHT - 4 * CHAR, abs=0.4) and name.middle == pytest.approx(date.middle, abs=0.4)


def test_without_a_seal_the_date_is_two_characters_from_the_right():
    sheet = pages(replace(NOTICE, sealed=False, seal_picture=""))
    date = sheet.line("2026年3月9日")
    name = next(line for line in sheet.lines(date.page) if line.text == OFFICE)
    assert date.right == pytest.approx(RIGHT - 2 * CHAR, abs=0.4)
    assert name.right <= RIGHT + 0.1 and date.y - name.y == pytest.approx(PITCH, abs=0.2)


@pytest.mark.parametrize("size", [38.0, 42.0, 45.0])
@pytest.mark.parametrize("document", [NOTICE, LEVELLED, UPWARD], ids=["notice", "attachments", "upward"])
def test_the_seal_is_centred_on_name_and_date_within_a_line_of_the_text(document, size):
    sheet, result = made(replace(document, seal_mm=size))
    page, x, y, wide, high = result.seal_box
    lines = sheet.lines(page + 1)
    date = next(line for line in lines if line.text == "2026年3月9日")
    name = next(line for line in lines if line.text == OFFICE and line.y < date.y)
    assert (wide, high) == (size, size) and x + wide / 2 == pytest.approx(date.middle, abs=0.4)
    assert y < name.upper and y + high > date.lower  # it covers both
    assert y + high / 2 < (name.upper + date.lower) / 2 < y + high * 0.75  # which stand a little below its middle
    above = max((line for line in lines if line.y < name.y - 1), key=lambda line: line.y)
    assert -0.1 <= y - above.lower <= PITCH
    box = sheet.red_box(page + 1, y - 1, y + high + 1)
    assert box == pytest.approx((x, y, x + wide, y + high), abs=0.5)


def test_a_name_longer_than_a_line_is_broken_and_keeps_to_the_type_area():
    name = "云岭市深化放管服改革优化营商环境推进政府职能转变工作领导小组办公室"
    sheet, result = made(replace(NOTICE, signature=name))
    date = sheet.line("2026年3月9日")
    lines = [line for line in sheet.lines(date.page) if date.y - 2.5 * PITCH < line.y < date.y - 1]
    assert "".join(line.text for line in lines) == name and len(lines) == 2
    assert all(line.left >= LEFT - 0.1 and line.right <= RIGHT + 0.1 for line in lines)
    assert result.seal_box[2] < lines[1].y < result.seal_box[2] + 42


def test_the_note_stands_in_brackets_two_characters_in():
    line = pages(UPWARD).line("联系人")
    assert line.text.startswith("（联系人") and line.text.endswith("）")
    assert line.ink[1]["x0"] * 25.4 / 72 == pytest.approx(LEFT + 3 * CHAR, abs=3.2)


def test_minutes_list_who_was_there():
    sheet = pages(MINUTES)
    assert [sheet.line(word).text for word in ("出席：", "请假：", "列席：")] == [
        "出席：高明德、林晓燕", "请假：周文", "列席：吴敏"]
    assert sheet.line("出席：").left == pytest.approx(LEFT + 2 * CHAR, abs=0.4)


def test_attachments_begin_a_new_page_with_their_mark():
    sheet = pages(replace(NOTICE, attachments=[("检查评分表", "说明文字。"), ("人员名单", "组长：高明德")]))
    for page, (mark, title) in ((3, ("附件1", "检查评分表")), (4, ("附件2", "人员名单"))):
        lines = sheet.lines(page)
        assert lines[0].text == mark and lines[0].left == pytest.approx(LEFT, abs=0.4)
        assert lines[0].ink[0]["fontname"].partition("+")[2].startswith(family("黑体"))
        assert lines[1].text == title and lines[1].middle == pytest.approx((LEFT + RIGHT) / 2, abs=0.6)
        assert lines[1].upper - lines[0].lower == pytest.approx(PITCH, abs=PITCH / 2)
    assert pages(replace(NOTICE, attachments=[("检查评分表", "说明。")])).lines(3)[0].text == "附件"


def test_a_table_goes_over_the_page_with_its_head_repeated():
    rows = "\n".join(f"| 第{n}项 | 窗口{n} | 5个工作日 |" for n in range(1, 41))
    sheet = pages(replace(NOTICE, body=f"安排见下表。\n| 项目 | 责任单位 | 时限 |\n|---|---|---|\n{rows}\n以上请遵照执行。"))
    heads = [line.page for line in sheet.all if line.text.replace(" ", "") == "项目责任单位时限"]
    assert len(heads) >= 2 and heads == sorted(set(heads))
    assert all(f"第{n}项" in sheet.text() for n in range(1, 41))


@pytest.mark.parametrize("columns", [2, 6, 14, 20])
def test_a_table_is_never_wider_than_the_type_area(columns):
    table = "|" + "|".join(f"列{n}的标题" for n in range(columns)) + "|\n|" + "---|" * columns + "\n"
    table += ("|" + "|".join("内容文字较长一些" for _ in range(columns)) + "|\n") * 2
    sheet = pages(replace(NOTICE, body=f"见下表。\n{table}以上。"))
    for page in sheet._open.pages:
        for shape in [*page.lines, *page.rects]:
            if shape["top"] > 120 / 0.3528:
                assert shape["x0"] * 25.4 / 72 > LEFT - 0.2 and shape["x1"] * 25.4 / 72 < RIGHT + 0.2
    assert all(line.right < RIGHT + 0.3 for line in sheet.all if line.y < FOOT)


@pytest.mark.parametrize("word", [
    "https://www.yunling.example.com/zwgk/2026/very/long/path/without/end/index.html?id=1234567890&view=full",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ" * 5, "1234567890" * 12,
])
def test_a_long_word_is_broken_and_the_line_not_torn_apart(word):
    sheet = pages(replace(NOTICE, body=f"网址为 {word} 请各单位查看。"))
    assert word in "".join(sheet.text().split())
    lines = [line for line in sheet.all if line.size == 16 and line.y < FOOT]
    assert all(line.right < RIGHT + 0.3 for line in lines)
    first = sheet.line("网址")
    assert first.ink[1]["x0"] - first.ink[0]["x0"] < 24  # not stretched


def test_no_line_begins_or_ends_with_a_forbidden_mark():
    body = "\n".join(han(n) + "，" + han(8) + "（" + han(5) + "）、《" + han(9) + "》；" + han(13) + "。" for n in range(15, 32))
    lines = [line for line in pages(replace(NOTICE, body=body)).all if line.size == 16 and line.y < FOOT]
    assert len(lines) > 30
    for line in lines:
        assert line.text[0] not in "，。、；：？！）》〕”", line.text
        assert line.text[-1] not in "（《〔“", line.text


def test_nothing_of_the_text_is_read_as_markup():
    body = '请用 #let x = 1 和 *星号*、_下划线_、$公式$、\\反斜线、"引号"、<标签>、@引用、`代码`、// 注释、= 标题。'
    assert "".join(body.split()) in "".join(pages(replace(NOTICE, body=body)).text().split())


def test_the_whole_text_is_selectable():
    text = "".join(pages(NOTICE).text().replace("— 1 —", "").replace("— 2 —", "").split())
    for paragraph in HOLIDAYS.split("\n"):
        assert "".join(paragraph.split()) in text
    assert NOTICE.number in text and NOTICE.title in text and round(EM3, 2) == 5.64
