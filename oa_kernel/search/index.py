"""A full-text index beside a table: SQLite's FTS5 or PostgreSQL's tsvector, with the same answers.

::

    INDEX = search.TextIndex("archives_text", ("title", "body"))

    INDEX.create()                                       # in the plugin's migration
    INDEX.put(item.id, {"title": …, "body": …})          # in the transaction that writes the row
    query = INDEX.matching(Item.select(), Item.id, q)    # only those that hold every word of q
    INDEX.page(Item.select(), Item.id, q)                # a page of them, the highest ids first

The index knows nothing of rights: who asks puts them into the same query. Any substring of two characters is found
(see :mod:`.tokens`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import peewee

from oa_kernel import db
from oa_kernel.db import paging
from oa_kernel.errors import BadRequest

from . import tokens as words

_WEIGHTS = "ABCD"
#: tokens of one row on PostgreSQL, which keeps at most 256 positions of a word
_PIECE = 1_000
#: tokens that two pieces share, so that no phrase is lost between them
_OVERLAP = words.LONGEST


class TextIndex:
    """An index of texts by id.

    :param name: of the index; its table is ``NAME_fts``.
    :param columns: one to four parts of a text that can be searched alone.
    :param stored: SQLite keeps the tokens too, so that a row can be indexed anew or taken out without telling what it
        was indexed with; without, the index is about a third smaller. (PostgreSQL's knows anyway.)
    """

    def __init__(self, name: str, columns: Sequence[str] = ("text",), *, stored: bool = False) -> None:
        if not 1 <= len(columns) <= len(_WEIGHTS):
            raise ValueError("an index has one to four columns")
        self.name, self.columns, self.table = name, tuple(columns), f"{name}_fts"
        self.stored = stored
        self._fts = peewee.Table(self.table)

    def exists(self) -> bool:
        """Whether its table is there."""
        return bool(db.database.table_exists(self.table))

    def create(self) -> None:
        """Makes the table; nothing where it is there."""
        execute = db.database.execute_sql
        if db.is_postgresql():
            execute(f"CREATE TABLE IF NOT EXISTS {self.table} (id BIGINT NOT NULL, piece INTEGER NOT NULL,"
                    " words TSVECTOR NOT NULL, PRIMARY KEY (id, piece))")
            execute(f"CREATE INDEX IF NOT EXISTS {self.table}_words ON {self.table} USING GIN (words)")
        else:
            content = "" if self.stored else "content='',"
            execute(f"CREATE VIRTUAL TABLE IF NOT EXISTS {self.table} USING fts5({', '.join(self.columns)}, {content}"
                    " tokenize=\"unicode61 remove_diacritics 0\")")

    def drop(self) -> None:
        """Takes the table away."""
        db.database.execute_sql(f"DROP TABLE IF EXISTS {self.table}")

    def put(self, row_id: int, texts: Mapping[str, str], old: Mapping[str, str] | None = None) -> None:
        """Indexes a row. ``old``: the texts it was indexed with before, without which it would be found twice; not
        needed where the index is ``stored``."""
        if old is not None or self.stored:
            self.remove(row_id, old or {})
        mark = db.database.param
        if db.is_postgresql():
            for n, vector in enumerate(self._pieces(texts)):
                db.database.execute_sql(
                    f"INSERT INTO {self.table} (id, piece, words) VALUES ({mark}, {mark}, {mark}::tsvector)",
                    (row_id, n, vector))
            return
        db.database.execute_sql(
            f"INSERT INTO {self.table} (rowid, {', '.join(self.columns)}) VALUES ({', '.join([mark] * (len(self.columns) + 1))})",
            (row_id, *self._joined(texts)))

    def remove(self, row_id: int, old: Mapping[str, str] | None = None) -> None:
        """Takes a row out. ``old``: the texts it was indexed with; not needed where the index is ``stored``."""
        mark = db.database.param
        if db.is_postgresql() or self.stored:
            key = "id" if db.is_postgresql() else "rowid"
            db.database.execute_sql(f"DELETE FROM {self.table} WHERE {key} = {mark}", (row_id,))
            return
        if old is None:
            raise ValueError(f"{self.table}: say what the row was indexed with")
        db.database.execute_sql(
            f"INSERT INTO {self.table} ({self.table}, rowid, {', '.join(self.columns)})"
            f" VALUES ('delete', {', '.join([mark] * (len(self.columns) + 1))})", (row_id, *self._joined(old)))

    def matching(self, query: Any, key: Any, q: str, column: str = "") -> Any:
        """``query``, limited to rows whose text holds every word of ``q``.

        :param key: the id field of the table that is asked.
        :param column: only this part of the text.
        :raises BadRequest: for a query without a letter or digit, or an unknown column.
        """
        if db.is_postgresql():
            return query.where(self.condition(key, q, column))
        match = peewee.Expression(self._fts.c[self.table], "MATCH", self._fts_query(q, column))
        return query.from_(self._fts, *query._from_list).where(match, key == self._fts.c.rowid)

    def condition(self, key: Any, q: str, column: str = "") -> Any:
        """The same as a condition on ``key``, for a query with an order of its own: all hits are looked at."""
        if not db.is_postgresql():
            text = self._fts_query(q, column)
            return key.in_(db.SQL(f"(SELECT rowid FROM {self.table} WHERE {self.table} MATCH ?)", (text,)))
        weight = _WEIGHTS[self.columns.index(column)] if self._known(column) else ""
        found = None
        for phrase in self._asked(q):
            text = self._tsquery(*phrase, weight)
            one = key.in_(db.SQL(f"(SELECT id FROM {self.table} WHERE words @@ %s::tsquery)", (text,)))
            found = one if found is None else found & one
        return found

    def _known(self, column: str) -> bool:
        if column and column not in self.columns:
            raise BadRequest(f"不能按“{column}”检索，可用：{'、'.join(self.columns)}")
        return bool(column)

    @staticmethod
    def _asked(q: str) -> list[tuple[list[str], bool]]:
        asked = words.phrases(q)
        if not asked:
            raise BadRequest("请输入要检索的文字（至少一个字、字母或数字）", code="empty_query")
        return asked

    def _fts_query(self, q: str, column: str) -> str:
        text = " AND ".join(self._match(*phrase) for phrase in self._asked(q))
        return f"{column} : ({text})" if self._known(column) else text

    def page(self, query: Any, key: Any, q: str, *, column: str = "", limit: int = 20, cursor: str | None = None) -> db.Page:
        """A page of what :meth:`matching` finds, the highest ids first: as many rows are looked at as are shown, and
        those in between that the rest of the query leaves out."""
        query = self.matching(query, key, q, column)
        limit = max(1, min(limit, paging.MAX_LIMIT))
        order = key if db.is_postgresql() else self._fts.c.rowid
        if cursor:
            query = query.where(order < paging.decode(cursor, [key])[0])
        return paging.cut(list(query.order_by(order.desc()).limit(limit + 1)), [key], limit)

    def _joined(self, texts: Mapping[str, str]) -> list[str]:
        return [" ".join(words.tokens(texts.get(c, ""))) for c in self.columns]

    @staticmethod
    def _match(phrase: list[str], beginning: bool) -> str:
        # tokens are letters and digits only, so nothing in them can end the quotes
        return f'"{" ".join(phrase)}"' + (" *" if beginning else "")

    @staticmethod
    def _tsquery(phrase: list[str], beginning: bool, column: str) -> str:
        parts = [f"'{token}'{':' + column if column else ''}" for token in phrase]
        if beginning:
            parts[-1] = f"'{phrase[-1]}':*{column}"
        return " <-> ".join(parts)

    def _pieces(self, texts: Mapping[str, str]) -> list[str]:
        """Vectors of a text: parts of it that overlap, the columns told apart by weight."""
        rows: list[list[str]] = [[]]
        position = 0
        for weight, column in zip(_WEIGHTS, self.columns, strict=False):
            found = words.tokens(texts.get(column, ""))
            start = 0
            while start < len(found):
                room = _PIECE - position
                if room <= _OVERLAP:
                    rows.append([])
                    position, room = 0, _PIECE
                for token in found[start:start + room]:
                    position += 1
                    rows[-1].append(f"'{token}':{position}{weight}")
                start += room
                if start < len(found):
                    start -= _OVERLAP
            position += 1  # no phrase begins in one column and ends in the next
        return [" ".join(row) for row in rows]
