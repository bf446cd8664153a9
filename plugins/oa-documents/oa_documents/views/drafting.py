"""Drafting: choose a kind, write with the typeset page beside it, submit (ui.md, page 4)."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import jsonify, request

from oa_kernel import clock, files, web
from oa_kernel.config import SECRECY_LEVELS
from oa_kernel.errors import Conflict, Invalid, OAError, TooLarge

from .. import kinds, rights, settings
from ..services import addressbook, annotations, checking, drafts, fields, formal, joint, numbers, queries
from .pages import pages, render

_LARGEST_DOCX = 50 * 1024 * 1024


@pages.get("/documents/new", permission=rights.DRAFT)
def new() -> Any:
    """Which kind of document: each with what it is for and what it needs."""
    return render("new.html", kinds=kinds.KINDS, errors={})


@pages.post("/documents/new", permission=rights.DRAFT)
def create() -> Any:
    """A draft from the kind's template."""
    kind = kinds.get(request.form.get("kind", "通知"))
    empty = request.form.get("empty") == "1"
    made = drafts.create(
        {"kind": kind.name, "title": "" if empty else kind.title, "body": "" if empty else kind.body},
        web.person(), strict=False,
    )
    return web.redirect(f"/documents/{made.id}/edit")


@pages.post("/documents/import", permission=rights.DRAFT, uploads=True)
def import_docx() -> Any:
    """A draft from a .docx."""
    person = web.person()
    try:
        upload = web.read_form(_read_docx)
        made = drafts.import_docx(upload.file("file"), person)
    except OAError as error:
        if error.status not in (413, 415, 422):
            raise
        return render("new.html", error.status, kinds=kinds.KINDS, errors=web.form_errors(error))
    web.flash("已导入，请核对内容")
    return web.redirect(f"/documents/{made.id}/edit")


def _read_docx(stream: Any, name: str, _mime: str, _field: str) -> bytes:
    data = bytes(stream.read(_LARGEST_DOCX + 1))
    if len(data) > _LARGEST_DOCX:
        raise TooLarge("文件过大：导入的 .docx 最多 50 MB")
    if not data:
        raise Invalid(f"{name} 是空的", errors={"file": [f"{name} 是空的"]})
    return data


@pages.get("/documents/<int:id>/edit", permission=rights.DRAFT)
def edit(id: int) -> Any:
    """The draft page."""
    person = web.person()
    document = queries.get_whole(person, id)
    drafts.require_editable(document, person)
    return editor(document, {}, 200)


def editor(document: Any, errors: dict[str, list[str]], status: int, given: Any = None) -> Any:
    """The draft page with what is wrong; ``given``: what was typed, where it could not be kept."""
    highest = SECRECY_LEVELS.index(settings.highest_secrecy())
    return render(
        "edit.html", status, document=document, errors=errors, values=_values(document, given),
        kind=kinds.get(document.kind), kinds=kinds.KINDS, formats=kinds.FORMATS, urgencies=kinds.URGENCIES,
        levels=SECRECY_LEVELS[: highest + 1], terms=settings.get("secrecy_terms"), series=numbers.series_list(),
        suggestions=addressbook.suggestions(), sheets=formal.pages(document), notes=checking.run(document),
        attachments=files.attached(drafts.SUBJECT, str(document.id)), threads=annotations.threads(document),
        joint_marks=list(joint.MARKS.items()),
    )


def _values(document: Any, given: Any) -> dict[str, str]:
    """What stands in the form: what was typed, else what is kept."""
    out = {}
    for name in fields.EDITABLE:
        value = getattr(document, name)
        if name == "attendance":
            for group in ("出席", "请假", "列席"):
                key = f"attendance_{group}"
                out[key] = given.get(key, "") if given is not None else "、".join(value.get(group, []))
        elif given is not None and name in given:
            out[name] = given[name]
        elif name == "joint":
            out[name] = joint.lines(value)
        else:
            out[name] = "\n".join(value) if isinstance(value, list) else value
    return out


def _given(form: Any) -> dict[str, Any]:
    """The form as the services take it."""
    data: dict[str, Any] = {name: form[name] for name in fields.EDITABLE if name in form and name != "attendance"}
    groups = {g: form[f"attendance_{g}"] for g in ("出席", "请假", "列席") if f"attendance_{g}" in form}
    if groups:
        data["attendance"] = groups
    return data


@pages.post("/documents/<int:id>/edit", permission=rights.DRAFT)
def save(id: int) -> Any:
    """Saves, and submits where that was pressed. What was typed stays on the page whatever is wrong with it."""
    person, form = web.person(), request.form
    document = queries.get_whole(person, id)
    drafts.require_editable(document, person)
    version = form.get("version", "")
    try:
        document = drafts.update(document, _given(form), person, strict=False,
                                 version=int(version) if version.isdigit() else None)
        if form.get("do") == "submit":
            drafts.submit(document, person)
            web.flash(f"已送审：{document.title}")
            return web.redirect(f"/documents/{id}")
    except OAError as error:
        if error.status not in (409, 413, 422) or error.code == "not_a_draft":
            raise
        fresh = queries.get_whole(person, id)
        return editor(fresh, web.form_errors(error), error.status, given=form)
    web.flash(f"已保存为第 {document.revision} 稿")
    return web.redirect(f"/documents/{id}/edit")


@pages.route("/documents/<int:id>/autosave", permission=rights.DRAFT, methods=["PUT", "POST"])
def autosave(id: int) -> Any:
    """What the editor sends while one types; answers with the new version, or says kindly what is the matter.

    Nothing here makes the editor forget what it holds: on a conflict it keeps the text and offers both.
    """
    person = web.person()
    document = queries.get_whole(person, id)
    form = request.get_json(silent=True) if request.is_json else request.form
    if not isinstance(form, dict) and not hasattr(form, "getlist"):
        raise Invalid("应为表单或 JSON 对象")
    try:
        version = int(form.get("version") or 0)
    except (TypeError, ValueError):
        raise Invalid("version 应为数字", errors={"version": ["应为数字"]}) from None
    try:
        document = drafts.autosave(document, _given(form), person, version or document.version)
    except Conflict as error:
        return jsonify({"ok": False, "message": error.message, "code": error.code, **error.details}), 409
    except (Invalid, TooLarge) as error:
        return jsonify({"ok": False, "message": error.message, "code": error.code, "errors": error.errors}), error.status
    at = clock.local(document.updated_at)
    return jsonify({
        "ok": True, "version": document.version, "revision": document.revision, "saved_at": at.isoformat(),
        "message": f"已自动保存 {at:%H:%M:%S} · 第 {document.revision} 稿",
    })


@pages.post("/documents/<int:id>/preview", permission=rights.DRAFT)
def preview(id: int) -> Any:
    """The pages and the checks of what stands in the form now; nothing is kept.

    ``have`` names the pages the browser shows already, so that only what changed travels.
    """
    document = queries.get_whole(web.person(), id)
    drafts.require_editable(document, web.person())
    data = _given(request.form)
    try:
        svgs = formal.preview_svgs(document, data)
        typed = fields.clean(data, before={name: getattr(document, name) for name in fields.EDITABLE})
    except (Invalid, TooLarge) as error:
        return jsonify({"ok": False, "message": error.message, "errors": error.errors}), error.status
    for name, value in typed.items():
        setattr(document, name, value)  # for the checks only; never saved
    have = set(request.form.get("have", "").split())
    marks = [hashlib.blake2b(svg.encode(), digest_size=8).hexdigest() for svg in svgs]
    return jsonify({
        "ok": True,
        "pages": [{"mark": mark, "svg": None if mark in have else svg} for mark, svg in zip(marks, svgs, strict=True)],
        "checks": web.render_to_string("oa_documents/parts/checks.html", notes=checking.run(document)),
    })


@pages.post("/documents/<int:id>/submit", permission=rights.DRAFT)
def submit(id: int) -> Any:
    """送审 from a list or the case page."""
    person = web.person()
    document = queries.get_whole(person, id)
    try:
        drafts.submit(document, person)
    except OAError as error:
        if error.status != 422:
            raise
        return editor(document, web.form_errors(error), 422)
    web.flash(f"已送审：{document.title}")
    return web.redirect(f"/documents/{id}")


@pages.post("/documents/<int:id>/delete", permission=rights.DRAFT)
def delete(id: int) -> Any:
    """Removes a draft."""
    person = web.person()
    document = queries.get_whole(person, id)
    drafts.delete(document, person)
    web.flash(f"已删除草稿《{document.title}》")
    return web.redirect("/documents/mine")


@pages.post("/documents/<int:id>/restore", permission=rights.DRAFT)
def restore(id: int) -> Any:
    """Takes an earlier wording back as the newest."""
    person = web.person()
    document = queries.get_whole(person, id)
    n = request.form.get("n", "")
    kept = drafts.revision(document, int(n) if n.isascii() and n.isdigit() else 0)
    drafts.update(document, {"title": kept.title, "body": kept.body, **kept.fields}, person, strict=False)
    web.flash(f"已恢复第 {kept.n} 稿的内容")
    return web.redirect(f"/documents/{id}/edit")
