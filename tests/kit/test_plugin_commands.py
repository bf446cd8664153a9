"""``oa plugins`` on a plugin that was really installed, from the first day to its purge and a new beginning."""

import json
import re
import sqlite3
import zipfile

import pytest

from ..service import oa
from .conftest import NAME


@pytest.fixture
def office(tmp_path, generated):
    """``run("plugins", "list")`` in an installation where visitors is on and has been used."""
    folder = tmp_path / "oa"
    oa("init", str(folder), "--organisation", "某单位", **generated.environ)

    def run(*arguments, check=True):
        return oa(*arguments, config=folder / "oa.yaml", check=check, **generated.environ)

    run.folder = folder
    generated.python("-c", USE, str(folder / "oa.yaml"))
    return run


USE = """
import sys
from oa_kernel import db, identity, runtime, workflow
from oa_kernel.testing.factories import Factories
runtime.boot(sys.argv[1])
from oa_visitors import services
admin = identity.by_username("admin")
for n in range(3):
    services.create({"title": f"第 {n} 位"}, admin)
workflow.sync_definitions()
make = Factories()
office = make.department("综合处")
make.person("head", "处长", office, posts=[("处长", "head")])
officer = make.person("officer", "科员", office)
services.submit(services.create({"title": "第 3 位"}, officer).id, officer)
db.close()
"""


def tables(folder):
    with sqlite3.connect(folder / "oa.db") as database:
        return {n for (n,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'visitors%'")}


def cases(folder):
    with sqlite3.connect(folder / "oa.db") as database:
        return database.execute("SELECT state FROM workflow_instance").fetchall()


def actions(folder):
    with sqlite3.connect(folder / "oa.db") as database:
        return [a for (a,) in database.execute("SELECT action FROM audit_event WHERE kind = 'plugin' ORDER BY id")]


def test_switched_off_purged_and_begun_anew(office):
    done = office("plugins", "purge", NAME, "--yes", NAME, check=False)
    assert done.returncode == 1 and "先停用" in done.stderr and tables(office.folder)
    office("plugins", "disable", NAME)
    planned = json.loads(office("plugins", "purge", NAME, "--dry-run", "--json").stdout)
    assert planned["tables"] == {"visitors_item": 4} and planned["hindrance"] == "" and planned["open_cases"] == 1
    done = office("plugins", "purge", NAME, "--yes", NAME, check=False)
    assert done.returncode == 1 and "1 件没有办结" in done.stderr and "--end-cases" in done.stderr
    for typed, word in (("visitor", "没有清除"), ("", "再写一遍")):  # the second asks, and nobody answers
        done = office("plugins", "purge", NAME, "--end-cases", "--yes", typed, check=False)
        assert done.returncode != 0 and word in done.stderr
    assert "visitors_item" in tables(office.folder)
    done = office("plugins", "purge", NAME, "--end-cases", "--yes", NAME)
    (path,) = done.stdout.split()
    with zipfile.ZipFile(path) as archive:
        rows = archive.read("tables/visitors_item.jsonl").decode().splitlines()
    assert [json.loads(r)["title"] for r in rows] == ["第 0 位", "第 1 位", "第 2 位", "第 3 位"]
    assert cases(office.folder) == [("cancelled",)]
    assert tables(office.folder) == set()
    assert actions(office.folder)[-2:] == ["plugin.disabled", "plugin.purged"]
    listed = {p["name"]: p["state"] for p in json.loads(office("plugins", "list", "--json").stdout)}
    assert listed[NAME] == "disabled"
    office("plugins", "enable", NAME)
    office("migrate")
    assert {"visitors_item", "visitors_migrations"} <= tables(office.folder)
    with sqlite3.connect(office.folder / "oa.db") as database:
        assert database.execute("SELECT COUNT(*) FROM visitors_item").fetchone() == (0,)
    assert office("plugins", "check").returncode == 0


def test_upgrade_notes_are_told_by_migrate_and_by_check_until_they_are_read(office, generated):
    office("migrate")
    plugin, package = (generated.site / "oa_visitors" / n for n in ("plugin.py", "__init__.py"))
    before = plugin.read_text(), package.read_text()
    plugin.write_text(before[0].replace('package="oa_visitors",', 'package="oa_visitors", upgrade_notes={"0.2": "先通知门卫"},'))
    package.write_text(before[1].replace("0.1.0", "0.2.0"))
    try:
        assert "升级说明 visitors 0.2：先通知门卫" in office("migrate").stderr
        assert "升级说明" not in office("migrate").stderr
        assert "先通知门卫" in office("plugins", "check").stdout
        assert json.loads(office("plugins", "check", "--json").stdout)["notes"] == [
            {"plugin": NAME, "version": "0.2", "text": "先通知门卫"}]
        office("plugins", "check", "--read")
        assert "先通知门卫" not in office("plugins", "check").stdout
        assert actions(office.folder)[-2:] == ["plugin.upgraded", "plugin.notes_read"]
    finally:
        plugin.write_text(before[0])
        package.write_text(before[1])


def test_check_names_who_uses_what_is_going_away(office, generated):
    """A function of the kernel's is marked as deprecated; the plugin that uses it is named with file and line."""
    mark = "import oa_kernel.deprecation as d; from oa_kernel import workflow; d.deprecated(since='0.1', gone='0.3', " \
           "instead='oa_kernel.workflow.begin', name='oa_kernel.workflow.start')(workflow.start); "
    code = mark + "from oa_kernel.cli import main; main(sys.argv[1:])"
    done = generated.python("-c", "import sys; " + code, "--config", str(office.folder / "oa.yaml"), "plugins", "check")
    line = next(n for n, text in enumerate((generated.site / "oa_visitors" / "services.py").read_text().splitlines(), 1)
                if "workflow.start(" in text)
    assert re.search(rf"将移除：services\.py 第 {line} 行：oa_kernel\.workflow\.start 自 0\.1", done.stdout), done.stdout
    assert done.returncode == 0
