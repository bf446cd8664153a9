"""The terms of borrowings, day by day: reminded before the end, ended after it. (Reading ends in the query already.)"""

from __future__ import annotations

import datetime as dt

from oa_kernel import audit, clock, db, notifications

from .. import settings
from ..models import Item
from ..models_use import Borrowing
from .borrowing import SUBJECT, url

_BATCH = 200


def daily() -> dict[str, int]:
    """``{"reminded", "ended"}``: how many."""
    return {"reminded": _remind(), "ended": _end()}


def _remind() -> int:
    today = clock.today()
    last = today + dt.timedelta(days=int(settings.get("borrow_remind")))
    done = 0
    while True:
        with db.transaction():
            rows = list(Borrowing.select(Borrowing, Item).join(Item).where(
                Borrowing.state == "lent", Borrowing.until >= today, Borrowing.until <= last, Borrowing.reminded_on.is_null(),
            ).order_by(Borrowing.until, Borrowing.id).limit(_BATCH))
            if not rows:
                return done
            for row in rows:
                notifications.send("archives.borrowing", [row.person_id], f"借阅将到期：{row.item.archival_number}",
                                   body=f"{row.until} 到期，到期自动收回；需要时请续借", url=url(row.id), subject=(SUBJECT, row.id))
            Borrowing.update(reminded_on=today).where(Borrowing.id.in_([r.id for r in rows])).execute()
            audit.record("archives.borrowing_reminded", SUBJECT, rows[0].id, title=f"{len(rows)} 人",
                         after={"borrowings": [r.id for r in rows], "until": [r.until for r in rows]})
        done += len(rows)
        if len(rows) < _BATCH:
            return done


def _end() -> int:
    today, done = clock.today(), 0
    while True:
        with db.transaction():
            rows = list(db.lock_rows(Borrowing.select().where(Borrowing.state == "lent", Borrowing.until < today)
                                     .order_by(Borrowing.until, Borrowing.id).limit(_BATCH)))
            if not rows:
                return done
            Borrowing.update(state="ended", ended_at=clock.now()).where(Borrowing.id.in_([r.id for r in rows])).execute()
            for row in rows:
                audit.record("archives.borrowing_ended", SUBJECT, row.id, title=row.person_name,
                             before={"state": "lent"}, after={"state": "ended", "until": row.until})
                notifications.send("archives.borrowing", [row.person_id], "借阅已到期", body="档案已自动收回；仍需要时请重新申请",
                                   url=url(row.id), subject=(SUBJECT, row.id))
        done += len(rows)
        if len(rows) < _BATCH:
            return done
