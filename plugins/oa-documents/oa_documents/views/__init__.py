"""HTML pages of the documents plugin, thin: parse, call a service, show."""

from __future__ import annotations

from typing import Any


def blueprints() -> list[Any]:
    """The plugin's pages; its modules add their routes when they are imported."""
    from . import (  # noqa: F401
        case,
        dispatching,
        drafting,
        incoming,
        internal,
        lists,
        managing,
        public,
        reviewing,
        standing,
    )
    from .arriving import pages

    return [pages]
