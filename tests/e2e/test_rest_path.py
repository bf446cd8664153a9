"""The main job over REST: drafted, reviewed, signed, numbered, sealed, dispatched, signed for, proven."""

import json

import pytest

from ..client import Rest
from ..service import oa, token
from ..texts import NOTICE

PEOPLE = ("drafter", "head", "deputy", "leader", "office", "officer", "archivist", "auditor")


@pytest.fixture(scope="module")
def people(service):
    """Username → REST client."""
    return {name: Rest(service.url, token(service.config, name)) for name in PEOPLE}


def ok(answer, status=200):
    assert answer.status == status, str(answer)
    return answer.json


def to_signed(people, **changes):
    """A document brought to ``signed``; its id and its case."""
    made = ok(people["drafter"].post("/documents/outgoing", {**NOTICE, **changes}), 201)
    assert made["state"] == "draft"
    instance = ok(people["drafter"].post(f"/documents/outgoing/{made['id']}/submit"))["instance"]
    for name in ("head", "deputy", "leader", "office"):
        ok(people[name].act(instance, "approve", comment=f"同意。{name}"))
    return made["id"], instance


def test_from_draft_to_sealed_document(people, service, tmp_path):
    document, instance = to_signed(people)
    shown = ok(people["drafter"].get(f"/documents/outgoing/{document}"))
    assert shown["state"] == "signed"
    assert shown["number"].startswith("云政办") or "〔" in shown["number"]
    assert shown["date"]
    case = ok(people["drafter"].get(f"/instances/{instance}"))
    assert case["state"] == "completed"
    approved = [t["by"]["username"] for t in case["trail"] if t["action"] == "approve"]
    assert approved == ["head", "deputy", "leader", "office"]
    pdf = people["drafter"].get(f"/documents/outgoing/{document}/pdf")
    assert pdf.status == 200 and pdf.body.startswith(b"%PDF")
    file = tmp_path / "公文.pdf"
    file.write_bytes(pdf.body)
    verdict = json.loads(oa("verify", str(file), "--json").stdout)
    assert verdict["ok"], verdict


def test_an_altered_byte_is_found(people, tmp_path):
    document, _ = to_signed(people)
    pdf = people["office"].get(f"/documents/outgoing/{document}/pdf").body
    for place in (len(pdf) // 7, len(pdf) // 3, len(pdf) // 2, len(pdf) - 40):
        file = tmp_path / "altered.pdf"
        file.write_bytes(pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1:])
        done = oa("verify", str(file), check=False)
        assert done.returncode == 1, f"byte {place} of {len(pdf)}: {done.stdout}"


def test_what_one_may_not_see_is_not_there(people):
    made = ok(people["drafter"].post("/documents/outgoing", NOTICE), 201)
    for path in ("", "/pdf", "/dispatches"):
        assert people["officer"].get(f"/documents/outgoing/{made['id']}{path}").status == 404
    assert people["officer"].put(f"/documents/outgoing/{made['id']}", {"title": "改"}).status in (403, 404)


def test_dispatched_and_signed_for(people):
    document, _ = to_signed(people)
    recipients = [
        {"kind": "department", "name": "业务处", "channel": "system"},
        {"kind": "organisation", "name": "云岭市档案馆", "channel": "hand"},
    ]
    made = ok(people["office"].post(f"/documents/outgoing/{document}/dispatches", {"recipients": recipients}), 201)
    by_name = {d["recipient"]["name"]: d for d in made["items"]}
    assert ok(people["officer"].get(f"/documents/outgoing/{document}"))["state"] == "dispatched"
    signed = ok(people["officer"].post(f"/documents/outgoing/{document}/dispatches/{by_name['业务处']['id']}/sign"))
    assert signed["signed_for_by"] and signed["signed_for_at"]
    entered = ok(people["office"].post(
        f"/documents/outgoing/{document}/dispatches/{by_name['云岭市档案馆']['id']}/receipt", {"signed_by": "曾立群"}
    ))
    assert entered["state"] == signed["state"]


def test_numbers_follow_without_gap(people):
    numbers = []
    for _ in range(3):
        document, _ = to_signed(people)
        numbers.append(ok(people["office"].get(f"/documents/outgoing/{document}"))["number"])
    serial = [int(n.split("〕")[1].rstrip("号")) for n in numbers]
    assert serial == [serial[0], serial[0] + 1, serial[0] + 2]


def test_returned_and_resubmitted_keeps_its_number_and_case(people):
    made = ok(people["drafter"].post("/documents/outgoing", NOTICE), 201)
    path = f"/documents/outgoing/{made['id']}"
    instance = ok(people["drafter"].post(path + "/submit"))["instance"]
    ok(people["head"].act(instance, "return", comment="请补充时间要求", target="draft"))
    back = ok(people["drafter"].get(path))
    assert back["state"] == "draft"
    ok(people["drafter"].put(path, {"title": NOTICE["title"] + "（修改稿）", "version": back["version"]}))
    assert ok(people["drafter"].post(path + "/submit"))["instance"] == instance
    for name in ("head", "deputy", "leader", "office"):
        ok(people[name].act(instance, "approve", comment="同意"))
    assert ok(people["drafter"].get(path))["number"]


def test_the_audit_record_is_whole_and_proves(people, service, tmp_path):
    to_signed(people)
    oa("audit", "seal", config=service.config)
    report = json.loads(oa("audit", "verify", "--json", config=service.config).stdout)
    assert report["ok"]
    file = tmp_path / "proof.json"
    file.write_text(oa("audit", "proof", "1", config=service.config).stdout)
    assert oa("verify", str(file)).returncode == 0
    file.write_text(file.read_text().replace("admin", "nobody", 1).replace("cli:", "xli:", 1))
    assert oa("verify", str(file), check=False).returncode == 1
