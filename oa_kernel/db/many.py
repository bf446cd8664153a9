"""Many rows in few statements, for what would hold SQLite's one writer long if every row had its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import peewee

from .engine import database, is_postgresql

#: values of one statement: SQLite takes 32,766, and a longer text saves nothing
_VALUES = 10_000


def insert_many(model: Any, rows: Iterable[Mapping[str, Any]]) -> int:
    """Inserts rows (field name → value, all with the same fields) as ``Model.create`` would, but without telling their
    ids; how many. What a row leaves out takes the field's default. Inside a transaction."""
    every = iter(rows)
    first = next(every, None)
    if first is None:
        return 0
    preset = model._meta.get_default_dict()
    names = [f.name for f in model._meta.sorted_fields if f.name in first or f.name in preset]
    fields = [model._meta.fields[name] for name in names]
    table, columns = model._meta.table_name, ", ".join(f'"{f.column_name}"' for f in fields)

    def values() -> Iterable[list[Any]]:
        for row in itertools.chain([first], every):
            given = row if len(row) == len(names) else {**model._meta.get_default_dict(), **row}
            yield [f.db_value(given[name]) for f, name in zip(fields, names, strict=True)]

    return insert_values(f'"{table}" ({columns})', len(fields), values())


def insert_values(into: str, width: int, rows: Iterable[Sequence[Any]]) -> int:
    """``INSERT INTO`` a table and its columns, the values being as the database takes them; how many rows."""
    line, every, done = f"({', '.join([database.param] * width)})", iter(rows), 0
    while part := list(itertools.islice(every, _VALUES // width)):
        database.execute_sql(f"INSERT INTO {into} VALUES {', '.join([line] * len(part))}", [v for row in part for v in row])
        done += len(part)
    return done


def update_many(rows: Sequence[peewee.Model], only: Sequence[peewee.Field]) -> None:
    """Writes these fields of rows that are all there, each row its own values. Inside a transaction, rows locked."""
    if not rows:
        return
    model = type(rows[0])
    meta: Any = model._meta  # type: ignore[attr-defined]
    fields: list[Any] = [meta.primary_key, *only]
    # a value without a type is text to PostgreSQL, and so is a column of nothing but NULL
    columns = [f"v.column{n}" for n in range(1, len(fields) + 1)]
    if is_postgresql():
        columns = [f"CAST({c} AS {_type(f)})" for c, f in zip(columns, fields, strict=True)]
    sets = ", ".join(f'"{f.column_name}" = {c}' for f, c in zip(fields[1:], columns[1:], strict=True))
    table, key, line = meta.table_name, meta.primary_key.column_name, f"({', '.join([database.param] * len(fields))})"
    for start in range(0, len(rows), size := _VALUES // len(fields)):
        part = rows[start:start + size]
        database.execute_sql(
            f'UPDATE "{table}" SET {sets} FROM (VALUES {", ".join([line] * len(part))}) AS v'
            f' WHERE "{table}"."{key}" = {columns[0]}',
            [f.db_value(row.__data__.get(f.name)) for row in part for f in fields])


def _type(field: Any) -> str:
    if isinstance(field, peewee.AutoField):
        return "BIGINT"
    sql, _values = database.get_sql_context().sql(field.ddl_datatype(database.get_sql_context())).query()
    return str(sql)


def in_pieces(keys: Iterable[Any], size: int = 500) -> Iterable[list[Any]]:
    """Keys in lists of a length that one ``IN`` takes well."""
    every = iter(keys)
    while part := list(itertools.islice(every, size)):
        yield part


__all__ = ["in_pieces", "insert_many", "insert_values", "update_many"]
