"""How what was found divides: by year, retention, department, kind, secrecy; for narrowing it by one click.

Counted are the newest :data:`MOST` hits the person may see, in one query whatever the number of hits; where there are more,
that is said beside the numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from oa_kernel import clock, permissions
from oa_kernel.config import SECRECY_LEVELS

from .. import rights
from ..models import RETENTIONS, TEXT, Item
from .labels import asked
from .queries import FILTERS, filtered, visible

MOST = 1_000
#: values of a facet that are shown, the commonest; years the newest
SHOWN = 8
#: facet → its title; each is a filter of the same name
TITLES = {"year": "年度", "retention": "保管期限", "department": "部门", "kind": "文种", "secrecy": "密级"}
_FIELDS = (Item.id, Item.year, Item.retention, Item.department_name, Item.kind, Item.secrecy_level)


@dataclass(frozen=True)
class Value:
    """One value of a facet: as a filter, as it is shown, and how many of what was counted have it."""

    value: str
    title: str
    count: int
    chosen: bool


@dataclass(frozen=True)
class Facets:
    """``counted`` records; ``more``: there are more, older ones, which were not looked at."""

    counted: int
    more: bool
    values: dict[str, list[Value]]


def find(person: Any, filters: Mapping[str, Any]) -> Facets:
    """The facets of what :func:`.queries.find` finds with the same filters; one query.

    A facet that would leave nothing out has no values, unless it was chosen.
    """
    rows = _rows(person, filters)
    more, rows = len(rows) > MOST, rows[:MOST]
    counts: dict[str, Counter[str]] = {name: Counter() for name in TITLES}
    for row in rows:
        for name, value in (("year", row.year), ("retention", row.retention), ("department", row.department_name),
                            ("kind", row.kind), ("secrecy", row.secrecy_level)):
            counts[name][str(value)] += 1
    return Facets(len(rows), more, {
        name: values for name, counter in counts.items() if (values := _values(name, counter, str(filters.get(name) or "")))})


def _rows(person: Any, filters: Mapping[str, Any]) -> list[Any]:
    q = str(filters.get("q") or "").strip()
    reach = permissions.reach(person, rights.READ)
    narrowed = asked(reach, filters)
    if not q and ("labels" not in narrowed or filters.get("number")):
        query = filtered(visible(Item.select(*_FIELDS), person), filters)
        return list(query.order_by(Item.id.desc()).limit(MOST + 1).namedtuples())
    same = ("facets", reach, clock.today(), *(str(filters.get(name) or "") for name in FILTERS))
    return TEXT.newest(lambda: filtered(visible(Item.select(*_FIELDS), person), filters), Item.id, q,
                       column=str(filters.get("in") or ""), **narrowed, most=MOST + 1, same=same)


def _values(name: str, counter: Counter[str], chosen: str) -> list[Value]:
    counter.pop("", None)
    if chosen:
        counter.setdefault(chosen, 0)
    elif len(counter) < 2:
        return []
    found = sorted(counter.items(), reverse=True) if name == "year" else counter.most_common()
    shown = found[:SHOWN]
    return [Value(value, _title(name, value), count, value == chosen) for value, count in shown]


def _title(name: str, value: str) -> str:
    if name == "retention":
        return RETENTIONS.get(value, value)
    if name == "secrecy" and value.isascii() and value.isdigit() and int(value) < len(SECRECY_LEVELS):
        return SECRECY_LEVELS[int(value)]
    return value


__all__ = ["MOST", "SHOWN", "TITLES", "Facets", "Value", "find"]
