"""Incoming documents: the register without gaps, duplicates shown, routed, handled, answered."""

import datetime as dt
import io

import pytest
from oa_documents.models import Outgoing
from oa_documents.models_incoming import Incoming
from oa_documents.services import incoming, incoming_lists, records

from oa_kernel import clock, files, numbering, permissions, workflow
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound

pytestmark = pytest.mark.oa_databases

TEXT = """云岭市财政局文件
云财〔2026〕15号

云岭市财政局关于申请追加信息化经费的请示
市政府办公室：
为保障政务信息系统运行，拟申请追加经费。
妥否，请批示。
云岭市财政局
2026年3月2日
"""


def sent(office, text=TEXT, **fields):
    """The data of a received file, as the desk would send it."""
    file = files.store(io.BytesIO(text.encode()), "来文.txt", office.clerk)
    return {"title": "云岭市财政局关于申请追加信息化经费的请示", "sender": "云岭市财政局", "number": "云财〔2026〕15号",
            "kind": "请示", "files": [file.id], **fields}


def registered(office, **fields):
    return incoming.register(sent(office, **fields), office.clerk)


def test_numbers_follow_without_gap_by_year(office):
    first = registered(office)
    with pytest.raises(Invalid):
        registered(office, title="")
    second = registered(office, number="云财〔2026〕16号", text=TEXT + "二")
    assert (first.year, first.seq, second.seq) == (clock.today().year, 1, 2)
    assert [r.number for r in numbering.register(f"documents.incoming:{first.year}").items] == [2, 1]


def test_the_same_number_or_content_is_shown_before_it_is_registered_again(office):
    first = registered(office)
    with pytest.raises(Conflict) as caught:
        registered(office, text="另一份内容")
    assert caught.value.code == "duplicate" and caught.value.details["duplicates"][0]["id"] == first.id
    with pytest.raises(Conflict):
        registered(office, number="云财〔2026〕99号")  # the same content
    again = incoming.register(sent(office), office.clerk, despite_duplicates=True)
    assert again.seq == 2
    incoming.void(again, "重复登记", office.clerk)
    incoming.void(first, "误登", office.clerk)
    assert registered(office).seq == 3


@pytest.mark.parametrize(("fields", "name"), [
    ({"title": ""}, "title"), ({"sender": " "}, "sender"), ({"kind": "通令"}, "kind"), ({"urgency": "很急"}, "urgency"),
    ({"received_on": "2024/13/01"}, "received_on"), ({"received_on": "2990-01-01"}, "received_on"), ({"copies": 0}, "copies"),
    ({"secrecy": "绝密"}, "secrecy"), ({"secrecy": "密"}, "secrecy"), ({"department": "没有这个处"}, "department"),
    ({"nature": "x"}, "nature"), ({"files": ["9999"]}, "files"), ({"title": "长" * 301}, "title")])
def test_what_cannot_be_registered_is_named_and_nothing_is_written(office, fields, name):
    with pytest.raises(Invalid) as caught:
        registered(office, **fields)
    assert name in caught.value.errors and Incoming.select().count() == 0


def test_only_the_desk_registers(office):
    with pytest.raises(Forbidden):
        incoming.register(sent(office), office.drafter)


def act(document, person, action="approve", **more):
    task = workflow.open_task(Incoming.get_by_id(document.id).instance_id, person)
    assert task is not None, f"{person.username} has nothing to do"
    workflow.act(task.id, action, person, **more)
    return Incoming.get_by_id(document.id)


def test_from_the_desk_to_the_end(office):
    document = registered(office)
    incoming.route(document, office.clerk, {"department": "综合处", "opinion": "请综合处提出意见"})
    document = act(document, office.clerk, form={"lead": "综合处"})
    document = act(document, office.leader, comment="请综合处办理", form={"lead": "综合处"})
    assert document.state == "handling"
    document = act(document, office.head, comment="已函复")
    document = act(document, office.clerk)
    assert document.state == "completed" and document.completed_at
    record = records.describe_incoming(str(document.id))
    assert record.number == "云财〔2026〕15号" and ("批办", "高明德") in record.people
    assert [p.role for p in record.parts] == ["text", "handling"]
    sheet = record.parts[1].data.decode()
    assert "请综合处办理" in sheet and "拟办意见：请综合处提出意见" in sheet


def test_what_is_for_reading_is_circulated_only(office):
    document = registered(office, nature="reading", kind="通知")
    incoming.route(document, office.clerk, {"department": "综合处"})
    document = act(document, office.head)
    document = act(document, office.clerk)
    assert document.state == "completed"


def test_assisting_departments_answer_before_the_end(office, make):
    other = make.person("other", "财务处长", make.department("财务处"), posts=[("处长", "head")], clearance=3)
    document = registered(office)
    incoming.route(document, office.clerk, {"department": "综合处", "assisting": ["财务处"]})
    document = act(document, office.clerk, form={"lead": "综合处"})
    document = act(document, office.leader)
    document = act(document, office.head)
    document = act(document, other, comment="同意")
    assert act(document, office.clerk).state == "completed"


def test_a_department_there_is_not_is_named_and_nobody_gets_it_instead(office):
    document = registered(office)
    incoming.route(document, office.clerk, {"department": "综合处"})
    with pytest.raises(Invalid) as caught:
        act(document, office.clerk, form={"lead": "没有的处", "assisting": ["业务处", "也没有"]})
    assert set(caught.value.errors) == {"lead", "assisting"} and "也没有" in caught.value.errors["assisting"][0]
    assert workflow.open_task(Incoming.get_by_id(document.id).instance_id, office.clerk).step == "propose"


def test_the_register_says_who_the_leader_gave_it_to(office):
    document = registered(office)
    incoming.route(document, office.clerk, {"department": "综合处"})
    act(document, office.clerk, form={"lead": "综合处"})
    document = act(document, office.leader, form={"lead": "业务处"})
    assert document.department_name == "业务处" and document.department_id == office.business.id


def test_a_document_is_routed_once(office):
    document = registered(office)
    incoming.route(document, office.clerk)
    with pytest.raises(Conflict, match="已经送办"):
        incoming.route(Incoming.get_by_id(document.id), office.clerk)


def test_withdrawn_it_can_be_routed_anew(office):
    document = registered(office)
    case = incoming.route(document, office.clerk)
    workflow.withdraw(case.id, office.clerk, "送错")
    workflow.cancel(case.id, office.clerk, "重新送办")
    document = Incoming.get_by_id(document.id)
    assert document.state == "registered"
    assert incoming.route(document, office.clerk).id != case.id


def test_the_answer_cites_it_and_is_linked(office):
    document = registered(office)
    made = incoming.answer(document, office.drafter)
    assert (made.kind, made.title, made.addressees) == ("批复", "关于申请追加信息化经费的批复", ["云岭市财政局"])
    assert "《云岭市财政局关于申请追加信息化经费的请示》（云财〔2026〕15号）收悉" in made.body
    assert [o.id for o in incoming_lists.answers(document)] == [made.id]
    made.delete_instance(recursive=True)
    assert incoming_lists.answers(document) == [] and Outgoing.select().count() == 0


def test_the_register_shows_what_one_may_see(office):
    secret, plain = registered(office, secrecy="秘密"), registered(office, number="云财〔2026〕2号", text="乙")
    assert [d.id for d in incoming_lists.listing(office.clerk, {}).items] == [plain.id, secret.id]
    assert incoming_lists.listing(office.officer, {}).items == []
    with pytest.raises(NotFound):
        incoming_lists.get(office.officer, plain.id)
    incoming.route(plain, office.clerk, {"department": "综合处"})
    act(plain, office.clerk, form={"lead": "综合处"})
    act(plain, office.leader)
    assert incoming_lists.get(office.head, plain.id).id == plain.id  # takes part


def test_a_correction_is_checked_and_a_stale_one_refused(office):
    document = registered(office)
    newer = incoming.update(document, {"title": "更正的标题"}, office.clerk, version=document.version)
    assert newer.title == "更正的标题" and newer.seq == document.seq
    with pytest.raises(Conflict):
        incoming.update(document, {"title": "又一个"}, office.clerk, version=document.version)
    with pytest.raises(Invalid):
        incoming.update(newer, {"received_on": dt.date(newer.year - 1, 1, 1).isoformat()}, office.clerk)


def test_a_page_of_the_register_is_one_query(office, count_queries):
    registered(office)
    permissions.allows(office.clerk, "documents.incoming.read")
    with count_queries() as statements:
        incoming_lists.listing(office.clerk, {"year": str(clock.today().year), "q": "财政"})
    assert len([s for s in statements if "documents_incoming" in s]) == 1
