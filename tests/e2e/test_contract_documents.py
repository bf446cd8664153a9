"""The outside surface of the documents plugin, line by line."""

import json
import re
import urllib.parse

import pytest

from ..client import Rest
from ..service import oa, token
from ..texts import NOTICE
from .test_contract import problem

PATH = "/documents/outgoing"
KINDS = ["决议", "决定", "命令", "公报", "公告", "通告", "意见", "通知", "通报", "报告", "请示", "批复", "议案", "函", "纪要"]


@pytest.fixture(scope="module")
def people(service):
    names = ("drafter", "head", "deputy", "leader", "office", "officer", "archivist")
    return {name: Rest(service.url, token(service.config, name)) for name in names}


def signed(people, **changes):
    made = people["drafter"].post(PATH, {**NOTICE, **changes}).json
    instance = people["drafter"].post(f"{PATH}/{made['id']}/submit").json["instance"]
    for name in ("head", "deputy", "leader", "office"):
        answer = people[name].act(instance, "approve", comment="同意")
        assert answer.status == 200, str(answer)
    return made["id"]


def test_every_field_of_a_draft_comes_back(people):
    file = people["drafter"].upload("名单.txt", "名单".encode(), "text/plain").json["id"]
    given = {
        "kind": "通知", "title": "关于检验字段的通知", "body": "各处室注意。", "addressees": ["各处室"], "cc": ["云岭市财政局"],
        "urgency": "特急", "secrecy": "内部", "secrecy_term": "", "attachments": [file], "signatory": "高明德",
        "series": "云政办发",
    }
    made = people["drafter"].post(PATH, given)
    assert made.status == 201 and made.json["state"] == "draft" and made.json["id"] and made.json["version"] == 1
    found = people["drafter"].get(f"{PATH}/{made.json['id']}").json
    for name, value in given.items():
        if name != "attachments":
            assert found[name] == value, name
    assert [a["id"] for a in found["attachments"]] == [file]
    assert found["number"] is None and found["date"] is None and found["instance"] is None


@pytest.mark.parametrize("kind", KINDS)
def test_all_fifteen_kinds_are_drafted_and_set(people, kind):
    addressees = ["云岭市人民政府"] if kind in ("请示", "批复", "议案") else ["各处室"]
    made = people["drafter"].post(PATH, {"kind": kind, "title": f"检验{kind}", "body": "正文一段。", "addressees": addressees})
    assert made.status == 201, str(made)
    pdf = people["drafter"].get(f"{PATH}/{made.json['id']}/pdf")
    assert pdf.status == 200 and pdf.body.startswith(b"%PDF") and pdf.headers["content-type"] == "application/pdf"


def test_put_changes_what_is_given_and_refuses_a_stale_version(people):
    made = people["drafter"].post(PATH, NOTICE).json
    path = f"{PATH}/{made['id']}"
    changed = people["drafter"].put(path, {"title": "改过的标题", "version": made["version"]})
    assert changed.status == 200 and changed.json["version"] == 2
    problem(people["drafter"].put(path, {"title": "又改", "version": 1}), 409)
    found = people["drafter"].get(path).json
    assert found["title"] == "改过的标题" and found["body"] == NOTICE["body"]
    people["drafter"].post(path + "/submit")
    problem(people["drafter"].put(path, {"title": "送审后再改"}), 409)
    problem(people["drafter"].post(path + "/submit"), 409)


def test_the_states_on_the_way(people):
    made = people["drafter"].post(PATH, NOTICE).json
    path = f"{PATH}/{made['id']}"
    draft = people["drafter"].get(path + "/pdf").body
    instance = people["drafter"].post(path + "/submit").json["instance"]
    assert people["drafter"].get(path).json["state"] == "reviewing"
    assert people["drafter"].get(path).json["instance"] == instance
    problem(people["office"].post(path + "/dispatches", {"recipients": [{"kind": "department", "name": "财务处"}]}), 409)
    for name in ("head", "deputy", "leader", "office"):
        assert people[name].act(instance, "approve").status == 200
    found = people["drafter"].get(path).json
    assert found["state"] == "signed" and re.fullmatch(r"云政办发〔\d{4}〕\d+号", found["number"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", found["date"])
    formal = people["drafter"].get(path + "/pdf").body
    assert formal != draft and b"/ByteRange" in formal and b"/ByteRange" not in draft


def test_dispatches_and_what_is_wrong_with_them(people):
    document = signed(people)
    path = f"{PATH}/{document}/dispatches"
    departments = {}
    first = people["office"].post(path, {"recipients": [
        {"kind": "department", "name": "财务处", "channel": "system"},
        {"kind": "organisation", "name": "云岭市应急管理局", "channel": "email"},
        {"kind": "organisation", "name": "第一建设技术中心", "channel": "hand"},
    ]})
    assert first.status == 201, str(first)
    for item in first.json["items"]:
        assert {"id", "recipient", "channel", "state", "sent_at", "signed_for_at", "signed_for_by"} <= set(item)
        departments[item["recipient"]["name"]] = item["recipient"]
    listed = people["office"].get(path).json["items"]
    assert [d["id"] for d in listed] == [d["id"] for d in first.json["items"]]
    found = problem(people["office"].post(path, {"recipients": [
        {"kind": "department", "name": "人事处"}, {"kind": "department", "name": "没有的处"},
        {"kind": "department", "id": departments["财务处"]["id"]}, {"kind": "organisation", "name": "某单位", "channel": "email"},
    ]}), 422)
    assert set(found["errors"]) == {"recipients.1", "recipients.2", "recipients.3"}
    assert len(people["office"].get(path).json["items"]) == 3, "all of them or none"
    problem(people["drafter"].post(path, {"recipients": [{"kind": "department", "name": "人事处"}]}), 403)
    by_hand = next(d for d in listed if d["channel"] == "hand")
    answer = people["office"].post(f"{path}/{by_hand['id']}/receipt", {"signed_by": "门卫"})
    assert answer.json["state"] == "signed_for" and answer.json["signed_for_by"] == "门卫"
    problem(people["office"].post(f"{path}/{by_hand['id']}/resend"), 409)
    waiting = next(d for d in listed if d["channel"] == "system")
    assert people["office"].post(f"{path}/{waiting['id']}/urge").status == 200
    problem(people["officer"].post(f"{path}/{waiting['id']}/sign"), 404)


def test_a_voided_document_keeps_its_number(people):
    document = signed(people)
    path = f"{PATH}/{document}"
    number = people["office"].get(path).json["number"]
    problem(people["drafter"].post(path + "/void", {"reason": "写错"}), 403)
    problem(people["office"].post(path + "/void", {}), 422)
    assert people["office"].post(path + "/void", {"reason": "内容有误"}).json["state"] == "voided"
    found = people["office"].get(path).json
    assert found["number"] == number and found["void_reason"] == "内容有误"
    problem(people["office"].post(path + "/dispatches", {"recipients": [{"kind": "department", "name": "财务处"}]}), 409)


def test_lists_are_filtered(people):
    office = people["office"]
    letter = {"kind": "函", "title": "关于检验的函", "body": "正文一段。", "addressees": ["财务处"]}
    made = people["drafter"].post(PATH, letter).json["id"]
    for field, value, shows in (("state", "draft", True), ("kind", "函", True), ("state", "voided", False), ("kind", "通知", False)):
        found = people["drafter"].get(f"{PATH}?{field}={urllib.parse.quote(value)}&limit=100").json["items"]
        assert {d[field] for d in found} <= {value} and (made in [d["id"] for d in found]) is shows, (field, value)
    number = office.get(PATH + "?state=dispatched").json["items"][0]["number"]
    found = office.get(f"{PATH}?number={urllib.parse.quote(number)}").json["items"]
    assert [d["number"] for d in found] == [number]
    problem(office.get(PATH + "?state=nonsense"), 400)


def test_a_sealed_file_is_verified_without_an_installation(people, tmp_path):
    document = signed(people)
    file = tmp_path / "f.pdf"
    file.write_bytes(people["office"].get(f"{PATH}/{document}/pdf").body)
    done = json.loads(oa("verify", str(file), "--json").stdout)
    assert done["ok"] and "云岭市人民政府办公室" in json.dumps(done, ensure_ascii=False)
    file.write_bytes(file.read_bytes() + b"x")
    assert oa("verify", str(file), check=False).returncode == 1
