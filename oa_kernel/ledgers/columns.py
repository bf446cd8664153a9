"""One field of a ledger: how it is kept, filtered, sorted, and whom it is shown to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import peewee

from oa_kernel import db
from oa_kernel.config.schema import SECRECY_LEVELS
from oa_kernel.errors import ConfigError
from oa_kernel.forms import Form

from .rows import MoneyField

#: kind → (SQL literal that stands for "empty" when sorting, the same as a value)
_EMPTY: dict[str, tuple[str, Any]] = {
    "string": ("''", ""), "text": ("''", ""), "integer": ("-9000000000000000000", -9_000_000_000_000_000_000),
    "person": ("-9000000000000000000", -9_000_000_000_000_000_000),
    "department": ("-9000000000000000000", -9_000_000_000_000_000_000),
    "money": ("-9000000000000000000", None), "number": ("-1e300", -1e300),
    "date": ("'0001-01-01'", dt.date(1, 1, 1)),
    "datetime": ("'0001-01-01 00:00:00.000000'", dt.datetime(1, 1, 2, tzinfo=dt.UTC)),
}
KINDS = (*_EMPTY, "boolean", "list")
#: kinds one may ask for from–to
RANGES = frozenset(("integer", "number", "money", "date", "datetime"))
#: what a field says to the ledger rather than to the form
LEDGER_KEYS = frozenset(("list", "filter", "sort", "total", "search", "unique", "width", "mask", "secrecy", "visible_to"))
#: indexes of a filter together with an order that a ledger has at most; each is written with every row
MOST_PAIRS = 12
MASKS = ("phone", "id", "name", "all")


@dataclass(frozen=True)
class Column:
    """A field as declared. ``rule`` is the form's."""

    name: str
    label: str
    kind: str
    rule: Mapping[str, Any] = field(repr=False)
    #: value → words, where only some values are allowed
    choices: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: stands in the list unless one chose otherwise
    list: bool = True
    filter: bool = False
    sort: bool = False
    total: bool = False
    #: its words are found by the search box
    search: bool = False
    unique: bool = False
    #: of the list, in characters; 0: as it comes
    width: int = 0
    #: ``phone`` | ``id`` | ``name`` | ``all``: shown in part only to whoever lacks the right ``sensitive``
    mask: str = ""
    #: not there at all for who may not see this level
    secrecy: int = 0
    #: not there at all for who lacks this permission
    visible_to: str = ""
    #: filled by the number series
    numbered: bool = False

    @property
    def ranged(self) -> bool:
        """Asked for from–to."""
        return self.kind in RANGES

    @property
    def few(self) -> bool:
        """Few different values: most filters by it keep a good part of the table."""
        return bool(self.choices) or self.kind == "boolean"

    @property
    def prefixed(self) -> bool:
        """Asked for by how it begins."""
        return self.kind in ("string", "text") and not self.choices

    @property
    def required(self) -> bool:
        return bool(self.rule.get("required"))

    @property
    def right_aligned(self) -> bool:
        return self.kind in ("integer", "number", "money")


def make_column(name: str, rule: Mapping[str, Any], where: str) -> Column:
    """A column from its rule in the file. Raises ConfigError that names the field and what is wrong."""
    if not isinstance(rule, Mapping):
        raise ConfigError(f"{where}：字段 {name} 应是映射，例：{{type: string, label: 名称}}")
    kind = str(rule.get("type", "string"))
    if kind not in KINDS:
        raise ConfigError(f"{where}：字段 {name} 的 type {kind!r} 不能用在台账里；可用：{'、'.join(KINDS)}")
    own = {k: rule[k] for k in rule if k in LEDGER_KEYS}
    form_rule = {k: v for k, v in rule.items() if k not in LEDGER_KEYS}
    import cerberus

    try:
        probe = Form({name: form_rule})
        cerberus.Validator({n: {k: v for k, v in r.items() if (k, v) != ("type", "decimal")} for n, r in probe.rules.items()})
    except ConfigError as error:
        raise ConfigError(f"{where}：{error.message}") from None
    except cerberus.SchemaError as error:
        raise ConfigError(f"{where}：字段 {name} 的规则有误：{error}") from None
    from oa_kernel.forms.fields import choices

    words = dict(choices(form_rule)) if kind != "list" else {}
    searchable = kind in ("string", "text")
    problems = {
        "total": own.get("total") and kind not in ("integer", "number", "money"),
        "search": own.get("search") and not searchable,
        "sort": own.get("sort") and kind in ("text", "list", "boolean"),
        "filter": own.get("filter") and kind in ("text", "list"),
        "unique": own.get("unique") and kind not in ("string", "integer"),
    }
    for key, wrong in problems.items():
        if wrong:
            raise ConfigError(f"{where}：字段 {name}（{kind}）不能用 {key}")
    mask, level = str(own.get("mask") or ""), own.get("secrecy")
    if own.get("mask") is True:
        mask = "all"
    if mask and mask not in MASKS:
        raise ConfigError(f"{where}：字段 {name} 的 mask 只能是 {'、'.join(MASKS)}")
    hidden = bool(mask or level or own.get("visible_to"))
    if mask and (kind not in ("string", "text") or own.get("search") or own.get("sort") or own.get("filter")):
        raise ConfigError(f"{where}：字段 {name} 有 mask：应是文字，不能再用于筛选、排序或搜索（能由结果猜出内容）")
    if hidden and own.get("search"):
        raise ConfigError(f"{where}：字段 {name} 不是人人可见，不能用于搜索")
    if level and level not in SECRECY_LEVELS:
        raise ConfigError(f"{where}：字段 {name} 的 secrecy 只能是 {'、'.join(SECRECY_LEVELS)}")
    return Column(
        name, str(rule.get("label") or name), kind, form_rule, words, bool(own.get("list", kind not in ("text", "list"))),
        bool(own.get("filter")), bool(own.get("sort")), bool(own.get("total")), bool(own.get("search")),
        bool(own.get("unique")), int(own.get("width") or 0), mask, SECRECY_LEVELS.index(level) if level else 0,
        str(own.get("visible_to") or ""),
    )


def make_field(column: Column) -> Any:
    """The peewee field of a table made from the declaration. Lengths are the form's business: they may grow."""
    kind = column.kind
    if kind in ("string", "text"):
        return db.TextField(null=True) if column.unique or column.numbered else db.TextField(default="")
    if kind == "boolean":
        return db.BooleanField(default=False)
    if kind == "list":
        return db.JSONField(default=list)
    made = {"integer": db.BigIntegerField, "person": db.BigIntegerField, "department": db.BigIntegerField,
            "money": MoneyField, "number": db.FloatField, "date": db.DateField, "datetime": db.UTCDateTimeField}
    return made[kind](null=True)


def key(model: Any, column: Column | None) -> Any:
    """What the list is ordered by and filtered by: never null, text by code point; the same words as the index has."""
    if column is None:
        return model.id
    found = getattr(model, column.name)
    expression: Any = found
    if found.null:
        expression = db.fn.COALESCE(found, db.SQL(_EMPTY[column.kind][0]))
    if column.kind in ("string", "text") and db.is_postgresql():
        return peewee.NodeList((expression, db.SQL('COLLATE "C"')))
    return expression


def key_sql(model: Any, column: Column) -> str:
    """The same for CREATE INDEX."""
    found = getattr(model, column.name)
    sql = f'"{found.column_name}"'
    if found.null:
        sql = f"COALESCE({sql}, {_EMPTY[column.kind][0]})"
    if column.kind in ("string", "text") and db.is_postgresql():
        sql = f'({sql} COLLATE "C")' if found.null else f'{sql} COLLATE "C"'
    elif found.null and db.is_postgresql():
        sql = f"({sql})"
    return sql


def stored(model: Any, column: Column, value: Any) -> Any:
    """A value as the database compares it; None: what stands for empty."""
    if value is None:
        literal, empty = _EMPTY[column.kind]
        if column.kind == "money":
            return int(literal)
        if column.kind == "datetime":
            return "0001-01-01 00:00:00.000000"
        value = empty
    return getattr(model, column.name).db_value(value)


def paired(columns: Iterable[Column]) -> list[tuple[Column, Column]]:
    """(filter of few values, order by another column) that get an index together, at most :data:`MOST_PAIRS`: walked in the
    order alone, a value that few rows have would be looked for in the whole table."""
    known = tuple(columns)
    found = [(few, by) for few in known if few.filter and few.few for by in known if by.sort and by is not few]
    return found[:MOST_PAIRS]


__all__ = [
    "KINDS", "LEDGER_KEYS", "MASKS", "MOST_PAIRS", "RANGES", "Column", "key", "key_sql", "make_column", "make_field", "paired",
    "stored",
]
