"""Service steps that failed and wait: listed for who manages workflows; ``steps.repeat_service`` tries one again."""

from __future__ import annotations

from typing import Any

from oa_kernel import db, permissions
from oa_kernel.outbox.models import Row

from . import store
from .models import Instance, Run
from .people import MANAGE
from .steps import TOPIC

#: as the partial index of the table has it, so that both engines see that it serves
_FAILED = db.SQL("t1.error <> ''")
#: counting stops here
MOST = 1000


def failed_service_page(*, limit: int = 50, cursor: str | None = None) -> db.Page:
    """A page of failed service steps, the oldest first, as dicts: ``{"run", "instance", "title", "definition", "step",
    "step_name", "error", "since", "attempts", "next_try"}``. ``next_try`` is None where nobody tries any more until it
    is repeated by hand. Three statements whatever their number."""
    page = db.page(Run.select().where(Run.state == "open", _FAILED), [Run.id.asc()], limit=limit, cursor=cursor)
    if not page.items:
        return page
    cases = {i.id: i for i in Instance.select(
        Instance.id, Instance.title, Instance.definition_id, Instance.definition_name, Instance.state).where(
        Instance.id.in_({r.instance_id for r in page.items}))}
    errands = {r.key: r for r in Row.select(Row.key, Row.state, Row.attempts, Row.next_at).where(
        Row.key.in_([f"{TOPIC}:{r.id}" for r in page.items]))}
    items: list[dict[str, Any]] = []
    for run in page.items:
        case, errand = cases[run.instance_id], errands.get(f"{TOPIC}:{run.id}")
        step = store.by_id(case.definition_id).steps.get(run.step)
        items.append({
            "run": run.id, "instance": case.id, "title": case.title, "definition": case.definition_name, "step": run.step,
            "step_name": step.title if step else run.step, "error": run.error, "since": run.arrived_at,
            "attempts": errand.attempts if errand else 0,
            "next_try": errand.next_at if errand and errand.state == "pending" else None,
        })
    return db.Page(items, page.next)


def failed_service_count() -> int:
    """How many there are, up to :data:`MOST`."""
    return len(Run.select(Run.id).where(Run.state == "open", _FAILED).limit(MOST).tuples())


def may_repeat(person: Any) -> bool:
    """Whether somebody may have them tried again."""
    return permissions.allows(person, MANAGE)


__all__ = ["failed_service_count", "failed_service_page", "may_repeat"]
