"""The base of all models."""

from __future__ import annotations

import datetime as dt
from typing import Any

import peewee

from .engine import database


class Model(peewee.Model):
    """Base model, bound to the one database. Give every model a ``table_name`` of ``plugin_thing``."""

    id = peewee.BigAutoField()

    class Meta:
        database = database
        legacy_table_names = False


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
