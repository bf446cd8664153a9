"""The permission review for programs."""

from __future__ import annotations

from typing import Any

from oa_kernel import identity, permissions
from oa_kernel.errors import Invalid

from ..api import LIST_QUERY, Api, listing
from ..i18n import gettext as _

api = Api("permissions", title="权限清单")

_TEXT, _DATE, _ID = {"type": "string"}, {"type": ["string", "null"], "format": "date"}, {"type": ["integer", "null"]}
_WAY = {"type": "object", "properties": {
    "role": _TEXT, "text": _TEXT, "scope": _TEXT, "since": _TEXT, "until": {"type": ["string", "null"]}, "grant": _ID,
    "through": {"type": ["object", "null"], "properties": {"kind": _TEXT, "id": {"type": "integer"}}}}}
_RIGHT = {"type": "object", "properties": {
    "permission": _TEXT, "title": _TEXT, "domain": _TEXT, "sensitive": {"type": "boolean"},
    "scopes": {"type": "array", "items": _TEXT}, "since": _TEXT, "until": {"type": ["string", "null"]}, "last_used": _DATE,
    "idle_days": _ID, "unused": {"type": "boolean"}, "ways": {"type": "array", "items": _WAY}}}
_PERSON = {"type": "object", "properties": {
    "id": {"type": "integer"}, "username": _TEXT, "name": _TEXT, "department": _TEXT,
    "rights": {"type": "array", "items": _RIGHT}}}


@api.get(
    "/permissions/review", permission="kernel.permissions.review", returns={"items": _PERSON},
    summary="who may do what, by which role and grant, in which scope, and when they used it last",
    query={
        **LIST_QUERY,
        "user": {"type": "string", "maxlength": 80, "label": "用户名"},
        "department": {"type": "integer", "min": 1, "label": "部门（含下级）"},
        "permission": {"type": "string", "maxlength": 120, "label": "权限"},
        "role": {"type": "string", "maxlength": 80, "label": "角色"},
        "unused": {"type": "integer", "min": 1, "max": 3650, "label": "只要这么多天没有用过的"},
        "sensitive": {"type": "boolean", "label": "只要管理权限和范围为全部的"},
        "everyone": {"type": "boolean", "label": "也要人人都有的"},
    },
)
def review(query: dict[str, Any]) -> Any:
    """People who are active, by id. With ``unused`` a page may be short or empty and yet have a next one.

    ``title`` and ``text`` are in the language of who asks."""
    who = identity.by_username(query["user"]) if query.get("user") else None
    if query.get("user") and who is None:
        raise Invalid("没有这个用户名", errors={"user": ["没有这个用户名"]})
    wanted = permissions.Wanted(
        person=who.id if who else None, department=query.get("department"), permission=query.get("permission") or "",
        role=query.get("role") or "", unused=query.get("unused") is not None, days=query.get("unused"),
        sensitive=bool(query.get("sensitive")), everyone=bool(query.get("everyone")),
    )
    page = permissions.review(wanted, limit=query["limit"], cursor=query.get("cursor"))
    return listing(page, lambda one: permissions.review_as_dict(one, _))
