"""Spreadsheets in and out by the pages, in three steps: file → check with marked rows → result."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from flask import request

from oa_kernel import db, files, sheets
from oa_kernel.errors import OAError
from oa_kernel.sheets.workbook import parts_of

from ..access import Pages
from ..door import person
from ..downloads import send_bytes
from ..i18n import gettext as _
from ..rendering import flash, form_errors, is_htmx, redirect, render
from ..uploads import read_form

pages = Pages("admin_imports", __name__)

_HOME = "/admin/imports"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: faults on a page
_PAGE = 50
#: rows from which on an import is felt by others where the database has one write lock
_WAITS = 1000


@pages.get(_HOME, signed_in=True)
def index() -> Any:
    found = sheets.imports.kinds_for(person())
    return render("oa/admin/imports.html", kinds=found, recent=sheets.imports.recent(person()) if found else (),
                  titles={s.name: s.title for s in found})


@pages.get(f"{_HOME}/<kind>", signed_in=True)
def choose(kind: str) -> Any:
    return _choose(kind, {})


@pages.post(f"{_HOME}/<kind>", signed_in=True, uploads=True)
def upload(kind: str) -> Any:
    """``file``: the workbook."""
    sheet = sheets.imports.kind_for(person(), kind)
    try:
        file = read_form(_keep, max_files=1).file()
        row = sheets.imports.begin(sheet.name, file, by=person())
    except OAError as error:
        if error.status not in (413, 415, 422):
            raise
        return _choose(kind, {"file": [r for reasons in form_errors(error).values() for r in reasons]}, error.status)
    return redirect(f"{_HOME}/job/{row.id}")


def _keep(stream: Any, filename: str, _mime: str, _field: str) -> Any:
    return files.store(stream, filename, person(), max_size=sheets.imports.MAX_FILE, allow=["xlsx"])


def _choose(kind: str, errors: dict[str, list[str]], status: int = 200) -> Any:
    sheet = sheets.imports.kind_for(person(), kind)
    return render("oa/admin/import_file.html", status, sheet=sheet, parts=parts_of(sheet), errors=errors)


@pages.get(f"{_HOME}/<kind>/template.xlsx", signed_in=True)
def template(kind: str) -> Any:
    sheet = sheets.imports.kind_for(person(), kind)
    return _send(lambda target: sheets.template(sheet.name, target), _("%(t)s模板", t=sheet.title))


@pages.get(f"{_HOME}/<kind>/export.xlsx", signed_in=True)
def export(kind: str) -> Any:
    sheet = sheets.imports.kind_for(person(), kind)
    return _send(lambda target: sheets.dump(sheet.name, target, by=person()), sheet.title)


@pages.get(f"{_HOME}/job/<int:import_id>", signed_in=True)
def job(import_id: int) -> Any:
    row = sheets.imports.find(import_id, person())
    asked = request.args.get("page", "1")
    last = max(1, -(-len(row.faults) // _PAGE))
    at = min(max(1, int(asked) if asked.isdecimal() and len(asked) < 6 else 1), last)
    running = sheets.imports.running(row)
    template = "oa/admin/import_state.html" if is_htmx() and request.args.get("part") else "oa/admin/import_job.html"
    return render(
        template, row=row, sheet=sheets.imports.kind_for(person(), row.kind), running=running,
        progress=sheets.imports.progress(row) if running else None, stalled=sheets.imports.stalled(row),
        waits=row.rows > _WAITS and not db.is_postgresql(), faults=row.faults[(at - 1) * _PAGE:at * _PAGE], page=at,
        pages=last, kept=sheets.imports.KEPT_FAULTS,
    )


@pages.get(f"{_HOME}/job/<int:import_id>/marked.xlsx", signed_in=True)
def marked(import_id: int) -> Any:
    row = sheets.imports.find(import_id, person())
    source = io.BytesIO(files.read_bytes(sheets.imports.file_of(row)))
    name = row.name.rpartition(".")[0] or row.name
    return _send(lambda target: sheets.marked(row.kind, source, row.faults, target), _("%(n)s（标出问题）", n=name))


@pages.post(f"{_HOME}/job/<int:import_id>/<any(write, restart):what>", signed_in=True)
def go(import_id: int, what: str) -> Any:
    try:
        (sheets.imports.confirm if what == "write" else sheets.imports.restart)(import_id, by=person())
    except OAError as error:
        if error.status != 409:
            raise
        flash(error.message, "error")
    return redirect(f"{_HOME}/job/{import_id}")


@pages.post(f"{_HOME}/job/<int:import_id>/cancel", signed_in=True)
def cancel(import_id: int) -> Any:
    row = sheets.imports.find(import_id, person())
    try:
        sheets.imports.cancel(import_id, by=person())
    except OAError as error:
        if error.status != 409:
            raise
        flash(error.message, "error")
        return redirect(f"{_HOME}/job/{import_id}")
    flash(_("已放弃，没有写入任何一行"))
    return redirect(f"{_HOME}/{row.kind}")


@pages.get(f"{_HOME}/job/<int:import_id>/told.xlsx", signed_in=True)
def told(import_id: int) -> Any:
    rows = sheets.imports.told(import_id, by=person())
    heads = {"row": _("行"), "username": _("用户名"), "name": _("姓名"), "password": _("一次性密码")}
    shown = {key: heads.get(key, key) for key in dict.fromkeys(k for r in rows for k in r)}
    return _send(lambda target: sheets.listing(_("一次性密码"), shown, rows, target), _("一次性密码"))


@pages.post(f"{_HOME}/job/<int:import_id>/told/forget", signed_in=True)
def forget_told(import_id: int) -> Any:
    sheets.imports.forget_told(import_id, by=person())
    flash(_("一次性密码已从系统里删去"))
    return redirect(f"{_HOME}/job/{import_id}")


def _send(write: Callable[[Any], Any], name: str) -> Any:
    made = io.BytesIO()
    write(made)
    return send_bytes(made.getvalue(), _XLSX, f"{name}.xlsx")
