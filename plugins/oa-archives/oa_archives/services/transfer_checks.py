"""The four checks of a whole transfer, in the background: asked for once, with progress, taken up again where a kill left them."""

from __future__ import annotations

from typing import Any

from oa_kernel import audit, db, identity, notifications, permissions, scheduling
from oa_kernel.errors import Conflict, OAError

from .. import rights
from ..models_use import Transfer, TransferEntry
from . import transfer

WORK = scheduling.LongWork("archives.transfer_check", Transfer, lambda: Transfer.checking_by_id.is_null(False),
                           subject=transfer.SUBJECT)


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
        Transfer.update(checking_by_id=person.id, check_error="", state="draft" if again else row.state, **WORK.asked()).where(
            Transfer.id == row.id).execute()
        audit.record("archives.transfer_check_asked", transfer.SUBJECT, row.id, title=row.number, by=person, after={"again": again})
    scheduling.enqueue("archives.transfer_check", transfer=row.id)
    return Transfer.get_by_id(row.id)


def run(transfer_id: int) -> dict[str, int]:
    """Makes them, a step after another; how it stands at the end. What another worker is at is left to it."""
    with WORK.working(transfer_id) as mine:
        row = Transfer.get_by_id(transfer_id)
        if mine is not None:
            try:
                _make(row, mine)
            except scheduling.GivenUp:  # the transfer was given up meanwhile
                pass
    return transfer.standing(row)


def _make(row: Transfer, mine: scheduling.Work) -> None:
    error = ""
    try:
        person = identity.get(row.checking_by_id)
        left = -1
        while (found := transfer.check(person, row.id))["left"] not in (0, left):  # without progress it would never end
            mine.moving()
            left = found["left"]
    except OAError as failure:  # the right is gone
        error = failure.message[:300]
        found = transfer.standing(row)
    with db.transaction():
        mine.end(checking_by_id=None, check_error=error)
        audit.record("archives.transfer_check_done", transfer.SUBJECT, row.id, title=row.number, after={**found, "error": error})
        notifications.send("archives.transfer", [row.checking_by_id], f"{row.number}：四性检测" + ("中断" if error else "做完"),
                           body=error or f"{found['checked']} 件，不通过 {found['failed']} 件", url=transfer.url(row.id),
                           subject=(transfer.SUBJECT, row.id))


def resume() -> int:
    """Takes up what a killed worker left; how many."""
    return WORK.resume(run)


__all__ = ["resume", "run", "start"]
