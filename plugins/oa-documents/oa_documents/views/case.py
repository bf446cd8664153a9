"""A document's page: left the typeset pages, right what is to be done with it (ui.md, page 3).

Works without JavaScript: the tabs are links, the actions forms. What is not needed for the open tab is not asked for.
"""

from __future__ import annotations

import re
from typing import Any

from flask import request

from oa_kernel import clock, files, identity, permissions, web, workflow
from oa_kernel.errors import NotFound, OAError

from .. import channels, rights, settings
from ..services import addressbook, annotations, dispatches, drafts, formal, formal_ofd, numbers, printing, queries, sealings, standing
from .pages import pages, render

TABS = {"act": "办理", "notes": "批注", "flow": "流程", "files": "附件", "record": "记录", "dispatch": "分发"}

ACTION_WORDS = {
    "approve": "同意", "return": "退回", "reject": "不同意，终止", "transfer": "转办", "delegate": "委托", "add_sign": "加签",
    "circulate": "传阅", "urge": "催办", "read": "已阅", "claim": "签收办理", "save": "暂存意见", "remove_sign": "减签",
}
#: what approving is called where the work is something else than agreeing
STEP_VERBS = {"draft": "送审", "sign": "签发", "office": "编号用印"}
#: in the order of the list under 更多; the likely one stands alone
OFFERED = ("approve", "return", "transfer", "add_sign", "circulate", "reject")


@pages.get("/documents/<int:id>", signed_in=True)
def show(id: int) -> Any:
    """The case page, or for who only received the document its formal version."""
    person = web.person()
    document = queries.get(person, id)
    if not queries.inside(person, document):
        dispatches.opened(document, person)
        return _received(person, document)
    return page(person, document, tab=request.args.get("tab", ""))


def page(person: Any, document: Any, *, tab: str, errors: dict[str, list[str]] | None = None, status: int = 200) -> Any:
    """The whole page with one tab open."""
    task = workflow.open_task(document.instance_id, person) if document.instance_id else None
    tabs = {k: v for k, v in TABS.items() if k != "dispatch" or document.state in queries.FORMAL_STATES}
    if tab not in tabs:
        tab = "dispatch" if task is None and document.state in ("signed", "dispatched") \
            and permissions.allows(person, rights.DISPATCH) else "act"
    editable = document.drafter_id == person.id and document.state == "draft"
    values: dict[str, Any] = {
        "document": document, "tab": tab, "tabs": tabs, "task": task, "editable": editable, "errors": errors or {},
        "values": request.form, "sheets": formal.pages(document), "threads": annotations.threads(document),
        "can_number": permissions.allows(person, rights.NUMBER), "can_void": permissions.allows(person, rights.VOID),
        "can_dispatch": permissions.allows(person, rights.DISPATCH), "person": person,
        "successor": standing.successor(document, person), "asked": standing.waiting(document),
        "can_confirm": permissions.allows(person, rights.REVOKE_CONFIRM), "with_ofd": formal_ofd.wanted(document),
        "seals": sealings.of(document) if document.joint else [],
        "to_seal": sealings.expected(document) if not document.sealed_at and document.state in ("draft", "reviewing") else [],
    }
    values.update(_TAB_VALUES[tab](person, document, task))
    return render("case.html", status, **values)


def _received(person: Any, document: Any) -> Any:
    own = identity.departments_of(person)
    rows = [d for d in dispatches.of(document) if d.kind == "department" and d.recipient_id in own]
    return render("received.html", document=document, rows=rows, sheets=formal.pages(document),
                  successor=standing.successor(document, person), with_ofd=formal_ofd.wanted(document),
                  seals=sealings.of(document) if document.joint else [], attachments=files.attached(drafts.SUBJECT, str(document.id)))


def _act(person: Any, document: Any, task: Any) -> dict[str, Any]:
    if not document.instance_id:
        return {"view": None, "actions": [], "case_actions": [], "sent_back": None}
    instance = workflow.get_instance(document.instance_id, person)
    view = workflow.instance_view(document.instance_id, person)
    common = {"view": view, "actions": [], "case_actions": workflow.instance_actions(instance, person),
              "urge_again": workflow.urge_again_at(instance), "now": clock.now(),
              "sent_back": _sent_back(view) if document.state == "draft" else None}
    if task is None:
        return common
    actions = [a for a in OFFERED if a in workflow.task_actions(task, person)]
    return {
        **common, "actions": actions, "words": ACTION_WORDS,
        "verb": STEP_VERBS.get(task.step, ACTION_WORDS["approve"]),
        "following": workflow.next_steps_preview(task, person), "targets": workflow.return_targets(task),
        "phrases": workflow.phrases(person), "colleagues": _colleagues(person) if len(actions) > 1 else [],
        "reserved": numbers.reserved(document) if task.step == "office" and not document.number else [],
        "number_preview": numbers.preview(document) if task.step == "office" else "",
    }


def _sent_back(view: dict[str, Any]) -> dict[str, Any] | None:
    """The last act of the trail that gave the wording back to its drafter, with who said why."""
    found = [e for e in view["trail"] if e["action"] in ("return", "reject", "withdraw", "submit", "approve")]
    return found[-1] if found and found[-1]["action"] in ("return", "reject") else None


def _colleagues(person: Any) -> list[Any]:
    """People one may hand a task to: those of one's departments first is enough for a list; others by name."""
    return identity.list_people(limit=200).items


def _notes(person: Any, document: Any, task: Any) -> dict[str, Any]:
    return {"open_for_notes": document.state in ("draft", "reviewing")}


def _flow(person: Any, document: Any, task: Any) -> dict[str, Any]:
    if not document.instance_id:
        return {"view": None}
    instance = workflow.get_instance(document.instance_id, person)
    return {"view": workflow.instance_view(document.instance_id, person), "diagram": f"/documents/{document.id}/flow.svg",
            **web.case_following(instance, person)}


def _files(person: Any, document: Any, task: Any) -> dict[str, Any]:
    attached = files.attached(drafts.SUBJECT, str(document.id))
    return {"attachments": [(f, files.versions(f)[1:]) for f in attached]}


def _record(person: Any, document: Any, task: Any) -> dict[str, Any]:
    revisions = drafts.revisions(document)
    newer = _number(request.args.get("to"), revisions[-1].n if revisions else 0)
    older = _number(request.args.get("from"), newer - 1)
    changes = drafts.compare(document, older, newer) if 0 < older < newer else None
    return {"revisions": revisions, "older": older, "newer": newer, "changes": changes,
            "may_continue": document.drafter_id == person.id, "changes_of_standing": standing.history(document),
            "can_revoke": permissions.allows(person, rights.REVOKE) and document.state in standing.SIGNED}


def _dispatch(person: Any, document: Any, task: Any) -> dict[str, Any]:
    return {
        "dispatched": dispatches.of(document), "departments": identity.department_tree(),
        "organisations": addressbook.organisations(), "open_states": dispatches.OPEN, "channels": channels.titles(),
        "reach": channels.reach(), "over_states": dispatches.OVER,
        "recallable": {c.name for c in channels.others().values() if c.recall},
        "fax": bool(settings.get("fax_gateway")),
        "can_print": permissions.allows(person, rights.PRINT), "runs": printing.log(document), "in_force": standing.in_force(document),
    }


_TAB_VALUES = {"act": _act, "notes": _notes, "flow": _flow, "files": _files, "record": _record, "dispatch": _dispatch}


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else default


@pages.get("/documents/<int:id>/pages/<int:n>.png", signed_in=True)
def sheet(id: int, n: int) -> Any:
    """One typeset page as a picture. The address carries what it was made of, so it may be kept."""
    document = queries.get(web.person(), id)
    if document.state not in queries.FORMAL_STATES:
        queries.get_whole(web.person(), id)
    data = formal.page_png(document, n)
    if data is None:
        raise NotFound(f"没有第 {n} 页")
    response = web.send_bytes(data, "image/png", f"{n}.png", inline=True)
    if request.args.get("v"):
        response.headers["Cache-Control"] = "private, max-age=86400"
    return response


@pages.get("/documents/<int:id>/flow.svg", signed_in=True)
def flow(id: int) -> Any:
    """The case's diagram, the current step lit."""
    document = queries.get_whole(web.person(), id)
    if not document.instance_id:
        raise NotFound("这份文件还没有送审")
    svg = workflow.diagram(workflow.get_instance(document.instance_id, web.person()))
    response = web.send_bytes(svg.encode(), "image/svg+xml", "flow.svg", inline=True)
    response.headers["Content-Type"] = "image/svg+xml"
    response.headers["Content-Disposition"] = "inline"
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return response


@pages.get("/documents/<int:id>/pdf", signed_in=True)
def pdf(id: int) -> Any:
    """The formal version once signed, a marked draft before."""
    from ..api import pdf_response

    return pdf_response(web.person(), id, inline=request.args.get("download") != "1")


@pages.get("/documents/<int:id>/ofd", signed_in=True)
def ofd(id: int) -> Any:
    """The formal version as OFD."""
    from ..api import ofd_response

    return ofd_response(web.person(), id)


@pages.get("/documents/<int:id>/sheet", signed_in=True)
def draft_sheet(id: int) -> Any:
    """发文稿纸."""
    document = queries.get_whole(web.person(), id)
    return web.send_bytes(formal.sheet_pdf(document), "application/pdf", f"发文稿纸 {document.title}.pdf", inline=True)


@pages.post("/documents/<int:id>/act", signed_in=True)
def act(id: int) -> Any:
    """One action on one's task; after it the next to-do is offered."""
    person, form = web.person(), request.form
    document = queries.get_whole(person, id)
    action = form.get("action", "approve")
    to = [_username(name) for value in form.getlist("to") for name in re.split(r"[,，、;；\s]+", value) if name]
    try:
        task_id = _number(form.get("task"), 0)
        if not workflow.is_about(task_id, drafts.SUBJECT, str(document.id)):
            raise NotFound("没有这个待办")
        version = form.get("version", "")
        workflow.act(
            task_id, action, person, comment=form.get("comment", "").strip(), to=to or None,
            target=form.get("target") or None, version=int(version) if version.isdigit() else None,
            resume=form.get("resume") or "step", place=form.get("place") or "before",
        )
    except OAError as error:
        if error.status not in (409, 422):
            raise
        return page(person, queries.get_whole(person, id), tab="act", errors=web.form_errors(error), status=error.status)
    workflow.remember_phrase(person, form.get("comment", ""))
    web.flash(f"已{ACTION_WORDS.get(action, '办理')}：{document.title}")
    return web.redirect(_next(person) or f"/documents/{id}")


def _username(text: str) -> str:
    """``林晓岚（drafter）``, as the list of people offers it, means ``drafter``."""
    found = re.search(r"[（(]([^（()）]+)[)）]$", text)
    return found[1] if found else text


def _next(person: Any) -> str:
    """Where the next thing to do is."""
    url = web.next_task_url(person)
    return str(url) if url else "/todo"


@pages.post("/documents/<int:id>/<any(withdraw, retrieve, urge):what>", signed_in=True)
def drafter_does(id: int, what: str) -> Any:
    """The drafter takes the case back, who acted last takes that back, or one reminds who has it."""
    person = web.person()
    document = queries.get_whole(person, id)
    if not document.instance_id:
        raise NotFound("这份文件还没有送审")
    try:
        if what == "withdraw":
            workflow.withdraw(document.instance_id, person)
            web.flash("已撤回，可以继续修改")
            return web.redirect(f"/documents/{id}/edit")
        if what == "retrieve":
            workflow.retrieve(document.instance_id, person)
            web.flash("已取回")
        else:
            workflow.urge(document.instance_id, person)
            web.flash("已催办")
    except OAError as error:
        if error.status not in (409, 422):
            raise
        return page(person, document, tab="act", errors=web.form_errors(error), status=error.status)
    return web.redirect(f"/documents/{id}")
