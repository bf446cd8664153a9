"""A full-text index beside a table: SQLite's FTS5 or PostgreSQL's tsvector, with the same answers.

::

    INDEX = search.TextIndex("archives_text", ("title", "body"))

    INDEX.create()                                       # in the plugin's migration
    INDEX.put(item.id, {"title": …, "body": …})          # in the transaction that writes the row
    query = INDEX.matching(Item.select(), Item.id, q)    # only those that hold every word of q
    INDEX.page(Item.select(), Item.id, q)                # a page of them, the highest ids first
    INDEX.page(lambda: …, Item.id, q, same=key)          # the same with a statement that is put together once

The index knows nothing of rights: who asks puts them into the same query. Where somebody may see few rows of many, labels
(of a row's department, of its level) let the index itself leave the others out, so that not every hit is looked at.
Any substring of two characters is found (see :mod:`.tokens`).
"""

from __future__ import annotations

import itertools
import operator
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import peewee

from oa_kernel import db
from oa_kernel.db import paging
from oa_kernel.errors import BadRequest

from . import fts5, tsvector
from . import tokens as words
from .statements import Slot, Statement, kept

_LABEL = re.compile(r"[a-z0-9]{1,40}")
#: groups of labels, of each of which a row must have one
Labels = Sequence[Iterable[str]]
#: pieces that one statement writes to PostgreSQL
_AT_ONCE = 100


class TextIndex:
    """An index of texts by id.

    :param name: of the index; its table is ``NAME_fts``.
    :param columns: one to four parts of a text that can be searched alone.
    :param stored: SQLite keeps the tokens too, so that a row can be indexed anew or taken out without telling what it
        was indexed with; without, the index is about a third smaller. (PostgreSQL's knows anyway.)
    :param labelled: rows have labels (letters a–z and digits, at most 40) that a query can ask for.
    """

    def __init__(
        self, name: str, columns: Sequence[str] = ("text",), *, stored: bool = False, labelled: bool = False
    ) -> None:
        if not 1 <= len(columns) <= len(tsvector.WEIGHTS) or fts5.LABELS in columns:
            raise ValueError("an index has one to four columns, none of them named labels")
        self.name, self.columns, self.table = name, tuple(columns), f"{name}_fts"
        self.stored, self.labelled = stored, labelled
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
            # they hardly get smaller by what PostgreSQL would spend much of the time of writing on
            execute(f"ALTER TABLE {self.table} ALTER COLUMN words SET STORAGE EXTERNAL")
            execute(f"CREATE INDEX IF NOT EXISTS {self.table}_words ON {self.table} USING GIN (words)")
        else:
            content = "" if self.stored else "content='',"
            execute(f"CREATE VIRTUAL TABLE IF NOT EXISTS {self.table} USING fts5({', '.join(self._all)},"
                    f" {content} {fts5.OPTIONS})")
            execute(f"INSERT INTO {self.table} ({self.table}, rank) VALUES ('hashsize', {fts5.HELD})")

    def drop(self) -> None:
        """Takes the table away."""
        db.database.execute_sql(f"DROP TABLE IF EXISTS {self.table}")

    def put(
        self, row_id: int, texts: Mapping[str, str], old: Mapping[str, str] | None = None, *,
        labels: Iterable[str] = (), old_labels: Iterable[str] = (),
    ) -> None:
        """Indexes a row. ``old``, ``old_labels``: what it was indexed with before, without which it would be found
        twice; not needed where the index is ``stored``."""
        if old is not None or self.stored:
            self.remove(row_id, old or {}, old_labels)
        self.put_many([(row_id, texts, labels)])

    def put_many(self, rows: Iterable[tuple[int, Mapping[str, str], Iterable[str]]]) -> None:
        """Indexes rows that were not indexed before: (id, texts, labels) of each."""
        mark = db.database.param
        if db.is_postgresql():
            marks = f"({mark}, {mark}, {mark}::tsvector)"
            pieces = self._pieces(rows)
            while part := list(itertools.islice(pieces, _AT_ONCE)):
                db.database.execute_sql(f"INSERT INTO {self.table} (id, piece, words) VALUES {', '.join([marks] * len(part))}",
                                        [value for row in part for value in row])
            return
        statement = f"INSERT INTO {self.table} (rowid, {', '.join(self._all)}) VALUES ({', '.join([mark] * (len(self._all) + 1))})"
        for row_id, texts, labels in rows:
            db.database.execute_sql(statement, (row_id, *self._joined(texts, labels)))

    def _pieces(self, rows: Iterable[tuple[int, Mapping[str, str], Iterable[str]]]) -> Iterator[tuple[int, int, str]]:
        for row_id, texts, labels in rows:
            extra = [*tsvector.blocks(row_id), *(tsvector.label(name) for name in self._checked(labels))]
            yield from ((row_id, n, vector) for n, vector in enumerate(tsvector.pieces(self.columns, texts, extra)))

    def remove(
        self, row_id: int, old: Mapping[str, str] | None = None, old_labels: Iterable[str] = ()
    ) -> None:
        """Takes a row out. ``old``: what it was indexed with; not needed where the index is ``stored``."""
        mark = db.database.param
        if db.is_postgresql() or self.stored:
            key = "id" if db.is_postgresql() else "rowid"
            db.database.execute_sql(f"DELETE FROM {self.table} WHERE {key} = {mark}", (row_id,))
            return
        if old is None:
            raise ValueError(f"{self.table}: say what the row was indexed with")
        marks = ", ".join([mark] * (len(self._all) + 1))
        db.database.execute_sql(f"INSERT INTO {self.table} ({self.table}, rowid, {', '.join(self._all)})"
                                f" VALUES ('delete', {marks})", (row_id, *self._joined(old, old_labels)))

    def matching(self, query: Any, key: Any, q: str, column: str = "", labels: Labels = ()) -> Any:
        """``query``, limited to rows whose text holds every word of ``q``.

        :param key: the id field of the table that is asked.
        :param column: only this part of the text.
        :param labels: of each group a row must have one.
        :raises BadRequest: for a query without a letter or digit, or an unknown column.
        """
        if db.is_postgresql():
            return query.where(self.condition(key, q, column, labels))
        return self._joined_to(query, key, self._fts_query(q, column, labels))

    def condition(self, key: Any, q: str, column: str = "", labels: Labels = ()) -> Any:
        """The same as a condition on ``key``, for a query with an order of its own: all hits are looked at."""
        if not db.is_postgresql():
            text = self._fts_query(q, column, labels)
            return key.in_(db.SQL(f"(SELECT rowid FROM {self.table} WHERE {self.table} MATCH ?)", (text,)))
        return self._held(key, self._tsqueries(q, column, labels))

    def page(
        self, query: Any, key: Any, q: str, *, column: str = "", labels: Labels = (), without: Iterable[str] = (),
        limit: int = 20, cursor: str | None = None, same: Hashable = None,
    ) -> db.Page:
        """A page of what :meth:`matching` finds, the highest ids first: as many rows are looked at as are shown, and
        those in between that the rest of the query leaves out. One query; on PostgreSQL one for a common word, up to
        four for a rare one.

        :param query: selects fields, among them ``key``; or a function that makes it, called when it is needed.
        :param q: may be empty where there are ``labels``: whoever has them is found, the few of many without a look at the rest.
        :param without: a row must have none of these labels.
        :param same: a value that is equal only where ``query`` is, to the last value in it: the statement is kept for it.
        :returns: light rows (:class:`.statements.Row`), with an attribute for each field.
        """
        limit = max(1, min(limit, paging.MAX_LIMIT))
        below = paging.decode(cursor, [key])[0] if cursor else None
        rows = self.newest(query, key, q, column=column, labels=labels, without=without, most=limit + 1, below=below, same=same)
        return paging.cut(rows, [key], limit)

    def newest(
        self, query: Any, key: Any, q: str, *, column: str = "", labels: Labels = (), without: Iterable[str] = (),
        most: int, below: int | None = None, same: Hashable = None,
    ) -> list[Any]:
        """The rows of :meth:`page` without its pages: at most so many, the highest ids first, for counting or handing on.

        :param below: only ids below this one.
        """
        made = query if callable(query) else lambda: query
        if db.is_postgresql():
            return self._newest(made, key, self._tsqueries(q, column, labels, without), below, most, same, int(bool(labels)))

        def joined() -> Statement:
            found = self._joined_to(made(), key, Slot("match"))
            if below is not None:
                found = found.where(self._fts.c.rowid < Slot("below"))
            return Statement(found.order_by(self._fts.c.rowid.desc()).limit(Slot("most")))

        statement = self._kept(joined, same, below is None)
        told = {"match": self._fts_query(q, column, labels, without), "below": below, "most": most}
        return statement.rows(statement.fetch(told))

    def _kept(self, make: Callable[[], Statement], same: Hashable, *shape: Any) -> Statement:
        return make() if same is None else kept().get((self.table, same, shape), make)

    def _joined_to(self, query: Any, key: Any, text: Any) -> Any:
        match = peewee.Expression(self._fts.c[self.table], "MATCH", text)
        return query.from_(self._fts, *query._from_list).where(match, key == self._fts.c.rowid)

    def _newest(
        self, made: Callable[[], Any], key: Any, asked: Sequence[str], below: int | None, wanted: int, same: Hashable, begin: int
    ) -> list[Any]:
        """Window after window (:mod:`.tsvector`) until there are as many as wanted. ``begin``: the first window's kind; of who
        may see few rows of many, the smallest window seldom holds a page."""
        names = [f"asked{n}" for n in range(len(asked))]

        def first() -> Statement:
            held = self._held(key, map(Slot, names), tsvector.newest_asked(begin))
            query = made().where(held, key >= db.SQL(tsvector.newest_low(begin)))
            return Statement(query.order_by(key.desc()).limit(Slot("most")), tsvector.ALONE, tsvector.newest(self.table))

        def later() -> Statement:
            # by number too: the last window has no blocks, and no row comes twice
            query = made().where(self._held(key, map(Slot, names)), key >= Slot("low"), key < Slot("ceiling"))
            return Statement(query.order_by(key.desc()).limit(Slot("most")), tsvector.ALONE)

        rows: list[Any] = []
        if below is None:
            statement = self._kept(first, same, len(names), "first", begin)
            fetched = statement.fetch({**dict(zip(names, asked, strict=True)), "most": wanted})
            top = -1 if fetched[0][0] is None else fetched[0][0]
            at = statement.names.index(key.name) + 1
            hits = sorted((values for values in fetched if values[at] is not None), key=operator.itemgetter(at), reverse=True)
            rows = statement.rows(values[1:] for values in hits)
        else:
            top = int(below) - 1
        ceiling = top + 1
        for n, (blocks, low) in enumerate(tsvector.windows(top, begin)):
            if n or below is not None:
                told = {name: f"{blocks} & {text}" if blocks else text for name, text in zip(names, asked, strict=True)}
                statement = self._kept(later, same, len(names), "later")
                rows += statement.rows(statement.fetch({**told, "low": low, "ceiling": ceiling, "most": wanted - len(rows)}))
            if len(rows) >= wanted:
                break
            ceiling = low
        return rows

    def _held(self, key: Any, asked: Iterable[Any], whole: str = "SELECT %s::tsquery") -> Any:
        """Each phrase may stand in another piece of the row. The planner does not count what it is to read a vector: for a
        common word it would rather read some thousand of them one by one, which takes a hundred times as long as the index of
        words. What is asked therefore stands in a subquery, where it is not seen, and ``+ 0`` keeps the index of ids away; and
        rows are fetched by an array of ids, or it would walk through all of them for the few that a rare phrase has."""
        found = None
        for text in asked:
            ids = db.SQL(f"ANY (ARRAY(SELECT id + 0 FROM {self.table} WHERE words @@ ({whole})))", (text,))
            one = peewee.Expression(key, "=", ids)
            found = one if found is None else found & one
        return found

    def _tsqueries(self, q: str, column: str, labels: Labels, without: Iterable[str] = ()) -> list[str]:
        weights = tsvector.WEIGHTS[:len(self.columns)]
        weight = weights[self.columns.index(column)] if self._known(column) else ""
        more = "".join(" & " + tsvector.any_of(tsvector.label(name) for name in self._checked(group)) for group in labels)
        if none := self._checked(without):
            more += " & !" + tsvector.any_of(map(tsvector.label, none))
        if labels and not q.strip():
            return [more.removeprefix(" & ")]
        return [f"({tsvector.query(*phrase, weights, weight)}){more}" for phrase in self._asked(q)]

    @property
    def _all(self) -> tuple[str, ...]:
        """The columns of SQLite's table."""
        return (*self.columns, fts5.LABELS) if self.labelled else self.columns

    def _known(self, column: str) -> bool:
        if column and column not in self.columns:
            raise BadRequest(f"不能按“{column}”检索，可用：{'、'.join(self.columns)}")
        return bool(column)

    def _checked(self, labels: Iterable[str]) -> list[str]:
        given = list(labels)
        if given and not self.labelled:
            raise ValueError(f"{self.table} has no labels")
        for name in given:
            if not _LABEL.fullmatch(name):
                raise ValueError(f"{self.table}: a label is letters a–z and digits, not {name!r}")
        return given

    @staticmethod
    def _asked(q: str) -> list[tuple[list[str], bool]]:
        asked = words.phrases(q)
        if not asked:
            raise BadRequest("请输入要检索的文字（至少一个字、字母或数字）", code="empty_query")
        return asked

    def _fts_query(self, q: str, column: str, labels: Labels, without: Iterable[str] = ()) -> str:
        text = " AND ".join(fts5.match(*phrase) for phrase in self._asked(q)) if q.strip() or not labels else ""
        if not text:
            self._known(column)
        elif self._known(column):
            text = f"{column} : ({text})"
        elif self.labelled:
            text = f"{{{' '.join(self.columns)}}} : ({text})"
        return fts5.labelled(text, [self._checked(group) for group in labels], self._checked(without))

    def _joined(self, texts: Mapping[str, str], labels: Iterable[str]) -> list[str]:
        found = [" ".join(words.tokens(texts.get(c, ""))) for c in self.columns]
        return [*found, " ".join(self._checked(labels))] if self.labelled else found
