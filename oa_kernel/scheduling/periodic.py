"""Periodic work: each task at most once a slot, however many workers there are; nothing is made up for later."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from typing import Any

from oa_kernel import builtin, clock, context, db, runtime
from oa_kernel.contributions import ScheduledTask

from .models import Run

log = logging.getLogger(__name__)

#: a worker that was busy looks back so far; a task due several times in it runs once
_LOOK_BACK = dt.timedelta(minutes=5)
_LONGEST_ERROR = 1000
_MINUTE = dt.timedelta(minutes=1)


def matches(cron: str) -> Callable[[dt.datetime], bool]:
    """Whether an instant falls on the cron line (``minute hour day month weekday``, organisation's zone).

    :raises ValueError: for a line that is not one.
    """
    from huey import crontab

    fields = cron.split()
    if len(fields) != 5:
        raise ValueError(f"a cron line has five fields, not {len(fields)}: {cron!r}")
    minute, hour, day, month, weekday = fields
    test = crontab(minute=minute, hour=hour, day=day, month=month, day_of_week=weekday, strict=True)
    return lambda instant: bool(test(clock.local(instant)))


def due(since: dt.datetime, now: dt.datetime) -> list[tuple[ScheduledTask, dt.datetime]]:
    """Tasks whose last slot in (``since``, ``now``] has come, each with that slot."""
    begin = max(since, now - _LOOK_BACK)
    slot = now.replace(second=0, microsecond=0)
    found = []
    for task, test in _tasks():
        at = slot
        while at > begin:
            if test(at):
                found.append((task, at))
                break
            at -= _MINUTE
    return found


def run_if_first(task: ScheduledTask, slot: dt.datetime) -> bool:
    """Runs the task unless somebody had this slot already; whether it was run. Its errors are logged and kept."""
    if not _claim(task.name, slot):
        return False
    error = ""
    try:
        with context.acting(context.Actor(username="worker", name="后台", channel="worker")):
            task.run()
    except Exception as failure:  # a task's own code: the others go on
        log.exception("periodic task %s failed", task.name)
        error = f"{type(failure).__name__}: {failure}"[:_LONGEST_ERROR]
    with db.transaction():
        Run.update(ended_at=clock.now(), error=error).where(Run.name == task.name).execute()
    return True


def runs() -> list[Run]:
    """The last run of every periodic task."""
    return list(Run.select().order_by(Run.name))


def _claim(name: str, slot: dt.datetime) -> bool:
    mark = db.database.param
    with db.transaction():
        cursor = db.database.execute_sql(
            f"INSERT INTO scheduling_run (name, slot, error) VALUES ({mark}, {mark}, '')"
            " ON CONFLICT (name) DO UPDATE SET slot = excluded.slot, ended_at = NULL"
            " WHERE scheduling_run.slot < excluded.slot RETURNING id",
            (name, Run.slot.db_value(slot)),
        )
        return cursor.fetchone() is not None


def _tasks() -> list[tuple[ScheduledTask, Callable[[dt.datetime], bool]]]:
    cache: dict[str, Any] = runtime.current().cache
    if "scheduling.periodic" not in cache:
        found = []
        for owner, task in builtin.collect_with_owner("oa_scheduled_tasks"):
            try:
                found.append((task, matches(task.cron)))
            except ValueError as error:
                log.error("periodic task %s of %s never runs: %s", task.name, owner, error)
        cache["scheduling.periodic"] = found
    return cache["scheduling.periodic"]
