"""Values on their way in and out: people and departments by name, masks, words for choices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from oa_kernel import clock, identity, runtime
from oa_kernel.config.schema import SECRECY_LEVELS

from .columns import Column

_TRUE, _FALSE = ("1", "true", "是", "on", "yes"), ("0", "false", "否", "off", "no")


def from_text(column: Column, value: Any) -> Any:
    """What was typed as the value of a column. ValueError says what is wrong."""
    kind = column.kind
    if kind in ("string", "text", "list"):
        return clean(str(value))
    if kind == "person":
        found = person_by(value)
        if isinstance(found, str):
            raise ValueError(found)
        return found
    text = str(value).strip()
    if kind == "boolean":
        if value is True or text.lower() in _TRUE:
            return True
        if value is False or text.lower() in _FALSE:
            return False
        raise ValueError(f"{column.label}只能是 是 或 否")
    try:
        if kind in ("integer", "department"):
            number = int(text.replace(",", ""))
            if abs(number) >= 2**62:
                raise ValueError
            return number
        if kind in ("number", "money"):
            found = Decimal(text.replace(",", "").replace("，", ""))
            if not found.is_finite() or abs(found) > Decimal(10) ** 15:
                raise ValueError
            return found if kind == "money" else float(found)
        if kind == "date":
            return value if isinstance(value, dt.date) and not isinstance(value, dt.datetime) else dt.date.fromisoformat(text)
        instant = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(text)
        instant = instant if instant.tzinfo else instant.replace(tzinfo=clock.zone())
        instant.astimezone(dt.UTC)  # some instants of the last day there is have none
        return instant
    except (ValueError, InvalidOperation, OverflowError):
        word = {"date": "日期（如 2026-11-23）", "datetime": "日期和时间"}.get(kind, "数字")
        raise ValueError(f"“{text[:40]}”不是{word}") from None


def clean(text: str) -> str:
    """The text, if both engines can compare it. ValueError where not: NUL, and halves of a pair."""
    text.encode()
    if "\x00" in text:
        raise ValueError("有不能用的字符")
    return text


def person_by(value: Any) -> int | str:
    """Somebody's id by user name, or by a name only one active person has; a str says why not."""
    text = clean(str(value).strip())
    found = identity.by_username(text)
    if found is not None:
        return int(found.id)
    Person = identity.Person
    same = [i for (i,) in Person.select(Person.id).where(Person.name == text, Person.active).limit(2).tuples()]
    if len(same) == 1:
        return int(same[0])
    return f"没有人员“{text[:40]}”" if not same else f"有同名的人员“{text[:40]}”：请写用户名"


def plain(value: Any) -> Any:
    """As JSON."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    return value


def plain_back(column: Column, value: Any) -> Any:
    """Of a cursor, again as a value. ValueError for what is none."""
    if column.kind in ("string", "text"):
        if not isinstance(value, str):
            raise ValueError
        return clean(value)
    if column.kind == "person":  # the id stands there
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
            raise ValueError
        return value
    return from_text(column, value)


def masked(column: Column, value: Any) -> Any:
    """A text with only so much left as tells it from others."""
    text = str(value or "")
    if not text:
        return ""
    if column.mask == "phone":
        return text[:3] + "****" + text[-4:] if len(text) >= 9 else "****"
    if column.mask == "id":
        return text[:3] + "*" * max(4, len(text) - 7) + text[-4:] if len(text) >= 12 else "****"
    if column.mask == "name":
        return text[0] + "*" * max(1, len(text) - 1)
    return "****"


class Names:
    """Names of the people and departments that some rows point to: one query for all people, none for departments."""

    def __init__(self, columns: Iterable[Column], rows: Iterable[Any], more: Iterable[int | None] = ()) -> None:
        self.departments = departments()
        wanted = {i for i in more if i}
        fields = [c.name for c in columns if c.kind == "person"]
        for row in rows:
            get = row.get if isinstance(row, Mapping) else lambda name, row=row: getattr(row, name, None)
            wanted |= {i for i in (get(name) for name in fields) if isinstance(i, int)}
        self.people = identity.by_ids(wanted) if wanted else {}

    def person(self, number: Any) -> str:
        found = self.people.get(number)
        return found.name if found is not None else (f"（{number}）" if number else "")

    def department(self, number: Any) -> str:
        return self.departments.get(number, f"（{number}）") if number else ""


def departments() -> dict[int, str]:
    """id → path of names (``综合处/机要室``), kept until the tree changes or a minute has passed."""
    cache = runtime.current().cache
    kept = cache.get("ledgers.departments")
    now = clock.now()
    if kept is None or not 0 <= (now - kept[0]).total_seconds() < 60:
        paths: dict[int, str] = {}
        tree = identity.department_tree(active_only=False)
        top = {d.id for d in tree if d.parent_id is None} if sum(d.parent_id is None for d in tree) == 1 else set()
        for d in tree:
            above = paths.get(d.parent_id, "") if d.parent_id not in top else ""
            paths[d.id] = f"{above}/{d.name}".lstrip("/")
        kept = cache["ledgers.departments"] = (now, paths)
    found: dict[int, str] = kept[1]
    return found


def text(column: Column, value: Any, names: Names) -> str:
    """For reading."""
    if value is None or value == "" or value == []:
        return ""
    if column.kind == "person":
        return names.person(value)
    if column.kind == "department":
        return names.department(value)
    if column.kind == "boolean":
        return "是" if value else "否"
    if column.kind == "list":
        return "、".join(str(v) for v in value)
    if column.choices:
        return column.choices.get(str(value), str(value))
    if column.kind == "money":
        return f"{Decimal(str(value)):,.2f}"
    if column.kind == "integer":
        return str(value)
    if column.kind == "number":
        return f"{value:g}"
    if column.kind == "datetime":
        instant = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
        return f"{clock.local(instant):%Y-%m-%d %H:%M}"
    return str(value)


def outside(column: Column, value: Any, names: Names) -> Any:
    """For REST: people as ``{username, name}``, departments as ``{id, name}``, amounts as numbers."""
    if value is None:
        return None
    if column.kind == "person":
        found = names.people.get(value)
        return {"username": found.username, "name": found.name} if found is not None else None
    if column.kind == "department":
        return {"id": value, "name": names.department(value)}
    if column.kind in ("money", "number"):
        return plain(value if isinstance(value, Decimal) else Decimal(str(value)))
    return value


def level_title(level: int) -> str:
    return SECRECY_LEVELS[level] if 0 <= level < len(SECRECY_LEVELS) else str(level)


__all__ = [
    "Names", "departments", "from_text", "level_title", "masked", "outside", "person_by", "plain", "plain_back", "text",
]
