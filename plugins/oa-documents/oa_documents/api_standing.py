"""REST of what becomes of a signed document: taken out of force, printed copy by copy."""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import web
from oa_kernel.errors import Invalid

from . import rights
from .models_standing import CHANGES, PrintRun, StandingChange
from .services import printing, queries, standing

api = web.Api("documents_standing", title="公文的效力与印制")

_TEXT = {"type": "string", "nullable": True}
_CHANGE = {"type": "object", "properties": {
    "id": {"type": "integer"}, "document": {"type": "integer"}, "change": {"type": "string", "enum": list(CHANGES)},
    "state": {"type": "string"}, "effective_on": {"type": "string", "format": "date"}}}
_RUN = {"type": "object", "properties": {
    "id": {"type": "integer"}, "first": {"type": "integer"}, "count": {"type": "integer"}, "recipients": {"type": "array"}}}


@api.get("/documents/outgoing/<int:id>/standing", signed_in=True, returns={"items": _CHANGE},
         summary="what was asked for and decided about its force")
def list_standing(id: int) -> Any:
    """The newest first; for those inside."""
    document = queries.get_whole(web.person(), id)
    return {"items": [_change(c) for c in standing.history(document)], "next": None}


@api.post("/documents/outgoing/<int:id>/standing", permission=rights.REVOKE, returns=_CHANGE, status=201,
          summary="ask that a document be withdrawn, repealed or held replaced",
          body={"change": {"type": "string", "required": True, "allowed": list(CHANGES), "label": "撤销、废止、被代替"},
                "reason": {"type": "string", "required": True, "label": "原因"},
                "on": {**_TEXT, "regex": r"\d{4}-\d{2}-\d{2}", "label": "生效日期"},
                "replaced_by": {**_TEXT, "label": "代替它的文件的文号"}})
def ask_standing(id: int, body: dict[str, Any]) -> Any:
    """It keeps its force until a second person confirms."""
    person = web.person()
    made = standing.ask(queries.get_whole(person, id), person, change=body["change"], reason=body["reason"],
                        on=read_date(body.get("on")), replaced_by=body.get("replaced_by") or "")
    return _change(made)


def read_date(text: str | None) -> dt.date | None:
    """A date, or None for nothing. Raises Invalid."""
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(f"不是日期：{text}", errors={"on": [f"不是日期：{text}，例：2026-11-24"]}) from None


@api.post("/documents/outgoing/<int:id>/standing/<int:change>/confirm", permission=rights.REVOKE_CONFIRM, returns=_CHANGE,
          summary="agree: the document has no force any more")
def confirm_standing(id: int, change: int) -> Any:
    """By somebody else than who asked."""
    standing.confirm(_of(id, change).id, web.person())
    return _change(standing.get(change))


@api.post("/documents/outgoing/<int:id>/standing/<int:change>/refuse", permission=rights.REVOKE_CONFIRM, returns=_CHANGE,
          summary="do not agree", body={"reason": {"type": "string", "required": True, "label": "理由"}})
def refuse_standing(id: int, change: int, body: dict[str, Any]) -> Any:
    """With the reason."""
    return _change(standing.refuse(_of(id, change).id, web.person(), body["reason"]))


def _of(id: int, change: int) -> StandingChange:
    return standing.of(queries.get_whole(web.person(), id), change)


@api.get("/documents/standing", permission=rights.REVOKE_CONFIRM, returns={"items": _CHANGE}, query=web.LIST_QUERY,
         summary="requests that wait for a decision")
def waiting_standing(query: dict[str, Any]) -> Any:
    """The oldest first."""
    page = standing.waiting_page(web.person(), limit=query.get("limit") or 50, cursor=query.get("cursor"))
    return web.listing(page, _change)


@api.get("/documents/outgoing/<int:id>/prints", permission=rights.PRINT, returns={"items": _RUN}, summary="print log")
def list_prints(id: int) -> Any:
    """The newest first."""
    return {"items": [_run(r) for r in printing.log(queries.get_whole(web.person(), id))], "next": None}


@api.post("/documents/outgoing/<int:id>/prints", permission=rights.PRINT, returns=_RUN, status=201,
          summary="print copies, each with its 份号",
          body={"count": {"type": "integer", "nullable": True, "min": 1, "max": printing.MOST, "label": "份数"},
                "recipients": {"type": "list", "nullable": True, "schema": {"type": "string"}, "label": "发给谁（一份一个）"},
                "watermark": {"type": "boolean", "nullable": True, "label": "水印"}, "purpose": {**_TEXT, "label": "用途"}})
def make_print(id: int, body: dict[str, Any]) -> Any:
    """The numbers are taken now; the pages are got from ``…/prints/{run}/pdf``."""
    person = web.person()
    watermark = body.get("watermark")
    made = printing.run(queries.get_whole(person, id), person, count=body.get("count") or 0, recipients=body.get("recipients") or (),
                        watermark=watermark is not False, purpose=body.get("purpose") or "")
    return _run(made)


@api.get("/documents/outgoing/<int:id>/prints/<int:run>/pdf", permission=rights.PRINT, content_type="application/pdf",
         summary="the copies of a run")
def pdf_print(id: int, run: int) -> Any:
    """All copies one after another, for the printer."""
    return print_response(id, run)


def print_response(id: int, run: int) -> Any:
    """The PDF of a run."""
    person = web.person()
    document = queries.get_whole(person, id)
    data = printing.pdf(document, printing.get(document, run), person)
    return web.send_bytes(data, "application/pdf", f"印制 {document.number}.pdf", inline=True)


def _change(c: StandingChange) -> dict[str, Any]:
    return {"id": c.id, "document": c.document_id, "change": c.change, "reason": c.reason, "state": c.state,
            "effective_on": c.effective_on, "replaced_by": c.replaced_by_number or None, "asked_by": c.asked_by_name,
            "asked_at": c.asked_at, "decided_by": c.decided_by_name, "decided_at": c.decided_at, "answer": c.answer}


def _run(r: PrintRun) -> dict[str, Any]:
    return {"id": r.id, "first": r.first, "count": r.count, "last": r.first + r.count - 1, "recipients": r.recipients,
            "watermark": r.watermark, "purpose": r.purpose, "by": r.by_name, "at": r.at}
