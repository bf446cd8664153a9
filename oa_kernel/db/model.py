"""The base of all models."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import peewee

from .engine import database, is_postgresql


class _Select(peewee.ModelSelect):
    """A query of whole rows spells its columns out once a model: doing so every time took a third of a short call."""

    _texts: ClassVar[WeakKeyDictionary[Any, dict[tuple[str, int], str]]] = WeakKeyDictionary()

    def __sql_selection__(self, ctx: Any, is_subquery: bool = False) -> Any:
        table = self.model._meta.table
        if not self._is_default or is_subquery or table._alias:
            return super().__sql_selection__(ctx, is_subquery)
        texts = self._texts.setdefault(self.model, {})
        key = ctx.alias_manager[table], len(self._returning)
        if key in texts:
            return ctx.literal(texts[key])
        start = len(ctx._sql)
        super().__sql_selection__(ctx, is_subquery)
        texts[key] = "".join(ctx._sql[start:])
        return ctx


class Model(peewee.Model):
    """Base model, bound to the one database. Give every model a ``table_name`` of ``plugin_thing``."""

    id = peewee.BigAutoField()

    @classmethod
    def select(cls, *fields: Any) -> Any:
        """A query of those columns; of whole rows where none is named."""
        return super().select(*fields) if fields else _Select(cls, cls._meta.sorted_fields, is_default=True)

    @classmethod
    def by_id(cls, key: Any, *, lock: bool = False) -> Any:
        """The row with that id, or None; ``lock``: for this transaction's alone, where the engine locks rows.

        What is asked for all the time is not put together anew every time: the statement is kept.
        """
        sql, fields = _by_id(cls, database.param)
        if lock and is_postgresql():
            sql += " FOR UPDATE"
        row = database.execute_sql(sql, (cls._meta.primary_key.db_value(key),)).fetchone()
        if row is None:
            return None
        found = cls(__no_default__=1, **{name: read(value) for (name, read), value in zip(fields, row, strict=True)})
        found._dirty.clear()
        return found

    @classmethod
    def get_by_id(cls, pk: Any) -> Any:
        """The row with that id; ``DoesNotExist`` without one."""
        # not ``cls.by_id``: a model may have a field of that name (who did it)
        found = Model.by_id.__func__(cls, pk)  # type: ignore[attr-defined]
        if found is None:
            raise cls.DoesNotExist(f"{cls.__name__} {pk}")
        return found

    @classmethod
    def add(cls, **values: Any) -> int:
        """Inserts one row with the fields' defaults; its id. As ``insert(…).execute()``, with the statement kept."""
        row = {**cls._meta.get_default_dict(), **values}
        sql, write = _insert(cls, tuple(row), database.param)
        cursor = database.execute_sql(sql, [to(value) for to, value in zip(write, row.values(), strict=True)])
        return int(cursor.fetchone()[0] if is_postgresql() else cursor.lastrowid)

    class Meta:
        database = database
        legacy_table_names = False


@lru_cache(maxsize=512)
def _by_id(model: Any, mark: str) -> tuple[str, list[tuple[str, Any]]]:
    fields = model._meta.sorted_fields
    columns = ", ".join(f'"{f.column_name}"' for f in fields)
    sql = f'SELECT {columns} FROM "{model._meta.table_name}" WHERE "{model._meta.primary_key.column_name}" = {mark}'
    return sql, [(f.name, f.python_value) for f in fields]


@lru_cache(maxsize=1024)
def _insert(model: Any, names: tuple[str, ...], mark: str) -> tuple[str, list[Any]]:
    fields = [model._meta.combined[name] for name in names]
    columns, key = ", ".join(f'"{f.column_name}"' for f in fields), model._meta.primary_key.column_name
    sql = f'INSERT INTO "{model._meta.table_name}" ({columns}) VALUES ({", ".join([mark] * len(fields))})'
    return sql + (f' RETURNING "{key}"' if is_postgresql() else ""), [f.db_value for f in fields]


def snapshot(row: peewee.Model, *, only: list[str] | None = None) -> dict[str, Any]:
    """The row's columns as plain JSON values, for an audit event's before and after.

    Foreign keys appear as their ids without another query.
    """
    out: dict[str, Any] = {}
    for name, value in row.__data__.items():
        if only is not None and name not in only:
            continue
        if isinstance(value, dt.datetime | dt.date):
            value = value.isoformat()
        elif isinstance(value, bytes | memoryview):
            value = f"<{len(value)} bytes>"
        out[name] = value
    return out
