"""Forged requests: a token of the session for everybody signed in, a signed double-submit cookie for strangers."""

from __future__ import annotations

import hmac
import secrets
from typing import Any

from flask import current_app, g, request

from oa_kernel.errors import Forbidden

from .cookies import CSRF, called
from .i18n import gettext as _

FIELD = "_csrf"
HEADER = "X-CSRF-Token"


def csrf_token() -> str:
    """The token forms of this page carry in the field ``_csrf`` (htmx and fetch: header ``X-CSRF-Token``)."""
    session = getattr(g, "oa_session", None)
    if session is not None:
        return str(session.csrf)
    token: str | None = getattr(g, "oa_csrf_new", None)
    if token is None:
        cookie = _cookie()
        token = cookie if _genuine(cookie) else _sign(secrets.token_urlsafe(24))
        g.oa_csrf_new = token
    return token


def check(given: str | None) -> None:
    """Compares what the request carries with what it should. Raises Forbidden (``csrf``)."""
    session = getattr(g, "oa_session", None)
    given = given or ""
    if session is not None:
        good = hmac.compare_digest(given.encode(), str(session.csrf).encode())
    else:
        cookie = _cookie()
        good = _genuine(cookie) and hmac.compare_digest(given.encode(), cookie.encode())
    if not good:
        raise Forbidden(_("页面已过期或请求来源不明，没有执行任何操作。请返回上一页刷新后重试"), code="csrf")


def from_request() -> str | None:
    """The token a request carries: header first, then the form's field."""
    return request.headers.get(HEADER) or request.form.get(FIELD)


def keep(response: Any) -> None:
    """Sends the stranger's cookie along, where a form was shown."""
    token = getattr(g, "oa_csrf_new", None)
    if token is not None and _cookie() != token:
        response.set_cookie(
            called(CSRF), token, httponly=True, samesite="Strict", secure=current_app.config["SESSION_COOKIE_SECURE"],
            path="/",
        )


def _cookie() -> str:
    return request.cookies.get(called(CSRF), "")


def _sign(value: str) -> str:
    key: bytes = current_app.config["OA_CSRF_KEY"]
    return f"{value}.{hmac.new(key, value.encode(), 'sha256').hexdigest()}"


def _genuine(token: str) -> bool:
    value, dot, _signature = token.rpartition(".")
    return bool(dot) and hmac.compare_digest(_sign(value).encode(), token.encode())


__all__ = ["FIELD", "HEADER", "check", "csrf_token", "from_request", "keep"]
