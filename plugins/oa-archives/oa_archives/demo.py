"""What the plugin adds to the demo organisation: the archivist's role, and some of what is finished, filed."""

from __future__ import annotations

from typing import Any

from oa_kernel.demo import acting
from oa_kernel.errors import OAError


def build(org: Any) -> None:
    """``archivist`` files two thirds of what waits; the rest is left to try. Then records are borrowed and appraised."""
    from . import demo_use
    from .models import Pending
    from .services import filing

    org.grant("archivist", "archives_archivist")
    rows = list(Pending.select().where(Pending.state == "waiting").order_by(Pending.id))
    with acting(org.person("archivist")) as archivist:
        for row in rows[: len(rows) * 2 // 3]:
            try:
                filing.file(archivist, row.id)
            except OAError:
                continue  # it stays for the archivist, with the reason at the next try
    demo_use.build(org)
