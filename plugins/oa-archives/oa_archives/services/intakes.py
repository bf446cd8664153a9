"""Taking a year's package over from the page (年度导入): chosen from a folder, done by the worker, taken up again."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from oa_kernel import audit, clock, db, identity, notifications, permissions, runtime, scheduling
from oa_kernel.errors import Conflict, NotFound, OAError

from .. import rights, settings
from ..models_keeping import Intake
from . import taking

SUBJECT = "archives.intake"
#: seconds after which a worker that said nothing is taken for dead
_SILENT = 300
#: records between two words of how far it is
_EVERY = 20
_SHOWN = 200


def folder() -> Path | None:
    """Where packages are put for the page; None: the installation has no such folder."""
    given = str(settings.get("import_folder"))
    return (runtime.current().config.path.parent / given).resolve() if given else None


def offered(person: identity.Person) -> list[str]:
    """The folders in it that hold a package of a year."""
    permissions.require(person, rights.FILE)
    place = folder()
    if place is None or not place.is_dir():
        return []
    return sorted(one.name for one in place.iterdir() if (one / "manifest.jsonl").is_file())[:_SHOWN]


def start(person: identity.Person, name: str, *, dry_run: bool = False) -> Intake:
    """Asks for one; the worker does it.

    :raises NotFound: no such package. Conflict: it is being taken over.
    """
    if name not in offered(person):
        raise NotFound("导入文件夹里没有这个数据包")
    with db.transaction():
        if Intake.select().where(Intake.name == name, Intake.state << ("waiting", "running")).exists():
            raise Conflict(f"“{name}”正在导入，请等它做完", code="intake_running")
        row = Intake.create(name=name, dry_run=dry_run, asked_by_id=person.id, asked_by_name=person.name, asked_at=clock.now())
        audit.record("archives.intake_asked", SUBJECT, row.id, title=name, by=person, after={"dry_run": dry_run})
    scheduling.enqueue("archives.intake", intake=row.id)
    return row


def listing(person: identity.Person, *, limit: int = 20, cursor: str | None = None) -> db.Page:
    """A page of them, the last first."""
    permissions.require(person, rights.FILE)
    return db.page(Intake.select(), [Intake.id.desc()], limit=limit, cursor=cursor)


def run(intake: int) -> Intake:
    """Carries one out; what is here already is recognised, so that a broken one goes on. The row says what was refused."""
    now = clock.now()
    with db.transaction():
        mine = Intake.update(state="running", beat_at=now).where(
            (Intake.id == intake) & ((Intake.state == "waiting") | ((Intake.state == "running") & _silent()))).execute()
        if mine:
            audit.record("archives.intake_begun", SUBJECT, intake)
    row = Intake.get_by_id(intake)
    if not mine:
        return row
    told: dict[str, object]
    try:
        person = identity.get(row.asked_by_id)
        if row.name not in offered(person):
            raise NotFound("导入文件夹里没有这个数据包")
        place = folder()
        assert place is not None
        found = taking.take(person, place / row.name, dry_run=row.dry_run, progress=lambda *how: _beat(row, *how))
        told = {"state": "done", "taken": found["taken"], "known": found["known"], "total": found["count"],
                "fingerprint": found["fingerprint"], "problems": []}
    except (OAError, OSError) as error:
        details = getattr(error, "details", None) or {}
        text = str(getattr(error, "message", "") or error)
        told = {"state": "failed", "problems": details.get("problems") or [text]}
    with db.transaction():
        Intake.update(finished_at=clock.now(), beat_at=None, **told).where(Intake.id == row.id).execute()
        audit.record("archives.intake_done", SUBJECT, row.id, title=row.name, after=told)
        title = f"“{row.name}”" + ("没有导入" if told["problems"] else "核验无误" if row.dry_run else "导入做完")
        notifications.send("archives.handover", [row.asked_by_id], title, url="/archives/intakes", subject=(SUBJECT, row.id))
    return Intake.get_by_id(row.id)


def resume() -> int:
    """Takes up what was asked for and has nobody working on it; how many."""
    lost = (Intake.state == "waiting") & (Intake.asked_at < clock.now() - dt.timedelta(seconds=_SILENT))
    left = list(Intake.select(Intake.id).where(lost | ((Intake.state == "running") & _silent())).limit(10))
    for row in left:
        run(row.id)
    return len(left)


def _silent() -> object:
    return Intake.beat_at.is_null() | (Intake.beat_at < clock.now() - dt.timedelta(seconds=_SILENT))


def _beat(row: Intake, step: str, done: int, total: int) -> None:
    if done % _EVERY and done != total:
        return
    with db.transaction():
        Intake.update(step=step, done=done, total=total, beat_at=clock.now()).where(Intake.id == row.id).execute()
        audit.record("archives.intake_went_on", SUBJECT, row.id, title=row.name, after={"step": step, "done": done})
