"""A purge leaves nothing behind and saves everything that stands nowhere else: indexes by their shape, all tables, all files."""

import io
import json
import zipfile

import pytest

from oa_kernel import db, files, installed, search
from oa_kernel.files.models import Attachment, File
from oa_kernel.installed import tables as kinds

from .conftest import Book

pytestmark = pytest.mark.oa_databases


@pytest.fixture
def off(oa, tables, restart):
    installed.disable("shelf")
    restart()


def run(*statements):
    with db.transaction():
        for sql in statements:
            db.database.execute_sql(sql)


def every_name():
    """All tables there are, those behind SQLite's virtual ones too, and views."""
    names = set(db.database.get_tables()) | {v.name for v in db.database.get_views()}
    if db.is_postgresql():
        rows = db.database.execute_sql("SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace")
    else:
        rows = db.database.execute_sql("SELECT name FROM sqlite_master")
    return names | {name for (name,) in rows.fetchall()}


def left():
    return {n for n in every_name() if n.startswith("shelf_") and not n.startswith("shelf_extra")}


def lines(path, name):
    with zipfile.ZipFile(path) as archive:
        return [json.loads(line) for line in archive.read(name).splitlines()] if name in archive.namelist() else None


def exported(path):
    with zipfile.ZipFile(path) as archive:
        return {n.removeprefix("tables/").removesuffix(".jsonl") for n in archive.namelist() if n.startswith("tables/")}


@pytest.mark.parametrize("options", [{}, {"stored": True}, {"labelled": True}])
def test_a_text_index_goes_and_is_not_exported(off, options):
    before = every_name()
    index = search.TextIndex("shelf_book", ("title", "author"), **options)
    with db.transaction():
        index.create()
        index.put(1, {"title": "消防", "author": "张三"}, labels=["d1"] if index.labelled else [])
    assert len(every_name() - before) >= 2  # what the engine keeps behind it
    assert index.table not in installed.plan("shelf").tables
    path = installed.purge("shelf")
    assert left() == set() and exported(path) == {"shelf_book", "shelf_mark", "shelf_migrations"}


def test_an_index_without_its_table_goes_too_and_anothers_stays(off):
    mine, others = search.TextIndex("shelf_gone"), search.TextIndex("shelf_extra_thing")
    with db.transaction():
        for index in (mine, others):
            index.create()
            index.put(1, {"text": "消防安全"})
    installed.purge("shelf")
    assert not mine.exists() and others.exists()
    assert db.database.execute_sql(f"SELECT COUNT(*) FROM {others.table}").fetchone()[0] == 1
    with db.transaction():
        others.put(2, {"text": "还能写"})


def test_an_index_beside_a_table_of_another_name_is_the_tables(off, monkeypatch):
    class Note(db.Model):
        text = db.TextField(default="")

        class Meta:
            table_name = "reading_note"

    monkeypatch.setattr(installed.belongings.plugins, "look", _with_model(Note))
    index = search.TextIndex("reading_note", ("text",), stored=True)
    with db.transaction():
        db.database.create_tables([Note])
        index.create()
        Note.create(text="一")
    path = installed.purge("shelf")
    assert {n for n in every_name() if n.startswith("reading_note")} == set()
    assert [row["text"] for row in lines(path, "tables/reading_note.jsonl")] == ["一"]


def _with_model(model):
    from oa_kernel import plugins

    look = plugins.look

    def looking(state):
        plugin, info = look(state)

        class More:
            def __getattr__(self, name):
                return (lambda: [*plugin.oa_models(), model]) if name == "oa_models" else getattr(plugin, name)

        return More(), info

    return looking


def test_a_table_that_is_only_named_like_an_index_is_saved(off):
    run("CREATE TABLE shelf_old_fts (id INTEGER PRIMARY KEY, words TEXT)", "INSERT INTO shelf_old_fts VALUES (1, '只在这里')")
    assert installed.plan("shelf").tables["shelf_old_fts"] == 1
    path = installed.purge("shelf")
    assert lines(path, "tables/shelf_old_fts.jsonl") == [{"id": 1, "words": "只在这里"}]
    assert left() == set()


@pytest.mark.oa_databases("sqlite")
def test_a_virtual_table_of_its_own_making_is_saved_and_tables_with_a_longer_name_are_not_taken_for_what_is_behind_it(off):
    run("CREATE VIRTUAL TABLE shelf_words USING fts5(text)", "INSERT INTO shelf_words (rowid, text) VALUES (7, 'only here')",
        "CREATE TABLE shelf_words_note (id INTEGER PRIMARY KEY, text TEXT)", "INSERT INTO shelf_words_note VALUES (1, 'a note')",
        "CREATE VIRTUAL TABLE shelf_place USING rtree(id, low, high)", "INSERT INTO shelf_place VALUES (1, 2, 3)")
    path = installed.purge("shelf")
    assert left() == set()
    assert lines(path, "tables/shelf_words.jsonl") == [{"rowid": 7, "text": "only here"}]
    assert lines(path, "tables/shelf_words_note.jsonl") == [{"id": 1, "text": "a note"}]
    assert [row["low"] for row in lines(path, "tables/shelf_place.jsonl")] == [2.0]


def test_views_and_tables_without_a_model_go_and_are_saved(off):
    run("CREATE TABLE shelf_loan (book INTEGER, reader INTEGER, PRIMARY KEY (book, reader))",
        "INSERT INTO shelf_loan VALUES (1, 2)", "CREATE VIEW shelf_lent AS SELECT * FROM shelf_loan")
    path = installed.purge("shelf")
    assert left() == set() and lines(path, "tables/shelf_loan.jsonl") == [{"book": 1, "reader": 2}]
    assert lines(path, "tables/shelf_migrations.jsonl") == [{"id": 1, "name": "001_initial"}]


@pytest.mark.oa_databases("postgresql")
def test_values_only_postgresql_knows_are_saved(off):
    run("CREATE TABLE shelf_odd (id BIGINT PRIMARY KEY, took INTERVAL, tags TEXT[], more JSONB)",
        "INSERT INTO shelf_odd VALUES (1, '1 day 2 hours', '{a,b}', '{\"k\": 1}')")
    path = installed.purge("shelf")
    assert lines(path, "tables/shelf_odd.jsonl") == [{"id": 1, "took": "1 day, 2:00:00", "tags": ["a", "b"], "more": {"k": 1}}]


# ---- files ----------------------------------------------------------------------------------------------------------


def store(content, name, **how):
    return files.store(io.BytesIO(content), name, **how)


def test_earlier_versions_of_a_file_are_saved_and_go(off):
    first = store(b"one", "a.txt")
    second = store(b"two", "a.txt", previous=first)
    third = store(b"three", "a.txt", previous=second)
    files.attach(third, "shelf.book", 1)
    assert installed.plan("shelf").files == 3
    path = installed.purge("shelf")
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.read(f["path"]) for f in lines(path, "files.jsonl")) == [b"one", b"three", b"two"]
    assert File.select().count() == 0


def test_hundreds_of_versions_go_though_they_do_not_fit_one_statement(off, monkeypatch):
    pieces = db.in_pieces
    monkeypatch.setattr(db, "in_pieces", lambda keys, size=500: pieces(keys, 2))
    last = None
    for n in range(7):
        last = store(b"%d" % n, "a.txt", previous=last)
    files.attach(last, "shelf.book", 1)
    installed.purge("shelf")
    assert File.select().count() == 0


def test_a_file_that_a_row_refers_to_is_saved_and_goes_with_its_row(off):
    run("CREATE TABLE shelf_scan (id INTEGER PRIMARY KEY, scan BIGINT NOT NULL REFERENCES files_file (id))")
    scan = store(b"a scan", "scan.txt")
    run(f"INSERT INTO shelf_scan VALUES (1, {scan.id})")
    path = installed.purge("shelf")
    assert [f["name"] for f in lines(path, "files.jsonl")] == ["scan.txt"] and File.select().count() == 0


def test_a_file_that_a_number_may_mean_is_saved_and_stays(off):
    scan, other = store(b"a scan", "scan.txt"), store(b"other", "other.txt")
    run("CREATE TABLE shelf_scan (id INTEGER PRIMARY KEY, cover_file_id BIGINT)",
        f"INSERT INTO shelf_scan VALUES (1, {scan.id})", "INSERT INTO shelf_scan VALUES (2, NULL)")
    path = installed.purge("shelf")
    assert [f["name"] for f in lines(path, "files.jsonl")] == ["scan.txt"]
    assert {f.id for f in File.select()} == {scan.id, other.id}


def test_a_file_that_anothers_row_names_stays(off):
    shared, alone = store(b"shared", "共用.txt"), store(b"alone", "独用.txt")
    run("CREATE TABLE shelf_extra_scan (id INTEGER PRIMARY KEY, file_id BIGINT)",
        f"INSERT INTO shelf_extra_scan VALUES (1, {shared.id})")
    for file in (shared, alone):
        files.attach(file, "shelf.book", 1)
    installed.purge("shelf")
    assert [f.name for f in File.select()] == ["共用.txt"] and Attachment.select().count() == 0


def test_columns_that_name_files_are_known(off):
    run("CREATE TABLE shelf_a (id INTEGER PRIMARY KEY, scan BIGINT REFERENCES files_file (id), file_id BIGINT, profile_id BIGINT,"
        " book BIGINT REFERENCES shelf_book (id))")
    assert kinds.file_columns("shelf_a") == ["file_id", "scan"] and kinds.file_columns("shelf_a", certain=True) == ["scan"]
    assert Book.select().count() == 0 and kinds.files_named_in(["shelf_a"]) == set()
