"""What the numbering room contributes: nothing yet that others ask for."""

from __future__ import annotations

from typing import Any

CONTRIBUTIONS: dict[str, list[Any]] = {}
