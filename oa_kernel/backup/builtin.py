"""What the backup room contributes: a line for the doctor."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from oa_kernel.contributions import Diagnostic

_OLD = dt.timedelta(days=7)


def _last() -> tuple[str, str]:
    from oa_kernel import clock

    from .create import last

    made = last()
    if made is None:
        return "warning", "还没有备份过：请运行 oa backup create，并把备份放到别的机器上"
    at = dt.datetime.fromisoformat(made["created_at"])
    text = f"上次备份 {clock.local(at):%Y-%m-%d %H:%M}，{made['path']}{'' if made.get('encrypted') else '，未加密'}"
    if not Path(made["path"]).is_file():
        return "warning", f"{text}：文件已不在原处，如已移到别处请忽略"
    if clock.now() - at > _OLD:
        return "warning", f"{text}：已超过 {_OLD.days} 天"
    return "ok", text


CONTRIBUTIONS: dict[str, list[Any]] = {"oa_diagnostics": [Diagnostic("backup", "备份", _last)]}
