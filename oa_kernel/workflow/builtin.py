"""What the engine contributes to the kernel."""

from __future__ import annotations

from typing import Any

from oa_kernel.contributions import FileGuard, NotificationKind, OutboxHandler, QueuedTask, ScheduledTask, SearchSource


def _tick() -> int:
    from .deadlines import tick

    return tick()


def _figures(row: int) -> None:
    from .figures import work_out

    work_out(row)


def _service(payload: dict[str, Any]) -> None:
    from .steps import deliver

    deliver(payload)


def _cases(person: Any, q: str, limit: int) -> list[dict[str, Any]]:
    from .models import Instance, Task

    mine = Task.select(Task.instance_id).where(Task.assignee_id == person.id)
    rows = (
        Instance.select(Instance.id, Instance.title, Instance.state, Instance.started_at)
        .where(Instance.title.contains(q), (Instance.drafter_id == person.id) | Instance.id.in_(mine))
        .order_by(Instance.id.desc())
        .limit(limit)
    )
    return [{"title": r.title, "url": f"/cases/{r.id}", "snippet": "", "at": r.started_at, "icon": "git-branch"}
            for r in rows]


def _file_readable(person: Any, subject_id: str) -> bool:
    from .case_files import readable

    return readable(person, subject_id)


CONTRIBUTIONS: dict[str, list[Any]] = {
    "oa_file_guards": [FileGuard("workflow.instance", _file_readable)],
    "oa_notification_kinds": [NotificationKind("workflow.notice", "流程通知")],
    "oa_outbox_handlers": [OutboxHandler("workflow.service", _service, "流程中的自动环节")],
    "oa_queued_tasks": [QueuedTask("workflow.figures", _figures)],
    "oa_scheduled_tasks": [ScheduledTask("workflow.deadlines", "* * * * *", _tick, "期限提醒与逾期处理")],
    "oa_search_sources": [SearchSource("cases", "经办事项", _cases, "kernel.tasks.own", order=30)],
}
