"""REST routes of taking a year's package over. Thin, over the same services as the page."""

from __future__ import annotations

from typing import Any

from oa_kernel import web
from oa_kernel.errors import Invalid

from . import rights
from .api import api
from .models_keeping import INTAKE_STATES, INTAKE_STEPS, Intake
from .services import intakes

_INTAKE = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"}, "name": {"type": "string"}, "uploaded": {"type": "boolean"},
        "file": {"type": ["integer", "null"]}, "dry_run": {"type": "boolean"},
        "state": {"type": "string", "enum": list(INTAKE_STATES)}, "step": {"type": "string", "enum": list(INTAKE_STEPS)},
        "total": {"type": "integer"}, "done": {"type": "integer"}, "taken": {"type": "integer"}, "known": {"type": "integer"},
        "problems": {"type": "array", "items": {"type": "string"}}, "fingerprint": {"type": "string"},
    },
}
_DRY = {"type": "boolean", "default": False, "label": "只核验，不写入"}


@api.get("/archives/intakes", permission=rights.FILE, returns={"items": _INTAKE}, query=web.LIST_QUERY,
         summary="packages of a year that were taken over")
def list_intakes(query: dict[str, Any]) -> Any:
    """The last first."""
    return web.listing(intakes.listing(web.person(), limit=query.get("limit") or 20, cursor=query.get("cursor")), _intake)


@api.post("/archives/intakes", permission=rights.FILE, returns=_INTAKE, status=202, summary="take a year's package over",
          body={"file": {"type": "integer", "min": 1, "max": 2**63 - 1, "label": "上传的文件的 id"},
                "name": {"type": "string", "label": "导入文件夹里的名称"}, "dry_run": _DRY})
def start_intake(body: dict[str, Any]) -> Any:
    """``file``: a .zip or .tar that was uploaded by ``POST /files``; or ``name``: a folder of the import folder. Done in the
    background; ``GET`` says how far it is and, where it was refused, every reason."""
    if (body.get("file") is None) == (body.get("name") is None):
        raise Invalid("file 与 name 写一个", errors={"file": ["上传的文件，或者导入文件夹里的名称，二者写一个"]})
    dry_run = bool(body.get("dry_run"))
    if body.get("file") is not None:
        return _intake(intakes.start_upload(web.person(), body["file"], dry_run=dry_run))
    return _intake(intakes.start(web.person(), body["name"], dry_run=dry_run))


@api.get("/archives/intakes/folders", permission=rights.FILE, summary="packages in the import folder",
         returns={"type": "object", "properties": {"names": {"type": "array", "items": {"type": "string"}}}})
def list_intake_folders() -> Any:
    """For ``name``, at most 200."""
    return {"names": intakes.offered(web.person())}


@api.get("/archives/intakes/<int:id>", permission=rights.FILE, returns=_INTAKE, summary="how far a package's taking over is")
def get_intake(id: int) -> Any:
    """``done`` of ``total`` in the step; ``problems`` has what was refused, at most 200."""
    return _intake(intakes.get(web.person(), id))


@api.post("/archives/intakes/<int:id>/again", permission=rights.FILE, returns=_INTAKE, status=202, body={"dry_run": _DRY},
          summary="take a package over that was checked or refused")
def intake_again(id: int, body: dict[str, Any]) -> Any:
    """A new one of the same package; 409 where it was taken over, or its upload is gone."""
    return _intake(intakes.again(web.person(), id, dry_run=bool(body.get("dry_run"))))


@api.post("/archives/intakes/<int:id>/cancel", permission=rights.FILE, returns=_INTAKE, summary="stop taking a package over")
def cancel_intake(id: int) -> Any:
    """What was taken over stays; 409 where it has ended."""
    return _intake(intakes.cancel(web.person(), id))


def _intake(row: Intake) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "uploaded": row.uploaded, "file": row.file_id, "dry_run": row.dry_run, "state": row.state,
            "step": row.step, "total": row.total, "done": row.done, "taken": row.taken, "known": row.known, "problems": row.problems,
            "fingerprint": row.fingerprint, "asked_by": row.asked_by_name, "asked_at": row.asked_at, "finished_at": row.finished_at}
