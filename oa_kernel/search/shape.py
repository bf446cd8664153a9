"""Which tables are text indexes: told by what they look like, for who made them may be gone."""

from __future__ import annotations

from oa_kernel import db

from . import fts5

_COLUMNS = {"id": "bigint", "piece": "integer", "words": "tsvector"}


def index_tables() -> set[str]:
    """Names of the tables of all :class:`TextIndex` objects there ever were in this database.

    They are made from other rows and hold nothing of their own. A table that is only named like one is not among them, nor
    is an FTS5 table that somebody made otherwise: it may be the one place where its text stands.
    """
    if db.is_postgresql():
        rows = db.database.execute_sql(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND right(table_name, 4) = '_fts'").fetchall()
        found: dict[str, dict[str, str]] = {}
        for table, column, kind in rows:
            found.setdefault(table, {})[column] = kind
        return {table for table, columns in found.items() if columns == _COLUMNS}
    rows = db.database.execute_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name LIKE '%_fts'").fetchall()
    return {name for name, sql in rows if (sql or "").upper().startswith("CREATE VIRTUAL TABLE") and fts5.OPTIONS in sql}


__all__ = ["index_tables"]
