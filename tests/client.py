"""REST as a program outside would call it: urllib and a token, nothing of ours."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def __str__(self) -> str:
        return f"{self.status} {self.body[:600].decode(errors='replace')}"


class Rest:
    """``Rest(url, token).post("/documents/outgoing", {...})``."""

    def __init__(self, url: str, token: str = "", context: ssl.SSLContext | None = None) -> None:
        self.base, self.token, self.context = url + "/api/v1", token, context

    def call(self, method: str, path: str, data: bytes | None = None, **headers: str) -> Answer:
        """One request; an answer with an error status is an answer."""
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        request = urllib.request.Request(self.base + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60, context=self.context) as response:
                return Answer(response.status, dict(response.headers), response.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, dict(error.headers), error.read())

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, **headers)

    def post(self, path: str, value: Any = None, **headers: str) -> Answer:
        headers.setdefault("Content-Type", "application/json")
        return self.call("POST", path, json.dumps(value or {}).encode(), **headers)

    def put(self, path: str, value: Any) -> Answer:
        return self.call("PUT", path, json.dumps(value).encode(), **{"Content-Type": "application/json"})

    def upload(self, name: str, content: bytes, mime: str = "application/octet-stream") -> Answer:
        """``POST /files`` as multipart."""
        mark = uuid.uuid4().hex
        body = (
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            f"Content-Type: {mime}\r\n\r\n"
        ).encode() + content + f"\r\n--{mark}--\r\n".encode()
        return self.call("POST", "/files", body, **{"Content-Type": f"multipart/form-data; boundary={mark}"})

    def task(self, instance: Any) -> dict[str, Any]:
        """This person's open task of a case."""
        found = [t for t in self.get("/tasks?state=open&limit=100").json["items"] if t["instance"] == instance]
        assert found, f"no open task of case {instance}"
        return found[0]

    def act(self, instance: Any, action: str, **more: Any) -> Answer:
        """Does this person's open task of a case."""
        return self.post(f"/tasks/{self.task(instance)['id']}/actions", {"action": action, **more})
