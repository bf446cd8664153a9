"""Who does somebody's work while they are away: one's own settings; who manages workflows sets them for others too."""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import identity, permissions, workflow
from oa_kernel.errors import Forbidden, Invalid, NotFound

from ..api import Api
from ..door import person

api = Api("stand-ins", title="代办与请假")

MANAGE = "kernel.workflow.manage"
_PERSON = {"type": "object", "properties": {"username": {"type": "string"}, "name": {"type": "string"}}}
_SHAPE = {"type": "object", "properties": {
    "id": {"type": "integer"}, "kind": {"type": "string", "enum": ["absence", "delegation", "handover"]}, "person": _PERSON,
    "to": {**_PERSON, "type": ["object", "null"]}, "since": {"type": "string", "format": "date"},
    "until": {"type": ["string", "null"], "format": "date"}, "definitions": {"type": "array", "items": {"type": "string"}},
    "reason": {"type": "string"}}}
_WHO = {"person": {"type": "string", "nullable": True, "maxlength": 80, "label": "谁的（用户名）；不填为自己"}}


def _of(username: str | None) -> Any:
    """Whose settings are meant: one's own, or anybody's for who manages workflows."""
    who = person()
    if not username or username == who.username:
        return who
    if not permissions.by_right(who, MANAGE):
        raise Forbidden("只能查看和设置自己的代办")
    found = identity.by_username(username)
    if found is None:
        raise NotFound("没有这个人")
    return found


@api.get("/stand-ins", permission="kernel.tasks.own", query=_WHO, summary="who stands in for me, now or later",
         returns={"type": "object", "properties": {"items": {"type": "array", "items": _SHAPE}}})
def list_stand_ins(query: dict[str, Any]) -> Any:
    """All of them: they are few."""
    who = _of(query.get("person"))
    rows = workflow.stand_ins(who)
    people = identity.by_ids([r.to_id for r in rows if r.to_id])
    return {"items": [_shape(r, who, people.get(r.to_id)) for r in rows]}


@api.post("/stand-ins", permission="kernel.tasks.own", status=201, returns=_SHAPE, summary="say who stands in for me",
          body={"kind": {"type": "string", "required": True, "allowed": ["absence", "delegation"], "label": "类别"},
                "to": {"type": "string", "nullable": True, "maxlength": 80, "label": "代办人（用户名）；请假可不填"},
                "since": {"type": "string", "nullable": True, "maxlength": 10, "label": "从（日期）；不填为今天"},
                "until": {"type": "string", "nullable": True, "maxlength": 10, "label": "到（含）；不填为没有期限"},
                "definitions": {"type": "list", "nullable": True, "schema": {"type": "string", "maxlength": 120},
                                "label": "只限这些流程（委托代办）"},
                "reason": {"type": "string", "nullable": True, "maxlength": 500, "label": "说明"}, **_WHO})
def add(body: dict[str, Any]) -> Any:
    """``absence``: away, the substitute may be left out. ``delegation``: new work goes to another, limited to kinds or not."""
    who = _of(body.get("person"))
    to = identity.by_username(body["to"]) if body.get("to") else None
    if body.get("to") and to is None:
        raise Invalid("没有这个人", errors={"to": ["没有这个用户名"]})
    since, until, reason = _day(body, "since"), _day(body, "until"), (body.get("reason") or "").strip()
    kinds = body.get("definitions") or []
    if body["kind"] == "absence":
        if kinds:
            raise Invalid("请假不分流程", errors={"definitions": ["请假不分流程；要限定流程请用委托代办"]})
        row = workflow.set_absent(who, by=person(), since=since, until=until, to=to, reason=reason)
    else:
        if to is None:
            raise Invalid("委托代办要有代办人", errors={"to": ["必须填写"]})
        unknown = set(kinds) - {d.name for d in workflow.definitions()}
        if unknown:
            raise Invalid("有的流程不存在", errors={"definitions": [f"没有流程 {n}" for n in sorted(unknown)]})
        row = workflow.delegate_standing(who, to, by=person(), since=since, until=until, definitions=kinds, reason=reason)
    return _shape(row, who, to)


@api.delete("/stand-ins/<int:id>", permission="kernel.tasks.own", status=204, summary="end a delegation or an absence",
            returns=None)
def end(id: int) -> Any:
    """What was handed on stays where it is. 404 for anybody else's."""
    try:
        workflow.end_stand_in(id, person())
    except Forbidden:
        raise NotFound("没有这项代办设置") from None
    return None


def _day(body: dict[str, Any], field: str) -> dt.date | None:
    if not body.get(field):
        return None
    try:
        return dt.date.fromisoformat(body[field])
    except ValueError:
        raise Invalid("日期写作 2026-11-24", errors={field: ["日期写作 2026-11-24"]}) from None


def _shape(row: Any, who: Any, to: Any) -> dict[str, Any]:
    return {"id": row.id, "kind": row.kind, "person": {"username": who.username, "name": who.name},
            "to": {"username": to.username, "name": to.name} if to is not None else None, "since": row.since,
            "until": row.until, "definitions": row.definitions, "reason": row.reason}
