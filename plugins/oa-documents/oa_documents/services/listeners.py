"""What the workflow tells a document: signals and effects, all inside the transaction of the action."""

from __future__ import annotations

from typing import Any

from oa_kernel import clock, db, notifications, signals
from oa_kernel.contributions import WorkflowEffect
from oa_kernel.errors import NotFound

SUBJECT = "documents.outgoing"


def connect() -> None:
    """Listens from now on; more than once does no harm."""
    signals.workflow_returned.connect(_returned)
    signals.workflow_withdrawn.connect(_withdrawn)
    signals.workflow_rejected.connect(_ended)
    signals.workflow_cancelled.connect(_ended)
    signals.workflow_task_completed.connect(_task_completed)
    signals.workflow_completed.connect(_completed)


def subject_url(subject_id: str) -> str:
    """The page where a document is worked on."""
    return f"/documents/{subject_id}"


def subject_visible(person: Any, subject_id: str) -> bool:
    """May somebody see the case beyond taking part in it?"""
    from . import queries

    return queries.may_see(person, int(subject_id))


def document_of(instance: Any) -> Any:
    """The document a case is about, its row locked; None for cases about other things."""
    from ..models import Outgoing

    if instance.subject_kind != SUBJECT:
        return None
    return db.lock_rows(Outgoing.select().where(Outgoing.id == int(instance.subject_id))).first()


def settle_departments(instance: Any, task: Any, by: Any) -> None:
    """Effect ``documents.settle_departments``: the departments named are checked and stand in the register."""
    from . import incoming

    incoming.settle(instance, by)


def complete_incoming(instance: Any, task: Any, by: Any) -> None:
    """Effect ``documents.complete_incoming``: an incoming document is dealt with (办结)."""
    from . import incoming

    incoming.complete(instance, task, by)


def _returned(_sender: Any, *, instance: Any, target: str, **_: Any) -> None:
    from . import internal

    if target == first_step(instance):
        internal.back(instance)
    document = document_of(instance)
    if document is not None and target == first_step(instance):
        _to_draft(document)


def _withdrawn(_sender: Any, *, instance: Any, **_: Any) -> None:
    from . import incoming, internal

    incoming.back(instance)
    internal.back(instance)
    document = document_of(instance)
    if document is not None:
        _to_draft(document)


def _ended(_sender: Any, *, instance: Any, **_: Any) -> None:
    """Rejected or cancelled: the case is over, the wording is the drafter's again."""
    from . import incoming, internal

    incoming.back(instance)
    internal.back(instance)
    document = document_of(instance)
    if document is not None:
        _to_draft(document)


def _completed(_sender: Any, **event: Any) -> None:
    from . import records

    records.completed(_sender, **event)


def _to_draft(document: Any) -> None:
    from ..models import Outgoing

    Outgoing.update(state="draft", version=Outgoing.version + 1, updated_at=clock.now()).where(
        Outgoing.id == document.id, Outgoing.state.in_(("reviewing", "draft"))
    ).execute()


def _task_completed(_sender: Any, *, instance: Any, task: Any, action: str, by: Any, comment: str = "", **_: Any) -> None:
    if action == "approve" and instance.subject_kind == "documents.internal" and step_of(task) == first_step(instance):
        from . import internal

        internal.handed_in(instance)
    document = document_of(instance)
    if document is None:
        return
    if action == "approve" and document.state == "draft" and step_of(task) == first_step(instance):
        # resubmitted from the to-do list rather than from the draft's page: the same rules hold
        from ..models import Outgoing
        from . import drafts, fields, formal

        fields.complete(document)
        formal.require_glyphs({"title": document.title, "body": document.body})
        Outgoing.update(state="reviewing", version=Outgoing.version + 1, updated_at=clock.now()).where(
            Outgoing.id == document.id
        ).execute()
        drafts.keep_revision(document, by, "submitted")


def step_of(task: Any) -> str:
    """The id of a task's step in the definition."""
    return str(task.step)


def first_step(instance: Any) -> str:
    """The step where the drafter starts."""
    from oa_kernel import workflow

    return str(workflow.first_step(instance))


def sign(instance: Any, task: Any, by: Any) -> None:
    """Effect ``documents.sign``: who signs for the organisation, and the date of the document (成文日期).

    The date is the day the responsible person signed (regulation of 2012, art. 9 (10)).
    """
    from ..models import Outgoing

    document = document_of(instance)
    if document is None:
        raise NotFound("这个流程没有对应的发文")
    changes: dict[str, Any] = {"date": clock.today(), "version": Outgoing.version + 1, "updated_at": clock.now()}
    if not document.signatory:
        changes["signatory"] = by.name
    Outgoing.update(**changes).where(Outgoing.id == document.id).execute()


def finalise(instance: Any, task: Any, by: Any) -> None:
    """Effect ``documents.finalise``: number, typeset, seal, store; the document is then ``signed``."""
    from . import formal

    document = document_of(instance)
    if document is None:
        raise NotFound("这个流程没有对应的发文")
    formal.finalise(document, by)
    notifications.send(
        "documents.signed", [document.drafter_id], f"《{document.title}》已成文", body=str(document.number),
        url=subject_url(str(document.id)), subject=(SUBJECT, str(document.id)),
    )


def internal_sent(instance: Any, task: Any, by: Any) -> None:
    """Effect ``documents.internal_sent``: an internal report lies before its receiver."""
    from . import internal

    internal.sent(instance, task, by)


def internal_signed_for(instance: Any, task: Any, by: Any) -> None:
    """Effect ``documents.internal_signed_for``: its receiver signed for it."""
    from . import internal

    internal.signed_for(instance, task, by)


def internal_completed(instance: Any, task: Any, by: Any) -> None:
    """Effect ``documents.internal_completed``: its receiver has dealt with it."""
    from . import internal

    internal.completed(instance, task, by)


EFFECTS = [
    WorkflowEffect("documents.internal_sent", "签报报出：编号，计签收期限", internal_sent, repeat=True),
    WorkflowEffect("documents.internal_signed_for", "签报签收", internal_signed_for, repeat=True),
    WorkflowEffect("documents.internal_completed", "签报办结", internal_completed, repeat=True),
    WorkflowEffect("documents.sign", "签发：记录签发人和成文日期", sign, repeat=True),
    WorkflowEffect("documents.settle_departments", "核对主办、协办部门，记入收文登记簿", settle_departments, repeat=True),
    WorkflowEffect("documents.complete_incoming", "收文办结", complete_incoming),
    WorkflowEffect("documents.finalise", "编号、排版、用印，成文", finalise),
]
