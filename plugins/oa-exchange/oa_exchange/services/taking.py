"""What each kind of message does when it is taken. In the caller's transaction; raising undoes all of it.

What takes long (files to be written, seals to be verified) is done before, outside the transaction: :func:`ready`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from oa_documents.services import arrivals

from oa_kernel import clock, files
from oa_kernel.errors import Invalid

from .. import package
from ..models import Message, Partner
from . import dispatching

#: title, level of secrecy, what is answered
Taken = tuple[str, int, dict[str, Any]]


@dataclass(frozen=True)
class Ready:
    """A message with what was made ready for it: files that are written and not kept yet, and what the seal in them says."""

    manifest: dict[str, Any]
    fields: dict[str, Any] = field(default_factory=dict)
    written: tuple[files.Written, ...] = ()
    seal: dict[str, Any] | None = None


@contextmanager
def ready(type: str, partner: Partner, content: package.Content) -> Iterator[Ready]:
    """All that needs no transaction. What is not taken within the block leaves no file behind. Raises OAError."""
    if type not in _KINDS:
        raise Invalid(f"不认识的交换包类型“{type}”，请升级系统", code="content")
    with ExitStack() as stack:
        with _whole():
            made = _written(partner, content, stack) if type == "document" else Ready(content.manifest)
        yield made


def take(message: Message, partner: Partner, made: Ready, via: str) -> Taken:
    """Does it. Raises OAError with the reason that the sender is told."""
    with _whole():
        return _KINDS[message.type](message, partner, made, via)


@contextmanager
def _whole() -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid("交换包的内容缺少必要的项", code="content") from error


def _written(partner: Partner, content: package.Content, stack: ExitStack) -> Ready:
    fields = {**content.manifest["document"], "sender": partner.name}  # who it is says the signature, not the text
    arrivals.check(fields)
    written = tuple(
        stack.enter_context(files.written(part, str(one["name"]), mime_hint=str(one.get("mime") or "") or None))
        for one, part in zip(content.manifest["files"], content.files(), strict=True))
    return Ready(content.manifest, fields, written, arrivals.seal_of(written))


def reference(partner: Partner, message_id: str) -> str:
    """What a document that came in is called on the sign-in desk."""
    return f"exchange:{partner.id}:{message_id}"


def _hello(_message: Message, partner: Partner, _made: Ready, _via: str) -> Taken:
    Partner.update(peer_confirmed_at=clock.now()).where(Partner.id == partner.id).execute()
    return "对方已核对本单位的指纹", 0, {}


def _document(message: Message, partner: Partner, made: Ready, via: str) -> Taken:
    way = "电子交换" if via == "https" else "电子交换（文件）"
    arrival = arrivals.take(dispatching.SOURCE, reference(partner, message.message_id), made.fields, made.written,
                            seal=made.seal, way=way)
    if _came_before(message, partner, "recall") is not None:
        arrivals.recall(dispatching.SOURCE, arrival.reference, "撤回先于公文到达")
    if (before := _came_before(message, partner, "standing")) is not None:
        arrivals.standing(dispatching.SOURCE, arrival.reference, str(before.answer["words"]))
    return f"{arrival.number}　{arrival.title}".strip(), arrival.secrecy_level, {"arrived_at": clock.now().isoformat()}


def _came_before(document: Message, partner: Partner, type: str) -> Message | None:
    """What was said of a document before it was here: by file it may come first."""
    found: Message | None = Message.get_or_none(
        Message.partner == partner, Message.direction == "in", Message.type == type,
        Message.reply_to == document.message_id, Message.state == "accepted")
    return found


def _receipt(message: Message, partner: Partner, made: Ready, _via: str) -> Taken:
    ours = _ours(message, partner)
    dispatching.take_receipt(ours, made.manifest, refused=message.type == "refusal")
    Message.update(state="done", last_error="", ended_at=clock.now()).where(
        Message.id == ours.id, Message.state.in_(("queued", "exported", "failed"))).execute()
    word = "退文" if message.type == "refusal" else "签收"
    return f"{word}：{ours.title}", ours.secrecy_level, {}


def _recall(message: Message, partner: Partner, made: Ready, _via: str) -> Taken:
    reason = str(made.manifest.get("reason") or "")[:200]
    arrival = arrivals.recall(dispatching.SOURCE, reference(partner, message.reply_to), reason)
    if arrival is None:
        return "撤回：还没有收到的公文", 0, {"outcome": "unknown"}
    return f"撤回：{arrival.title}", arrival.secrecy_level, {"outcome": arrival.state}


def _urge(message: Message, partner: Partner, _made: Ready, _via: str) -> Taken:
    arrivals.urge(dispatching.SOURCE, reference(partner, message.reply_to))
    found = arrivals.by_reference(dispatching.SOURCE, reference(partner, message.reply_to))
    return (f"催办：{found.title}", found.secrecy_level, {}) if found else ("催办", 0, {})


def _standing(message: Message, partner: Partner, made: Ready, _via: str) -> Taken:
    words = str(made.manifest["words"])[:200]
    found = arrivals.standing(dispatching.SOURCE, reference(partner, message.reply_to), words)
    if found is None:
        return "效力变更：还没有收到的公文", 0, {"outcome": "unknown", "words": words}
    return f"效力变更：{found.title}", found.secrecy_level, {"outcome": found.state}


def _ours(message: Message, partner: Partner) -> Message:
    found = Message.get_or_none(Message.key == f"out:{partner.id}:{message.reply_to}")
    if found is None or found.type != "document":
        raise Invalid("没有发过这份公文，回执没有接收", code="unknown_document")
    return found


_KINDS: dict[str, Callable[[Message, Partner, Ready, str], Taken]] = {
    "hello": _hello, "document": _document, "receipt": _receipt, "refusal": _receipt, "recall": _recall, "urge": _urge,
    "standing": _standing,
}

__all__ = ["Ready", "ready", "reference", "take"]
