"""An e-mail as it was saved (.eml): what it says, and the files it carries."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from html.parser import HTMLParser

#: files taken out of one message, and the bytes they may have together
MOST, LARGEST = 50, 64 * 1024 * 1024


@dataclass
class Mail:
    """``attachments``: (name, content), in their order, pictures inside the text left out."""

    subject: str = ""
    text: str = ""
    attachments: list[tuple[str, bytes]] = field(default_factory=list)


def read(data: bytes) -> Mail:
    """The message; what cannot be decoded is left out."""
    message = BytesParser(policy=policy.default).parsebytes(data)
    assert isinstance(message, EmailMessage)
    found = Mail(subject=" ".join(str(message.get("subject", "")).split()), text=_body(message))
    taken = 0
    for part in message.iter_attachments() if message.is_multipart() else ():
        content, name = part.get_payload(decode=True), part.get_filename()
        if not name or not isinstance(content, bytes) or not content:
            continue
        taken += len(content)
        if len(found.attachments) == MOST or taken > LARGEST:
            break
        found.attachments.append((name, content))
    return found


def _body(message: EmailMessage) -> str:
    try:
        body = message.get_body(preferencelist=("plain", "html"))
        if body is None:
            return ""
        text = str(body.get_content())
    except (LookupError, UnicodeDecodeError, ValueError, KeyError):
        return ""
    return text if body.get_content_subtype() == "plain" else _plain(text)


class _Plain(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.skipped = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.skipped += tag in ("script", "style")
        if tag in ("p", "div", "br", "tr", "li", "table", "h1", "h2", "h3"):
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.skipped -= tag in ("script", "style") and self.skipped > 0

    def handle_data(self, data: str) -> None:
        if not self.skipped:
            self.pieces.append(data)


def _plain(html: str) -> str:
    parser = _Plain()
    parser.feed(html)
    return re.sub(r"\n\s*\n+", "\n", "".join(parser.pieces)).strip()


__all__ = ["Mail", "read"]
