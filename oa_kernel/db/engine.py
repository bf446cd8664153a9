"""Which engine, and how it is opened."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import peewee

from ..errors import ConfigError

#: what all models are bound to; stands for the real engine once :func:`init` was called
database: Any = peewee.DatabaseProxy()

_counting = threading.local()


class _Counted:
    """Lets tests count statements (see :func:`count_queries`)."""

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        counter = getattr(_counting, "statements", None)
        if counter is not None:
            counter.append(sql)
        return super().execute_sql(sql, params)  # type: ignore[misc]


class _Sqlite(_Counted, peewee.SqliteDatabase):
    pass


class _Postgresql(_Counted, peewee.PostgresqlDatabase):
    pass


#: seconds a writer waits for its turn before it gives up
BUSY_SECONDS = 30


def init(url: str, *, folder: Path | None = None, password: str = "") -> Any:
    """Opens the engine the URL names and binds all models to it.

    :param url: ``sqlite:///relative.db`` (from ``folder``), ``sqlite:////absolute.db`` or
        ``postgresql://user:password@host:port/name``.
    :raises ConfigError: for any other scheme, or when the driver is not installed.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        path = Path(unquote(parts.path[1:]))
        if not path.is_absolute():
            path = (folder or Path.cwd()) / path
        engine: Any = _Sqlite(
            str(path),
            timeout=BUSY_SECONDS,
            # a write transaction takes its lock at once: a later upgrade would fail without waiting
            lock_type="IMMEDIATE",
            pragmas={
                "journal_mode": "wal",
                "synchronous": "full",
                "foreign_keys": 1,
                "cache_size": -16_000,
                "mmap_size": 256 * 1024 * 1024,
                "temp_store": "memory",
            },
        )
    elif parts.scheme in ("postgresql", "postgres"):
        try:
            import psycopg2  # noqa: F401
        except ImportError as error:
            raise ConfigError(
                "database.url 指向 PostgreSQL，但没有安装驱动：pip install 'oa-kernel[postgresql]'"
            ) from error
        options: dict[str, Any] = dict(parse_qsl(parts.query))
        if parts.hostname:
            options["host"] = parts.hostname
        if parts.port:
            options["port"] = parts.port
        if parts.username:
            options["user"] = unquote(parts.username)
        secret = password or (unquote(parts.password) if parts.password else "")
        if secret:
            options["password"] = secret
        engine = _Postgresql(parts.path.lstrip("/"), application_name="oa", **options)
    else:
        raise ConfigError(f"database.url 的写法不认识：{parts.scheme or url}。可用 sqlite:///文件 或 postgresql://用户@主机/库名")
    close()
    database.initialize(engine)
    return engine


def write_if_free(query: Any) -> bool:
    """Runs a statement that may be left out where somebody else is writing; whether it ran.

    SQLite has one writer at a time: what is only worth knowing (when a session was used last) does not wait for a long
    import, and nobody's page does.
    """
    if is_postgresql() or database.in_transaction():
        query.execute()
        return True
    try:
        with impatient():
            query.execute()
    except peewee.OperationalError as error:
        if "locked" not in str(error):
            raise
        return False
    return True


@contextmanager
def impatient() -> Iterator[None]:
    """Inside the block SQLite waits 50 ms for another writer rather than half a minute. Not within a transaction."""
    if is_postgresql():
        yield
        return
    database.connect(reuse_if_open=True)
    connection = database.connection()
    connection.execute("PRAGMA busy_timeout = 50")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")


def close() -> None:
    """Closes this thread's connection, if there is one."""
    if database.obj is not None and not database.is_closed():
        database.close()


def engine_name() -> str:
    """``sqlite`` or ``postgresql``."""
    return "postgresql" if is_postgresql() else "sqlite"


def is_postgresql() -> bool:
    return isinstance(database.obj, peewee.PostgresqlDatabase)


def lock_rows(query: Any) -> Any:
    """The query with ``FOR UPDATE`` where the engine locks rows; SQLite's write transactions are alone anyway."""
    return query.for_update() if is_postgresql() else query


def ping() -> None:
    """Raises peewee's OperationalError or InterfaceError if the database does not answer."""
    try:
        database.execute_sql("SELECT 1")
    except (peewee.OperationalError, peewee.InterfaceError):
        close()  # a dead connection must not be kept
        raise


def counting() -> bool:
    """Whether this thread is inside :func:`count_queries`."""
    return getattr(_counting, "statements", None) is not None


@contextmanager
def count_queries() -> Iterator[list[str]]:
    """Collects the SQL of this thread's statements inside the block. For tests."""
    before = getattr(_counting, "statements", None)
    collected: list[str] = []
    _counting.statements = collected
    try:
        yield collected
    finally:
        _counting.statements = before
        if before is not None:
            before.extend(collected)
