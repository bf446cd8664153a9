"""One's messages."""

from __future__ import annotations

from typing import Any

from oa_kernel import notifications

from ..api import LIST_QUERY, Api, listing
from ..door import person
from ..shell import forget_counts

api = Api("notifications", title="消息")

_MESSAGE = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"}, "kind": {"type": "string"}, "title": {"type": "string"}, "body": {"type": "string"},
        "url": {"type": "string"}, "at": {"type": "string", "format": "date-time"},
        "read_at": {"type": ["string", "null"], "format": "date-time"},
    },
}


@api.get("/notifications", permission="kernel.notifications.own", returns={"items": _MESSAGE}, summary="my messages",
         query={**LIST_QUERY, "unread": {"type": "boolean", "label": "只要未读"}})
def list_notifications(query: dict[str, Any]) -> Any:
    """The newest first."""
    page = notifications.list_for(
        person(), unread=query.get("unread"), limit=query["limit"], cursor=query.get("cursor")
    )
    return listing(page, _shown)


@api.post("/notifications/<int:id>/read", permission="kernel.notifications.own", summary="mark a message as read",
          returns=_MESSAGE)
def read_notification(id: int) -> Any:
    notifications.mark_read(person(), id)
    forget_counts(person().id)
    return _shown(notifications.get(person(), id))


def _shown(row: Any) -> dict[str, Any]:
    return {"id": row.id, "kind": row.kind, "title": row.title, "body": row.body, "url": row.url, "at": row.at,
            "read_at": row.read_at}
