"""REST routes of keeping and handing on. Thin, over the same services as the pages."""

from __future__ import annotations

from typing import Any

from oa_kernel import web

from . import rights
from .api import api
from .models_keeping import HANDOVER_STATES, Box, Handover
from .package import FORMS
from .services import boxes, handovers, queries, repair, stamping
from .tables import XLSX
from .views_keeping import catalogue_file

_HANDOVER = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"}, "year": {"type": "integer"}, "place": {"type": "string"},
        "format": {"type": "string", "enum": list(FORMS)},
        "state": {"type": "string", "enum": list(HANDOVER_STATES)}, "total": {"type": "integer"}, "done": {"type": "integer"},
        "bytes": {"type": "integer"}, "error": {"type": "string"}, "manifest_sm3": {"type": "string"},
    },
}
_BOX = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"}, "number": {"type": "integer"}, "year": {"type": "integer"}, "retention": {"type": "string"},
        "class": {"type": "string"}, "first": {"type": "integer"}, "last": {"type": "integer"}, "items": {"type": "integer"},
        "pages": {"type": "integer"}, "thickness": {"type": "integer"}, "note": {"type": "string"},
    },
}
_YEAR = {"type": "integer", "min": 1949, "max": 2200, "label": "年度"}
_CATALOGUE = {"year": {**_YEAR, "required": True}, "retention": {"type": "string", "label": "保管期限"},
              "class": {"type": "string", "label": "机构（问题）代码"}}


@api.get("/archives/handovers", permission=rights.EXPORT, returns={"items": _HANDOVER}, summary="packages of a year",
         query=web.LIST_QUERY)
def list_handovers(query: dict[str, Any]) -> Any:
    """The last first."""
    return web.listing(handovers.listing(web.person(), limit=query.get("limit") or 20, cursor=query.get("cursor")), _handover)


@api.post("/archives/handovers", permission=rights.EXPORT, returns=_HANDOVER, status=202, summary="ask for a year's package",
          body={"year": {**_YEAR, "required": True}, "place": {"type": "string", "required": True, "label": "去处"},
                "format": {"type": "string", "allowed": list(FORMS), "label": "信息包的形式"}})
def start_handover(body: dict[str, Any]) -> Any:
    """Made in the background at a place of the settings; one that was broken off is taken up again."""
    return _handover(handovers.start(web.person(), body["year"], body["place"], body.get("format") or ""))


@api.get("/archives/handovers/<int:id>", permission=rights.EXPORT, returns=_HANDOVER, summary="how far a year's package is")
def get_handover(id: int) -> Any:
    """``done`` of ``total`` records."""
    return _handover(handovers.get(web.person(), id))


@api.get("/archives/catalogue.xlsx", permission=rights.EXPORT, content_type=XLSX, summary="a year's catalogue as a spreadsheet",
         query=_CATALOGUE)
def catalogue_xlsx(query: dict[str, Any]) -> Any:
    """归档文件目录 of what one may see."""
    return catalogue_file("xlsx", query)


@api.get("/archives/catalogue.pdf", permission=rights.EXPORT, content_type="application/pdf", summary="a year's catalogue on paper",
         query=_CATALOGUE)
def catalogue_pdf(query: dict[str, Any]) -> Any:
    """归档文件目录 of what one may see, A4 across."""
    return catalogue_file("pdf", query)


@api.get("/archives/boxes", permission=rights.FILE, returns={"items": _BOX}, summary="a year's boxes",
         query={**web.LIST_QUERY, "year": {**_YEAR, "required": True}})
def list_boxes(query: dict[str, Any]) -> Any:
    """In the order of retention, class and number."""
    page = boxes.listing(web.person(), query["year"], limit=query.get("limit") or 50, cursor=query.get("cursor"))
    return web.listing(page, _box)


@api.post("/archives/boxes", permission=rights.FILE, summary="put a year's records into boxes",
          returns={"type": "object", "properties": {"items": {"type": "array", "items": _BOX}}},
          body={"year": {**_YEAR, "required": True},
                "thickness": {"type": "integer", "allowed": list(boxes.THICKNESSES), "default": 30, "label": "盒厚（毫米）"}})
def fill_boxes(body: dict[str, Any]) -> Any:
    """Those that are in none yet; the boxes that were made or got more."""
    return {"items": [_box(b) for b in boxes.fill(web.person(), body["year"], body.get("thickness") or 30)]}


@api.post("/archives/boxes/<int:id>/note", permission=rights.FILE, returns=_BOX, summary="what the box's form says",
          body={"note": {"type": "string", "required": True, "maxlength": 500, "label": "盒内文件情况说明"}})
def note_box(id: int, body: dict[str, Any]) -> Any:
    """备考表."""
    return _box(boxes.note(web.person(), id, body["note"]))


@api.get("/archives/boxes/<int:id>/labels.pdf", permission=rights.FILE, content_type="application/pdf", summary="a box's labels")
def box_labels(id: int) -> Any:
    """盒面, 盒脊, 备考表."""
    person = web.person()
    return web.send_bytes(boxes.labels(person, [boxes.get(person, id)]), "application/pdf", "档案盒.pdf")


@api.get("/archives/<int:id>/stamped.pdf", permission=rights.READ, content_type="application/pdf",
         summary="a record's text with its stamp")
def stamped(id: int) -> Any:
    """A copy with 归档章 on its first page; what is kept is not touched. 409 where it is no PDF."""
    item = queries.get(web.person(), id)
    return web.send_bytes(stamping.stamped(item), "application/pdf", f"{item.archival_number}.pdf")


@api.post("/archives/<int:id>/repair", permission=rights.FILE, summary="put damaged files back from a backup",
          returns={"type": "object", "properties": {
              "restored": {"type": "array", "items": {"type": "string"}}, "sound": {"type": "boolean"}}},
          body={"backup": {"type": "string", "required": True, "label": "备份的文件名"},
                "passphrase": {"type": "string", "label": "备份的口令"}})
def repair_record(id: int, body: dict[str, Any]) -> Any:
    """Each after its digest was compared; a backup is named as ``oa backup list`` shows its file."""
    person = web.person()
    path = repair.chosen(person, body["backup"])
    return repair.repair(person, queries.get(person, id), path, passphrase=body.get("passphrase") or "")


def _handover(row: Handover) -> dict[str, Any]:
    return {"id": row.id, "year": row.year, "place": row.place, "format": row.form, "state": row.state, "total": row.total,
            "done": row.done, "bytes": row.size, "asked_by": row.asked_by_name, "asked_at": row.asked_at,
            "finished_at": row.finished_at, "error": row.error, "manifest_sm3": row.manifest_sm3}


def _box(box: Box) -> dict[str, Any]:
    return {"id": box.id, "number": box.number, "year": box.year, "retention": box.retention, "class": box.class_code,
            "first": box.first_seq, "last": box.last_seq, "items": box.items, "pages": box.pages, "thickness": box.thickness,
            "note": box.note}
