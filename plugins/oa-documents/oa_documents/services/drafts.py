"""Making, changing, submitting and voiding outgoing documents."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

from oa_kernel import audit, clock, db, files, identity, permissions, signals, workflow
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound

from .. import kinds, rights, settings
from ..models import Outgoing, Revision
from . import fields, formal, numbers

SUBJECT = "documents.outgoing"
WORKFLOW = "documents.outgoing"
#: what earlier versions of attachments belong to: seen by those inside, not by who receives the document
REPLACED = "documents.outgoing.replaced"

#: an autosave within these minutes of the same person's last one goes into the same kept revision
_SAME_REVISION = dt.timedelta(minutes=10)


def create(data: Mapping[str, Any], by: Any, *, strict: bool = True) -> Outgoing:
    """A new draft of ``by``.

    :param data: editable fields (see ``fields.EDITABLE``), and ``attachments``: ids of stored files.
    :param strict: refuse characters that no font has; an editor that saves while one types passes False.
    :raises Invalid: naming fields; TooLarge: for the body.
    """
    permissions.require(by, rights.DRAFT)
    values = fields.clean({"kind": "通知", "secrecy": "", **_given(data)})
    if strict:
        formal.require_glyphs(values)
    department = identity.department(by.department_id) if by.department_id else None
    now = clock.now()
    with db.transaction():
        document = Outgoing.create(
            **{"series": numbers.default_code(), **{k: v for k, v in values.items() if v != "" or k != "series"}},
            drafter_id=by.id,
            drafter_name=by.name,
            department_id=by.department_id,
            department_name=department.name if department else "",
            created_at=now,
            updated_at=now,
            verify_code=secrets.token_urlsafe(12),
        )
        if data.get("attachments"):
            set_attachments(document, data["attachments"], by)
        keep_revision(document, by, "saved")
        audit.record("documents.create", SUBJECT, document.id, document.title, after=_fields(document), by=by)
    return document


def update(
    document: Outgoing, data: Mapping[str, Any], by: Any, *, version: int | None = None, strict: bool = True,
    reason: str = "saved",
) -> Outgoing:
    """Changes a draft. Only its drafter may; ``version`` is the one the change was made on.

    :raises Conflict: when somebody, or another window, saved meanwhile; ``details["current"]`` is the newest version.
    """
    require_editable(document, by)
    before = _fields(document)
    values = fields.clean(_given(data), before=before)
    if strict:
        formal.require_glyphs(values)
    changed = {k: v for k, v in values.items() if getattr(document, k) != v}
    attachments = data.get("attachments")
    if not changed and attachments is None:
        if version is not None and version != document.version:
            raise _stale(document)
        return document
    if document.number and "series" in changed:
        raise Conflict(f"这份文件已编号 {document.number}，机关代字不能再改", code="numbered")
    with db.transaction():
        expected = document.version if version is None else version
        done = (
            Outgoing.update(**changed, version=Outgoing.version + 1, updated_at=clock.now())
            .where(Outgoing.id == document.id, Outgoing.version == expected, Outgoing.state == "draft")
            .execute()
        )
        if not done:
            raise _stale(document)
        document = Outgoing.get_by_id(document.id)
        if attachments is not None:
            set_attachments(document, attachments, by)
        keep_revision(document, by, reason)
        audit.record(
            "documents.update", SUBJECT, document.id, document.title,
            before={k: _brief(before[k]) for k in changed if k in before},
            after={k: _brief(v) for k, v in changed.items()}, by=by,
        )
    return document


def autosave(document: Outgoing, data: Mapping[str, Any], by: Any, version: int) -> Outgoing:
    """What the editor sends while one types: as :func:`update`, but nothing typed is refused for its glyphs."""
    return update(document, data, by, version=version, strict=False, reason="edited")


def submit(document: Outgoing, by: Any, *, version: int | None = None) -> Any:
    """Puts the draft before its first reviewer; returns the workflow instance.

    A document that came back keeps its case, its number and its trail. Two at once: one gets Conflict.
    """
    require_editable(document, by)
    fields.complete(document)
    formal.require_glyphs({"title": document.title, "body": document.body})
    with db.transaction():
        expected = document.version if version is None else version
        done = (
            Outgoing.update(state="reviewing", version=Outgoing.version + 1, updated_at=clock.now())
            .where(Outgoing.id == document.id, Outgoing.version == expected, Outgoing.state == "draft")
            .execute()
        )
        if not done:
            raise _stale(document)
        document = Outgoing.get_by_id(document.id)
        keep_revision(document, by, "submitted")
        instance = _continue_case(document, by) if document.instance_id else None
        if instance is None:
            instance = workflow.start(
                WORKFLOW, title=document.title, form=case_form(document), by=by, subject=(SUBJECT, str(document.id)),
                urgency=document.urgency, department_id=document.department_id,
            )
            Outgoing.update(instance_id=instance.id).where(Outgoing.id == document.id).execute()
        audit.record("documents.submit", SUBJECT, document.id, document.title, by=by)
    return instance


def _continue_case(document: Outgoing, by: Any) -> Any:
    """Does the drafter's own open step of the case that came back; None when that case is over."""
    task = workflow.open_task(document.instance_id, by)
    if task is None:
        return None
    return workflow.act(task.id, "approve", by, comment="", form=case_form(document))


def case_form(document: Outgoing) -> dict[str, Any]:
    """What the workflow's conditions may ask about."""
    return {
        **{name: getattr(document, name) for name in ("kind", "format", "urgency", "secrecy", "series", "consult")},
        "joint": [o["name"] for o in document.joint],
    }


def delete(document: Outgoing, by: Any) -> None:
    """Removes a draft that never had a number. What had one is voided instead."""
    require_editable(document, by)
    if document.number:
        raise Conflict(f"这份文件已有文号 {document.number}，不能删除；请由文书人员作废，文号保留在登记簿中", code="numbered")
    with db.transaction():
        if document.instance_id and workflow.open_task(document.instance_id, by) is not None:
            workflow.cancel(document.instance_id, by, comment="拟稿人删除文稿")
        audit.record("documents.delete", SUBJECT, document.id, document.title, before=_fields(document), by=by)
        document.delete_instance(recursive=True)


def void(document: Outgoing, reason: str, by: Any) -> Outgoing:
    """Takes a document out of force; its number stays in the register with the reason."""
    permissions.require(by, rights.VOID)
    reason = " ".join(reason.split())
    if not reason:
        raise Invalid("请写明作废的原因", errors={"reason": ["请写明作废的原因"]})
    if document.state == "voided":
        raise Conflict("这份文件已经作废", code="voided")
    if document.state == "archived":
        raise Conflict("已归档的文件不能作废，请按档案管理规定办理", code="archived")
    with db.transaction():
        if document.instance_id and document.state in ("reviewing", "draft"):
            workflow.cancel(document.instance_id, by, comment=f"作废：{reason}")
        if document.number:
            numbers.void(document, reason, by)
        Outgoing.update(
            state="voided", void_reason=reason[:300], version=Outgoing.version + 1, updated_at=clock.now()
        ).where(Outgoing.id == document.id).execute()
        audit.record(
            "documents.void", SUBJECT, document.id, document.title, before={"state": document.state},
            after={"state": "voided", "reason": reason}, by=by,
        )
        signals.record_gone.send("documents", kind=SUBJECT, subject_id=str(document.id), reason=reason, by=by)
    return Outgoing.get_by_id(document.id)


def import_docx(stream: BinaryIO, by: Any) -> Outgoing:
    """A draft from a .docx. Raises Invalid when it cannot be read."""
    from ..text import docx

    found = docx.read(stream.read())
    return create({**found, "kind": found.get("kind") or "通知"}, by, strict=False)


# revisions


def keep_revision(document: Outgoing, by: Any, reason: str) -> None:
    """Keeps the present wording as a revision; quick changes by one person share one."""
    now = clock.now()
    wording = {"title": document.title, "body": document.body, "fields": _fields(document, wording=False)}
    last = (
        Revision.select().where(Revision.document == document.id).order_by(Revision.n.desc()).limit(1).first()
    )
    if last is not None and last.title == wording["title"] and last.body == wording["body"] \
            and last.fields == wording["fields"]:
        if reason != last.reason and reason == "submitted":
            Revision.update(reason=reason).where(Revision.id == last.id).execute()
        return
    if last is not None and last.reason == "edited" and last.by_id == by.id and now - last.at < _SAME_REVISION:
        Revision.update(**wording, reason=reason).where(Revision.id == last.id).execute()
        return
    n = (last.n if last else 0) + 1
    Revision.create(document=document.id, n=n, reason=reason, by_id=by.id, by_name=by.name, at=now, **wording)
    Outgoing.update(revision=n).where(Outgoing.id == document.id).execute()
    document.revision = n


def revisions(document: Outgoing) -> list[Revision]:
    """Kept wordings, oldest first, without their bodies."""
    chosen = (Revision.id, Revision.n, Revision.reason, Revision.by_name, Revision.by_id, Revision.at, Revision.title)
    return list(Revision.select(*chosen).where(Revision.document == document.id).order_by(Revision.n))


def revision(document: Outgoing, n: int) -> Revision:
    """One kept wording; NotFound if there is none of that number."""
    found = Revision.get_or_none((Revision.document == document.id) & (Revision.n == n))
    if found is None:
        raise NotFound(f"没有第 {n} 稿")
    return found


def compare(document: Outgoing, older: int, newer: int) -> dict[str, Any]:
    """What changed between two wordings: ``{title, body: [Piece], fields: [(label, before, after)], by, at}``."""
    from ..text import diff_chars

    before, after = revision(document, older), revision(document, newer)
    changed = [(fields.LABELS.get(k, k), before.fields.get(k), v) for k, v in after.fields.items()
               if before.fields.get(k) != v]
    return {"title": diff_chars(before.title, after.title), "body": diff_chars(before.body, after.body),
            "fields": changed, "by": after.by_name, "at": after.at}


# attachments


def set_attachments(document: Outgoing, ids: Sequence[Any], by: Any) -> None:
    """Makes exactly these stored files the document's attachments, in this order."""
    if not isinstance(ids, list | tuple):
        raise Invalid("attachments 应为文件编号的数组", errors={"attachments": ["应为文件编号的数组"]})
    have = {f.id: f for f in files.attached(SUBJECT, str(document.id))}
    wanted = []
    for value in ids:
        file_id = int(value) if str(value).isdigit() else 0
        file = have.get(file_id) or (files.get(file_id) if file_id else None)
        if file is None or (file_id not in have and not files.readable(by, file)):
            reason = f"没有编号为 {value} 的文件，请先上传"
            raise Invalid(reason, errors={"attachments": [reason]})
        wanted.append(file)
    for file in have.values():
        if file.id not in {f.id for f in wanted}:
            files.detach(file, SUBJECT, str(document.id))
    for position, file in enumerate(wanted):
        if file.id not in have:
            files.attach(file, SUBJECT, str(document.id), role="attachment", position=position)


def store_attachment(
    document: Outgoing, stream: Any, name: str, mime: str, by: Any, previous: Any = None
) -> Any:
    """Takes a file in while it arrives and makes it an attachment, or the next version of ``previous``.

    What stood where ``previous`` stood is now the new version; the old one stays readable to who sees the document.

    :raises NotFound: where ``previous`` is no attachment of this document.
    :raises Conflict: where the document was submitted while the file was on its way; the file is not kept then.
    """
    require_editable(document, by)
    have = files.attached(SUBJECT, str(document.id))
    replaced = next((f for f in have if previous is not None and f.id == previous.id), None)
    if previous is not None and replaced is None:
        raise NotFound("没有这个附件，不能上传它的新版本")
    file = files.store(stream, name, by, mime_hint=mime or None, previous=replaced)
    try:
        with db.transaction():
            _touch_draft(document)
            position = replaced.position if replaced else max((f.position for f in have), default=-1) + 1
            if replaced is not None:
                files.detach(replaced, SUBJECT, str(document.id))
                files.attach(replaced, REPLACED, str(document.id), role="replaced", position=position)
            files.attach(file, SUBJECT, str(document.id), role="attachment", position=position)
            audit.record("documents.attach", SUBJECT, document.id, document.title,
                         after={"file": file.name, "version": file.version, "sm3": file.sm3}, by=by)
    except Conflict:
        files.discard(file, by)
        raise
    return file


def _touch_draft(document: Outgoing) -> None:
    """Counts a change that is not in the fields; Conflict where it is no draft any more."""
    done = (
        Outgoing.update(version=Outgoing.version + 1, updated_at=clock.now())
        .where(Outgoing.id == document.id, Outgoing.state == "draft").execute()
    )
    if not done:
        raise _stale(document)


# helpers


def require_editable(document: Outgoing, by: Any) -> None:
    """Raises unless ``by`` may change the wording now."""
    if document.drafter_id != by.id:
        raise Forbidden("只有拟稿人可以修改文稿")
    if document.state != "draft":
        words = {"reviewing": "正在审核，退回或撤回后才能修改", "signed": "已经成文，不能修改", "dispatched": "已经分发，不能修改",
                 "archived": "已经归档，不能修改", "voided": "已经作废，不能修改"}
        raise Conflict(f"这份文件{words[document.state]}", code="not_a_draft", state=document.state)


def _stale(document: Outgoing) -> Conflict:
    now = Outgoing.get_or_none(Outgoing.id == document.id)
    if now is None:
        raise NotFound("没有这份文件")
    if now.state != "draft":
        return Conflict("这份文件已经送审，不能再改", code="not_a_draft", state=now.state)
    return Conflict(
        f"这份文件在别处已保存为第 {now.version} 版，你改的是较早的一版。你输入的内容还在，请对照后再保存",
        code="stale_version", current=now.version,
    )


def _given(data: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in data.items() if k in fields.EDITABLE and v is not None}


def _fields(document: Outgoing, *, wording: bool = True) -> dict[str, Any]:
    names = [n for n in fields.EDITABLE if wording or n not in ("title", "body")]
    return {name: getattr(document, name) for name in names}


def _brief(value: Any) -> Any:
    """Long texts in the audit record are kept by their revision; here their beginning is enough."""
    return value if not isinstance(value, str) or len(value) <= 200 else f"{value[:200]}…（共 {len(value)} 字）"


__all__ = [
    "REPLACED", "SUBJECT", "autosave", "case_form", "create", "delete", "import_docx", "keep_revision", "kinds", "revision",
    "revisions", "set_attachments", "settings", "store_attachment", "submit", "update", "void",
]
