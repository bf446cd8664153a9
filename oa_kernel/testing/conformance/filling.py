"""Values made from declarations: rows from columns, bodies from schemas."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import peewee

from oa_kernel import clock, db

_OWNERS = frozenset(("owner_id", "drafter_id", "person_id", "created_by_id", "by_id", "author_id", "applicant_id"))


def fill(models: list[type], rows: int, owner: Any, department: Any, numbers: Iterator[int]) -> None:
    """Inserts so many rows into each table, those they refer to first."""
    with db.transaction():
        for model in models:
            made = [row_of(model, next(numbers), owner, department) for _ in range(rows)]
            for start in range(0, len(made), 50):
                model.insert_many(made[start : start + 50]).execute()


def row_of(model: Any, number: int, owner: Any, department: Any) -> dict[str, Any]:
    """One row: owners and departments are the given ones, unique columns get the number."""
    meta = model._meta
    unique = {f.name for f in meta.sorted_fields if f.unique}
    for names, is_unique in _indexes(meta):
        unique |= set(names) if is_unique else set()
    values = {}
    for field in meta.sorted_fields:
        if isinstance(field, peewee.AutoField | peewee.BigAutoField):
            continue
        values[field.name] = _column(field, number, owner, department, field.name in unique)
    return values


def _indexes(meta: Any) -> list[tuple[tuple[str, ...], bool]]:
    return [(tuple(i[0]), bool(i[1])) for i in meta.indexes if isinstance(i, tuple | list)]


def _column(field: Any, number: int, owner: Any, department: Any, unique: bool) -> Any:
    if isinstance(field, peewee.ForeignKeyField):
        if field.null:
            return None
        ids = [i for (i,) in field.rel_model.select(field.rel_field).order_by(field.rel_field).limit(500).tuples()]
        return ids[number % len(ids)] if ids else None
    if field.name in _OWNERS:
        return owner.id
    if field.name == "department_id":
        return department.id
    if field.name in ("owner_name", "drafter_name", "by_name"):
        return owner.name
    if not unique:
        if field.default is not None:
            return field.default() if callable(field.default) else field.default
        if field.null:
            return None
    return _value(field, number)


def _value(field: Any, number: int) -> Any:
    if getattr(field, "choices", None):
        return field.choices[0][0]
    if isinstance(field, db.JSONField):
        return {}
    if isinstance(field, peewee.BooleanField):
        return False
    if isinstance(field, peewee.IntegerField | peewee.FloatField | peewee.DecimalField):
        return number
    if isinstance(field, peewee.DateTimeField):
        return clock.now() - dt.timedelta(seconds=number)
    if isinstance(field, peewee.DateField):
        return clock.today()
    if isinstance(field, peewee.BlobField):
        return b"conformance"
    text = f"检查{number}"
    longest = getattr(field, "max_length", None)
    return text[-longest:] if isinstance(longest, int) and longest else text


def raw_row(columns: list[Any], number: int) -> dict[str, Any]:
    """A row for a table of which only the database knows the columns (an older version's)."""
    values: dict[str, Any] = {}
    for column in columns:
        if column.primary_key or (column.null and column.default is None):
            continue
        kind = str(column.data_type).lower()
        if column.default is not None:
            continue
        if any(word in kind for word in ("int", "real", "float", "double", "numeric", "decimal")):
            values[column.name] = number
        elif "bool" in kind:
            values[column.name] = False
        elif "date" in kind or "time" in kind:
            values[column.name] = "2026-01-01" if kind == "date" else "2026-01-01 00:00:00"
        elif "blob" in kind or "bytea" in kind:
            values[column.name] = b"x"
        else:
            values[column.name] = f"r{number}"
    return values


def sample_body(body: Any) -> dict[str, Any]:
    """A JSON body that fits a declared schema as well as can be told from it."""
    from oa_kernel import forms

    if body is None:
        return {}
    return {name: sample(rule) for name, rule in forms.load(body).schema.items() if not _left_out(name, rule)}


def _left_out(name: str, rule: Mapping[str, Any]) -> bool:
    return name == "version" or (rule.get("nullable") and not rule.get("required"))


def sample_fields(running: Any, name: str) -> dict[str, Any]:
    """Fields that the plugin's forms and REST bodies know, as a page would send them."""
    from oa_kernel import forms

    found: dict[str, Any] = {}
    for owner, api in running.plugins.collect_with_owner("oa_api_blueprints"):
        for operation in api.operations if owner == name else ():
            found.update(sample_body(operation.body))
    for owner, path in running.plugins.collect_with_owner("oa_forms"):
        if owner == name:
            found.update({k: sample(r) for k, r in forms.load(path).schema.items() if not _left_out(k, r)})
    return {k: "1" if v is True else v for k, v in found.items() if v not in (None, False) and not isinstance(v, dict)}


def sample(rule: Mapping[str, Any]) -> Any:
    """A value that fits a cerberus rule."""
    if rule.get("default") is not None:
        return rule["default"]
    if rule.get("allowed"):
        return list(rule["allowed"])[0]
    options = rule.get("options")
    if options:
        first = list(options)[0]
        return str(first["value"] if isinstance(first, Mapping) else first)
    kind = rule.get("type", "string")
    if kind in ("integer", "number", "float", "decimal", "money"):
        return rule.get("min", 1)
    if kind == "boolean":
        return True
    if kind == "date":
        return "2026-12-01"
    if kind == "datetime":
        return "2026-12-01T09:00:00+08:00"
    if kind == "list":
        inner = rule.get("schema")
        return [sample(inner)] if isinstance(inner, Mapping) else []
    if kind == "dict":
        inner = rule.get("schema")
        return {k: sample(r) for k, r in inner.items()} if isinstance(inner, Mapping) else {}
    text = "样例" * max(1, -(-int(rule.get("minlength", 0)) // 2))
    return text[: int(rule["maxlength"])] if rule.get("maxlength") else text


__all__ = ["fill", "raw_row", "row_of", "sample", "sample_body", "sample_fields"]
