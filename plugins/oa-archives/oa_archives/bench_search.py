"""``oa bench archives-search``: finding records beside bare full-text queries for the same newest hits.

On SQLite; on PostgreSQL too where ``OA_BENCH_POSTGRESQL`` names a server (``postgresql://postgres@127.0.0.1/``).
``OA_BENCH_RECORDS`` is how many records there are (left out: 1,000,000).
"""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from oa_kernel import db, search
from oa_kernel.bench import Figure, insert, quick
from oa_kernel.contributions import Benchmark

from . import bench_texts

Tell = Callable[[str], Any]
SMALL = 10_000
#: departments that records are of, and levels of secrecy they have
_DEPARTMENTS, _LEVELS = 40, 2
_COLUMNS = (
    "id", "archival_number", "fonds", "year", "retention", "class_code", "seq", "title", "number", "kind", "creator", "date",
    "secrecy_level", "department_id", "department_name", "keywords", "people", "facts", "text", "source_kind", "source_id",
    "filed_at", "filed_by_name", "checked_at",
)
_BATCH = 5_000
#: of this many records the rates are taken
_COMPARED = 50_000


def run(tell: Tell) -> Iterator[Figure]:
    """Yields 95th percentiles of searches at 10,000 and at a million records, insert rate and index size."""
    from oa_kernel import runtime

    before = runtime._current
    engines = ["sqlite", *(["postgresql"] if os.environ.get("OA_BENCH_POSTGRESQL") else [])]
    try:
        for engine in engines:
            yield from _engine(engine, tell)
    finally:
        if before is not None:
            runtime.boot(before.config.path)


def _engine(engine: str, tell: Tell) -> Iterator[Figure]:
    large = 5_000 if quick() else int(os.environ.get("OA_BENCH_RECORDS", "1000000"))
    small = min(SMALL, large // 5)
    name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[engine]
    floor = {"sqlite": "裸 FTS5", "postgresql": "裸 tsvector"}[engine]
    taken: dict[int, dict[str, float]] = {}
    for count in (small, large):
        with _office(engine) as (reader, clerk, departments):
            tell(f"{name}：写入 {count:,} 件")
            rates, size = _fill(count, engine, departments, tell)
            if count == large:
                note = f"索引 {size / count / 1000:.2f} KB/件，每件约 500 字"
                yield Figure(f"{name} 建索引", rates["ours"], "件/秒", f"{floor}，同样的词", rates["same"], 0.5, True, note=note)
                if "trigram" in rates:
                    yield Figure(f"{name} 建索引", rates["ours"], "件/秒", f"{floor}，SQLite 自带的三字分词", rates["trigram"], 0.5,
                                 True, note="自带的查不到两个字的词")
            taken[count] = {}
            for title, person, queries in _cases(reader, clerk):
                tell(f"{name}，{count:,} 件：{title}")
                ours, same, newest = _percentiles(person, queries, engine)
                taken[count][title] = ours
                if count != large:
                    continue
                figure = f"{name} {title}，{count:,} 件，p95"
                yield Figure(figure, round(ours, 2), "ms", f"{floor}，同样的前 20 件", round(same, 2), 3.0, False,
                             note="服务：权限、密级、摘要")
                if person is reader:
                    yield Figure(figure, round(ours, 2), "ms", f"{floor}，所有部门的前 20 件", round(newest, 2), None, False,
                                 note="不同的件：读者看不到其中大多数")
    for title, ours in taken[large].items():
        yield Figure(f"{name} {title}，随件数增长，p95", round(ours, 2), "ms", f"{small:,} 件", round(taken[small][title], 2), 3.0,
                     False)


def _cases(reader: Any, clerk: Any) -> Iterator[tuple[str, Any, list[str]]]:
    words = bench_texts.vocabulary()
    yield "常用词", clerk, words[:40]
    yield "少用词", clerk, words[-40:]
    yield "常用字组成而不存在的词组", clerk, bench_texts.absent()
    yield "常用词，只看一个部门", reader, words[:40]
    yield "少用词，只看一个部门", reader, words[-40:]
    yield "常用字组成而不存在的词组，只看一个部门", reader, bench_texts.absent()


def _percentiles(person: Any, queries: Sequence[str], engine: str) -> tuple[float, float, float]:
    """Milliseconds of the service, of a bare query of the same hits and of one of anybody's newest, in turn, each at its
    95th percentile."""
    from .services import queries as service

    taken: tuple[list[float], ...] = ([], [], [])
    seen = _seen_by(person)
    known = {q: [item.id for item in service.find(person, {"q": q}, limit=20).items] for q in queries}
    for q in queries:
        if [row[0] for row in _bare(q, known[q], engine, seen)] != known[q]:
            raise RuntimeError(f"the bare query of {q} finds other records")

    for n in range(6):
        for q in queries:
            calls = (lambda q=q: service.find(person, {"q": q}, limit=20),
                     lambda q=q: _bare(q, known[q], engine, seen),
                     lambda q=q: _bare(q, known[q], engine))
            # who comes first finds the pages of the file cold: each does in its turn
            for turn in range(3):
                which = (n + turn) % 3
                began = time.perf_counter()
                calls[which]()
                taken[which].append(time.perf_counter() - began)
    ours, same, newest = (sorted(one)[int(len(one) * 0.95)] * 1000 for one in taken)
    return ours, same, newest


def _seen_by(person: Any) -> str:
    """Which records are the person's, as somebody would write it who knows: of all departments, or of one."""
    from oa_kernel import permissions

    from . import rights

    scope = permissions.scopes_of(person)[rights.READ]
    departments = "" if scope.all else f" AND i.department_id IN ({', '.join(map(str, sorted(scope.departments)))})"
    return f"{departments} AND i.secrecy_level <= {permissions.clearance_of(person)}"


def _bare(q: str, found: Sequence[int], engine: str, seen: str = "") -> list[Any]:
    """The newest hits by the driver, their title and text read; told the number of the last one, below which it need not
    look."""
    from .models import TEXT, Item

    table, items = TEXT.table, Item._meta.table_name
    words = [q] if len(q) <= 2 else [q[n:n + 3] for n in range(len(q) - 2)]
    if engine == "postgresql":
        # two characters are a word of their own in each part of a text
        words, between = ([part + q for part in "ABCD"], " | ") if len(q) == 2 else (words, " <-> ")
        asked, mark = between.join(f"'{word}'" for word in words), "words @@ %s::tsquery"
        sql = f"SELECT i.id, i.title, i.text FROM {table} f JOIN {items} i ON i.id = f.id WHERE f.{mark} AND i.id >= %s{seen}" \
              " ORDER BY i.id DESC LIMIT 20"
    else:
        asked = f'"{" ".join(words)}"' + (" *" if len(q) <= 2 else "")
        sql = f"SELECT i.id, i.title, i.text FROM {table} f JOIN {items} i ON i.id = f.rowid WHERE {table} MATCH ?" \
              f" AND f.rowid >= ?{seen} ORDER BY f.rowid DESC LIMIT 20"
    return list(db.database.execute_sql(sql, (asked, found[-1] if len(found) == 20 else 0)).fetchall())


@contextmanager
def _office(engine: str) -> Iterator[tuple[Any, Any, list[int]]]:
    """A temporary installation; a reader of one department, an archivist, and the departments' ids."""
    import tempfile

    import yaml

    from oa_kernel import context, identity, permissions, runtime
    from oa_kernel.crypto import KeyRing

    name = f"oa_bench_{os.getpid()}"
    with tempfile.TemporaryDirectory(prefix="oa-bench-") as where:
        folder = Path(where)
        settings: dict[str, Any] = {"organisation": {"name": "测量"}, "plugins": {"archives": {}}}
        if engine == "postgresql":
            _server(f'CREATE DATABASE "{name}"')
            settings["database"] = {"url": urlsplit(_url())._replace(path="/" + name).geturl()}
        (folder / "oa.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
        KeyRing.create(folder / "keys")
        try:
            context.set_current(context.SYSTEM)
            subprocess.run([sys.executable, "-m", "oa_kernel.cli", "--config", str(folder / "oa.yaml"), "migrate"], check=True,
                           capture_output=True)
            runtime.boot(folder / "oa.yaml")
            departments = [identity.create_department(f"第{n}处") for n in range(_DEPARTMENTS)]
            reader = identity.create_person("reader", "读者", departments[3], password_hash="")
            clerk = identity.create_person("clerk", "档案员", departments[0], password_hash="", clearance=1)
            permissions.grant(clerk, "archives_archivist")
            # as a request has them
            reader, clerk = (identity.session_by_secret(identity.open_session(one)[1])[1] for one in (reader, clerk))
            yield reader, clerk, [d.id for d in departments]
        finally:
            db.close()
            if engine == "postgresql":
                _server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _url() -> str:
    return os.environ["OA_BENCH_POSTGRESQL"]


def _server(sql: str) -> None:
    import psycopg2

    connection = psycopg2.connect(urlsplit(_url())._replace(path="/postgres").geturl())
    connection.autocommit = True
    try:
        connection.cursor().execute(sql)
    finally:
        connection.close()


def _fill(count: int, engine: str, departments: Sequence[int], tell: Tell) -> tuple[dict[str, int], int]:
    """Writes so many records; rates of the index and of bare tables, and the index's bytes."""
    from .models import TEXT, Item
    from .services import filing, labels

    now = dt.datetime.now(dt.UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    source = bench_texts.texts(count)
    taken = {"ours": 0.0}
    plain = _plain_tables(engine)
    taken.update(dict.fromkeys(plain, 0.0))
    measured, built_later = 0, False
    for first in range(1, count + 1, _BATCH):
        if first % 50_000 == 1 and first > 1:
            tell(f"{first - 1:,}")
        bodies = [next(source) for _ in range(min(_BATCH, count + 1 - first))]
        rows = [_row(first + n, body, departments, now) for n, body in enumerate(bodies)]
        insert(Item, _COLUMNS, rows)
        items = [Item(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]
        for item in items:
            item.keywords, item.people = [], []
        compared = first <= _COMPARED
        if not compared and engine == "postgresql" and not built_later:  # at a million rows it is built at once
            db.database.execute_sql(f"DROP INDEX {TEXT.table}_words")
            built_later = True
        began = time.perf_counter()
        with db.transaction():
            TEXT.put_many((item.id, filing.indexed(item), labels.labels(item)) for item in items)
        if not compared:
            continue
        taken["ours"] += time.perf_counter() - began
        measured += len(items)
        for which, statement in plain.items():
            ready = _ready(items, engine, which)
            began = time.perf_counter()
            with db.transaction():
                db.database.connection().cursor().executemany(statement, ready)
            taken[which] += time.perf_counter() - began
    for which in plain:
        db.database.execute_sql(f"DROP TABLE bench_{which}")
    if built_later:
        db.database.execute_sql("SET maintenance_work_mem = '2GB'")
        TEXT.create()
    if engine == "postgresql":
        for table in (TEXT.table, Item._meta.table_name):
            db.database.execute_sql(f"VACUUM ANALYZE {table}")
    return {which: round(measured / seconds) for which, seconds in taken.items()}, _size(TEXT.table, engine)


def _row(number: int, body: str, departments: Sequence[int], now: str) -> tuple[Any, ...]:
    year = 2000 + number % 26
    return (
        number, f"Z109-WS·{year}-Y-BGS-{number:07d}", "Z109", year, ("Y", "D30", "D10")[number % 3], "BGS", number, body[:20],
        f"云政办发〔{year}〕{number}号", "通知", "云岭市人民政府办公室", f"{year}-03-01", number % _LEVELS,
        departments[number // _LEVELS % len(departments)], "综合处", "[]", "[]", "{}", body, "bench", str(number), now, "档案员", now)


def _plain_tables(engine: str) -> dict[str, str]:
    """Tables without ours around them, of the same words and as SQLite itself splits texts; the statements that fill them."""
    if engine == "postgresql":
        db.database.execute_sql("CREATE TABLE bench_same (id BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)")
        db.database.execute_sql("CREATE INDEX bench_same_words ON bench_same USING GIN (words)")
        return {"same": "INSERT INTO bench_same VALUES (%s, %s::tsvector)"}
    found = {}
    for which, options in (("same", "prefix='2', tokenize='ascii'"), ("trigram", "tokenize='trigram'")):
        db.database.execute_sql(f"CREATE VIRTUAL TABLE bench_{which} USING fts5(text, content='', {options})")
        db.database.execute_sql(f"INSERT INTO bench_{which} (bench_{which}, rank) VALUES ('hashsize', {16 * 1024 * 1024})")
        found[which] = f"INSERT INTO bench_{which} (rowid, text) VALUES (?, ?)"
    return found


def _ready(items: Sequence[Any], engine: str, which: str) -> list[tuple[Any, ...]]:
    """Rows with their words ready-made: only writing them is measured."""
    from .services import filing

    found: list[tuple[Any, ...]] = []
    for item in items:
        text = " ".join(filing.indexed(item).values())
        if which == "trigram":
            found.append((item.id, text))
            continue
        words = search.tokens(text)
        if engine == "postgresql":
            places = [f"'{word}':{n}" for n, word in enumerate(words, 1)]
            places += [f"'{word[:2]}':{n}" for n, word in enumerate(words, 1) if len(word) == 3]
            found.append((item.id, " ".join(places)))
        else:
            found.append((item.id, " ".join(words)))
    return found


def _size(table: str, engine: str) -> int:
    if engine == "postgresql":
        sql = f"SELECT pg_total_relation_size('{table}')"
    else:
        sql = f"SELECT sum(length(block)) FROM {table}_data"
    return int(db.database.execute_sql(sql).fetchone()[0])


BENCHMARKS = [Benchmark("archives-search", "档案检索", run)]

__all__ = ["BENCHMARKS"]
