"""REST routes of using records: borrowing, open periods, statistics. Thin, over the same services as the pages."""

from __future__ import annotations

from typing import Any

from oa_kernel import web

from . import rights
from .api import api
from .models_use import BORROWING_STATES, PURPOSES, Borrowing
from .services import access, borrowing, reading, uses

_BORROWING = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"}, "number": {"type": "string"}, "state": {"type": "string", "enum": list(BORROWING_STATES)},
        "until": {"type": ["string", "null"], "format": "date"}, "download": {"type": "boolean"}, "instance": {"type": "integer"},
    },
}
_DAYS = {"type": "integer", "min": 1, "max": 365, "label": "天数"}
_REASON = {"type": "string", "required": True, "label": "事由"}


@api.get("/archives/borrowings", permission=rights.BORROW, returns={"items": _BORROWING}, summary="one's own borrowings",
         query=web.LIST_QUERY)
def my_borrowings(query: dict[str, Any]) -> Any:
    """The last first."""
    page = borrowing.mine(web.person(), limit=query.get("limit") or 50, cursor=query.get("cursor"))
    return web.listing(page, _borrowing)


@api.get("/archives/borrowings/register", permission=rights.LEND, returns={"items": _BORROWING}, summary="the register of borrowings",
         query={**web.LIST_QUERY, "state": {"type": "string", "allowed": list(BORROWING_STATES), "label": "状态"},
                "q": {"type": "string", "label": "档号或借阅人"}})
def borrowing_register(query: dict[str, Any]) -> Any:
    """The last first."""
    page = borrowing.register(web.person(), query, limit=query.get("limit") or 50, cursor=query.get("cursor"))
    return web.listing(page, _registered)


@api.post("/archives/borrowings", permission=rights.BORROW, returns=_BORROWING, status=201, summary="ask for a record",
          body={"number": {"type": "string", "required": True, "label": "档号"},
                "purpose": {"type": "string", "required": True, "allowed": list(PURPOSES), "label": "利用目的"},
                "reason": _REASON, "days": {**_DAYS, "required": True},
                "download": {"type": "boolean", "default": False, "label": "申请下载"}})
def ask_for_record(body: dict[str, Any]) -> Any:
    """By its 档号; decided in the workflow ``archives.borrow``."""
    person = web.person()
    return _borrowing(borrowing.get(person, borrowing.ask(person, body).id))


@api.get("/archives/borrowings/<int:id>", permission=rights.BORROW, returns=_BORROWING, summary="one borrowing")
def get_borrowing(id: int) -> Any:
    """With the record's files while it is lent to who asks."""
    person = web.person()
    row = borrowing.get(person, id)
    found = _borrowing(row)
    if row.person_id == person.id and borrowing.state_of(row) == "lent":
        _, item = borrowing.current(person, id)
        found["files"] = [{"position": p.position, "name": p.name, "mime": p.mime, "pages": p.pages, "shown": p.shown}
                          for p in reading.parts(item)]
    return found


@api.get("/archives/borrowings/<int:id>/pages/<int:position>/<int:page>", permission=rights.BORROW, content_type="image/png",
         summary="a page of a borrowed record")
def borrowed_page(id: int, position: int, page: int) -> Any:
    """A picture with the reader's name and the time across it; 404 once the term is over."""
    return web.send_bytes(reading.page_image(web.person(), id, position, page), "image/png", f"{page}.png", inline=True)


@api.get("/archives/borrowings/<int:id>/files/<int:position>", permission=rights.BORROW, content_type="application/octet-stream",
         summary="a file of a borrowed record")
def borrowed_file(id: int, position: int) -> Any:
    """With the watermark; 403 where downloading was not granted, 404 once the term is over."""
    data, mime, name = reading.download(web.person(), id, position)
    return web.send_bytes(data, mime, name)


@api.post("/archives/borrowings/<int:id>/return", permission=rights.BORROW, returns=_BORROWING, summary="give a record back",
          body={"reason": {"type": "string", "nullable": True, "label": "收回的原因"}})
def return_record(id: int, body: dict[str, Any]) -> Any:
    """By the borrower; by the archivist, with a reason, it is called back."""
    return _borrowing(borrowing.give_back(web.person(), id, body.get("reason") or ""))


@api.post("/archives/borrowings/<int:id>/renew", permission=rights.BORROW, status=201, summary="ask for more days",
          body={"days": {**_DAYS, "required": True}, "reason": _REASON},
          returns={"type": "object", "properties": {"instance": {"type": "integer"}}})
def renew_borrowing(id: int, body: dict[str, Any]) -> Any:
    """Decided as the borrowing was."""
    return {"instance": borrowing.renew(web.person(), id, body["days"], body["reason"]).id}


@api.post("/archives/access", permission=rights.OPEN, summary="open or close records",
          body={"items": {"type": "list", "required": True, "schema": {"type": "integer"}, "minlength": 1, "maxlength": access.MOST,
                          "label": "档案"},
                "open_from": {"type": "string", "nullable": True, "regex": r"\d{4}-\d{2}-\d{2}", "label": "开放日期"},
                "reason": _REASON},
          returns={"type": "object", "properties": {"changed": {"type": "integer"}}})
def decide_access(body: dict[str, Any]) -> Any:
    """Open to everybody in the organisation from ``open_from``; null closes them."""
    return {"changed": access.decide(web.person(), body["items"], open_from=body.get("open_from"), reason=body["reason"])}


@api.get("/archives/statistics", permission=rights.LEND, summary="uses of records",
         query={"first": {"type": "string", "label": "起"}, "last": {"type": "string", "label": "止"}},
         returns={"type": "object", "properties": {"total": {"type": "integer"}, "departments": {"type": "array"}}})
def use_statistics(query: dict[str, Any]) -> Any:
    """By department, month, purpose, kind and record; this year where no days are given."""
    found = uses.statistics(web.person(), query.get("first") or "", query.get("last") or "")
    pairs = {name: [{"name": n, "count": c} for n, c in found[name]] for name in ("departments", "months", "purposes", "kinds")}
    return {"first": found["first"], "last": found["last"], "total": found["total"], **pairs,
            "records": [{"number": number, "title": title, "count": times, "id": id} for number, title, times, id in found["records"]]}


def _borrowing(row: Borrowing) -> dict[str, Any]:
    """The title is told once the record was lent."""
    return {"id": row.id, "number": row.item.archival_number, "title": row.item.title if borrowing.was_lent(row) else None,
            "state": borrowing.state_of(row), "purpose": row.purpose, "reason": row.reason, "days": row.days, "until": row.until,
            "download": row.download and borrowing.was_lent(row), "renewals": row.renewals, "asked_at": row.asked_at,
            "lent_at": row.lent_at, "instance": row.instance_id}


def _registered(row: Borrowing) -> dict[str, Any]:
    return {**_borrowing(row), "title": row.item.title, "item": row.item_id, "person": row.person_name,
            "department": row.department_name}
