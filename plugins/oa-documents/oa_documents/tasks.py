"""Scheduled and queued work of the plugin."""

from __future__ import annotations

from typing import Any

from oa_kernel.contributions import OutboxHandler, ScheduledTask

MAIL_TOPIC = "documents.dispatch"
STANDING_TOPIC = "documents.standing"


def overdue() -> int:
    """Marks receipts that are late."""
    from .services import dispatches

    return dispatches.mark_overdue()


def remind() -> int:
    """Reminds who has not signed for what it was sent."""
    from .services import reminding

    return reminding.remind_due()


def deliver_mail(payload: dict[str, Any]) -> None:
    """Mails a dispatched document with its receipt link."""
    from .services import mailing

    mailing.deliver(payload)


def tell_standing(payload: dict[str, Any]) -> None:
    """Mails that a document has no force any more."""
    from .services import mailing

    mailing.tell_standing(payload)


def make_ofd(payload: dict[str, Any]) -> None:
    """Makes the OFD beside a signed document's PDF."""
    from .services import formal_ofd

    formal_ofd.make(payload)


SCHEDULED = [ScheduledTask("documents.overdue", "*/10 * * * *", overdue, title="标记逾期未签收的公文"),
             ScheduledTask("documents.remind", "7,22,37,52 * * * *", remind, title="催办未签收的公文")]
HANDLERS = [OutboxHandler(MAIL_TOPIC, deliver_mail, title="向外单位发送公文"),
            OutboxHandler(STANDING_TOPIC, tell_standing, title="告知外单位公文已撤销、废止"),
            OutboxHandler("documents.ofd", make_ofd, title="生成公文的 OFD 版本")]
