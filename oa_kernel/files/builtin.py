"""What the files room contributes: the nightly sweep, and what the doctor asks of the store."""

from __future__ import annotations

from typing import Any

from oa_kernel.contributions import Diagnostic, ScheduledTask


def _sweep() -> Any:
    from .sweep import sweep

    return sweep()


def _disk() -> tuple[str, str]:
    from .health import disk

    return disk()


def _store() -> tuple[str, str]:
    from .health import store

    return store()


CONTRIBUTIONS: dict[str, list[Any]] = {
    "oa_scheduled_tasks": [ScheduledTask("files.sweep", "20 3 * * *", _sweep, "清理残留的临时文件和无主内容")],
    "oa_diagnostics": [
        Diagnostic("disk", "磁盘空间", _disk),
        Diagnostic("files", "文件存储", _store),
    ],
}
