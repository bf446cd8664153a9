"""The declarative objects that plugins answer hooks with. Plain data; nothing here does anything.

Callables inside them are called by the room that owns the matter, with the arguments their field names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class PluginInfo:
    """Answer of ``oa_plugin()``: who the plugin is and what it needs."""

    #: short name, as in YAML: ``documents``
    name: str
    #: for people, zh-CN
    title: str
    version: str
    #: PEP 440 range of kernel versions, e.g. ``>=0.1,<1``
    kernel: str = ">=0.1,<1"
    #: names of plugins that must be there (and are loaded first)
    requires: Sequence[str] = ()
    description: str = ""
    #: import package whose ``migrations/``, ``templates/``, ``translations/``, ``static/`` are the plugin's
    package: str = ""
    #: version → what an administrator must know or do when upgrading to it, zh-CN
    upgrade_notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Permission:
    """A right that can be granted. ``name`` is ``plugin.thing.verb``."""

    name: str
    title: str
    description: str = ""
    #: True where the right is limited by data scope and clearance (see ``permissions.restrict``)
    scoped: bool = False
    #: ``business`` | ``system`` | ``security`` | ``audit``: which of the three administrators may hold it
    domain: str = "business"


@dataclass(frozen=True)
class Role:
    """A named set of permissions that comes with a plugin; organisations grant it or copy it.

    ``permissions`` maps a permission's name to its data scope:
    ``own`` | ``department`` | ``department_tree`` | ``chosen`` | ``all``.
    """

    name: str
    title: str
    permissions: Mapping[str, str]
    description: str = ""
    #: ``business`` | ``system`` | ``security`` | ``audit``
    domain: str = "business"
    #: True: everybody who is active holds it
    everyone: bool = False


@dataclass(frozen=True)
class NavItem:
    """A page in the left navigation.

    ``group`` is one of ``workbench documents archives calendar resources ledgers requests compliance admin``.
    """

    group: str
    title: str
    endpoint: str
    icon: str = "file-text"
    #: shown to who holds this permission; None: to everybody signed in
    permission: str | None = None
    order: int = 100
    #: ``count(person) -> int`` shown as a badge; asked on full pages only, must be one indexed query
    count: Callable[[Any], int] | None = None
    #: ``visible(person) -> bool``, where one permission does not say it; asked once as long as the rights are the same
    visible: Callable[[Any], bool] | None = None


@dataclass(frozen=True)
class Widget:
    """A card on the workbench. ``render(person) -> Markup | str`` gives its inside (HTML)."""

    name: str
    title: str
    render: Callable[[Any], str]
    icon: str = "layout"
    permission: str | None = None
    #: columns of 12 on a wide screen
    width: int = 6
    order: int = 100
    #: shown to a person who has arranged nothing
    default: bool = True


@dataclass(frozen=True)
class WorkflowEffect:
    """What a definition may do when a step is completed (``on_complete: [documents.number]``).

    ``run(instance, task, by) -> None`` is called inside the transaction of the action; raising undoes it all.
    A step that is done again after a return does not repeat it (no second number), unless ``repeat`` is set.
    """

    name: str
    title: str
    run: Callable[[Any, Any, Any], None]
    #: True: happens each time the step is completed
    repeat: bool = False


@dataclass(frozen=True)
class WorkflowService:
    """What a service step calls (``{type: service, service: plugin.name}``), after the commit, through the outbox.

    ``run(instance, key) -> dict | None`` gives form fields to take over, or nothing. Raising means: try again later;
    the step shows the reason, and an administrator may have it tried again. It is called at least once: ``key`` is the
    same at every try of one step, so that a second call can be told.
    """

    name: str
    title: str
    run: Callable[[Any, str], Mapping[str, Any] | None]


@dataclass(frozen=True)
class PeopleRule:
    """A plugin's own rule for who gets a step (``people: {rule: plugin.name}``).

    ``find(instance, step, form) -> list[int]`` gives ids of people.
    """

    name: str
    title: str
    find: Callable[[Any, Any, Mapping[str, Any]], list[int]]


@dataclass(frozen=True)
class WorkflowSubject:
    """How the kernel speaks of what a case is about (``subject_kind`` of an instance).

    ``url(subject_id) -> str`` is the page where the work is done;
    ``visible(person, subject_id) -> bool`` says whether somebody may see it beyond taking part in the case.
    """

    kind: str
    title: str
    url: Callable[[str], str]
    visible: Callable[[Any, str], bool] | None = None


@dataclass(frozen=True)
class GuardedChange:
    """A change of security that a second person confirms (四眼) where ``security.second_person`` names its ``group``.

    It is asked for by ``permissions.submit(name, payload, by=…)`` and carried out once, when it is confirmed. The
    service behind it calls ``permissions.guard(group)``, so that no other way leads around the rule. The payload is
    plain JSON and never holds a secret.
    """

    name: str
    title: str
    #: word of ``security.second_person``; empty: somebody else decides in any case, and ``apply`` finds the number of
    #: the change in the payload as ``asked_in``
    group: str
    #: ``apply(payload, by) -> Any`` does it, inside the transaction; ``by`` is who confirmed
    apply: Callable[[dict[str, Any], Any], Any]
    #: ``describe(payload) -> str``: what it does, in words; a ``Phrase`` can be said in other languages too
    describe: Callable[[dict[str, Any]], str]
    #: ``subject(payload) -> str``: what it is about; of one thing only one change waits at a time
    subject: Callable[[dict[str, Any]], str]
    #: ``base(payload) -> plain JSON``: what stands there now; another one when it is confirmed, and it is refused as stale
    base: Callable[[dict[str, Any]], Any] | None = None
    #: ``details(payload) -> [(label, value)]`` for who decides
    details: Callable[[dict[str, Any]], list[tuple[str, str]]] | None = None
    #: ``concerns(payload) -> ids`` of people who may not decide because it is about them
    concerns: Callable[[dict[str, Any]], set[int]] | None = None
    #: the permission of who may ask, and of who may decide
    ask: str = "kernel.grants.manage"
    decide: str = "kernel.changes.decide"
    #: what ``apply`` gives back is shown to who confirmed, once (a first password)
    reveals: bool = False
    #: ``lapses(payload) -> datetime | None``: from when on it would be of no use; it waits no longer than that
    lapses: Callable[[dict[str, Any]], Any] | None = None


@dataclass(frozen=True)
class ScheduledTask:
    """Periodic work. ``cron`` has five fields (minute hour day month weekday), in the organisation's zone."""

    name: str
    cron: str
    run: Callable[[], Any]
    title: str = ""


@dataclass(frozen=True)
class QueuedTask:
    """Work that is put on the queue by name: ``scheduling.enqueue(name, **arguments)``."""

    name: str
    run: Callable[..., Any]


@dataclass(frozen=True)
class OutboxHandler:
    """Carries out what an outbox row asks for, after the commit, at least once.

    ``deliver(payload: dict) -> None``; raising means: try again later. ``oa_kernel.outbox.Undeliverable``
    means: never (straight to the dead letters).
    """

    topic: str
    deliver: Callable[[dict[str, Any]], None]
    title: str = ""


@dataclass(frozen=True)
class NotificationKind:
    """A kind of message people can set their preferences for."""

    name: str
    title: str
    #: channels on by default, of ``inbox``, ``email`` and plugins' own
    channels: Sequence[str] = ("inbox", "email")


@dataclass(frozen=True)
class NotificationChannel:
    """A way a message travels. ``topic`` is the outbox topic its payload is put on."""

    name: str
    title: str
    topic: str
    #: ``address(person) -> str``; empty: this person cannot be reached so
    address: Callable[[Any], str]


@dataclass(frozen=True)
class Authenticator:
    """A way to prove who one is. ``authenticate(username, password) -> Person | None``, asked in order."""

    name: str
    title: str
    authenticate: Callable[[str, str], Any]
    order: int = 100


@dataclass(frozen=True)
class SearchSource:
    """Where the search box looks. ``find(person, q, limit) -> list[{title, url, snippet, at, icon}]``."""

    name: str
    title: str
    find: Callable[[Any, str, int], list[dict[str, Any]]]
    permission: str | None = None
    order: int = 100


@dataclass(frozen=True)
class Diagnostic:
    """A line of ``oa doctor``. ``check() -> (state, message)``, state ``ok`` | ``warning`` | ``problem``."""

    name: str
    title: str
    check: Callable[[], tuple[str, str]]


@dataclass(frozen=True)
class Verifier:
    """Recognises and verifies a kind of file offline, for ``oa verify FILE``.

    ``recognises(path, head: bytes) -> bool``; ``verify(path) -> dict`` with at least
    ``ok: bool``, ``kind: str``, ``summary: str``, ``reasons: list[str]``.
    """

    name: str
    title: str
    recognises: Callable[[Path, bytes], bool]
    verify: Callable[[Path], dict[str, Any]]
    #: True: it checks folders; only such are asked about one, with an empty ``head``. Their ``verify(path, progress=…)`` may be
    #: given ``progress(done, total)``
    folders: bool = False


@dataclass(frozen=True)
class FileGuard:
    """Who may read files attached to a kind of thing. ``readable(person, subject_id) -> bool``."""

    subject_kind: str
    readable: Callable[[Any, str], bool]


@dataclass(frozen=True)
class Benchmark:
    """A suite of ``oa bench``. ``run(tell) -> iterable of oa_kernel.bench.Figure``; ``tell(text)`` shows progress.

    ``seed(rows)`` fills the running installation's tables with that many rows of the plugin's, so that the kernel's
    suites too are measured in a large organisation.
    """

    name: str
    title: str
    run: Callable[[Callable[[str], Any]], Any]
    seed: Callable[[int], None] | None = None


@dataclass(frozen=True)
class SheetColumn:
    """A column of a spreadsheet. ``kind`` is ``text`` | ``integer`` | ``number`` | ``date`` | ``boolean``."""

    name: str
    #: the heading, zh-CN
    title: str
    kind: str = "text"
    required: bool = False
    choices: Sequence[str] = ()
    help: str = ""
    #: other headings it is known by
    aliases: Sequence[str] = ()
    #: most characters of a text
    longest: int = 500


@dataclass(frozen=True)
class Sheet:
    """Rows that come in and go out as .xlsx (``oa import NAME FILE``, ``oa export NAME FILE``).

    ``load(rows, report, by)`` writes rows (dicts by column name, ``row`` their line) inside the import's transaction
    and reports what is wrong by ``report.fault(row, heading, message)``; it may answer with a callable that is run
    when all worksheets are read. ``prepare(rows, report, by)`` is asked before that transaction, for what takes long (SQLite
    has one writer, and everybody waits for it), and ``load`` gets what it answers in the place of the rows; whatever it
    read may have changed by then. ``dump() -> iterable of dicts`` gives all rows. ``parts`` names the kinds that
    make up a workbook of several worksheets, in the order they are read.
    """

    name: str
    title: str
    columns: Sequence[SheetColumn] = ()
    load: Callable[..., Any] | None = None
    dump: Callable[[], Any] | None = None
    #: who may import it on the pages; None: by the command line only
    permission: str | None = None
    parts: Sequence[str] = ()
    prepare: Callable[..., Any] | None = None


@dataclass(frozen=True)
class LedgerDeclaration:
    """A ledger: list, forms, detail page, import, export and REST of one kind of row, out of one YAML file.

    ``model`` is a subclass of ``oa_kernel.ledgers.Row`` (any other model is shown read-only); left out, the table is
    made from the file. ``behaviour`` is a subclass of ``oa_kernel.ledgers.Ledger`` for what a file cannot say.
    """

    path: Path
    model: type | None = None
    behaviour: type | None = None


@dataclass(frozen=True)
class DemoData:
    """What a plugin adds to the demo organisation. ``build(org: DemoOrganisation) -> None``."""

    build: Callable[[Any], None]
    order: int = 100


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


@dataclass(frozen=True)
class Theme:
    """Answer of a theme's entry point (any object with these attributes will do)."""

    name: str
    title: str
    version: str
    template_folder: str
    static_folder: str
    static_manifest: Mapping[str, str] = field(default_factory=dict)


__all__ = [
    "Authenticator",
    "Benchmark",
    "DemoData",
    "Diagnostic",
    "FileGuard",
    "GuardedChange",
    "LedgerDeclaration",
    "NavItem",
    "NotificationChannel",
    "NotificationKind",
    "OutboxHandler",
    "PeopleRule",
    "Permission",
    "PluginInfo",
    "QueuedTask",
    "Record",
    "RecordPart",
    "RecordSource",
    "Role",
    "ScheduledTask",
    "SearchSource",
    "Sheet",
    "SheetColumn",
    "Theme",
    "Verifier",
    "Widget",
    "WorkflowEffect",
    "WorkflowService",
    "WorkflowSubject",
]
