"""Every kind in every format it may have, and the formats of 命令 and 纪要 (GB/T 9704-2012, 10.1 to 10.3)."""

import pytest
from oa_documents import kinds
from oa_documents.seal import seal_picture

from .documents import MINUTES, OFFICE, ORDER, pages, replace
from .page import CHAR, LEFT, PITCH, RIGHT, TOP

MARKS = {"order": (f"{OFFICE}令", 20), "minutes": (f"{OFFICE}会议纪要", 35), "letter": (OFFICE, -7),
         "general": (f"{OFFICE}文件", 35), "upward": (f"{OFFICE}文件", 35)}
FORMS = [(k.name, f) for k in kinds.KINDS.values() for f in k.formats]


def filled(kind, form):
    one = kinds.get(kind)
    return replace(
        ORDER, kind=kind, format=form, mark=MARKS[form][0], title=one.title.replace("……", "政务公开"), number="云政办发〔2026〕7号",
        body=one.body.replace("……", "有关事项"), addressees=["市大数据局"] if one.addressees != "none" else [], signatory="高明德",
        attendance={"出席": ["高明德"], "请假": ["周文"], "列席": ["吴敏"]}, seal_picture=seal_picture(OFFICE))


@pytest.mark.parametrize(("kind", "form"), FORMS)
def test_every_kind_is_laid_out_in_its_formats(kind, form):
    sheet = pages(filled(kind, form))
    mark, below = MARKS[form]
    left, top, right, _ = sheet.red_box(1, 20, TOP + 60)
    assert top == pytest.approx(TOP + below, abs=0.5) and (left + right) / 2 == pytest.approx((LEFT + RIGHT) / 2, abs=1)
    body = [line for line in sheet.all if line.size == 16]
    assert body and all(line.left > LEFT - 0.4 and line.right < RIGHT + 0.4 for line in body)
    title = [line for line in sheet.lines(1) if line.size == 22]
    assert bool(title) == (form != "order")
    assert ("市大数据局：" in sheet.text()) == (kinds.get(kind).addressees != "none")
    assert ("签发人：" in sheet.text(1)) == (form == "upward") and ("出席：" in sheet.text()) == (form == "minutes")
    assert (sheet.folio(1) is None) == (form == "letter")


def test_an_order_is_signed_by_its_signatory():
    body = "《办法》已经通过，现予公布，自2027年1月1日起施行。"
    sheet = pages(replace(ORDER, sealed=False, body=body, signed_by=("市长", "高明德")))
    signed, date = sheet.line("高明德"), [line for line in sheet.all if line.text == "2026年3月9日"][0]
    office, end = sheet.line("市长"), sheet.line("施行")
    assert signed.page == end.page == 1 and signed.right == pytest.approx(RIGHT - 4 * CHAR, abs=0.5)
    assert date.right == pytest.approx(RIGHT - 4 * CHAR, abs=0.5) and date.y - signed.y == pytest.approx(2 * PITCH, abs=2)
    assert signed.y - end.y == pytest.approx(3 * PITCH, abs=3)
    assert signed.left - office.right == pytest.approx(2 * CHAR, abs=0.6)
    assert (signed.upper + signed.lower) / 2 == pytest.approx((office.upper + office.lower) / 2, abs=0.6)  # centred on it


def test_attendance_stands_below_the_text_group_by_group_in_hei():
    sheet = pages(MINUTES)
    rows = [sheet.line(word) for word in ("出席：", "请假：", "列席：")]
    assert [b.y - a.y for a, b in zip(rows, rows[1:], strict=False)] == pytest.approx([PITCH, PITCH], abs=0.3)
    for row, names in zip(rows, ("高明德、林晓燕", "周文", "吴敏"), strict=True):
        assert row.left == pytest.approx(LEFT + 2 * CHAR, abs=0.4) and row.text[3:] == names
        assert row.ink[0]["fontname"] != row.ink[-1]["fontname"]
