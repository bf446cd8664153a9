"""Who is acting, and from where: set once at the door (request, command, worker), read by audit.

Services take the acting person as an argument where the rule depends on it; the *circumstances*
(channel, address, credential) travel here so that no service has to pass them on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Actor:
    """The acting party. ``person_id`` is None for the system itself."""

    person_id: int | None = None
    username: str = ""
    name: str = ""
    #: web | api | cli | worker | system
    channel: str = "system"
    ip: str = ""
    user_agent: str = ""
    #: "session:17", "token:4" …; never the secret itself
    credential: str = ""
    request_id: str = ""

    def with_person(self, person: Any) -> Actor:
        """The same circumstances, with ``person`` (``id``, ``username``, ``name``) as who acts."""
        return replace(self, person_id=person.id, username=person.username, name=person.name)


SYSTEM = Actor(username="system", name="系统")

_current: ContextVar[Actor] = ContextVar("oa_actor", default=SYSTEM)


def current() -> Actor:
    """The acting party of this thread of work; ``SYSTEM`` where nobody was set."""
    return _current.get()


@contextmanager
def acting(actor: Actor) -> Iterator[Actor]:
    """Makes ``actor`` the acting party inside the block."""
    token = _current.set(actor)
    try:
        yield actor
    finally:
        _current.reset(token)


def set_current(actor: Actor) -> None:
    """Sets the acting party for the rest of this context (a web request does so at its door)."""
    _current.set(actor)


__all__ = ["Actor", "SYSTEM", "acting", "current", "set_current"]
