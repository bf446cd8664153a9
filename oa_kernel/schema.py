"""All tables of the kernel, in order of dependence. Each room with tables has a ``models.py`` with ``MODELS``."""

from __future__ import annotations

import importlib
from typing import Any

#: rooms with tables; a room referred to by another stands before it
ROOMS = (
    "identity", "permissions", "audit", "outbox", "notifications", "files", "numbering", "sheets", "workflow", "search",
    "scheduling", "ledgers", "installed", "web",
)


def models() -> list[Any]:
    """The kernel's models."""
    found: list[Any] = []
    for room in ROOMS:
        try:
            module = importlib.import_module(f"oa_kernel.{room}.models")
        except ModuleNotFoundError as error:
            if error.name != f"oa_kernel.{room}.models":
                raise
            continue
        found.extend(module.MODELS)
    return found
