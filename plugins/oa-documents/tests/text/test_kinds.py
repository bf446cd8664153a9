"""Each of the fifteen kinds: its template begins a draft, a good one passes the checks, and what it lacks is found."""

import re

import pytest
from oa_documents import kinds
from oa_documents.text.checks import check

GOOD = {
    "决议": ("云岭市第五届人民代表大会关于财政预算的决议", "会议审议了财政预算草案。会议决定，批准该预算。", []),
    "决定": ("云岭市人民政府关于表彰先进集体的决定", "为鼓励先进，现决定如下。\n一、授予业务处先进集体称号。", []),
    "命令": ("云岭市人民政府令", "《云岭市政务服务办法》已经2026年11月2日市政府常务会议通过，现予公布，自2027年1月1日起施行。", []),
    "公报": ("云岭市第五届人民代表大会公报", "会议于2026年11月2日在云岭召开。", []),
    "公告": ("云岭市人民政府关于道路施工的公告", "根据工程安排，现将有关事项公告如下。\n一、施工时间\n12月。\n特此公告。", []),
    "通告": ("云岭市人民政府关于道路管制的通告", "为保障施工安全，现将有关事项通告如下。\n一、管制时间\n12月。\n特此通告。", []),
    "意见": ("云岭市人民政府关于加强政务公开的意见", "为推进政务公开，现提出如下意见。\n一、总体要求\n依法公开。", ["各县人民政府"]),
    "通知": ("云岭市人民政府关于开展检查的通知", "现将有关事项通知如下。\n一、检查范围\n各单位。", ["各县人民政府"]),
    "通报": ("云岭市人民政府关于检查情况的通报", "现将有关情况通报如下。\n一、基本情况\n良好。", ["各县人民政府"]),
    "报告": ("云岭市人民政府关于工作情况的报告", "现将工作情况报告如下。\n一、主要工作\n已经完成。\n特此报告。", ["省人民政府"]),
    "请示": ("云岭市人民政府关于建设库房的请示", "现将有关情况请示如下。\n一、基本情况\n库房已满。\n妥否，请批示。", ["省人民政府"]),
    "批复": ("云岭市人民政府关于同意建设库房的批复", "你局《关于建设库房的请示》（云档〔2026〕3号）收悉。同意建设。\n此复。",
           ["市档案局"]),
    "议案": ("云岭市人民政府关于提请审议预算草案的议案", "现提请审议。\n一、必要性\n依法需要。\n请予审议。",
           ["市人民代表大会常务委员会"]),
    "函": ("云岭市人民政府关于商请共享数据的函", "现就有关事项函商如下。\n一、请提供接口。\n请予函复。", ["市大数据局"]),
    "纪要": ("第12次办公会议纪要", "会议议定，由综合处牵头办理。", []),
}
FULL = {"note": "联系人：林晓燕，电话：0888-1234567", "attendance": {"出席": ["高明德"]}, "secrecy_level": 0, "cc": []}


def draft(kind, **more):
    title, body, addressees = GOOD[kind]
    return {**FULL, "kind": kind, "format": kinds.get(kind).format, "title": title, "body": body, "addressees": addressees, **more}


@pytest.mark.parametrize("kind", list(kinds.KINDS))
def test_a_good_one_passes_and_its_template_says_what_it_needs(kind):
    assert check(draft(kind)) == []
    found = kinds.get(kind)
    assert len(found.needs) >= 2 and found.purpose and "……" in found.title and len(found.body) > 20
    assert re.search(rf"({kind}|令)$", found.title)
    # nothing but what is still to be filled in speaks against the template
    left = [n for n in check(draft(kind, title=found.title, body=found.body)) if n.severity == "error"]
    assert [n for n in left if n.field == "body"] == []


@pytest.mark.parametrize(("kind", "change", "field", "words"), [
    *[(k, {"addressees": ["各县"]}, "addressees", "不写主送机关") for k in ("公告", "通告", "公报", "命令", "纪要", "决议")],
    *[(k, {"secrecy_level": 2, "copy_number": "1"}, "secrecy", "不标密级") for k in ("公告", "通告", "公报")],
    ("通知", {"secrecy_level": 2}, "copy_number", "份号"),
    ("请示", {"addressees": ["高明德市长"]}, "addressees", "负责人"),
    ("请示", {"below": ["青禾县人民政府"]}, "cc", "下级机关"),
    ("请示", {"body": "一、基本情况\n库房已满。"}, "body", "请批示"),
    ("请示", {"note": ""}, "note", "联系人"),
    ("报告", {"addressees": ["李明同志"]}, "addressees", "负责人"),
    ("议案", {"addressees": ["市政协"]}, "addressees", "人民代表大会"),
    ("议案", {"body": "一、必要性\n依法需要。"}, "body", "请予审议"),
    ("命令", {"body": "请各单位知悉。"}, "body", "公布"),
    ("决议", {"body": "批准预算。"}, "body", "会议"),
    ("公告", {"body": "明日施工。"}, "body", "公告"),
    ("通告", {"body": "明日施工。"}, "body", "通告"),
    ("批复", {"body": "你局《关于建设库房的请示》收悉。请补充材料。"}, "body", "态度"),
    ("纪要", {"attendance": {}}, "attendance", "出席"),
    ("纪要", {"body": "大家讨论了很久。"}, "body", "议定"),
    ("函", {"body": "妥否，请批示。"}, "body", "不相隶属"),
    ("函", {"format": "general"}, "format", "信函格式"),
    ("通知", {"title": "放假通知"}, "title", "关于"),
])
def test_what_it_lacks_is_found(kind, change, field, words):
    found = [n for n in check(draft(kind, **change)) if n.field == field]
    assert any(words in n.message for n in found), found
    assert all(n.clause for n in found)
