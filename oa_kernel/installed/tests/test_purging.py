"""A purge exports everything, takes it away whole or not at all, and leaves a clean start."""

import io
import json
import zipfile

import pytest

from oa_kernel import audit, config, db, files, installed, permissions
from oa_kernel.db import migrate
from oa_kernel.errors import Conflict
from oa_kernel.files.models import Attachment, File
from oa_kernel.installed import purging
from oa_kernel.permissions.models import Grant, RolePermission
from oa_kernel.workflow.models import Instance, WorkflowDefinition

from .conftest import Book, Extra, Mark

pytestmark = pytest.mark.oa_databases


@pytest.fixture
def used(oa, tables, make):
    """The shelf has been in use: books, a file, a grant, an own role."""
    reader = make.person("reader", "读者")
    with db.transaction():
        for n in range(2500):
            Book.create(title=f"第 {n} 册")
        first = Book.get_by_id(1)
        Book.update(cover=b"\x00\xff").where(Book.id == 1).execute()
        Mark.create(book=first)
        Extra.create(text="stays")
    cover = files.store(io.BytesIO(b"a cover"), "封面..1.txt", by=reader)
    files.attach(cover, "shelf.book", 1)
    shared = files.store(io.BytesIO(b"shared"), "共用.txt", by=reader)
    files.attach(shared, "shelf.book", 1)
    files.attach(shared, "other.thing", 1)
    permissions.grant(reader, "shelf_reader")
    permissions.create_role("mixed", "混合", {"shelf.book.view": "all", "kernel.tasks.own": "all"})
    return reader


@pytest.fixture
def off(used, restart):
    installed.disable("shelf")
    restart()
    return used


def opened(path):
    with zipfile.ZipFile(path) as archive:
        return {n: archive.read(n) for n in archive.namelist()}


def test_only_what_is_off_and_no_longer_runs_is_purged(used, restart):
    with pytest.raises(Conflict, match="先停用"):
        installed.purge("shelf")
    installed.disable("shelf")
    with pytest.raises(Conflict, match="重启"):
        installed.purge("shelf")
    assert Book.select().count() == 2500
    restart()
    assert installed.plan("shelf").hindrance == ""


def test_one_that_an_enabled_plugin_needs_is_kept(off, oa_installation, restart):
    oa_installation.settings["plugins"] = {"shelf": {"enabled": False}, "lender": {}}
    oa_installation.write()
    restart()
    with pytest.raises(Conflict, match="lender"):
        installed.purge("shelf")
    assert Book.select().count() == 2500


def test_the_plan_says_what_goes(off):
    plan = installed.plan("shelf")
    assert plan.tables == {"shelf_book": 2500, "shelf_mark": 1} and plan.files == 2
    assert plan.rows["grants"] == 1 and plan.rows["role_permissions"] == 1 and plan.rows["attachments"] == 2
    assert Book.select().count() == 2500


def test_everything_of_it_goes_and_nothing_else(off):
    installed.purge("shelf")
    there = set(db.database.get_tables())
    assert there & {"shelf_book", "shelf_mark", migrate.table("shelf")} == set()
    assert Extra.get().text == "stays"
    assert Grant.select().where(Grant.role == "shelf_reader", Grant.ended_at.is_null()).count() == 0
    assert [r.permission for r in RolePermission.select()] == ["kernel.tasks.own"]
    assert [(a.subject_kind) for a in Attachment.select()] == ["other.thing"]
    assert [f.name for f in File.select()] == ["共用.txt"]


def test_what_goes_is_in_the_archive(off):
    path = installed.purge("shelf")
    assert path.stat().st_mode & 0o077 == 0 and path.parent.name == "exports"
    parts = opened(path)
    books = [json.loads(line) for line in parts["tables/shelf_book.jsonl"].splitlines()]
    assert len({b["id"] for b in books}) == 2500
    assert books[0]["title"] == "第 0 册" and books[0]["cover"] == {"$base64": "AP8="}
    listed = [json.loads(line) for line in parts["files.jsonl"].splitlines()]
    assert {parts[f["path"]] for f in listed} == {b"a cover", b"shared"}
    assert all("../" not in name and not name.startswith("/") for name in parts)
    manifest = json.loads(parts["manifest.json"])
    assert manifest["rows"] == {"shelf_book": 2500, "shelf_mark": 1, "shelf_migrations": 1} and manifest["version"] == "1.2"
    from oa_kernel import crypto

    for name, digest in manifest["sm3"].items():
        assert crypto.sm3_hex(parts[name]) == digest


def test_it_is_told_to_the_record_and_to_the_file(off, oa_installation):
    path = installed.purge("shelf")
    (event,) = audit.events(action="plugin.purged").items
    assert path.name in str(event.after) and "2500" in str(event.before)
    assert config.read(oa_installation.config_path).enabled_plugins()["shelf"] is False


def test_open_cases_hinder_it_ended_ones_stay(off):
    from oa_kernel import clock

    def case(state):
        row = WorkflowDefinition.create(name="shelf.lend", version=1, title="借", text="x", digest="d", source="plugin:shelf",
                                        published_at=clock.now())
        return Instance.create(definition_id=row.id, definition_name="shelf.lend", definition_version=1, title="借书", state=state,
                               drafter_id=off.id, started_at=clock.now())

    open_one = case("running")
    with pytest.raises(Conflict, match="1 件没有办结"):
        installed.purge("shelf")
    assert Book.select().count() == 2500
    Instance.update(state="completed").where(Instance.id == open_one.id).execute()
    installed.purge("shelf")
    assert Instance.get_by_id(open_one.id).title == "借书"
    assert [d.current for d in WorkflowDefinition.select().where(WorkflowDefinition.name == "shelf.lend")] == [False]


@pytest.mark.parametrize("where", ["_drop", "_export"])
def test_a_purge_that_fails_half_way_has_done_nothing(off, oa_installation, monkeypatch, where):
    before = oa_installation.config_path.read_bytes()
    whole = getattr(purging, where)

    def failing(*given):
        whole(*given)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(purging, where, failing)
    with pytest.raises(OSError, match="No space"):
        installed.purge("shelf")
    assert Book.select().count() == 2500 and Mark.select().count() == 1
    assert Grant.select().where(Grant.ended_at.is_null(), Grant.role == "shelf_reader").count() == 1
    assert oa_installation.config_path.read_bytes() == before
    assert list((oa_installation.folder / "exports").iterdir()) == []


def test_a_file_whose_content_is_missing_is_said_and_the_rest_goes_on(off):
    gone = File.get(File.name == "共用.txt")
    files.blob_path(gone.sm3).unlink()
    parts = opened(installed.purge("shelf"))
    listed = {f["name"]: f for f in map(json.loads, parts["files.jsonl"].splitlines())}
    assert "problem" in listed["共用.txt"] and parts[listed["封面..1.txt"]["path"]] == b"a cover"


def test_enabling_afterwards_starts_anew(off, restart):
    installed.purge("shelf")
    installed.enable("shelf")
    running = restart()
    assert running.plugins.states["shelf"].state == "ok"
    with db.transaction():
        db.database.create_tables([Book, Mark])
    assert Book.select().count() == 0
    assert permissions.scopes_of(off).get("shelf.book.view") is None


def test_purging_twice_finds_nothing_the_second_time(off):
    installed.purge("shelf")
    plan = installed.plan("shelf")
    assert (plan.tables, plan.rows, plan.files) == ({}, {}, 0)
