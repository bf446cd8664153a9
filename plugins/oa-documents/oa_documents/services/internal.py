"""签报: reports and requests from one department to another. The receiver signs for them within a working day.

Deadlines, reminders before and urging after stand in the workflow (``documents.internal``), and so can be changed there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oa_kernel import audit, clock, db, identity, numbering, permissions, workdays, workflow
from oa_kernel.config import SECRECY_LEVELS
from oa_kernel.errors import BadRequest, Conflict, Forbidden, Invalid, NotFound

from .. import kinds, rights, settings
from ..models_internal import KINDS, STATES, InternalReport
from . import routing

SUBJECT = "documents.internal"
WORKFLOW = "documents.internal"
FIELDS = ("kind", "title", "body", "to", "urgency", "secrecy")
KIND_WORDS = {"request": "请示", "report": "报告"}
#: how long the receiver has to sign for it
TERM = "1 working days"


def create(data: Mapping[str, Any], by: Any) -> InternalReport:
    """A draft of ``by``'s department to the department named ``to``. Raises Invalid, naming fields."""
    permissions.require(by, rights.DRAFT)
    values = _clean(data, by)
    own = identity.department(by.department_id) if by.department_id else None
    with db.transaction():
        made = InternalReport.create(
            **values, from_department_id=by.department_id, from_department_name=own.name if own else "", drafter_id=by.id,
            drafter_name=by.name, created_at=clock.now())
        audit.record("documents.internal.create", SUBJECT, made.id, made.title, by=by,
                     after={k: v for k, v in values.items() if k != "body"})
    return made


def update(report: InternalReport, data: Mapping[str, Any], by: Any, *, version: int | None = None) -> InternalReport:
    """Changes a draft. Raises Conflict where somebody, or another window, saved meanwhile."""
    _require_draft(report, by)
    before = {"kind": report.kind, "title": report.title, "body": report.body, "to": report.to_department_name,
              "urgency": report.urgency, "secrecy": report.secrecy}
    values = _clean({**before, **{k: v for k, v in data.items() if k in FIELDS and v is not None}}, by)
    with db.transaction():
        done = InternalReport.update(**values, version=InternalReport.version + 1).where(
            InternalReport.id == report.id, InternalReport.state == "draft",
            InternalReport.version == (report.version if version is None else version)).execute()
        if not done:
            raise Conflict("这份签报在别处已修改，请刷新后再改", code="stale_version")
        audit.record("documents.internal.update", SUBJECT, report.id, values["title"], by=by,
                     before={k: v for k, v in before.items() if k != "body"}, after={k: v for k, v in values.items() if k != "body"})
    return InternalReport.get_by_id(report.id)


def _clean(data: Mapping[str, Any], by: Any) -> dict[str, Any]:
    errors: dict[str, list[str]] = {}
    title, body = " ".join(str(data.get("title") or "").split()), str(data.get("body") or "").replace("\r\n", "\n").strip()
    if not 2 <= len(title) <= 300:
        errors["title"] = ["请填写标题，2 至 300 字"]
    if not body or len(body) > int(settings.get("max_body")):
        errors["body"] = ["请填写正文"] if not body else ["正文过长"]
    kind = str(data.get("kind") or "request")
    if kind not in KINDS:
        errors["kind"] = [f"可用：{'、'.join(KINDS)}（请示、报告）"]
    to = routing.department_named(str(data.get("to") or "").strip())
    if to is None:
        given = str(data.get("to") or "").strip()
        errors["to"] = [f"没有名为“{given}”的部门" if given else "请填写接收部门，用本单位部门的名称"]
    elif to.id == by.department_id:
        errors["to"] = ["接收部门就是本部门，签报用于部门之间"]
    urgency, secrecy = str(data.get("urgency") or ""), str(data.get("secrecy") or SECRECY_LEVELS[0])
    if urgency not in kinds.URGENCIES:
        errors["urgency"] = ["紧急程度可用：加急、特急，不急则不填"]
    if secrecy not in SECRECY_LEVELS:
        errors["secrecy"] = [f"密级可用：{'、'.join(SECRECY_LEVELS)}"]
    elif SECRECY_LEVELS.index(secrecy) > SECRECY_LEVELS.index(settings.highest_secrecy()):
        errors["secrecy"] = [f"本系统最高只能处理“{settings.highest_secrecy()}”"]
    if errors or to is None:
        raise Invalid(next(iter(errors.values()))[0], errors=errors)
    return {"title": title, "body": body, "kind": kind, "to_department_id": to.id, "to_department_name": to.name,
            "urgency": urgency, "secrecy": secrecy, "secrecy_level": SECRECY_LEVELS.index(secrecy)}


def submit(report: InternalReport, by: Any) -> Any:
    """Puts it before the department's head; one that came back goes on in its case. Returns the workflow instance."""
    _require_draft(report, by)
    form = {"kind": report.kind, "urgency": report.urgency, "secrecy": report.secrecy, "sender": report.from_department_name,
            "receiver": report.to_department_name}
    with db.transaction():
        done = InternalReport.update(state="reviewing", version=InternalReport.version + 1).where(
            InternalReport.id == report.id, InternalReport.state == "draft", InternalReport.version == report.version).execute()
        if not done:
            raise Conflict("这份签报刚刚有变动，请刷新后再报", code="stale_version")
        task = workflow.open_task(report.instance_id, by) if report.instance_id else None
        if task is not None:
            instance = workflow.act(task.id, "approve", by, comment="", form=form)
        else:
            instance = workflow.start(WORKFLOW, title=report.title, form=form, by=by, subject=(SUBJECT, str(report.id)),
                                      urgency=report.urgency, department_id=report.from_department_id)
            InternalReport.update(instance_id=instance.id).where(InternalReport.id == report.id).execute()
        audit.record("documents.internal.submit", SUBJECT, report.id, report.title, by=by)
    return instance


def void(report: InternalReport, by: Any, reason: str) -> InternalReport:
    """Its drafter takes it out before it is signed for; its number, if any, stays with the reason."""
    if report.drafter_id != by.id:
        raise Forbidden("只有拟稿人可以作废签报")
    if report.state not in ("draft", "reviewing", "sent"):
        raise Conflict("已签收的签报不能作废", code="signed_for")
    if not (reason := " ".join(reason.split())[:200]):
        raise Invalid("请写明作废的原因", errors={"reason": ["请写明作废的原因"]})
    with db.transaction():
        if report.instance_id and report.state != "draft":
            workflow.withdraw(report.instance_id, by)
        if report.instance_id:
            workflow.cancel(report.instance_id, by, comment=f"签报作废：{reason}")
        InternalReport.update(state="voided", version=InternalReport.version + 1).where(InternalReport.id == report.id).execute()
        audit.record("documents.internal.void", SUBJECT, report.id, report.title, by=by, before={"state": report.state},
                     after={"state": "voided", "reason": reason})
    return InternalReport.get_by_id(report.id)


def _require_draft(report: InternalReport, by: Any) -> None:
    if report.drafter_id != by.id:
        raise Forbidden("只有拟稿人可以修改签报")
    if report.state != "draft":
        raise Conflict("已报出的签报不能修改，退回后再改", code="not_a_draft", state=report.state)


# what the workflow tells it


def _of(instance: Any) -> InternalReport | None:
    if instance.subject_kind != SUBJECT:
        return None
    return db.lock_rows(InternalReport.select().where(InternalReport.id == int(instance.subject_id))).first()  # type: ignore[no-any-return]


def _set(report: InternalReport, **values: Any) -> None:
    InternalReport.update(**values, version=InternalReport.version + 1).where(InternalReport.id == report.id).execute()


def sent(instance: Any, _task: Any, by: Any) -> None:
    """Effect ``documents.internal_sent``: the head agreed; it has its number and lies before the receiver."""
    if (report := _of(instance)) is None:
        return
    now, number = clock.now(), report.number
    if number is None:
        year = clock.today().year
        number = f"签报〔{year}〕{numbering.take(f'{SUBJECT}:{year}', SUBJECT, str(report.id), by)}号"
    _set(report, state="sent", number=number, sent_at=now, due_at=workdays.due_at(now, TERM))


def signed_for(instance: Any, _task: Any, by: Any) -> None:
    """Effect ``documents.internal_signed_for``."""
    if (report := _of(instance)) is not None:
        _set(report, state="signed_for", signed_for_at=clock.now(), signed_for_by=by.name)


def completed(instance: Any, _task: Any, _by: Any) -> None:
    """Effect ``documents.internal_completed``."""
    if (report := _of(instance)) is not None:
        _set(report, state="completed", completed_at=clock.now())


def back(instance: Any) -> None:
    """It came back to its drafter: returned, withdrawn, rejected or cancelled."""
    report = _of(instance)
    if report is not None and report.state != "voided":
        _set(report, state="draft", signed_for_at=None, signed_for_by="")


def handed_in(instance: Any) -> None:
    """Its drafter did the first step again, from the to-do list."""
    report = _of(instance)
    if report is not None and report.state == "draft":
        _set(report, state="reviewing")


def receivers(instance: Any, _step: Any, _form: Any) -> list[int]:
    """People rule ``documents.internal_receivers``: the people of the receiving department with the clearance."""
    report = _of(instance)
    if report is None:
        return []
    people = identity.by_ids(identity.people_in(report.to_department_id)).values()
    return sorted(p.id for p in people if p.active and p.clearance >= report.secrecy_level)


def heads(instance: Any, _step: Any, _form: Any) -> list[int]:
    """People rule ``documents.internal_heads``: the heads of the receiving department."""
    report = _of(instance)
    return identity.heads_of(report.to_department_id, 1) if report is not None else []


# who sees what; the lists


def visible(query: Any, person: Any) -> Any:
    """``query`` limited to what the person may see: own, in a case of theirs, sent to their department, or by right."""
    also = InternalReport.instance_id.in_(workflow.instances_of(person))
    departments = identity.departments_of(person)
    if departments:
        also = also | (InternalReport.to_department_id.in_(departments)
                       & InternalReport.state.in_(("sent", "signed_for", "completed")))
    return permissions.restrict(
        query, person, rights.READ, owner=InternalReport.drafter_id, department=InternalReport.from_department_id,
        secrecy=InternalReport.secrecy_level, also=also | (InternalReport.drafter_id == person.id))


def get(person: Any, report_id: Any) -> InternalReport:
    """The report, or NotFound where it is not there or not to be seen."""
    number = int(report_id) if str(report_id).isascii() and str(report_id).isdigit() else 0
    found = visible(InternalReport.select(), person).where(InternalReport.id == number).first() if 0 < number < 2**63 else None
    if found is None:
        raise NotFound("没有这份签报，或者您不能查看它")
    return found  # type: ignore[no-any-return]


def may_see(person: Any, report_id: str) -> bool:
    """Whether :func:`get` would find it."""
    return bool(visible(InternalReport.select(InternalReport.id), person).where(InternalReport.id == int(report_id)).exists())


def listing(person: Any, filters: Mapping[str, Any], *, limit: int = 50, cursor: str | None = None) -> db.Page:
    """Reports, the newest first; ``box``: ``out`` of one's own, ``in`` what one's departments were sent."""
    query = visible(InternalReport.select(), person)
    box, state = filters.get("box"), filters.get("state")
    if box == "out":
        query = query.where(InternalReport.drafter_id == person.id)
    elif box == "in":
        query = query.where(InternalReport.to_department_id.in_(identity.departments_of(person)), InternalReport.number.is_null(False))
    elif box:
        raise BadRequest("box 可用：in、out")
    if state:
        if state not in STATES:
            raise BadRequest(f"没有状态 {state}，可用：{'、'.join(STATES)}")
        query = query.where(InternalReport.state == str(state))
    if q := str(filters.get("q") or "").strip():
        query = query.where(InternalReport.title.contains(q) | InternalReport.number.contains(q))
    return db.page(query, [InternalReport.id.desc()], limit=limit, cursor=cursor)


def waiting_count(person: Any) -> int:
    """What one's departments have not signed for, for the badge."""
    departments = identity.departments_of(person)
    if not departments:
        return 0
    return int(InternalReport.select().where(
        InternalReport.to_department_id.in_(departments), InternalReport.state == "sent",
        InternalReport.secrecy_level <= person.clearance).count())
