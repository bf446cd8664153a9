"""The background worker: one process, few threads, asleep when there is nothing to do.

============  =====================================================================
main thread   periodic work, sealing of the audit record, heart-beat
``outbox``    carries out errands: woken by this process, looks once a second for others'
``Worker-1``  huey's: takes tasks from the queue
``Scheduler`` huey's: puts delayed and retried tasks on the queue
============  =====================================================================
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import socket
import threading
import time
from typing import Any

from oa_kernel import clock, db, outbox
from oa_kernel.errors import OAError

from . import periodic
from .models import Worker
from .queue import huey

log = logging.getLogger(__name__)

_TICK = 1.0
_SEAL_EVERY = 10.0
_BEAT_EVERY = 30.0
#: a worker that has not told of itself for so long is taken as dead
ALIVE_WITHIN = dt.timedelta(seconds=100)
_PAUSE_AFTER_ERROR = 5.0


def run_worker(stop: threading.Event) -> None:
    """Works until ``stop`` is set; then finishes what is in hand and returns. Sets no signal handlers."""
    name = f"{socket.gethostname()}:{os.getpid()}"[:120]
    consumer = _consumer()
    messenger = threading.Thread(target=_carry_errands, args=(stop,), name="outbox", daemon=True)
    consumer.start()
    messenger.start()
    log.info("worker %s runs", name)
    try:
        _tick_until(stop, name)
    finally:
        stop.set()
        outbox.wake()
        consumer.stop(graceful=True)
        messenger.join(30)
        _forget(name)
        log.info("worker %s ended", name)


def workers() -> list[Worker]:
    """Workers that told of themselves lately."""
    return list(Worker.select().where(Worker.beat_at > clock.now() - ALIVE_WITHIN).order_by(Worker.name))


def alive() -> bool:
    """Whether any background worker lives; one small query."""
    return Worker.select().where(Worker.beat_at > clock.now() - ALIVE_WITHIN).exists()


def _tick_until(stop: threading.Event, name: str) -> None:
    from oa_kernel import audit

    next_seal = next_beat = 0.0
    minute = clock.now()
    while not stop.is_set():
        try:
            if time.monotonic() >= next_beat:
                next_beat = time.monotonic() + _BEAT_EVERY
                _beat(name)
            now = clock.now()
            if now.replace(second=0, microsecond=0) != minute.replace(second=0, microsecond=0):
                for task, slot in periodic.due(minute, now):
                    if stop.is_set():
                        break
                    periodic.run_if_first(task, slot)
                    _beat(name)
                minute = now
            if time.monotonic() >= next_seal:
                next_seal = time.monotonic() + _SEAL_EVERY
                audit.seal()
        except Exception as error:  # the database may be away for a while: the worker stays and tries again
            _report("worker", error)
            db.close()
            stop.wait(_PAUSE_AFTER_ERROR)
        stop.wait(_TICK)


def _carry_errands(stop: threading.Event) -> None:
    wakened = threading.Event()
    end = outbox.on_put(wakened.set)
    try:
        while not stop.is_set():
            wakened.clear()
            try:
                outbox.drain(stop=stop.is_set)
            except Exception as error:  # as above
                _report("outbox", error)
                db.close()
                stop.wait(_PAUSE_AFTER_ERROR)
            wakened.wait(_TICK)
    finally:
        end()
        db.close()


def _report(where: str, error: Exception) -> None:
    if isinstance(error, OAError):
        log.error("%s: %s", where, error)
    else:
        log.exception("%s failed; trying again", where)


def _beat(name: str) -> None:
    now = clock.now()
    stamp = Worker.beat_at.db_value(now)
    mark = db.database.param
    with db.transaction():
        db.database.execute_sql(
            f"INSERT INTO scheduling_worker (name, started_at, beat_at) VALUES ({mark}, {mark}, {mark})"
            " ON CONFLICT (name) DO UPDATE SET beat_at = excluded.beat_at",
            (name, stamp, stamp),
        )
        Worker.delete().where(Worker.beat_at < now - dt.timedelta(days=1)).execute()


def _forget(name: str) -> None:
    try:
        with db.transaction():
            Worker.delete().where(Worker.name == name).execute()
    except Exception as error:  # it is ending anyway, and the row grows old by itself
        _report("worker", error)
    finally:
        db.close()


def _consumer() -> Any:
    from huey.consumer import Consumer

    logging.getLogger("huey").setLevel(logging.WARNING)

    class Quiet(Consumer):  # type: ignore[misc]
        """Leaves signals to whoever runs the worker."""

        def _set_signal_handlers(self) -> None:
            pass

    # periodic work is ours (see ``periodic``): huey's own would run once in every worker
    return Quiet(huey(), workers=1, periodic=False, initial_delay=0.1, max_delay=1.0, scheduler_interval=5,
                 shutdown_timeout=20)
