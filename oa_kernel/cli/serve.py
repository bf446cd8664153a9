"""``oa serve`` and ``oa worker``: the running service."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from oa_kernel.errors import UsageError

from .common import boot

log = logging.getLogger("oa.serve")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="监听的地址")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="端口")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Web 进程数")
@click.option("--no-worker", is_flag=True, help="不同时运行后台进程")
@click.option("--tls-cert", type=click.Path(path_type=Path), help="TLS 证书（PEM）")
@click.option("--tls-key", type=click.Path(path_type=Path), help="TLS 私钥（PEM）")
@click.pass_context
def serve(
    ctx: click.Context, host: str, port: int, workers: int, no_worker: bool, tls_cert: Path | None, tls_key: Path | None
) -> None:
    """运行 Web 服务，并在旁边运行后台进程。"""
    if bool(tls_cert) != bool(tls_key):
        raise UsageError("--tls-cert 与 --tls-key 要一起给出")
    for file in (tls_cert, tls_key):
        if file and not file.is_file():
            raise UsageError(f"没有文件 {file}")
    _port_must_be_free(host, port)
    scheme = "https" if tls_cert else "http"
    config_path, threads = _prepared_elsewhere(ctx, scheme, port)
    background = None if no_worker else _Background(config_path)
    if background:
        background.start()
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    click.echo(f"服务地址 {scheme}://{shown}:{port} ；按 Ctrl-C 停止", err=True)
    try:
        _run_web(config_path, threads, host, port, workers, tls_cert, tls_key)
    finally:
        if background:
            background.stop()
    click.echo("已停止", err=True)


def _port_must_be_free(host: str, port: int) -> None:
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UsageError(f"不能在 {host}:{port} 上提供服务：{error.strerror}。换一个端口：--port") from error


def _prepared_elsewhere(ctx: click.Context, scheme: str, port: int) -> tuple[Path, int]:
    """Runs :func:`_prepare` in a process of its own: (the YAML file, threads of a web process).

    This process only watches over the others for as long as the service runs, so it never loads the kernel.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        from . import run

        def work() -> None:
            path, threads = _prepare(ctx, scheme, port)
            os.write(writing, f"{threads} {path}".encode())

        os._exit(run(work))
    os.close(writing)
    import granian  # noqa: F401  (loaded while the other process works)

    with os.fdopen(reading, "rb") as answer:
        said = answer.read().decode()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code or not said:
        sys.exit(code or 1)
    threads, _, path = said.partition(" ")
    return Path(path), int(threads)


def _prepare(ctx: click.Context, scheme: str, port: int) -> tuple[Path, int]:
    """Checks the configuration and brings the database up to date, before anything answers."""
    from oa_kernel import db, runtime
    from oa_kernel.db import migrate

    running = boot(ctx, migrated=False)
    try:
        if running.config["database"]["auto_migrate"] and migrate.pending_all(running.plugins):
            from .upkeep import bring_up_to_date

            bring_up_to_date(running)
        else:
            from oa_kernel import ledgers, workflow

            runtime.check_migrations(running)
            workflow.sync_definitions()
            if running.config["database"]["auto_migrate"]:
                from .upkeep import tell_upgrade_notes

                ledgers.sync()
                tell_upgrade_notes()
        for state in running.plugins.broken():
            click.echo(f"✗ 插件 {state.name} 不可用：{state.reason}", err=True)
        if told := links_lead_elsewhere(running.config["web"]["base_url"], scheme, port):
            click.echo(told, err=True)
        return running.config.path, int(running.config["web"]["threads"])
    finally:
        db.close()


def links_lead_elsewhere(base_url: str, scheme: str, port: int) -> str:
    """What to say where links in mail would lead to another port of this machine than the one that is served; else "".

    An address that is not of this machine is a proxy's, and is as it should be.
    """
    address = urlsplit(base_url)
    if address.hostname not in ("127.0.0.1", "localhost", "::1"):
        return ""
    if (address.scheme, address.port or {"https": 443}.get(address.scheme, 80)) == (scheme, port):
        return ""
    return (f"注意：web.base_url 是 {base_url} ，邮件和二维码里的链接指向那里，而服务在 {scheme} 端口 {port}；"
            "请在配置里把 web.base_url 改成大家访问的地址")


def _run_web(
    config_path: Path, threads: int, host: str, port: int, workers: int, tls_cert: Path | None, tls_key: Path | None
) -> None:
    from granian import Granian
    from granian.constants import Interfaces

    os.environ["OA_CONFIG"] = str(config_path)
    Granian(
        "oa_kernel.web.wsgi:app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        backpressure=max(64, threads * 32),
        websockets=False,
        log_enabled=True,
        log_level="warning",  # type: ignore[arg-type]
        ssl_cert=tls_cert,
        ssl_key=tls_key,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
    ).serve()


class _Background:
    """The background worker as a process of its own, started again should it die."""

    def __init__(self, config_path: Path) -> None:
        self.command = [sys.executable, "-m", "oa_kernel.cli", "--config", str(config_path), "worker"]
        self.stopping = threading.Event()
        self.process: subprocess.Popen[bytes] | None = None
        self.thread = threading.Thread(target=self._watch, name="oa-background", daemon=True)

    def start(self) -> None:
        # its own session: a Ctrl-C at the terminal reaches it through stop(), once
        self.process = subprocess.Popen(self.command, start_new_session=True)
        self.thread.start()

    def _watch(self) -> None:
        pause = 1.0
        while True:
            assert self.process is not None
            began = time.monotonic()
            code = self.process.wait()
            if self.stopping.is_set():
                return
            log.error("background worker ended with %s; starting it again in %.0f s", code, pause)
            if self.stopping.wait(pause):
                return
            pause = 1.0 if time.monotonic() - began > 60 else min(pause * 2, 60.0)
            self.process = subprocess.Popen(self.command, start_new_session=True)

    def stop(self) -> None:
        self.stopping.set()
        process: Any = self.process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


@click.command()
def worker() -> None:
    """只运行后台进程：发信、封存审计、到期提醒等。"""
    from oa_kernel import context, db, scheduling
    from oa_kernel.notifications import security

    boot()
    security.connect()
    context.set_current(context.Actor(username="worker", name="后台", channel="worker"))
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    try:
        scheduling.run_worker(stop)
    finally:
        db.close()
