"""Long work on a row of a table: one worker at a time, a lease while it goes on, taken up again where it was left.

The table is its owner's and says what was asked for and what came of it; it only has the columns ``runner`` (text) and
``beat_at`` (time, may be null)::

    WORK = scheduling.LongWork("archives.intake", Intake, lambda: Intake.state << ("waiting", "running"))

    def run(intake):                              # the queued task
        with WORK.working(intake, state="running") as mine:
            if mine is None:                      # not wanted any more, or somebody else is at it
                return
            for n, thing in enumerate(things):
                mine.moving()                     # costs nothing: in the innermost loop
                mine.tell(done=n)                 # both raise GivenUp where it was taken away meanwhile
            with db.transaction():
                mine.end(state="done")

    def resume():                                 # the periodic task
        return WORK.resume(run)

That it was begun, and that it was left undone, is on record; what it did is recorded by its owner, who calls ``tell`` and
``end`` in the transaction of that. A sign of life is no event. Work must be such that it can be done again from the
beginning, or knows what it did. A killed worker of this machine is found at once by its process, one of another machine
once it was silent. One that lives and makes no progress (it hangs) loses the row as well: a thread of its own renews the
lease only while the work says that it is ``moving``. Each claim has a name of its own, so that who comes to itself after
it was overtaken, in the same process too, writes nothing more: its next word raises.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from oa_kernel import audit, clock, db

log = logging.getLogger(__name__)

#: seconds without a sign of life after which a worker is taken for dead, and a task that was asked for as lost by the queue
SILENT = 120
#: seconds without progress after which the lease of a worker that lives is no longer renewed
STALLED = 1800
#: rows that are taken up again at once, and that are looked at for it
_AT_ONCE, _LOOKED_AT = 10, 200


class GivenUp(Exception):
    """The work was cancelled, or another worker has it: stop, and write nothing more of it."""


class LongWork:
    """Work on the rows of one table."""

    def __init__(
        self, name: str, model: Any, wanted: Callable[[], Any], *, subject: str = "", silent: float = SILENT,
        stalled: float = STALLED,
    ) -> None:
        """
        :param name: begins the audited actions: ``name_begun``, ``name_left``.
        :param model: has ``runner`` and ``beat_at``.
        :param wanted: gives the condition of rows that are asked for and not done yet.
        :param subject: kind of the audited subject; ``name`` if left out.
        :param silent: seconds of a lease. :param stalled: seconds without progress after which it is not renewed.
        """
        self._name, self._subject = name, subject or name
        self._model, self._wanted, self._silent, self._stalled = model, wanted, silent, stalled
        self._mine: dict[int, Work] = {}
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
        work = self._take(row_id, begun)
        if work is None:
            yield None
            return
        over = threading.Event()
        beating = threading.Thread(target=self._beat, args=(work, over), name=f"beat-{row_id}", daemon=True)
        beating.start()
        try:
            yield work
        finally:
            over.set()
            beating.join(5)
            self._forget(work)
            if not work.ended:
                with db.transaction():
                    if self._model.update(runner="").where(self._own(work)).execute():
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
        host, pid, _claim = (row.runner.rsplit(":", 2) + ["", ""])[:3]
        if host == _host() and pid == str(os.getpid()):
            with self._lock:
                work = self._mine.get(row.id)
            return work is not None and work.claim == row.runner and not work.stalled
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

    def _take(self, row_id: int, begun: dict[str, Any]) -> Work | None:
        work = Work(self, row_id)
        try:
            with db.transaction():
                row = db.lock_rows(self._model.select(self._model.id, self._model.runner, self._model.beat_at).where(
                    (self._model.id == row_id) & self._wanted())).first()
                if row is None or self.alive(row):
                    return None
                with self._lock:
                    before = self._mine.get(row_id)
                    if before is not None and not before.stalled:
                        return None
                    self._mine[row_id] = work
                self._model.update(runner=work.claim, beat_at=clock.now(), **begun).where(self._model.id == row_id).execute()
                audit.record(f"{self._name}_begun", self._subject, row_id, after={"runner": work.claim})
        except BaseException:
            self._forget(work)
            raise
        return work

    def _forget(self, work: Work) -> None:
        with self._lock:
            if self._mine.get(work.id) is work:
                del self._mine[work.id]

    def _beat(self, work: Work, over: threading.Event) -> None:
        told = False
        while not over.wait(self._silent / 4):
            if work.stalled:
                if not told:
                    log.warning("no progress of %s %s: its lease is not renewed", self._model.__name__, work.id)
                told = True
                continue
            told = False
            try:
                self.renew(work)
            except GivenUp:
                return
            except Exception:  # the database may be away for a while: the next one may get through
                log.warning("no sign of life of %s %s", self._model.__name__, work.id, exc_info=True)
            finally:
                db.close()

    def renew(self, work: Work, **columns: Any) -> None:
        """Makes the lease as long as it was. Raises GivenUp, from then on at every word, where somebody else has the row."""
        at = time.monotonic()

        def renewed() -> None:
            work.renewed_at = at

        with db.transaction():
            if not self._model.update(**{"beat_at": clock.now(), **columns}).where(self._own(work)).execute():
                work.lost = True
                raise GivenUp(f"{self._model.__name__} {work.id}")
            db.on_commit(renewed)

    def _own(self, work: Work) -> Any:
        return (self._model.id == work.id) & (self._model.runner == work.claim) & self._wanted()

    def _is_silent(self, row: Any) -> bool:
        return row.beat_at is None or row.beat_at < clock.now() - dt.timedelta(seconds=self._silent)


class Work:
    """A row that is being worked on."""

    def __init__(self, kind: LongWork, row_id: int) -> None:
        self._kind, self.id = kind, row_id
        #: this claim of the row, and no other one: ``host:process:number``
        self.claim = f"{_host()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        #: whether :meth:`end` was called
        self.ended = False
        #: whether somebody else was found to have it, or nobody any more
        self.lost = False
        #: by the clock that is never put back
        self.moved_at = self.renewed_at = time.monotonic()

    @property
    def stalled(self) -> bool:
        """Whether it has made no progress for too long."""
        return time.monotonic() - self.moved_at > self._kind._stalled

    def moving(self) -> None:
        """Says that it goes on; called as often as one likes. Whoever was away for longer than the lease asks for it first.

        :raises GivenUp: it is no longer ours.
        """
        self.moved_at = time.monotonic()
        if self.lost:
            raise GivenUp(f"{self.id}")
        if self.moved_at - self.renewed_at > self._kind._silent:
            self._kind.renew(self)

    def tell(self, **columns: Any) -> None:
        """How far it is, in columns of the row.

        :raises GivenUp: it is no longer ours.
        """
        self.moved_at = time.monotonic()
        self._kind.renew(self, **columns)

    def end(self, **columns: Any) -> None:
        """What came of it; called in the transaction that writes the last of it, and its event.

        :param columns: make it one that is not wanted any more.
        :raises GivenUp: it is no longer ours.
        """
        with db.transaction():
            self._kind.renew(self, **{"runner": "", "beat_at": None, **columns})
            db.on_commit(self._over)

    def _over(self) -> None:
        self.ended = True


def _host() -> str:
    return socket.gethostname()[:100]


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, OverflowError, ProcessLookupError):
        return False
    except PermissionError:
        pass
    return True


__all__ = ["SILENT", "STALLED", "GivenUp", "LongWork", "Work"]
