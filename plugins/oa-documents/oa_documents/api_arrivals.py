"""REST routes of documents that came in by themselves and wait on the sign-in desk; in the group of incoming documents."""

from __future__ import annotations

from typing import Any

from oa_kernel import files, web

from . import rights
from .api_incoming import BODY, INCOMING, api, whole
from .models_incoming import Arrival
from .services import arrivals

_ARRIVAL = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"}, "sender": {"type": "string"}, "number": {"type": "string"}, "title": {"type": "string"},
        "way": {"type": "string"}, "arrived_at": {"type": "string", "format": "date-time"},
        "state": {"type": "string", "enum": ["waiting", "registered", "refused", "recalled"]},
        "incoming": {"type": ["integer", "null"]},
    },
}


@api.get("/documents/arrivals", permission=rights.REGISTER, query=web.LIST_QUERY, returns={"items": _ARRIVAL},
         summary="documents that came in by themselves and wait to be registered")
def list_arrivals(query: dict[str, Any]) -> Any:
    """The oldest first."""
    return web.listing(arrivals.waiting(web.person(), limit=query.get("limit") or 50, cursor=query.get("cursor")), _brief)


@api.get("/documents/arrivals/<int:id>", permission=rights.REGISTER, returns=_ARRIVAL, summary="one of them")
def get_arrival(id: int) -> Any:
    """With its files and what the check of its seal said."""
    found = arrivals.get(web.person(), id)
    return {**_brief(found), "files": [{"id": f.id, "name": f.name, "size": f.size, "sm3": f.sm3, "role": f.role}
                                       for f in files.attached(arrivals.SUBJECT, found.id)]}


@api.post("/documents/arrivals/<int:id>/register", permission=rights.REGISTER, returns=INCOMING, status=201,
          summary="register it", body={**BODY, "despite_duplicates": {"type": "boolean", "default": False, "label": "确认不是重复"}})
def register_arrival(id: int, body: dict[str, Any]) -> Any:
    """What is left out is taken from what the sender says. The sender gets a receipt."""
    person = web.person()
    found = arrivals.get(person, id)
    given = {k: v for k, v in body.items() if v is not None}
    document = arrivals.register(found, {**said(found), **given}, person,
                                 despite_duplicates=bool(body.get("despite_duplicates")))
    return whole(document)


@api.post("/documents/arrivals/<int:id>/refuse", permission=rights.REGISTER, returns=_ARRIVAL, summary="refuse it (退文)",
          body={"reason": {"type": "string", "required": True, "label": "原因"}})
def refuse_arrival(id: int, body: dict[str, Any]) -> Any:
    """The sender is told the reason."""
    person = web.person()
    return _brief(arrivals.refuse(arrivals.get(person, id), body["reason"], person))


def said(arrival: Arrival) -> dict[str, Any]:
    """The fields of the register as the sender says them."""
    return {name: getattr(arrival, name) for name in
            ("number", "title", "kind", "sender", "dated_on", "urgency", "secrecy", "secrecy_term")}


def _brief(arrival: Arrival) -> dict[str, Any]:
    return {**said(arrival), "id": arrival.id, "way": arrival.way, "arrived_at": arrival.arrived_at, "state": arrival.state,
            "reason": arrival.reason, "seal": arrival.seal, "incoming": arrival.incoming_id}


__all__ = ["api"]
