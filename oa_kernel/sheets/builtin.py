"""What the sheets room contributes: the step of an import in the background, its file's guard, its tidying."""

from __future__ import annotations

from typing import Any

from oa_kernel.contributions import FileGuard, QueuedTask, ScheduledTask


def _run(**arguments: Any) -> None:
    from .imports import run

    run(**arguments)


def _expire() -> int:
    from .imports import expire

    return expire()


def _readable(person: Any, subject_id: str) -> bool:
    from oa_kernel.errors import NotFound

    from .imports import find

    try:
        return bool(find(int(subject_id), person))
    except NotFound:
        return False


CONTRIBUTIONS: dict[str, list[Any]] = {
    "oa_queued_tasks": [QueuedTask("sheets.import", _run)],
    "oa_scheduled_tasks": [ScheduledTask("sheets.expire", "17 * * * *", _expire, "删去一天前上传的导入文件和一次性密码")],
    "oa_file_guards": [FileGuard("sheets.import", _readable)],
}
