"""What the fields of a document may hold."""

import pytest
from oa_documents.models import Outgoing
from oa_documents.services import checking, drafts, fields

from oa_kernel.errors import Conflict, Forbidden, Invalid, TooLarge

from .office import DRAFT, again


def test_a_body_of_5_mb_is_refused_with_what_to_do(office):
    with pytest.raises(TooLarge) as caught:
        office.draft(body="市" * 5_000_000)
    assert "5,000,000" in caught.value.message and "200,000" in caught.value.message and "附件" in caught.value.message
    assert "body" in caught.value.errors and Outgoing.select().count() == 0


def test_a_body_of_5_mb_by_rest_is_413_and_leaves_nothing(office, oa_api):
    answer = oa_api(office.drafter).post("/api/v1/documents/outgoing", json={**DRAFT, "body": "a" * 5_000_000})
    assert answer.status_code == 413 and answer.content_type == "application/problem+json"
    assert Outgoing.select().count() == 0


def test_characters_no_font_has_are_named_with_their_place(office):
    with pytest.raises(Invalid) as caught:
        office.draft(body="第一段。\n请用\ue000字。")
    assert "第 2 行第 3 字" in caught.value.message and "U+E000" in caught.value.message
    assert list(caught.value.errors) == ["body"]


@pytest.mark.parametrize("char", ["\x01", "\x0b", "\x1c", "\u2028"])
def test_characters_nobody_sees_are_named_too(office, char):
    with pytest.raises(Invalid) as caught:
        office.draft(body=f"第一段。\n请用{char}字。")
    assert "第 2 行第 3 字" in caught.value.message and f"U+{ord(char):04X}" in caught.value.message


@pytest.mark.parametrize(("given", "field"), [
    ({"kind": "告示"}, "kind"), ({"urgency": "很急"}, "urgency"), ({"secrecy": "秘"}, "secrecy"),
    ({"copy_number": "12a"}, "copy_number"),
    ({"secrecy": "秘密", "secrecy_term": "一阵子"}, "secrecy_term"), ({"secrecy_term": "1年"}, "secrecy_term"),
    ({"format": "letterhead"}, "format"), ({"title": "长" * 301}, "title"), ({"addressees": 7}, "addressees"),
    ({"addressees": ["x" * 201]}, "addressees"), ({"body": "有\x00空字符"}, "body"), ({"attachments": [999]}, "attachments"),
    ({"kind": "请示", "format": "letter"}, "format"), ({"attendance": ["张三"]}, "attendance"),
])
def test_a_wrong_value_names_its_field_and_nothing_is_kept(office, given, field):
    with pytest.raises(Invalid) as caught:
        office.draft(**given)
    assert field in caught.value.errors and Outgoing.select().count() == 0


def test_secrecy_above_what_the_installation_may_hold_is_refused_with_the_reason(office):
    with pytest.raises(Invalid) as caught:
        office.draft(secrecy="绝密", secrecy_term="10年")
    assert "机密" in caught.value.message and "涉密系统" in caught.value.message
    assert office.draft(secrecy="机密", secrecy_term="10年").secrecy_level == 3


def test_several_wrong_values_are_all_named(office):
    with pytest.raises(Invalid) as caught:
        office.draft(urgency="很急", copy_number="x")
    assert set(caught.value.errors) == {"urgency", "copy_number"} and "另有 1 处" in caught.value.message


@pytest.mark.parametrize(("given", "field"), [
    ({"title": ""}, "title"), ({"body": " "}, "body"), ({"addressees": []}, "addressees"),
    ({"kind": "请示", "addressees": ["甲", "乙"]}, "addressees"), ({"title": "关于……的通知"}, "title"),
])
def test_what_is_incomplete_stays_a_draft(office, given, field):
    document = office.draft(**given)
    with pytest.raises(Invalid) as caught:
        drafts.submit(document, office.drafter)
    assert field in caught.value.errors and again(document).state == "draft"


def test_names_are_tidied(office):
    document = office.draft(addressees=" 业务处：\n\n业务处\n  财务 处  ", cc=[{"name": "市委办公室"}])
    assert document.addressees == ["业务处", "财务 处"] and document.cc == ["市委办公室"]


def test_a_stale_version_is_refused_and_says_which_is_newest(office):
    document = office.draft()
    drafts.update(document, {"title": "甲的通知"}, office.drafter, version=1)
    with pytest.raises(Conflict) as caught:
        drafts.update(again(document), {"title": "乙的通知"}, office.drafter, version=1)
    assert caught.value.code == "stale_version" and again(document).title == "甲的通知"


def test_only_the_drafter_changes_a_draft_and_only_while_it_is_one(office):
    document = office.draft()
    with pytest.raises(Forbidden):
        drafts.update(document, {"title": "x的通知"}, office.head)
    drafts.submit(document, office.drafter)
    with pytest.raises(Conflict):
        drafts.update(again(document), {"title": "x的通知"}, office.drafter)
    with pytest.raises(Conflict):
        drafts.submit(again(document), office.drafter)


def test_checks_look_cited_numbers_up_in_the_register(office):
    number = office.signed().number
    other = number.replace("1号", "77号")
    notes = checking.run(office.draft(body=f"根据{number}和{other}精神。"))
    assert [n["field"] for n in notes] == ["body"] and other in notes[0]["message"] and notes[0]["clause"]


def test_what_changed_is_shown_by_character(office):
    document = office.draft()
    newer = drafts.update(document, {"body": document.body.replace("高度重视", "认真对待"), "urgency": "加急"}, office.drafter)
    found = drafts.compare(newer, 1, newer.revision)
    assert ("delete", "高度重视") in [(p.op, p.text) for p in found["body"]]
    assert ("紧急程度", "", "加急") in found["fields"] and all(p.op == "same" for p in found["title"])


def test_one_answer_names_a_kinds_own_format(office):
    assert office.draft(kind="请示").format == "upward" and office.draft(kind="函").format == "letter"
    assert fields.clean({"kind": "命令（令）"})["kind"] == "命令"
