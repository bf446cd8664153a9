"""What the scheduling room contributes: what the doctor asks of queue, worker and periodic tasks."""

from __future__ import annotations

from typing import Any

from oa_kernel.contributions import Diagnostic


def _queue() -> tuple[str, str]:
    from oa_kernel.errors import OAError

    from .queue import ping

    try:
        return "ok", f"可用，{ping()} 个任务等待"
    except OAError as error:
        return "problem", error.message


def _worker() -> tuple[str, str]:
    from .worker import workers

    found = workers()
    if not found:
        return "warning", "没有后台进程在运行：oa serve 会同时运行它，也可单独运行 oa worker"
    return "ok", "、".join(w.name for w in found)


def _periodic() -> tuple[str, str]:
    from .periodic import runs

    failed = [r for r in runs() if r.error]
    if failed:
        return "warning", "；".join(f"{r.name} 上次失败：{r.error}" for r in failed)
    return "ok", "定时任务没有失败"


CONTRIBUTIONS: dict[str, list[Any]] = {
    "oa_diagnostics": [
        Diagnostic("queue", "任务队列", _queue),
        Diagnostic("worker", "后台进程", _worker),
        Diagnostic("periodic", "定时任务", _periodic),
    ],
}
