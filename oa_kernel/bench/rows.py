"""Many rows at once, for suites that measure large tables."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

_BATCH = 20_000


def defaults(model: Any, columns: Sequence[str]) -> dict[str, Any]:
    """What a model writes into the columns that are not given: they may be more tomorrow."""
    found = {}
    for field in model._meta.sorted_fields:
        if field.column_name not in columns and field.default is not None:
            value = field.default() if callable(field.default) else field.default
            found[field.column_name] = field.db_value(value)
    return found


def insert(model: Any, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Writes rows of a model's table by the driver's ``executemany``, a batch a transaction."""
    from oa_kernel import db

    more = defaults(model, columns)
    names, rest = [*columns, *more], tuple(more.values())
    mark = db.database.param
    sql = f"INSERT INTO {model._meta.table_name} ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))})"
    waiting = iter(rows)
    while batch := [(*row, *rest) for row in itertools.islice(waiting, _BATCH)]:
        with db.transaction():
            db.database.connection().cursor().executemany(sql, batch)


def stamps() -> list[str]:
    """Ten thousand instants of the last year, the newest first, as the database keeps them."""
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    return [(now - dt.timedelta(minutes=50 * n)).isoformat(" ", "microseconds") for n in range(10_000)]
