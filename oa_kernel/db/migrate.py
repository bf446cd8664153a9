"""Migrations, one history a distribution: the kernel's and each plugin's, by peewee-migrate.

A plugin's migrations stand in ``migrations/NNN_name.py`` of its package. Whether something is to do is
found out without loading the migration library, since every start asks.
"""

from __future__ import annotations

import importlib.util
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peewee

from ..plugins import Registry
from .engine import database

log = logging.getLogger(__name__)

KERNEL = "kernel"
_FILE = re.compile(r"\d{3}_[^.]+\.py$")


def folder(package: str) -> Path | None:
    """The migrations folder of an import package, or None if it has none."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.origin:
        return None
    path = Path(spec.origin).parent / "migrations"
    return path if path.is_dir() else None


def table(name: str) -> str:
    """Table that holds the history of the kernel or of a plugin."""
    return f"{name.replace('-', '_')}_migrations"


def pending(name: str, package: str) -> list[str]:
    """Migrations that the installed code has and the database has not."""
    path = folder(package)
    if path is None:
        return []
    have = sorted(f.stem for f in path.iterdir() if _FILE.match(f.name))
    if not have:
        return []
    try:
        rows = database.execute_sql(f'SELECT name FROM "{table(name)}"').fetchall()
    except (peewee.OperationalError, peewee.ProgrammingError):
        if not database.is_closed() and database.in_transaction():
            database.rollback()
        return have
    done = {row[0] for row in rows}
    return [m for m in have if m not in done]


def packages(registry: Registry) -> list[tuple[str, str]]:
    """(name, import package) of the kernel and of every plugin that runs, in order."""
    return [(KERNEL, "oa_kernel")] + [
        (s.name, s.info.package) for s in registry.ok() if s.info is not None and s.info.package
    ]


def pending_all(registry: Registry) -> dict[str, list[str]]:
    """What is to do, by name; empty when the database is up to date."""
    found = {name: pending(name, package) for name, package in packages(registry)}
    return {name: todo for name, todo in found.items() if todo}


def upgrade(registry: Registry, progress: Callable[[str, str], Any] | None = None) -> dict[str, list[str]]:
    """Brings the database to the installed versions; returns what was done, by name.

    A plugin whose migration fails is marked broken (each migration is one transaction, so nothing of the
    failed one stays); a failure of the kernel's own raises.
    """
    done: dict[str, list[str]] = {}
    for name, package in packages(registry):
        if name != KERNEL and registry.states[name].state != "ok":
            continue  # broken meanwhile, through one that it needs
        for migration in pending(name, package):
            if progress:
                progress(name, migration)
            try:
                _router(name, package).run(migration)
            except Exception as error:  # a plugin's own code
                if name == KERNEL:
                    raise
                registry.mark_broken(name, f"数据库迁移 {migration} 失败：{type(error).__name__}: {error}")
                break
            done.setdefault(name, []).append(migration)
    return done


def _router(name: str, package: str) -> Any:
    from peewee_migrate import Router

    engine = database.obj
    quiet = logging.getLogger(f"{__name__}.router")
    quiet.setLevel(logging.CRITICAL)  # failures are reported by upgrade(), with the plugin's name

    def history() -> type[peewee.Model]:
        meta = type("Meta", (), {"table_name": table(name), "database": engine})
        return type("MigrationHistory", (peewee.Model,), {
            "name": peewee.CharField(unique=True),
            "migrated_at": peewee.DateTimeField(constraints=[peewee.SQL("DEFAULT CURRENT_TIMESTAMP")]),
            "Meta": meta,
        })

    class OwnRouter(Router):
        """One history table a distribution: peewee-migrate's own is a single class with one table name."""

        @property
        def model(self) -> type[peewee.Model]:
            if not hasattr(self, "_history"):
                self._history = history()
                self._history.create_table(safe=True)
            return self._history

    return OwnRouter(engine, migrate_dir=folder(package), logger=quiet)


def create(name: str, package: str, models: list[type], title: str = "auto") -> str | None:
    """Writes the next migration file from the difference between models and history. For developers."""
    return _router(name, package).create(title, auto=models)
