"""Taking a year's package over (年度导入): from a folder of the server or an upload, done by the worker, taken up again."""

from __future__ import annotations

import datetime as dt
import shutil
import uuid
from pathlib import Path
from typing import Any

from oa_kernel import audit, clock, db, files, identity, notifications, permissions, runtime, scheduling
from oa_kernel.errors import Conflict, Invalid, NotFound, OAError

from .. import rights, settings
from ..models_keeping import Intake
from . import taking, unpacking

SUBJECT = "archives.intake"
#: records between two words of how far it is
_EVERY = 20
_SHOWN = 200
#: how long an upload is kept that was not taken over
KEEP = dt.timedelta(days=7)
_BUSY = ("waiting", "running")
WORK = scheduling.LongWork(SUBJECT, Intake, lambda: Intake.state << _BUSY)


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


def largest() -> str:
    """How large an upload may be, for people."""
    return unpacking.shown(int(runtime.current().config["storage"]["max_upload"]))


def start(person: identity.Person, name: str, *, dry_run: bool = False) -> Intake:
    """Asks for one of the folder; the worker does it.

    :raises NotFound: no such package. Conflict: it is being taken over.
    """
    if name not in offered(person):
        raise NotFound("导入文件夹里没有这个数据包")
    return _ask(person, name, None, dry_run)


def keep(stream: Any, name: str, person: identity.Person) -> files.File:
    """Stores an upload as it arrives, encrypted.

    :raises UnsupportedType: it is neither .zip nor .tar. TooLarge: above ``storage.max_upload``.
    """
    permissions.require(person, rights.FILE)
    return files.store(stream, name, person, allow=unpacking.KINDS)


def start_upload(person: identity.Person, file_id: int, *, dry_run: bool = False) -> Intake:
    """Asks for one that was uploaded, by who uploaded it.

    :raises NotFound: no such file of theirs. Invalid: it is no .zip and no .tar. Conflict: it is being taken over.
    """
    permissions.require(person, rights.FILE)
    file = files.get(file_id)
    if file is None or file.by_id != person.id or not files.readable(person, file):
        raise NotFound("没有这个文件，或不是您上传的")
    if not file.name.lower().endswith(tuple(f".{kind}" for kind in unpacking.KINDS)):
        raise Invalid("只收 .zip 与 .tar：把数据包的整个文件夹打成一个", code="upload_refused",
                      errors={"file": ["只收 .zip 与 .tar"]})
    return _ask(person, file.name, file, dry_run)


def again(person: identity.Person, intake_id: Any, *, dry_run: bool = False) -> Intake:
    """One that was only checked, or was refused, once more: from the folder, or from the upload while it is kept.

    :raises Conflict: it was taken over, is under way, or the upload is gone.
    """
    row = get(person, intake_id)
    if row.state in _BUSY or (row.state == "done" and not row.dry_run):
        raise Conflict("已经导入，或正在导入", code="intake_done")
    if not row.uploaded:
        return start(person, row.name, dry_run=dry_run)
    file = files.get(row.file_id) if row.file_id else None
    if file is None:
        raise Conflict("上传的文件已经删去，请重新上传", code="upload_gone")
    return _ask(person, row.name, file, dry_run)


def listing(person: identity.Person, *, limit: int = 20, cursor: str | None = None) -> db.Page:
    """A page of them, the last first."""
    permissions.require(person, rights.FILE)
    return db.page(Intake.select(), [Intake.id.desc()], limit=limit, cursor=cursor)


def get(person: identity.Person, intake_id: Any) -> Intake:
    """One of them."""
    permissions.require(person, rights.FILE)
    number = int(intake_id) if str(intake_id).isascii() and str(intake_id).isdigit() else 0
    found = Intake.get_or_none(Intake.id == number) if 0 < number < 2**63 else None
    if found is None:
        raise NotFound("没有这次导入")
    return found


def readable(person: identity.Person, intake_id: str) -> bool:
    """An upload is read by who asked for it; whoever else may file sees what was found in it."""
    row = Intake.get_or_none(Intake.id == int(intake_id))
    return row is not None and row.asked_by_id == person.id


def _ask(person: identity.Person, name: str, file: files.File | None, dry_run: bool) -> Intake:
    with db.transaction():
        if Intake.select().where(Intake.name == name, Intake.state << _BUSY).exists():
            raise Conflict(f"“{name}”正在导入，请等它做完", code="intake_running")
        row = Intake.create(name=name, dry_run=dry_run, asked_by_id=person.id, asked_by_name=person.name, asked_at=clock.now(),
                            file_id=file.id if file else None, uploaded=file is not None, step="unpack" if file else "check",
                            **WORK.asked())
        if file is not None:
            files.attach(file, SUBJECT, row.id)
        audit.record("archives.intake_asked", SUBJECT, row.id, title=name, by=person, after={
            "dry_run": dry_run, "upload_sm3": file.sm3 if file else ""})
    scheduling.enqueue("archives.intake", intake=row.id)
    return row


def cancel(person: identity.Person, intake_id: Any) -> Intake:
    """Stops one that is asked for; records that were taken over are whole and stay.

    :raises Conflict: it has ended.
    """
    row = get(person, intake_id)
    with db.transaction():
        if not WORK.cancel(row.id, state="stopped", finished_at=clock.now()):
            raise Conflict("已经做完，不能停止", code="intake_done")
        audit.record("archives.intake_stopped", SUBJECT, row.id, title=row.name, by=person)
    return Intake.get_by_id(row.id)


def run(intake: int) -> Intake:
    """Carries one out; what is here already is recognised, so that a broken one goes on. The row says what was refused."""
    with WORK.working(intake, state="running") as mine:
        if mine is not None:
            room = _rooms() / f"{intake}-{uuid.uuid4().hex[:8]}"
            try:
                _carry_out(Intake.get_by_id(intake), mine, room)
            except scheduling.GivenUp:
                pass  # it was stopped, or another worker has it
            finally:
                shutil.rmtree(room, ignore_errors=True)
    return Intake.get_by_id(intake)


def _carry_out(row: Intake, mine: scheduling.Work, room: Path) -> None:
    told: dict[str, object]
    try:
        person = identity.get(row.asked_by_id)
        permissions.require(person, rights.FILE)
        place = _unpacked(row, mine, room) if row.uploaded else _in_folder(row, person)
        found = taking.take(person, place, dry_run=row.dry_run, progress=lambda *how: _beat(row, mine, *how))
        told = {"state": "done", "taken": found["taken"], "known": found["known"], "total": found["count"],
                "fingerprint": found["fingerprint"], "problems": []}
    except (OAError, OSError) as error:
        details = getattr(error, "details", None) or {}
        text = str(getattr(error, "message", "") or error)
        told = {"state": "failed", "problems": details.get("problems") or [text]}
    with db.transaction():
        mine.end(finished_at=clock.now(), **told)
        audit.record("archives.intake_done", SUBJECT, row.id, title=row.name, after=told)
        title = f"“{row.name}”" + ("没有导入" if told["problems"] else "核验无误" if row.dry_run else "导入做完")
        notifications.send("archives.handover", [row.asked_by_id], title, url="/archives/intakes", subject=(SUBJECT, row.id))
        if told["state"] == "done" and not row.dry_run:
            _drop(row.file_id)


def resume() -> int:
    """Takes up what was asked for and has nobody working on it; how many. Uploads that nobody took over go after a week."""
    done = WORK.resume(run)
    old = Intake.select(Intake.file_id).where(Intake.file_id.is_null(False)).group_by(Intake.file_id).having(
        db.fn.MAX(Intake.asked_at) < clock.now() - KEEP).limit(100).tuples()
    for (file_id,) in list(old):
        with db.transaction():
            if not Intake.select().where(Intake.file_id == file_id, Intake.state << _BUSY).exists():
                _drop(file_id)
    return done


def _in_folder(row: Intake, person: identity.Person) -> Path:
    place = folder()
    if place is None or row.name not in offered(person):
        raise NotFound("导入文件夹里没有这个数据包")
    return place / row.name


def _unpacked(row: Intake, mine: scheduling.Work, room: Path) -> Path:
    """The upload, unpacked beside the database; what a killed worker left there goes first."""
    file = files.get(row.file_id) if row.file_id else None
    if file is None:
        raise NotFound("上传的文件已经删去，请重新上传")
    for left in _rooms().glob(f"{row.id}-*"):
        shutil.rmtree(left, ignore_errors=True)
    return unpacking.unpack(file, room, lambda done, total: _beat(row, mine, "unpack", done, total))


def _rooms() -> Path:
    return runtime.current().config.folder / "intakes"


def _drop(file_id: int | None) -> None:
    """Takes an upload away; the caller's transaction."""
    file = files.get(file_id) if file_id else None
    if file is None:
        return
    for row in Intake.select(Intake.id).where(Intake.file_id == file_id):
        files.detach(file, SUBJECT, row.id)
    Intake.update(file_id=None).where(Intake.file_id == file_id).execute()
    try:
        files.discard(file)
    except Conflict:
        return  # it belongs to something else too


def _beat(row: Intake, mine: scheduling.Work, step: str, done: int, total: int) -> None:
    mine.moving()
    if done % _EVERY and done != total:
        return
    with db.transaction():
        mine.tell(step=step, done=done, total=total)
        audit.record("archives.intake_went_on", SUBJECT, row.id, title=row.name, after={"step": step, "done": done})
