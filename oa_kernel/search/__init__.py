"""The one search box: asks every source a person may use. (Sources are plugins' and rooms', by ``oa_search_sources``.)

    for group in search.find(person, "消防"):
        group.title, group.hits      # [{title, url, snippet, at, icon}]

A source limits what it finds to what the person may see, inside its query.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from oa_kernel import db, permissions
from oa_kernel.builtin import collect  # `builtin` in this package is its own module

from .index import TextIndex
from .tokens import snippet, tokens

log = logging.getLogger(__name__)

#: longer queries are cut: nobody reads what they find
LONGEST = 200


@dataclass
class Group:
    """What one source found. ``failed``: it could not answer; the others did."""

    name: str
    title: str
    hits: list[dict[str, Any]] = field(default_factory=list)
    failed: bool = False


def find(person: Any, q: str, limit: int = 10, source: str = "") -> list[Group]:
    """What every source finds, in the sources' order; sources without a hit are left out.

    :param limit: hits of each source.
    :param source: only this one.
    """
    q = " ".join(q.replace("\x00", " ").split())[:LONGEST]
    if not q:
        return []
    found = []
    for one in sorted(collect("oa_search_sources"), key=lambda s: (s.order, s.name)):
        if source and one.name != source:
            continue
        if one.permission and not permissions.allows(person, one.permission):
            continue
        group = Group(one.name, one.title)
        try:
            group.hits = list(one.find(person, q, limit))[:limit]
        except Exception:  # a plugin's own code: what the others found is still worth showing
            log.exception("search source %s failed", one.name)
            db.close()
            group.failed = True
        if group.hits and one.permission:
            permissions.by_right(person, one.permission)
        if group.hits or group.failed:
            found.append(group)
    return found


__all__ = ["LONGEST", "Group", "TextIndex", "find", "snippet", "tokens"]
