"""From one piece of work to the next."""

from __future__ import annotations

from typing import Any


def next_task_url(person: Any, *, after: int | None = None) -> str:
    """The page of the next task that waits, or of the list where none does.

    :param after: the task just done, in case it is still in the list.
    """
    from oa_kernel import workflow

    from .pages.todo import work_url

    for task in workflow.todo(person, state="open", limit=2).items:
        if task.id != after:
            return work_url(task.subject_kind, task.subject_id, task.instance_id)
    return "/todo"


__all__ = ["next_task_url"]
