"""A large package goes by way of a file: encrypted, without a name, and without being in memory."""

import errno
import json
import os
import tempfile
import tracemalloc

from oa_documents.models_incoming import Arrival
from oa_exchange import package, settings, spool
from oa_exchange.models import Message
from oa_exchange.services import queue, sending

from oa_kernel import clock, crypto, files

from .other import PDF, exported, post

MB = 2**20
LARGE = os.urandom(3 * MB // 2)


def test_beyond_its_limit_it_is_a_file_without_a_name(oa):
    assert int(settings.get("spool_mb")) == 1
    with spool.filled([LARGE[:MB]]) as small, spool.filled([LARGE[:MB], LARGE[MB:]]) as large:
        assert (small._rolled, large._rolled) == (False, True)
        large.seek(0)
        assert large.read() == LARGE
        assert os.listdir(oa.config.file("storage.path") / "tmp") == []


def test_what_lies_in_it_is_encrypted(other, people):
    kept = [files.store_bytes(data, name, people["clerk"]) for data, name in ((PDF, "正文.pdf"), (LARGE, "大.bin"))]
    sealed = sending.build(other.partner, queue.put(other.partner, "document", {}, files=kept, title="大"))
    assert sealed.body._rolled
    sealed.body.seek(0)
    lies = sealed.body.read()
    assert LARGE[MB : MB + 64] not in lies and PDF[:64] not in lies
    assert other.open(bytes(sealed))[2] == [PDF, LARGE]
    sealed.close()


def test_a_large_package_comes_in_whole_and_goes_out_again(other, people, oa_client):
    data = other.pack(files=[("决算.pdf", PDF), ("大.bin", LARGE), ("附件.txt", "附件".encode())])
    answer = post(oa_client(), data)
    assert answer.status_code == 200 and other.open(answer.data)[1]["result"] == "accepted"
    kept = files.attached("documents.arrival", Arrival.get().id)
    assert [files.read_bytes(f) for f in kept] == [PDF, LARGE, "附件".encode()]
    assert other.open(exported(Message.get(Message.message_id == data.id), people["clerk"]))[0].reply_to == data.id


def test_a_large_package_that_was_altered_leaves_nothing(other, people, oa_client):
    data = bytearray(other.pack(files=[("决算.pdf", PDF), ("大.bin", LARGE)]))
    before = files.File.select().count()
    data[-1] ^= 1
    answer = post(oa_client(), bytes(data))
    assert answer.status_code == 422 and other.open(answer.data)[1]["code"] == "digest"
    assert files.File.select().count() == before and Arrival.select().count() == 0


def test_a_full_disk_makes_the_sender_wait(other, people, oa_client, monkeypatch):
    """The standard library says that the disk is full; what is taken later is the same package."""
    data = other.pack(files=[("决算.pdf", PDF), ("大.bin", LARGE)])

    def full(self, _data):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(tempfile.SpooledTemporaryFile, "write", full)
        answer = post(oa_client(), data)
    manifest = other.open(answer.data)[1]
    assert (answer.status_code, manifest["code"]) == (422, "busy") and "稍后再发" in manifest["message"]
    assert "busy" in sending._TEMPORARY and Arrival.select().count() == 0
    assert post(oa_client(), data).status_code == 200 and Arrival.select().count() == 1


def test_memory_does_not_grow_with_the_package(tmp_path):
    """24 MB are sealed, opened and read with less than 4 MB at any time."""
    ring = crypto.KeyRing.create(tmp_path / "ring")
    signing, opening, piece, count = ring.signing("exchange"), ring.signing("exchange.encryption"), bytes(256 * 1024), 96
    digest = crypto.SM3()
    for _ in range(count):
        digest.update(piece)
    manifest = json.dumps({"files": [{"name": "a", "size": count * len(piece), "sm3": digest.hexdigest()}]}).encode()
    with tempfile.TemporaryFile() as room:
        tracemalloc.start()
        try:
            sealed = package.seal(
                package.packed(manifest, [(piece for _ in range(count))]), into=room, id="a" * 32, type="document", sender="b" * 64,
                signing=signing, recipient="c" * 64, recipient_public=opening.public, created=clock.now(), sent=clock.now())
            with tempfile.TemporaryFile() as whole:
                sealed.copy_to(whole)
                whole.seek(0)
                head = package.read_head(whole.read(package.HEAD_MOST))
                content = package.examine(package.open_body(head, whole, opening.private))
                got = crypto.SM3()
                for part in content.files():
                    while data := part.read():
                        got.update(data)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert got.hexdigest() == digest.hexdigest() and sealed.size > 24 * MB
    assert peak < 4 * MB, f"{peak / MB:.1f} MB"
