"""``oa bench desk``: scans at the sign-in desk, from the upload to the register, beside reading their text alone."""

from __future__ import annotations

import datetime as dt
import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from oa_kernel import db
from oa_kernel.bench import Figure, quick
from oa_kernel.contributions import Benchmark

from .text import ocr

Tell = Callable[[str], Any]


def scan(number: int) -> bytes:
    """A typeset notice as a PDF of pictures, 200 dots an inch, grey."""
    import pypdfium2

    from . import typeset
    from .bench import document

    made = pypdfium2.PdfDocument(typeset.typeset(replace(document(number), title=f"关于第{number}号扫描件的通知")).pdf)
    pages = [made[n].render(scale=200 / 72).to_pil().convert("L") for n in range(len(made))]
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=200)
    return out.getvalue()


def run(tell: Tell) -> Iterator[Figure]:
    """Yields seconds a scan: stored, fields proposed, registered; and its text alone, the pages read being the same.

    Without the extra ``ocr`` a scan has no text to extract; then documents with text are registered beside extracting it.
    """
    from oa_kernel import identity, runtime

    count = 3 if quick() else 100
    before = runtime._current
    with tempfile.TemporaryDirectory(prefix="oa-bench-") as where:
        tell("示例单位")
        subprocess.run([sys.executable, "-m", "oa_kernel.cli", "demo", str(Path(where) / "demo")], check=True, capture_output=True)
        runtime.boot(Path(where) / "demo" / "oa.yaml")
        try:
            clerk = identity.by_username("office")
            ours = bare = 0.0
            for n in range(count):
                if n % 10 == 0:
                    tell(f"第 {n + 1} 份")
                data = scan(n + 1) if ocr.available() else _printed(n + 1)
                for which in ("ours", "bare") if n % 2 else ("bare", "ours"):
                    began = time.perf_counter()
                    if which == "ours":
                        _registered(data, n, clerk)
                        ours += time.perf_counter() - began
                    else:
                        _text(data)
                        bare += time.perf_counter() - began
        finally:
            db.close()
            if before is not None:
                runtime.boot(before.config.path)
    what = "扫描件" if ocr.available() else "有文字的 PDF（没有装 oa-documents[ocr]）"
    yield Figure(f"登记 {count} 份{what}，每份", ours / count * 1000, "ms", "只取文字", bare / count * 1000,
                 1.5 if ocr.available() else None, False, note="存储、加密、提出字段、查重、登记、审计")


def _printed(number: int) -> bytes:
    from . import typeset
    from .bench import document

    return typeset.typeset(document(number)).pdf


def _text(data: bytes) -> str:
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    try:
        return ocr.of_pdf(document) if ocr.available() else "".join(
            document[n].get_textpage().get_text_range() for n in range(len(document)))
    finally:
        document.close()


def _registered(data: bytes, number: int, clerk: Any) -> None:
    from oa_kernel import files

    from .services import incoming, reading

    file = files.store(io.BytesIO(data), f"来文{number}.pdf", clerk)
    found = reading.propose(file)
    incoming.register({
        "title": found.get("title") or f"来文 {number}", "sender": found.get("sender") or "云岭市财政局",
        "number": f"测〔2026〕{number}号", "received_on": dt.date.today(), "files": [file.id]}, clerk)


BENCHMARKS = [Benchmark("desk", "收文登记", run)]

__all__ = ["BENCHMARKS"]
