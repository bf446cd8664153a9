"""Filing at the same time, twice, and under another 全宗: no number twice, no gap, a clear message."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from oa_archives.models import Item
from oa_archives.services import filing, pending

from oa_kernel.errors import Conflict

from .things import KNOWN

pytestmark = pytest.mark.oa_databases

FILER = """
import datetime, json, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from oa_kernel import identity, runtime
from oa_kernel import contributions as c, files
from oa_kernel.errors import OAError
from archives import things
runtime.boot(Path(sys.argv[2]), extra_plugins={"things": things.plugin()})
from oa_archives.models import Pending
from oa_archives.services import filing
for name, values in json.loads(sys.argv[4]).items():
    file = files.get(values.pop("file"))
    parts = [c.RecordPart("text", "正文.pdf", file=file)]
    things.KNOWN[name] = c.Record(**values, date=datetime.date(2026, 3, 2), parts=parts)
person = identity.by_username(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
for row in list(Pending.select().order_by(Pending.id)):
    try:
        print("filed", filing.file(person, row.id).archival_number, flush=True)
    except OAError as error:
        print(error.code, error.message, flush=True)
"""


def test_two_archivists_at_once_give_no_number_twice(desk, make, oa_installation, oa):
    make.person("second", "第二人", desk.unit, roles=["archives_archivist"], clearance=3)
    rows = [desk.finish(title=f"Notice {n}") for n in range(4)]
    known = {r.source_id: {
        "title": r.title, "number": r.number, "kind": r.kind, "creator": r.creator, "department_id": desk.unit.id,
        "department": "办公室", "text": "消防", "file": KNOWN[r.source_id].parts[0].file.id} for r in rows}
    runs = [subprocess.Popen(
        [sys.executable, "-c", FILER, str(Path(__file__).parents[1]), str(oa_installation.config_path), who, json.dumps(known)],
        text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for who in ("archivist", "second")]
    for run in runs:
        assert run.stdout.readline() == "ready\n"
    for run in runs:
        run.stdin.write("\n")
        run.stdin.flush()
    answers = [line for run in runs for line in run.communicate(timeout=120)[0].splitlines()]
    assert [run.returncode for run in runs] == [0, 0]
    filed = [line.split()[1] for line in answers if line.startswith("filed")]
    refused = [line for line in answers if not line.startswith("filed")]
    assert len(set(filed)) == len(filed) == len(rows) == Item.select().count()
    assert sorted(i.seq for i in Item.select()) == [1, 2, 3, 4]
    assert len(refused) == len(rows) and all("not_waiting" in line and "已经归档" in line and "Z109-WS" in line for line in refused)


def test_a_thing_is_not_filed_again_under_another_fonds(desk, oa_configure):
    row = desk.finish()
    item = filing.file(desk.archivist, row.id)
    oa_configure("plugins", archives={"fonds": "Z200", "codes": {"办公室": "BGS"}}, things={})
    assert pending.offer("things.thing", row.source_id) is None
    with pytest.raises(Conflict, match="另一全宗 Z109") as caught:
        filing.file(desk.archivist, row.id)
    assert caught.value.details["archival_number"] == item.archival_number and Item.select().count() == 1
