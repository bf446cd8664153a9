"""What the outbox contributes."""

from __future__ import annotations

from typing import Any

from oa_kernel.contributions import Diagnostic, ScheduledTask


def _tidy() -> Any:
    from .deadletters import tidy

    return tidy()


def _check() -> tuple[str, str]:
    import datetime as dt

    from oa_kernel import clock

    from .deadletters import counts
    from .models import Row

    found = counts()
    if found["dead"]:
        return "warning", f"有 {found['dead']} 条消息未能送达：请在“未能送达的消息”中重试或放弃"
    late = clock.now() - dt.timedelta(minutes=5)
    if Row.select().where(Row.state == "pending", Row.next_at < late).exists():
        return "problem", f"有 {found['pending']} 条消息等待送出而没有进展：后台进程可能没有运行（oa worker）"
    return "ok", f"没有未能送达的消息，{found['pending']} 条等待送出"


CONTRIBUTIONS: dict[str, list[Any]] = {
    "oa_scheduled_tasks": [ScheduledTask("outbox.tidy", "50 3 * * *", _tidy, "清理已送出的消息记录")],
    "oa_diagnostics": [Diagnostic("outbox", "待送消息", _check)],
}
