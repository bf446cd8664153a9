"""What the room contributes: a line of the doctor's."""

from __future__ import annotations

from typing import Any

from oa_kernel.contributions import Diagnostic


def _restart() -> tuple[str, str]:
    from .switching import differs

    found = differs()
    if not found:
        return "ok", "运行中的配置与文件一致"
    return "warning", f"配置文件改过，重启服务后生效：{'、'.join(found)}"


CONTRIBUTIONS: dict[str, Any] = {"oa_diagnostics": [Diagnostic("config.restart", "配置", _restart)]}
