"""What a received document says of itself is read from its text and layout."""

import datetime as dt

import pytest
from oa_documents.text.received import propose

PAGE = """000001
机密★1年
特　急
云 岭 市 财 政 局 文 件
云财〔2026〕15号　　　　签发人：李明
云岭市财政局关于申请追加2026年
信息化建设经费的请示
市人民政府：
为保障政务信息系统运行，拟申请追加经费500万元。
妥否，请批示。
云岭市财政局
2026年3月2日
（联系人：王芳，电话：12345）
抄送：市审计局。
"""


def test_a_page_of_the_standard_layout():
    assert propose(PAGE) == {
        "title": "云岭市财政局关于申请追加2026年信息化建设经费的请示", "number": "云财〔2026〕15号", "kind": "请示",
        "sender": "云岭市财政局", "dated_on": dt.date(2026, 3, 2), "urgency": "特急", "secrecy": "机密", "secrecy_term": "1年",
        "addressees": ["市人民政府"]}


def test_a_title_before_its_number():
    found = propose("国务院办公厅关于2025年部分节假日安排的通知\n国办发明电〔2024〕12号\n\n各省、自治区、直辖市人民政府：\n经批准。\n"
                    "国务院办公厅\n2024年11月12日\n")
    assert (found["title"], found["number"]) == ("国务院办公厅关于2025年部分节假日安排的通知", "国办发明电〔2024〕12号")
    assert (found["sender"], found["dated_on"], found["kind"]) == ("国务院办公厅", dt.date(2024, 11, 12), "通知")


@pytest.mark.parametrize(("written", "number"), [
    ("云财[2026]3号", "云财〔2026〕3号"), ("云财（2026）第3号", "云财〔2026〕3号"), ("云财〔2026〕3 号", "云财〔2026〕3号")])
def test_numbers_are_brought_into_their_form(written, number):
    assert propose(f"云岭市财政局文件\n{written}\n关于某事的函\n市政府办公室：\n一事。")["number"] == number


@pytest.mark.parametrize("text", ["", "\n\n", "一张图片里没有文字", "2026年13月45日", "第" * 10_000])
def test_what_is_not_there_is_left_out(text):
    found = propose(text)
    assert "number" not in found and "dated_on" not in found


@pytest.mark.parametrize("mark", [
    "云岭市人民政府办公室\n云岭市财政局文件\n云岭市应急管理局", "云岭市人民政府办公室\n文件\n云岭市应急管理局",
    "云岭市人民政府办公室\n云 岭 市 应 急 管 理 局\n文件"])
def test_the_host_of_a_joint_issue_is_its_sender(mark):
    """7.2.4: the host's name stands first, 文件 beside the names, in the middle of their height."""
    found = propose(f"000012\n{mark}\n云政办发〔2026〕44号\n云岭市人民政府办公室等三部门关于检查的通知\n各处室：\n通知如下。\n"
                    "云岭市\n人民政府办公室 云岭市财政局\n2026年11月13日\n")
    assert found["sender"] == "云岭市人民政府办公室"
