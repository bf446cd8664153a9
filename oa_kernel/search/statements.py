"""Statements that are put together once, and rows that are read without their model.

Putting a statement of twenty columns together takes longer than SQLite takes to answer it, and a model object is as dear as
the row it is made from. Where only values change from one search to the next, the text of the statement is kept.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import peewee

from oa_kernel import db, runtime

#: statements a process keeps; the one that was not used longest goes first
KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Slot:
    """Stands in a query for a value that is told when it runs."""

    name: str


class Row:
    """A found row: an attribute for each column that was selected, values as the model has them."""


class Statement:
    """A query over one model's fields, as text.

    :param alone: what goes before it on PostgreSQL where it is no part of a transaction, in which a setting would stay.
    :param around: what goes before and after it otherwise.
    """

    def __init__(self, query: Any, alone: str = "", around: tuple[str, str] = ("", "")) -> None:
        fields = list(query._returning)
        if not all(isinstance(field, peewee.Field) for field in fields):
            raise ValueError("a search selects fields only")
        sql, self.values = query.sql()
        self.sql = around[0] + sql + around[1]
        self.alone = alone if db.is_postgresql() else ""
        self.names = [field.name for field in fields]
        self.typed = [(field.name, convert) for field in fields if (convert := _converter(field)) is not None]

    def fetch(self, told: Mapping[str, Any]) -> list[Any]:
        """Runs it. ``told``: the values of its slots by name."""
        values = [told[value.name] if type(value) is Slot else value for value in self.values]
        sql = self.alone + self.sql if self.alone and not db.database.in_transaction() else self.sql
        return list(db.database.execute_sql(sql, values).fetchall())

    def rows(self, fetched: Iterable[Iterable[Any]]) -> list[Any]:
        """What was fetched, as rows."""
        return [self._row(values) for values in fetched]

    def _row(self, values: Iterable[Any]) -> Row:
        row = Row()
        known = row.__dict__ = dict(zip(self.names, values, strict=True))
        for name, convert in self.typed:
            if known[name] is not None:
                known[name] = convert(known[name])
        return row


class Statements:
    """Those a process keeps."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.found: OrderedDict[Hashable, Statement] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Statement]) -> Statement:
        """The one of this key, made when it is not known."""
        with self.lock:
            statement = self.found.get(key)
            if statement is not None:
                self.found.move_to_end(key)
                return statement
        statement = make()
        with self.lock:
            self.found[key] = statement
            while len(self.found) > KEPT:
                self.found.popitem(last=False)
        return statement


def kept() -> Statements:
    """The statements of this installation."""
    cache = runtime.current().cache
    found = cache.get("search.statements")
    return found if found is not None else cache.setdefault("search.statements", Statements())


def _converter(field: peewee.Field) -> Callable[[Any], Any] | None:
    """What makes a field's value of what the driver gives; None where that is the value."""
    if isinstance(field, peewee.DateField):
        return lambda value: dt.date.fromisoformat(value) if isinstance(value, str) else value
    own = type(field)
    if own.python_value is peewee.Field.python_value and own.adapt in (peewee.TextField.adapt, peewee.IntegerField.adapt):
        return None
    return field.python_value


__all__ = ["Row", "Slot", "Statement", "Statements", "kept"]
