"""The to-do page over HTTP, signed in, beside a bare Flask application that lists the same rows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from . import http
from .figures import Figure, quick

_WORKERS = 2
_ENVIRON = {"OA_WEB_RATE_LIMIT": "0"}


def run(tell: Callable[[str], Any]) -> Iterator[Figure]:
    """Yields requests a second in a large and in a small installation, and the page's queries in both."""
    large, documents = (20_000, 2_000) if quick() else (1_000_000, 200_000)
    seconds, rounds = (1, 1) if quick() else (5, 3)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        big, small = Path(name) / "big", Path(name) / "small"
        tell(f"准备 {large:,} 条任务、{documents:,} 份公文")
        seeded = {folder: _seed(folder, *sizes) for folder, sizes in ((big, (large, documents)), (small, (1000, 0)))}
        addresses: dict[Path | str, tuple[str, dict[str, str]]] = {}
        for folder, known in seeded.items():
            port = http.free_port()
            stack.enter_context(http.serving(
                http.our_command(folder / "oa.yaml", port, _WORKERS), f"http://127.0.0.1:{port}/readyz", _ENVIRON))
            addresses[folder] = (f"http://127.0.0.1:{port}/todo", {"Cookie": f"oa_session={known['session']}"})
        port = http.free_port()
        stack.enter_context(http.serving(
            http.bare_command("oa_kernel.bench.bare:app", port, _WORKERS), f"http://127.0.0.1:{port}/healthz",
            {"OA_BENCH_DB": str(big / "oa.db"), "OA_BENCH_PERSON": str(seeded[big]["person"])}))
        addresses["bare"] = (f"http://127.0.0.1:{port}/", {})
        rates: dict[Path | str, list[float]] = {key: [] for key in addresses}
        client = ""
        for url, headers in addresses.values():
            http.requests_per_second(url, headers, 1)  # templates, caches
        for n in range(rounds):
            tell(f"第 {n + 1} 轮，每个 {seconds} 秒，8 个连接")
            for key, (url, headers) in addresses.items():
                rate, client = http.requests_per_second(url, headers, seconds)
                rates[key].append(rate)
        middle = {key: sorted(found)[len(found) // 2] for key, found in rates.items()}
        yield Figure(f"待办页，{large:,} 条任务", middle[big], "次/秒", "空的 Flask 应用", middle["bare"], 0.15,
                     note=f"{seeded[big]['rows']} 行，8 个连接，{_WORKERS} 个进程，{client}")
        yield Figure("同一页，1,000 条任务", middle[small], "次/秒", f"{large:,} 条任务", middle[big], 1.2, False)
        tell("数查询")
        counts = [_queries(folder, known["session"]) for folder, known in seeded.items()]
        yield Figure("待办页的查询数", counts[0], "条", "1,000 条任务", counts[1], 1.0, False)


def _seed(folder: Path, tasks: int, documents: int) -> dict[str, Any]:
    subprocess.run([sys.executable, "-m", "oa_kernel.cli", "demo", str(folder)], check=True, capture_output=True)
    made = subprocess.run(
        [sys.executable, "-m", "oa_kernel.bench.seed", str(folder / "oa.yaml"), str(tasks), str(documents)],
        check=True, stdout=subprocess.PIPE, text=True,
    )
    found: dict[str, Any] = json.loads(made.stdout.splitlines()[-1])
    return found


_COUNT = """
import sys
from oa_kernel import db, runtime, web
app = web.create_app(runtime.boot(sys.argv[1]))
client = app.test_client()
client.set_cookie("oa_session", sys.argv[2])
assert client.get("/todo").status_code == 200
with db.count_queries() as statements:
    client.get("/todo")
print(len(statements))
"""


def _queries(folder: Path, session: str) -> int:
    """Statements of one page, everything warm."""
    done = subprocess.run(
        [sys.executable, "-c", _COUNT, str(folder / "oa.yaml"), session], check=True, stdout=subprocess.PIPE, text=True,
        env={**os.environ, **_ENVIRON},
    )
    return int(done.stdout.split()[-1])
