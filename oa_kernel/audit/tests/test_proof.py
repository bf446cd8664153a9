"""A proof holds without a database, tells whose key it was, and does not bear a change of any part."""

import copy
import json
import subprocess
import sys

import pytest

from oa_kernel import audit, db
from oa_kernel.audit.models import Event
from oa_kernel.cli.audits import verify_file
from oa_kernel.errors import Conflict, NotFound


@pytest.fixture
def ids(oa):
    made = [audit.record("thing.changed", "thing", n, title=f"第{n}项", before={"n": 0}, after={"n": n + 1})
            for n in range(20)]
    audit.seal()
    return made


def written(tmp_path, data):
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return file


def test_every_event_proves(ids, tmp_path):
    for id_ in ids:
        result = verify_file(written(tmp_path, audit.proof(id_)))
        assert result["ok"] and str(id_) in result["summary"]
        assert any(audit.head()["fingerprint"] in reason for reason in result["reasons"])


def test_through_the_kept_nodes(oa, tmp_path):
    made = [audit.record("thing.changed", "thing", n) for n in range(700)]
    audit.seal()
    for id_ in (made[0], made[255], made[256], made[511], made[512], made[-1]):
        assert verify_file(written(tmp_path, audit.proof(id_)))["ok"]


def test_offline_in_a_process_of_its_own(ids, tmp_path):
    file = written(tmp_path, audit.proof(ids[3]))
    done = subprocess.run([sys.executable, "-m", "oa_kernel.cli", "verify", str(file)], cwd=tmp_path,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "✓" in done.stdout and audit.head()["fingerprint"] in done.stdout


def leaves(value, path=()):
    if isinstance(value, dict):
        for key in value:
            yield from leaves(value[key], (*path, key))
    elif isinstance(value, list):
        for place in range(len(value)):
            yield from leaves(value[place], (*path, place))
    else:
        yield path


def test_any_altered_part_is_found(ids, tmp_path):
    good = audit.proof(ids[7])
    for path in leaves(good):
        bad = copy.deepcopy(good)
        *way, last = path
        place = bad
        for step in way:
            place = place[step]
        value = place[last]
        if isinstance(value, bool):
            place[last] = not value
        elif isinstance(value, int):
            place[last] = value + 1
        elif isinstance(value, str) and value and value[-1] in "0123456789abcdef":
            place[last] = value[:-1] + ("0" if value[-1] != "0" else "1")
        else:
            place[last] = (value or "") + "x"
        assert not verify_file(written(tmp_path, bad))["ok"], path


@pytest.mark.parametrize("part", ["event", "leaf", "path", "head"])
def test_a_missing_part(ids, tmp_path, part):
    data = audit.proof(ids[7])
    del data[part]
    assert not verify_file(written(tmp_path, data))["ok"]


def test_a_proof_cut_short(ids, tmp_path):
    file = written(tmp_path, audit.proof(ids[7]))
    file.write_bytes(file.read_bytes()[:-20])
    result = verify_file(file)
    assert not result["ok"] and "损坏" in result["summary"]


def test_what_cannot_be_proven(ids):
    with pytest.raises(NotFound):
        audit.proof(987_654)
    with pytest.raises(Conflict, match="封存"):
        audit.proof(audit.record("thing.changed", "thing", 1))
    with db.transaction():
        Event.update(title="x").where(Event.id == ids[2]).execute()
    with pytest.raises(Conflict, match="oa audit verify"):
        audit.proof(ids[2])


def test_export_is_one_object_a_line(ids, tmp_path):
    file = tmp_path / "audit.jsonl"
    assert audit.export(file) == Event.select().count()
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    found = {row["id"]: row for row in rows}[ids[4]]
    assert (found["title"], found["before"], found["after"], found["leaf"] is not None) == ("第4项", {"n": 0}, {"n": 5}, True)
    assert sorted(tmp_path.glob("audit*")) == [file]
