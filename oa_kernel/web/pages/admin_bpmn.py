"""Definitions as BPMN 2.0, for who manages workflows: taken away, and taken in as a draft."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import workflow
from oa_kernel.errors import Invalid, TooLarge
from oa_kernel.workflow import bpmn, drafts

from ..access import Pages
from ..door import person
from ..downloads import send_bytes
from ..i18n import gettext as _
from ..rendering import flash, form_errors, redirect, render
from ..uploads import read_form

pages = Pages("admin_bpmn", __name__)

_RIGHT = "kernel.workflow.manage"
_LARGEST = 4 * 1024 * 1024


@pages.get("/admin/workflows/<name>/bpmn", permission=_RIGHT)
def export(name: str) -> Any:
    return send_bytes(bpmn.write(workflow.definition_text(name)), "application/xml", f"{name}.bpmn")


@pages.get("/admin/workflows/import-bpmn", permission=_RIGHT)
def form() -> Any:
    return render("oa/admin/workflow_bpmn.html", made=None, errors={}, values={})


@pages.post("/admin/workflows/import-bpmn", permission=_RIGHT, uploads=True)
def read() -> Any:
    """What becomes of the file; nothing is kept yet."""
    try:
        made = read_form(_read, max_files=1).file("file")
    except (Invalid, TooLarge) as error:
        errors = error.errors if error.errors and "file" in error.errors else {"file": [error.message]}
        return render("oa/admin/workflow_bpmn.html", 422, made=None, errors=errors, values={})
    values = {"name": drafts.plain_name(made.name), "title": made.title, "text": made.text}
    return render("oa/admin/workflow_bpmn.html", made=made, errors={}, values=values, kinds=bpmn.KINDS)


def _read(stream: Any, filename: str, _mime: str, _field: str) -> bpmn.Imported:
    data = bytearray()
    while piece := stream.read(256 * 1024):
        data += piece
        if len(data) > _LARGEST:
            raise TooLarge(_("文件过大：上限 %(n)s MB", n=_LARGEST // 2**20))
    return bpmn.read(bytes(data), origin=filename[:120])


@pages.post("/admin/workflows/import-bpmn/draft", permission=_RIGHT)
def take_in() -> Any:
    """The YAML becomes a draft, opened in the designer."""
    values = request.form
    try:
        made = drafts.take_in(values.get("name", ""), values.get("title", ""), values.get("text", ""), person())
    except Invalid as error:
        return render("oa/admin/workflow_bpmn.html", 422, made=None, errors=form_errors(error), values=values)
    flash(_("已存为草稿，核对后再发布"))
    return redirect(f"/admin/workflows/{made.name}/edit")
