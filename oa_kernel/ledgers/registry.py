"""Which ledgers there are: the kernel's, the plugins', the organisation's own (``ledgers/*.yaml`` beside ``oa.yaml``)."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from oa_kernel import builtin, db, runtime
from oa_kernel.contributions import LedgerDeclaration
from oa_kernel.db import migrate
from oa_kernel.errors import ConfigError, NotFound

from . import tables
from .declaration import read
from .ledger import Ledger

log = logging.getLogger(__name__)

OWN = "own"


@dataclass
class Registry:
    """All ledgers by name, and what was left out: what → why."""

    ledgers: dict[str, Ledger] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def registry() -> Registry:
    """Read once; again where a plugin has broken since."""
    running = runtime.current()
    state = tuple(s.name for s in running.plugins.ok())
    cached = running.cache.get("ledgers.registry")
    if cached is None or cached[0] != state:
        found = _read(running)
        state = tuple(s.name for s in running.plugins.ok())
        cached = running.cache["ledgers.registry"] = (state, found)
    made: Registry = cached[1]
    return made


def reload() -> None:
    """Reads all declarations again: a file was added. A running web service takes it in at its next start."""
    for name in ("ledgers.registry", "permissions.declared", "web.nav"):
        runtime.current().cache.pop(name, None)


def registered() -> dict[str, Ledger]:
    """All ledgers by name, in the order they are shown."""
    return registry().ledgers


def get(name: str) -> Ledger:
    """A ledger by name. Raises NotFound that names the nearest."""
    found = registered().get(name)
    if found is None:
        near = difflib.get_close_matches(name, registered(), 1, 0.5)
        hint = f"，是不是 {near[0]}？" if near else ""
        raise NotFound(f"没有叫 {name} 的台账{hint}")
    return found


def _read(running: runtime.Runtime) -> Registry:
    made = Registry()
    for owner, item in builtin.collect_with_owner("oa_ledgers"):
        if owner != "kernel" and running.plugins.states[owner].state != "ok":
            continue
        try:
            _add(made, _plugin_ledger(running, owner, item))
        except ConfigError as error:
            if owner == "kernel":
                raise
            running.plugins.mark_broken(owner, error.message)
            made.ledgers = {n: one for n, one in made.ledgers.items() if one.owner != owner}
    for path in own_files(running):
        try:
            _add(made, Ledger(read(path), OWN))
        except ConfigError as error:
            log.error("ledger left out: %s", error.message)
            made.left_out[path.name] = error.message
    made.ledgers = dict(sorted(made.ledgers.items(), key=lambda pair: (pair[1].declaration.order, pair[0])))
    return made


def own_files(running: runtime.Runtime) -> list[Path]:
    """The organisation's own files."""
    folder = running.config.folder / "ledgers"
    return sorted(p for p in folder.glob("*.yaml") if p.is_file()) if folder.is_dir() else []


def _plugin_ledger(running: runtime.Runtime, owner: str, item: Any) -> Ledger:
    if not isinstance(item, LedgerDeclaration):
        raise ConfigError(f"oa_ledgers() 给出了 {type(item).__name__}，应是 LedgerDeclaration")
    behaviour = item.behaviour or Ledger
    if not (isinstance(behaviour, type) and issubclass(behaviour, Ledger)):
        raise ConfigError(f"{item.path}：behaviour 应是 oa_kernel.ledgers.Ledger 的子类")
    made: Ledger = behaviour(
        read(Path(item.path)), owner, item.model,
        makes_table=item.model is not None and owner != "kernel" and _no_migrations(running, owner),
    )
    return made


def _no_migrations(running: runtime.Runtime, owner: str) -> bool:
    """A plugin without a ``migrations/`` folder leaves its ledgers' tables to us."""
    info = running.plugins.states[owner].info
    return info is None or not info.package or migrate.folder(info.package) is None


def _add(made: Registry, ledger: Ledger) -> None:
    other = made.ledgers.get(ledger.name)
    if other is not None:
        raise ConfigError(f"{ledger.declaration.path}：已有叫 {ledger.name} 的台账（{other.declaration.path}）")
    made.ledgers[ledger.name] = ledger


def sync(progress: Callable[[str], Any] | None = None) -> dict[str, list[str]]:
    """Brings the tables of all ledgers up to date, by adding only: what was done, by ledger.

    One that cannot be is left out (a plugin's ledger: its plugin is broken), with the reason.
    """
    found, done = registry(), {}
    for ledger in list(found.ledgers.values()):
        try:
            if steps := tables.sync(ledger):
                done[ledger.name] = steps
                if progress:
                    progress(f"台账 {ledger.title}：{'、'.join(steps)}")
        except ConfigError as error:
            _leave_out(found, ledger, error.message)
    return done


def check() -> None:
    """Leaves out ledgers whose tables are not up to date, so that nothing fails at the first click."""
    found = registry()
    for ledger in list(found.ledgers.values()):
        if reason := tables.pending(ledger):
            _leave_out(found, ledger, reason)


def pending() -> dict[str, str]:
    """What ``oa migrate`` would see to, or cannot: ledger → words."""
    found = registry()
    waiting = {ledger.name: tables.pending(ledger) for ledger in found.ledgers.values()}
    return {**found.left_out, **{name: reason for name, reason in waiting.items() if reason}}


def _leave_out(found: Registry, ledger: Ledger, reason: str) -> None:
    log.error("ledger %s left out: %s", ledger.name, reason)
    found.ledgers.pop(ledger.name, None)
    found.left_out[ledger.name] = reason
    running = runtime.current()
    if ledger.owner in running.plugins.states:
        running.plugins.mark_broken(ledger.owner, f"台账 {ledger.name}：{reason}")


def diagnose() -> tuple[str, str]:
    """For ``oa doctor``."""
    try:
        found = registry()
        wrong = pending()
    except (ConfigError, db.DoesNotExist) as error:
        return "problem", str(error)
    if wrong:
        return "problem", "；".join(f"{name}：{reason}" for name, reason in wrong.items())
    return "ok", "、".join(f"{one.title}（{one.name}）" for one in found.ledgers.values())


__all__ = ["OWN", "Registry", "check", "diagnose", "get", "own_files", "pending", "registered", "registry", "reload", "sync"]
