"""A damaged content is found, named, told, and put back from a backup after its digest was compared."""

import subprocess
import sys

import pytest
from oa_archives.models_keeping import Fixity
from oa_archives.services import fixity, repair

from oa_kernel import backup, files
from oa_kernel.errors import Conflict, Invalid, NotFound

CLI = [sys.executable, "-m", "oa_kernel.cli"]


def damage(part):
    path = files.blob_path(part.sm3)
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def test_a_damaged_file_is_found_named_told_and_put_back_from_a_backup(oa, desk, oa_outbox, tmp_path):
    early = backup.create(tmp_path / "early")
    item, other = desk.file(), desk.file()
    made = backup.create(tmp_path / "backups", passphrase="口令")
    assert fixity.run().damaged == [] and fixity.doctor()[0] == "ok"
    assert Fixity.select().where(Fixity.sealed_sm3 != "").count() == 2

    damage(item.parts.get())
    found = fixity.run()
    assert found.files == 2 and [(number, name) for number, name, _ in found.damaged] == [(item.archival_number, "正文.pdf")]
    assert not desk.again(item).sound and desk.again(other).sound
    assert item.parts.get().sm3[:16] in fixity.doctor()[1] and fixity.doctor()[0] == "problem"
    fixity.run()
    told = [n for n in oa_outbox.inbox(desk.archivist) if item.archival_number in n.title]
    assert len(told) == 1 and "正文.pdf" in told[0].body

    with pytest.raises(NotFound, match="没有 正文.pdf"):
        repair.repair(desk.archivist, item, early.path)
    with pytest.raises(Invalid, match="口令"):
        repair.repair(desk.archivist, item, made.path, passphrase="错的")
    assert repair.damaged(item)
    assert repair.repair(desk.archivist, item, made.path, passphrase="口令") == {"restored": ["正文.pdf"], "sound": True}
    assert desk.again(item).sound and fixity.doctor()[0] == "ok" and files.read_bytes(files.get(item.parts.get().file_id))
    with pytest.raises(Conflict, match="没有要恢复的"):
        repair.repair(desk.archivist, item, made.path, passphrase="口令")

    # a file that is gone, by the command
    files.blob_path(other.parts.get().sm3).unlink()
    secret = tmp_path / "secret"
    secret.write_text("口令\n", "utf-8")
    command = [*CLI, "--config", str(oa.config.path), "archives", "repair", other.archival_number]
    done = subprocess.run([*command, "--backup", str(made.path), "--passphrase-file", str(secret)], capture_output=True, text=True)
    assert done.returncode == 0 and "正文.pdf" in done.stdout, done.stderr
    assert fixity.run().damaged == []


def test_a_copy_that_is_not_what_was_stored_is_refused(desk):
    item, other = desk.file(), desk.file()
    damage(item.parts.get())
    with files.blob_path(other.parts.get().sm3).open("rb") as copy, pytest.raises(Invalid):
        files.restore(files.get(item.parts.get().file_id), copy)
    assert repair.damaged(item)
