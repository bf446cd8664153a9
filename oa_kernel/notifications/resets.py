"""The mail with a link to set a new password. The queue holds the link's number only, never its secret.

Who asked is looked up by the worker: what the page does is the same for everybody, so that neither its answer nor the
time it takes tells who exists.
"""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

from oa_kernel import clock, db, identity, outbox, runtime
from oa_kernel.outbox import Undeliverable

from .mail import deliver

TOPIC = "password_reset"
#: what was typed, waiting to be looked up
ASKED = "password_reset_asked"
#: characters that are looked at, and to which every request is filled up
_LENGTH = 200
#: after that nobody waits for the mail any more
_LATE = dt.timedelta(minutes=15)
_PURPOSE = b"notifications.reset"


def ask_reset(who: str, *, ip: str = "") -> None:
    """Has a link mailed to the person of that user name or address, if there is one. Says nothing about it.

    What was typed is kept encrypted, filled up to one length: people type passwords into the wrong box.
    """
    text = "".join(c for c in who.strip()[:_LENGTH] if c.isprintable()).encode()
    sealed = runtime.current().keys.encrypt(text.ljust(_LENGTH * 4), aad=_PURPOSE)
    with db.transaction():
        outbox.put(ASKED, {
            "who": base64.b64encode(sealed).decode(), "ip": ip[:60], "at": clock.now().isoformat(timespec="seconds"),
        })


def look_up(payload: dict[str, Any]) -> None:
    """Handler of the outbox topic: makes the link, if there is somebody to send it to."""
    if dt.datetime.fromisoformat(payload["at"]) < clock.now() - _LATE:
        return
    who = runtime.current().keys.decrypt(base64.b64decode(payload["who"]), aad=_PURPOSE).decode().strip()
    with db.transaction():
        made = identity.begin_reset(who, ip=payload["ip"])
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


__all__ = ["ASKED", "TOPIC", "ask_reset", "deliver_reset", "look_up"]
