"""What the plugin adds to the demo organisation: who runs the exchange, and who manages the trust."""

from __future__ import annotations

from typing import Any


def build(org: Any) -> None:
    """``office`` runs the exchange, ``security`` manages the trust."""
    org.grant("office", "exchange_clerk")
    org.grant("security", "exchange_security")
    org.settings.setdefault("exchange", {})["allow_http_loopback"] = True
