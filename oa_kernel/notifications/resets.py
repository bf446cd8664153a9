"""The mail with a link to set a new password. The queue holds the link's number only, never its secret."""

from __future__ import annotations

from typing import Any

from oa_kernel import db, identity, outbox, runtime
from oa_kernel.outbox import Undeliverable

from .mail import deliver

TOPIC = "password_reset"


def ask_reset(who: str, *, ip: str = "") -> None:
    """Has a link mailed to the person of that user name or address, if there is one. Says nothing about it."""
    with db.transaction():
        made = identity.begin_reset(who, ip=ip)
        if made is not None:
            outbox.put(TOPIC, {"reset": made})


def deliver_reset(payload: dict[str, Any]) -> None:
    """Handler of the outbox topic: writes and sends the mail; a link that has ended meanwhile is not sent."""
    found = identity.reset_mail(int(payload["reset"]))
    if found is None:
        raise Undeliverable("链接在发出之前已经失效")
    person, secret = found
    organisation = runtime.current().config["organisation"]["name"]
    deliver({
        "ref": f"reset-{payload['reset']}", "to": person.email, "title": "重新设置密码",
        "body": f"有人为您在{organisation}办公系统的账户 {person.username} 申请重新设置密码。打开链接设置新密码，"
                "15 分钟内有效，只能用一次。如果不是您本人申请，请不要打开，并告诉系统管理员。",
        "url": f"/forgotten/{secret}",
    })


__all__ = ["TOPIC", "ask_reset", "deliver_reset"]
