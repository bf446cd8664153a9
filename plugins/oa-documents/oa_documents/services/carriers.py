"""What the carriers of a dispatch (a channel of another plugin) tell of it, and calling a dispatch back.

Each telling is idempotent: a second one of the same changes nothing and is not an error.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import audit, clock, db, identity, notifications, permissions
from oa_kernel.errors import Conflict, Invalid

from .. import channels, rights
from ..models import Dispatch, Outgoing
from . import dispatches

SUBJECT = "documents.outgoing"
#: states in which a recipient has not answered for good
_OPEN = (*dispatches.OPEN, "failed")
#: how the note begins once the recipient was asked to give it back
_ASKED = "已请求撤回："


def get(dispatch_id: int) -> Dispatch | None:
    """The dispatch with its document, its row locked; None where it is gone."""
    return db.lock_rows(
        Dispatch.select(Dispatch, Outgoing).join(Outgoing).where(Dispatch.id == dispatch_id)).first()


def delivered(dispatch_id: int) -> None:
    """It has arrived at the recipient."""
    with db.transaction():
        item = get(dispatch_id)
        if item is not None and item.state in ("sent", "failed", "overdue") and item.delivered_at is None:
            state = "overdue" if item.state == "overdue" else "delivered"
            _change(item, "documents.dispatch.delivered", state=state, delivered_at=clock.now(), note="")


def delayed(dispatch_id: int, words: str) -> None:
    """It has not arrived yet; ``words`` say why, and who does what. They stand with the dispatch until it has."""
    with db.transaction():
        item = get(dispatch_id)
        if item is not None and item.state in ("sent", "overdue") and item.delivered_at is None \
                and item.note != words[:300] and not item.note.startswith(_ASKED):
            _change(item, "documents.dispatch.delayed", note=words[:300])


def failed(dispatch_id: int, reason: str) -> None:
    """It can never arrive. The office is told."""
    with db.transaction():
        item = get(dispatch_id)
        if item is not None and item.state in dispatches.OPEN and item.delivered_at is None:
            _change(item, "documents.dispatch.failed", state="failed", note=reason[:300])
            _tell(item, f"没有送达{item.recipient_name}：{item.document.title}", reason)


def receipt(dispatch_id: int, signed_by: str, at: dt.datetime) -> None:
    """The recipient has signed for it."""
    with db.transaction():
        item = get(dispatch_id)
        if item is not None and item.state in _OPEN:
            dispatches.receive(item.document, item, signed_by, by=None, at=at)


def refused(dispatch_id: int, reason: str) -> None:
    """The recipient does not take it (退文), and says why."""
    with db.transaction():
        item = get(dispatch_id)
        if item is not None and item.state in _OPEN:
            _change(item, "documents.dispatch.refused", state="refused", note=reason[:300])
            _tell(item, f"{item.recipient_name}退文：{item.document.title}", reason)


def recall(document: Outgoing, item: Dispatch, by: Any, reason: str) -> Dispatch:
    """Calls a dispatch back (撤回); where it has left already, the recipient is asked and may have registered it.

    :raises Conflict: signed for, over already, or sent by a way that cannot be called back. Invalid: without a reason.
    """
    permissions.require(by, rights.DISPATCH)
    reason = " ".join(reason.split())
    if not 2 <= len(reason) <= 200:
        raise Invalid("请写明撤回的原因（2 至 200 字）", errors={"reason": ["请写明撤回的原因（2 至 200 字）"]})
    channel = channels.others().get(item.channel)
    if channel is None or channel.recall is None:
        raise Conflict(f"以“{channels.title(item.channel)}”发出的不能撤回", code="no_recall")
    with db.transaction():
        current = get(item.id)
        if current is None or current.state not in _OPEN:
            raise Conflict(f"{item.recipient_name}已签收、退文或已撤回，不能再撤回", code="not_open")
        if channel.recall(document, current, reason, by):
            _change(current, "documents.dispatch.recall", by=by, state="recalled", note=f"撤回：{reason}"[:300])
        else:
            _change(current, "documents.dispatch.recall", by=by, note=f"{_ASKED}{reason}"[:300])
    return Dispatch.get_by_id(item.id)


def recalled(dispatch_id: int) -> None:
    """The recipient has given it back."""
    with db.transaction():
        item = get(dispatch_id)
        if item is not None and item.state in _OPEN:
            note = item.note.replace(_ASKED, "撤回：", 1)
            _change(item, "documents.dispatch.recalled", state="recalled", note=note)
            _tell(item, f"{item.recipient_name}已退回撤回的公文：{item.document.title}", note)


def kept(dispatch_id: int, reason: str) -> None:
    """The recipient was asked to give it back and does not: it is registered there."""
    with db.transaction():
        item = get(dispatch_id)
        if item is not None and item.state != "recalled":
            _change(item, "documents.dispatch.kept", note=f"没有撤回：{reason}"[:300])
            _tell(item, f"{item.recipient_name}没有退回：{item.document.title}", reason)


def _change(item: Dispatch, action: str, *, by: Any = None, **changes: Any) -> None:
    Dispatch.update(**changes).where(Dispatch.id == item.id).execute()
    audit.record(action, SUBJECT, item.document_id, item.document.title, by=by,
                 before={"state": item.state, "note": item.note},
                 after={"state": changes.get("state", item.state), "note": changes.get("note", item.note),
                        "recipient": item.recipient_name})


def _tell(item: Dispatch, title: str, body: str) -> None:
    """The drafter, and who dispatches documents."""
    people = identity.by_ids(sorted({item.document.drafter_id, *permissions.people_with(rights.DISPATCH)})).values()
    cleared = [p.id for p in people if p.clearance >= item.document.secrecy_level]
    notifications.send("documents.carried", cleared, title, body=body[:300],
                       url=f"/documents/{item.document_id}?tab=dispatch", subject=(SUBJECT, str(item.document_id)))
