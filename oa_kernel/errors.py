"""Everything that can go wrong on purpose: one class a kind, one HTTP status and one exit code a class.

Raise these from services with a message for people that says what was wrong, where, and what to do.
The web layer turns them into RFC 9457 problem documents or error pages, the command line into one
line on stderr.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class OAError(Exception):
    """Base of all expected errors.

    :param message: for people, in the first language on screen (zh-CN).
    :param code: stable machine-readable word, e.g. ``task_done``; the class's own if left out.
    :param errors: for forms, ``{field: [reason, …]}``.
    :param details: further members of the problem document.
    """

    status = 500
    exit_code = 1
    code = "error"
    title = "出错了"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        errors: Mapping[str, list[str]] | None = None,
        **details: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        if code:
            self.code = code
        self.errors: dict[str, list[str]] = {k: list(v) for k, v in (errors or {}).items()}
        self.details = details


class Invalid(OAError):
    """What was sent breaks a rule (422)."""

    status, code, title = 422, "invalid", "内容有误"


class BadRequest(OAError):
    """The request itself cannot be read (400)."""

    status, code, title = 400, "bad_request", "无法理解的请求"


class Unauthenticated(OAError):
    """Nobody known is asking (401)."""

    status, code, title = 401, "unauthenticated", "请先登录"


class Forbidden(OAError):
    """Known, but not allowed (403)."""

    status, code, title = 403, "forbidden", "没有权限"


class NotFound(OAError):
    """Not there, or not visible to who asks (404)."""

    status, code, title = 404, "not_found", "没有找到"


class Conflict(OAError):
    """Somebody was faster, or the state does not allow it (409)."""

    status, code, title = 409, "conflict", "状态已变化"


class TooLarge(OAError):
    """Over a limit of size (413)."""

    status, code, title = 413, "too_large", "内容过大"


class UnsupportedType(OAError):
    """A kind of content that is not accepted (415)."""

    status, code, title = 415, "unsupported_type", "不接受这种文件"


class TooManyRequests(OAError):
    """Over a rate limit (429). ``retry_after`` in details, in seconds."""

    status, code, title = 429, "too_many_requests", "操作过于频繁"


class Unavailable(OAError):
    """A part that is needed does not answer now (503)."""

    status, code, title = 503, "unavailable", "暂时不可用"


class StorageFull(OAError):
    """No room left on the disk (507)."""

    status, code, title = 507, "storage_full", "存储空间不足"


class ConfigError(OAError):
    """The configuration is wrong; exit code 2."""

    status, code, title, exit_code = 500, "config", "配置有误", 2


class UsageError(OAError):
    """A command was called in a wrong way; exit code 2."""

    status, code, title, exit_code = 400, "usage", "用法有误", 2


__all__ = [
    "BadRequest",
    "ConfigError",
    "Conflict",
    "Forbidden",
    "Invalid",
    "NotFound",
    "OAError",
    "StorageFull",
    "TooLarge",
    "TooManyRequests",
    "Unauthenticated",
    "Unavailable",
    "UnsupportedType",
    "UsageError",
]
