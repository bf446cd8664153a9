"""A year's package that is uploaded: unpacked within bounds, taken over in the background, refused with its reason."""

import io
import os
import shutil
import signal
import stat
import subprocess
import sys
import tarfile
import zipfile

import pytest
from oa_archives import settings
from oa_archives.models import Item
from oa_archives.models_keeping import Intake
from oa_archives.services import handovers, intakes, unpacking

from oa_kernel import clock, files
from oa_kernel.audit.models import Event as Audit
from oa_kernel.errors import Conflict, Invalid, NotFound

NAME = "2026 年度"
KILLED = """
import os, signal, sys
from oa_kernel import runtime
from oa_archives.services import intakes
runtime.boot(sys.argv[1])
intakes._beat = lambda *how: os.kill(os.getpid(), signal.SIGKILL)
intakes.run(int(sys.argv[2]))
"""


@pytest.fixture
def package(desk, tmp_path):
    """A folder as another installation hands it on; its one record is here too."""
    item = desk.file()
    place = tmp_path / NAME
    handovers.run(handovers.ask(None, item.year, str(place)).id)
    return place


def zipped(folder, inside=True):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder.parent if inside else folder))
    return out.getvalue()


def tarred(folder):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.add(folder, ".")
    return out.getvalue()


def upload(client, data, name="2026.zip", **more):
    return client.submit("/archives/intakes/upload", {"file": (io.BytesIO(data), name), **more})


def left(oa):
    room = oa.config.folder / "intakes"
    return list(room.iterdir()) if room.exists() else []


@pytest.mark.parametrize("how", ["zip with its folder", "zip without", "tar"])
def test_what_is_uploaded_is_taken_over_and_nothing_of_it_stays(oa, desk, oa_client, package, how):
    data = tarred(package) if how == "tar" else zipped(package, how == "zip with its folder")
    client = oa_client(desk.archivist)
    assert upload(oa_client(desk.reader), data).status_code == 403
    assert upload(client, data, "2026.tar" if how == "tar" else "2026.zip").status_code == 303
    row = Intake.get()
    file = files.get(row.file_id)
    assert not files.readable(desk.reader, file) and files.readable(desk.archivist, file)
    done = intakes.run(row.id)
    assert (done.state, done.known, done.total, done.problems) == ("done", 1, 1, [])
    assert done.file_id is None and files.get(file.id) is None and left(oa) == []
    assert "已有 1 件" in client.get("/archives/intakes").text


def test_what_was_only_checked_is_taken_over_from_the_same_upload(oa, desk, oa_client, package):
    client = oa_client(desk.archivist)
    upload(client, zipped(package), check_only="1")
    row = intakes.run(Intake.get().id)
    assert (row.state, row.dry_run, row.total) == ("done", True, 1) and files.get(row.file_id)
    assert f"/archives/intakes/{row.id}/again" in client.get("/archives/intakes").text
    assert client.submit(f"/archives/intakes/{row.id}/again").status_code == 303
    assert client.submit(f"/archives/intakes/{row.id}/again").status_code == 409  # a second click
    second = intakes.run(Intake.get(Intake.id != row.id).id)
    assert (second.state, second.dry_run, second.file_id) == ("done", False, None)
    assert client.submit(f"/archives/intakes/{row.id}/again").status_code == 409
    assert "上传的文件已经删去" in client.get("/archives/intakes").text
    with pytest.raises(Conflict):
        intakes.again(desk.archivist, second.id)


def test_an_upload_that_nobody_took_over_goes_after_a_week(oa, desk, oa_client, package):
    upload(oa_client(desk.archivist), zipped(package), check_only="1")
    row = intakes.run(Intake.get().id)
    assert intakes.resume() == 0 and files.get(row.file_id)
    with clock.freeze(row.asked_at + intakes.KEEP + intakes.KEEP):
        intakes.resume()
    assert files.get(row.file_id) is None and Intake.get_by_id(row.id).file_id is None


def test_what_a_kill_left_half_unpacked_is_done_anew_at_once(oa, desk, oa_client, package):
    upload(oa_client(desk.archivist), zipped(package))
    row = Intake.get()
    killed = subprocess.run([sys.executable, "-c", KILLED, str(oa.config.path), str(row.id)], capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert Intake.get_by_id(row.id).state == "running" and len(left(oa)) == 1
    assert intakes.resume() == 1
    assert (Intake.get_by_id(row.id).state, Intake.get_by_id(row.id).known) == ("done", 1) and left(oa) == []


def test_one_that_is_stopped_ends_at_the_next_word_and_can_be_tried_again(oa, desk, oa_client, package, monkeypatch):
    client = oa_client(desk.archivist)
    upload(client, zipped(package))
    row = Intake.get()
    unpack = unpacking.unpack

    def stopped_meanwhile(*given):
        place = unpack(*given[:2])
        assert client.submit(f"/archives/intakes/{row.id}/cancel").status_code == 303
        return place

    monkeypatch.setattr(unpacking, "unpack", stopped_meanwhile)
    done = intakes.run(row.id)
    assert (done.state, done.taken, done.runner) == ("stopped", 0, "") and left(oa) == []
    assert Audit.select().where(Audit.action == "archives.intake_done").count() == 0 == intakes.resume()
    assert client.submit(f"/archives/intakes/{row.id}/cancel").status_code == 409
    assert f"/archives/intakes/{row.id}/again" in client.get("/archives/intakes").text
    monkeypatch.undo()
    assert intakes.run(intakes.again(desk.archivist, row.id).id).state == "done"


def test_by_rest_with_progress_and_every_reason(oa, desk, oa_client, package):
    damaged = next(package.rglob("*.zip"))
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")
    client = oa_client(desk.archivist)
    file = files.store_bytes(zipped(package), "2026.zip", desk.archivist)
    headers = {"X-CSRF-Token": client.csrf}
    base = "/api/v1/archives/intakes"
    others = files.store_bytes(zipped(package), "2026.zip", desk.reader)
    assert client.post(base, json={"file": others.id}, headers=headers).status_code == 404
    assert client.post(base, json={}, headers=headers).status_code == 422
    assert client.post(base, json={"file": file.id, "name": "x"}, headers=headers).status_code == 422
    text = files.store_bytes(b"text", "2026.txt", desk.archivist)
    assert client.post(base, json={"file": text.id}, headers=headers).status_code == 422
    asked = client.post(base, json={"file": file.id}, headers=headers)
    assert asked.status_code == 202 and asked.json["state"] == "waiting" and asked.json["uploaded"]
    assert client.post(base, json={"file": file.id}, headers=headers).status_code == 409
    intakes.run(asked.json["id"])
    found = client.get(f"{base}/{asked.json['id']}").json
    assert found["state"] == "failed" and damaged.name in found["problems"][0] and found["taken"] == 0
    assert client.get(base).json["items"] == [found]
    assert client.get(f"{base}/folders").json == {"names": []}
    again = client.post(f"{base}/{found['id']}/again", json={"dry_run": True}, headers=headers)
    assert again.status_code == 202 and again.json["dry_run"] and again.json["id"] != found["id"]
    assert oa_client(desk.reader).get(base).status_code == 403
    with pytest.raises(NotFound):
        intakes.get(desk.archivist, 999)


class Raw(zipfile.ZipInfo):
    """An entry whose name is written in GBK, and whose flags are given."""

    flags = 0

    def _encodeFilenameFlags(self):
        return self.filename.encode("gbk"), self.flags


class Locked(Raw):
    """One that says it has a password."""

    flags = 1


def locked():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(Locked("manifest.jsonl"), b"x")
    return out.getvalue()


def zip_of(*entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data, mode in entries:
            info = zipfile.ZipInfo("x")
            info.filename = name  # as it is, where the constructor would mend it
            info.external_attr = mode << 16
            info.create_system = 3
            archive.writestr(info, data)
    return out.getvalue()


def tar_of(**values):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo("packages/x")
        for name, value in values.items():
            setattr(member, name, value)
        archive.addfile(member, io.BytesIO(b"x" * member.size))
    return out.getvalue()


REG = stat.S_IFREG | 0o644
WRONG = {
    "above.zip": (zip_of(("../../x", b"x", REG)), "指向包外"),
    "root.zip": (zip_of(("/etc/x", b"x", REG)), "指向包外"),
    "drive.zip": (zip_of(("C:x", b"x", REG)), "指向包外"),
    "link.zip": (zip_of(("manifest.jsonl", b"/etc/passwd", stat.S_IFLNK | 0o777)), "链接"),
    "file and folder.zip": (zip_of(("a", b"x", REG), ("a/b", b"x", REG)), "又是文件又是文件夹"),
    "deep.zip": (zip_of(("a/" * 20 + "b", b"x", REG)), "过深"),
    "empty of it.zip": (zip_of(("readme.txt", b"x", REG)), "没有年度数据包"),
    "two.zip": (zip_of(("a/manifest.jsonl", b"x", REG), ("b/manifest.jsonl", b"x", REG)), "不止一个"),
    "bomb.zip": (zip_of(("manifest.jsonl", bytes(3 * 2**20), REG)), "超过上限"),
    "locked.zip": (locked(), "有密码"),
    "cut.zip": (zip_of(("manifest.jsonl", b"x" * 5000, REG))[:-30] + bytes(30), "损坏"),
    "above.tar": (tar_of(name="../x", size=1), "指向包外"),
    "link.tar": (tar_of(name="manifest.jsonl", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "链接"),
    "hard.tar": (tar_of(name="manifest.jsonl", type=tarfile.LNKTYPE, linkname="/etc/passwd"), "链接"),
    "pipe.tar": (tar_of(name="manifest.jsonl", type=tarfile.FIFOTYPE), "特殊文件"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_safe_is_refused_by_name_and_nothing_is_written_outside(oa, desk, tmp_path, monkeypatch, name):
    data, word = WRONG[name]
    monkeypatch.setattr(settings, "section", lambda: {"import_size": 2})
    file = files.store_bytes(data, name, desk.archivist)
    before = sorted(p for p in oa.config.folder.rglob("*"))
    with pytest.raises(Invalid) as refused:
        unpacking.unpack(file, tmp_path / "room" / "1")
    assert word in refused.value.message
    assert not os.path.lexists(tmp_path / "x") and not os.path.lexists(tmp_path / "room" / "x")
    assert not any(p.is_symlink() for p in tmp_path.rglob("*"))
    assert sorted(p for p in oa.config.folder.rglob("*")) == before
    shutil.rmtree(tmp_path / "room")


def test_other_kinds_of_files_are_refused_at_the_door(oa, desk, oa_client):
    client = oa_client(desk.archivist)
    for data, name in ((b"%PDF-1.4 x", "2026.pdf"), (b"text", "2026.zip"), (b"", "2026.zip")):
        answer = upload(client, data, name)
        assert answer.status_code in (415, 422) and 'href="#field-file"' in answer.text
    assert client.submit("/archives/intakes/upload", {}).status_code in (400, 422)
    assert Intake.select().count() == 0 == Item.select().count() and files.File.select().count() == 0


def test_chinese_names_are_read_as_file_managers_wrote_them(oa, desk, tmp_path):
    name = "2026年度/目录·一.csv"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for one in (name, "2026年度/manifest.jsonl", "__MACOSX/2026年度/._x"):
            archive.writestr(Raw(one), b"x")
    file = files.store_bytes(out.getvalue(), "win.zip", desk.archivist)
    assert unpacking.unpack(file, tmp_path / "room") == tmp_path / "room" / "2026年度"
    assert (tmp_path / "room" / name).is_file() and not (tmp_path / "room" / "__MACOSX").exists()


def test_a_stored_file_is_read_from_anywhere(oa, desk):
    data = bytes(range(256)) * 4000
    reader = unpacking.Reader(files.store_bytes(data, "x.bin", desk.archivist))
    for at, size in ((0, 10), (500_000, 300_000), (5, 7), (12, 1), (1_000_000, 500_000), (2_000_000, 5)):
        assert reader.seek(at) == at == reader.tell() and reader.read(size) == data[at : at + size]
    assert reader.seek(-4, 2) == len(data) - 4 and reader.read() == data[-4:]
    reader.close()
