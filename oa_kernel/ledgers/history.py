"""What was done to a row, out of the audit record: who, when, which field from what to what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oa_kernel import audit, db

from . import values

if TYPE_CHECKING:
    from .ledger import Ledger

WORDS = {"created": "登记", "changed": "修改", "archived": "停用", "restored": "恢复", "removed": "删除"}


def page(ledger: Ledger, row_id: int, person: Any, *, limit: int = 50, cursor: str | None = None) -> db.Page:
    """Events as ``{at, by, action, action_name, changes: [{column, label, before, after}], reason}``; hidden fields are
    left out, masked ones masked. Two queries."""
    found = audit.events(kind=ledger.kind, object_id=str(row_id), limit=limit, cursor=cursor)
    return db.Page(_shown(ledger, found.items, person), found.next)


def since(ledger: Ledger, row: Any, version: int, person: Any) -> list[dict[str, Any]]:
    """The changes that made the row's version out of an older one, the newest first: each was one event."""
    steps = max(1, min(50, row.version - version))
    found = page(ledger, row.id, person, limit=steps)
    return [
        {"by": event["by"], "at": event["at"], **change}
        for event in found.items for change in event["changes"] if change["before"] != change["after"]
    ]


def _shown(ledger: Ledger, events: list[Any], person: Any) -> list[dict[str, Any]]:
    columns = ledger.columns(person)
    sides = [side for event in events for side in (event.before, event.after) if isinstance(side, dict)]
    names = values.Names(columns, sides)
    out = []
    for event in events:
        before, after = event.before or {}, event.after or {}
        changes = []
        for column in columns:
            if column.name not in before and column.name not in after:
                continue
            pair = [_text(ledger, column, side.get(column.name), names, person) for side in (before, after)]
            if pair != ["", ""]:
                changes.append({"column": column.name, "label": column.label, "before": pair[0], "after": pair[1]})
        what = event.action.rpartition(".")[2]
        out.append({
            "at": event.at, "by": event.name or event.username, "action": what, "action_name": WORDS.get(what, what),
            "changes": changes, "reason": after.get("archived_reason") or after.get("reason") or "",
        })
    return out


def _text(ledger: Ledger, column: Any, value: Any, names: values.Names, person: Any) -> str:
    if ledger.sees(person, column) == "masked":
        return str(values.masked(column, value))
    try:
        return values.text(column, value, names)
    except (ValueError, TypeError, ArithmeticError):
        return str(value)  # as it was kept before the declaration changed


__all__ = ["WORDS", "page", "since"]
