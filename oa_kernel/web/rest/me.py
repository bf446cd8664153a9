"""Who the token stands for, and what everything here looks like."""

from __future__ import annotations

from typing import Any

from oa_kernel import permissions
from oa_kernel.config import SECRECY_LEVELS

from .. import openapi
from ..api import Api
from ..door import person, token

api = Api("me", title="当前用户")

_ME = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"}, "username": {"type": "string"}, "name": {"type": "string"},
        "department": {"type": ["string", "null"]}, "posts": {"type": "array", "items": {"type": "string"}},
        "permissions": {"type": "object", "additionalProperties": {"type": "string"}, "description": "name → own | departments | all"},
        "clearance": {"type": "string"}, "locale": {"type": "string"},
        "token": {"type": ["object", "null"]},
    },
}


@api.get("/me", signed_in=True, returns=_ME, summary="who the token stands for, permissions")
def me() -> dict[str, Any]:
    from oa_kernel import identity

    who = person()
    used = token()
    held = identity.holdings(who)
    return {
        "id": who.id,
        "username": who.username,
        "name": who.name,
        "department": who.department.name if who.department_id else None,
        "posts": [f"{h.post.department.name}{h.post.title}" for h in held],
        "permissions": _granted(who),
        "clearance": SECRECY_LEVELS[who.clearance],
        "locale": who.locale or "zh_CN",
        "token": {"title": used.title, "read_only": used.read_only, "expires_at": used.expires_at} if used else None,
    }


def _granted(who: Any) -> dict[str, str]:
    return {
        name: "all" if scope.all else "departments" if scope.departments or scope.trees else "own"
        for name, scope in sorted(permissions.scopes_of(who).items())
    }


@api.get("/openapi.json", public=True, summary="this description", returns={"type": "object"})
def openapi_json() -> dict[str, Any]:
    return openapi.document()
