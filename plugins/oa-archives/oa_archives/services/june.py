"""The June rule (机关档案管理规定, 国家档案局令第 13 号): what was finished in a year is filed by the end of the following June.

The setting ``filing`` says when it begins to ask: at once, or on the first day of the following year.
"""

from __future__ import annotations

import datetime as dt

from oa_kernel import clock, db, notifications, permissions

from .. import rights, settings
from ..models import Pending

_KIND = "archives.due"


def dates(date: dt.date | None) -> tuple[dt.date, dt.date]:
    """(from when it asks for filing, by when it is to be filed) of a thing that bears a date; None: today."""
    year = (date or clock.today()).year
    due = dt.date(year + 1, 6, 30)
    return (clock.today() if settings.get("filing") == "at_once" else dt.date(year + 1, 1, 1)), due


def counts(today: dt.date | None = None) -> list[tuple[str, int, int]]:
    """(department, overdue, due by the end of next June at most two months away), the most overdue first; one query."""
    today = today or clock.today()
    soon = today + dt.timedelta(days=61)
    late = db.fn.SUM(db.Case(None, [(Pending.due_on < today, 1)], 0))
    rows = Pending.select(Pending.department_name, late, db.fn.COUNT(Pending.id)).where(
        Pending.state == "waiting", Pending.retention != "", Pending.due_on <= soon).group_by(Pending.department_name)
    found = [(name, int(overdue), int(total) - int(overdue)) for name, overdue, total in rows.tuples()]
    return sorted(found, key=lambda row: (-row[1], -row[2], row[0]))


def remind() -> int:
    """Tells the archivists what is due by June and what is overdue, from May on; how many wait."""
    found = counts()
    overdue, due = sum(r[1] for r in found), sum(r[2] for r in found)
    if overdue + due == 0 or (clock.today().month < 5 and not overdue):
        return 0
    title = f"归档提醒：{overdue} 件逾期，{due} 件应于 6 月底前归档" if overdue else f"归档提醒：{due} 件应于 6 月底前归档"
    body = "；".join(f"{name or '（无部门）'} {late + soon} 件" for name, late, soon in found[:20])
    url = "/archives/pending?state=overdue" if overdue else "/archives/pending"
    notifications.send(_KIND, permissions.people_with(rights.FILE), title, body=body, url=url,
                       subject=("archives.pending", clock.today().isoformat()))
    return overdue + due


def overdue_of() -> int:
    """How many are overdue, for the tab."""
    return int(Pending.select().where(Pending.state == "waiting", Pending.due_on < clock.today()).count())
