"""What the engine contributes to the kernel."""

from __future__ import annotations

from oa_kernel.contributions import ScheduledTask


def _tick() -> int:
    from .deadlines import tick

    return tick()


CONTRIBUTIONS = {
    "oa_scheduled_tasks": [ScheduledTask("workflow.deadlines", "* * * * *", _tick, "期限提醒与逾期处理")],
}
