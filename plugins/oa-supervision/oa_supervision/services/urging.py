"""Urging (催办): by hand, and by itself the more people hear of it the longer something is late."""

from __future__ import annotations

from typing import Any

from oa_kernel import audit, clock, db, identity, notifications, permissions
from oa_kernel.errors import Conflict

from .. import rights, settings
from ..models import Item
from . import items, lights


def urge(item: Item, by: Any, words: str = "") -> int:
    """Tells who answers for it, once a day; how many people heard."""
    permissions.require(by, rights.MANAGE)
    with db.transaction():
        locked = db.lock_rows(Item.select().where(Item.id == item.id)).get()
        if locked.state != "open":
            raise Conflict("这件督办事项已经销号或撤销", code="closed")
        if locked.urged_on == clock.today():
            raise Conflict("今天已经催办过", code="urged_today")
        return _tell(locked, items.answerable(locked), words.strip()[:300] or f"请抓紧办理，期限 {locked.due_on}", by)


def daily() -> int:
    """Every morning: what is due soon is told to who answers; what is late to more people the later it is. How many items."""
    first, second, third = settings.get("urge_after")
    today, count = clock.today(), 0
    soon = lights.add_working_days(today, 1)
    due = Item.select().where(Item.state == "open", Item.due_on <= soon).order_by(Item.due_on, Item.id)
    for item in due.iterator():
        if item.urged_on == today:
            continue
        late = lights.working_days_late(item.due_on, today)
        people = items.answerable(item)
        if late >= second:
            people = [*people, *identity.heads_of(item.department_id, 1)]
        if late >= third:
            people = [*people, *identity.deputy_for(item.department_id), *([item.created_by_id] if item.created_by_id else [])]
        if item.due_on >= today:
            words = f"{item.due_on} 到期，请按时反馈办理结果"
        elif late >= first:
            words = f"已超期 {late} 个工作日（期限 {item.due_on}），请立即反馈"
        else:
            continue
        with db.transaction():
            locked = db.lock_rows(Item.select().where(Item.id == item.id)).get()
            if locked.state != "open" or locked.urged_on == today:
                continue
            _tell(locked, list(dict.fromkeys(people)), words, None)
            count += 1
    return count


def _tell(item: Item, people: list[int], words: str, by: Any) -> int:
    Item.update(urged_on=clock.today(), urges=Item.urges + 1).where(Item.id == item.id).execute()
    audit.record("supervision.urged", items.SUBJECT, item.id, title=item.title, by=by, after={"to": people, "words": words})
    return notifications.send("supervision.urged", people, f"催办：{item.title}", body=words, url=items.url(item),
                              subject=(items.SUBJECT, item.id))
