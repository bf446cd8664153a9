"""Many rows at once, for suites that measure large tables."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

_BATCH = 20_000


def insert(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Writes rows by the driver's ``executemany``, a batch a transaction."""
    from oa_kernel import db

    mark = db.database.param
    sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join([mark] * len(columns))})"
    waiting = iter(rows)
    while batch := list(itertools.islice(waiting, _BATCH)):
        with db.transaction():
            db.database.connection().cursor().executemany(sql, batch)


def stamps() -> list[str]:
    """Ten thousand instants of the last year, the newest first, as the database keeps them."""
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    return [(now - dt.timedelta(minutes=50 * n)).isoformat(" ", "microseconds") for n in range(10_000)]
