"""The queue: huey on SQLite, Redis or PostgreSQL. What must not be lost goes through the outbox instead:
a task that a killed worker had already taken is gone."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import unquote, urlsplit

from oa_kernel import builtin, context, db, runtime
from oa_kernel.errors import ConfigError, Invalid, Unavailable

log = logging.getLogger(__name__)

_NAME = "oa"
#: tries of a failing task, and seconds between them
_RETRIES, _RETRY_DELAY = 3, 60


def huey() -> Any:
    """The queue of this installation, opened when first needed.

    :raises ConfigError: for a ``queue.url`` that is of no known kind, or whose driver is not installed.
    """
    cache = runtime.current().cache
    if "scheduling.huey" not in cache:
        made = _open()
        # one huey task for all: names and arguments are ours, so that plugins never meet huey
        cache["scheduling.run"] = made.task(name="run", retries=_RETRIES, retry_delay=_RETRY_DELAY)(_run)
        cache["scheduling.huey"] = made
    return cache["scheduling.huey"]


def enqueue(name: str, /, **arguments: Any) -> None:
    """Puts a task on the queue: a plugin's ``QueuedTask`` by its name. Inside a transaction: once it commits.

    A queue is quick and forgets: what must happen goes through ``outbox.put``.

    :param arguments: plain values (texts, numbers, lists of them).
    :raises Invalid: for a name that nobody registered.
    """
    if name not in _tasks():
        raise Invalid(f"没有 {name} 这种后台任务")
    db.on_commit(lambda: _put(name, arguments))


def ping() -> int:
    """Asks the queue how many tasks wait; raises Unavailable if it does not answer."""
    try:
        return int(huey().pending_count())
    except ConfigError:
        raise
    except Exception as error:  # three storages with errors of their own
        raise Unavailable(f"任务队列不可用：{type(error).__name__}: {error}") from error


def _put(name: str, arguments: dict[str, Any]) -> None:
    huey()
    try:
        runtime.current().cache["scheduling.run"](name, arguments)
    except Exception as error:  # three storages with errors of their own
        raise Unavailable(f"任务队列不可用：{type(error).__name__}: {error}") from error


def _run(name: str, arguments: dict[str, Any]) -> None:
    """What huey calls in the worker."""
    task = _tasks().get(name)
    if task is None:
        log.error("queued task %s is not known here: was its plugin disabled?", name)
        return
    try:
        with context.acting(context.Actor(username="worker", name="后台", channel="worker")):
            task.run(**arguments)
    finally:
        db.close()


def _tasks() -> dict[str, Any]:
    cache = runtime.current().cache
    if "scheduling.tasks" not in cache:
        cache["scheduling.tasks"] = {t.name: t for t in builtin.collect("oa_queued_tasks")}
    return cache["scheduling.tasks"]


def _open() -> Any:
    running = runtime.current()
    url = running.config["queue"]["url"]
    options: dict[str, Any] = {"results": False, "utc": True, "serializer": _serializer(running.keys.secret("queue"))}
    parts = urlsplit(url)
    if not url or parts.scheme == "sqlite":
        from huey import SqliteHuey

        path = running.config.folder / (unquote(parts.path[1:]) if url else "queue.db")
        return SqliteHuey(_NAME, filename=str(path), fsync=True, cache_mb=1, timeout=30, **options)
    if parts.scheme in ("redis", "rediss", "unix"):
        try:
            import redis  # noqa: F401
        except ImportError:
            raise ConfigError("queue.url 指向 Redis，但没有安装驱动：pip install 'oa-kernel[redis]'") from None
        from huey import RedisHuey

        return RedisHuey(_NAME, url=url, **options)
    if parts.scheme in ("postgresql", "postgres"):
        return _open_postgresql(url, options)
    raise ConfigError(
        f"queue.url 的写法不认识：{parts.scheme or url}。可用 sqlite:///文件、redis://主机:端口/库号 或 postgresql://…"
    )


def _open_postgresql(url: str, options: dict[str, Any]) -> Any:
    try:
        import psycopg2  # noqa: F401
    except ImportError:
        raise ConfigError("queue.url 指向 PostgreSQL，但没有安装驱动：pip install 'oa-kernel[postgresql]'") from None
    from huey.contrib.sql_huey import SqlHuey
    from peewee import PostgresqlDatabase
    from playhouse.db_url import parse

    settings = parse(url)
    return SqlHuey(_NAME, database=PostgresqlDatabase(settings.pop("database"), **settings), **options)


def _serializer(secret: bytes) -> Any:
    """huey pickles tasks; a signature keeps anyone who can write to the queue from handing us a pickle."""
    import hmac

    from huey.serializer import Serializer

    from oa_kernel.crypto import hmac_sm3

    class Signed(Serializer):
        def _serialize(self, data: Any) -> bytes:
            body = super()._serialize(data)
            return hmac_sm3(secret, body) + body

        def _deserialize(self, data: Any) -> Any:
            data = bytes(data)
            if not hmac.compare_digest(hmac_sm3(secret, data[32:]), data[:32]):
                raise ValueError("a task with a wrong signature stood in the queue; it was not run")
            return super()._deserialize(data[32:])

    return Signed()
