"""Items: made, fed back on, extended, closed. Every rule and every write."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from oa_kernel import audit, clock, db, identity, notifications, permissions, workflow
from oa_kernel.errors import Conflict, Forbidden, Invalid
from oa_kernel.identity import Department

from .. import rights
from ..models import Feedback, Involved, Item, Stage

SUBJECT = "supervision.item"
EXTENSION = "supervision.extension"


def create(data: Mapping[str, Any], by: Any) -> Item:
    """A new item (立项).

    :param data: ``title``, ``requirement``, ``due_on``, ``department`` (name, leads), ``assisting`` (names), ``person``
        (username of who answers; left out: the department's head), ``stages`` (``[{"title", "due_on"}]``), ``urgency``,
        ``source`` (kind, id, url).
    :raises Invalid: naming every field that is wrong.
    """
    permissions.require(by, rights.MANAGE)
    return _create(_clean(data), by)


def _create(values: dict[str, Any], by: Any) -> Item:
    with db.transaction():
        lead: Department = values.pop("lead")
        assisting: list[Department] = values.pop("assisting")
        stages = values.pop("stages")
        person = values.pop("person")
        item = Item.create(
            **values, first_due_on=values["due_on"], department_id=lead.id, department_name=lead.name,
            person_id=person.id if person else None, person_name=person.name if person else "",
            created_by_id=by.id if by else None, created_by_name=by.name if by else "系统", created_at=clock.now())
        Involved.insert_many([{"item": item.id, "department_id": d.id, "department_name": d.name, "lead": d.id == lead.id}
                              for d in [lead, *(a for a in assisting if a.id != lead.id)]]).execute()
        if stages:
            Stage.insert_many([{"item": item.id, "position": n, **stage} for n, stage in enumerate(stages, 1)]).execute()
        audit.record("supervision.created", SUBJECT, item.id, title=item.title, by=by,
                     after={"due_on": item.due_on, "department": lead.name, "assisting": [d.name for d in assisting]})
        notifications.send("supervision.assigned", answerable(item), f"督办：{item.title}", url=url(item),
                           body=f"主办：{lead.name}，{item.due_on} 前办结", subject=(SUBJECT, item.id))
    return item


def url(item: Any) -> str:
    """The item's page."""
    return f"/supervision/{item.id}"


def _clean(data: Mapping[str, Any]) -> dict[str, Any]:
    errors: dict[str, list[str]] = {}
    title = " ".join(str(data.get("title") or "").split())
    if not title or len(title) > 300:
        errors["title"] = ["请填写事项名称，不超过 300 字"]
    requirement = str(data.get("requirement") or "").strip()
    if len(requirement) > 5000:
        errors["requirement"] = ["要求不能超过 5000 字"]
    due_on = _day(data.get("due_on"), "due_on", "办结期限", errors)
    if due_on is not None and due_on < clock.today():
        errors["due_on"] = [f"办结期限 {due_on} 已经过去"]
    elif due_on is None and "due_on" not in errors:
        errors["due_on"] = ["请填写办结期限"]
    lead = _department(data.get("department"), "department", "主办部门", errors)
    if lead is None and "department" not in errors:
        errors["department"] = ["请填写主办部门"]
    assisting = [d for name in data.get("assisting") or () if (d := _department(name, "assisting", "协办部门", errors))]
    person = None
    if data.get("person"):
        person = identity.by_username(str(data["person"]))
        if person is None or not person.active:
            errors["person"] = [f"没有用户 {data['person']}"]
    stages = _stages(data.get("stages") or (), errors)
    if errors:
        raise Invalid(next(iter(errors.values()))[0], errors=errors)
    kind, source, where = (*(data.get("source") or ("", "", "")), "", "", "")[:3]
    return {"title": title, "requirement": requirement, "due_on": due_on, "lead": lead, "assisting": assisting, "stages": stages,
            "person": person, "urgency": str(data.get("urgency") or ""), "source_kind": str(kind), "source_id": str(source),
            "source_url": str(where)}


def _stages(rows: Any, errors: dict[str, list[str]]) -> list[dict[str, Any]]:
    found = []
    for row in list(rows)[:50]:
        title = str((row or {}).get("title") or "").strip() if isinstance(row, Mapping) else ""
        if not title or len(title) > 200:
            errors["stages"] = ["每个阶段要有名称，不超过 200 字"]
            continue
        found.append({"title": title, "due_on": _day(row.get("due_on"), "stages", f"阶段“{title}”的期限", errors)})
    return found


def _day(value: Any, field: str, label: str, errors: dict[str, list[str]]) -> dt.date | None:
    if value in (None, ""):
        return None
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        errors[field] = [f"{label}“{value}”不是日期，应形如 2026-11-25"]
        return None


def _department(name: Any, field: str, label: str, errors: dict[str, list[str]]) -> Department | None:
    text = str(name or "").strip()
    if not text:
        return None
    found = list(Department.select().where(Department.name == text, Department.active).limit(2))
    if len(found) != 1:
        errors.setdefault(field, []).append(f"没有名为“{text}”的{label}（或不止一个）")
        return None
    return found[0]


def answerable(item: Any) -> list[int]:
    """Who answers for it: the person named, else the heads of the leading department."""
    return [item.person_id] if item.person_id else identity.heads_of(item.department_id, 1)


def may_feed_back(person: Any, item: Any) -> bool:
    """Whether somebody may say how it stands: who answers, and people of departments that lead or assist."""
    return permissions.allows(person, rights.MANAGE) or _involved(person, item)


def _feeds_back(person: Any, item: Any) -> bool:
    """The same of somebody who does it."""
    return _involved(person, item) or permissions.by_right(person, rights.MANAGE)


def _involved(person: Any, item: Any) -> bool:
    if item.person_id == person.id:
        return True
    own = identity.departments_of(person)
    return bool(own) and Involved.select().where(Involved.item == item.id, Involved.department_id.in_(own)).exists()


def feed_back(item: Item, data: Mapping[str, Any], by: Any) -> Feedback:
    """反馈 in three parts, none of them empty; ``finished`` says that it is done and asks for closing.

    :raises Invalid: for an empty part. Forbidden: for people of other departments. Conflict: it is closed.
    """
    if not _feeds_back(by, item):
        raise Forbidden("只有主办、协办部门的人可以反馈")
    parts = {name: str(data.get(name) or "").strip() for name in ("progress", "problems", "suggestions")}
    labels = {"progress": "进展", "problems": "存在问题", "suggestions": "意见建议"}
    errors = {name: [f"请填写{labels[name]}；没有时写明“无”"] for name, text in parts.items() if not text}
    errors |= {name: [f"{labels[name]}不能超过 5000 字"] for name, text in parts.items() if len(text) > 5000}
    if errors:
        raise Invalid(next(iter(errors.values()))[0], errors=errors)
    department = identity.department(by.department_id) if by.department_id else None
    with db.transaction():
        locked = db.lock_rows(Item.select().where(Item.id == item.id)).get()
        if locked.state != "open":
            raise Conflict("这件督办事项已经销号或撤销", code="closed")
        made = Feedback.create(item=item.id, at=clock.now(), by_id=by.id, by_name=by.name, **parts,
                               department_name=department.name if department else "", finished=bool(data.get("finished")))
        Item.update(feedback_at=made.at, version=Item.version + 1).where(Item.id == item.id).execute()
        audit.record("supervision.feedback", SUBJECT, item.id, title=item.title, by=by,
                     after={**{k: v[:200] for k, v in parts.items()}, "finished": made.finished})
        if item.created_by_id:
            what = "报告办结" if made.finished else "有新反馈"
            notifications.send("supervision.feedback", [item.created_by_id], f"{what}：{item.title}", body=parts["progress"][:300],
                               url=url(item), subject=(SUBJECT, item.id))
    return made


def finish_stage(item: Item, position: int, by: Any) -> None:
    """A stage is done."""
    if not _feeds_back(by, item):
        raise Forbidden("只有主办、协办部门的人可以更新阶段")
    with db.transaction():
        done = Stage.update(done_on=clock.today()).where(
            Stage.item == item.id, Stage.position == position, Stage.done_on.is_null()).execute()
        if not done:
            raise Conflict("这个阶段已经完成，或没有这个阶段", code="stage_done")
        audit.record("supervision.stage_done", SUBJECT, item.id, title=item.title, by=by, after={"stage": position})


def close(item: Item, by: Any, note: str = "", *, cancel: bool = False) -> Item:
    """销号: it is done, as the last feedback says; or 撤销 with a reason.

    :raises Conflict: nothing was fed back, or it is closed already. Invalid: cancelled without a reason.
    """
    permissions.require(by, rights.MANAGE)
    note = note.strip()[:300]
    if cancel and not note:
        raise Invalid("请写明撤销的原因", errors={"note": ["请写明撤销的原因"]})
    with db.transaction():
        locked = db.lock_rows(Item.select().where(Item.id == item.id)).get()
        if locked.state != "open":
            raise Conflict("这件督办事项已经销号或撤销", code="closed")
        last = Feedback.select().where(Feedback.item == item.id).order_by(Feedback.id.desc()).first()
        if not cancel and last is None:
            raise Conflict("还没有反馈，不能销号：请承办部门先反馈办理结果", code="no_feedback")
        closed_on = clock.local(last.at).date() if last is not None else clock.today()
        Item.update(state="cancelled" if cancel else "done", closed_at=clock.now(), closed_on=closed_on, close_note=note,
                    version=Item.version + 1).where(Item.id == item.id).execute()
        asked = extension_of(item)
        if asked is not None:  # nobody is asked any longer about a day that no longer matters
            workflow.cancel(asked.id, None, comment="督办事项已撤销" if cancel else "督办事项已销号")
        audit.record("supervision.cancelled" if cancel else "supervision.closed", SUBJECT, item.id, title=item.title, by=by,
                     before={"state": "open"}, after={"state": "cancelled" if cancel else "done", "note": note})
        notifications.send("supervision.closed", answerable(item), f"{'已撤销' if cancel else '已销号'}：{item.title}", body=note,
                           url=url(item), subject=(SUBJECT, item.id))
    return Item.get_by_id(item.id)


def ask_for_extension(item: Item, due_on: Any, reason: str, by: Any) -> Any:
    """申请延期, decided by the supervisors in a workflow of its own; the case."""
    if not _feeds_back(by, item):
        raise Forbidden("只有主办、协办部门的人可以申请延期")
    if item.state != "open":
        raise Conflict("这件督办事项已经销号或撤销", code="closed")
    errors: dict[str, list[str]] = {}
    day = _day(due_on, "due_on", "延期到", errors)
    if day is None and not errors:
        errors["due_on"] = ["请填写延期到哪一天"]
    elif day is not None and day <= item.due_on:
        errors["due_on"] = [f"应在现在的期限 {item.due_on} 之后"]
    if not reason.strip():
        errors["reason"] = ["请写明延期的原因"]
    if errors:
        raise Invalid(next(iter(errors.values()))[0], errors=errors)
    with db.transaction():
        db.lock_rows(Item.select().where(Item.id == item.id)).get()
        if extension_of(item) is not None:
            raise Conflict("已有一件延期申请在办", code="extension_running")
        return workflow.start(EXTENSION, f"延期申请：{item.title}", {"due_on": str(day), "reason": reason.strip()}, by,
                              subject=(EXTENSION, item.id))


def extension_of(item: Item) -> Any:
    """The case of an extension that is not decided yet, or None."""
    instance = workflow.Instance
    return instance.select().where(
        instance.subject_kind == EXTENSION, instance.subject_id == str(item.id),
        instance.state.in_(("running", "withdrawn", "suspended"))).first()


def extended(instance: Any, _task: Any, by: Any) -> None:
    """Effect ``supervision.extend``: the new day holds."""
    if instance.subject_kind != EXTENSION:
        return
    item = db.lock_rows(Item.select().where(Item.id == int(instance.subject_id))).get()
    day = dt.date.fromisoformat(str(instance.form["due_on"]))
    Item.update(due_on=day, urges=0, urged_on=None, version=Item.version + 1).where(Item.id == item.id).execute()
    audit.record("supervision.extended", SUBJECT, item.id, title=item.title, by=by, before={"due_on": item.due_on},
                 after={"due_on": day, "reason": instance.form.get("reason", "")})
