"""Labels of a record in the full-text index: they leave out what a reader cannot see, and what a filter does not ask for,
before a row is looked at. Without them a common word of a year long past would be looked for in every record since.

They only narrow; what is found is decided by the conditions of :func:`.queries.visible` and :func:`.queries.filtered` in the
same query.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oa_kernel import runtime
from oa_kernel.config import SECRECY_LEVELS
from oa_kernel.crypto import sm3_hex
from oa_kernel.permissions import Reach

from ..models import TEXT

#: of a record that is open to everybody from some day on
OPEN = "open"
#: a query asks for no more labels than this: somebody who may see that much finds a page without
MOST = 100
#: filter → field of the record, and the letter that its labels begin with
_FIELDS = {"year": "year", "retention": "retention", "class": "class_code", "department": "department_name", "kind": "kind"}
_FIRST = {"year": "y", "retention": "r", "class": "c", "department": "n", "kind": "k"}
_DESTROYED = "x"


def labels(item: Any) -> list[str]:
    """Of a record: its department and whether it has a day from which it is open, its level of secrecy, both in one; and one
    for each value that is filtered by."""
    level = f"s{item.secrecy_level}"
    ways = [f"d{item.department_id or 0}", *([OPEN] if item.open_from is not None else [])]
    of_filters = [_of(name, getattr(item, field)) for name, field in _FIELDS.items()]
    gone = [_DESTROYED] if item.state == "destroyed" else []
    return [level, *ways, *(way + level for way in ways), *of_filters, *gone]


def _of(name: str, value: Any) -> str:
    text = str(value).lower()
    return _FIRST[name] + (text if text.isascii() and text.isalnum() and len(text) <= 8 else sm3_hex(str(value).encode())[:12])


def wanted(filters: Mapping[str, Any]) -> list[list[str]]:
    """Groups of labels that a search with these filters asks for (those of :data:`.queries.FILTERS` that can be labels)."""
    given = {name: str(filters.get(name) or "").strip() for name in (*_FIELDS, "secrecy", "access", "state")}
    found = [_of(name, given[name]) for name in _FIELDS if given[name]]
    if given["secrecy"].isascii() and given["secrecy"].isalnum():
        found.append(f"s{given['secrecy']}")
    found += [OPEN] if given["access"] == "open" else []
    found += [_DESTROYED] if given["state"] == "destroyed" else []
    return [[name] for name in found]


def asked(reach: Reach | None, filters: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What :meth:`TextIndex.page` is told of labels for what somebody may see and asks for."""
    told = narrowing(reach)
    groups = [*told.get("labels", []), *wanted(filters)]
    return {**told, **({"labels": groups} if groups else {})}


def narrowing(reach: Reach | None) -> dict[str, list[Any]]:
    """What :meth:`TextIndex.page` is told of labels: groups, of each of which every record within ``reach`` has one, and
    those that none of them has. Each label that is asked for costs a look: no more of them than leave something out."""
    if reach is None:
        return {}
    highest = SECRECY_LEVELS.index(runtime.current().config["security"]["highest_secrecy"])
    if reach.scope is None or not reach.scope.all:
        ways = [OPEN, *(f"d{i}" for i in sorted(reach.scope.departments if reach.scope is not None else ()))]
        if reach.clearance < highest:
            # in one: a department whose records are all secret would else be gone through to the first of them
            ways = [f"{way}s{level}" for way in ways for level in range(reach.clearance + 1)]
        if len(ways) <= MOST:
            return {"labels": [ways]} if ways else {}
    return {"without": [f"s{level}" for level in range(reach.clearance + 1, highest + 1)]}


def relabel(item: Any, texts: Mapping[str, str], before: list[str]) -> None:
    """Indexes a record anew whose labels changed and whose words did not, in the caller's transaction."""
    TEXT.put(item.id, texts, old=texts, labels=labels(item), old_labels=before)


__all__ = ["OPEN", "asked", "labels", "narrowing", "relabel"]
