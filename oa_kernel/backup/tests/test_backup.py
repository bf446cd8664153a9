"""A backup is whole or not there; put back, everything is as it was."""

import io
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from oa_kernel import backup, db, files, identity, runtime
from oa_kernel.backup import archive
from oa_kernel.cli import main
from oa_kernel.errors import Conflict, Invalid, UsageError
from oa_kernel.testing import installation

PASSPHRASE = "山高月小水落石出"
both = pytest.mark.oa_databases


sqlite_only = pytest.mark.skipif(
    bool(os.environ.get("OA_TEST_DATABASE")),
    reason="about files beside an SQLite database; a restore into PostgreSQL has tests of its own",
)


@pytest.fixture
def office(oa, make):
    """A person, and a file only the keys can read."""
    person = make.person("clerk", "文书")
    stored = files.store(io.BytesIO("机要内容".encode() * 1000), "机要.txt", by=person)
    return stored


@pytest.fixture
def empty_database():
    """On PostgreSQL, the URL of an empty database to restore into; else nothing."""
    name = f"oa_restored_{os.getpid()}"
    made = []

    def create():
        if not db.is_postgresql():
            return ""
        installation._admin(f'CREATE DATABASE "{name}"')
        made.append(name)
        return installation._with_name(name)

    yield create
    db.close()
    for one in made:
        installation._admin(f'DROP DATABASE IF EXISTS "{one}" WITH (FORCE)')


@both()
@pytest.mark.parametrize("passphrase", ["", PASSPHRASE])
def test_put_back_everything_is_as_it_was(oa, office, tmp_path, passphrase, empty_database):
    made = backup.create(tmp_path / "backups", passphrase=passphrase)
    assert backup.verify(made.path, passphrase=passphrase).ok
    target = empty_database()
    identity.create_person(username="later", name="后来的人")
    backup.restore(made.path, tmp_path / "restored", passphrase=passphrase, database=target)
    db.close()
    runtime.boot(tmp_path / "restored" / "oa.yaml")
    assert identity.by_username("clerk").name == "文书"
    assert identity.by_username("later") is None
    found = files.get(office.id)
    assert files.read_bytes(found) == "机要内容".encode() * 1000
    assert (tmp_path / "restored" / "keys").stat().st_mode & 0o077 == 0


def test_a_sealed_backup_shows_nothing_and_wants_its_passphrase(oa, office, tmp_path):
    made = backup.create(tmp_path, passphrase=PASSPHRASE)
    data = made.path.read_bytes()
    assert b"SQLite format" not in data and b"oa.yaml" not in data
    head, sealed = backup.head_of(made.path)
    assert sealed and head.organisation == "测试市人民政府办公室"
    for wrong in ("", "春江潮水"):
        with pytest.raises(Invalid):
            backup.verify(made.path, passphrase=wrong)
        with pytest.raises(Invalid):
            backup.restore(made.path, tmp_path / "restored", passphrase=wrong)
    assert [p.name for p in tmp_path.iterdir() if "restor" in p.name] == []


@pytest.mark.parametrize("passphrase", ["", PASSPHRASE])
@pytest.mark.parametrize("place", [0.05, 0.3, 0.6, 0.9, 0.995])
def test_any_altered_byte_is_found_and_nothing_is_restored(oa, office, tmp_path, passphrase, place):
    made = backup.create(tmp_path, passphrase=passphrase)
    data = bytearray(made.path.read_bytes())
    at = int(len(data) * place)
    while not data[at] and not passphrase:  # tar's padding holds nothing
        at -= 1
    data[at] ^= 1
    made.path.write_bytes(data)
    assert not _whole(made.path, passphrase)
    with pytest.raises(Invalid):
        backup.restore(made.path, tmp_path / "restored", passphrase=passphrase)
    assert [p.name for p in tmp_path.iterdir() if "restor" in p.name] == []


def test_a_file_that_was_taken_out_is_found(oa, office, tmp_path):
    made = backup.create(tmp_path)
    with archive.reading(made.path, "") as members:
        kept = [(name, content.read()) for name, _, content in members]
    import tarfile

    gone = next(name for name, _ in kept if name.startswith("files/"))
    with tarfile.open(made.path, "w") as tar:
        for name, data in kept:
            if name != gone:
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    assert f"缺少 {gone}" in backup.verify(made.path).problems


@pytest.mark.parametrize("keep", [0.2, 0.7, 0.98])
def test_a_truncated_backup_is_no_backup(oa, office, tmp_path, keep):
    made = backup.create(tmp_path)
    data = made.path.read_bytes().rstrip(b"\0")
    made.path.write_bytes(data[: int(len(data) * keep)])
    assert not _whole(made.path, "")


def _whole(path, passphrase):
    try:
        return backup.verify(path, passphrase=passphrase).ok
    except Invalid:
        return False


def test_names_that_lead_out_of_the_folder_are_refused(oa, tmp_path):
    import tarfile

    path = tmp_path / "evil.oabackup"
    head = backup.head_of(backup.create(tmp_path / "good").path)[0]
    for name in ("../outside", "files/../../outside", "/etc/outside", "other/outside"):
        with tarfile.open(path, "w") as tar:
            for member, data in ((archive.HEAD, json.dumps(vars(head)).encode()), (name, b"x")):
                info = tarfile.TarInfo(member)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        with pytest.raises(Invalid):
            backup.restore(path, tmp_path / "restored")
    assert not list(tmp_path.rglob("outside"))


@sqlite_only
def test_only_an_empty_folder_is_restored_into(oa, tmp_path):
    made = backup.create(tmp_path / "backups")
    used = tmp_path / "used"
    used.mkdir()
    (used / "mine.txt").write_text("kept")
    with pytest.raises(UsageError, match="已有内容"):
        backup.restore(made.path, used)
    assert [p.name for p in used.iterdir()] == ["mine.txt"]
    (tmp_path / "empty").mkdir()
    backup.restore(made.path, tmp_path / "empty")
    assert (tmp_path / "empty" / "oa.yaml").is_file()


@pytest.mark.oa_databases("postgresql")
def test_a_database_in_use_is_not_restored_into(oa, tmp_path):
    made = backup.create(tmp_path / "backups")
    with pytest.raises(Conflict, match="已有表"):
        backup.restore(made.path, tmp_path / "restored", database=str(oa.config["database"]["url"]))
    assert not (tmp_path / "restored").exists()


@pytest.mark.oa_databases("postgresql")
def test_without_the_tools_of_postgresql_it_says_what_to_install(oa, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Exception, match="postgresql-client"):
        backup.create(tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []


@sqlite_only
def test_what_stood_outside_the_folder_comes_inside(oa_installation, tmp_path):
    outside = tmp_path / "elsewhere"
    (oa_installation.folder / "keys").rename(outside)
    oa_installation.settings["keys"] = {"path": str(outside)}
    oa_installation.write()
    oa_installation.boot()
    made = backup.create(tmp_path / "backups")
    backup.restore(made.path, tmp_path / "restored")
    db.close()
    running = runtime.boot(tmp_path / "restored" / "oa.yaml")
    assert running.config["keys"]["path"] == "keys"
    assert running.keys.secret("web.csrf")


KILLED = """
import sys, time
from pathlib import Path
from oa_kernel import backup, context, runtime
what, config, first, second = sys.argv[1:]
def slow(done, total):
    print("going", flush=True)
    time.sleep(0.2)
if what == "create":
    runtime.boot(config)
    backup.create(Path(first), progress=slow)
else:
    backup.restore(Path(first), Path(second), progress=slow)
"""


def _kill_in_the_middle(*arguments):
    process = subprocess.Popen([sys.executable, "-c", KILLED, *map(str, arguments)], stdout=subprocess.PIPE)
    assert process.stdout.readline()
    time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    process.stdout.close()


def test_a_kill_in_the_middle_of_a_backup_leaves_no_backup(oa, office, oa_installation, tmp_path):
    folder = tmp_path / "backups"
    _kill_in_the_middle("create", oa_installation.config_path, folder, "-")
    assert backup.listing(folder) == []
    assert any(p.name.startswith(".part-") for p in folder.iterdir()), "the kill came too early to prove anything"
    made = backup.create(folder)
    assert [p.name for p in folder.iterdir()] == [made.path.name]
    assert backup.verify(made.path).ok


@sqlite_only
def test_a_kill_in_the_middle_of_a_restore_leaves_no_installation(oa, office, oa_installation, tmp_path):
    made = backup.create(tmp_path / "backups")
    target = tmp_path / "place" / "restored"
    _kill_in_the_middle("restore", oa_installation.config_path, made.path, target)
    assert not target.exists()
    assert list(target.parent.iterdir()), "the kill came too early to prove anything"
    backup.restore(made.path, target)
    assert [p.name for p in target.parent.iterdir()] == ["restored"]


@sqlite_only
def test_a_full_disk_leaves_nothing(oa, office, oa_installation, tmp_path):
    """A limit on the size of files stands in for the disk's end: the copy of the database does not fit."""
    assert (oa_installation.folder / "oa.db").stat().st_size > 300_000
    script = ("import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
              "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)); "
              "from oa_kernel.cli import main; main(['--config', sys.argv[1], 'backup', 'create', '--to', sys.argv[2]])")
    folder = tmp_path / "backups"
    done = subprocess.run([sys.executable, "-c", script, str(oa_installation.config_path), str(folder)],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "Traceback" not in done.stderr
    assert not folder.exists() or list(folder.iterdir()) == []


def _oa(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main([str(a) for a in arguments])
    out = capsys.readouterr()
    return stopped.value.code, out.out, out.err


@sqlite_only
def test_the_commands(oa, office, oa_installation, tmp_path, capsys):
    config = ("--config", oa_installation.config_path)
    word = tmp_path / "word"
    word.write_text(PASSPHRASE + "\n")
    code, out, err = _oa(capsys, *config, "backup", "create", "--json", "--passphrase-file", word)
    made = json.loads(out)
    assert (code, made["encrypted"]) == (0, True)
    code, out, _ = _oa(capsys, *config, "backup", "list", "--json")
    assert [b["path"] for b in json.loads(out)] == [made["path"]]
    code, out, _ = _oa(capsys, "backup", "verify", made["path"], "--passphrase-file", word, "--json")
    assert (code, json.loads(out)["ok"]) == (0, True)
    code, out, err = _oa(capsys, "backup", "verify", made["path"])
    assert code == 1 and "口令" in err
    code, out, _ = _oa(capsys, "backup", "restore", made["path"], tmp_path / "again", "--passphrase-file", word)
    assert (code, out.strip()) == (0, str(tmp_path / "again" / "oa.yaml"))
    code, _, err = _oa(capsys, "backup", "restore", made["path"], tmp_path / "again", "--passphrase-file", word)
    assert code == 2 and "已有内容" in err
    code, out, _ = _oa(capsys, *config, "doctor", "--json")
    line = next(line for line in json.loads(out) if line["name"] == "backup")
    assert line["state"] == "ok" and made["path"] in line["message"]


def test_a_backup_in_clear_says_that_it_holds_the_keys(oa, oa_installation, tmp_path, capsys):
    code, _, err = _oa(capsys, "--config", oa_installation.config_path, "backup", "create", "--to", tmp_path / "b")
    assert code == 0 and "密钥" in err and "没有加密" in err


def test_the_doctor_reminds_of_the_first_backup(oa, oa_installation, capsys):
    _, out, _ = _oa(capsys, "--config", oa_installation.config_path, "doctor", "--json")
    line = next(line for line in json.loads(out) if line["name"] == "backup")
    assert line["state"] == "warning" and "oa backup create" in line["message"]
