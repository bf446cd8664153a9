"""A finished document as a record: what it is called and what it consists of, for whoever keeps records."""

from __future__ import annotations

from typing import Any

from oa_kernel import audit, clock, db, files, signals, workflow
from oa_kernel.contributions import Record, RecordPart, RecordSource
from oa_kernel.errors import Conflict, NotFound

from .. import settings
from ..models import Outgoing, Revision
from ..models_incoming import Incoming
from . import erased, formal, formal_ofd, incoming, incoming_lists, queries

SUBJECT = queries.SUBJECT
#: what people did in the case, in the words of the draft sheet
_DID = {"submit": "送审", "approve": "同意", "return": "退回", "reject": "否决"}


def tell(document: Any, by: Any) -> None:
    """Says that the document is finished and may be kept."""
    signals.record_ready.send("documents", kind=SUBJECT, subject_id=str(document.id), by=by)


def completed(_sender: Any, *, instance: Any, by: Any = None, **_: Any) -> None:
    """A document's case reached its end."""
    if instance.subject_kind == incoming.SUBJECT:
        signals.record_ready.send("documents", kind=incoming.SUBJECT, subject_id=instance.subject_id, by=by)
    if instance.subject_kind == SUBJECT:
        document = Outgoing.get_or_none(Outgoing.id == int(instance.subject_id))
        if document is not None and document.state in ("signed", "dispatched"):
            tell(document, by)


def describe(document_id: str) -> Record:
    """The record. Raises NotFound, or Conflict for what is not signed or was voided."""
    document = Outgoing.get_or_none(Outgoing.id == int(document_id))
    if document is None:
        raise NotFound("没有这份公文")
    if document.state == "voided":
        raise Conflict(f"{document.number} 已作废，不归档", code="voided")
    if document.state not in ("signed", "dispatched", "archived"):
        raise Conflict("这份公文还没有成文，不能归档", code="not_signed")
    return Record(
        title=document.title, number=document.number or "", kind=document.kind, date=document.date,
        creator=settings.issuer(), department_id=document.department_id, department=document.department_name,
        secrecy=document.secrecy, secrecy_level=document.secrecy_level, secrecy_term=document.secrecy_term,
        urgency=document.urgency, people=_people(document), text=_text(document), parts=_parts(document),
        instance_id=document.instance_id,
        facts={"主送": "、".join(document.addressees), "抄送": "、".join(document.cc), "签发人": document.signatory},
    )


def _people(document: Any) -> list[tuple[str, str]]:
    found = [("拟稿", document.drafter_name)]
    if document.instance_id:
        for entry in workflow.trail(document.instance_id):
            if entry["action"] in _DID and entry["action"] != "submit":
                found.append((f"{entry['step_name']}{'' if entry['action'] == 'approve' else _DID[entry['action']]}",
                              entry["by"]["name"]))
    return list(dict.fromkeys(found))


def _text(document: Any) -> str:
    names = [f.name for f in files.attached(SUBJECT, str(document.id))]
    return "\n".join([document.body, *document.addressees, *document.cc, *names])


def _parts(document: Any) -> list[RecordPart]:
    """The formal version, attachments, the final draft, the draft sheet, and the wordings before (kept or not as set)."""
    found = [RecordPart("text", f"{document.number}.pdf", file=files.get(document.formal_file_id))]
    if (ofd := formal_ofd.for_keeping(document)) is not None:
        found.append(RecordPart("text", f"{document.number}.ofd", file=ofd))
    found += [RecordPart("attachment", f.name, file=f) for f in files.attached(SUBJECT, str(document.id))]
    found.append(RecordPart("final_draft", "定稿.txt", data=f"{document.title}\n\n{document.body}\n".encode()))
    if document.instance_id:
        found.append(RecordPart("handling", "发文稿纸.pdf", data=formal.sheet_pdf(document)))
    for revision in Revision.select().where(Revision.document == document.id, Revision.reason == "submitted").order_by(Revision.n):
        text = f"{revision.title}\n\n{revision.body}\n"
        found.append(RecordPart("draft", f"第{revision.n}稿.txt", data=text.encode()))
    return found


def kept(document_id: str, reference: str, by: Any) -> None:
    """It is in the archives now: nobody changes or voids it any more."""
    with db.transaction():
        document = db.lock_rows(Outgoing.select().where(Outgoing.id == int(document_id))).get()
        if document.state == "archived":
            return
        describe(document_id)
        Outgoing.update(state="archived", version=Outgoing.version + 1, updated_at=clock.now()).where(
            Outgoing.id == document.id).execute()
        audit.record("documents.archive", SUBJECT, document.id, document.title, by=by,
                     before={"state": document.state}, after={"state": "archived", "archival_number": reference})


SOURCE = RecordSource(
    kind=SUBJECT, title="发文", describe=describe, kept=kept, visible=lambda person, i: queries.may_see(person, int(i)),
    url=lambda i: f"/documents/{i}", erased=erased.outgoing,
)


# incoming documents, with what answers them: 来文 and 复文 are one record (DA/T 22-2015, 5.1)


def describe_incoming(document_id: str) -> Record:
    """The record of an incoming document. Raises NotFound, or Conflict for what is not dealt with or was voided."""
    document = Incoming.get_or_none(Incoming.id == int(document_id))
    if document is None:
        raise NotFound("没有这份收文")
    if document.state not in ("completed", "archived"):
        reason = "这份收文已作废，不归档" if document.state == "voided" else "这份收文还没有办结，不能归档"
        raise Conflict(reason, code="not_completed")
    opinions = _opinions(document)
    return Record(
        title=document.title, number=document.number, kind=document.kind, date=document.dated_on or document.received_on,
        creator=document.sender, department_id=document.department_id, department=document.department_name,
        secrecy=document.secrecy, secrecy_level=document.secrecy_level, secrecy_term=document.secrecy_term,
        urgency=document.urgency, people=[("登记", document.registered_by_name), *((step, name) for step, name, *_ in opinions)],
        text=document.text, parts=_incoming_parts(document, opinions), instance_id=document.instance_id,
        facts={"收文号": f"{document.year}-{document.seq}", "收文日期": document.received_on.isoformat()},
    )


def _opinions(document: Any) -> list[tuple[str, str, str, str]]:
    if not document.instance_id:
        return []
    return [(e["step_name"], e["by"]["name"], e["comment"], str(e["at"])[:16].replace("T", " "))
            for e in workflow.trail(document.instance_id) if e["action"] in ("approve", "return", "read")]


def _incoming_parts(document: Any, opinions: list[tuple[str, str, str, str]]) -> list[RecordPart]:
    attached = files.attached(incoming.SUBJECT, document.id)
    found = [RecordPart("text" if n == 0 else "attachment", f.name, file=f) for n, f in enumerate(attached)]
    lines = [f"收文办理单  {document.year} 年收文 {document.seq} 号", f"{document.sender}  {document.number}", document.title, ""]
    lines += [f"{label}：{said}" for label, said in incoming_lists.instructions(document)]
    lines += [f"{step}：{comment or '同意'}  {name}  {when}" for step, name, comment, when in opinions]
    found.append(RecordPart("handling", "收文办理单.txt", data="\n".join(lines).encode()))
    for answer in incoming_lists.answers(document):
        if answer.formal_file_id:
            found.append(RecordPart("related", f"复文 {answer.number}.pdf", file=files.get(answer.formal_file_id)))
    return found


def kept_incoming(document_id: str, reference: str, by: Any) -> None:
    """It is in the archives now."""
    with db.transaction():
        document = db.lock_rows(Incoming.select().where(Incoming.id == int(document_id))).get()
        Incoming.update(state="archived", version=Incoming.version + 1).where(Incoming.id == document.id).execute()
        audit.record("documents.incoming.archive", incoming.SUBJECT, document.id, document.title, by=by,
                     before={"state": document.state}, after={"state": "archived", "archival_number": reference})


INCOMING = RecordSource(
    kind=incoming.SUBJECT, title="收文", describe=describe_incoming, kept=kept_incoming,
    visible=lambda person, i: incoming_lists.file_readable(person, i), url=lambda i: f"/documents/incoming/{i}",
    erased=erased.arrived,
)
