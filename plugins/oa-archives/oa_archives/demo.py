"""What the plugin adds to the demo organisation: the archivist's role, and some of what is finished, filed."""

from __future__ import annotations

from typing import Any

from oa_kernel.demo import acting
from oa_kernel.errors import OAError


def _hand_on(archivist: Any) -> None:
    """This year's records in boxes, and as one package in the folder ``handover``."""
    from oa_kernel import clock

    from . import places
    from .services import boxes, handovers

    try:
        boxes.fill(archivist, clock.today().year, 30)
        handovers.run(handovers.ask(archivist, clock.today().year, places.names()[0]).id)
    except OAError:
        return  # there is nothing to hand on


def build(org: Any) -> None:
    """``archivist`` files three in five of what waits; the rest is left to try. Then records are borrowed and appraised."""
    from . import demo_use
    from .models import Pending
    from .services import filing

    org.grant("archivist", "archives_archivist")
    # a 命令 that was signed is still to be sent out: it is not filed before
    rows = list(Pending.select().where(Pending.state == "waiting", Pending.kind != "命令").order_by(Pending.id))
    with acting(org.person("archivist")) as archivist:
        for row in rows[: len(rows) * 3 // 5]:
            try:
                filing.file(archivist, row.id)
            except OAError:
                continue  # it stays for the archivist, with the reason at the next try
        _hand_on(archivist)
    demo_use.build(org)
