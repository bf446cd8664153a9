"""The permission review as plain values: for programs, and as rows of a workbook; in the language of ``say``, which gives
the text for a msgid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from oa_kernel import audit
from oa_kernel.contributions import Sheet, SheetColumn

from . import registry
from .review_parts import Reviewed, Right, Wanted, Way
from .reviewing import reviewed

Say = Callable[[str], str]
#: the workbook's one worksheet
SHEET = Sheet("permissions_review", "权限清单", (
    SheetColumn("username", "用户名"), SheetColumn("name", "姓名"), SheetColumn("department", "部门"),
    SheetColumn("permission", "权限"), SheetColumn("title", "可以做什么"), SheetColumn("scope", "范围"),
    SheetColumn("reason", "来由"), SheetColumn("since", "自", kind="date"), SheetColumn("until", "至"),
    SheetColumn("last_on", "最近使用", kind="date"), SheetColumn("idle", "未用天数", kind="integer"),
    SheetColumn("unused", "久未使用"), SheetColumn("sensitive", "重要权限"),
))


def sheet(say: Say) -> Sheet:
    """The worksheet with its headings in another language."""
    return replace(SHEET, title=say(SHEET.title), columns=tuple(replace(c, title=say(c.title)) for c in SHEET.columns))


def rows(wanted: Wanted | None = None, say: Say = str) -> Iterator[dict[str, Any]]:
    """A row for each permission of each person, read page after page."""
    for one in reviewed(wanted):
        for right in one.rights:
            yield {
                "username": one.username, "name": one.name, "department": one.department,
                "permission": right.permission.name, "title": say(right.permission.title),
                "scope": spoken_scope(right, say), "reason": say("；").join(way.text.said(say) for way in right.ways),
                "since": right.since, "until": right.until or say("长期"), "last_on": right.last_on, "idle": right.idle,
                "unused": say("是") if right.unused else "", "sensitive": say("是") if right.sensitive else "",
            }


def as_dict(one: Reviewed, say: Say = str) -> dict[str, Any]:
    """A person with their rights as JSON takes it."""
    return {
        "id": one.id, "username": one.username, "name": one.name, "department": one.department,
        "rights": [_right(right, say) for right in one.rights],
    }


def spoken_scope(right: Right, say: Say = str) -> str:
    """For which data a right holds, in words."""
    return say("、").join(say(registry.SCOPE_TITLES[scope]) for scope in right.scopes)


def exported(count: int, wanted: Wanted, *, by: Any = None) -> None:
    """Puts on record that the review went out as a file, and how many rows."""
    limited = {name: value for name in wanted.__slots__ if (value := getattr(wanted, name))}
    audit.record("permissions.review_exported", "permissions", "review", title=SHEET.title,
                 after={"rows": count, **limited}, by=by)


def _right(right: Right, say: Say) -> dict[str, Any]:
    return {
        "permission": right.permission.name, "title": say(right.permission.title), "domain": right.permission.domain,
        "sensitive": right.sensitive, "scopes": right.scopes, "since": right.since.isoformat(), "until": right.until or None,
        "last_used": right.last_on.isoformat() if right.last_on else None, "idle_days": right.idle, "unused": right.unused,
        "ways": [_way(way, say) for way in right.ways],
    }


def _way(way: Way, say: Say) -> dict[str, Any]:
    grant = way.grant
    return {
        "role": way.role.name, "text": way.text.said(say), "scope": way.scope, "since": way.since.isoformat(),
        "until": way.until or None, "grant": grant.id if grant else None,
        "through": {"kind": grant.subject_kind, "id": grant.subject_id} if grant else None,
    }


__all__ = ["SHEET", "as_dict", "exported", "rows", "sheet", "spoken_scope"]
