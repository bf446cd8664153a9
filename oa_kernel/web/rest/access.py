"""Asking for a role for a time, and the changes of security that wait for a second person."""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import clock, permissions
from oa_kernel.errors import Invalid, NotFound

from ..api import LIST_QUERY, Api, listing
from ..door import person
from ..i18n import gettext as _
from ..show import said

api = Api("access", title="申请与复核")

_RIGHT = "kernel.profile.own"
_TIME = {"type": ["string", "null"], "format": "date-time"}
_WISH = {"type": "object", "properties": {
    "id": {"type": "integer"}, "role": {"type": "string"}, "role_title": {"type": "string"}, "reason": {"type": "string"},
    "since": _TIME, "until": {"type": "string"}, "asked_at": {"type": "string", "format": "date-time"},
    "state": {"type": "string", "enum": list(permissions.OUTCOME_TITLES)}, "comment": {"type": "string"}}}
_CHANGE = {"type": "object", "properties": {
    "id": {"type": "integer"}, "kind": {"type": "string"}, "title": {"type": "string"}, "reason": {"type": "string"},
    "state": {"type": "string", "enum": list(permissions.STATE_TITLES)}, "asked_by": {"type": "string"},
    "asked_at": {"type": "string", "format": "date-time"}, "expires_at": {"type": "string", "format": "date-time"},
    "decided_at": _TIME, "comment": {"type": "string"}, "mine": {"type": "boolean"}}}
_ONE = {"type": "object", "properties": {
    **_CHANGE["properties"], "may_decide": {"type": "boolean"},  # type: ignore[dict-item]
    "details": {"type": "array", "items": {"type": "object", "properties": {
        "label": {"type": "string"}, "value": {"type": "string"}}}},
    "revealed": {"type": ["string", "null"], "description": "a first password, once, to who confirmed its making"},
    "waits": {"type": ["integer", "null"], "description": "the change another person has to confirm now"}}}
_COMMENT = {"comment": {"type": "string", "nullable": True, "maxlength": 300, "label": "意见"}}


@api.get("/access-requests/roles", permission=_RIGHT, summary="roles one may ask for", returns={
    "type": "object", "properties": {"items": {"type": "array", "items": {"type": "object", "properties": {
        "name": {"type": "string"}, "title": {"type": "string"}, "permissions": {"type": "object"}}}}}})
def roles() -> Any:
    return {"items": [{"name": r.name, "title": _(r.title), "permissions": dict(r.permissions)}
                      for r in permissions.roles_to_ask_for()]}


@api.get("/access-requests", permission=_RIGHT, summary="what I asked for", query=LIST_QUERY, returns={"items": _WISH})
def wishes(query: dict[str, Any]) -> Any:
    """The newest first. ``state`` says what became of it: granted ones are ``coming``, ``open``, ``over``, ``ended``, or
    ``second`` while a second person has to confirm."""
    page = permissions.wishes_of(person(), limit=query["limit"], cursor=query.get("cursor"))
    found = permissions.outcomes(page.items)
    return listing(page, lambda row: _wish(row, found[row.id][0]))


@api.post("/access-requests", permission=_RIGHT, status=201, returns=_WISH, summary="ask for a role for a time", body={
    "role": {"type": "string", "required": True, "maxlength": 80, "label": "角色"},
    "since": {"type": "string", "nullable": True, "maxlength": 40, "label": "自（时刻）；不填为批准之时"},
    "until": {"type": "string", "required": True, "maxlength": 40, "label": "至（时刻）"},
    "reason": {"type": "string", "required": True, "maxlength": 300, "label": "理由"}})
def ask(body: dict[str, Any]) -> Any:
    """Times are ISO 8601 (without offset: in the organisation's zone); a day means its beginning."""
    row = permissions.ask_for(person(), body["role"], since=_instant(body, "since"), until=_instant(body, "until"),
                              reason=body["reason"])
    return _wish(row, row.state)


@api.post("/access-requests/<int:id>/withdraw", permission=_RIGHT, summary="take a request back", returns=_WISH)
def withdraw_wish(id: int) -> Any:
    row = permissions.change(id, person())
    if row.kind != permissions.WISH:
        raise NotFound("没有这项申请")
    return _wish(permissions.withdraw(row, by=person()), "withdrawn")


@api.get("/approvals", permission=_RIGHT, summary="changes I asked for or may decide", returns={"items": _CHANGE}, query={
    **LIST_QUERY, "mine": {"type": "boolean", "label": "只要我提交的"},
    "state": {"type": "string", "allowed": list(permissions.STATE_TITLES), "label": "状态"}})
def approvals(query: dict[str, Any]) -> Any:
    """The newest first."""
    page = permissions.list_changes(person(), state=query.get("state") or "", mine=bool(query.get("mine")),
                                    limit=query["limit"], cursor=query.get("cursor"))
    return listing(page, _change)


@api.get("/approvals/<int:id>", permission=_RIGHT, summary="one change with what it would do", returns=_ONE)
def approval(id: int) -> Any:
    return _one(permissions.change(id, person()))


@api.post("/approvals/<int:id>/confirm", permission=_RIGHT, summary="confirm a change", returns=_ONE, body=_COMMENT)
def confirm(id: int, body: dict[str, Any]) -> Any:
    """Carries it out, once. 409 when it is decided or rests on what has changed since, 403 for who asked."""
    done = permissions.confirm(id, by=person(), comment=body.get("comment") or "")
    further = getattr(done.result, "change", None)
    return {**_one(done.change), "revealed": done.result if isinstance(done.result, str) else None,
            "waits": further.id if further is not None else None}


@api.post("/approvals/<int:id>/refuse", permission=_RIGHT, summary="say no to a change, with the reason", returns=_ONE,
          body={"comment": {"type": "string", "required": True, "maxlength": 300, "label": "理由"}})
def refuse(id: int, body: dict[str, Any]) -> Any:
    return _one(permissions.refuse(id, by=person(), comment=body["comment"]))


@api.post("/approvals/<int:id>/withdraw", permission=_RIGHT, summary="take back what I asked for", returns=_ONE)
def withdraw(id: int) -> Any:
    return _one(permissions.withdraw(id, by=person()))


def _instant(body: dict[str, Any], field: str) -> dt.datetime | None:
    if not body.get(field):
        return None
    try:
        found = dt.datetime.fromisoformat(body[field])
    except ValueError:
        wrong = _("时刻写作 2026-12-31T18:00:00+08:00")
        raise Invalid(wrong, errors={field: [wrong]}) from None
    return found if found.tzinfo else found.replace(tzinfo=clock.zone())


def _wish(row: Any, state: str) -> dict[str, Any]:
    role = permissions.role(row.payload["role"])
    return {"id": row.id, "role": row.payload["role"], "role_title": _(role.title) if role else row.payload["role"],
            "reason": row.reason, "since": row.payload["since"], "until": row.payload["until"], "asked_at": row.asked_at,
            "state": state, "comment": row.comment}


def _change(row: Any) -> dict[str, Any]:
    return {"id": row.id, "kind": row.kind, "title": said(permissions.title_of(row)), "reason": row.reason, "state": row.state,
            "asked_by": row.asked_name, "asked_at": row.asked_at, "expires_at": row.expires_at,
            "decided_at": row.decided_at, "comment": row.comment, "mine": row.asked_by == person().id}


def _one(row: Any) -> dict[str, Any]:
    details = permissions.details(row) if row.state == "pending" else []
    return {**_change(row), "may_decide": permissions.may_decide(row, person()),
            "details": [{"label": _(label), "value": str(said(value))} for label, value in details],
            "revealed": None, "waits": None}
