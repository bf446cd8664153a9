"""Urgent cases become items by themselves; a case that ends closes nothing: the supervisors do, by the feedback."""

from __future__ import annotations

from typing import Any

from oa_kernel import builtin, clock, identity, signals

from .. import settings
from ..models import Item
from . import items, lights


def connect() -> None:
    """Listens from now on; more than once does no harm."""
    signals.workflow_started.connect(_started)


def _started(_sender: Any, *, instance: Any, by: Any = None, **_: Any) -> None:
    if not settings.on():
        return
    days = settings.get("automatic").get(instance.urgency)
    if not days or not instance.subject_kind or instance.subject_kind == items.EXTENSION:
        return
    known = Item.select().where(
        Item.source_kind == instance.subject_kind, Item.source_id == instance.subject_id, Item.state == "open").exists()
    lead = _lead(instance)
    if known or lead is None:
        return
    subject = next((s for s in builtin.collect("oa_workflow_subjects") if s.kind == instance.subject_kind), None)
    word = subject.title if subject else "事项"
    items._create({
        "title": instance.title[:300], "requirement": f"{instance.urgency}{word}，请按期办结。", "urgency": instance.urgency,
        "due_on": lights.add_working_days(clock.today(), int(days)), "lead": lead, "assisting": [], "stages": [], "person": None,
        "source_kind": instance.subject_kind, "source_id": instance.subject_id,
        "source_url": subject.url(instance.subject_id) if subject else f"/cases/{instance.id}",
    }, None)


def _lead(instance: Any) -> Any:
    """The department the case's form names as the lead, else the drafter's."""
    name = str(instance.form.get("lead") or "")
    if name:
        found = list(identity.Department.select().where(identity.Department.name == name, identity.Department.active).limit(2))
        if len(found) == 1:
            return found[0]
    return identity.department(instance.department_id) if instance.department_id else None
