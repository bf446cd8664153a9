"""Who is who, for programs: the address book, departments, and who held which post on a day."""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import identity

from ..api import LIST_QUERY, Api
from ..door import person

api = Api("people", title="人员与部门")

_RIGHT = "kernel.people.read"
_HELD: dict[str, Any] = {
    "department": {"type": "string"}, "title": {"type": "string"}, "code": {"type": "string"}, "kind": {"type": "string"},
    "main": {"type": "boolean"}, "acting": {"type": "boolean"}, "since": {"type": "string", "format": "date"},
    "until": {"type": ["string", "null"], "format": "date"},
}
_HOLDING = {"type": "object", "properties": _HELD}
_PERSON = {"type": "object", "properties": {
    "username": {"type": "string"}, "name": {"type": "string"}, "department": {"type": ["string", "null"]},
    "department_id": {"type": ["integer", "null"]}, "email": {"type": "string"}, "phone": {"type": "string"},
    "mobile": {"type": ["string", "null"], "description": "null: not shown to whom the token stands for"},
    "posts": {"type": "array", "items": _HOLDING},
}}
_DEPARTMENT = {"type": "object", "properties": {
    "id": {"type": "integer"}, "name": {"type": "string"}, "parent": {"type": ["integer", "null"]},
    "people": {"type": "integer"}, "people_with_below": {"type": "integer"},
    "heads": {"type": "array", "items": {"type": "object"}}, "deputy": {"type": ["string", "null"]},
}}
_HOLDER = {"type": "object", "properties": {
    "username": {"type": "string"}, "name": {"type": "string"}, "active": {"type": "boolean"}, **_HELD,
}}


@api.get(
    "/people", permission=_RIGHT, summary="the address book", returns={"items": _PERSON},
    query={**LIST_QUERY, "q": {"type": "string", "maxlength": 80, "label": "姓名、拼音、用户名、电话"},
           "department": {"type": "integer", "label": "部门编号，含下级"}},
)
def people(query: dict[str, Any]) -> Any:
    """Active people one may see, by id. ``q`` finds names, pinyin (whole or initials), user names and numbers."""
    page = identity.contacts(person(), q=query.get("q") or "", department=query.get("department"),
                             limit=query["limit"], cursor=query.get("cursor"))
    held = identity.holdings_of([row.id for row in page.items])
    shown = identity.mobile_shown(person())
    return {"items": [_shown(row, held[row.id], shown(row)) for row in page.items], "next": page.next}


@api.get(
    "/people/<username>", permission=_RIGHT, summary="one person, with the posts of today or all of them",
    query={"history": {"type": "boolean", "default": False, "label": "连同历任职务"}}, returns=_PERSON,
)
def one(username: str, query: dict[str, Any]) -> Any:
    """With ``history`` the posts are all that were ever held, newest first."""
    row = identity.contact_named(person(), username)
    held = identity.history_of(row) if query["history"] else identity.holdings(row)
    return _shown(row, held, identity.mobile_shown(person())(row))


@api.get("/departments", permission=_RIGHT, summary="the tree of departments", returns={"items": _DEPARTMENT})
def departments() -> Any:
    """All departments in use, those above first, with their people counted; one page."""
    found: list[dict[str, Any]] = []

    def add(units: list[Any]) -> None:
        for unit in units:
            found.append({
                "id": unit.id, "name": unit.name, "parent": unit.parent_id, "people": unit.own,
                "people_with_below": unit.total, "deputy": unit.deputy[1] if unit.deputy else None,
                "heads": [{"name": name, "title": title, "acting": acting} for _id, name, title, acting in unit.heads],
            })
            add(unit.below)

    add(identity.chart(person()))
    return {"items": found, "next": None}


@api.get(
    "/departments/<int:department_id>/holders", permission=_RIGHT, summary="who held a department's posts on a day",
    query={"on": {"type": "date", "label": "日期；不填为历任全部"},
           "kind": {"type": "string", "allowed": ["head", "deputy_head", "leader", "member"], "label": "职务类别"}},
    returns={"items": _HOLDER},
)
def holders(department_id: int, query: dict[str, Any]) -> Any:
    """``on=2026-03-01``: who held the posts that day; without it everybody who ever did, newest first."""
    day: dt.date | None = query.get("on")
    found = identity.holders_seen(person(), department_id, day)
    name = found["department"].name
    return {"items": [
        {"username": h.person.username, "name": h.person.name, "active": h.person.active, **_holding(h, name)}
        for h in found["holders"] if query.get("kind") in (None, h.post.kind)
    ], "next": None}


def _shown(row: Any, held: Any, mobile: bool) -> dict[str, Any]:
    return {
        "username": row.username, "name": row.name, "department": row.department.name if row.department_id else None,
        "department_id": row.department_id, "email": row.email, "phone": row.phone,
        "mobile": row.mobile if mobile else None, "posts": [_holding(h, h.post.department.name) for h in held],
    }


def _holding(h: Any, department: str) -> dict[str, Any]:
    return {"department": department, "title": h.post.title, "code": h.post.code, "kind": h.post.kind, "main": h.main,
            "acting": h.acting, "since": h.since, "until": h.until}
