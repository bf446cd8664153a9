"""批注 and attachments on a document's page."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import files, web
from oa_kernel.errors import NotFound, OAError

from ..services import annotations, drafts, queries
from . import case, drafting
from .pages import pages


@pages.post("/documents/<int:id>/notes", signed_in=True)
def annotate(id: int) -> Any:
    """A remark on the selected passage."""
    person, form = web.person(), request.form
    document = queries.get_whole(person, id)
    start = form.get("start", "")
    try:
        annotations.add(document, person, text=form.get("text", ""), quote=form.get("quote", ""),
                        start=int(start) if start.isascii() and start.isdigit() and len(start) < 9 else None)
    except OAError as error:
        if error.status not in (409, 422):
            raise
        return case.page(person, document, tab="notes", errors=web.form_errors(error), status=error.status)
    return web.redirect(f"/documents/{id}?tab=notes")


@pages.post("/documents/<int:id>/notes/<int:note>/<any(reply, resolve, reopen):what>", signed_in=True)
def answer(id: int, note: int, what: str) -> Any:
    """An answer, or the remark is dealt with."""
    person = web.person()
    document = queries.get_whole(person, id)
    try:
        if what == "reply":
            annotations.reply(document, note, person, request.form.get("text", ""))
        else:
            annotations.resolve(document, note, person, resolved=what == "resolve")
    except OAError as error:
        if error.status not in (409, 422):
            raise
        return case.page(person, document, tab="notes", errors=web.form_errors(error), status=error.status)
    return web.redirect_back(f"/documents/{id}?tab=notes")


@pages.post("/documents/<int:id>/attachments", signed_in=True, uploads=True)
def attach(id: int) -> Any:
    """Adds attachments, or a new version of one; straight into the files room."""
    person = web.person()
    document = queries.get_whole(person, id)
    drafts.require_editable(document, person)
    replaced = request.args.get("replaces", "")
    previous = files.get(int(replaced)) if replaced.isascii() and replaced.isdigit() and len(replaced) < 18 else None
    if replaced and previous is None:
        raise NotFound("没有这个附件")
    try:
        upload = web.read_form(lambda stream, name, mime, _f: drafts.store_attachment(
            document, stream, name, mime, person, previous=previous))
        upload.file("file")
    except OAError as error:
        if error.status not in (413, 415, 422):
            raise
        if request.args.get("next", "").endswith("/edit"):
            return drafting.editor(document, web.form_errors(error), error.status)
        return case.page(person, document, tab="files", errors=web.form_errors(error), status=error.status)
    web.flash(f"已上传 {len(upload.files['file'])} 个附件")
    return web.redirect(request.args.get("next") or f"/documents/{id}?tab=files")


@pages.post("/documents/<int:id>/attachments/<int:file_id>/remove", signed_in=True)
def detach(id: int, file_id: int) -> Any:
    """Takes an attachment off."""
    person = web.person()
    document = queries.get_whole(person, id)
    ids = [f.id for f in files.attached(drafts.SUBJECT, str(id))]
    if file_id not in ids:
        raise NotFound("没有这个附件")
    drafts.update(document, {"attachments": [i for i in ids if i != file_id]}, person)
    web.flash("已移除附件")
    return web.redirect_back(f"/documents/{id}?tab=files")


@pages.get("/documents/<int:id>/attachments/<int:file_id>", signed_in=True)
def attachment(id: int, file_id: int) -> Any:
    """An attachment, for who may see the document."""
    file = files.require_readable(web.person(), file_id)
    return web.send_file(file, inline=request.args.get("inline") == "1")
