"""The words of a ledger's rows: any piece of two characters or more is found, however large the table.

Chinese is indexed as overlapping pairs of characters, Latin and figures as words; what is looked for is a phrase of
these. SQLite keeps them in FTS5, PostgreSQL in a ``tsvector`` with a GIN index, beside the ledger's table.
"""

from __future__ import annotations

import re

from oa_kernel import db

_PIECES = re.compile(r"[a-z0-9]+|[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
#: tokens kept of one row
_MOST = 4000


def tokens(text: str) -> list[list[str]]:
    """Runs of tokens that stand side by side: ``[["消防", "防车"], ["a4"]]``."""
    found = []
    for piece in _PIECES.findall(text.lower()):
        if piece[0].isascii() or len(piece) == 1:
            found.append([piece])
        else:
            found.append([piece[i : i + 2] for i in range(len(piece) - 1)])
    return found


def table(name: str) -> str:
    """Where the words of a table are kept."""
    return f"{name}_words"


def exists(name: str) -> bool:
    return bool(db.database.table_exists(table(name)))


def create(name: str) -> None:
    """Makes the index, empty."""
    mine = table(name)
    if db.is_postgresql():
        db.database.execute_sql(f'CREATE TABLE "{mine}" (id BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)')
        db.database.execute_sql(f'CREATE INDEX "{mine[:50]}_gin" ON "{mine}" USING GIN (words)')
    else:
        db.database.execute_sql(f'CREATE VIRTUAL TABLE "{mine}" USING fts5(words, tokenize="unicode61 remove_diacritics 0")')


def put(name: str, row_id: int, text: str) -> None:
    """Keeps the words of a row, instead of those it had."""
    drop(name, row_id)
    # a number lies between what does not stand side by side, so that no phrase reaches over it
    flat: list[str] = []
    for run in tokens(text):
        flat += [*run, "0x"]
    if not flat:
        return
    flat = flat[:_MOST]
    if db.is_postgresql():
        vector = " ".join(f"'{token}':{place}" for place, token in enumerate(flat, 1))
        sql = f'INSERT INTO "{table(name)}" (id, words) VALUES (%s, %s::tsvector)'
        db.database.execute_sql(sql, (row_id, vector))
    else:
        db.database.execute_sql(f'INSERT INTO "{table(name)}" (rowid, words) VALUES (?, ?)', (row_id, " ".join(flat)))


def drop(name: str, row_id: int) -> None:
    """Forgets a row."""
    where = "id = %s" if db.is_postgresql() else "rowid = ?"
    db.database.execute_sql(f'DELETE FROM "{table(name)}" WHERE {where}', (row_id,))


def condition(model: type[db.Model], text: str) -> db.SQL | None:
    """Rows with all the pieces of ``text``; None where there is nothing to look for."""
    runs = tokens(text)
    if not runs:
        return None
    mine = table(model._meta.table_name)  # type: ignore[attr-defined]
    if db.is_postgresql():
        query = " & ".join("(" + " <-> ".join(_token(t, first) for t in run) + ")" for run in runs for first in [len(run) == 1])
        return db.SQL(f'"t1"."id" IN (SELECT id FROM "{mine}" WHERE words @@ %s::tsquery)', [query])
    query = " AND ".join('"' + " ".join(run) + '"' + ("*" if len(run) == 1 else "") for run in runs)
    return db.SQL(f'"t1"."id" IN (SELECT rowid FROM "{mine}" WHERE "{mine}" MATCH ?)', [query])


def _token(token: str, begins: bool) -> str:
    """A word, or a single character, is found by how a token begins."""
    return f"'{token}':*" if begins else f"'{token}'"


__all__ = ["condition", "create", "drop", "exists", "put", "table", "tokens"]
