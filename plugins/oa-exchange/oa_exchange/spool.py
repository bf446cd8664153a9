"""Room for one package on its way: in memory while it is small, in a file beyond. What lies there is encrypted.

The file has no name: it is gone when it is closed, and when the process is killed.
"""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from oa_kernel import runtime
from oa_kernel.errors import StorageFull

from . import settings

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Spool(tempfile.SpooledTemporaryFile[bytes]):
    """Beside the stored files: ``/tmp`` may be memory. Raises StorageFull where there is no room."""

    def __init__(self) -> None:
        super().__init__(max_size=int(settings.get("spool_mb")) * 2**20, dir=_folder())

    def write(self, data: Any) -> int:
        """Takes all of it."""
        try:
            return super().write(data)
        except OSError as error:
            if error.errno in _FULL:
                raise StorageFull("存储空间不足，交换包放不下；请联系管理员清理磁盘") from error
            raise


def filled(pieces: Iterable[bytes]) -> Spool:
    """A spool with all of this in it."""
    made = Spool()
    try:
        for piece in pieces:
            made.write(piece)
    except BaseException:
        made.close()
        raise
    return made


def _folder() -> Path:
    folder: Path = runtime.current().config.file("storage.path") / "tmp"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
