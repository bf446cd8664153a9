"""What the notifications room contributes: the kernel's own kinds of messages."""

from __future__ import annotations

from typing import Any

from oa_kernel.contributions import Diagnostic, NotificationKind, OutboxHandler, ScheduledTask


def _mail(payload: dict[str, Any]) -> None:
    from .mail import deliver

    deliver(payload)


def _reset(payload: dict[str, Any]) -> None:
    from .resets import deliver_reset

    deliver_reset(payload)


def _reset_asked(payload: dict[str, Any]) -> None:
    from .resets import look_up

    look_up(payload)


def _announce() -> int:
    from .security import announce_ending

    return announce_ending()


def _check_mail() -> tuple[str, str]:
    from .mail import check

    return check()


CONTRIBUTIONS: dict[str, list[Any]] = {
    "oa_notification_kinds": [
        NotificationKind("workflow.task", "新的待办"),
        NotificationKind("workflow.returned", "退回给我的"),
        NotificationKind("workflow.done", "我发起的已办结"),
        NotificationKind("workflow.urge", "催办"),
        NotificationKind("workflow.circulated", "传阅给我的", ("inbox",)),
        NotificationKind("workflow.overdue", "即将到期和逾期"),
        NotificationKind("security.notice", "账户安全"),
        NotificationKind("security.approval", "待我复核的安全变更"),
    ],
    "oa_outbox_handlers": [OutboxHandler("mail", _mail, "电子邮件"), OutboxHandler("password_reset", _reset, "密码重置邮件"),
                            OutboxHandler("password_reset_asked", _reset_asked, "密码重置申请")],
    "oa_scheduled_tasks": [
        ScheduledTask("notifications.ending_grants", "10 7-20 * * *", _announce, "提醒将到期的授权：提前一周，短期的提前一天"),
    ],
    "oa_diagnostics": [Diagnostic("mail", "电子邮件", _check_mail)],
}
