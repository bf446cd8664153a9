"""What was signed is filed, found, packaged, and the package verified offline."""

import json
import zipfile
from urllib.parse import quote

import pytest

from ..client import Rest
from ..service import oa, token
from .test_rest_path import ok, to_signed

PEOPLE = ("drafter", "head", "deputy", "leader", "office", "officer", "archivist")


@pytest.fixture(scope="module")
def people(service):
    """Username → REST client."""
    return {name: Rest(service.url, token(service.config, name)) for name in PEOPLE}


def waiting(people, document):
    rows = ok(people["archivist"].get("/archives/pending?limit=200"))["items"]
    return next(r for r in rows if r["source"]["id"] == str(document))


def test_from_signed_document_to_verified_package(people, tmp_path):
    title = "关于做好汛期地质灾害防范工作的通知"
    document, _ = to_signed(people, title=title)
    row = waiting(people, document)
    assert row["proposed"]["retention"] in ("Y", "D30", "D10") and row["proposed"]["reason"]
    item = ok(people["archivist"].post(f"/archives/pending/{row['id']}/file", {"retention": "D30", "keywords": ["汛期"]}), 201)
    assert "-D30-" in item["archival_number"]
    shown = ok(people["drafter"].get(f"/documents/outgoing/{document}"))
    assert shown["state"] == "archived"
    for words in ("地质灾害", "害防", shown["number"]):
        found = ok(people["archivist"].get(f"/archives?q={quote(words)}"))
        assert item["id"] in [f["id"] for f in found["items"]], words
    whole = ok(people["archivist"].get(f"/archives/{item['id']}"))
    assert [f["role"] for f in whole["files"]][:1] == ["text"] and "handling" in [f["role"] for f in whole["files"]]
    checks = ok(people["archivist"].get(f"/archives/{item['id']}/checks"))
    assert checks["ok"] and {c["quality"] for c in checks["items"]} == {"authenticity", "integrity", "usability", "security"}
    seal = next(c for c in checks["items"] if c["code"] == "A5")
    assert seal["result"] == "passed", seal
    package = tmp_path / "件.zip"
    package.write_bytes(people["archivist"].get(f"/archives/{item['id']}/package").body)
    verdict = json.loads(oa("verify", str(package), "--json").stdout)
    assert verdict["ok"] and verdict["archival_number"] == item["archival_number"]
    package.write_bytes(package.read_bytes()[:-200])
    assert oa("verify", str(package), check=False).returncode == 1


def test_a_joint_document_is_filed_with_every_organisations_seal(people, service, tmp_path):
    names = ["云岭市财政局", "云岭市应急管理局"]
    for name in names:
        oa("documents", "seal", "create", "--joint", "--name", name, config=service.config)
    document, instance = to_signed(people, title="关于开展冬季安全生产联合检查的通知", joint=names)
    ok(people["office"].act(instance, "approve", comment="已会签，编号用印。"))
    shown = ok(people["drafter"].get(f"/documents/outgoing/{document}"))
    assert [one["organisation"] for one in shown["seals"]][1:] == names and all(one["at"] for one in shown["seals"])
    item = ok(people["archivist"].post(f"/archives/pending/{waiting(people, document)['id']}/file", {"retention": "D30"}), 201)
    checks = ok(people["archivist"].get(f"/archives/{item['id']}/checks"))
    seal = next(c for c in checks["items"] if c["code"] == "A5")
    assert checks["ok"] and seal["result"] == "passed" and "共 3 枚" in seal["evidence"], seal
    package = tmp_path / "件.zip"
    package.write_bytes(people["archivist"].get(f"/archives/{item['id']}/package").body)
    assert json.loads(oa("verify", str(package), "--json").stdout)["ok"]
    with zipfile.ZipFile(package) as archive:
        files = {name.rpartition(".")[2]: archive.read(name) for name in archive.namelist() if name.endswith((".pdf", ".ofd"))
                 and "稿纸" not in name}
    for kind in ("pdf", "ofd"):
        file = tmp_path / f"正文.{kind}"
        file.write_bytes(files[kind])
        verdict = json.loads(oa("verify", str(file), "--json").stdout)
        assert verdict["ok"] and [one["organisation"] for one in verdict["seals"]][1:] == names, verdict


def test_an_archived_document_is_not_changed_or_voided_any_more(people):
    document, _ = to_signed(people)
    ok(people["archivist"].post(f"/archives/pending/{waiting(people, document)['id']}/file", {}), 201)
    refused = people["office"].post(f"/documents/outgoing/{document}/void", {"reason": "写错了"})
    assert refused.status == 409, str(refused)


def test_a_voided_document_is_not_filed(people):
    document, _ = to_signed(people)
    row = waiting(people, document)
    ok(people["office"].post(f"/documents/outgoing/{document}/void", {"reason": "重复发文"}))
    refused = people["archivist"].post(f"/archives/pending/{row['id']}/file", {})
    assert refused.status == 409 and refused.json["code"] == "voided"


def test_others_do_not_find_it(people):
    title = "关于核查涉密载体的通知"
    document, _ = to_signed(people, title=title)
    item = ok(people["archivist"].post(f"/archives/pending/{waiting(people, document)['id']}/file", {}), 201)
    assert ok(people["officer"].get(f"/archives?q={quote('涉密载体')}"))["items"] == []
    assert people["officer"].get(f"/archives/{item['id']}").status == 404
    assert people["officer"].get("/archives/pending").status == 403
