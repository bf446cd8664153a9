"""Lists as one likes them: saved views, chosen columns, dense or loose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oa_kernel import audit, db
from oa_kernel.errors import Invalid, NotFound

from .models import SavedView

#: views one may keep of a ledger
MOST = 30


def of(person: Any, ledger: str) -> tuple[dict[str, Any], list[SavedView]]:
    """How the person's list looks, and their views by name. One query."""
    rows = list(SavedView.select().where(SavedView.person == person.id, SavedView.ledger == ledger)
                .order_by(SavedView.name).limit(MOST + 1))
    look: Any = next((row.content for row in rows if row.name == ""), {})
    return dict(look or {}), [row for row in rows if row.name]


def save(person: Any, ledger: str, name: str, content: Mapping[str, Any]) -> SavedView:
    """Keeps a view under a name; the one of the same name is replaced."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 40:
        raise Invalid("视图名称为 1–40 个字", errors={"name": ["请填写视图名称，最多 40 个字"]})
    with db.transaction():
        count = SavedView.select().where(
            SavedView.person == person.id, SavedView.ledger == ledger, SavedView.name != name).count()
        if count >= MOST:
            raise Invalid(f"一个台账最多保存 {MOST} 个视图，请先删除不用的", errors={"name": ["视图太多"]})
        row = _put(person, ledger, name, dict(content))
        audit.record("ledger.view_saved", "ledger_view", row.id, title=name, after={"ledger": ledger, **content}, by=person)
    return row


def arrange(person: Any, ledger: str, content: Mapping[str, Any]) -> None:
    """Keeps how the list looks: columns in their order, dense or loose."""
    with db.transaction():
        row = _put(person, ledger, "", dict(content))
        audit.record("ledger.list_arranged", "ledger_view", row.id, title=ledger, after=content, by=person)


def forget(person: Any, ledger: str, view_id: int) -> None:
    """Removes one of the person's own views."""
    with db.transaction():
        row = None if view_id >= 2**63 else SavedView.get_or_none(
            SavedView.id == view_id, SavedView.person == person.id, SavedView.ledger == ledger, SavedView.name != "")
        if row is None:
            raise NotFound("没有这个视图")
        row.delete_instance()
        audit.record("ledger.view_removed", "ledger_view", view_id, title=row.name, before={"ledger": ledger}, by=person)


def _put(person: Any, ledger: str, name: str, content: dict[str, Any]) -> SavedView:
    SavedView.insert(person=person.id, ledger=ledger, name=name, content=content).on_conflict(
        conflict_target=[SavedView.person, SavedView.ledger, SavedView.name], update={SavedView.content: content},
    ).execute()
    return SavedView.get(SavedView.person == person.id, SavedView.ledger == ledger, SavedView.name == name)


__all__ = ["MOST", "arrange", "forget", "of", "save"]
