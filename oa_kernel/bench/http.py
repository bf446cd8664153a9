"""Serving and loading over HTTP on loopback, the same way for us and for the bare application."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def wait_ready(url: str, process: subprocess.Popen[bytes], timeout: float = 60.0) -> float:
    """Seconds until the address answers 200; raises RuntimeError if the process ends or time runs out."""
    began = time.perf_counter()
    while time.perf_counter() - began < timeout:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return time.perf_counter() - began
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.005)
    raise RuntimeError(f"no answer from {url} within {timeout:.0f} s")


@contextmanager
def serving(command: list[str], url: str, environ: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a server while the block runs; ends it and what it started."""
    process = subprocess.Popen(
        command, env={**os.environ, **(environ or {})}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_ready(url, process)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def bare_command(module: str, port: int, workers: int) -> list[str]:
    """The bare application of ``oa_kernel.bench.bare`` on the same server with the same settings."""
    return [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
            "--workers", str(workers), "--blocking-threads", "4", "--no-ws", "--log-level", "warning", module]


def our_command(config: Path, port: int, workers: int, background: bool = False) -> list[str]:
    """``oa serve``."""
    command = [sys.executable, "-m", "oa_kernel.cli", "--config", str(config), "serve", "--port", str(port),
               "--workers", str(workers)]
    return command if background else [*command, "--no-worker"]


def requests_per_second(url: str, headers: dict[str, str], seconds: int = 5, connections: int = 8) -> tuple[float, str]:
    """Rate of 200 answers, and which client took it: ``wrk`` where it is installed, else one of our own.

    Ours is slower than wrk and shares the machine's cores with the server, which flatters whoever is slower at
    serving; the report names the client.
    """
    if shutil.which("wrk"):
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
        for name, value in headers.items():
            command += ["-H", f"{name}: {value}"]
        out = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in out:
            raise RuntimeError(f"{url} did not answer 200:\n{out}")
        match = re.search(r"Requests/sec:\s*([\d.]+)", out)
        if not match:
            raise RuntimeError(out)
        return float(match[1]), "wrk"
    return _own_client(url, headers, seconds, connections), "own client"


def _own_client(url: str, headers: dict[str, str], seconds: int, connections: int) -> float:
    """Keep-alive requests over ``connections`` sockets in one thread, answers read by Content-Length."""
    import selectors
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    lines = [f"GET {parts.path or '/'}{'?' + parts.query if parts.query else ''} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{n}: {v}" for n, v in headers.items()]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    selector = selectors.DefaultSelector()
    buffers: dict[socket.socket, bytearray] = {}
    for _ in range(connections):
        s = socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 80))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        buffers[s] = bytearray()
        selector.register(s, selectors.EVENT_READ)
        s.sendall(request)
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        for key, _ in selector.select(1):
            s = key.fileobj
            assert isinstance(s, socket.socket)
            buffer = buffers[s]
            chunk = s.recv(262144)
            if not chunk:
                raise RuntimeError("the server closed the connection")
            buffer += chunk
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                continue
            match = re.search(rb"content-length: *(\d+)", bytes(buffer[:end]).lower())
            if match is None or not buffer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(bytes(buffer[:400]).decode(errors="replace"))
            if len(buffer) >= end + 4 + int(match[1]):
                done += 1
                buffer.clear()
                s.sendall(request)
    taken = time.perf_counter() - began
    for s in buffers:
        s.close()
    return done / taken


def memory(pid: int) -> tuple[float, float]:
    """(RSS, PSS) in MiB of a process and all it started: RSS counts shared pages once a process, PSS once."""
    rss = pss = 0
    for member in _family(pid):
        try:
            with open(f"/proc/{member}/smaps_rollup", encoding="ascii") as file:
                for line in file:
                    if line.startswith("Rss:"):
                        rss += int(line.split()[1])
                    elif line.startswith("Pss:"):
                        pss += int(line.split()[1])
        except OSError:
            continue
    return rss / 1024, pss / 1024


def _family(pid: int) -> list[int]:
    found, todo = [], [pid]
    while todo:
        current = todo.pop()
        found.append(current)
        try:
            for thread in os.listdir(f"/proc/{current}/task"):
                with open(f"/proc/{current}/task/{thread}/children", encoding="ascii") as file:
                    todo.extend(int(c) for c in file.read().split())
        except OSError:
            continue
    return found
