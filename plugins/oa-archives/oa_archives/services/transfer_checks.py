"""The four checks of a whole transfer, in the background: asked for once, with progress, taken up again where a kill left them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import audit, clock, db, identity, notifications, permissions, scheduling
from oa_kernel.errors import Conflict, OAError

from .. import rights
from ..models_use import Transfer, TransferEntry
from . import transfer

#: seconds after which a worker that said nothing is taken for dead
_SILENT = 300


def start(person: Any, transfer_id: Any, *, again: bool = False) -> Transfer:
    """Asks for the checks of what has none yet; ``again``: of what failed too. The worker does them.

    :raises Conflict: it has ended, or they are being made.
    """
    permissions.require(person, rights.TRANSFER)
    with db.transaction():
        row = db.lock_rows(Transfer.select().where(Transfer.id == transfer.get(person, transfer_id).id)).get()
        if row.state not in ("draft", "checked"):
            raise Conflict("这次移交已经办完或撤销", code="ended")
        if row.checking_by_id is not None:
            raise Conflict("正在检测，请等它做完", code="checking")
        if again:
            TransferEntry.update(checked_at=None).where(
                TransferEntry.transfer == row.id, TransferEntry.checked_at.is_null(False), ~TransferEntry.sound).execute()
        Transfer.update(checking_by_id=person.id, beat_at=None, check_error="", state="draft" if again else row.state).where(
            Transfer.id == row.id).execute()
        audit.record("archives.transfer_check_asked", transfer.SUBJECT, row.id, title=row.number, by=person, after={"again": again})
    scheduling.enqueue("archives.transfer_check", transfer=row.id)
    return Transfer.get_by_id(row.id)


def run(transfer_id: int) -> dict[str, int]:
    """Makes them, a step after another; how it stands at the end. What another worker is at is left to it."""
    now = clock.now()
    free = Transfer.beat_at.is_null() | (Transfer.beat_at < now - dt.timedelta(seconds=_SILENT))
    with db.transaction():
        mine = Transfer.update(beat_at=now).where(
            Transfer.id == transfer_id, Transfer.checking_by_id.is_null(False), free).execute()
        if mine:
            audit.record("archives.transfer_check_begun", transfer.SUBJECT, transfer_id)
    row = Transfer.get_by_id(transfer_id)
    if not mine:
        return transfer.standing(row)
    error = ""
    try:
        person = identity.get(row.checking_by_id)
        left = -1
        while (found := transfer.check(person, row.id))["left"] not in (0, left):  # without progress it would never end
            left = found["left"]
    except OAError as failure:  # the right is gone, or the transfer was given up meanwhile
        error = failure.message[:300]
        found = transfer.standing(row)
    with db.transaction():
        Transfer.update(checking_by_id=None, beat_at=None, check_error=error).where(Transfer.id == row.id).execute()
        audit.record("archives.transfer_check_done", transfer.SUBJECT, row.id, title=row.number, after={**found, "error": error})
        notifications.send("archives.transfer", [row.checking_by_id], f"{row.number}：四性检测" + ("中断" if error else "做完"),
                           body=error or f"{found['checked']} 件，不通过 {found['failed']} 件", url=transfer.url(row.id),
                           subject=(transfer.SUBJECT, row.id))
    return found


def resume() -> int:
    """Takes up what a killed worker left; how many."""
    silent = clock.now() - dt.timedelta(seconds=_SILENT)
    left = list(Transfer.select(Transfer.id).where(
        Transfer.checking_by_id.is_null(False), Transfer.beat_at.is_null() | (Transfer.beat_at < silent)).limit(10))
    for row in left:
        run(row.id)
    return len(left)


__all__ = ["resume", "run", "start"]
