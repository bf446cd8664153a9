"""REST routes of the documents plugin, thin, over the same services as the pages."""

from __future__ import annotations

from typing import Any

from oa_kernel import clock, files, identity, web

from . import rights
from .models import STATES, Dispatch, Outgoing
from .models_standing import CHANGES
from .services import addressbook, annotations, carriers, checking, dispatches, drafts, formal, formal_ofd, numbers, queries, sealings

api = web.Api("documents", title="公文")

_TEXT = {"type": "string", "nullable": True}
_NAMES = {"type": "list", "nullable": True, "label": "名单"}

DRAFT_BODY: dict[str, Any] = {
    "kind": {**_TEXT, "label": "文种"},
    "format": {**_TEXT, "label": "格式"},
    "title": {**_TEXT, "label": "标题"},
    "body": {**_TEXT, "label": "正文"},
    "addressees": {**_NAMES, "label": "主送"},
    "cc": {**_NAMES, "label": "抄送"},
    "urgency": {**_TEXT, "label": "紧急程度"},
    "secrecy": {**_TEXT, "label": "密级"},
    "secrecy_term": {**_TEXT, "label": "保密期限"},
    "copy_number": {**_TEXT, "label": "份号"},
    "signatory": {**_TEXT, "label": "签发人"},
    "series": {**_TEXT, "label": "机关代字"},
    "note": {**_TEXT, "label": "附注"},
    "attendance": {"type": "dict", "nullable": True, "label": "出席、请假、列席"},
    "attachments": {"type": "list", "nullable": True, "label": "附件（文件编号）"},
    "attachment_titles": {**_NAMES, "label": "附件说明"},
    "joint": {**_NAMES, "label": "联合发文机关（name、signatory）"},
    "joint_marks": {**_TEXT, "label": "联合行文的标志"},
    "consult": {**_NAMES, "label": "会稿部门"},
    "replaces": {**_NAMES, "label": "代替的文件（文号）"},
}

_DOCUMENT = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"}, "kind": {"type": "string"}, "title": {"type": "string"},
        "number": {"type": ["string", "null"]}, "state": {"type": "string", "enum": list(STATES)},
        "date": {"type": ["string", "null"], "format": "date"},
        "standing": {"type": "string", "enum": ["in_force", *CHANGES]}, "instance": {"type": ["integer", "string", "null"]},
        "version": {"type": "integer"},
        "seals": {"type": "array", "items": {"type": "object", "properties": {
            "organisation": {"type": "string"}, "seal": {"type": "string"}, "at": {"type": ["string", "null"]}}}},
    },
}
_DISPATCH = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"}, "recipient": {"type": "object"}, "channel": {"type": "string"},
        "state": {"type": "string", "enum": list(Dispatch.STATES)}, "sent_at": {"type": "string"},
        "signed_for_at": {"type": ["string", "null"]}, "signed_for_by": {"type": "string"},
    },
}
_CREATED = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "state": {"type": "string"}, "version": {"type": "integer"}},
}


@api.get(
    "/documents/outgoing", signed_in=True, returns={"items": _DOCUMENT}, summary="outgoing documents one may see",
    query={
        **web.LIST_QUERY, "state": {"type": "string", "label": "状态"}, "kind": {"type": "string", "label": "文种"},
        "year": {"type": "string", "label": "年份"}, "series": {"type": "string", "label": "机关代字"},
        "number": {"type": "string", "label": "文号"}, "q": {"type": "string", "label": "标题或文号"},
        "standing": {"type": "string", "label": "效力"},
    },
)
def list_outgoing(query: dict[str, Any]) -> Any:
    """The last changed first."""
    page = queries.listing(web.person(), query, limit=query.get("limit") or 50, cursor=query.get("cursor"))
    return web.listing(page, _brief)


@api.post("/documents/outgoing", permission=rights.DRAFT, body=DRAFT_BODY, returns=_CREATED, status=201,
          summary="draft a document")
def create_outgoing(body: dict[str, Any]) -> Any:
    """A new draft."""
    return _created(drafts.create(body, web.person()))


@api.get("/documents/outgoing/<int:id>", signed_in=True, returns=_DOCUMENT, summary="one document")
def get_outgoing(id: int) -> Any:
    """All its fields, with its number, state and case."""
    person = web.person()
    document = queries.get(person, id)
    return _whole(document, inside=queries.inside(person, document))


@api.put("/documents/outgoing/<int:id>", permission=rights.DRAFT, returns=_CREATED, summary="change a draft",
         body={**DRAFT_BODY, "version": {"type": "integer", "nullable": True, "label": "版本"}})
def update_outgoing(id: int, body: dict[str, Any]) -> Any:
    """Changes what is given; ``version`` makes sure that nobody changed it meanwhile."""
    person = web.person()
    document = queries.get_whole(person, id)
    return _created(drafts.update(document, body, person, version=body.get("version")))


@api.delete("/documents/outgoing/<int:id>", permission=rights.DRAFT, status=204, summary="remove a draft")
def delete_outgoing(id: int) -> None:
    """Only what never had a number."""
    person = web.person()
    drafts.delete(queries.get_whole(person, id), person)


@api.post("/documents/outgoing/<int:id>/submit", permission=rights.DRAFT, summary="put a draft before its reviewers",
          body={"version": {"type": "integer", "nullable": True, "label": "版本"}},
          returns={"type": "object", "properties": {"instance": {"type": ["integer", "string"]}}})
def submit_outgoing(id: int, body: dict[str, Any]) -> Any:
    """Starts its case, or continues the one that came back."""
    person = web.person()
    instance = drafts.submit(queries.get_whole(person, id), person, version=body.get("version"))
    return {"instance": instance.id, "id": id, "state": "reviewing"}


@api.post("/documents/outgoing/<int:id>/void", permission=rights.VOID, returns=_CREATED, summary="void a document",
          body={"reason": {"type": "string", "required": True, "label": "原因"}})
def void_outgoing(id: int, body: dict[str, Any]) -> Any:
    """Its number stays in the register with the reason."""
    person = web.person()
    return _created(drafts.void(queries.get_whole(person, id), body["reason"], person))


@api.post("/documents/outgoing/<int:id>/finish", permission=rights.DISPATCH, returns=_CREATED, summary="办结",
          body={"note": {**_TEXT, "label": "说明"}})
def finish_outgoing(id: int, body: dict[str, Any]) -> Any:
    """Nothing more is to be done with it."""
    person = web.person()
    return _created(dispatches.finish(queries.get_whole(person, id), person, note=body.get("note") or ""))


@api.get("/documents/outgoing/<int:id>/pdf", signed_in=True, content_type="application/pdf", summary="the PDF")
def pdf_outgoing(id: int) -> Any:
    """The sealed formal version once signed, a marked draft before."""
    return pdf_response(web.person(), id)


@api.get("/documents/outgoing/<int:id>/ofd", signed_in=True, content_type="application/ofd", summary="the OFD")
def ofd_outgoing(id: int) -> Any:
    """The formal version by GB/T 33190-2016, sealed as the PDF is; 404 ``not_signed`` before it is signed."""
    return ofd_response(web.person(), id)


def ofd_response(person: Any, document_id: int) -> Any:
    """The document's OFD for who may see it, made now if the background has not yet; opening it counts as delivery."""
    document = queries.get(person, document_id)
    file = formal_ofd.of(document)
    if not queries.inside(person, document):
        dispatches.opened(document, person)
    return web.send_file(file, inline=False, name=f"{document.number} {document.title}.ofd")


def pdf_response(person: Any, document_id: int, *, inline: bool = True) -> Any:
    """The document's PDF for who may see it; opening it counts as delivery to their department."""
    document = queries.get(person, document_id)
    if document.formal_file_id:
        file = files.get(document.formal_file_id)
        if not queries.inside(person, document):
            dispatches.opened(document, person)
        return web.send_file(file, inline=inline, name=f"{document.number} {document.title}.pdf")
    queries.get_whole(person, document_id)
    data = formal.draft_pdf(document)
    return web.send_bytes(data, "application/pdf", f"草稿 {document.title or document.id}.pdf", inline=inline)


@api.get("/documents/outgoing/<int:id>/sheet", signed_in=True, content_type="application/pdf", summary="发文稿纸")
def sheet_outgoing(id: int) -> Any:
    """The draft sheet with all opinions, as a PDF page."""
    document = queries.get_whole(web.person(), id)
    return web.send_bytes(formal.sheet_pdf(document), "application/pdf", f"发文稿纸 {document.title}.pdf", inline=True)


@api.get("/documents/outgoing/<int:id>/checks", signed_in=True, summary="what the checks say",
         returns={"type": "object", "properties": {"items": {"type": "array"}}})
def checks_outgoing(id: int) -> Any:
    """Each with its clause and place."""
    return {"items": checking.run(queries.get_whole(web.person(), id))}


@api.get("/documents/outgoing/<int:id>/revisions", signed_in=True, summary="kept wordings",
         returns={"type": "object", "properties": {"items": {"type": "array"}}})
def revisions_outgoing(id: int) -> Any:
    """Oldest first."""
    rows = drafts.revisions(queries.get_whole(web.person(), id))
    return {"items": [{"n": r.n, "reason": r.reason, "by": r.by_name, "at": r.at, "title": r.title} for r in rows],
            "next": None}


# annotations


@api.get("/documents/outgoing/<int:id>/annotations", signed_in=True, summary="批注",
         returns={"type": "object", "properties": {"items": {"type": "array"}}})
def list_annotations(id: int) -> Any:
    """In the order of the text."""
    document = queries.get_whole(web.person(), id)
    return {"items": [_thread(t) for t in annotations.threads(document)], "next": None}


@api.post("/documents/outgoing/<int:id>/annotations", signed_in=True, status=201, summary="annotate a passage",
          body={"text": {"type": "string", "required": True, "label": "批注"}, "quote": {**_TEXT, "label": "原文"},
                "start": {"type": "integer", "nullable": True, "min": 0, "label": "位置"}})
def add_annotation(id: int, body: dict[str, Any]) -> Any:
    """``quote`` is the passage; ``start`` its offset, which tells equal passages apart."""
    person = web.person()
    made = annotations.add(queries.get_whole(person, id), person, text=body["text"], quote=body.get("quote") or "",
                           start=body.get("start"))
    return {"id": made.id, "start": made.start, "end": made.end}


@api.post("/documents/outgoing/<int:id>/annotations/<int:annotation>/replies", signed_in=True, status=201,
          summary="answer an annotation", body={"text": {"type": "string", "required": True, "label": "答复"}})
def reply_annotation(id: int, annotation: int, body: dict[str, Any]) -> Any:
    """An answer."""
    person = web.person()
    return {"id": annotations.reply(queries.get_whole(person, id), annotation, person, body["text"]).id}


@api.post("/documents/outgoing/<int:id>/annotations/<int:annotation>/resolve", signed_in=True,
          summary="mark as dealt with", body={"resolved": {"type": "boolean", "default": True, "label": "已处理"}})
def resolve_annotation(id: int, annotation: int, body: dict[str, Any]) -> Any:
    """By the drafter or who made it."""
    person = web.person()
    found = annotations.resolve(queries.get_whole(person, id), annotation, person, resolved=body.get("resolved", True))
    return {"id": found.id, "resolved": found.resolved_at is not None}


# dispatch


@api.get("/documents/outgoing/<int:id>/dispatches", signed_in=True, returns={"items": _DISPATCH},
         summary="delivery and receipts")
def list_dispatches(id: int) -> Any:
    """In the order they were made. Who only received it sees their own departments' alone."""
    person = web.person()
    document = queries.get(person, id)
    rows = dispatches.of(document)
    if not queries.inside(person, document):
        own = identity.departments_of(person)
        rows = [d for d in rows if d.kind == "department" and d.recipient_id in own]
    return {"items": [_dispatch(d) for d in rows], "next": None}


@api.post("/documents/outgoing/<int:id>/dispatches", permission=rights.DISPATCH, status=201,
          returns={"items": _DISPATCH}, summary="dispatch a signed document",
          body={"recipients": {"type": "list", "required": True, "minlength": 1, "maxlength": 500, "label": "收文单位"}})
def dispatch_outgoing(id: int, body: dict[str, Any]) -> Any:
    """Recipients are ``{kind, id or name, channel, email}``; all of them or none."""
    person = web.person()
    made = dispatches.dispatch(queries.get_whole(person, id), body["recipients"], person)
    return {"items": [_dispatch(d) for d in made], "next": None}


@api.post("/documents/outgoing/<int:id>/dispatches/<int:dispatch>/sign", signed_in=True, returns=_DISPATCH,
          summary="sign for it")
def sign_dispatch(id: int, dispatch: int) -> Any:
    """By somebody of the receiving department."""
    person = web.person()
    document = queries.get(person, id)
    return _dispatch(dispatches.sign_for(document, dispatches.get(document, dispatch), person))


@api.post("/documents/outgoing/<int:id>/dispatches/<int:dispatch>/receipt", permission=rights.DISPATCH,
          returns=_DISPATCH, summary="enter a receipt",
          body={"signed_by": {"type": "string", "required": True, "label": "签收人"},
                "on": {"type": "string", "nullable": True, "regex": r"\d{4}-\d{2}-\d{2}", "label": "签收日期"}})
def receipt_dispatch(id: int, dispatch: int, body: dict[str, Any]) -> Any:
    """For what was carried by hand."""
    person = web.person()
    document = queries.get_whole(person, id)
    return _dispatch(dispatches.enter_receipt(document, dispatches.get(document, dispatch), person,
                                              signed_by=body["signed_by"], on=dispatches.read_date(body.get("on"))))


@api.post("/documents/outgoing/<int:id>/dispatches/<int:dispatch>/resend", permission=rights.DISPATCH,
          returns=_DISPATCH, summary="send again", body={"email": {**_TEXT, "label": "邮箱"}})
def resend_dispatch(id: int, dispatch: int, body: dict[str, Any]) -> Any:
    """An e-mail may go to another address."""
    person = web.person()
    document = queries.get_whole(person, id)
    return _dispatch(dispatches.resend(document, dispatches.get(document, dispatch), person,
                                       email=body.get("email") or ""))


@api.post("/documents/outgoing/<int:id>/dispatches/<int:dispatch>/urge", permission=rights.DISPATCH,
          returns=_DISPATCH, summary="remind the recipient")
def urge_dispatch(id: int, dispatch: int) -> Any:
    """At most once an hour."""
    person = web.person()
    document = queries.get_whole(person, id)
    return _dispatch(dispatches.urge(document, dispatches.get(document, dispatch), person))


@api.post("/documents/outgoing/<int:id>/dispatches/<int:dispatch>/recall", permission=rights.DISPATCH,
          returns=_DISPATCH, summary="call it back", body={"reason": {"type": "string", "required": True, "label": "撤回原因"}})
def recall_dispatch(id: int, dispatch: int, body: dict[str, Any]) -> Any:
    """Where it has left already the recipient is asked, and may have registered it (see ``note``)."""
    person = web.person()
    document = queries.get_whole(person, id)
    return _dispatch(carriers.recall(document, dispatches.get(document, dispatch), person, body["reason"]))


# around


@api.post("/documents/preview", permission=rights.DRAFT, body=DRAFT_BODY, content_type="application/pdf",
          summary="typeset without keeping", reads_only=True)
def preview(body: dict[str, Any]) -> Any:
    """The marked draft of what is given."""
    return web.send_bytes(formal.preview_pdf(body, web.person()), "application/pdf", "草稿.pdf", inline=True)


@api.get("/documents/series", signed_in=True, summary="机关代字", query=web.LIST_QUERY,
         returns={"type": "object", "properties": {"items": {"type": "array"}}})
def list_series(query: dict[str, Any]) -> Any:
    """Those in use."""
    page = numbers.page_of_series(limit=query.get("limit") or 50, cursor=query.get("cursor"))
    return web.listing(page, lambda s: {"code": s.code, "title": s.title, "mark": s.mark})


@api.get("/documents/organisations", signed_in=True, summary="address book of outside organisations",
         query={**web.LIST_QUERY, "q": {"type": "string", "label": "名称"}},
         returns={"type": "object", "properties": {"items": {"type": "array"}}})
def list_organisations(query: dict[str, Any]) -> Any:
    """By name."""
    page = addressbook.page(query.get("q") or "", limit=query.get("limit") or 50, cursor=query.get("cursor"))
    return web.listing(page, lambda o: {"id": o.id, "name": o.name, "email": o.email, "phone": o.phone, "fax": o.fax,
                                       "certificate": bool(o.certificate)})


@api.post("/documents/organisations", permission=rights.ADDRESSES, status=201, summary="add an organisation",
          body={"name": {"type": "string", "required": True, "label": "名称"}, "email": {**_TEXT, "label": "邮箱"},
                "phone": {**_TEXT, "label": "电话"}, "address": {**_TEXT, "label": "地址"},
                "contact": {**_TEXT, "label": "联系人"}, "rank": {**_TEXT, "label": "层级"}, "fax": {**_TEXT, "label": "传真"},
                "certificate": {**_TEXT, "label": "加密证书（PEM）"}},
          returns={"type": "object", "properties": {"id": {"type": "integer"}}})
def add_organisation(body: dict[str, Any]) -> Any:
    """Names are unique."""
    made = addressbook.save({k: v for k, v in body.items() if v is not None}, web.person())
    return {"id": made.id, "name": made.name}


# shapes


def _created(document: Outgoing) -> dict[str, Any]:
    return {"id": document.id, "state": document.state, "version": document.version, "number": document.number}


def _brief(document: Outgoing) -> dict[str, Any]:
    return {
        "id": document.id, "kind": document.kind, "title": document.title, "number": document.number,
        "state": document.state, "date": document.date, "urgency": document.urgency, "secrecy": document.secrecy,
        "drafter": document.drafter_name, "department": document.department_name, "updated_at": document.updated_at,
        "version": document.version, "finished": document.finished_at is not None,
        "standing": document.standing or "in_force", "standing_on": document.standing_on,
        "replaced_by": document.replaced_by_number or None,
    }


def _whole(document: Outgoing, *, inside: bool) -> dict[str, Any]:
    attached = files.attached(drafts.SUBJECT, str(document.id))
    shape = {
        **_brief(document),
        "format": document.format, "body": document.body, "addressees": document.addressees, "cc": document.cc,
        "secrecy_term": document.secrecy_term, "copy_number": document.copy_number, "signatory": document.signatory,
        "series": document.series, "note": document.note, "attendance": document.attendance,
        "attachment_titles": document.attachment_titles, "joint": document.joint, "joint_marks": document.joint_marks,
        "consult": document.consult, "replaces": document.replaces, "standing_reason": document.standing_reason,
        "attachments": [{"id": f.id, "name": f.name, "size": f.size, "sm3": f.sm3} for f in attached],
        "signed_at": document.signed_at, "finished_at": document.finished_at, "sm3": document.formal_sm3 or None,
        "verify_url": formal.verify_url(document) if document.formal_sm3 else None,
        "seals": sealings.of(document), "void_reason": document.void_reason, "instance": document.instance_id if inside else None,
    }
    if inside:
        shape["revision"] = document.revision
    return shape


def _dispatch(item: Dispatch) -> dict[str, Any]:
    return {
        "id": item.id,
        "recipient": {"kind": item.kind, "id": item.recipient_id, "name": item.recipient_name},
        "channel": item.channel, "state": item.state, "sent_at": item.sent_at, "due_at": item.due_at,
        "delivered_at": item.delivered_at, "signed_for_at": item.signed_for_at, "signed_for_by": item.signed_for_by,
        "times_sent": item.times_sent, "reminders": item.reminders, "remind_at": item.remind_at,
        "urged_at": item.urged_at, "note": item.note,
        "overdue": item.state in dispatches.OPEN and item.due_at < clock.now(),
    }


def _thread(thread: Any) -> dict[str, Any]:
    row = thread.annotation
    return {
        "id": row.id, "quote": row.quote, "start": thread.start, "end": thread.end, "text": row.text, "by": row.by_name,
        "at": row.at, "revision": row.revision, "resolved": row.resolved_at is not None,
        "replies": [{"id": r.id, "text": r.text, "by": r.by_name, "at": r.at} for r in thread.replies],
    }
