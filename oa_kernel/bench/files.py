"""A large file up and down through the service, beside OpenSSL's SM4-GCM on one core; memory at its highest."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from . import http as serving
from .figures import Figure, quick

_PIECE = 1024 * 1024
_MARK = "oa-bench"


def run(tell: Callable[[str], Any]) -> Iterator[Figure]:
    """Yields MB/s up and down, and MiB above idle."""
    mib = 32 if quick() else 1024
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "demo"
        cli = [sys.executable, "-m", "oa_kernel.cli"]
        subprocess.run([*cli, "demo", str(folder)], check=True, capture_output=True)
        secret = subprocess.run(
            [*cli, "--config", str(folder / "oa.yaml"), "token", "create", "--user", "drafter"], check=True,
            capture_output=True, text=True,
        ).stdout.strip()
        tell("OpenSSL 的 SM4-GCM")
        floor = [_floor()]
        port = serving.free_port()
        command = serving.our_command(folder / "oa.yaml", port, 1)
        with serving.serving(command, f"http://127.0.0.1:{port}/readyz") as process:
            _up(port, secret, 4)  # everything loaded
            time.sleep(1)
            idle = serving.memory(process.pid)[1]
            with _Peak(process.pid) as peak:
                tell(f"{mib} MiB 上传")
                began = time.perf_counter()
                number = _up(port, secret, mib)
                up = mib * _PIECE / 1e6 / (time.perf_counter() - began)
                tell(f"{mib} MiB 下载")
                began = time.perf_counter()
                _down(port, secret, number, mib)
                down = mib * _PIECE / 1e6 / (time.perf_counter() - began)
        floor.append(_floor())
        rate = sum(floor) / len(floor)
        yield Figure(f"{mib} MiB 上传（SM3、SM4-GCM、落盘）", up, "MB/s", "SM4-GCM，单核", rate, 0.6)
        yield Figure(f"{mib} MiB 下载（解密、核对）", down, "MB/s", "SM4-GCM，单核", rate, 0.6)
        yield Figure("上传、下载时的内存峰值，高于空闲", peak.highest - idle, "MiB", bound=64, higher_is_better=False,
                     note=f"空闲 {idle:.0f} MiB（PSS）")


def _floor() -> float:
    """MB/s of OpenSSL's SM4-GCM over pieces of 1 MiB, on one core."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    piece = os.urandom(_PIECE)
    worker = Cipher(algorithms.SM4(os.urandom(16)), modes.GCM(os.urandom(12))).encryptor()
    worker.update(piece)
    rounds = 64 if quick() else 256
    began = time.perf_counter()
    for _ in range(rounds):
        worker.update(piece)
    return rounds * _PIECE / 1e6 / (time.perf_counter() - began)


def _connect(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=600)


def _up(port: int, secret: str, mib: int) -> int:
    """Sends pieces made on the spot (text, so that the type is plain); the file's id."""
    head = (f'--{_MARK}\r\nContent-Disposition: form-data; name="file"; filename="large-{mib}.txt"\r\n'
            "Content-Type: text/plain\r\n\r\n").encode()
    tail = f"\r\n--{_MARK}--\r\n".encode()
    piece = b"0123456789abcde\n" * (_PIECE // 16)
    connection = _connect(port)
    connection.putrequest("POST", "/api/v1/files")
    connection.putheader("Authorization", f"Bearer {secret}")
    connection.putheader("Content-Type", f"multipart/form-data; boundary={_MARK}")
    connection.putheader("Content-Length", str(len(head) + mib * _PIECE + len(tail)))
    connection.endheaders()
    connection.send(head)
    for n in range(mib):
        connection.send(b"%015d\n" % n + piece[16:])
    connection.send(tail)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 201:
        raise RuntimeError(body.decode(errors="replace"))
    return int(json.loads(body)["id"])


def _down(port: int, secret: str, number: int, mib: int) -> None:
    connection = _connect(port)
    connection.request("GET", f"/api/v1/files/{number}", headers={"Authorization": f"Bearer {secret}"})
    answer = connection.getresponse()
    got = 0
    buffer = bytearray(_PIECE)
    while count := answer.readinto(buffer):
        got += count
    if answer.status != 200 or got != mib * _PIECE:
        raise RuntimeError(f"{answer.status}: {got} bytes of {mib * _PIECE}")


class _Peak:
    """The highest PSS of a process and its children while the block runs."""

    def __init__(self, pid: int) -> None:
        self.pid, self.highest, self._stop = pid, 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            self.highest = max(self.highest, serving.memory(self.pid)[1])

    def __enter__(self) -> _Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
