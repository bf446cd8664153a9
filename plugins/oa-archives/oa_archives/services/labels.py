"""Labels of a record in the full-text index: they leave out what a reader cannot see before a row is looked at.

They only narrow; who may see what is decided by the condition of :func:`.queries.visible` in the same query.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oa_kernel import runtime
from oa_kernel.config import SECRECY_LEVELS
from oa_kernel.permissions import Reach

from ..models import TEXT

#: of a record that is open to everybody from some day on
OPEN = "open"
#: a query asks for no more labels than this: somebody who may see that much finds a page without
MOST = 100


def labels(item: Any) -> list[str]:
    """Of a record: its department and whether it has a day from which it is open, its level of secrecy, both in one."""
    level = f"s{item.secrecy_level}"
    ways = [f"d{item.department_id or 0}", *([OPEN] if item.open_from is not None else [])]
    return [level, *ways, *(way + level for way in ways)]


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


__all__ = ["OPEN", "labels", "narrowing", "relabel"]
