"""How the installation is: the lines of ``oa doctor`` and of the page of the system administrator."""

from __future__ import annotations

from oa_kernel import builtin, db, runtime
from oa_kernel.errors import OAError


def lines(running: runtime.Runtime | None = None) -> list[dict[str, str]]:
    """``{name, title, state, message}`` each; ``state`` is ``ok`` | ``warning`` | ``problem``."""
    running = running or runtime.current()
    found: list[dict[str, str]] = []
    try:
        runtime.check_migrations(running)
        found.append(_line("database", "数据库", "ok", f"{db.engine_name()}，结构为最新"))
    except OAError as error:
        found.append(_line("database", "数据库", "problem", error.message))
    for state in running.plugins.broken():
        found.append(_line(f"plugin.{state.name}", f"插件 {state.name}", "problem", state.reason))
    for diagnostic in builtin.collect("oa_diagnostics"):
        try:
            kind, message = diagnostic.check()
        except Exception as error:  # a check that fails is itself a finding
            kind, message = "problem", f"检查失败：{type(error).__name__}: {error}"
        found.append(_line(diagnostic.name, diagnostic.title, kind, message))
    return found


def _line(name: str, title: str, state: str, message: str) -> dict[str, str]:
    return {"name": name, "title": title, "state": state, "message": message}


__all__ = ["lines"]
