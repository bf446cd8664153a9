"""Importing 5,000 people: how long SQLite's one writer is held, beside the same rows written by hand."""

from __future__ import annotations

import io
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .figures import Figure, quick
from .office import temporary

_TABLES = ("identity_person", "identity_person_post", "audit_event")
_HEADS = ["用户名", "姓名", "部门", "职务", "邮箱", "电话", "手机", "在用"]
_FAMILY, _GIVEN = "赵钱孙李周吴郑王冯陈", "晓岚建国志强秀英海燕明华"


def run(tell: Callable[[str], Any]) -> Iterator[Figure]:
    """Yields seconds from BEGIN IMMEDIATE to COMMIT of an import of new people, of one that changes them, of a check."""
    from oa_kernel import sheets

    count = 500 if quick() else 5000
    with tempfile.TemporaryDirectory() as name, _office(Path(name)) as file:
        steps: list[tuple[str, Callable[[], io.BytesIO], bool]] = [
            ("检查", lambda: _book(count, "8601"), True), ("写入，都是新的", lambda: _book(count, "8601"), False),
            ("写入，都有改动", lambda: _book(count, "8602"), False),
        ]
        for title, book, dry_run in steps:
            tell(f"{count:,} 人：{title}")
            source, kept = book(), _rows(file)
            began = time.perf_counter()
            with _held() as held:
                result = sheets.load("people", source, dry_run=dry_run)
            whole = time.perf_counter() - began
            longest, processor = max(held)
            if result.faults:
                raise RuntimeError(f"the import was refused: {result.faults[0]}")
            bare = None if dry_run or "新" not in title else _by_hand(file, kept, Path(name) / "bare.db")
            yield Figure(
                f"占用写锁，{count:,} 人，{title}", round(longest, 2), "s", "同样的行，裸 sqlite3" if bare else "",
                round(bare, 2) if bare else None, 10 if bare else None, False,
                note=f"其中处理器 {processor:.2f} 秒；从头到尾 {whole:.1f} 秒")


@contextmanager
def _held() -> Iterator[list[tuple[float, float]]]:
    """Seconds of each transaction inside the block, from having the lock to giving it back, and of the processor's in it."""
    from oa_kernel import db

    engine, began = db.database.obj, [0.0, 0.0]
    taken: list[tuple[float, float]] = []
    begin, ends = engine.begin, {name: getattr(engine, name) for name in ("commit", "rollback")}

    def first(*args: Any, **kwargs: Any) -> None:
        begin(*args, **kwargs)
        began[:] = time.perf_counter(), time.process_time()

    def last(end: Callable[[], Any]) -> Callable[[], Any]:
        def ending() -> Any:
            end()
            taken.append((time.perf_counter() - began[0], time.process_time() - began[1]))
        return ending

    engine.begin = first
    for name, end in ends.items():
        setattr(engine, name, last(end))
    try:
        yield taken
    finally:
        for name in ("begin", *ends):
            delattr(engine, name)


def _rows(file: Path) -> dict[str, int]:
    with sqlite3.connect(file) as link:
        return {t: link.execute(f"SELECT COALESCE(MAX(id), 0) FROM {t}").fetchone()[0] for t in _TABLES}


def _by_hand(file: Path, before: dict[str, int], other: Path) -> float:
    """Seconds in which sqlite3 writes the rows that came since ``before`` to tables with the same indexes, durably."""
    with sqlite3.connect(file) as link:
        tables = {t: link.execute(f"SELECT * FROM {t} WHERE id > ?", (last,)).fetchall() for t, last in before.items()}
        made = [sql for (sql,) in link.execute(
            f"SELECT sql FROM sqlite_master WHERE tbl_name IN ({', '.join('?' * len(tables))}) AND sql IS NOT NULL", [*tables])]
    target = sqlite3.connect(other, isolation_level=None)
    for pragma in ("journal_mode = wal", "synchronous = full"):
        target.execute(f"PRAGMA {pragma}")
    for sql in sorted(made, key=lambda text: not text.startswith("CREATE TABLE")):
        if not sql.startswith("CREATE TRIGGER"):
            target.execute(sql)
    target.execute("BEGIN IMMEDIATE")
    began = time.perf_counter()
    for table, rows in tables.items():
        target.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
    target.execute("COMMIT")
    taken = time.perf_counter() - began
    target.close()
    return taken


def _book(count: int, phone: str) -> io.BytesIO:
    from openpyxl import Workbook

    made = Workbook(write_only=True)
    page = made.create_sheet("人员")
    page.append(_HEADS)
    for n in range(count):
        name = _FAMILY[n % 10] + _GIVEN[n // 10 % 12] + _GIVEN[n // 120 % 12]
        page.append([f"p{n:05d}", name, f"第{n % 50}处", "科员、联络员" if n % 5 == 0 else "科员", f"p{n:05d}@example.cn", phone,
                     f"139{n:08d}", "是"])
    out = io.BytesIO()
    made.save(out)
    out.seek(0)
    return out


@contextmanager
def _office(folder: Path) -> Iterator[Path]:
    """A temporary installation on SQLite with fifty departments; its database."""
    from oa_kernel import db, identity

    with temporary(folder):
        for n in range(50):
            home = identity.create_department(f"第{n}处")
            for title in ("科员", "联络员"):
                identity.create_post(home, title)
        yield Path(db.database.obj.database)


__all__ = ["run"]
