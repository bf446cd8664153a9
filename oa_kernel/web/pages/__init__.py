"""The kernel's own pages, one module a subject, thin: parse → service → render."""

from __future__ import annotations

import importlib
from typing import Any

#: modules that have ``pages``, in the order of the navigation
MODULES = (
    "sign_in", "forgotten", "workbench", "todo", "cases", "notices", "search", "people", "profile", "verify", "admin_people",
    "api_page",
)


def blueprints() -> list[Any]:
    """All of them."""
    return [importlib.import_module(f"{__name__}.{name}").pages for name in MODULES]
