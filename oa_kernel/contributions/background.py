"""Work beside a request, and messages that leave the house."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ScheduledTask:
    """Periodic work. ``cron`` has five fields (minute hour day month weekday), in the organisation's zone."""

    name: str
    cron: str
    run: Callable[[], Any]
    title: str = ""


@dataclass(frozen=True)
class QueuedTask:
    """Work that is put on the queue by name: ``scheduling.enqueue(name, **arguments)``."""

    name: str
    run: Callable[..., Any]


@dataclass(frozen=True)
class OutboxHandler:
    """Carries out what an outbox row asks for, after the commit, at least once.

    ``deliver(payload: dict) -> None``; raising means: try again later. ``oa_kernel.outbox.Undeliverable``
    means: never (straight to the dead letters).
    """

    topic: str
    deliver: Callable[[dict[str, Any]], None]
    title: str = ""


@dataclass(frozen=True)
class NotificationKind:
    """A kind of message people can set their preferences for."""

    name: str
    title: str
    #: channels on by default, of ``inbox``, ``email`` and plugins' own
    channels: Sequence[str] = ("inbox", "email")


@dataclass(frozen=True)
class NotificationChannel:
    """A way a message travels. ``topic`` is the outbox topic its payload is put on."""

    name: str
    title: str
    topic: str
    #: ``address(person) -> str``; empty: this person cannot be reached so
    address: Callable[[Any], str]


__all__ = ["NotificationChannel", "NotificationKind", "OutboxHandler", "QueuedTask", "ScheduledTask"]
