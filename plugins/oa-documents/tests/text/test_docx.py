"""A Word file as the text form of a document."""

import io
import zipfile

import docx
import pytest
from docx.enum.text import WD_ALIGN_PARAGRAPH
from oa_documents.text import Table, parse_body
from oa_documents.text.docx import read

from oa_kernel.errors import Invalid

LINES = [
    "为做好工作，现通知如下。", "一、范围", "（一）市县两级政务服务中心。", "1. 窗口", "（1）人员", "二、要求", "各单位要高度重视。",
]


def word(build):
    document = docx.Document()
    build(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def notice(document):
    for text in ("云岭市人民政府办公室关于开展", "窗口作风检查的通知"):
        document.add_paragraph(text).alignment = WD_ALIGN_PARAGRAPH.CENTER
    document.add_paragraph("业务处、财务处：")
    for line in LINES:
        document.add_paragraph("　　" + line)
    table = document.add_table(rows=3, cols=3)
    for r, row in enumerate((("项目", "时限", "单位"), ("受理", "当日", "a|b"), ("反馈", "", "主管\n部门"))):
        for c, text in enumerate(row):
            table.cell(r, c).text = text
    document.add_paragraph("附件：评分表")
    document.add_paragraph("云岭市人民政府办公室")
    document.add_paragraph("2026年3月9日")
    document.add_paragraph("抄送：市委办公室，市政协办公室。")


def test_a_notice_is_read_with_its_parts():
    found = read(word(notice))
    assert found["title"] == "云岭市人民政府办公室关于开展窗口作风检查的通知" and found["kind"] == "通知"
    assert found["addressees"] == ["业务处", "财务处"] and found["attachment_titles"] == ["评分表"]
    assert found["cc"] == ["市委办公室", "市政协办公室"]
    blocks = parse_body(found["body"])
    assert [b.text for b in blocks if not isinstance(b, Table)] == LINES
    (table,) = [b for b in blocks if isinstance(b, Table)]
    assert table.rows == [["项目", "时限", "单位"], ["受理", "当日", "a|b"], ["反馈", "", "主管 部门"]]


def test_the_table_keeps_its_place_in_the_text():
    def build(document):
        document.add_paragraph("关于甲的函")
        document.add_paragraph("前。")
        document.add_table(rows=1, cols=2).cell(0, 0).text = "格"
        document.add_paragraph("后。")

    found = read(word(build))
    assert [type(b).__name__ for b in parse_body(found["body"])] == ["Paragraph", "Table", "Paragraph"]
    assert found["kind"] == "函"


def test_merged_cells_come_once():
    def build(document):
        document.add_paragraph("关于甲的通知")
        table = document.add_table(rows=2, cols=3)
        table.cell(0, 0).merge(table.cell(0, 1)).text = "合并"
        table.cell(0, 2).text = "三"

    (table,) = parse_body(read(word(build))["body"])
    assert table.rows[0] == ["合并", "", "三"]


def test_text_goes_out_and_comes_in_again_unchanged():
    def build(document):
        document.add_paragraph("关于甲的通知")
        for line in LINES:
            document.add_paragraph(line)

    assert read(word(build))["body"].split("\n") == LINES


def test_automatic_numbers_are_written_out():
    def build(document):
        document.add_paragraph("关于甲的通知")
        for text in ("第一项", "第二项"):
            document.add_paragraph(text, style="List Number")

    assert [b.text for b in parse_body(read(word(build))["body"])] == ["1.第一项", "2.第二项"]


@pytest.mark.parametrize(("data", "word_in_message"), [
    (b"", "不是 .docx"), (b"%PDF-1.7", "不是 .docx"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 99, ".doc 旧格式"),
])
def test_other_files_are_refused_with_what_to_do(data, word_in_message):
    with pytest.raises(Invalid) as caught:
        read(data)
    assert word_in_message in caught.value.message and "file" in caught.value.errors


def archive(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name.replace("__", "/"), data)
    return out.getvalue()


def test_another_zip_is_refused():
    with pytest.raises(Invalid, match="没有 Word 正文"):
        read(archive(a="x"))


def test_a_zip_bomb_is_refused_unopened():
    with pytest.raises(Invalid, match="过大"):
        read(archive(**{"word__document.xml": b"0" * 60_000_000}))


def test_a_damaged_word_file_is_refused():
    whole = word(notice)
    for broken in (whole[:-200], archive(**{"word__document.xml": "<w:document"})):
        with pytest.raises(Invalid):
            read(broken)


def test_a_file_that_reaches_outside_is_not_followed():
    xml = '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>'
    parts = zipfile.ZipFile(io.BytesIO(word(notice)))
    files = {n: parts.read(n) for n in parts.namelist()}
    files["word/document.xml"] = xml.encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, data in files.items():
            made.writestr(name, data)
    try:
        found = read(out.getvalue())
    except Invalid:
        return
    assert "root:" not in str(found)
