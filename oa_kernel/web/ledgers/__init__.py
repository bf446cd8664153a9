"""Pages and REST of the ledgers: routes of each its own, so that each asks for its own permission and is described."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from oa_kernel import ledgers
from oa_kernel.ledgers import builtin

from ..access import Pages
from ..api import Api


def routes() -> Iterator[tuple[str, Pages, Api]]:
    """(owner, pages, REST) of every ledger whose table is ready; what is not ready is left out with its reason."""
    from ..rendering import render_to_string
    from .overview import api as overview_api
    from .overview import pages as overview
    from .pages import LedgerPages
    from .rest import api_of

    builtin.set_card(lambda **values: render_to_string("oa/ledger/card.html", **values))
    ledgers.check()
    yield "kernel", overview, overview_api
    for ledger in ledgers.registered().values():
        yield _owner(ledger), LedgerPages(ledger).blueprint(), api_of(ledger)


def _owner(ledger: Any) -> str:
    return "kernel" if ledger.owner == "own" else str(ledger.owner)


__all__ = ["routes"]
