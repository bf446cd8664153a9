"""HTML pages of the documents plugin, thin: parse, call a service, show."""

from __future__ import annotations

from typing import Any


def blueprints() -> list[Any]:
    """The plugin's pages; its modules add their routes when they are imported."""
    from . import case, dispatching, drafting, incoming, lists, managing, public, reviewing  # noqa: F401
    from .pages import pages

    return [pages]
