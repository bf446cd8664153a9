"""What a draft is told, each with its clause."""

import pytest
from oa_documents.text.checks import check, chinese, cited_numbers

NOTICE = {"kind": "通知", "title": "关于开展检查的通知", "addressees": ["各处室"], "body": "现就有关事项通知如下。"}


def notes(number_exists=None, **fields):
    return check({**NOTICE, **fields}, number_exists=number_exists)


def only(**fields):
    found = notes(**fields)
    assert len(found) == 1, found
    return found[0]


def test_a_clean_draft_has_no_findings():
    body = ("根据《办公室关于值班的通知》（云政办发〔2026〕3号）精神，现通知如下。\n一、范围\n（一）市级。\n（二）县级。\n"
            "1. 窗口。\n（1）人员。\n（2）设施。\n"
            "2. 大厅。\n二、要求\n（一）重视。\n12月20日前报送。")
    assert notes(body=body, number_exists=lambda n: True) == []


@pytest.mark.parametrize("body", [
    "一、请示事项\n拟请批准建设库房。\n二、拟请批准购置设备\n三、理由",
    "恳请批准建设档案库房。同时，请批准购置消防车两辆。",
])
def test_two_matters_in_one_request_are_found(body):
    found = only(kind="请示", title="关于建设库房的请示", addressees=["省政府"], body=body)
    assert found.severity == "error" and "一文一事" in found.message and "第十五条（四）" in found.clause


def test_two_matters_in_a_requests_title_are_found():
    found = only(kind="请示", title="关于建设库房及关于购置车辆的请示", addressees=["省政府"], body="妥否，请批示。")
    assert found.field == "title" and "一文一事" in found.message


def test_a_request_with_one_matter_passes():
    assert notes(kind="请示", title="关于建设库房的请示", addressees=["省政府"],
                 body="一、基本情况\n库房已满。\n二、请示事项\n拟请批准建设库房。\n妥否，请批示。") == []


def test_a_request_goes_to_one_addressee():
    assert "一个主送机关" in only(kind="请示", title="关于库房的请示", addressees=["省政府", "市委"], body="妥否，请批示。").message


@pytest.mark.parametrize("request_words", ["妥否，请批示。", "以上妥否，请予批准。", "恳请省政府批准我市建设库房。"])
def test_a_request_inside_a_report_is_found_at_its_place(request_words):
    found = only(kind="报告", title="关于工作情况的报告", body=f"现将情况报告如下。\n一、情况\n{request_words}")
    assert (found.line, found.severity) == (3, "error") and "报告不得夹带请示事项" in found.message
    assert request_words[found.column:found.column + found.length] in request_words and found.length


def test_a_report_about_an_approval_passes():
    assert notes(kind="报告", title="关于工作情况的报告", body="库房建设已经省政府批准，现将进展情况报告如下。特此报告。") == []


@pytest.mark.parametrize(("body", "line", "fix"), [
    ("一、范围\n三、要求", 2, "二、"), ("一、范围\n（一）甲\n（三）乙", 3, "（二）"), ("一、甲\n二、乙\n二、丙", 3, "三、"),
    ("一、甲\n（一）乙\n1. 丙\n3. 丁", 4, "2."), ("一、甲\n十、乙", 2, "二、"),
])
def test_a_wrong_order_of_numbers_is_found_with_what_is_right(body, line, fix):
    found = only(body=body)
    assert (found.line, found.fix, found.severity) == (line, fix, "error") and "7.3.3" in found.clause


@pytest.mark.parametrize("body", ["一、甲\n（1）乙", "（一）甲"])
def test_a_jump_over_levels_is_a_warning(body):
    assert only(body=body).severity == "warning"


def test_numbers_begin_again_below_each_heading():
    assert notes(body="一、甲\n（一）乙\n（二）丙\n二、丁\n（一）戊\n1. 己\n2. 庚\n（二）辛\n1. 壬") == []


@pytest.mark.parametrize(("written", "fix"), [
    ("二〇二六年三月九日", "2026年3月9日"), ("二○二五年十二月三十一日", "2025年12月31日"), ("二零二六年十月", "2026年10月"),
])
def test_a_date_in_words_is_found(written, fix):
    found = only(body=f"自{written}起施行。")
    assert (found.fix, found.column, found.length) == (fix, 1, len(written)) and "7.3.5.4" in found.clause


@pytest.mark.parametrize("kind", ["通知", "函", "请示", "报告", "批复", "意见", "通报"])
def test_a_missing_addressee_is_found(kind):
    found = [n for n in notes(kind=kind, title=f"关于开展检查的{kind}", addressees=[]) if n.field == "addressees"]
    assert len(found) == 1 and "缺少主送机关" in found[0].message and found[0].severity == "error"


@pytest.mark.parametrize("kind", ["公告", "通告", "纪要", "公报"])
def test_what_is_published_needs_no_addressee(kind):
    assert not [n for n in notes(kind=kind, title=f"关于开展检查的{kind}", addressees=[]) if n.field == "addressees"]


@pytest.mark.parametrize("written", [
    "国办发[2024]12号", "国办发(2024)12号", "国办发（2024）12号", "国办发【2024】12号", "国办发［2024］12号", "国办发〔2024]12号",
])
def test_wrong_brackets_in_a_cited_number_are_found(written):
    found = only(body=f"根据《通知》（{written}）精神。")
    assert "六角括号" in found.message and "7.2.5" in found.clause and found.fix == "国办发〔2024〕12号"


@pytest.mark.parametrize(("written", "word"), [("国办发〔2024〕第12号", "第"), ("国办发〔2024〕012号", "虚位")])
def test_a_cited_number_is_written_as_it_is_given(written, word):
    found = only(body=f"按照{written}要求。")
    assert word in found.message and found.fix == "国办发〔2024〕12号"


def test_a_cited_number_that_is_not_in_the_register_is_found():
    known = {"云政办发〔2026〕3号": True, "云政办发〔2026〕99号": False}.get
    found = only(number_exists=known, body="按照云政办发〔2026〕3号、云政办发〔2026〕99号和国办发〔2024〕12号要求。")
    assert "云政办发〔2026〕99号" in found.message and "登记簿" in found.message


def test_the_words_before_a_number_are_not_part_of_it():
    assert cited_numbers("根据国办发〔2024〕12号和按照云政办发(2026)3号") == {"国办发〔2024〕12号", "云政办发〔2026〕3号"}


def test_an_answer_cites_what_it_answers():
    found = only(kind="批复", title="关于同意建设库房的批复", addressees=["业务处"], body="同意建设库房。此复。")
    assert "来文" in found.message and "批复" in found.message
    assert notes(kind="批复", title="关于同意建设库房的批复", addressees=["业务处"],
                 body="你处《关于建设库房的请示》（云业〔2026〕1号）收悉。同意建设库房。此复。") == []


def test_a_title_ends_with_its_kind_and_without_a_stop():
    assert "文种" in only(title="关于开展检查").message
    assert only(title="关于开展检查的通知。").fix == ""


def test_attachments_are_named_without_brackets_and_are_there_when_mentioned():
    found = only(attachment_titles=["《评分表》"])
    assert (found.fix, found.clause) == ("评分表", "GB/T 9704-2012 7.3.4")
    assert "没有附件" in only(body="名单见附件。").message and notes(body="名单见附件。", attached=True) == []


@pytest.mark.parametrize(("n", "text"), [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (35, "三十五")])
def test_chinese_numerals(n, text):
    assert chinese(n) == text


def test_every_finding_names_its_clause_and_place():
    body = "二〇二六年一月一日\n二、甲\n（国办发[2024]1号）"
    found = notes(kind="请示", title="关于甲。", addressees=[], body=body)
    assert {note.field for note in found} >= {"title", "addressees", "body"}
    for note in found:
        assert note.clause and note.message and note.severity in ("error", "warning")
        if note.field == "body":
            assert 1 <= note.line <= 3 and note.length
