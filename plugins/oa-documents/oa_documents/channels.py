"""Further ways a dispatch travels to an outside organisation, beside e-mail and paper: what plugins answer
``oa_documents_channels`` with.

A channel hands a dispatch on inside the caller's transaction (what leaves the house goes through the outbox) and tells
what became of it by the functions of :mod:`oa_documents.services.carriers`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from oa_kernel import runtime

#: ways the plugin itself knows
OWN = {"system": "系统内", "email": "电子邮件", "fax": "传真", "hand": "纸质送达"}


@dataclass(frozen=True)
class Channel:
    """A way of dispatching. ``name`` stands in ``Dispatch.channel`` (20 characters at most)."""

    name: str
    #: for people, zh-CN
    title: str
    #: ``reaches() -> ids`` of organisations of the address book that it reaches now; one query
    reaches: Callable[[], set[int]]
    #: ``check(document, organisation) -> None`` raises Invalid, saying why this document cannot go there
    check: Callable[[Any, Any], None]
    #: ``send(document, dispatch, by) -> None``, inside the transaction; also called when it is sent again
    send: Callable[[Any, Any, Any], None]
    #: ``urge(document, dispatch, by) -> None`` reminds the recipient; None: it cannot
    urge: Callable[[Any, Any, Any], None] | None = None
    #: ``recall(document, dispatch, reason, by) -> bool``: True where it had not left yet, False where the recipient is
    #: asked (``carriers.recalled`` or ``carriers.kept`` follows); None: what is sent cannot be called back
    recall: Callable[[Any, Any, str, Any], bool] | None = None


def others() -> dict[str, Channel]:
    """The plugins' channels, by name."""
    running = runtime.current()
    if "documents.channels" not in running.cache:
        running.cache["documents.channels"] = {
            c.name: c for _owner, c in running.plugins.collect_with_owner("oa_documents_channels")}
    found: dict[str, Channel] = running.cache["documents.channels"]
    return found


def titles() -> dict[str, str]:
    """What each channel is called."""
    return {**OWN, **{c.name: c.title for c in others().values()}}


def title(name: str) -> str:
    """What a channel is called; its name where the plugin that brought it is gone."""
    return titles().get(name, name)


def reach() -> dict[int, list[Channel]]:
    """Organisation of the address book → channels that reach it; a query a channel."""
    found: dict[int, list[Channel]] = {}
    for channel in others().values():
        for organisation_id in channel.reaches():
            found.setdefault(organisation_id, []).append(channel)
    return found
