"""What was signed is filed, found, packaged, and the package verified offline."""

import json
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
