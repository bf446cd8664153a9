"""Long work on a row of a table: one worker at a time, a sign of life while it lasts, taken up again where it was left.

The table is its owner's and says what was asked for and what came of it; it only has the columns ``runner`` (text) and
``beat_at`` (time, may be null)::

    WORK = scheduling.LongWork("archives.intake", Intake, lambda: Intake.state << ("waiting", "running"))

    def run(intake):                              # the queued task
        with WORK.working(intake, state="running") as mine:
            if mine is None:                      # not wanted any more, or somebody else is at it
                return
            for n, thing in enumerate(things):
                mine.tell(done=n)                 # raises GivenUp where it was taken away meanwhile
            with db.transaction():
                mine.end(state="done")

    def resume():                                 # the periodic task
        return WORK.resume(run)

That it was begun, and that it was left undone, is on record; what it did is recorded by its owner, who calls ``tell`` and
``end`` in the transaction of that. A sign of life is no event. Work must be such that it can be done again from the
beginning, or knows what it did. A killed worker of this machine is found at once by its process, one of another machine
once it was silent.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from oa_kernel import audit, clock, db

log = logging.getLogger(__name__)

#: seconds without a sign of life after which a worker is taken for dead, and a task that was asked for as lost by the queue
SILENT = 120
#: rows that are taken up again at once, and that are looked at for it
_AT_ONCE, _LOOKED_AT = 10, 200


class GivenUp(Exception):
    """The work was cancelled, or another worker has it: stop, and write nothing more of it."""


class LongWork:
    """Work on the rows of one table."""

    def __init__(
        self, name: str, model: Any, wanted: Callable[[], Any], *, subject: str = "", silent: float = SILENT,
    ) -> None:
        """
        :param name: begins the audited actions: ``name_begun``, ``name_left``.
        :param model: has ``runner`` and ``beat_at``.
        :param wanted: gives the condition of rows that are asked for and not done yet.
        :param subject: kind of the audited subject; ``name`` if left out.
        """
        self._name, self._subject = name, subject or name
        self._model, self._wanted, self._silent = model, wanted, silent
        self._mine: set[int] = set()
        self._lock = threading.Lock()

    def asked(self) -> dict[str, Any]:
        """Values of the two columns for a row that is put on the queue now: it is the queue's for a while."""
        return {"runner": "", "beat_at": clock.now()}

    @contextmanager
    def working(self, row_id: int, **begun: Any) -> Iterator[Work | None]:
        """Takes the row and says every so often that somebody is at it; None where it is not to be had.

        An error leaves it wanted, and it is taken up again later; whoever has no hope for that ends it.

        :param begun: columns that are set with it.
        """
        if not self._take(row_id, begun):
            yield None
            return
        work, over = Work(self, row_id), threading.Event()
        beating = threading.Thread(target=self._beat, args=(row_id, over), name=f"beat-{row_id}", daemon=True)
        beating.start()
        try:
            yield work
        finally:
            over.set()
            beating.join(5)
            self._forget(row_id)
            if not work.ended:
                with db.transaction():
                    if self._model.update(runner="").where(self._own(row_id)).execute():
                        audit.record(f"{self._name}_left", self._subject, row_id)

    def cancel(self, row_id: int, **given_up: Any) -> bool:
        """Takes the row away from whoever works on it, who stops at the next word; whether it still was wanted. The caller tells
        the record.

        :param given_up: columns that make it one that is not wanted.
        """
        with db.transaction():
            return bool(self._model.update(runner="", beat_at=None, **given_up).where(
                (self._model.id == row_id) & self._wanted()).execute())

    def alive(self, row: Any) -> bool:
        """Whether somebody works on a row."""
        if not row.runner:
            return False
        if row.runner == _me():
            with self._lock:
                return row.id in self._mine
        host, _, pid = row.runner.rpartition(":")
        if host == _host() and not _lives(pid):
            return False
        return not self._is_silent(row)

    def resume(self, run: Callable[[int], Any], *, failures: tuple[type[Exception], ...] = ()) -> int:
        """Runs what was asked for and has nobody working on it; how many.

        :param failures: of one of them that leave the others to go on; the row says why.
        """
        done = 0
        for row_id in self.abandoned():
            try:
                run(row_id)
                done += 1
            except failures:
                continue
        return done

    def abandoned(self) -> list[int]:
        """The rows that :meth:`resume` would run, the oldest first."""
        rows = self._model.select(self._model.id, self._model.runner, self._model.beat_at).where(self._wanted()).order_by(
            self._model.id).limit(_LOOKED_AT)
        return [row.id for row in rows if not self.alive(row) and (row.runner or self._is_silent(row))][:_AT_ONCE]

    def _take(self, row_id: int, begun: dict[str, Any]) -> bool:
        added = False
        try:
            with db.transaction():
                row = db.lock_rows(self._model.select(self._model.id, self._model.runner, self._model.beat_at).where(
                    (self._model.id == row_id) & self._wanted())).first()
                if row is None or self.alive(row):
                    return False
                with self._lock:
                    if row_id in self._mine:
                        return False
                    self._mine.add(row_id)
                    added = True
                self._model.update(runner=_me(), beat_at=clock.now(), **begun).where(self._model.id == row_id).execute()
                audit.record(f"{self._name}_begun", self._subject, row_id, after={"runner": _me()})
        except BaseException:
            if added:
                self._forget(row_id)
            raise
        return True

    def _forget(self, row_id: int) -> None:
        with self._lock:
            self._mine.discard(row_id)

    def _beat(self, row_id: int, over: threading.Event) -> None:
        while not over.wait(self._silent / 4):
            try:
                with db.transaction():
                    self._model.update(beat_at=clock.now()).where(self._own(row_id)).execute()
            except Exception:  # the database may be away for a while: the next one may get through
                log.warning("no sign of life of %s %s", self._model.__name__, row_id, exc_info=True)
            finally:
                db.close()

    def _set(self, row_id: int, values: dict[str, Any]) -> None:
        if not self._model.update(**values).where(self._own(row_id)).execute():
            raise GivenUp(f"{self._model.__name__} {row_id}")

    def _own(self, row_id: int) -> Any:
        return (self._model.id == row_id) & (self._model.runner == _me()) & self._wanted()

    def _is_silent(self, row: Any) -> bool:
        return row.beat_at is None or row.beat_at < clock.now() - dt.timedelta(seconds=self._silent)


class Work:
    """A row that is being worked on."""

    def __init__(self, kind: LongWork, row_id: int) -> None:
        self._kind, self.id = kind, row_id
        #: whether :meth:`end` was called
        self.ended = False

    def tell(self, **columns: Any) -> None:
        """How far it is, in columns of the row.

        :raises GivenUp: it is no longer ours.
        """
        with db.transaction():
            self._kind._set(self.id, {"beat_at": clock.now(), **columns})

    def end(self, **columns: Any) -> None:
        """What came of it; called in the transaction that writes the last of it, and its event.

        :param columns: make it one that is not wanted any more.
        :raises GivenUp: it is no longer ours.
        """
        with db.transaction():
            self._kind._set(self.id, {"runner": "", "beat_at": None, **columns})
            db.on_commit(self._over)

    def _over(self) -> None:
        self.ended = True


def _host() -> str:
    return socket.gethostname()[:100]


def _me() -> str:
    return f"{_host()}:{os.getpid()}"


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, OverflowError, ProcessLookupError):
        return False
    except PermissionError:
        pass
    return True


__all__ = ["SILENT", "GivenUp", "LongWork", "Work"]
