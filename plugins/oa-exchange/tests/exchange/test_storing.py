"""Files of a package are written before the transaction: nobody waits for them, and what is not taken leaves nothing."""

import io
import os
import signal
import subprocess
import sys
import threading

from oa_documents.models_incoming import Arrival
from oa_exchange import package
from oa_exchange.models import Message
from oa_exchange.services import receiving

from oa_kernel import clock, db, files
from oa_kernel.files.models import Blob, File

from .other import FIELDS, PDF, by_file

LARGE = os.urandom(3 * 2**20 // 2)
FILES = (("决算.pdf", PDF), ("大.bin", LARGE))
#: the first reading compares the digest, the second opens and compares, the third writes the files
STORING = 3

KILLED = f"""
import os, pathlib, signal, sys
from oa_kernel import runtime
from exchange.test_storing import Counted, received
runtime.boot(sys.argv[1])

class Killed(Counted):
    def reading(self):
        if self.passes == {STORING} and self.tell() > len(self.getvalue()) // 2:
            os.kill(os.getpid(), signal.SIGKILL)

received(Killed(pathlib.Path(sys.argv[2]).read_bytes()))
"""


class Counted(io.BytesIO):
    """A package that knows the how many-th time it is read, and calls ``reading`` before it is."""

    passes = 0

    def seek(self, *args):
        self.passes += 1
        return super().seek(*args)

    def read(self, *args):
        self.reading()
        return super().read(*args)

    def reading(self):
        raise NotImplementedError


def received(source):
    head = package.read_head(source.getvalue()[: package.HEAD_MOST])
    return receiving.receive(head, source, receiving.sender_of(head), via="https")


def on_disk(oa):
    return sorted(p.name for p in oa.config.file("storage.path").rglob("*") if p.is_file())


def test_another_writer_is_not_held_while_it_is_stored(other, people):
    written, seen = threading.Event(), []

    def write():
        with db.transaction():
            Message.create(message_id="b" * 32, type="hello", created_at=clock.now())
        db.close()
        written.set()

    class Slow(Counted):
        def reading(self):
            if self.passes == STORING and not seen:
                threading.Thread(target=write).start()
                seen.append(written.wait(20))

    assert received(Slow(other.pack(files=FILES))).reason == ""
    assert seen == [True] and Arrival.select().count() == 1


def test_what_is_refused_leaves_no_file(other, people, oa):
    before = on_disk(oa), File.select().count(), Blob.select().count()
    above = {"document": {**FIELDS, "secrecy": "机密"}}
    assert "最高只能接收" in by_file(other.pack(manifest=above, files=FILES), people["clerk"])["reason"]
    program = by_file(other.pack(files=(*FILES, ("程序.exe", b"MZ" + bytes(100)))), people["clerk"])
    assert program["reason"] and program["message"].state == "rejected"
    assert (on_disk(oa), File.select().count(), Blob.select().count()) == before and Arrival.select().count() == 0


def test_the_same_once_more_is_not_written_again(other, people):
    data, times = other.pack(files=FILES), []

    class Watched(Counted):
        def reading(self):
            times.append(self.passes)

    received(Watched(data))
    assert max(times) == STORING
    times.clear()
    assert received(Watched(data)).again and max(times) == STORING - 1


def test_killed_while_it_is_stored_it_is_taken_when_it_comes_again(other, people, oa, tmp_path):
    data, before, lay = other.pack(files=FILES), File.select().count(), on_disk(oa)
    path = tmp_path / "package.oax"
    path.write_bytes(data)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(oa.config.path), str(path)], capture_output=True, text=True,
                            env={**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(__file__))})
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (Arrival.select().count(), File.select().count()) == (0, before)
    assert len(on_disk(oa)) > len(lay), "it had begun to write"
    assert received(io.BytesIO(data)).reason == "" and File.select().count() == before + len(FILES)
    assert [files.read_bytes(f) for f in files.attached("documents.arrival", Arrival.get().id)] == [PDF, LARGE]
    for left in (oa.config.file("storage.path") / "tmp").iterdir():
        os.utime(left, (0, 0))
    assert files.sweep()["temporary"] and not list((oa.config.file("storage.path") / "tmp").iterdir())
