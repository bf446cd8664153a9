"""A ledger's list as its template wants it: heads, lines, filters with their chips, totals, all worked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlencode

from oa_kernel import ledgers

from .. import show
from ..i18n import gettext as _

#: filters that stand in the row above the table; the others behind a button
_OPEN = 2


class Head(NamedTuple):
    """A column's heading. ``url`` sorts by it; ``order``: ``ascending`` | ``descending`` where the list is."""

    name: str
    label: str
    url: str
    order: str
    right: bool
    width: str


class Line(NamedTuple):
    """A row. ``cells``: (label, text, classes)."""

    id: int
    url: str
    title: str
    cells: list[tuple[str, Any, str]]
    archived: bool


@dataclass
class Filter:
    """One control of the filter row."""

    name: str
    label: str
    #: ``select`` | ``text`` | ``range``
    kind: str
    value: str = ""
    upto: str = ""
    type: str = "text"
    options: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Chip:
    """A filter that is on, and the address without it."""

    text: str
    url: str


class Address:
    """Addresses of the list with the arguments that are on, some of them changed."""

    def __init__(self, path: str, args: Mapping[str, Any]) -> None:
        self.path = path
        self.pairs = [(k, v) for k, v in _pairs(args) if k not in ("cursor", "view") and v != ""]

    def having(self, **changes: str) -> str:
        """The address with these changed; an empty one goes."""
        pairs = [(k, v) for k, v in self.pairs if k not in changes] + [(k, v) for k, v in changes.items() if v]
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path

    def without(self, *names: str) -> str:
        pairs = [(k, v) for k, v in self.pairs if k not in names]
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path

    @property
    def suffix(self) -> str:
        """The arguments as they stand behind a path."""
        return f"?{urlencode(self.pairs)}" if self.pairs else ""

    @property
    def query(self) -> dict[str, Any]:
        """The arguments to keep in a saved view."""
        kept: dict[str, Any] = {}
        for name, value in self.pairs:
            if name in kept:
                kept[name] = [*(kept[name] if isinstance(kept[name], list) else [kept[name]]), value]
            else:
                kept[name] = value
        return kept


def _pairs(args: Mapping[str, Any]) -> list[tuple[str, str]]:
    if hasattr(args, "items") and hasattr(args, "getlist"):
        return [(k, str(v).strip()) for k, v in args.items(multi=True)]  # type: ignore[call-arg]
    return [(k, str(one)) for k, v in args.items() for one in (v if isinstance(v, list) else [v])]


def chosen_columns(ledger: ledgers.Ledger, who: Any, look: Mapping[str, Any]) -> list[ledgers.Column]:
    """Columns of the list: as one chose them, else as declared."""
    known = {c.name: c for c in ledger.columns(who)}
    wanted = [known[n] for n in look.get("columns") or () if n in known]
    return wanted or [c for c in known.values() if c.list] or list(known.values())[:6]


def heads(ledger: ledgers.Ledger, who: Any, columns: list[ledgers.Column], wanted: ledgers.Wanted, at: Address) -> list[Head]:
    """The headings; one that sorts leads there, the second time the other way round."""
    found = []
    for column in columns:
        can = column.sort and ledger.sees(who, column) == "open" and not wanted.q
        here = wanted.column is column
        order = ("descending" if wanted.descending else "ascending") if here else ""
        back = f"-{column.name}" if order == "ascending" else column.name
        found.append(Head(column.name, column.label, at.having(sort=back) if can else "", order, column.right_aligned,
                          f"oa-w{min(60, max(4, column.width)) // 4 * 4}" if column.width else ""))
    return found


def lines(ledger: ledgers.Ledger, who: Any, columns: list[ledgers.Column], rows: list[Any]) -> list[Line]:
    """The rows, people and departments by name: one query for all of them."""
    names = ledgers.Names(columns, rows)
    out = []
    for row in rows:
        shown = ledger.shown(row, who, columns)
        cells = [(c.label, cell(c, shown[c.name], names), _classes(c)) for c in columns]
        first = cells[0][1] if cells and cells[0][1] else ledger.title_of(row, who)
        out.append(Line(row.id, f"/ledgers/{ledger.name}/{row.id}", str(first), cells, bool(getattr(row, "archived", False))))
    return out


def _classes(column: ledgers.Column) -> str:
    if column.right_aligned:
        return "text-end text-nowrap"
    short = column.choices or column.kind in ("date", "datetime", "boolean", "person")
    return "text-nowrap" if short else "oa-words"


def cell(column: ledgers.Column, value: Any, names: ledgers.Names) -> Any:
    """A value for reading."""
    if column.kind == "datetime" and value is not None:
        return show.minute(value)
    if column.kind == "boolean":
        return _("是") if value else _("否")
    text = ledgers.text(column, value, names)
    unit = column.rule.get("unit")
    return f"{text} {unit}" if text and unit and not column.right_aligned else text


def filters(ledger: ledgers.Ledger, who: Any, args: Mapping[str, Any]) -> tuple[list[Filter], list[Filter]]:
    """Controls above the table, and those behind the button."""
    made = []
    for column in ledger.columns(who):
        if not column.filter or ledger.sees(who, column) != "open":
            continue
        value = str(args.get(column.name) or "")
        if column.choices:
            made.append(Filter(column.name, column.label, "select", value, options=list(column.choices.items())))
        elif column.kind == "boolean":
            made.append(Filter(column.name, column.label, "select", value, options=[("true", _("是")), ("false", _("否"))]))
        elif column.kind == "department":
            options = [(str(k), v) for k, v in ledgers.departments().items()]
            made.append(Filter(column.name, column.label, "select", value, options=options))
        elif column.ranged:
            kind = {"date": "date", "datetime": "date"}.get(column.kind, "number")
            made.append(Filter(column.name, column.label, "range", str(args.get(f"{column.name}_from") or ""),
                               str(args.get(f"{column.name}_to") or ""), kind))
        elif column.prefixed:
            made.append(Filter(f"{column.name}_prefix", _("%(l)s的开头", l=column.label), "text",
                               str(args.get(f"{column.name}_prefix") or "")))
        else:
            made.append(Filter(column.name, column.label, "text", value))
    front = [f for f in made if f.kind == "select"][:_OPEN]
    return front, [f for f in made if f not in front]


def chips(ledger: ledgers.Ledger, wanted: ledgers.Wanted, at: Address) -> list[Chip]:
    """What is filtered by now; each leads to the list without it."""
    found = []
    people = ledgers.Names([], [], [v for c, _o, v in wanted.conditions if c.kind == "person"])
    for column, operator, value in wanted.conditions:
        many = value if isinstance(value, list) else [value]
        text = "、".join(str(cell(column, v, people)) for v in many)
        said = {"from": "≥ ", "to": "≤ ", "prefix": _("开头是") + " "}.get(operator, "")
        name = column.name + {"from": "_from", "to": "_to", "prefix": "_prefix"}.get(operator, "")
        found.append(Chip(f"{column.label}：{said}{text}", at.without(name)))
    return found


class View(NamedTuple):
    """A saved view. ``on``: it is the one that was opened."""

    id: int
    name: str
    url: str
    on: bool


def views(path: str, rows: list[Any], opened: str) -> list[View]:
    """Saved views, each with its address."""
    return [
        View(row.id, row.name, Address(path, row.content.get("query") or {}).having(view=str(row.id)), opened == str(row.id))
        for row in rows
    ]


def totals(ledger: ledgers.Ledger, who: Any, wanted: ledgers.Wanted, columns: list[ledgers.Column]) -> dict[str, Any] | None:
    """The line below the table."""
    sums = ledgers.totals(ledger, who, wanted)
    if sums is None:
        return None
    names = ledgers.Names([], [])
    texts = {c.name: ledgers.text(c, sums.sums[c.name], names) for c in ledger.declaration.columns if c.name in sums.sums}
    return {
        "count": sums.count, "capped": sums.capped, "cells": [(c.label, texts.get(c.name, "")) for c in columns],
        "rest": [(c.label, texts[c.name]) for c in ledger.declaration.columns if c.name in texts and c not in columns],
    }


__all__ = [
    "Address", "Chip", "Filter", "Head", "Line", "View", "cell", "chips", "chosen_columns", "filters", "heads", "lines",
    "totals", "views",
]
