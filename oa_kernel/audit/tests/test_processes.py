"""Writers and sealers in real processes: nothing lost, nothing twice, whatever dies."""

import os
import signal
import subprocess
import sys
import time

import pytest

from oa_kernel import audit, db
from oa_kernel.audit.models import Event, Head

WRITER = """
import sys
from oa_kernel import audit, context, db, runtime
runtime.boot(sys.argv[1])
for n in range(int(sys.argv[2])):
    with db.transaction():
        audit.record("thing.changed", "thing", n)
        audit.record("thing.changed", "thing", -n)
"""

SEALER = """
import sys, time
from oa_kernel import audit, runtime
sys.modules["oa_kernel.audit.seal"].BATCH = int(sys.argv[3])
runtime.boot(sys.argv[1])
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    audit.seal()
"""


def start(program, config, *arguments):
    return subprocess.Popen([sys.executable, "-c", program, str(config), *map(str, arguments)])


def test_writers_and_two_sealers_at_once(oa, oa_installation):
    config = oa_installation.config_path
    before = Event.select().count()
    sealers = [start(SEALER, config, 6, 7) for _ in range(2)]
    writers = [start(WRITER, config, 60) for _ in range(3)]
    assert [p.wait(90) for p in (*writers, *sealers)] == [0] * 5
    audit.seal()
    assert Event.select().count() == before + 360
    result = audit.verify()
    assert result["ok"] and result["events"] == before + 360, result
    assert Head.select().count() > 1


def test_a_sealer_killed_at_any_moment_leaves_a_whole_record(oa, oa_installation):
    with db.transaction():
        made = [audit.record("thing.changed", "thing", n) for n in range(1500)]
    for n in range(4):
        sealer = start(SEALER, oa_installation.config_path, 60, 3)
        sealed = Event.select().where(Event.leaf.is_null(False)).count()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and Event.select().where(Event.leaf.is_null(False)).count() == sealed:
            time.sleep(0.005)
        time.sleep(0.01 * n)
        os.kill(sealer.pid, signal.SIGKILL)
        sealer.wait()
        assert audit.verify()["ok"]
    assert Event.select().where(Event.leaf.is_null()).exists(), "it was done before it was killed"
    audit.seal()
    result = audit.verify()
    assert result["ok"] and result["unsealed"] == 0 and result["events"] >= len(made)


STRAGGLER = """
import sys
from oa_kernel import audit, db, runtime
runtime.boot(sys.argv[1])
with db.transaction():
    print(audit.record("thing.late", "thing", 1), flush=True)
    sys.stdin.readline()
"""


def test_a_transaction_that_commits_after_later_ones_were_sealed(oa, oa_installation):
    if not db.is_postgresql():
        pytest.skip("SQLite has one writer at a time: ids follow commits")
    late = subprocess.Popen([sys.executable, "-c", STRAGGLER, str(oa_installation.config_path)],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        id_ = int(late.stdout.readline())
        started = time.monotonic()
        later = audit.record("thing.changed", "thing", 2)
        audit.seal()
        assert time.monotonic() - started < 25, "a writer or the sealer waited for an open transaction"
        assert later > id_ and Event.get_by_id(later).leaf is not None
        assert Event.get_or_none(Event.id == id_) is None and audit.verify()["ok"]
        late.communicate("\n", timeout=30)
    finally:
        late.kill()
    assert audit.verify()["ok"]
    assert audit.seal() == 1
    assert Event.get_by_id(id_).leaf > Event.get_by_id(later).leaf
    assert audit.verify()["ok"] and audit.proof(id_)["event"]["id"] == id_
