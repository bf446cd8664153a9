"""A browser in two lines: pages are read, forms sent with the token the session has."""

from __future__ import annotations

import html
import re
from typing import Any

from oa_kernel.audit.models import Event
from oa_kernel.identity.models import Session


class Browser:
    """``browser.get(path)`` → text; ``browser.post(path, …)`` sends the form and follows to the page it leads to."""

    def __init__(self, client: Any, person: Any) -> None:
        self.client, self.person = client, person

    @property
    def csrf(self) -> str:
        return Session.select().where(Session.person == self.person.id).order_by(Session.id.desc()).get().csrf

    def status(self, path: str) -> int:
        return self.client.get(path).status_code

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code, plain(answer.text)[:600])
        return plain(answer.text)

    def post(self, path: str, status: int = 200, **form: Any) -> str:
        sent = {"_csrf": self.csrf, **form}
        answer = self.client.post(path, data=sent, follow_redirects=True)
        assert answer.status_code == status, (path, answer.status_code, plain(answer.text)[:600])
        return plain(answer.text)


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<svg.*?</svg>", "", text, flags=re.S)))


def last_event(action: str) -> Event:
    return Event.select().where(Event.action == action).order_by(Event.id.desc()).get()
