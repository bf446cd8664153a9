"""``oa bench fixity`` and ``oa bench package``: keeping records whole, and handing a year on, beside what they cannot do without.

``OA_BENCH_RECORDS`` is how many records a year has (left out: 400); the issue's year has 20,000.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from oa_kernel.bench import Figure, quick
from oa_kernel.contributions import Benchmark

Tell = Callable[[str], Any]
_MIB = 1024 * 1024


@contextmanager
def _office() -> Iterator[Path]:
    """An installation of its own, in a folder that goes with it."""
    from oa_kernel import context, db, runtime

    with tempfile.TemporaryDirectory(prefix="oa-bench-") as name:
        folder = Path(name) / "office"
        command = [sys.executable, "-m", "oa_kernel.cli", "init", str(folder), "--organisation", "云岭市人民政府办公室"]
        subprocess.run(command, check=True, capture_output=True)
        runtime.boot(folder / "oa.yaml")
        context.set_current(context.SYSTEM)
        try:
            yield folder
        finally:
            db.close()


def _fill(count: int, size: int) -> None:
    """Records of one file each, of text that compresses as text does."""
    from oa_kernel import clock, db, files

    from .models import Item, Part

    now = clock.now()
    line = "关于开展2026年度机关固定资产清查工作的通知，请各处室按要求办理。".encode()
    for first in range(0, count, 100):
        with db.transaction():
            for n in range(first, min(first + 100, count)):
                body = b"".join(b"%d%s" % (n * 7919 + k, line) for k in range(size // (len(line) + 1) + 1))
                body = body[:size].decode("utf-8", "ignore").encode()
                file = files.store_bytes(body, "正文.txt")
                item = Item.create(
                    archival_number=f"Z109-WS·2026-D30-BGS-{n + 1:04d}", fonds="Z109", year=2026, retention="D30", class_code="BGS",
                    seq=n + 1, title=f"关于第{n}件事项的通知", creator="云岭市人民政府办公室", date=dt.date(2026, 3, 2),
                    text="正文" * 250, source_kind="bench", source_id=str(n), filed_at=now, checked_at=now, size=file.size, pages=2)
                Part.create(item=item, position=1, role="text", name="正文.txt", file_id=file.id, mime=file.mime, size=file.size,
                            sm3=file.sm3, pages=2)


def fixity(tell: Tell) -> Iterator[Figure]:
    """Bytes a second of a round over all files, beside bare SM3 over as many bytes in memory, on one core."""
    from oa_kernel.crypto import SM3

    from .services import fixity as checking

    count, size = (16, _MIB) if quick() else (96, 4 * _MIB)
    piece = os.urandom(_MIB)

    def bare() -> float:
        digest = SM3()
        began = time.perf_counter()
        for _ in range(count * size // _MIB):
            digest.update(piece)
        return count * size / 1e6 / (time.perf_counter() - began)

    with _office():
        tell(f"{count} 个文件，每个 {size // _MIB} MiB")
        _fill(count, size)
        began = time.perf_counter()
        checking.run()
        first = count * size / 1e6 / (time.perf_counter() - began)
        floor, ours = [bare()], []
        for _ in range(3):
            began = time.perf_counter()
            found = checking.run()
            ours.append(found.size / 1e6 / (time.perf_counter() - began))
            floor.append(bare())
    rate = sorted(floor)[len(floor) // 2]
    yield Figure("档案文件核对（每夜的一轮）", sorted(ours)[1], "MB/s", "裸 SM3，单核，内存中", rate, 0.6)
    yield Figure("第一轮（解密后核对，并记下密文摘要）", first, "MB/s", "裸 SM3，单核，内存中", rate)


#: a process that is killed in the middle of an export, by nobody but itself
_KILLED = """
import os, signal, sys
from oa_kernel import runtime
from oa_archives.services import handovers
runtime.boot(sys.argv[1])
handovers.run(int(sys.argv[2]), lambda done, total: done * 2 >= total and os.kill(os.getpid(), signal.SIGKILL))
"""


def package(tell: Tell) -> Iterator[Figure]:
    """Records a second of a year's package, beside the same zip files with one SM2 signature each; memory; whether it is linear;
    the same after a kill in the middle. That it is linear is said in processor time, which does not depend on who else is working.
    """
    from oa_kernel import runtime

    from . import yearly
    from .services import handovers

    count = 40 if quick() else int(os.environ.get("OA_BENCH_RECORDS", "400"))
    size = 32 * 1024
    with _office() as folder:
        tell(f"{count} 件")
        _fill(count, size)
        row = handovers.ask(None, 2026, str(folder / "out"))
        marks: list[tuple[int, float]] = []
        before, cpu = _memory(), time.process_time()
        with _Peak() as peak:
            began = time.perf_counter()
            handovers.run(row.id, lambda done, total: marks.append((done, time.process_time() - cpu)))
            taken = time.perf_counter() - began
        key = runtime.current().keys.signing("archives")
        body = os.urandom(size // 2) + b"0" * (size // 2)
        rounds = min(count, 100)
        began = time.perf_counter()
        for _ in range(rounds):
            with zipfile.ZipFile(io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("eep.xml", body[:4096])
                archive.writestr("body", body)
            key.sign(body[:4096])
        floor = rounds / (time.perf_counter() - began)
        began = time.perf_counter()
        handovers.Handover.update(state="failed").where(handovers.Handover.id == row.id).execute()
        handovers.run(row.id)
        again = time.perf_counter() - began
        tell("杀掉再接着做")
        other = handovers.ask(None, 2026, str(folder / "other"))
        killed = subprocess.run([sys.executable, "-c", _KILLED, str(runtime.current().config.path), str(other.id)], check=False)
        left = count - len(list((folder / "other").rglob("*.zip")))
        began = time.perf_counter()
        handovers.run(other.id)
        rest = time.perf_counter() - began
        whole = killed.returncode < 0 < left and yearly.verify(folder / "other")["count"] == count
    yield Figure(f"年度数据包，{count} 件", count / taken, "件/s", "同样大小的 zip 加一次 SM2 签名", floor, 0.3)
    some, spent = next(mark for mark in marks if mark[0] * 4 >= count)
    if some < count:
        first, every = spent / some * 1000, marks[-1][1] / count * 1000
        yield Figure(f"每件的处理器时间，{count} 件", every, "ms", f"前 {some} 件", first, 1.3, False, note="成线性")
    yield Figure("内存峰值，高于开始时", max(0.0, peak.highest - before), "MiB", bound=64, higher_is_better=False)
    yield Figure("全部已写好时再做一遍（只核对摘要）", count / again, "件/s", "写", count / taken)
    yield Figure("kill -9 之后接着做完，逐件核验的件数", count if whole else 0, "件", "全部", count, 1,
                 note=f"余下 {left} 件，{rest:.1f} 秒")


def _memory() -> float:
    """MiB of this process."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / _MIB


class _Peak:
    """The most memory of this process while the block runs."""

    def __init__(self) -> None:
        self.highest, self._stop = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._stop.wait(0.02):
            self.highest = max(self.highest, _memory())

    def __enter__(self) -> _Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


BENCHMARKS = [
    Benchmark("fixity", "档案文件核对", fixity),
    Benchmark("package", "年度数据包", package),
]

__all__ = ["BENCHMARKS"]
