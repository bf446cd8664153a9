"""The case of an appraisal list: sent to be decided, sent back, refused, approved."""

from __future__ import annotations

from typing import Any

from oa_kernel import audit, clock, db, notifications, permissions, signals, workflow
from oa_kernel.errors import Conflict, Forbidden

from .. import rights, settings
from ..models import RETENTIONS, Item
from ..models_use import OPINIONS, Appraisal, AppraisalEntry
from . import filing, queries
from .appraisal import SUBJECT, draft_of, free, url
from .labels import labels, relabel

DEFINITION = "archives.appraisal"
#: the step of whoever made the list
DRAFT = "draft"


def connect() -> None:
    """Listens from now on; more than once does no harm."""
    signals.workflow_rejected.connect(_refused)
    signals.workflow_cancelled.connect(_refused)
    signals.workflow_returned.connect(_back)
    signals.workflow_withdrawn.connect(_back)
    signals.workflow_task_completed.connect(_sent)


def submit(person: Any, appraisal_id: Any, version: int) -> Any:
    """Sends the list to be decided, or once more where it came back; the case."""
    permissions.require(person, rights.APPRAISE)
    with db.transaction():
        row = draft_of(person, appraisal_id, version)
        count = db.fn.COUNT(AppraisalEntry.id)
        numbers = dict(AppraisalEntry.select(AppraisalEntry.opinion, count).where(AppraisalEntry.appraisal == row.id)
                       .group_by(AppraisalEntry.opinion).tuples())
        form = {"number": row.number, **{opinion: int(numbers.get(opinion, 0)) for opinion in OPINIONS}}
        case, task = _case_of(row, person)
        if task is not None:
            workflow.act(task.id, "approve", by=person, form=form)
        else:
            case = workflow.start(DEFINITION, f"档案鉴定：{row.number} {row.title}", form, person, subject=(SUBJECT, row.id))
        Appraisal.update(state="deciding", instance_id=case.id, version=Appraisal.version + 1).where(Appraisal.id == row.id).execute()
        audit.record("archives.appraisal_submitted", SUBJECT, row.id, title=row.number, by=person, before={"state": "draft"},
                     after={"state": "deciding", "opinions": numbers})
    return case


def _case_of(row: Appraisal, person: Any) -> tuple[Any, Any]:
    """The list's case and the person's open task in it, where it came back; (None, None) where there is none."""
    if row.instance_id is None:
        return None, None
    case = workflow.Instance.get_or_none(workflow.Instance.id == row.instance_id)
    task = workflow.Task.select().where(workflow.Task.instance_id == row.instance_id, workflow.Task.assignee_id == person.id,
                                        workflow.Task.state == "open", workflow.Task.step == DRAFT).first()
    if case is not None and task is None and case.state in ("running", "withdrawn", "suspended"):
        raise Conflict("这份清册的审批在编制人手里，由编制人送审", code="not_yours")
    return case, task


def decided(instance: Any, _task: Any, by: Any) -> None:
    """Effect ``archives.appraisal_decided``: new terms hold at once; what is to be destroyed waits for its witnesses."""
    if instance.subject_kind != SUBJECT:
        return
    row = db.lock_rows(Appraisal.select().where(Appraisal.id == int(instance.subject_id))).get()
    if row.state != "deciding":
        raise Conflict("这份清册不在审批中", code="not_deciding")
    permissions.require(by, rights.DECIDE)
    if by.id == row.made_by_id:
        raise Forbidden("编制清册的人不能审批它", permission=rights.DECIDE)
    now = clock.now()
    kept = list(AppraisalEntry.select().where(AppraisalEntry.appraisal == row.id, AppraisalEntry.opinion != "destroy"))
    for entry in kept:
        values = {"retention": "Y", "keep_until": None} if entry.opinion == "permanent" else {"keep_until": entry.keep_until}
        if entry.opinion == "permanent":
            item = Item.get_by_id(entry.item_id)
            marks = labels(item)
            item.retention = "Y"
            relabel(item, filing.indexed(item), marks)
        Item.update(appraisal_id=None, **values).where(Item.id == entry.item_id).execute()
        AppraisalEntry.update(done_at=now, note=OPINIONS[entry.opinion]).where(AppraisalEntry.id == entry.id).execute()
        audit.record("archives.retention", queries.SUBJECT, entry.item_id, title=f"{entry.archival_number} {entry.title}", by=by,
                     before={"retention": RETENTIONS[entry.retention]}, after={**values, "list": row.number})
    rest = row.count - len(kept)
    Appraisal.update(state="approved" if rest else "done", decided_at=now, decided_by_name=by.name if by else "",
                     version=Appraisal.version + 1).where(Appraisal.id == row.id).execute()
    audit.record("archives.appraisal_approved", SUBJECT, row.id, title=row.number, by=by, before={"state": "deciding"},
                 after={"kept": len(kept), "to_destroy": rest})
    if rest:  # an approval that nobody present hears of would wait for ever
        notifications.send(
            "archives.destruction", [i for i in permissions.people_with(rights.WITNESS) if i not in (row.made_by_id, by.id)],
            f"请监销：{row.number}", body=f"{row.title}，销毁 {rest} 件。销毁当天到场，在清册页上确认", url=url(row.id),
            subject=(SUBJECT, str(row.id)))


def _mine(instance: Any) -> Appraisal | None:
    if instance.subject_kind != SUBJECT or not settings.on():
        return None
    return db.lock_rows(Appraisal.select().where(Appraisal.id == int(instance.subject_id))).first()  # type: ignore[no-any-return]


def _back(_sender: Any, *, instance: Any, by: Any = None, target: str = DRAFT, **_: Any) -> None:
    """The case is in the hands of who made the list: opinions may be changed again."""
    row = _mine(instance) if target == DRAFT else None
    if row is not None and row.state == "deciding":
        Appraisal.update(state="draft", version=Appraisal.version + 1).where(Appraisal.id == row.id).execute()
        audit.record("archives.appraisal_returned", SUBJECT, row.id, title=row.number, by=by, before={"state": "deciding"},
                     after={"state": "draft"})


def _sent(_sender: Any, *, instance: Any, task: Any, by: Any = None, action: str = "", **_: Any) -> None:
    """Sent on from the case's own page."""
    row = _mine(instance) if task.step == DRAFT and action == "approve" else None
    if row is not None and row.state == "draft":
        Appraisal.update(state="deciding", version=Appraisal.version + 1).where(Appraisal.id == row.id).execute()
        audit.record("archives.appraisal_submitted", SUBJECT, row.id, title=row.number, by=by, before={"state": "draft"},
                     after={"state": "deciding"})


def _refused(_sender: Any, *, instance: Any, by: Any = None, **_: Any) -> None:
    row = _mine(instance)
    if row is not None and row.state in ("draft", "deciding"):
        free(row, "refused", by)
