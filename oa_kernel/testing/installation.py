"""Installations for tests: made once a process as a template, then copied for every test."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from oa_kernel import context, db, runtime
from oa_kernel.db import migrate


def postgresql_url() -> str:
    """The server the tests are to use, e.g. ``postgresql://postgres@/``; empty: SQLite."""
    return os.environ.get("OA_TEST_DATABASE", "")


def postgresql_server() -> str:
    """As :func:`postgresql_url`; where it says nothing, the server on this machine's socket."""
    return postgresql_url() or "postgresql://postgres@/"


def postgresql_problem() -> str:
    """Why the PostgreSQL server cannot be used; empty when it answers."""
    try:
        _admin("SELECT 1")
    except ImportError:
        return "no PostgreSQL driver: pip install 'oa-kernel[postgresql]'"
    except Exception as error:  # the driver's, of many kinds
        return f"no PostgreSQL server at {postgresql_server()}: {str(error).splitlines()[0]}"
    return ""


def fast_hashing() -> None:
    """Makes password hashing cheap: tests make hundreds of people."""
    from oa_kernel.identity import passwords

    passwords.hasher_parameters.update(time_cost=1, memory_cost=8, parallelism=1)


class Installation:
    """One temporary installation: folder, configuration, keys, migrated database."""

    def __init__(self, folder: Path, settings: Mapping[str, Any], plugins: Mapping[str, Any] | None = None) -> None:
        self.folder = folder
        self.plugins = dict(plugins or {})
        self.settings = dict(settings)
        self.database = ""

    @property
    def config_path(self) -> Path:
        """The YAML file, for commands and other processes."""
        return self.folder / "oa.yaml"

    def write(self) -> None:
        """Writes the configuration."""
        self.config_path.write_text(yaml.safe_dump(self.settings, allow_unicode=True), encoding="utf-8")

    def boot(self) -> runtime.Runtime:
        """Boots it in this process."""
        fast_hashing()
        context.set_current(context.SYSTEM)
        return runtime.boot(self.config_path, extra_plugins=self.plugins)

    def drop(self) -> None:
        """Removes the PostgreSQL database, if there is one."""
        db.close()
        if self.database:
            _admin(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')


def make_template(
    folder: Path, settings: Mapping[str, Any], plugins: Mapping[str, Any] | None = None, *, engine: str = ""
) -> Installation:
    """Makes keys and a migrated, empty database in ``folder``.

    :param engine: ``sqlite`` | ``postgresql``; left out: as ``OA_TEST_DATABASE`` says.
    """
    from oa_kernel.crypto import KeyRing

    folder.mkdir(parents=True, exist_ok=True)
    made = Installation(folder, settings, plugins)
    if (engine or ("postgresql" if postgresql_url() else "sqlite")) == "postgresql":
        made.database = f"oa_test_{uuid.uuid4().hex[:12]}"
        _admin(f'CREATE DATABASE "{made.database}"')
        made.settings["database"] = {"url": _with_name(made.database)}
    made.write()
    KeyRing.create(folder / "keys")
    running = made.boot()
    migrate.upgrade(running.plugins)
    broken = running.plugins.broken()
    if broken:
        raise RuntimeError(f"plugin {broken[0].name} is broken: {broken[0].reason}")
    _after_migrations()
    db.close()
    if not made.database:
        _checkpoint(folder / "oa.db")
    return made


def _after_migrations() -> None:
    from oa_kernel import ledgers, workflow

    workflow.sync_definitions()
    ledgers.sync()


def copy(template: Installation, folder: Path, settings: Mapping[str, Any] | None = None) -> Installation:
    """A fresh installation like the template, for one test."""
    db.close()
    shutil.copytree(template.folder, folder, dirs_exist_ok=True)
    made = Installation(folder, {**template.settings, **(settings or {})}, template.plugins)
    if template.database:
        made.database = f"oa_test_{uuid.uuid4().hex[:12]}"
        _admin(f'CREATE DATABASE "{made.database}" TEMPLATE "{template.database}"')
        made.settings["database"] = {"url": _with_name(made.database)}
    made.write()
    return made


def _with_name(name: str) -> str:
    parts = urlsplit(postgresql_server())
    return parts._replace(path="/" + name).geturl() if parts.netloc else f"postgresql:///{name}"


def _admin(sql: str) -> None:
    import psycopg2

    parts = urlsplit(postgresql_server())
    options = {"host": parts.hostname, "port": parts.port, "user": parts.username, "password": parts.password}
    connection = psycopg2.connect(dbname="postgres", **{k: v for k, v in options.items() if v})
    connection.autocommit = True
    try:
        connection.cursor().execute(sql)
    finally:
        connection.close()


def _checkpoint(path: Path) -> None:
    """Moves the write-ahead log into the file, so that copying one file is enough."""
    import sqlite3

    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
