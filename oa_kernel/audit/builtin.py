"""What the audit room contributes."""

from __future__ import annotations

from typing import Any

CONTRIBUTIONS: dict[str, list[Any]] = {}
