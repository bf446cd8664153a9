"""Pages of incoming documents: the sign-in desk, the register, one document."""

from __future__ import annotations

from typing import Any

from flask import g, request

from oa_kernel import clock, files, identity, web, workflow
from oa_kernel.config import SECRECY_LEVELS
from oa_kernel.errors import Conflict, Invalid, NotFound, TooLarge, UnsupportedType

from .. import kinds, rights, settings
from ..services import arrivals, incoming, incoming_lists, incoming_paper, reading, routing
from .pages import STATE_WORDS, filters, kind_word, pages, render

INCOMING_WORDS = {
    "registered": ("已登记", "clipboard-check", "secondary"), "handling": ("办理中", "progress", "blue"),
    "completed": ("已办结", "circle-check", "green"), "archived": ("已归档", "archive", "secondary"),
    "voided": ("已作废", "ban", "red"),
}
NATURE_WORDS = {"action": "办件", "reading": "阅件"}
_URGENCIES = ("", "平急", "加急", "特急", "特提")
#: pictures that every browser shows
_SHOWN = ("image/png", "image/jpeg")
_EXTENSIONS = ("pdf", "ofd", "png", "jpg", "jpeg", "tif", "tiff", "docx", "eml", "txt")


def _page(name: str, status: int = 200, **values: Any) -> Any:
    return render(name, status, incoming_words=INCOMING_WORDS, natures=NATURE_WORDS, **values)


@pages.get("/documents/incoming", permission=rights.READ_INCOMING)
def incoming_list() -> Any:
    """收文登记簿."""
    given = filters("year", "kind", "state", "q")
    page = incoming_lists.listing(web.person(), given, cursor=request.args.get("cursor"))
    return _page("incoming_list.html", page=page, filters=given, kinds=list(kinds.KINDS), years=incoming_lists.years())


def _states() -> dict[str, str]:
    return {name: words[0] for name, words in INCOMING_WORDS.items()}


@pages.get("/documents/incoming.xlsx", permission=rights.READ_INCOMING)
def incoming_export() -> Any:
    """The register, as filtered, as a spreadsheet."""
    data = incoming_paper.spreadsheet(web.person(), filters("year", "kind", "state", "q"), natures=NATURE_WORDS, states=_states())
    return web.send_bytes(data, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                          f"收文登记簿 {clock.today().isoformat()}.xlsx")


@pages.get("/documents/incoming.pdf", permission=rights.READ_INCOMING)
def incoming_print() -> Any:
    """The register, as filtered, to be printed."""
    data = incoming_paper.pdf(web.person(), filters("year", "kind", "state", "q"), states=_states())
    return web.send_bytes(data, "application/pdf", f"收文登记簿 {clock.today().isoformat()}.pdf")


@pages.get("/documents/incoming/new", permission=rights.REGISTER)
def incoming_new() -> Any:
    """The sign-in desk: files are chosen, then what they say is confirmed."""
    return _desk()


def _desk(errors: Any = None, status: int = 200) -> Any:
    g.oa_place = "/documents/incoming/new"
    came = arrivals.waiting(web.person(), limit=20, cursor=request.args.get("cursor"))
    return _page("incoming_new.html", status, errors=errors or {}, queue=_queue(), extensions=_EXTENSIONS, came=came)


def _queue() -> list[Any]:
    """Files of the person's that were uploaded here and are not registered yet."""
    return files.attached("documents.desk", web.person().id)


@pages.post("/documents/incoming/upload", permission=rights.REGISTER, uploads=True)
def incoming_upload() -> Any:
    """Takes one file or a hundred; each is confirmed by itself."""
    person, refused = web.person(), []

    def take(stream: Any, name: str, mime: str, _field: str) -> Any:
        try:
            return files.store(stream, name, person, allow=_EXTENSIONS, mime_hint=mime or None)
        except (Invalid, UnsupportedType, TooLarge) as error:  # one file that is not taken is no reason to lose the others
            refused.append(error.message)
            return None

    try:
        upload = web.read_form(take, max_files=100)
        upload.file("file")
    except Invalid as error:
        return _desk(web.form_errors(error), 422)
    taken = [file for file in upload.files["file"] if file is not None]
    if not taken:
        return _desk({"file": refused}, 422)
    for file in taken:
        files.attach(file, "documents.desk", person.id, role="waiting")
    if refused:
        web.flash(f"收下 {len(taken)} 份；没有收下 {len(refused)} 份：{'；'.join(refused)}", "warning")
    return web.redirect(f"/documents/incoming/confirm/{taken[0].id}")


@pages.get("/documents/incoming/confirm/<int:file_id>", permission=rights.REGISTER)
def incoming_confirm(file_id: int) -> Any:
    """What a file says of itself, beside the page."""
    file = _waiting(file_id)
    problem = ""
    try:
        found = reading.propose(file)
    except Invalid as error:
        found, problem = {}, error.message
    text = found.pop("text", "")
    values = {"received_on": clock.today().isoformat(), "secrecy": "公开", "copies": 1, "nature": "action",
              **{k: v for k, v in found.items() if v}}
    proposed = routing.propose(values)
    values.setdefault("department", proposed["department"])
    values["nature"] = proposed["nature"]
    return _form(file, values, proposed=sorted(found), problem=problem, reason=proposed["reason"],
                 text="" if file.mime == "application/pdf" else text, unread="" if found or problem else _unread(file))


def _unread(file: Any) -> str:
    """Why nothing was proposed."""
    if (file.mime.startswith("image/") or file.mime == "application/pdf") and not reading.reads_scans():
        return web.gettext("什么也没有读出：扫描件要安装 OCR（见“收文”说明）才能读，请照着右边的原件填写")
    return web.gettext("什么也没有读出，请照着右边的原件填写")


def _form(file: Any, values: Any, *, document: Any = None, **more: Any) -> Any:
    doubles, queue = [], []
    if document is None:
        number, sender = str(values.get("number") or ""), str(values.get("sender") or "")
        doubles, queue = incoming_lists.duplicates(number, sender, file.sm3), _queue()
    return form_page(file, values, document=document, doubles=doubles, queue=queue, **more)


def form_page(file: Any, values: Any, *, errors: Any = None, status: int = 200, proposed: Any = (), problem: str = "",
              reason: str = "", document: Any = None, doubles: Any = (), queue: Any = (), arrival: Any = None,
              **more: Any) -> Any:
    """The form of what is registered: of an uploaded file, of a document to be corrected, of what came in by itself."""
    if document is None:
        g.oa_place = "/documents/incoming/new"  # what is not registered yet lies at the desk, not in the register
    levels = SECRECY_LEVELS[: SECRECY_LEVELS.index(settings.highest_secrecy()) + 1]
    return _page(
        "incoming_form.html", status, shown=_SHOWN, departments=_departments(),
        file=file, values=values, errors=errors or {}, proposed=proposed, problem=problem,
        reason=reason, doubles=doubles, document=document, queue=queue, arrival=arrival, **more,
        kind_options=[("", "—"), *((k, kind_word(k)) for k in kinds.KINDS)],
        urgency_options=[(u, web.gettext(u) if u else "—") for u in _URGENCIES],
        level_options=[(w, web.gettext(w)) for w in levels])


def _departments() -> list[str]:
    return [d.name for d in identity.department_tree() if d.active]


def _waiting(file_id: int) -> Any:
    file = next((f for f in _queue() if f.id == file_id), None)
    if file is None:
        raise NotFound("没有这个待登记的文件，可能已经登记")
    return file


def read_values() -> dict[str, Any]:
    """What the form of :func:`form_page` says."""
    form = request.form
    copies = form.get("copies", "1")
    given = {name: form.get(name, "") for name in incoming.FIELDS}
    return {**given, "copies": int(copies) if copies.isascii() and copies.isdigit() and len(copies) < 6 else 0}


@pages.post("/documents/incoming/confirm/<int:file_id>", permission=rights.REGISTER)
def incoming_register(file_id: int) -> Any:
    """登记; the next file of the queue is offered then."""
    person, file, values = web.person(), _waiting(file_id), read_values()
    try:
        document = incoming.register({**values, "files": [file.id]}, person, despite_duplicates=request.form.get("despite") == "1")
    except Invalid as error:
        return _form(file, values, errors=web.form_errors(error), status=422)
    except Conflict as error:
        return _form(file, values, errors={"": [error.message]}, status=409)
    files.detach(file, "documents.desk", person.id)
    web.flash(f"已登记：{document.year} 年收文 {document.seq} 号")
    left = _queue()
    return web.redirect(f"/documents/incoming/confirm/{left[0].id}" if left else f"/documents/incoming/{document.id}")


@pages.post("/documents/incoming/confirm/<int:file_id>/remove", permission=rights.REGISTER)
def incoming_remove(file_id: int) -> Any:
    """Takes a file out of the queue."""
    person, file = web.person(), _waiting(file_id)
    files.detach(file, "documents.desk", person.id)
    files.discard(file, person)
    web.flash("已移出待登记")
    return web.redirect("/documents/incoming/new")


@pages.get("/documents/incoming/confirm/<int:file_id>/file", permission=rights.REGISTER)
def incoming_waiting_file(file_id: int) -> Any:
    """The file beside the form."""
    return web.send_file(_waiting(file_id), inline=True)


@pages.get("/documents/incoming/<int:id>", signed_in=True)
def incoming_one(id: int) -> Any:
    """One document: what was registered, its files, its case, its answers."""
    return _one(incoming_lists.get(web.person(), id))


def _one(document: Any, errors: Any = None, status: int = 200, given: Any = None) -> Any:
    person = web.person()
    task = workflow.open_task(document.instance_id, person) if document.instance_id else None
    proposed = routing.propose({k: getattr(document, k) for k in ("kind", "sender", "urgency", "title")})
    return _page(
        "incoming_one.html", status, document=document, errors=errors or {}, given=given, shown=_SHOWN,
        departments=_departments(), task=task, proposed=proposed,
        attached=files.attached(incoming.SUBJECT, document.id), answers=incoming_lists.answers(document),
        instructions=incoming_lists.instructions(document),
        trail=workflow.trail(document.instance_id) if document.instance_id else [], outgoing_words=STATE_WORDS)


@pages.get("/documents/incoming/<int:id>/edit", permission=rights.REGISTER)
def incoming_edit(id: int) -> Any:
    """What was registered, to be corrected."""
    document = incoming_lists.get(web.person(), id)
    values = {k: getattr(document, k, "") for k in incoming.FIELDS}
    return _form(None, {**values, "department": document.department_name}, document=document)


@pages.post("/documents/incoming/<int:id>/edit", permission=rights.REGISTER)
def incoming_update(id: int) -> Any:
    """修改登记."""
    person, values = web.person(), read_values()
    document = incoming_lists.get(person, id)
    version = request.form.get("version", "")
    try:
        incoming.update(document, values, person, version=int(version) if version.isdigit() and len(version) < 10 else None)
    except (Invalid, Conflict) as error:
        return _form(None, values, document=document, errors=web.form_errors(error), status=error.status)
    web.flash("已修改登记")
    return web.redirect(f"/documents/incoming/{id}")


@pages.post("/documents/incoming/<int:id>/<any(route, void):what>", permission=rights.REGISTER)
def incoming_act(id: int, what: str) -> Any:
    """送办; 作废."""
    person = web.person()
    document = incoming_lists.get(person, id)
    form = request.form
    try:
        if what == "route":
            assisting = [n for n in form.get("assisting", "").replace("，", "、").split("、") if n.strip()]
            incoming.route(document, person, {"department": form.get("department"), "nature": form.get("nature"),
                                              "opinion": form.get("opinion"), "assisting": [n.strip() for n in assisting]})
            web.flash("已送办")
        else:
            incoming.void(document, form.get("reason", ""), person)
            web.flash("已作废，收文号保留在登记簿中")
    except Invalid as error:
        return _one(document, web.form_errors(error), 422, form)
    return web.redirect(f"/documents/incoming/{id}")


@pages.post("/documents/incoming/<int:id>/answer", permission=rights.DRAFT)
def incoming_answer(id: int) -> Any:
    """拟复文."""
    person = web.person()
    made = incoming.answer(incoming_lists.get(person, id), person)
    return web.redirect(f"/documents/{made.id}/edit")


@pages.get("/documents/incoming/<int:id>/files/<int:file_id>", signed_in=True)
def incoming_file(id: int, file_id: int) -> Any:
    """One of its files."""
    document = incoming_lists.get(web.person(), id)
    file = next((f for f in files.attached(incoming.SUBJECT, document.id) if f.id == file_id), None)
    if file is None:
        raise NotFound("没有这个文件")
    return web.send_file(file, inline=request.args.get("inline") == "1")
