"""A real service in processes of its own: ``oa demo`` once, ``oa serve`` on a free port."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

OA = [sys.executable, "-m", "oa_kernel.cli"]


def oa(*arguments: str, config: Path | None = None, check: bool = True, **environ: str) -> subprocess.CompletedProcess:
    """Runs a command as an administrator would; returns what it printed."""
    command = [*OA, *(["--config", str(config)] if config else []), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environ}, timeout=120)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(command)} → {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Service:
    """``oa serve`` of one installation."""

    def __init__(self, folder: Path, *, worker: bool = True, environ: dict[str, str] | None = None) -> None:
        self.folder, self.worker, self.environ = folder, worker, environ or {}
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen | None = None

    @property
    def config(self) -> Path:
        return self.folder / "oa.yaml"

    def start(self) -> Service:
        arguments = ["serve", "--port", str(self.port)] + ([] if self.worker else ["--no-worker"])
        with (self.folder / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*OA, "--config", str(self.config), *arguments], stdout=log, stderr=log,
                env={**os.environ, "OA_WEB_BASE_URL": self.url, **self.environ}, start_new_session=True,
            )
        for _ in range(600):
            if self.process.poll() is not None:
                raise AssertionError(f"oa serve ended:\n{(self.folder / 'serve.log').read_text()}")
            try:
                with urllib.request.urlopen(self.url + "/healthz", timeout=2):
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


def copy_of(demo: Path, target: Path) -> Path:
    """A demo organisation of this test's own."""
    shutil.copytree(demo, target)
    return target


def token(config: Path, username: str, *options: str) -> str:
    """A bearer token, by the command line."""
    return oa("token", "create", "--user", username, *options, config=config).stdout.strip()
