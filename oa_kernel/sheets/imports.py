"""Importing in steps, for people: file → check → result. What is checked is exactly what is written, once.

::

    row = imports.begin("people", file, by=person)      # checked in the background, or at once where it is small
    imports.confirm(row.id, by=person)                   # written, whole or not at all

The state stands in the database and moves on by compare-and-set, so a second click, a second tab or a worker that was
killed neither writes twice nor half. How far a running step is stands in the queue's own storage: on SQLite the
import holds the database's one write lock, and the bar has to move nevertheless.
"""

from __future__ import annotations

import base64
import datetime as dt
import io
import json
import logging
import time
from collections.abc import Callable
from typing import Any

from oa_kernel import audit, clock, db, files, permissions, runtime, scheduling
from oa_kernel.contributions import Sheet
from oa_kernel.errors import Conflict, NotFound, OAError
from oa_kernel.identity.models import Person

from . import load as loading
from .models import Import
from .workbook import kinds, parts_of

log = logging.getLogger(__name__)

SUBJECT = "sheets.import"
#: how long the file, the faults and one-time passwords are kept
KEEP = dt.timedelta(hours=24)
#: faults that are kept to be shown; all of them stand in the marked workbook only if there are no more
KEPT_FAULTS = 2_000
#: bytes of an uploaded workbook: 100,000 rows of people are about 8 MiB
MAX_FILE = 32 * 2**20
#: bytes up to which a workbook is read while the person waits (about 1,000 rows)
AT_ONCE = 48 * 1024
#: a running step that has not moved for so long may be begun again
STALLED = dt.timedelta(minutes=2)
_RUNNING = {"checking", "writing"}


def kinds_for(person: Any) -> list[Sheet]:
    """The kinds somebody may import and export on the pages: they hold its permission, and those of its parts."""
    return [sheet for sheet in kinds().values() if _may(person, sheet)]


def kind_for(person: Any, name: str) -> Sheet:
    """A kind by name, for somebody who may import it; NotFound otherwise."""
    sheet = kinds().get(name)
    if sheet is None or not _may(person, sheet):
        raise NotFound("没有这种表格，或您不能导入它")
    for one in _whole(sheet):
        permissions.require(person, str(one.permission))
    return sheet


def _may(person: Any, sheet: Sheet) -> bool:
    wanted = _whole(sheet)
    return all(s.permission is not None and permissions.allows(person, s.permission) for s in wanted) and any(
        s.load is not None for s in wanted)


def _whole(sheet: Sheet) -> list[Sheet]:
    return [sheet, *(parts_of(sheet) if sheet.parts else ())]


def begin(kind: str, file: Any, *, by: Any) -> Import:
    """Keeps an uploaded workbook and has it checked; nothing of it is written yet.

    :param file: a row of the files room, stored by the same person.
    """
    sheet = kind_for(by, kind)
    now = clock.now()
    with db.transaction():
        row = Import.create(kind=sheet.name, file_id=file.id, name=file.name, by_id=by.id, at=now,
                            expires_at=now + KEEP, state="checking", begun_at=now)
        files.attach(file, SUBJECT, row.id)
        audit.record("sheets.import_begun", "sheets", sheet.name, title=sheet.title, by=by,
                     after={"import": row.id, "file": file.name, "sm3": file.sm3})
        _go(row, file.size)
    return find(row.id, by)


def confirm(import_id: int, *, by: Any) -> Import:
    """Writes what was checked. A second call while it runs, or after, changes nothing.

    :raises Conflict: when it is not in a state to be written: faulty, cancelled.
    """
    row = find(import_id, by)
    now = clock.now()
    with db.transaction():
        moved = Import.update(state="writing", begun_at=now, ended_at=None).where(
            Import.id == row.id, Import.state == "checked").execute()
        if moved:
            row.state, row.begun_at = "writing", now
            file = files.get(row.file_id)
            _go(row, file.size if file else 0)
    row = find(import_id, by)
    if row.state not in ("writing", "written", "faulty", "failed"):
        raise Conflict("这次导入还不能写入：请等检查结束，或重新上传", code="not_checked")
    return row


def restart(import_id: int, *, by: Any) -> Import:
    """Begins a step again whose worker seems to be gone. Were it only slow, one of the two steps back."""
    row = find(import_id, by)
    if not stalled(row):
        raise Conflict("这一步还在进行，请稍候", code="still_running")
    now = clock.now()
    with db.transaction():
        if Import.update(begun_at=now).where(
            Import.id == row.id, Import.state == row.state, Import.begun_at == row.begun_at
        ).execute():
            row.begun_at = now
            file = files.get(row.file_id)
            _go(row, file.size if file else 0)
    return find(import_id, by)


def cancel(import_id: int, *, by: Any) -> None:
    """Gives an import up that is not being written; its file goes."""
    row = find(import_id, by)
    with db.transaction():
        done = Import.update(state="cancelled", ended_at=clock.now()).where(
            Import.id == row.id, Import.state.in_(("checking", "checked", "faulty", "failed"))).execute()
        if not done:
            raise Conflict("已经写入或正在写入，不能放弃", code="not_open")
        _drop(row)
        audit.record("sheets.import_cancelled", "sheets", row.kind, title=row.name, by=by, after={"import": row.id})


def find(import_id: int, by: Any) -> Import:
    """Somebody's own import, while they may import its kind; NotFound otherwise."""
    row = Import.get_or_none(Import.id == import_id, Import.by_id == by.id)
    if row is None or row.expires_at < clock.now():
        raise NotFound("没有这次导入，或已过期（文件只保留 24 小时），请重新上传")
    kind_for(by, row.kind)
    return row


def recent(by: Any, limit: int = 10) -> list[Import]:
    """Somebody's imports of the last day, newest first."""
    query = Import.select().where(Import.by_id == by.id, Import.expires_at > clock.now())
    return list(query.order_by(Import.id.desc()).limit(limit))


def running(row: Import) -> bool:
    """Whether a step is on its way."""
    return row.state in _RUNNING


def stalled(row: Import) -> bool:
    """Whether a running step has not moved for some minutes."""
    if not running(row):
        return False
    told = _told_progress(row)
    last = max(row.begun_at, dt.datetime.fromtimestamp(told[2], clock.UTC)) if told else row.begun_at
    return clock.now() - last > STALLED


def progress(row: Import) -> tuple[int, int] | None:
    """Rows done and rows in all of the running step; None before the first."""
    told = _told_progress(row)
    return (told[0], told[1]) if told else None


def told(import_id: int, *, by: Any) -> list[dict[str, Any]]:
    """What the import tells of its rows (one-time passwords); every look is on record."""
    row = find(import_id, by)
    if not row.told:
        raise NotFound("没有一次性密码可取，或已经删去")
    with db.transaction():
        audit.record("sheets.told_read", "sheets", row.kind, title=row.name, by=by,
                     after={"import": row.id, "rows": row.told_count})
    return list(json.loads(runtime.current().keys.decrypt(base64.b64decode(row.told), aad=_purpose(row))))


def forget_told(import_id: int, *, by: Any) -> None:
    """Takes away what was told, once it is kept elsewhere."""
    row = find(import_id, by)
    with db.transaction():
        Import.update(told="", told_count=0).where(Import.id == row.id).execute()
        audit.record("sheets.told_forgotten", "sheets", row.kind, title=row.name, by=by, after={"import": row.id})


def file_of(row: Import) -> Any:
    """The uploaded workbook; NotFound once it is gone."""
    file = files.get(row.file_id) if row.file_id else None
    if file is None:
        raise NotFound("上传的文件已经删去，请重新上传")
    return file


def expire() -> int:
    """Takes away what is older than a day; how many imports."""
    gone = 0
    for row in list(Import.select().where(Import.expires_at < clock.now()).limit(500)):
        with db.transaction():
            _drop(row)
            Import.delete().where(Import.id == row.id).execute()
        gone += 1
    return gone


def run(import_id: int, state: str, begun_at: str) -> None:
    """A step, in the worker: reads the workbook and, for ``writing``, keeps what it says."""
    begun = dt.datetime.fromisoformat(begun_at)
    row = Import.get_or_none(Import.id == import_id)
    if row is None or not _same(row, state, begun):
        return
    person = Person.get_or_none(Person.id == row.by_id)
    try:
        if person is None or not person.active:
            raise NotFound("上传的人已停用")
        kind_for(person, row.kind)
        # in memory, not in /tmp: it holds people's telephone numbers
        _step(row, io.BytesIO(files.read_bytes(file_of(row))), person, begun)
    except _Overtaken:
        return
    except OAError as error:
        _end(row, begun, state="failed", message=_said(error))
    except Exception:
        log.exception("import %s of %s failed", row.id, row.kind)
        _end(row, begun, state="failed", message="程序出错，没有写入任何一行；管理员可在日志里查看")
    finally:
        _forget_progress(row)


class _Overtaken(Exception):
    """The step was begun again meanwhile."""


def _step(row: Import, source: Any, person: Any, begun: dt.datetime) -> None:
    writing = row.state == "writing"

    def hold() -> None:
        now = db.lock_rows(Import.select().where(Import.id == row.id)).first()
        if now is None or not _same(now, row.state, begun):
            raise _Overtaken

    def keep(result: loading.Result) -> None:
        Import.update(state="written", ended_at=clock.now(), rows=result.written, faults=[], fault_count=0,
                      told=_sealed(row, result.told), told_count=len(result.told)).where(Import.id == row.id).execute()

    result = loading.load(row.kind, source, by=person, dry_run=not writing, progress=_teller(row),
                          before=hold if writing else None, after=keep if writing else None)
    if result.faults:
        _end(row, begun, state="faulty", rows=result.seen, faults=result.faults[:KEPT_FAULTS],
             fault_count=len(result.faults))
    elif not writing:
        _end(row, begun, state="checked", rows=result.seen, faults=[], fault_count=0)


def _end(row: Import, begun: dt.datetime, **changes: Any) -> None:
    with db.transaction():
        ended = Import.update(ended_at=clock.now(), **changes).where(
            Import.id == row.id, Import.state == row.state, Import.begun_at == begun).execute()
        if ended:
            audit.record("sheets.import_ended", "sheets", row.kind, title=row.name, by=row.by_id,
                         after={"import": row.id, "step": row.state, "state": changes["state"],
                                "faults": changes.get("fault_count", 0), "message": changes.get("message", "")})


def _same(row: Import, state: str, begun: dt.datetime) -> bool:
    return bool(row.state == state and row.begun_at == begun)


def _go(row: Import, size: int) -> None:
    """The step is done at once where it is short or nobody else would do it, else by the worker."""
    arguments = {"import_id": row.id, "state": row.state, "begun_at": row.begun_at.isoformat()}
    if size > AT_ONCE and scheduling.alive():
        scheduling.enqueue("sheets.import", **arguments)
    else:
        db.on_commit(lambda: run(**arguments))


def _drop(row: Import) -> None:
    file = files.get(row.file_id) if row.file_id else None
    if file is not None:
        files.detach(file, SUBJECT, row.id)
        files.discard(file)
    Import.update(file_id=None, told="", told_count=0).where(Import.id == row.id).execute()


def _sealed(row: Import, rows: list[dict[str, Any]]) -> str:
    if not rows:
        return ""
    text = json.dumps(rows, ensure_ascii=False, default=str).encode()
    return base64.b64encode(runtime.current().keys.encrypt(text, aad=_purpose(row))).decode()


def _purpose(row: Import) -> bytes:
    return f"sheets.told:{row.id}".encode()


def _said(error: OAError) -> str:
    reasons = [r for found in error.errors.values() for r in found]
    return "；".join([error.message, *reasons])[:500]


def _teller(row: Import) -> Callable[[int, int], None]:
    """Puts how far the step is where the page can see it, twice a second at most."""
    queue, key, last = scheduling.huey(), _key(row), [0.0]

    def tell(done: int, total: int) -> None:
        now = time.monotonic()
        if now - last[0] > 0.5 or done == total:
            last[0] = now
            queue.put(key, [done, total, time.time()])

    return tell


def _told_progress(row: Import) -> Any:
    try:
        return scheduling.huey().get(_key(row), peek=True)
    except Exception:  # a bar that cannot be asked is no reason for a page to fail
        log.warning("progress of import %s is not known", row.id, exc_info=True)
        return None


def _forget_progress(row: Import) -> None:
    try:
        scheduling.huey().get(_key(row))
    except Exception:
        log.warning("progress of import %s stays in the queue", row.id, exc_info=True)


def _key(row: Import) -> str:
    return f"sheets.import:{row.id}:{row.state}:{row.begun_at.isoformat()}"


__all__ = [
    "KEEP", "KEPT_FAULTS", "MAX_FILE", "SUBJECT", "begin", "cancel", "confirm", "expire", "file_of", "find", "forget_told", "kind_for",
    "kinds_for", "progress", "recent", "restart", "run", "running", "stalled", "told",
]
