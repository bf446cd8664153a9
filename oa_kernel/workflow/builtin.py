"""What the engine contributes to the kernel."""

from __future__ import annotations

from typing import Any

from oa_kernel.contributions import NotificationKind, OutboxHandler, ScheduledTask


def _tick() -> int:
    from .deadlines import tick

    return tick()


def _service(payload: dict[str, Any]) -> None:
    from .steps import deliver

    deliver(payload)


CONTRIBUTIONS: dict[str, list[Any]] = {
    "oa_notification_kinds": [NotificationKind("workflow.notice", "流程通知")],
    "oa_outbox_handlers": [OutboxHandler("workflow.service", _service, "流程中的自动环节")],
    "oa_scheduled_tasks": [ScheduledTask("workflow.deadlines", "* * * * *", _tick, "期限提醒与逾期处理")],
}
