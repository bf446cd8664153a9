"""For those who run it: is the process there, is everything it needs there, how much waits."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from flask import Flask, json, request
from werkzeug.wrappers import Response

from oa_kernel import __version__, db, runtime
from oa_kernel.errors import NotFound

from .access import Access

log = logging.getLogger("oa.web")

_LOOPBACK = ("127.0.0.1", "::1")


def install(app: Flask) -> None:
    """Adds ``/healthz``, ``/readyz`` and ``/metrics``."""
    for path, view in (("/healthz", healthz), ("/readyz", readyz), ("/metrics", metrics)):
        endpoint = f"oa.{view.__name__}"
        app.add_url_rule(path, endpoint, view, methods=["GET"])
        app.config["OA_ACCESS"][endpoint] = Access(public=True, csrf=False)


def healthz() -> Any:
    """The process answers."""
    return _json({"status": "ok", "version": __version__})


def readyz() -> Any:
    """Everything a request needs answers: database, queue, keys. Whether a worker was seen lately is said beside
    it, and is no reason to send people elsewhere."""
    parts = {name: state for name, state, _ in checks()}
    ready = all(state != "problem" for state in parts.values())
    return _json({"status": "ready" if ready else "not ready", **parts}, 200 if ready else 503)


def metrics() -> Any:
    """Prometheus' text, for who asks from this machine. Behind a proxy: let Prometheus ask past it."""
    if request.remote_addr not in _LOOPBACK or request.headers.get("X-Forwarded-For"):
        raise NotFound("没有这一页，或者您不能查看它")
    from .metrics import exposition

    body, kind = exposition()
    return Response(body, content_type=kind)


def checks() -> Iterator[tuple[str, str, str]]:
    """(name, ``ok`` | ``warning`` | ``problem``, what to say) of database, queue, keys and worker."""
    yield _check("database", _database)
    yield _check("queue", _queue)
    yield _check("keys", _keys)
    yield _check("worker", _worker)


def _check(name: str, ask: Any) -> tuple[str, str, str]:
    try:
        state, text = ask()
    except Exception as error:  # whatever it is, the answer is "not ready", with the reason in the log
        log.error("readiness of %s: %s", name, error)
        state, text = "problem", f"{type(error).__name__}"
    return name, state, text


def _database() -> tuple[str, str]:
    db.ping()
    return "ok", "PostgreSQL" if db.is_postgresql() else "SQLite"


def _keys() -> tuple[str, str]:
    keys = runtime.current().keys
    sample = b"ready"
    return ("ok", "") if keys.decrypt(keys.encrypt(sample)) == sample else ("problem", "密钥不能加解密")


def _queue() -> tuple[str, str]:
    from oa_kernel import scheduling

    return "ok", f"{scheduling.ping()} 个任务等待"


def _worker() -> tuple[str, str]:
    from oa_kernel import scheduling

    if scheduling.alive():
        return "ok", ""
    return "warning", "没有后台进程在运行：发信、封存审计会延后。oa serve 会同时运行它，也可单独运行 oa worker"


def gauges() -> Iterator[tuple[str, str, float]]:
    """(name, help, value) of what the database says now; what cannot be asked is left out."""
    from oa_kernel import outbox, scheduling
    from oa_kernel.workflow.models import Task

    asked = (
        ("outbox_pending", "outbox rows waiting for delivery", lambda: outbox.counts()["pending"]),
        ("outbox_dead", "outbox rows given up", lambda: outbox.counts()["dead"]),
        ("workers_alive", "background workers seen lately", lambda: len(scheduling.workers())),
        ("tasks_open", "open workflow tasks", lambda: Task.select().where(Task.state == "open").count()),
    )
    for name, text, ask in asked:
        try:
            yield name, text, float(ask())
        except Exception as error:  # one figure that cannot be had must not hide the others
            log.error("metric %s: %s", name, error)


def _json(value: Any, status: int = 200) -> Any:
    return Response(json.dumps(value, ensure_ascii=False) + "\n", status=status, mimetype="application/json")


__all__ = ["checks", "gauges", "healthz", "install", "metrics", "readyz"]
