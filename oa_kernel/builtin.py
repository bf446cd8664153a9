"""Contributions of the kernel's own rooms, in the same manner as a plugin's, and the two together.

A room that contributes has a ``builtin.py`` with ``CONTRIBUTIONS = {"oa_permissions": [...], …}``. Rooms are
imported by name and only when first asked, so nothing here points up the layers.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from . import runtime

#: rooms that may contribute, in order
ROOMS = (
    "identity", "permissions", "audit", "outbox", "notifications", "files",
    "numbering", "sheets", "workflow", "search", "scheduling", "forms", "ledgers", "installed", "web", "backup",
)

_modules: list[Any] | None = None


def _rooms() -> list[Any]:
    global _modules
    if _modules is None:
        names = [f"oa_kernel.{room}.builtin" for room in ROOMS]
        _modules = [importlib.import_module(n) for n in names if importlib.util.find_spec(n) is not None]
    return _modules


def collect_with_owner(hook: str) -> list[tuple[str, Any]]:
    """All contributions to ``hook`` as (owner, object); the kernel's own first, owner ``kernel``."""
    own = [("kernel", item) for module in _rooms() for item in module.CONTRIBUTIONS.get(hook, ())]
    return own + runtime.current().plugins.collect_with_owner(hook)


def collect(hook: str) -> list[Any]:
    """All contributions to ``hook``, the kernel's own first."""
    return [item for _, item in collect_with_owner(hook)]


__all__ = ["collect", "collect_with_owner"]
