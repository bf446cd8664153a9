"""The browser of tests: Flask's test client, which also sends forms with the token they carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask.testing import FlaskClient


class Client(FlaskClient):
    """A test client. ``submit`` posts a form as the page would; ``post`` sends exactly what it is given."""

    #: the token of the session's forms; empty for a stranger
    csrf: str = ""

    def submit(self, url: str, data: Mapping[str, Any] | None = None, **options: Any) -> Any:
        """Posts a form with its CSRF token. ``client.submit("/visitors/new", {"title": "…"})``"""
        return self.post(url, data={**(data or {}), "_csrf": self.csrf}, **options)


__all__ = ["Client"]
