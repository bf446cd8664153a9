"""Start to ready beside a bare Flask application on the same server; idle memory of the whole service."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from . import http
from .figures import Figure, quick


def run(tell: Callable[[str], Any]) -> Iterator[Figure]:
    """Yields start-up seconds and idle MiB."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "demo"
        tell("示例单位")
        subprocess.run([sys.executable, "-m", "oa_kernel.cli", "demo", str(folder)], check=True,
                       capture_output=True)
        rounds = 1 if quick() else 7
        tell(f"各启动 {rounds} 次")
        ours, bare = [], []
        for _ in range(rounds):
            port = http.free_port()
            command = http.our_command(folder / "oa.yaml", port, 1, background=True)
            ours.append(_start_seconds(command, f"http://127.0.0.1:{port}/readyz", {}))
            port = http.free_port()
            bare.append(_start_seconds(http.bare_command("oa_kernel.bench.bare:app", port, 1),
                                       f"http://127.0.0.1:{port}/healthz", {"OA_BENCH_DB": "", "OA_BENCH_PERSON": "0"}))
        yield Figure("从启动到就绪", statistics.median(ours), "s", "空的 Flask 应用", statistics.median(bare), 5.0, False)
        tell("空闲内存")
        port = http.free_port()
        url = f"http://127.0.0.1:{port}/readyz"
        with http.serving(http.our_command(folder / "oa.yaml", port, 1, background=True), url) as process:
            time.sleep(2 if quick() else 8)
            rss, pss = http.memory(process.pid)
        yield Figure("空闲内存（PSS，所有进程）", pss, "MiB", bound=150, higher_is_better=False,
                     note=f"RSS 相加 {rss:.0f} MiB（共享页重复计）")


def _start_seconds(command: list[str], url: str, environ: dict[str, str]) -> float:
    began = time.perf_counter()
    with http.serving(command, url, environ):
        return time.perf_counter() - began
