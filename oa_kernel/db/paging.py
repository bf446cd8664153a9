"""Pages of a list: one indexed query whatever the table's size (keyset paging, no OFFSET, no COUNT)."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import peewee

from ..errors import BadRequest

MAX_LIMIT = 200


@dataclass(frozen=True)
class Page:
    """One page: its rows, and the cursor of the next one or None."""

    items: list[Any]
    next: str | None


def page(
    query: Any,
    keys: Sequence[Any],
    *,
    limit: int = 50,
    cursor: str | None = None,
) -> Page:
    """One page of ``query`` in the order of ``keys``.

    :param keys: fields, or ``field.desc()``, all in the same direction, the last one unique (the id). They must
        not be null and should be an index.
    :param limit: rows on the page, 1 to 200.
    :param cursor: ``Page.next`` of the page before.
    :raises BadRequest: for a cursor that is not one of ours.
    """
    limit = max(1, min(int(limit), MAX_LIMIT))
    fields = [k.node if isinstance(k, peewee.Ordering) else k for k in keys]
    descending = [isinstance(k, peewee.Ordering) and k.direction.upper().startswith("DESC") for k in keys]
    if len(set(descending)) != 1:
        raise ValueError("all keys of a page go in the same direction")
    if cursor:
        values = decode(cursor, fields)
        left = peewee.Tuple(*fields) if len(fields) > 1 else fields[0]
        right = peewee.Tuple(*[peewee.Value(v, converter=f.db_value) for f, v in zip(fields, values, strict=True)]) \
            if len(fields) > 1 else values[0]
        query = query.where(left < right if descending[0] else left > right)
    return cut(list(query.order_by(*keys).limit(limit + 1)), fields, limit)


def cut(rows: list[Any], fields: Sequence[Any], limit: int) -> Page:
    """The page of rows that were asked for one more than ``limit``, in the order of ``fields``."""
    if len(rows) <= limit:
        return Page(rows, None)
    rows = rows[:limit]
    last = rows[-1]
    return Page(rows, _encode([_value(last, f) for f in fields]))


def _value(row: Any, field: Any) -> Any:
    if isinstance(row, dict):
        return row[field.name]
    for part in (field.name, field.column_name):
        if hasattr(row, "__data__") and part in row.__data__:
            return row.__data__[part]
    return getattr(row, field.name)


def _encode(values: list[Any]) -> str:
    plain = [v.isoformat() if isinstance(v, dt.datetime | dt.date) else v for v in values]
    return base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(cursor: str, fields: Sequence[Any]) -> list[Any]:
    """The values in a cursor, one a field. Raises BadRequest for what is not one of ours."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(fields):
            raise ValueError
        return [_typed(f, v) for f, v in zip(fields, values, strict=True)]
    except (ValueError, TypeError, binascii.Error, UnicodeDecodeError):
        raise BadRequest("cursor 无效：请用上一页返回的 next，或去掉它从头开始", code="bad_cursor") from None


def _typed(field: Any, value: Any) -> Any:
    if isinstance(field, peewee.DateTimeField):
        return dt.datetime.fromisoformat(value)
    if isinstance(field, peewee.DateField):
        return dt.date.fromisoformat(value)
    if isinstance(field, peewee.IntegerField) and (isinstance(value, bool) or not isinstance(value, int)):
        raise ValueError
    return value
