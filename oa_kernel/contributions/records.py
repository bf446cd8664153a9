"""Files and finished things: who may read them, how they are verified, how they are kept as records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class FileGuard:
    """Who may read files attached to a kind of thing. ``readable(person, subject_id) -> bool``."""

    subject_kind: str
    readable: Callable[[Any, str], bool]


@dataclass(frozen=True)
class Verifier:
    """Recognises and verifies a kind of file offline, for ``oa verify FILE``.

    ``recognises(path, head: bytes) -> bool``; ``verify(path) -> dict`` with at least
    ``ok: bool``, ``kind: str``, ``summary: str``, ``reasons: list[str]``; and, where there is more to say than the summary does,
    ``details: list[str]``, such as a line for each of several seals.
    """

    name: str
    title: str
    recognises: Callable[[Path, bytes], bool]
    verify: Callable[[Path], dict[str, Any]]
    #: True: it checks folders; only such are asked about one, with an empty ``head``. Their ``verify(path, progress=…)`` may be
    #: given ``progress(done, total)``
    folders: bool = False


@dataclass(frozen=True)
class RecordPart:
    """One file of a finished thing, in the order it is to be kept.

    ``role`` is ``text`` (the formal version) | ``attachment`` | ``final_draft`` | ``handling`` (who decided what, when) |
    ``draft`` (an earlier wording) | ``related``. Either ``file``, a row of the files room, or ``data`` made on the spot.
    """

    role: str
    name: str
    file: Any = None
    data: bytes = b""


@dataclass(frozen=True)
class Record:
    """A finished thing as it is to be kept: what it is called, who made it when, what it consists of."""

    title: str
    number: str = ""
    #: in the words of its plugin: 通知, 请示 …
    kind: str = ""
    #: the date it bears
    date: Any = None
    #: who is answerable for it: an organisation or a person
    creator: str = ""
    department_id: int | None = None
    department: str = ""
    #: the level's word, and its index into ``config.SECRECY_LEVELS``
    secrecy: str = ""
    secrecy_level: int = 0
    secrecy_term: str = ""
    urgency: str = ""
    #: (what they did, their name)
    people: Sequence[tuple[str, str]] = ()
    #: for searching
    text: str = ""
    parts: Sequence[RecordPart] = ()
    #: the workflow case it came by
    instance_id: int | None = None
    #: further facts, label → value
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RecordSource:
    """Finished things of a plugin that another plugin may keep as records; ``signals.record_ready`` tells of each.

    ``describe(subject_id) -> Record`` raises NotFound or Conflict for what is not finished (any more).
    ``kept(subject_id, reference, by) -> None`` is told, inside the transaction, under which reference it is kept.
    ``visible(person, subject_id) -> bool`` says who may see it anyway.
    ``erased(subject_id, list_number, by) -> None`` is told, inside the transaction, that the record was destroyed by an
    approved list: it takes away the words it keeps itself. (Files are erased already.)
    """

    kind: str
    title: str
    describe: Callable[[str], Record]
    kept: Callable[[str, str, Any], None] | None = None
    visible: Callable[[Any, str], bool] | None = None
    url: Callable[[str], str] | None = None
    erased: Callable[[str, str, Any], None] | None = None


__all__ = ["FileGuard", "Record", "RecordPart", "RecordSource", "Verifier"]
