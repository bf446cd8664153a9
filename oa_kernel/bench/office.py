"""A temporary installation for measuring in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def temporary(folder: Path) -> Iterator[Any]:
    """An empty installation on SQLite in the folder, without plugins, running and migrated; at the end the one that ran
    before runs again, as other suites go on in it.

    :return: the running installation, as :func:`oa_kernel.runtime.boot` gives it.
    """
    import yaml

    from oa_kernel import db, runtime
    from oa_kernel.crypto import KeyRing
    from oa_kernel.db import migrate

    before = runtime._current
    config = folder / "oa.yaml"
    config.write_text(yaml.safe_dump({"organisation": {"name": "测量"}, "plugins": {}}, allow_unicode=True), encoding="utf-8")
    KeyRing.create(folder / "keys")
    running = runtime.boot(config)
    try:
        migrate.upgrade(running.plugins)
        yield running
    finally:
        db.close()
        if before is None:
            runtime._current = None  # the folder goes away: nothing runs, as before
        else:
            runtime.boot(before.config.path)


__all__ = ["temporary"]
