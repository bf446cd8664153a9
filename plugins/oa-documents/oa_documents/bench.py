"""Suites of ``oa bench``: typesetting beside bare typst, sealing beside one signature; and rows for the kernel's."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from oa_kernel import db
from oa_kernel.bench import Figure, insert, interleaved, quick, stamps
from oa_kernel.contributions import Benchmark

from . import demo_texts

Tell = Callable[[str], Any]


def document(number: int) -> Any:
    """A notice of two pages with a table; every number makes other pages, so that no result is found ready."""
    from .typeset import OfficialDocument

    body = demo_texts.ASSETS + "\n" + demo_texts.DUTY.replace("一、", "四、").replace("二、", "五、").replace("三、", "六、")
    return OfficialDocument(
        title="云岭市人民政府办公室关于开展2026年度机关固定资产清查工作的通知", body=f"第{number}号。{body}", kind="通知",
        mark="云岭市人民政府办公室文件", number=f"云政办发〔2026〕{number}号", addressees=("各处室", "各直属单位"),
        signature="云岭市人民政府办公室", date=dt.date(2026, 11, 24), cc=("云岭市财政局",), printer="云岭市人民政府办公室",
        print_date=dt.date(2026, 11, 24), urgency="加急",
    )


_COLD = """
import json, sys, time
from oa_documents.bench import document
from oa_documents import typeset
import typst
which, number = sys.argv[1], int(sys.argv[2])
if which == "ours":
    began = time.perf_counter()
    typeset.typeset(document(number))
else:
    text = json.loads(sys.stdin.read())
    fonts = [str(f) for f in typeset.fonts.find_fonts(None)]
    began = time.perf_counter()
    typst.Compiler(text.encode(), font_paths=fonts, ignore_system_fonts=True).compile(
        format="pdf", pdf_standards=["a-2b"])
print(time.perf_counter() - began)
"""


def _cold(which: str, number: int) -> float:
    from . import typeset

    text = json.dumps(typeset.typst_source(document(number))) if which == "bare" else ""
    done = subprocess.run([sys.executable, "-c", _COLD, which, str(number)], input=text, check=True,
                          stdout=subprocess.PIPE, text=True)
    return float(done.stdout) * 1000


def typesetting(tell: Tell) -> Iterator[Figure]:
    """From the record to PDF bytes, cold (a new process) and warm, beside ``typst`` compiling the same source."""
    import typst

    from . import typeset

    rounds = 3 if quick() else 15
    tell(f"冷启动各 {rounds} 次")
    cold: dict[str, list[float]] = {"ours": [], "bare": []}
    for n in range(rounds):
        for which, found in cold.items():
            found.append(_cold(which, n + 1))
    middle = {which: sorted(found)[len(found) // 2] for which, found in cold.items()}
    yield Figure("排版一份通知，冷", middle["ours"], "ms", "裸 typst", middle["bare"], 2.0, False, note="新进程的第一份")
    tell("预热后")
    fonts = [str(f) for f in typeset.fonts.find_fonts(None)]
    compiler = typst.Compiler(b"", font_paths=fonts, ignore_system_fonts=True)
    numbers = iter(range(100, 100_000))
    sources = [typeset.typst_source(document(n)).encode() for n in range(100_000, 100_400)]
    ours, bare = interleaved(
        lambda: typeset.typeset(document(next(numbers))),
        lambda: compiler.compile(input=sources.pop(), format="pdf", pdf_standards=["a-2b"]),
        runs=10 if quick() else 150, warm_up=5,
    )
    yield Figure("排版一份通知，热", ours * 1000, "ms", "裸 typst", bare * 1000, 2.0, False, note="每次内容不同")


def sealing(tell: Tell) -> Iterator[Figure]:
    """The seal on a PDF, beside one SM2 signature and one SM3 over the same bytes."""
    from oa_kernel import clock, crypto, runtime

    from . import typeset
    from .services import sealings, seals

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "demo"
        tell("示例单位")
        subprocess.run([sys.executable, "-m", "oa_kernel.cli", "demo", str(folder)], check=True, capture_output=True)
        runtime.boot(folder / "oa.yaml")
        try:
            seal = seals.ensure()
            key = runtime.current().keys.signing_key(seal.key_id)
            made = typeset.typeset(replace(document(1), sealed=True, seal_picture=str(seal.picture)))
            now = clock.now()

            def bare() -> None:
                key.sign(crypto.sm3(made.pdf))

            tell("用印")
            ours, floor = interleaved(lambda: sealings.put(made.pdf, [(seal.organisation, seal)], made.seal_boxes, now), bare,
                                      runs=10 if quick() else 60, warm_up=3)
        finally:
            db.close()
    yield Figure("用印", ours * 1000, "ms", "一次 SM2 签名和一次 SM3", floor * 1000, 3.0, False,
                 note=f"{len(made.pdf) // 1024} KiB 的 PDF")


def seed(rows: int) -> None:
    """That many documents, most of them dispatched years ago."""
    from .models import Outgoing

    times = stamps()
    people = [p for (p,) in db.database.execute_sql("SELECT id FROM identity_person").fetchall()]
    first = 10_000_000
    columns = ["id", "kind", "format", "title", "body", "addressees", "cc", "urgency", "secrecy", "secrecy_level",
               "secrecy_term", "copy_number", "signatory", "note", "attendance", "attachment_titles", "series", "number",
               "number_year", "number_seq", "state", "drafter_id", "drafter_name", "department_name", "version",
               "revision", "created_at", "updated_at", "void_reason", "formal_sm3", "verify_code"]

    def values() -> Iterator[tuple[Any, ...]]:
        for n in range(rows):
            at = times[n % len(times)]
            yield (first + n, "通知", "general", f"关于第{n}件事项的通知", demo_texts.HEATING, '["各处室"]', "[]", "", "公开", 0,
                   "", "", "高明德", "", "{}", "[]", "测试发", f"测试发〔{2000 + n % 20}〕{n}号", 2000 + n % 20, n, "dispatched",
                   people[n % len(people)], "林晓岚", "综合处", 5, 2, at, at, "", "", secrets.token_urlsafe(12))

    insert(Outgoing, columns, values())


BENCHMARKS = [
    Benchmark("typeset", "排版（从文稿记录到 PDF）", typesetting, seed=seed),
    Benchmark("seal", "用印", sealing),
]

__all__ = ["BENCHMARKS", "document"]
