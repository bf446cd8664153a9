"""When somebody used a right last: noted in memory as a check says yes, written down together and seldom.

What is used is a right by which a door opened (``require``, a route's permission), a list was made (``restrict``) or
something was done or handed out that nobody gets without it (``by_right``). ``allows`` only asks, and so does the
navigation: neither is use. Only who acts themselves counts. A page waits for nothing here: the first use of a day costs one
entry in a dictionary, later ones nothing; the web door hands the notes over after an answer went out, once a minute,
and where somebody else is writing they wait for the next minute. A process that is killed loses a minute of them.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from oa_kernel import clock, context, db, runtime

from .models import Grant, Use
from .scopes import Rights

log = logging.getLogger(__name__)

#: seconds notes stay in memory before they are written
KEPT_SECONDS = 60
#: notes a process keeps when they cannot be written; beyond, a use is noted when it happens again
KEPT_NOTES = 100_000
#: rows a statement, well below what SQLite binds
_TOGETHER = 2_000
#: True where rights are only asked about
_asking: ContextVar[bool] = ContextVar("oa_rights_asked", default=False)


@dataclass(slots=True)
class _Notes:
    """(person, permission) → the last day, and the grants the right comes by."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    rows: dict[tuple[int, str], tuple[dt.date, tuple[int, ...]]] = field(default_factory=dict)
    #: when the oldest came in, by the monotonic clock; None: there are none
    oldest: float | None = None


def note(person: Any, name: str, rights: Rights) -> None:
    """Remembers that somebody used a right today; nothing for anybody but who is acting. No query."""
    if name in rights.used or context.current().person_id != person.id or _asking.get():
        return
    notes = _notes()
    with notes.lock:
        if len(notes.rows) >= KEPT_NOTES:
            return
        # the rights are of one day: on the next there are others, with nothing used
        rights.used.add(name)
        notes.rows[person.id, name] = (clock.today(), rights.grants.get(name, ()))
        if notes.oldest is None:
            notes.oldest = time.monotonic()


@contextmanager
def asking() -> Iterator[None]:
    """Within this nothing counts as use: a badge counts rows nobody asked for."""
    token = _asking.set(True)
    try:
        yield
    finally:
        _asking.reset(token)


def due() -> bool:
    """Whether notes have been kept long enough to be written; never while statements are counted."""
    notes = runtime.current().cache.get("permissions.uses")
    return (
        notes is not None and notes.oldest is not None and time.monotonic() - notes.oldest >= KEPT_SECONDS
        and not db.counting()
    )


def flush() -> int:
    """Writes the notes down; how many. Where somebody else is writing, or anything goes wrong, they stay for later."""
    notes = _notes()
    with notes.lock:
        taken, notes.rows, notes.oldest = notes.rows, {}, None
    if not taken:
        return 0
    try:
        with db.transaction_if_free():
            _write(taken)
    except Exception as error:  # a use that is noted late is no reason for anything to fail
        log.info("uses of rights are written later: %s", error)
        with notes.lock:
            notes.rows = {**taken, **notes.rows}
            notes.oldest = time.monotonic()
        return 0
    return len(taken)


def recorded_since() -> dt.date | None:
    """The day on which recording began; None: nothing was recorded yet."""
    return Use.select(Use.last_on).where(Use.person_id == 0, Use.permission == "").tuples().scalar()


def _write(taken: dict[tuple[int, str], tuple[dt.date, tuple[int, ...]]]) -> None:
    first = min(day for day, _ in taken.values())
    Use.insert(person_id=0, permission="", last_on=first).on_conflict_ignore().execute()
    # always in the same order: two processes must not wait for each other
    rows = [(person, name, day) for (person, name), (day, _) in sorted(taken.items())]
    for start in range(0, len(rows), _TOGETHER):
        Use.insert_many(rows[start:start + _TOGETHER], fields=[Use.person_id, Use.permission, Use.last_on]).on_conflict(
            conflict_target=[Use.person_id, Use.permission], update={Use.last_on: db.EXCLUDED.last_on},
            where=db.EXCLUDED.last_on > Use.last_on,
        ).execute()
    used: dict[dt.date, set[int]] = {}
    for day, grants in taken.values():
        used.setdefault(day, set()).update(grants)
    for day, ids in sorted(used.items()):
        for start in range(0, len(ids), _TOGETHER):
            Grant.update(used_on=day).where(
                Grant.id.in_(sorted(ids)[start:start + _TOGETHER]), Grant.used_on.is_null() | (Grant.used_on < day)).execute()


def _notes() -> _Notes:
    cache = runtime.current().cache
    found = cache.get("permissions.uses")
    return found if found is not None else cache.setdefault("permissions.uses", _Notes())


__all__ = ["KEPT_SECONDS", "asking", "due", "flush", "note", "recorded_since"]
