"""Fields that behave alike on both engines."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import peewee

UTC = dt.UTC


class UTCDateTimeField(peewee.DateTimeField):
    """An instant. Aware in Python, UTC without offset in the database (ISO 8601 text on SQLite).

    A naive value is refused: nobody can know its zone.
    """

    def db_value(self, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, dt.datetime):
            if value.tzinfo is None:
                raise ValueError(f"{self.name}: an instant needs its time zone, got {value!r}")
            # always six digits, so that text order is time order on SQLite
            return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
        return value

    def python_value(self, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, str):
            value = dt.datetime.fromisoformat(value)
        return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


class JSONField(peewee.TextField):
    """A JSON value kept as text, the same on both engines; keys sorted so that equal values are equal text."""

    def db_value(self, value: Any) -> Any:
        if value is None:
            return None
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)

    def python_value(self, value: Any) -> Any:
        return None if value is None else json.loads(value)


def _plain(value: Any) -> Any:
    """Forms give dates and amounts: JSON keeps them as ISO 8601 text and as numbers."""
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")
