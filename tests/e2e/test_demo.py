"""``oa demo``: an organisation one can try everything in, made quickly, by the right people."""

import datetime as dt

import pytest

from ..client import Rest
from ..service import oa, rows, token

NAMED = ("admin", "security", "auditor", "drafter", "head", "deputy", "leader", "office", "archivist", "officer")


@pytest.fixture(scope="module")
def people(service):
    return {name: Rest(service.url, token(service.config, name)) for name in NAMED}


def documents(rest):
    return rest.get("/documents/outgoing?limit=200").json["items"]


def test_it_says_who_can_sign_in_and_refuses_a_folder_in_use(tmp_path):
    done = oa("demo", str(tmp_path / "demo"))
    assert "Yunling-2026" in done.stdout
    readme = (tmp_path / "demo" / "README.txt").read_text(encoding="utf-8")
    assert "http://127.0.0.1:8000" in readme and "Yunling-2026" in readme
    assert all(name in readme for name in NAMED)
    again = oa("demo", str(tmp_path / "demo"), check=False)
    assert again.returncode == 2 and "已有内容" in again.stderr


def test_documents_are_in_every_state(people):
    found = documents(people["office"])
    assert {d["state"] for d in found} >= {"reviewing", "signed", "dispatched", "voided"}
    assert any(d["finished"] for d in found)
    mine = documents(people["drafter"])
    assert {d["state"] for d in mine} >= {"draft", "reviewing", "signed", "dispatched"}
    for name in ("head", "deputy", "leader", "office"):
        assert people[name].get("/tasks?state=open").json["items"], f"{name} has nothing to do"


def test_receipts_are_in_every_state(people):
    states = set()
    for document in documents(people["office"]):
        for one in people["office"].get(f"/documents/outgoing/{document['id']}/dispatches").json["items"]:
            states.add(one["state"])
            if one["state"] == "failed":
                assert one["channel"] == "email" and one["note"]
    assert states == {"sent", "delivered", "signed_for", "overdue", "failed"}


def test_remarks_came_back_with_an_answer(people):
    returned = [d for d in documents(people["drafter"]) if d["kind"] == "纪要"]
    notes = people["drafter"].get(f"/documents/outgoing/{returned[0]['id']}/annotations").json["items"]
    assert [len(n["replies"]) for n in notes] == [1, 0] and [n["resolved"] for n in notes] == [True, False]
    assert all(n["start"] is not None for n in notes), "a remark lost its passage"


def test_officer_has_never_seen_the_drafters_documents(people):
    own = {d["id"] for d in documents(people["drafter"])}
    assert own and not own & {d["id"] for d in documents(people["officer"])}
    for number in own:
        assert people["officer"].get(f"/documents/outgoing/{number}").status == 404


def test_numbers_follow_and_some_are_reserved(demo):
    found = rows(
        demo, "SELECT s.key, r.number, r.state FROM numbering_register r JOIN numbering_series s ON s.id = r.series_id"
    )
    assert {state for *_, state in found} == {"used", "reserved", "void"}
    for key in {key for key, *_ in found}:
        given = sorted(n for k, n, state in found if k == key and state != "reserved")
        assert given == list(range(given[0], given[0] + len(given))), key


def test_what_happened_is_spread_over_weeks_and_in_order(demo):
    trail = rows(demo, "SELECT at, by_id, instance_id FROM workflow_trail ORDER BY id")
    assert len({str(at)[:10] for at, *_ in trail}) >= 10 and len({by for _, by, _ in trail}) >= 8
    assert all(str(at)[:16] <= f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M}" for at, *_ in trail)
    for case in {case for *_, case in trail}:
        times = [str(at) for at, _, number in trail if number == case]
        assert times == sorted(times)
    assert rows(demo, "SELECT count(*) FROM notifications_notification WHERE read_at IS NULL")[0][0] > 10
