"""The running installation: configuration, plugins, database and keys, put together once a process.

Web, worker and commands all begin with :func:`boot`; rooms ask :func:`current` for what was contributed.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import clock, config, db, plugins
from .config import RawConfig
from .errors import ConfigError
from .plugins import Registry


@dataclass
class Runtime:
    """What one process runs with."""

    config: config.Config
    plugins: Registry
    #: the file as it was read: what is set there by now may be another (see ``oa_kernel.installed``)
    raw: RawConfig | None = None
    #: room-private caches by name; emptied when the installation changes
    cache: dict[str, Any] = field(default_factory=dict)

    def collect(self, hook: str) -> list[Any]:
        """All contributions to a hook, dependencies first."""
        return self.plugins.collect(hook)

    @property
    def keys(self) -> Any:
        """The key ring, opened when first needed."""
        if "keys" not in self.cache:
            from .crypto import KeyRing

            passphrase = self.config.secret("keys.passphrase_file") or None
            self.cache["keys"] = KeyRing.open(self.config.file("keys.path"), passphrase=passphrase)
        return self.cache["keys"]


_current: Runtime | None = None


class NotRunning(ConfigError, RuntimeError):
    """Something was asked that only an installation can answer."""


def current() -> Runtime:
    """The running installation; raises NotRunning (a RuntimeError) before :func:`boot`."""
    if _current is None:
        raise NotRunning("没有在运行的安装：命令用 --config 指定配置文件，或先运行 oa init DIR；程序先调用 runtime.boot(path)")
    return _current


def boot(
    path: str | os.PathLike[str],
    *,
    environ: Mapping[str, str] | None = None,
    extra_plugins: Mapping[str, Any] | None = None,
) -> Runtime:
    """Reads the configuration, loads plugins, opens the database. Migrates nothing.

    :param path: the YAML file.
    :param extra_plugins: plugins as objects rather than by entry point (for tests).
    :raises ConfigError: with file, line and what is allowed.
    """
    global _current
    raw = config.read(path)
    registry = plugins.load(raw.enabled_plugins(), extra_plugins)
    schemas: dict[str, Any] = {}
    for state in registry.ok():
        own = getattr(state.plugin, "oa_config_schema", None)
        if own is None:
            schemas[state.name] = {}
            continue
        try:
            schemas[state.name] = dict(own() or {})
        except Exception as error:  # a plugin's own code
            registry.mark_broken(state.name, f"oa_config_schema() 失败：{type(error).__name__}: {error}")
    checked = config.validate(raw, schemas, environ)
    try:
        clock.set_zone(checked["organisation"]["timezone"])
    except (KeyError, ValueError, OSError):
        line = raw.line(("organisation", "timezone"))
        raise ConfigError(f"{raw.path} 第 {line} 行：organisation.timezone 不是已知的时区，例：Asia/Shanghai") from None
    logging.getLogger().setLevel(checked["log_level"].upper())
    db.init(
        checked["database"]["url"],
        folder=checked.folder,
        password=checked.secret("database.password_file"),
    )
    _current = Runtime(checked, registry, raw)
    return _current


def check_migrations(runtime: Runtime) -> None:
    """Leaves out plugins whose tables are not up to date; raises ConfigError if the kernel's are not."""
    from .db import migrate

    for name, todo in migrate.pending_all(runtime.plugins).items():
        if name == migrate.KERNEL:
            raise ConfigError("数据库还没有更新到这个版本：请运行 oa migrate", code="not_migrated")
        runtime.plugins.mark_broken(name, f"数据库还没有更新（{'、'.join(todo)}）：请运行 oa migrate")


def default_config_path(given: str | None = None) -> Path:
    """``--config``, else ``OA_CONFIG``, else ``./oa.yaml``."""
    return Path(given or os.environ.get("OA_CONFIG") or "oa.yaml")


__all__ = ["NotRunning", "Runtime", "boot", "check_migrations", "current", "default_config_path"]
