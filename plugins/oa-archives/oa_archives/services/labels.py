"""Labels of a record in the full-text index: they leave out what a reader cannot see before a row is looked at.

They only narrow; who may see what is decided by the condition of :func:`.queries.visible` in the same query.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oa_kernel import permissions

from .. import rights
from ..models import TEXT

#: of a record that is open to everybody from some day on
OPEN = "open"
#: somebody who may see more departments than these is not narrowed: nearly every hit is theirs
MOST_DEPARTMENTS = 40


def labels(item: Any) -> list[str]:
    """Of a record: its department, its level of secrecy, whether it has a day from which it is open."""
    found = [f"d{item.department_id or 0}", f"s{item.secrecy_level}"]
    return [*found, OPEN] if item.open_from is not None else found


def narrowing(person: Any) -> list[list[str]]:
    """Groups of labels, of each of which every record that ``person`` may see has one."""
    found = [[f"s{level}" for level in range(permissions.clearance_of(person) + 1)]]
    scope = permissions.scopes_of(person).get(rights.READ)
    if scope is None:
        found.append([OPEN])
    elif not scope.all and len(scope.departments) <= MOST_DEPARTMENTS:
        found.append([OPEN, *(f"d{i}" for i in sorted(scope.departments))])
    return [group for group in found if group]


def relabel(item: Any, texts: Mapping[str, str], before: list[str]) -> None:
    """Indexes a record anew whose labels changed and whose words did not, in the caller's transaction."""
    TEXT.put(item.id, texts, old=texts, labels=labels(item), old_labels=before)


__all__ = ["OPEN", "labels", "narrowing", "relabel"]
