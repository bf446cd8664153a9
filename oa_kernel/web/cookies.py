"""What our cookies are called. Over HTTPS the name itself keeps every other host from setting one in our place."""

from __future__ import annotations

from flask import current_app

SESSION = "oa_session"
CSRF = "oa_csrf"
FLASH = "oa_flash"


def called(name: str, secure: bool | None = None) -> str:
    """The name a cookie goes by: browsers take ``__Host-`` from this host alone, over HTTPS, for the path ``/``
    (RFC 6265bis clause 4.1.3.2)."""
    if secure is None:
        secure = current_app.config["SESSION_COOKIE_SECURE"]
    return f"__Host-{name}" if secure else name


__all__ = ["CSRF", "FLASH", "SESSION", "called"]
