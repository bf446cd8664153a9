"""Open and closed records (划控): an open one is everybody's in the organisation, a closed one only by right.

The opening day is part of every query over records (:func:`oa_archives.services.queries.visible`), so that a record opens
on its day without anybody's doing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from oa_kernel import audit, clock, db, permissions
from oa_kernel.errors import Conflict, Invalid, NotFound

from .. import rights
from ..models import Item
from . import filing, queries
from .labels import labels, relabel

#: years after which a record should have been looked at (档案法 2020, 第二十七条: 自形成之日起满二十五年)
AFTER = 25
#: records decided at once
MOST = 200
#: levels from 秘密 up are not opened: they are declassified first
_HIGHEST = 1


def decide(person: Any, item_ids: Collection[Any], *, open_from: Any, reason: str) -> int:
    """Opens records from a day on (today: at once; a later day: closed until then), or closes them (None). How many.

    :param item_ids: at most :data:`MOST` of them.
    :raises Invalid: no reason, a day that is none. NotFound: one of them is not there or not to be seen.
    :raises Conflict: one is still secret, or destroyed.
    """
    permissions.require(person, rights.OPEN)
    day = _day(open_from)
    reason = reason.strip()
    if not reason or len(reason) > 300:
        raise Invalid("请写明划控的理由，不超过 300 字", errors={"reason": ["请写明划控的理由，不超过 300 字"]})
    wanted = {int(i) for i in item_ids if str(i).isascii() and str(i).isdigit() and len(str(i)) < 19}
    if not 0 < len(wanted) <= MOST:
        raise Invalid(f"请选择 1–{MOST} 件档案", errors={"id": [f"请选择 1–{MOST} 件档案"]})
    with db.transaction():
        rows = list(db.lock_rows(queries.visible(Item.select(), person).where(Item.id.in_(wanted)).order_by(Item.id)))
        if len(rows) != len(wanted):
            raise NotFound("选中的档案有的不存在，或者您不能查看")
        for item in rows:
            if item.state == "destroyed":
                raise Conflict(f"{item.archival_number} 已销毁", code="destroyed")
            if day is not None and item.secrecy_level > _HIGHEST:
                raise Conflict(f"{item.archival_number} 密级为{item.secrecy or '内部'}，解密以后才能开放", code="secret")
            before = {"open_from": item.open_from, "reason": item.access_reason}
            Item.update(open_from=day, access_reason=reason).where(Item.id == item.id).execute()
            if (day is None) != (item.open_from is None):
                marks = labels(item)
                item.open_from = day
                relabel(item, filing.indexed(item), marks)
            audit.record("archives.access", queries.SUBJECT, item.id, title=f"{item.archival_number} {item.title}", by=person,
                         before=before,
                         after={"open_from": day, "reason": reason})
    return len(rows)


def _day(value: Any) -> dt.date | None:
    if value in (None, ""):
        return None
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        raise Invalid(f"开放日期“{value}”不是日期", errors={"open_from": ["应形如 2026-11-25；不开放时留空"]}) from None


def is_open(item: Any) -> bool:
    """Whether everybody may read it today."""
    return item.open_from is not None and item.open_from <= clock.today()


def due(person: Any, *, limit: int = 50, cursor: str | None = None) -> db.Page:
    """Closed records that are old enough to be looked at, the oldest first; one query."""
    permissions.require(person, rights.OPEN)
    query = queries.visible(Item.select(*queries.LISTED), person).where(
        Item.open_from.is_null(), Item.state != "destroyed", Item.secrecy_level <= _HIGHEST, Item.year < clock.today().year - AFTER)
    return db.page(query, [Item.year, Item.id], limit=limit, cursor=cursor)
