"""The one clock: everything asks here what time it is, so that tests can stop it.

Instants are aware ``datetime`` in UTC; dates that are legal facts are ``date`` in the organisation's zone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

UTC = dt.UTC

_frozen: dt.datetime | None = None
_zone: dt.tzinfo = ZoneInfo("Asia/Shanghai")


def now() -> dt.datetime:
    """This instant, aware, in UTC."""
    return _frozen if _frozen is not None else dt.datetime.now(UTC)


def zone() -> dt.tzinfo:
    """The organisation's time zone."""
    return _zone


def set_zone(name: str) -> None:
    """Sets the organisation's time zone by its IANA name; raises ``KeyError`` for an unknown one."""
    global _zone
    _zone = ZoneInfo(name)


def local(instant: dt.datetime) -> dt.datetime:
    """The instant in the organisation's zone; a naive one is taken as UTC."""
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return instant.astimezone(_zone)


def today() -> dt.date:
    """Today's date in the organisation's zone."""
    return local(now()).date()


@contextmanager
def freeze(instant: dt.datetime | str) -> Iterator[None]:
    """Stops the clock inside the block. For tests and the demo's stories; the argument is aware or ISO 8601 with offset."""
    global _frozen
    if isinstance(instant, str):
        instant = dt.datetime.fromisoformat(instant)
    before, _frozen = _frozen, (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    try:
        yield
    finally:
        _frozen = before


__all__ = ["UTC", "freeze", "local", "now", "set_zone", "today", "zone"]
