"""Scheduled and queued work of the plugin."""

from __future__ import annotations

from typing import Any

from oa_kernel.contributions import OutboxHandler, ScheduledTask

MAIL_TOPIC = "documents.dispatch"


def overdue() -> int:
    """Marks receipts that are late."""
    from .services import dispatches

    return dispatches.mark_overdue()


def deliver_mail(payload: dict[str, Any]) -> None:
    """Mails a dispatched document with its receipt link."""
    from .services import mailing

    mailing.deliver(payload)


SCHEDULED = [ScheduledTask("documents.overdue", "*/10 * * * *", overdue, title="标记逾期未签收的公文")]
HANDLERS = [OutboxHandler(MAIL_TOPIC, deliver_mail, title="向外单位发送公文")]
