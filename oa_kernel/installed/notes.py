"""Upgrade notes: what a plugin's author tells administrators of a version, shown until somebody has read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from oa_kernel import audit, clock, db, runtime
from oa_kernel.plugins import PluginState

from .models import SeenVersion
from .switching import SUBJECT, allowed, find


@dataclass(frozen=True)
class Note:
    """What is to be known of one version of a plugin."""

    plugin: str
    version: str
    text: str


def unread_notes(name: str | None = None) -> list[Note]:
    """Notes of versions newer than the one last read, up to the installed; of one plugin or of all that run. One
    query."""
    found: list[Note] = []
    seen = {row.plugin: row.read for row in SeenVersion.select()}
    for state in _running(name):
        if state.name in seen:
            found += _between(state, seen[state.name])
    return found


def arrived() -> list[Note]:
    """Called when the database was brought up to date: notes of what is newer than last time. A plugin that is new
    here has none: there is nothing to upgrade."""
    fresh: list[Note] = []
    with db.transaction():
        known = {row.plugin: row for row in SeenVersion.select()}
        for state in _running(None):
            row = known.get(state.name)
            if row is None:
                SeenVersion.create(plugin=state.name, version=state.version, at=clock.now(), read=state.version)
            elif row.version != state.version:
                fresh += _between(state, row.version)
                audit.record("plugin.upgraded", SUBJECT, state.name, state.name, before={"version": row.version},
                             after={"version": state.version})
                row.version, row.at = state.version, clock.now()
                row.save()
    return fresh


def read_notes(name: str, by: Any = None) -> None:
    """The notes of what is installed have been read: they are not shown any more."""
    allowed(by)
    state = find(name)
    with db.transaction():
        row = db.lock_rows(SeenVersion.select().where(SeenVersion.plugin == name)).first()
        if row is None or row.read == state.version:
            return
        audit.record("plugin.notes_read", SUBJECT, name, name, before={"read": row.read}, after={"read": state.version}, by=by)
        row.read = state.version
        row.save()


def _running(name: str | None) -> Iterable[PluginState]:
    return [s for s in runtime.current().plugins.ok() if name in (None, s.name)]


def _between(state: PluginState, old: str) -> list[Note]:
    """Notes newer than ``old`` and not newer than what is installed, the oldest first."""
    from packaging.version import InvalidVersion, Version

    found = []
    for version, text in (state.info.upgrade_notes if state.info else {}).items():
        try:
            number = Version(version)
            if Version(old) < number <= Version(state.version):
                found.append((number, Note(state.name, version, text)))
        except InvalidVersion:
            found.append((Version("0"), Note(state.name, version, text)))
    return [note for _number, note in sorted(found, key=lambda pair: pair[0])]


__all__ = ["Note", "arrived", "read_notes", "unread_notes"]
