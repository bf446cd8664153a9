"""The kernel's own pages, one module a subject, thin: parse → service → render."""

from __future__ import annotations

from typing import Any


def blueprints() -> list[Any]:
    """All of them."""
    from . import sign_in

    return [sign_in.pages]
