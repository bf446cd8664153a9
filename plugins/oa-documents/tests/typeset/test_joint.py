"""联合行文, GB/T 9704-2012, 7.2.4 and 7.3.5: 标志 of several organisations, their names and seals in rows of three."""

import pytest

from .documents import NOTICE, OFFICE, made, pages, replace
from .page import CHAR, FOOT, LEFT, RIGHT, TOP

NAMES = [OFFICE, "云岭市财政局", "云岭市应急管理局", "云岭市公安局", "云岭市住房和城乡建设局", "云岭市气象局", "云岭市档案馆"]


def joint(count, **more):
    return replace(NOTICE, body="一、检查范围\n各单位。", signatures=NAMES[:count], joint_marks=NAMES[:count], seal_picture="", **more)


def test_the_names_stand_one_below_the_other_equally_wide_and_the_word_in_their_middle():
    left, top, right, bottom = pages(joint(3)).red_box(1, TOP, TOP + 75)
    assert top == pytest.approx(TOP + 35, abs=0.4) and left >= LEFT - 0.2 and right <= RIGHT + 0.2
    assert (left + right) / 2 == pytest.approx((LEFT + RIGHT) / 2, abs=1)
    sheet = pages(joint(3))
    lines = [line for line in sheet.lines(1) if TOP + 30 < line.y < bottom + 1]
    word = next(c for line in lines for c in line.chars if c["text"] == "文")
    rows = [line for line in lines if line.text[0] == "云"]
    assert [line.text.replace("文件", "") for line in rows] == NAMES[:3]
    names = [[c for c in line.ink if c["text"] not in "文件"] for line in rows]
    for chars in names:
        assert chars[0]["x0"] == pytest.approx(names[0][0]["x0"], abs=1)
        assert chars[-1]["x1"] == pytest.approx(names[0][-1]["x1"], abs=1)
    assert word["top"] == pytest.approx((names[0][0]["top"] + names[-1][0]["top"]) / 2, abs=4)
    assert sheet.line("云政办发").text == "云政办发〔2026〕12号"


def test_only_the_host_at_the_head_where_that_is_wanted():
    sheet = pages(replace(joint(3), joint_marks=[]))
    number = sheet.line("云政办发〔2026〕12号")
    assert [line.text for line in sheet.lines(1) if line.y < number.y] == [f"{OFFICE}文件"]


@pytest.mark.parametrize("count", [2, 3, 4, 7])
def test_seals_stand_in_rows_of_three_apart_inside_the_type_area_and_over_their_names(count):
    sheet, result = made(joint(count))
    boxes = result.seal_boxes
    assert len(boxes) == count and len({b[0] for b in boxes}) == 1
    rows = {}
    for box in boxes:
        rows.setdefault(round(box[2], 1), []).append(box)
    assert [len(r) for r in rows.values()] == [3] * (count // 3) + ([count % 3] if count % 3 else [])
    for n, (_, x, y, size, _h) in enumerate(boxes):
        assert x >= LEFT - 0.1 and x + size <= RIGHT + 0.1 and y + size < FOOT
        for other in boxes[n + 1:]:
            assert abs(other[1] - x) > size or abs(other[2] - y) > size  # neither cross nor touch
        last = [c for line in sheet.lines(boxes[0][0] + 1) for c in line.ink if c["size"] == 16 and y < line.y < y + size
                and x - 8 < (c["x0"] + c["x1"]) / 2 * 25.4 / 72 < x + size + 8]
        assert NAMES[n][-1] in [c["text"] for c in last]
    date = next(line for line in reversed(sheet.lines(boxes[0][0] + 1)) if line.text.endswith("2026年3月9日") and line.size == 16)
    _, x, y, size, _h = boxes[-1]
    assert y < date.y < y + size and date.right == pytest.approx(x + size / 2 + (date.right - date.left) / 2, abs=0.5)


def test_without_seals_the_names_stand_below_one_another_the_host_first():
    sheet = pages(replace(joint(4), sealed=False, joint_marks=[]))
    lines = [sheet.line(name) for name in NAMES[1:4]]
    assert [a.y < b.y for a, b in zip(lines, lines[1:], strict=False)] == [True, True]
    date = [line for line in sheet.lines(lines[0].page) if line.text == "2026年3月9日"][0]
    assert date.right == pytest.approx(RIGHT - 2 * CHAR, abs=0.4) and date.y > lines[-1].y
    for line in lines:
        assert line.middle == pytest.approx(date.middle, abs=0.5)


def test_each_organisations_signatory_stands_in_an_upward_document():
    sheet = pages(replace(joint(3), format="upward", signatory="高明德、邹文清、韩守正"))
    assert "高明德" in sheet.line("签发人").text and "韩守正" in sheet.text(1)
