"""REST routes of ending records: appraisal, destruction, transfer. Thin, over the same services as the pages."""

from __future__ import annotations

from typing import Any

from oa_kernel import web

from . import rights
from .api import api
from .models_use import APPRAISAL_STATES, OPINIONS, TRANSFER_STATES, Appraisal, Transfer
from .services import appraisal, appraisal_case, destruction, transfer, transfer_checks, transfer_files
from .tables import XLSX

_LIST = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "number": {"type": "string"}, "title": {"type": "string"}, "count": {"type": "integer"},
                   "state": {"type": "string", "enum": list(APPRAISAL_STATES)}, "version": {"type": "integer"}},
}
_TRANSFER = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "number": {"type": "string"}, "receiver": {"type": "string"},
                   "count": {"type": "integer"}, "state": {"type": "string", "enum": list(TRANSFER_STATES)},
                   "checking": {"type": "boolean"}, "check_error": {"type": "string"}},
}
_RECORD = {"type": "object", "properties": {"id": {"type": "integer"}, "archival_number": {"type": "string"}}}
_VERSION = {"version": {"type": "integer", "required": True, "label": "版本"}}


@api.get("/archives/due", permission=rights.APPRAISE, returns={"items": _RECORD}, query=web.LIST_QUERY,
         summary="records whose retention has run out")
def list_due(query: dict[str, Any]) -> Any:
    """The oldest first; what stands on a list already is left out."""
    page = appraisal.due(web.person(), limit=query.get("limit") or 50, cursor=query.get("cursor"))
    return web.listing(page, lambda i: {"id": i.id, "archival_number": i.archival_number, "title": i.title, "year": i.year,
                                        "retention": i.retention})


@api.get("/archives/appraisals", signed_in=True, returns={"items": _LIST}, query=web.LIST_QUERY, summary="appraisal lists")
def list_appraisals(query: dict[str, Any]) -> Any:
    """The last first."""
    return web.listing(appraisal.lists(web.person(), limit=query.get("limit") or 50, cursor=query.get("cursor")), _list)


@api.post("/archives/appraisals", permission=rights.APPRAISE, returns=_LIST, status=201, summary="a new appraisal list",
          body={"title": {"type": "string", "required": True, "label": "名称"},
                "items": {"type": "list", "schema": {"type": "integer"}, "maxlength": appraisal.MOST, "label": "档案"},
                "all": {"type": "boolean", "default": False, "label": "全部到期的"}})
def create_appraisal(body: dict[str, Any]) -> Any:
    """Of the records given, or of all that are due."""
    return _list(appraisal.create(web.person(), body["title"], body.get("items") or (), everything=bool(body.get("all"))))


@api.get("/archives/appraisals/<int:id>", signed_in=True, returns=_LIST, summary="one appraisal list", query=web.LIST_QUERY)
def get_appraisal(id: int, query: dict[str, Any]) -> Any:
    """With a page of its records."""
    person = web.person()
    row = appraisal.get(person, id)
    page = appraisal.entries(person, row, limit=query.get("limit") or 100, cursor=query.get("cursor"))
    return {**_list(row), "witnesses": [one["name"] for one in destruction.present_at(row)], "decided_by": row.decided_by_name,
            "executed_at": row.executed_at, "instance": row.instance_id, **web.listing(page, _entry)}


@api.post("/archives/appraisals/<int:id>/opinions", permission=rights.APPRAISE, returns=_LIST, summary="write opinions",
          body={**_VERSION, "opinions": {"type": "list", "required": True, "maxlength": appraisal.MOST, "label": "意见", "schema": {
              "type": "dict", "schema": {
                  "entry": {"type": "integer", "required": True, "label": "条目"},
                  "opinion": {"type": "string", "required": True, "allowed": list(OPINIONS), "label": "鉴定意见"},
                  "keep_until": {"type": "integer", "nullable": True, "label": "延长到（年）"},
                  "reason": {"type": "string", "required": True, "label": "理由"}}}}})
def write_opinions(id: int, body: dict[str, Any]) -> Any:
    """Destroy, keep on to the end of a year, or permanent; with the reason."""
    return _list(appraisal.judge(web.person(), id, body["version"], body["opinions"]))


@api.post("/archives/appraisals/<int:id>/<any(submit, drop):what>", permission=rights.APPRAISE, returns=_LIST, body=_VERSION,
          summary="send a list to be decided, or give it up")
def move_appraisal(id: int, what: str, body: dict[str, Any]) -> Any:
    """Decided in the workflow ``archives.appraisal``."""
    person = web.person()
    (appraisal_case.submit if what == "submit" else appraisal.drop)(person, id, body["version"])
    return _list(appraisal.get(person, id))


@api.post("/archives/appraisals/<int:id>/witness", permission=rights.WITNESS, returns=_LIST, summary="be present at a destruction")
def witness_destruction(id: int) -> Any:
    """Holds for a day; two people are needed."""
    return _list(destruction.witness(web.person(), id))


@api.post("/archives/appraisals/<int:id>/destroy", permission=rights.APPRAISE, summary="destroy what an approved list says",
          body={"number": {"type": "string", "required": True, "label": "清册编号"}},
          returns={"type": "object", "properties": {n: {"type": "integer"} for n in ("destroyed", "files", "files_kept")}})
def destroy_records(id: int, body: dict[str, Any]) -> Any:
    """The list's number typed once more: nothing brings the content back."""
    return destruction.destroy(web.person(), id, body["number"])


@api.get("/archives/transfers", permission=rights.TRANSFER, returns={"items": _TRANSFER}, query=web.LIST_QUERY, summary="transfers")
def list_transfers(query: dict[str, Any]) -> Any:
    """The last first."""
    return web.listing(transfer.lists(web.person(), limit=query.get("limit") or 50, cursor=query.get("cursor")), _transfer)


@api.post("/archives/transfers", permission=rights.TRANSFER, returns=_TRANSFER, status=201, summary="a new transfer",
          body={"first_year": {"type": "integer", "required": True, "label": "起始年度"},
                "last_year": {"type": "integer", "required": True, "label": "终止年度"},
                "retentions": {"type": "list", "schema": {"type": "string", "allowed": list(transfer.TAKEN)}, "label": "保管期限"},
                "receiver": {"type": "string", "nullable": True, "label": "接收单位"}})
def create_transfer(body: dict[str, Any]) -> Any:
    """Of the permanent and thirty-year records of those years."""
    return _transfer(transfer.create(web.person(), body))


@api.get("/archives/transfers/<int:id>", permission=rights.TRANSFER, returns=_TRANSFER, query=web.LIST_QUERY, summary="one transfer")
def get_transfer(id: int, query: dict[str, Any]) -> Any:
    """With a page of its records and how the checks stand."""
    person = web.person()
    row = transfer.get(person, id)
    page = transfer.entries(person, row, limit=query.get("limit") or 100, cursor=query.get("cursor"))
    return {**_transfer(row), "checks": transfer.standing(row), **web.listing(page, lambda e: {
        "position": e.position, "archival_number": e.archival_number, "title": e.title, "checked_at": e.checked_at, "sound": e.sound})}


@api.post("/archives/transfers/<int:id>/checks", permission=rights.TRANSFER, returns=_TRANSFER, status=202,
          summary="the four checks at transfer", body={"again": {"type": "boolean", "default": False, "label": "重查不通过的"}})
def check_transfer(id: int, body: dict[str, Any]) -> Any:
    """Of all records that have none yet, in the background; ``GET`` says how they stand. 409 while they are being made."""
    return _transfer(transfer_checks.start(web.person(), id, again=bool(body.get("again"))))


@api.post("/archives/transfers/<int:id>/receipt", permission=rights.TRANSFER, returns=_TRANSFER, summary="register the receipt",
          body={"receipt_number": {"type": "string", "required": True, "label": "回执编号"},
                "receipt_on": {"type": "string", "required": True, "regex": r"\d{4}-\d{2}-\d{2}", "label": "接收日期"},
                "receipt_by": {"type": "string", "required": True, "label": "接收经办人"}})
def register_receipt(id: int, body: dict[str, Any]) -> Any:
    """The records are transferred then."""
    return _transfer(transfer.receive(web.person(), id, body))


@api.post("/archives/transfers/<int:id>/drop", permission=rights.TRANSFER, returns=_TRANSFER, summary="give a transfer up")
def drop_transfer(id: int) -> Any:
    """Before the receipt; its records are free again."""
    person = web.person()
    transfer.drop(person, id)
    return _transfer(transfer.get(person, id))


@api.get("/archives/transfers/<int:id>/list.xlsx", permission=rights.TRANSFER, content_type=XLSX, summary="移交清单 as .xlsx")
def transfer_xlsx(id: int) -> Any:
    """All its records."""
    person = web.person()
    row = transfer.get(person, id)
    return web.send_bytes(transfer_files.spreadsheet(person, row), XLSX, f"{row.number} 移交清单.xlsx")


@api.get("/archives/transfers/<int:id>/list.pdf", permission=rights.TRANSFER, content_type="application/pdf",
         summary="移交清单 as PDF")
def transfer_pdf(id: int) -> Any:
    """All its records, to be sealed by both sides."""
    person = web.person()
    row = transfer.get(person, id)
    return web.send_bytes(transfer_files.pdf(person, row), "application/pdf", f"{row.number} 移交清单.pdf", inline=True)


@api.get("/archives/transfers/<int:id>/package", permission=rights.TRANSFER, content_type="application/zip",
         summary="the transfer's package")
def transfer_package(id: int) -> Any:
    """A zip with a package of every record and the list, signed."""
    person = web.person()
    return transfer_files.response(person, transfer.get(person, id))


def _list(row: Appraisal) -> dict[str, Any]:
    return {"id": row.id, "number": row.number, "title": row.title, "state": row.state, "count": row.count, "version": row.version,
            "made_by": row.made_by_name, "made_at": row.made_at}


def _entry(e: Any) -> dict[str, Any]:
    return {"entry": e.id, "item": e.item, "archival_number": e.archival_number, "title": e.title, "year": e.year,
            "retention": e.retention, "opinion": e.opinion, "keep_until": e.keep_until, "reason": e.reason, "done_at": e.done_at,
            "note": e.note}


def _transfer(row: Transfer) -> dict[str, Any]:
    return {"id": row.id, "number": row.number, "receiver": row.receiver, "first_year": row.first_year, "last_year": row.last_year,
            "retentions": row.retentions, "state": row.state, "count": row.count, "pages": row.pages, "size": row.size,
            "checking": row.checking_by_id is not None, "check_error": row.check_error,
            "receipt_number": row.receipt_number, "receipt_on": row.receipt_on}
