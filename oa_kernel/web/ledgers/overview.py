"""Which ledgers there are for this person."""

from __future__ import annotations

from typing import Any

from oa_kernel import ledgers

from ..access import Pages
from ..api import LIST_QUERY, Api
from ..door import person
from ..rendering import render

pages = Pages("ledgers", __name__)
api = Api("ledgers", title="台账")

_FIELD = {"type": "object", "properties": {
    "name": {"type": "string"}, "label": {"type": "string"}, "type": {"type": "string"}, "required": {"type": "boolean"},
    "filter": {"type": "boolean"}, "sort": {"type": "boolean"}, "choices": {"type": "object"}}}
_LEDGER = {"type": "object", "properties": {
    "name": {"type": "string"}, "title": {"type": "string"}, "fields": {"type": "array", "items": _FIELD},
    "may": {"type": "array", "items": {"type": "string"}, "description": "view edit import export delete"}}}


def visible(who: Any) -> list[Any]:
    """Ledgers the person may look into."""
    return [one for one in ledgers.registered().values() if one.may(who, "view")]


@pages.get("/ledgers", signed_in=True)
def index() -> Any:
    return render("oa/ledger/index.html", ledgers=visible(person()))


@api.get("/ledgers", signed_in=True, query=LIST_QUERY, returns={"items": _LEDGER}, summary="ledgers I may look into")
def list_ledgers(query: dict[str, Any]) -> Any:
    """Each with its fields and what one may do. There are few: ``next`` is always null."""
    who = person()
    return {"items": [_described(one, who) for one in visible(who)], "next": None}


def _described(ledger: Any, who: Any) -> dict[str, Any]:
    return {
        "name": ledger.name, "title": ledger.title,
        "fields": [
            {"name": c.name, "label": c.label, "type": c.kind, "required": c.required, "filter": c.filter, "sort": c.sort,
             **({"choices": dict(c.choices)} if c.choices else {})}
            for c in ledger.columns(who)
        ],
        "may": [verb for verb in ("view", "edit", "import", "export", "delete") if ledger.may(who, verb)],
    }


__all__ = ["api", "pages", "visible"]
