"""A real service in processes of its own: ``oa demo`` once, ``oa serve`` on a free port.

On PostgreSQL (``OA_TEST_DATABASE``) every demo organisation has a database of its own there.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from oa_kernel.testing.authority import Authority

OA = [sys.executable, "-m", "oa_kernel.cli"]


def oa(*arguments: str, config: Path | None = None, check: bool = True, **environ: str) -> subprocess.CompletedProcess:
    """Runs a command as an administrator would; returns what it printed."""
    command = [*OA, *(["--config", str(config)] if config else []), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environ}, timeout=400)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(command)} → {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Service:
    """``oa serve`` of one installation.

    :param authority: who issues its certificate, for ``localhost``; with one it is served by HTTPS.
    """

    def __init__(
        self, folder: Path, *, worker: bool = True, workers: int = 1, environ: dict[str, str] | None = None,
        authority: Authority | None = None,
    ) -> None:
        self.folder, self.worker, self.workers, self.environ = folder, worker, workers, environ or {}
        self.port = free_port()
        self.url, self.context, self._tls = f"http://127.0.0.1:{self.port}", None, []
        if authority is not None:
            certificate, key = authority.issue("localhost")
            self.url, self._tls = f"https://localhost:{self.port}", ["--tls-cert", str(certificate), "--tls-key", str(key)]
            self.context = ssl.create_default_context(cafile=str(authority.file))
        self.process: subprocess.Popen | None = None

    @property
    def config(self) -> Path:
        return self.folder / "oa.yaml"

    def start(self) -> Service:
        arguments = ["serve", "--port", str(self.port), "--workers", str(self.workers)] + ([] if self.worker else ["--no-worker"])
        arguments += self._tls
        with (self.folder / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*OA, "--config", str(self.config), *arguments], stdout=log, stderr=log,
                env={**os.environ, "OA_WEB_BASE_URL": self.url, **self.environ}, start_new_session=True,
            )
        for _ in range(600):
            if self.process.poll() is not None:
                raise AssertionError(f"oa serve ended:\n{(self.folder / 'serve.log').read_text()}")
            try:
                with urllib.request.urlopen(self.url + "/healthz", timeout=2, context=self.context):
                    return self
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise AssertionError("oa serve does not answer")

    def stop(self) -> int:
        """Ctrl-C; returns the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode

    def kill(self) -> None:
        """kill −9 of the service and all it started."""
        assert self.process is not None
        for pid in _family(self.process.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait(20)


def _family(pid: int) -> list[int]:
    found, todo = [], [pid]
    while todo:
        current = todo.pop()
        found.append(current)
        try:
            for thread in os.listdir(f"/proc/{current}/task"):
                children = Path(f"/proc/{current}/task/{thread}/children").read_text()
                todo.extend(int(c) for c in children.split())
        except OSError:
            continue
    return found


def make_demo(folder: Path) -> Path:
    """``oa demo``, on the database server the tests are to use."""
    if not os.environ.get("OA_TEST_DATABASE"):
        oa("demo", str(folder))
        return folder
    url = _new_database()
    oa("demo", str(folder), OA_DATABASE_URL=url)
    _point_to(folder, url)
    return folder


def make_office(folder: Path, organisation: str) -> Path:
    """``oa init``: an installation with an administrator and nobody else."""
    if not os.environ.get("OA_TEST_DATABASE"):
        oa("init", str(folder), "--organisation", organisation)
        return folder
    url = _new_database()
    oa("init", str(folder), "--organisation", organisation, OA_DATABASE_URL=url)
    _point_to(folder, url)
    return folder


def copy_of(demo: Path, target: Path) -> Path:
    """A demo organisation of this test's own."""
    shutil.copytree(demo, target)
    url = _url(demo)
    if url.startswith("postgresql:"):
        _point_to(target, _new_database(urlsplit(url).path.lstrip("/")))
    return target


def rows(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    """What a database says, past the service. What is written is committed."""
    url = _url(folder)
    if url.startswith("postgresql:"):
        with closing(_server(urlsplit(url).path.lstrip("/"))) as connection:
            cursor = connection.cursor()
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    import sqlite3

    with closing(sqlite3.connect(folder / "oa.db", timeout=30)) as connection, connection:
        return connection.execute(sql).fetchall()


_URL = re.compile(r"^  url: (\S+)", re.M)


def _url(folder: Path) -> str:
    found = _URL.search((folder / "oa.yaml").read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def _point_to(folder: Path, url: str) -> None:
    config = folder / "oa.yaml"
    config.write_text(_URL.sub(f"  url: {url}", config.read_text(encoding="utf-8"), count=1), encoding="utf-8")


def _new_database(template: str = "template0") -> str:
    name = f"oa_test_{uuid.uuid4().hex[:12]}"
    with closing(_server("postgres")) as server:
        server.cursor().execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" ENCODING \'UTF8\'')
    atexit.register(_drop, name)
    parts = urlsplit(os.environ["OA_TEST_DATABASE"])
    return f"postgresql://{parts.netloc}/{name}"


def _drop(name: str) -> None:
    with closing(_server("postgres")) as server:
        server.cursor().execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _server(database: str) -> Any:
    import psycopg2

    parts = urlsplit(os.environ["OA_TEST_DATABASE"])
    given = {"host": parts.hostname, "port": parts.port, "user": parts.username, "password": parts.password}
    connection = psycopg2.connect(dbname=database, **{k: v for k, v in given.items() if v})
    connection.autocommit = True
    return connection


def token(config: Path, username: str, *options: str) -> str:
    """A bearer token, by the command line."""
    return oa("token", "create", "--user", username, *options, config=config).stdout.strip()
