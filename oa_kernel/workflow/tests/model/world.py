"""What the reference keeps: tickets, what is being done, threads and forks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any


class Refused(Exception):
    """This may not be done now."""


@dataclass(eq=False)
class Ticket:
    """What one person is asked."""

    id: int
    who: str
    kind: str
    own: str | None = None
    place: str = ""
    parent: Ticket | None = None
    position: int = 0
    weight: float = 1.0
    #: alive | done | gone
    state: str = "alive"
    verdict: str = ""
    claimed: bool = False
    #: its turn, as last worked out
    open: bool = False
    due: dt.datetime | None = None
    alarm: tuple[dt.datetime, int] | None = None
    stopped: dt.datetime | None = None


@dataclass(eq=False)
class Doing:
    """A step that is being done (by people, or by itself: then it has no tickets)."""

    id: int
    step: str
    thread: Thread
    tickets: list[Ticket] = field(default_factory=list)
    #: of one returned to: what stands still meanwhile, and the ticket of who returned it
    after: tuple[Any, Ticket] | None = None
    #: of a timer: when; of a sub-process: how it ended while this stood still
    alarm: tuple[dt.datetime, int] | None = None
    stopped: dt.datetime | None = None
    ended: str = ""

    def alive(self) -> list[Ticket]:
        return [t for t in self.tickets if t.state == "alive"]


@dataclass(eq=False)
class Fork:
    step: str
    thread: Thread
    threads: list[Thread] = field(default_factory=list)
    arrived: int = 0


@dataclass(eq=False)
class Thread:
    fork: Fork | None = None
    now: Doing | Fork | None = None

    def chain(self) -> list[Thread]:
        """This thread and those it was split from, the outermost first."""
        return [*(self.fork.thread.chain() if self.fork else []), self]


@dataclass
class World:
    """What changes; copied before every move."""

    root: Thread = field(default_factory=Thread)
    #: running | withdrawn | suspended | completed | rejected | cancelled
    status: str = "running"
    done: list[Doing] = field(default_factory=list)
    amount: int = 0
    #: step of the last ticket given to somebody
    last: str = "draft"


@dataclass
class Act:
    """The last thing somebody did that they might take back."""

    action: str
    ticket: int
    before: World
    version: int
    at: dt.datetime
    made: int = 0
