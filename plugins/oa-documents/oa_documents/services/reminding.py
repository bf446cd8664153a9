"""Reminding recipients who have not signed for a document: after working days, each time more people.

The intervals are the setting ``reminders``: ``[1, 2, 3]`` reminds one working day after sending, two after that, three
after that, and then no more. First the people of the department, then its heads too, then who drafted the document as well.
"""

from __future__ import annotations

import datetime as dt

from oa_kernel import audit, clock, db, identity, notifications, workdays

from .. import settings
from ..models import Dispatch, Outgoing
from . import dispatches, standing

SUBJECT = "documents.outgoing"
_BATCH = 500


def first(sent_at: dt.datetime) -> dt.datetime | None:
    """When a recipient is reminded first; None: never."""
    return _after(sent_at, 0)


def _after(start: dt.datetime, done: int) -> dt.datetime | None:
    days = list(settings.get("reminders"))
    return workdays.due_at(start, f"{days[done]} working days") if done < len(days) else None


def remind_due() -> int:
    """Reminds everybody whose time has come; returns how many dispatches. For the scheduled task."""
    now, done = clock.now(), 0
    rows = list(
        Dispatch.select(Dispatch, Outgoing).join(Outgoing)
        .where(Dispatch.state.in_(dispatches.OPEN), Dispatch.remind_at <= now).order_by(Dispatch.remind_at).limit(_BATCH))
    for item in rows:
        with db.transaction():
            mine = Dispatch.update(
                reminders=Dispatch.reminders + 1, remind_at=_after(now, item.reminders + 1), urged_at=now,
            ).where(Dispatch.id == item.id, Dispatch.reminders == item.reminders, Dispatch.state.in_(dispatches.OPEN)).execute()
            if mine and _wanted(item.document):
                _remind(item.document, item, item.reminders + 1)
                done += 1
    return done


def _wanted(document: Outgoing) -> bool:
    return document.state != "voided" and document.finished_at is None and standing.in_force(document)


def _remind(document: Outgoing, item: Dispatch, times: int) -> None:
    """``times`` is how often it has been done with this."""
    title = f"{'' if times == 1 else f'第 {times} 次'}催签收：{document.title}"
    people: list[int] = []
    if item.kind == "department":
        people = list(identity.people_in(item.recipient_id))
        if times > 1:
            people += identity.heads_of(item.recipient_id, 1)
    elif item.channel == "email":
        dispatches.mail_again(item, stamp=f"auto{times}")
    if times > 2 or (item.kind != "department" and item.channel != "email"):
        people.append(document.drafter_id)
    cleared = [p.id for p in identity.by_ids(people).values() if p.active and p.clearance >= document.secrecy_level]
    if cleared:
        notifications.send("documents.urged", cleared, title, body=f"{document.number}　{item.recipient_name}尚未签收",
                           url=f"/documents/{document.id}", subject=(SUBJECT, str(document.id)))
    audit.record("documents.dispatch.remind", SUBJECT, document.id, document.title,
                 after={"recipient": item.recipient_name, "times": times})
