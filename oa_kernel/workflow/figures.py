"""Figures that take long to work out are worked out in the background, and kept for an hour.

A definition with a few thousand tasks in the time asked for is counted at once. With more the page says how far it is;
what was ready before is shown meanwhile, with the time it is of.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from oa_kernel import clock, db, permissions, scheduling

from .models import Figures
from .people import MANAGE
from .statistics import PARTS, as_asked, more_than, statistics

#: tasks in the time asked for that are counted while the page waits: under a second
AT_ONCE = 50_000
#: kept figures are good for so long; then they are shown once more while they are made anew
GOOD = dt.timedelta(hours=1)
#: without progress for so long the worker is taken to have stopped, and it is begun anew
STALLED = dt.timedelta(minutes=5)
#: the queued task
TASK = "workflow.figures"
_ENCODED = {"week": dt.date.fromisoformat, "oldest": dt.datetime.fromisoformat}


@dataclass
class Looked:
    """What there is: the figures, when they were made (None: now), and how far newer ones are (done, of)."""

    found: dict[str, Any] | None
    made_at: dt.datetime | None = None
    progress: tuple[int, int] | None = None
    stalled: bool = False


def look(name: str, *, since: dt.date | None = None, until: dt.date | None = None, version: int | None = None, by: Any = None,
         wait: bool = False) -> Looked:
    """The figures of :func:`statistics`, or how far they are.

    :param wait: work them out now, however long it takes.
    :raises Invalid, NotFound: as there.
    """
    if not more_than(as_asked(name, since, until, version), AT_ONCE) or wait:
        return Looked(statistics(name, since=since, until=until, version=version, by=by))
    with db.transaction():
        key = "|".join(str(part or "") for part in (name, since, until, version))
        now = clock.now()
        Figures.insert(key=key, name=name, since=since, until=until, version=version, at=now).on_conflict_ignore().execute()
        row = db.lock_rows(Figures.select().where(Figures.key == key)).get()
        stalled = row.parts is not None and now - row.at > STALLED
        if stalled or (row.parts is None and (row.made_at is None or now - row.made_at > GOOD)):
            Figures.update(parts=0, at=now).where(Figures.id == row.id).execute()
            row.parts = 0
            scheduling.enqueue(TASK, row=row.id)
    found = None if row.found is None else _decoded(row.found)
    if found is not None:
        found |= {"since": since, "until": until}
        if by is not None and not permissions.by_right(by, MANAGE):
            found["people"] = None
    progress = None if row.parts is None else (row.parts, len(PARTS))
    return Looked(found, row.made_at, progress, stalled)


def work_out(row: int) -> None:
    """Called by the worker: one part after the other, saying how far it is."""
    asked = Figures.by_id(row)
    if asked is None or asked.parts is None:
        return
    found = statistics(
        asked.name, since=asked.since, until=asked.until, version=asked.version,
        told=lambda n: Figures.update(parts=n, at=clock.now()).where(Figures.id == row).execute())
    with db.transaction():
        Figures.update(found=_encoded(found), made_at=clock.now(), parts=None, at=clock.now()).where(Figures.id == row).execute()
        Figures.delete().where(Figures.at < clock.now() - dt.timedelta(days=1)).execute()


def _encoded(found: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in found.items() if k not in ("since", "until")} | {
        "steps": [{**s, "oldest": s["oldest"] and s["oldest"].isoformat()} for s in found["steps"]],
        "weeks": [{**w, "week": w["week"].isoformat()} for w in found["weeks"]]}


def _decoded(found: dict[str, Any]) -> dict[str, Any]:
    for row in (*found["steps"], *found["weeks"]):
        for key, read in _ENCODED.items():
            if row.get(key):
                row[key] = read(row[key])
    return found


__all__ = ["Looked", "look", "work_out"]
