"""Whole or not there, encrypted on disk, what it says it is, and any range of it back."""

import io
import os
import signal
import subprocess
import sys
import time

import pytest

from oa_kernel import clock, crypto, db, files
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound, StorageFull, TooLarge, UnsupportedType
from oa_kernel.files.models import Blob, File
from oa_kernel.files.store import folder, temporary_folder

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(64)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


def on_disk():
    return [p for p in folder().rglob("*") if p.is_file()]


def nothing_left():
    return not on_disk() and not File.select().exists() and not Blob.select().exists()


class Stream:
    """A stream of so many bytes that counts what was asked of it."""

    def __init__(self, size):
        self.left, self.read_so_far = size, 0

    def read(self, n):
        n = min(n, self.left)
        self.left -= n
        self.read_so_far += n
        return b"a" * n


def test_back_as_it_came_with_hash_and_size(oa):
    data = "值班安排\n".encode() * 100_000
    file = files.store_bytes(data, "值班.txt")
    assert (file.size, file.sm3, file.mime) == (len(data), crypto.sm3_hex(data), "text/plain")
    assert files.read_bytes(file) == data
    sink = io.BytesIO()
    assert files.copy_to(file, sink) == len(data) and sink.getvalue() == data


@pytest.mark.parametrize("size", [1, 262_143, 262_144, 262_145, 3_000_001])
def test_ranges(oa, size):
    data = bytes(97 + n % 23 for n in range(size))
    file = files.store_bytes(data, "a.txt")
    for start, end in ((0, None), (0, 1), (size - 1, size), (size // 2, size // 2 + 300_000), (262_140, 262_150), (0, size * 2)):
        if start < size:
            assert b"".join(files.open(file, start, end)) == data[start:end]


def test_nothing_of_it_is_readable_on_disk(oa):
    secret = "机密内容不得外传".encode()
    file = files.store_bytes(secret * 50_000, "a.txt")
    blob = files.blob_path(file.sm3).read_bytes()
    assert secret not in blob and secret[:12] not in blob and len(blob) >= file.size
    assert files.blob_path(file.sm3).stat().st_mode & 0o077 == 0 or folder().stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("place", [0, 40, 1000, -1])
def test_an_altered_blob_is_not_handed_out(oa, place):
    file = files.store_bytes(b"text " * 1000, "a.txt")
    path = files.blob_path(file.sm3)
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(crypto.CryptoError):
        files.read_bytes(file)
    path.unlink()
    with pytest.raises(NotFound) as caught:
        files.read_bytes(file)
    assert caught.value.code == "blob_missing"


def test_the_same_content_is_kept_once(oa):
    one, two = files.store_bytes(b"same", "a.txt"), files.store_bytes(b"same", "b.txt")
    assert one.id != two.id and one.blob_id == two.blob_id and len(on_disk()) == 1


def test_the_limit_ends_the_reading(oa):
    stream = Stream(10**9)
    with pytest.raises(TooLarge) as caught:
        files.store(stream, "a.txt", max_size=1_000_000)
    assert stream.read_so_far < 2_000_000 and "上限" in caught.value.message and nothing_left()
    assert files.store(Stream(1_000_000), "a.txt", max_size=1_000_000).size == 1_000_000


def test_the_installations_limit_counts(oa_configure):
    oa_configure("storage", max_upload=2000)
    with pytest.raises(TooLarge):
        files.store(Stream(2001), "a.txt", max_size=10**9)


def test_nothing_at_all_is_no_file(oa):
    with pytest.raises(Invalid, match="0 字节") as caught:
        files.store_bytes(b"", "空.txt")
    assert caught.value.code == "empty_file" and nothing_left()


@pytest.mark.parametrize("name", [
    "../../etc/passwd", "/etc/passwd", "a/b.txt", "..\\b.txt", "C:b.txt", "", "  ", "...", "a\0.txt", "a\nb.txt",
    "exe.\u202etxt", "长" * 201,
])
def test_names_that_cannot_be(oa, name):
    with pytest.raises(Invalid) as caught:
        files.store_bytes(b"x", name)
    assert caught.value.code == "bad_file_name" and nothing_left()


@pytest.mark.parametrize("data, name, code", [
    (PNG, "照片.pdf", "lying_extension"), (PDF, "a.docx", "lying_extension"), (b"MZ\x90\0\3\0\0\0" + bytes(60), "a.txt", "program"),
    (b"\x7fELF" + bytes(60), "a.dat", "program"), (b"#!/bin/sh\necho", "a.txt", "program"), (b"echo", "a.bat", "program"),
    (PNG, "照片", "lying_extension"), (b"\0\1\2\3", "a.txt", "lying_extension"), (b"PK\3\4" + bytes(60), "a.docx", "lying_extension"),
])
def test_what_it_is_must_be_what_it_says(oa, data, name, code):
    with pytest.raises(UnsupportedType) as caught:
        files.store_bytes(data, name)
    assert caught.value.code == code and nothing_left()


@pytest.mark.parametrize("data, name, mime", [
    (PNG, "A.PNG", "image/png"), (PDF, "a.pdf", "application/pdf"), ("中文".encode("gb18030"), "a.txt", "text/plain"),
    (b"BM is how this text begins", "a.txt", "text/plain"), (b"<p>", "a.html", "text/html"),
    (b"\0\1", "a.xyz", "application/octet-stream"),
])
def test_what_is_accepted(oa, data, name, mime):
    assert files.store_bytes(data, name).mime == mime


def test_only_some_kinds_here(oa):
    with pytest.raises(UnsupportedType) as caught:
        files.store_bytes(b"text", "a.txt", allow={"pdf"})
    assert caught.value.code == "type_not_allowed"
    assert files.store_bytes(PDF, "a.pdf", allow={"pdf"}).id


def test_a_hint_no_browser_acts_on(oa):
    assert files.store_bytes(b"\0\1", "a.xyz", mime_hint="application/vnd.own").mime == "application/vnd.own"
    assert files.store_bytes(b"\0\2", "a.xyz", mime_hint="text/html").mime == "application/octet-stream"


def test_versions_and_discarding(make):
    lin, wu = make.person("lin", "林"), make.person("wu", "吴")
    one = files.store_bytes(b"one", "a.txt", by=lin)
    two = files.store_bytes(b"two", "a.txt", by=lin, previous=one)
    assert two.version == 2 and [f.id for f in files.versions(two)] == [two.id, one.id]
    with pytest.raises(Conflict):
        files.discard(one, by=lin)
    with pytest.raises(Forbidden):
        files.discard(two, by=wu)
    files.attach(two, "thing", 1)
    with pytest.raises(Conflict):
        files.discard(two, by=lin)
    files.detach(two, "thing", 1)
    files.discard(two, by=lin)
    assert files.get(two.id) is None


def test_who_may_read(make):
    lin, wu = make.person("lin", "林"), make.person("wu", "吴")
    file = files.store_bytes(b"one", "a.txt", by=lin)
    assert files.require_readable(lin, file.id).id == file.id
    for id_ in (file.id, 98_765):
        with pytest.raises(NotFound):
            files.require_readable(wu, id_)
    files.attach(file, "nobody.guards", 1)
    assert not files.readable(lin, file)


# crashes and full disks

STORER = """
import sys
from oa_kernel import files, runtime
runtime.boot(sys.argv[1])
class Slow:
    pieces = 40
    def read(self, n):
        self.pieces -= 1
        if self.pieces == 20:
            print("half", flush=True)
            sys.stdin.readline()
        return b"a" * n if self.pieces > 0 else b""
files.store(Slow(), "a.txt")
"""


def test_a_crash_leaves_no_half_file(oa, oa_installation):
    process = subprocess.Popen([sys.executable, "-c", STORER, str(oa_installation.config_path)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "half\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    left, = on_disk()
    assert left.parent == temporary_folder() and not File.select().exists()
    assert files.sweep() == {"temporary": 0, "unreferenced": 0, "orphans": 0}, "it may still be in the making"
    old(left)
    assert files.sweep()["temporary"] == 1 and nothing_left()


def old(path):
    day = time.time() - 2 * 86_400
    os.utime(path, (day, day))


def test_orphans_are_swept(oa):
    import datetime as dt

    with clock.freeze(clock.now() - dt.timedelta(days=3)):
        kept, gone = files.store_bytes(b"kept", "a.txt"), files.store_bytes(b"gone", "b.txt")
        lost = files.store_bytes(b"lost", "c.txt")
    files.discard(gone)
    with db.transaction():  # a crash before the row: content that no row knows
        File.delete().where(File.id == lost.id).execute()
        Blob.delete().where(Blob.id == lost.blob_id).execute()
    for path in on_disk():
        old(path)
    young = files.store_bytes(b"young", "d.txt")
    files.discard(young)
    assert files.sweep() == {"temporary": 0, "unreferenced": 1, "orphans": 2}
    assert files.read_bytes(kept) == b"kept" and files.blob_path(young.sm3).exists()
    assert not files.blob_path(gone.sm3).exists() and not files.blob_path(lost.sm3).exists()


FULL = """
import resource, sys
from oa_kernel import files, runtime
from oa_kernel.errors import StorageFull
runtime.boot(sys.argv[1])
limit = 6 * 1024 * 1024  # a limit on files is met where a full disk is: in write(2)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    files.store_bytes(b"a" * 2 * limit, "a.txt")
except StorageFull as error:
    print(error.status, error.message)
print(files.store_bytes(b"small", "b.txt").size)
"""


def test_a_full_disk_leaves_nothing_and_says_so(oa, oa_installation):
    done = subprocess.run([sys.executable, "-c", FULL, str(oa_installation.config_path)], capture_output=True,
                          text=True, timeout=60)
    told, size = done.stdout.splitlines()
    assert told.startswith(f"{StorageFull.status} ") and "存储空间不足" in told and size == "5", done.stderr
    assert [p.name for p in on_disk()] == [crypto.sm3_hex(b"small")] and File.select().count() == 1


def test_an_undone_transaction_leaves_content_for_the_sweep_only(oa):
    with pytest.raises(RuntimeError), db.transaction():
        files.store_bytes(b"x", "a.txt")
        raise RuntimeError
    assert not File.select().exists() and not list(temporary_folder().iterdir())
    old(on_disk()[0])
    assert files.sweep()["orphans"] == 1 and nothing_left()


def test_written_first_and_kept_in_a_transaction(oa):
    data = b"a" * 300_000
    with files.written(io.BytesIO(data), "a.txt") as whole:
        assert (whole.name, whole.size, whole.sm3, whole.mime) == ("a.txt", len(data), crypto.sm3_hex(data), "text/plain")
        assert files.read_bytes(whole) == data and not File.select().exists(), "nobody's yet, and readable"
        with db.transaction():
            file = whole.keep()
    assert files.read_bytes(file) == data and not list(temporary_folder().iterdir())


def test_what_is_written_and_not_kept_is_gone(oa):
    with files.written(io.BytesIO(b"abc"), "a.txt"):
        assert len(on_disk()) == 1
    assert nothing_left()
    with pytest.raises(UnsupportedType), files.written(io.BytesIO(b"MZ" + bytes(100)), "a.exe"):
        pytest.fail("it is not accepted")
    assert nothing_left()
