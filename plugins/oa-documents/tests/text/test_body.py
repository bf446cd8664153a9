"""Levels by their numbering (GB/T 9704-2012, 7.3.3) and tables by Markdown pipes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oa_documents.text import Paragraph, Table, parse_body, split_text


@pytest.mark.parametrize(("text", "level", "number"), [
    ("一、总体要求", 1, "一、"), ("十二、附则", 1, "十二、"), ("（一）检查范围。市县两级。", 2, "（一）"), ("(三)加强领导", 2, "(三)"),
    ("1. 首问负责。", 3, "1."), ("12．限时办结", 3, "12．"), ("（1）挂牌上岗", 4, "（1）"), ("(10)其他", 4, "(10)"),
    ("各单位要高度重视。", 0, ""), ("1.5万元用于培训。", 0, ""), ("一是加强领导。", 0, ""), ("2026年工作要点", 0, ""),
    ("（联系人：林晓燕）", 0, ""), ("一方面要加强管理。", 0, ""),
])
def test_a_level_is_known_by_its_number(text, level, number):
    (block,) = parse_body(text)
    assert (block.level, block.number, block.text) == (level, number, text)


@pytest.mark.parametrize(("text", "lead"), [
    ("一、检查范围", "一、检查范围"), ("一、元旦：1月1日（周三）放假1天。", "一、元旦："),
    ("（一）加强领导。各单位要重视。", "（一）加强领导。"),
    ("1. 首问负责。要落实。", ""), ("各单位要重视。要落实。", ""),
    ("（二）" + "很长的一句没有句号的话" * 8 + "。", ""),
])
def test_a_heading_runs_to_its_first_stop(text, lead):
    (block,) = parse_body(text)
    assert block.lead == lead and block.lead + block.rest == text


def test_empty_lines_and_indents_of_any_kind_do_not_count():
    blocks = parse_body("\n　　一、总体要求\r\n\r\n\t各单位要重视。\r　（一）范围\n\n")
    assert [b.text for b in blocks] == ["一、总体要求", "各单位要重视。", "（一）范围"]
    assert [b.line for b in blocks] == [2, 4, 5]


def test_a_table_is_known_by_its_pipes():
    before, table, after = parse_body("见下表。\n| 项目 | 时限 | 金额 |\n|:--|:-:|--:|\n| 受理 | 当日 | 1 |\n| 反馈 | 5日 |\n以上。")
    assert isinstance(table, Table) and isinstance(before, Paragraph) and after.text == "以上。"
    assert table.header and table.align == ["left", "center", "right"] and table.line == 2
    assert table.rows == [["项目", "时限", "金额"], ["受理", "当日", "1"], ["反馈", "5日", ""]]


def test_a_table_without_a_rule_has_no_head():
    (table,) = parse_body("| 一 | 二 |\n| 三 | 四 |")
    assert not table.header and len(table.rows) == 2


def test_a_pipe_in_a_cell_is_escaped():
    (table,) = parse_body("| a\\|b | c |\n|---|---|\n| d | e\\| |")
    assert table.rows == [["a|b", "c"], ["d", "e|"]]


def test_a_line_with_one_pipe_is_text():
    (block,) = parse_body("甲|乙两方")
    assert isinstance(block, Paragraph)


@given(st.text(alphabet="一二、（）()12.．。：| -\n　市县\\", max_size=200))
def test_nothing_typed_is_lost(text):
    seen = ""
    for block in parse_body(text):
        if isinstance(block, Paragraph):
            assert block.lead + block.rest == block.text
            seen += block.text
        else:
            assert len({len(row) for row in block.rows}) == 1
            seen += "".join(c for row in block.rows for c in row)
    for char in "市县":
        assert seen.count(char) == text.count(char)


def test_a_whole_document_is_taken_apart():
    found = split_text(
        "云岭市人民政府办公室关于开展检查的通知\n云政办发〔2026〕3号\n\n各县（市、区）人民政府，市政府各部门、各直属机构：\n为做好工作，现通知如下。\n"
        "一、范围\n附件：1. 评分表\n2. 名单\n云岭市人民政府办公室\n2026年3月9日\n（此件公开发布）\n抄送：市委办公室，市政协办公室。\n"
        "云岭市人民政府办公室　　2026年3月9日印发"
    )
    assert found["title"] == "云岭市人民政府办公室关于开展检查的通知" and found["number"] == "云政办发〔2026〕3号"
    assert found["addressees"] == ["各县（市、区）人民政府", "市政府各部门、各直属机构"]
    assert found["body"] == "为做好工作，现通知如下。\n一、范围" and found["attachment_titles"] == ["评分表", "名单"]
    assert found["signature"] == "云岭市人民政府办公室" and found["date"].isoformat() == "2026-03-09"
    assert found["note"] == "此件公开发布" and found["cc"] == ["市委办公室", "市政协办公室"]
