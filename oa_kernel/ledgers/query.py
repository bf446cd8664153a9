"""A page of a ledger: filters and order out of plain arguments, one indexed query.

Arguments (REST and pages alike): ``FIELD=value`` (of fields with choices several, any of which will do),
``FIELD_from=``, ``FIELD_to=`` for numbers and dates, ``FIELD_prefix=`` for texts, ``q=`` for words anywhere,
``state=active|archived|all``, ``sort=FIELD`` or ``-FIELD``.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import peewee

from oa_kernel import clock, db
from oa_kernel.db.paging import MAX_LIMIT
from oa_kernel.errors import BadRequest, Invalid

from . import values, words
from .columns import Column, key, stored

if TYPE_CHECKING:
    from .ledger import Ledger

STATES = ("active", "archived", "all")
#: rows that totals look at, at most
TOTALLED = 100_000
#: stands for the end of all texts that begin alike
_LAST = "\U0010ffff"


@dataclass
class Wanted:
    """What of a ledger is asked for, understood."""

    q: str = ""
    state: str = "active"
    #: column it is ordered by; None: id
    column: Column | None = None
    descending: bool = True
    #: (column, operator, value): ``=``, ``in``, ``from``, ``to``, ``prefix``
    conditions: list[tuple[Column, str, Any]] = field(default_factory=list)

    @property
    def sort(self) -> str:
        """As it is written."""
        return ("-" if self.descending else "") + (self.column.name if self.column else "id")

    @property
    def filtered(self) -> bool:
        return bool(self.q or self.conditions or self.state != "active")


def understand(ledger: Ledger, person: Any, args: Mapping[str, Any]) -> Wanted:
    """The arguments, checked. What the person may not see they cannot ask about either.

    :raises Invalid: ``errors`` by argument.
    """
    made = Wanted(q=" ".join(str(args.get("q") or "").split())[:200], state=str(args.get("state") or "active"))
    errors: dict[str, list[str]] = {}
    if made.state not in STATES:
        errors["state"] = [f"state 只能是 {'、'.join(STATES)}"]
    open_columns = [c for c in ledger.columns(person) if ledger.sees(person, c) == "open"]
    for column in open_columns:
        if column.filter:
            for operator, name in _operators(column):
                try:
                    value = _value(ledger, column, operator, args, name)
                except ValueError as error:
                    errors[name] = [str(error)]
                else:
                    if value is not None:
                        made.conditions.append((column, operator, value))
    _order(ledger, made, open_columns, str(args.get("sort") or ""), errors)
    if made.q and not ledger.searched:
        errors["q"] = ["这个台账没有可以搜索的字段"]
    if errors:
        raise Invalid("筛选条件有误", errors=errors)
    return made


def _operators(column: Column) -> list[tuple[str, str]]:
    found = [("in" if column.choices else "=", column.name)]
    if column.ranged:
        found += [("from", f"{column.name}_from"), ("to", f"{column.name}_to")]
    if column.prefixed:
        found.append(("prefix", f"{column.name}_prefix"))
    return found


def _value(ledger: Ledger, column: Column, operator: str, args: Mapping[str, Any], name: str) -> Any:
    if operator == "in":
        many = args.getlist(name) if hasattr(args, "getlist") else args.get(name)
        many = [many] if isinstance(many, str) else list(many or ())
        many = [m for m in (str(v).strip() for v in many) if m]
        if unknown := [m for m in many if m not in column.choices]:
            raise ValueError(f"“{unknown[0][:40]}”不在可选范围内：{'、'.join(column.choices)}")
        return many or None
    text = args.get(name)
    if text is None or (isinstance(text, str) and not text.strip()):
        return None
    if operator == "prefix":
        return values.clean(str(text).strip()[:200])
    return values.from_text(column, text)


def _order(ledger: Ledger, made: Wanted, columns: list[Column], asked: str, errors: dict[str, list[str]]) -> None:
    chosen = asked or ledger.declaration.sort
    if not asked:  # a part of the table that an index has in one piece is read in its order
        ranged = next((c for c, operator, _v in made.conditions if operator in ("from", "to", "prefix") and c.sort), None)
        if ranged is not None:
            chosen = ranged.name if made.conditions and ranged.prefixed else f"-{ranged.name}"
    if made.q:  # found by their words, the newest first
        if asked.removeprefix("-") not in ("", "id"):
            errors["sort"] = ["搜索结果按登记先后排列，不能另选排序"]
        chosen = "-id"
    name = chosen.removeprefix("-")
    made.descending = chosen.startswith("-")
    made.column = next((c for c in columns if c.name == name and c.sort), None)
    if made.column is None and name != "id":
        sortable = [c.name for c in columns if c.sort]
        errors["sort"] = [f"不能按 {name} 排序。可用：{'、'.join(['id', *sortable])}"]


def matching(ledger: Ledger, person: Any, wanted: Wanted, query: Any = None) -> Any:
    """The rows the person may see that are asked for, in no order."""
    model = ledger.model
    found = ledger.query(person) if query is None else query
    if ledger.writable and wanted.state != "all":
        found = found.where(model.archived == (wanted.state == "archived"))
    for column, operator, value in wanted.conditions:
        found = found.where(_condition(model, column, operator, value, _in_order(ledger, column, operator, value, wanted)))
    if wanted.q:
        held = words.condition(model, wanted.q)
        found = found.where(held if held is not None else db.SQL("1 = 0"))
    return found


def _in_order(ledger: Ledger, column: Column, operator: str, value: Any, wanted: Wanted) -> bool:
    """Whether an index has the rows of the condition in the order of the page."""
    if wanted.column is column:
        return True
    if operator != "=" and not (operator == "in" and len(value) == 1):
        return False
    return wanted.column is None or (column.name, wanted.column.name) in ledger.pairs


def _condition(model: Any, column: Column, operator: str, value: Any, in_order: bool) -> Any:
    left = key(model, column)
    if (column.few or operator in ("from", "to")) and not in_order and not db.is_postgresql():
        # SQLite knows no figures of a table: it would sort most of it rather than walk it in order
        left = peewee.NodeList((db.SQL("+"), left))
    if operator == "in":
        kept = [stored(model, column, v) for v in value]
        if len(kept) == 1:
            return peewee.Expression(left, "=", peewee.Value(kept[0]))
        return peewee.Expression(left, "IN", peewee.EnclosedNodeList([peewee.Value(v) for v in kept]))
    if operator == "prefix":
        return peewee.Expression(
            peewee.Expression(left, ">=", peewee.Value(value)), "AND",
            peewee.Expression(left, "<", peewee.Value(value + _LAST)))
    sign = {"=": "=", "from": ">=", "to": "<="}[operator]
    condition = peewee.Expression(left, sign, peewee.Value(stored(model, column, value)))
    if operator == "to":  # what is empty lies before everything, and is not asked for
        condition = peewee.Expression(condition, "AND", peewee.Expression(left, ">", peewee.Value(stored(model, column, None))))
    return condition


def page(ledger: Ledger, person: Any, wanted: Wanted, *, limit: int = 50, cursor: str | None = None) -> db.Page:
    """One page of the rows the person may see."""
    limit = max(1, min(int(limit), MAX_LIMIT))
    rows = list(page_query(ledger, person, wanted, cursor).limit(limit + 1))
    if len(rows) <= limit:
        return db.Page(rows, None)
    return db.Page(rows[:limit], _cursor(rows[limit - 1], wanted))


def page_query(ledger: Ledger, person: Any, wanted: Wanted, cursor: str | None = None, *, base: Any = None) -> Any:
    """The rows after the cursor in their order: what a page and an export read."""
    model = ledger.model
    query = matching(ledger, person, wanted, base)
    keys = [key(model, wanted.column), model.id] if wanted.column is not None else [model.id]
    if cursor:
        query = query.where(_after(model, wanted, keys, cursor))
    return query.order_by(*[peewee.Ordering(k, "DESC" if wanted.descending else "ASC") for k in keys])


def exported(ledger: Ledger, person: Any, wanted: Wanted) -> Any:
    """All rows asked for that the person may take out of the house, in their order."""
    return page_query(ledger, person, wanted, base=ledger.query(person, "export"))


def _after(model: Any, wanted: Wanted, keys: list[Any], cursor: str) -> Any:
    sign = "<" if wanted.descending else ">"
    try:
        said = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        sort, value, row_id = said
        if sort != wanted.sort or isinstance(row_id, bool) or not isinstance(row_id, int) or abs(row_id) >= 2**63:
            raise ValueError
        if value is not None and not isinstance(value, str | int | float):
            raise ValueError
        if wanted.column is not None and value is not None:
            value = values.plain_back(wanted.column, value)
    except (ValueError, TypeError, binascii.Error, UnicodeDecodeError):
        raise BadRequest("cursor 无效：请用上一页返回的 next，或去掉它从头开始", code="bad_cursor") from None
    if wanted.column is None:
        return peewee.Expression(model.id, sign, peewee.Value(row_id))
    last = stored(model, wanted.column, value)
    return peewee.Expression(
        peewee.EnclosedNodeList(keys), sign, peewee.EnclosedNodeList([peewee.Value(last), peewee.Value(row_id)]))


def _cursor(row: Any, wanted: Wanted) -> str:
    value = values.plain(getattr(row, wanted.column.name)) if wanted.column is not None else None
    text = json.dumps([wanted.sort, value, row.id], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@dataclass
class Totals:
    """Sums of what is asked for. ``capped``: there were more rows than were looked at."""

    count: int
    sums: dict[str, Any]
    capped: bool


def totals(ledger: Ledger, person: Any, wanted: Wanted) -> Totals | None:
    """One more query; None where the ledger declares no totals the person may see."""
    columns = [c for c in ledger.columns(person) if c.total and ledger.sees(person, c) == "open"]
    if not columns:
        return None
    model = ledger.model
    inner = matching(ledger, person, wanted).select(*[getattr(model, c.name) for c in columns]).limit(TOTALLED + 1)
    part = inner.alias("part")
    fields = [db.fn.SUM(getattr(part.c, getattr(model, c.name).column_name)) for c in columns]
    row = peewee.Select([part], [db.fn.COUNT(db.SQL("*")), *fields]).bind(db.database).tuples()
    count, *sums = next(iter(row))
    found = {}
    for column, value in zip(columns, sums, strict=True):
        if value is not None and column.kind != "number":
            value = int(value)
        found[column.name] = getattr(model, column.name).python_value(value) if value is not None else 0
    return Totals(min(count, TOTALLED), found, count > TOTALLED)


def defaults(now: Any = None) -> dict[str, int]:
    """What number formats know."""
    day = clock.local(now or clock.now())
    return {"year": day.year, "month": day.month}


__all__ = ["STATES", "TOTALLED", "Totals", "Wanted", "defaults", "exported", "matching", "page", "page_query", "totals", "understand"]
