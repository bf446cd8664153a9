"""What a plugin may be called, and all the names that follow from it."""

from __future__ import annotations

import keyword
import pkgutil
import re
from dataclasses import dataclass

from oa_kernel.errors import UsageError

LONGEST = 30
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
#: first parts of the kernel's addresses and tables that no package of the kernel is named after
_KERNEL = frozenset((
    "access", "access_requests", "admin", "api", "approvals", "assets", "cases", "departments", "favicon",
    "forgotten", "healthz", "inbox", "instances", "kernel", "language", "me", "metrics",
    "oa", "openapi", "password", "people", "profile", "readyz", "receipts", "sign", "stand", "static", "tasks", "test",
    "tests", "texts", "todo", "v1", "verify", "workbench", "workflows",
))


@dataclass(frozen=True)
class PluginNames:
    """``visitor_book`` → package ``oa_visitor_book``, distribution ``oa-visitor-book``."""

    name: str
    title: str = ""

    @property
    def package(self) -> str:
        return f"oa_{self.name}"

    @property
    def distribution(self) -> str:
        return f"oa-{self.name.replace('_', '-')}"

    @property
    def english(self) -> str:
        """The name for people who read English."""
        return self.name.replace("_", " ").capitalize()


def check_name(name: str) -> str:
    """The name, if a plugin may have it. Raises UsageError that says what is wrong and what would do."""
    if name.lower().startswith(("oa-", "oa_")):
        raise UsageError(f"名字不带 oa 前缀：写 {name[3:].lower().replace('-', '_')}，发行包会叫 oa-{name[3:].lower()}")
    if not _NAME.fullmatch(name):
        near = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_0123456789")
        hint = f"，例如 {near}" if _NAME.fullmatch(near) else "，例如 visitors"
        raise UsageError(f"插件名 {name!r} 不合适：只用小写字母、数字和下划线，以字母开头{hint}")
    if len(name) < 2 or len(name) > LONGEST:
        raise UsageError(f"插件名应有 2 到 {LONGEST} 个字符，{name} 有 {len(name)} 个")
    if name in reserved() or keyword.iskeyword(name):
        raise UsageError(f"插件名 {name} 已为内核或 Python 所用：换一个，例如 {name}_book")
    return name


def reserved() -> frozenset[str]:
    """Names that would collide with a room of the kernel, its tables or its addresses."""
    import oa_kernel

    return _KERNEL | {module.name for module in pkgutil.iter_modules(oa_kernel.__path__)}


__all__ = ["LONGEST", "PluginNames", "check_name", "reserved"]
