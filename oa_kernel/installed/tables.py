"""The tables there are in the database, and what kind each is of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from oa_kernel import db
from oa_kernel.search.shape import index_tables

#: what SQLite's own modules (FTS5, FTS3 and 4, R*Tree) keep behind a virtual table: it goes with that
_SHADOWS = ("data", "idx", "content", "docsize", "config", "segments", "segdir", "stat", "node", "rowid", "parent")
_FILES = "files_file"


class Tables:
    """Names of the tables and views in the database."""

    def __init__(self) -> None:
        self.views: set[str] = {view.name for view in db.database.get_views()}
        every: set[str] = set(db.database.get_tables()) - self.views
        self.virtual: set[str] = set() if db.is_postgresql() else {name for (name,) in db.database.execute_sql(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL%'").fetchall()}
        self.there = every - {f"{table}_{end}" for table in self.virtual for end in _SHADOWS}
        #: of these, indexes for searching
        self.indexes = index_tables() & self.there


def file_columns(table: str, *, certain: bool = False) -> list[str]:
    """Columns of a table that name files: by a foreign key or, unless one must be certain, as ``file_id`` and ``…_file_id``."""
    found = {key.column for key in db.database.get_foreign_keys(table) if key.dest_table == _FILES}
    if not certain:
        found |= {c.name for c in db.database.get_columns(table) if c.name == "file_id" or c.name.endswith("_file_id")}
    return sorted(found)


def files_named_in(tables: Iterable[str], *, certain: bool = False) -> set[int]:
    """Ids of the files that rows of these tables name."""
    found: set[int] = set()
    for table in tables:
        for column in file_columns(table, certain=certain):
            rows = db.database.execute_sql(f'SELECT DISTINCT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL')
            found.update(number for (value,) in rows.fetchall() if (number := _number(value)) is not None)
    return found


def _number(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


__all__ = ["Tables", "file_columns", "files_named_in"]
