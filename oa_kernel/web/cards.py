"""The kernel's cards on the workbench, each one query."""

from __future__ import annotations

from typing import Any

from oa_kernel import clock

from .rendering import render_to_string

_ROWS = 7


def todo(person: Any) -> str:
    """The first of one's to-dos."""
    from oa_kernel import workflow

    from .pages.todo import rows_shown

    page = workflow.todo(person, state="open", limit=_ROWS)
    return render_to_string("oa/cards/todo.html", rows=rows_shown(page.items), more=page.next is not None)


def started(person: Any) -> str:
    """The cases one started last."""
    from .pages.cases import started_by

    return render_to_string("oa/cards/started.html", cases=started_by(person, limit=_ROWS).items)


def messages(person: Any) -> str:
    """Unread messages."""
    from oa_kernel import notifications

    page = notifications.list_for(person, unread=True, limit=_ROWS)
    return render_to_string("oa/cards/messages.html", messages=page.items)


def shortcuts(person: Any) -> str:
    """The pages one may open, as big links."""
    from .shell import navigation

    items = [item for group in navigation(person) if group.name not in ("workbench", "admin") for item in group.items]
    return render_to_string("oa/cards/shortcuts.html", items=items[:12])


def todo_count(person: Any) -> int:
    """How many tasks are open."""
    from oa_kernel import db
    from oa_kernel.workflow.models import Task

    return int(
        Task.select(db.fn.COUNT(db.SQL("*"))).where(Task.assignee_id == person.id, Task.state == "open").scalar() or 0
    )


def due_soon_count(person: Any, hours: int = 24) -> int:
    """How many open tasks are due within some hours, or overdue."""
    import datetime as dt

    from oa_kernel import db
    from oa_kernel.workflow.models import Task

    return int(
        Task.select(db.fn.COUNT(db.SQL("*")))
        .where(Task.assignee_id == person.id, Task.state == "open",
               Task.due_at < clock.now() + dt.timedelta(hours=hours))
        .scalar() or 0
    )


__all__ = ["due_soon_count", "messages", "shortcuts", "started", "todo", "todo_count"]
