"""Our own plugins, purged one after the other, leave nothing in the database that bears their name."""

import zipfile

import pytest

from oa_kernel import db, installed, runtime

pytestmark = pytest.mark.oa_databases
#: those that need others first
ORDER = ("exchange", "supervision", "archives", "documents")


@pytest.fixture(scope="session")
def oa_settings():
    return {"organisation": {"name": "测试单位"}, "plugins": {name: {} for name in ORDER}}


def names():
    """Everything the engine knows by a name: tables, what stands behind them, indexes, views, sequences."""
    sql = ("SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace" if db.is_postgresql()
           else "SELECT name FROM sqlite_master")
    return {name for (name,) in db.database.execute_sql(sql).fetchall()}


def test_nothing_of_them_stays_and_every_table_of_rows_is_saved(oa, oa_installation):
    assert {n for n, s in runtime.current().plugins.states.items() if s.state == "ok"} >= set(ORDER)
    for name in ORDER:
        before = {n for n in names() if n.startswith(f"{name}_")}
        tables = {t for t in db.database.get_tables() if t.startswith(f"{name}_")}
        installed.disable(name)
        oa_installation.boot()
        path = installed.purge(name)
        assert before and {n for n in names() if n.startswith(f"{name}_")} == set()
        with zipfile.ZipFile(path) as archive:
            saved = {n.removeprefix("tables/").removesuffix(".jsonl") for n in archive.namelist() if n.startswith("tables/")}
        assert saved == {t for t in tables if "_fts" not in t}
