"""Uses of records (利用): noted once a day, counted by department, month, record and purpose."""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import clock, db, identity, permissions
from oa_kernel.errors import BadRequest

from .. import rights
from ..models import Item
from ..models_use import PURPOSES, Use

KINDS = {"read": "阅读", "download": "下载", "package": "信息包", "borrow": "借阅"}
#: records in the list of the most used
TOP = 20
#: months on the screen
MONTHS = 24
#: groups in the spreadsheet
_ALL = 2_000


def note(item: Any, person: Any, kind: str, purpose: str = "") -> None:
    """Notes that somebody used a record; once a day for each kind."""
    today = clock.today()
    same = Use.select(Use.id).where(Use.item == item.id, Use.person_id == person.id, Use.day == today, Use.kind == kind)
    if same.exists():
        return
    department = identity.department(person.department_id) if person.department_id else None
    with db.transaction():
        Use.create(item=item.id, day=today, at=clock.now(), kind=kind, person_id=person.id, person_name=person.name, purpose=purpose,
                   department_name=department.name if department else "")


def statistics(person: Any, first: str = "", last: str = "", *, top: int = TOP, months: int = MONTHS) -> dict[str, Any]:
    """``{"first", "last", "departments", "months", "purposes", "kinds", "records", "total"}`` of a span of days (this year
    if left out), each but the last a list of (name, count): the ``top`` departments and records, the last ``months``
    months. Five queries, whatever the span.

    :raises BadRequest: for what is no day, or a span that ends before it begins.
    """
    permissions.require(person, rights.LEND)
    begin, end = _span(first, last)
    within = (Use.day >= begin) & (Use.day <= end)
    count = db.fn.COUNT(Use.id)

    def by(field: Any) -> list[tuple[Any, int]]:
        rows = Use.select(field, count).where(within).group_by(field).order_by(count.desc()).limit(top).tuples()
        return [(value, int(number)) for value, number in rows]

    days = Use.select(Use.day, count).where(within).group_by(Use.day).tuples()
    monthly: dict[str, int] = {}
    for day, number in days:
        monthly[day.strftime("%Y-%m")] = monthly.get(day.strftime("%Y-%m"), 0) + int(number)
    records = (Use.select(Item.archival_number, Item.title, Item.id, count).join(Item)
               .where(within, permissions.secrecy_condition(person, Item.secrecy_level))
               .group_by(Item.id, Item.archival_number, Item.title).order_by(count.desc(), Item.id).limit(top).tuples())
    kinds = [(KINDS.get(kind, kind), number) for kind, number in by(Use.kind)]
    return {
        "first": begin, "last": end, "departments": [(name or "—", number) for name, number in by(Use.department_name)],
        "months": sorted(monthly.items())[-months:],
        "purposes": [(PURPOSES[code], n) for code, n in by(Use.purpose) if code in PURPOSES],
        "kinds": kinds, "records": [(number, title, int(times), int(id)) for number, title, id, times in records],
        "total": sum(number for _, number in kinds),
    }


def _span(first: str, last: str) -> tuple[dt.date, dt.date]:
    today = clock.today()
    try:
        begin = dt.date.fromisoformat(first) if first else today.replace(month=1, day=1)
        end = dt.date.fromisoformat(last) if last else today
    except ValueError:
        raise BadRequest("日期应形如 2026-11-25") from None
    if end < begin or (end - begin).days > 366 * 20:
        raise BadRequest("起止日期颠倒，或超过二十年")
    return begin, end


def spreadsheet(person: Any, first: str = "", last: str = "") -> bytes:
    """The statistics as .xlsx, a sheet for each view."""
    from ..tables import workbook

    found = statistics(person, first, last, top=_ALL, months=_ALL)
    return workbook([
        ("按部门", ("部门", "次数"), found["departments"]), ("按月", ("月份", "次数"), found["months"]),
        ("按目的", ("利用目的", "次数"), found["purposes"]), ("按方式", ("方式", "次数"), found["kinds"]),
        ("按档案", ("档号", "题名", "次数"), [row[:3] for row in found["records"]]),
    ])
