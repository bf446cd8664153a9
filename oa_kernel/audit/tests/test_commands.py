"""``oa audit`` as an auditor runs it, and what the doctor is told."""

import datetime as dt
import json
import subprocess
import sys

from oa_kernel import audit, clock, db
from oa_kernel.audit.builtin import CONTRIBUTIONS
from oa_kernel.audit.models import Event


def oa_command(installation, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "oa_kernel.cli", "--config", str(installation.config_path), *arguments],
        capture_output=True, text=True, timeout=60,
    )


def test_verify_ends_with_1_and_names_the_event(oa, oa_installation):
    id_ = audit.record("thing.changed", "thing", 1)
    audit.record("thing.changed", "thing", 2)
    assert oa_command(oa_installation, "audit", "seal").returncode == 0
    good = oa_command(oa_installation, "audit", "verify")
    assert good.returncode == 0 and audit.head()["fingerprint"] in good.stdout
    with db.transaction():
        Event.update(title="x").where(Event.id == id_).execute()
    bad = oa_command(oa_installation, "audit", "verify")
    assert bad.returncode == 1 and f"事件 {id_}" in bad.stdout and "Traceback" not in bad.stderr
    told = json.loads(oa_command(oa_installation, "audit", "verify", "--json").stdout)
    assert not told["ok"] and told["first"] == id_


def test_export_says_why_it_cannot(oa, oa_installation, tmp_path):
    done = oa_command(oa_installation, "audit", "export", str(tmp_path / "no" / "such" / "folder"))
    assert done.returncode == 2 and "无法写入" in done.stderr and "Traceback" not in done.stderr


def test_the_doctor(oa):
    check, = (d.check for d in CONTRIBUTIONS["oa_diagnostics"])
    with clock.freeze(clock.now() - dt.timedelta(hours=1)):
        audit.record("thing.changed", "thing", 1)
    assert check()[0] == "warning"
    audit.seal()
    state, text = check()
    assert state == "ok" and audit.head()["fingerprint"] in text
