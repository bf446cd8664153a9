"""The door: what happens to every request before its view runs, and to every answer on its way out.

In this order: is the host one of ours, who is asking, how often, may they call this, is the write not forged.
"""

from __future__ import annotations

import os
import time
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, g, redirect, request
from werkzeug.wrappers import Response

from oa_kernel import context, identity, permissions, runtime
from oa_kernel.errors import BadRequest, Forbidden, NotFound, TooLarge, Unauthenticated

from . import csrf
from .access import Access
from .cookies import SESSION, called
from .i18n import gettext as _

_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
#: files of ours are no pages: nothing is said of scripts, so that a worker among them may do what it was written for
_ASSET_CSP = "object-src 'none'; base-uri 'none'; frame-ancestors 'self'"
_LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))
#: what comes before everything else → its page
_STEPS = {"password": "/sign-in/password", "profile": "/sign-in/first", "second_factor": "/sign-in/bind"}
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'self'"
)


def person() -> Any:
    """Who is asking (``identity`` Person). Raises Unauthenticated for a stranger."""
    found = getattr(g, "oa_person", None)
    if found is None:
        raise Unauthenticated(_("请先登录"))
    return found


def session() -> Any:
    """The browser session of this request, or None (a token, a stranger)."""
    return getattr(g, "oa_session", None)


def token() -> Any:
    """The bearer token of this request, or None."""
    return getattr(g, "oa_token", None)


def install(app: Flask) -> None:
    """Puts the door before all routes of the application."""
    attach(app)
    app.before_request(_enter)
    app.after_request(_leave)
    app.teardown_request(_forget)


def attach(app: Flask) -> None:
    """The addresses of the running installation."""
    app.config["OA_HOSTS"] = _own_hosts(runtime.current().config["web"]["base_url"])
    app.config["OA_HSTS"] = app.config["SESSION_COOKIE_SECURE"]


def _own_hosts(base_url: str) -> frozenset[str]:
    return _LOOPBACK | {urlsplit(base_url).hostname or ""}


def _enter() -> Any:
    g.oa_person = g.oa_session = g.oa_token = None
    g.oa_began = time.perf_counter()
    g.oa_request_id = os.urandom(6).hex()
    _check_host()
    endpoint = request.endpoint
    if endpoint == "oa.asset":
        return None
    access: Access | None = current_app.config["OA_ACCESS"].get(endpoint)
    g.oa_access = access
    _identify(access)
    _limit()
    if access is None:
        return None  # no such route: Flask answers 404, in the shell of whoever asks
    return _admit(access)


def _check_host() -> None:
    host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    if host.strip("[]") not in current_app.config["OA_HOSTS"]:
        raise BadRequest("请求的主机名不是本系统的地址。管理员请检查 web.base_url", code="unknown_host")


def _identify(access: Access | None) -> None:
    address = request.remote_addr or ""
    is_api = request.path.startswith("/api/")
    bearer = request.headers.get("Authorization", "")
    who: Any = None
    credential = ""
    if bearer and is_api:
        scheme, _space, secret = bearer.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated("Authorization 头应为：Bearer 令牌", code="unknown_scheme")
        token_row, who = _by_token(secret.strip())
        g.oa_token, g.oa_person = token_row, who
        credential = f"token:{token_row.id}"
    else:
        secret = request.cookies.get(called(SESSION))
        found = identity.session_by_secret(secret) if secret else None
        if found is not None:
            g.oa_session, who = found
            g.oa_person = who
            credential = f"session:{g.oa_session.id}"
        elif secret:
            g.oa_stale_cookie = True
    context.set_current(context.Actor(
        person_id=who.id if who is not None else None,
        username=who.username if who is not None else "",
        name=who.name if who is not None else "",
        channel="api" if is_api else "web",
        ip=address,
        user_agent=request.headers.get("User-Agent", "")[:300],
        credential=credential,
        request_id=g.oa_request_id,
    ))


def _by_token(secret: str) -> tuple[Any, Any]:
    found = identity.token_by_secret(secret)
    if found is None:
        raise Unauthenticated(_("令牌无效、已过期或已撤销，请换一个"), code="invalid_token")
    return found


def _limit() -> None:
    who = g.oa_person
    key = f"p{who.id}" if who is not None else f"a{request.remote_addr}"
    current_app.config["OA_LIMITER"].hit(key, current_app.config["OA_RATE_LIMIT"])


def _admit(access: Access) -> Any:
    if access.public:
        if access.csrf and request.method not in _SAFE and not access.uploads and g.oa_token is None:
            _check_forgery()
        return None
    if g.oa_person is None:
        if access.kind == "api" or request.method not in _SAFE:
            raise Unauthenticated(_("请先登录") if access.kind == "html" else "需要令牌：Authorization: Bearer …")
        return _to_sign_in()
    if g.oa_session is not None and not access.unfinished:
        answer = _finish_first(access)
        if answer is not None:
            return answer
    if request.method not in _SAFE:
        _check_write(access)
    elif request.method == "GET" and request.content_length:
        _check_size()
    if access.permission:
        check_permission(access.permission)
    return None


def _check_write(access: Access) -> None:
    if not access.uploads:
        _check_size()
    if g.oa_token is not None:
        if g.oa_token.read_only and not access.reads_only:
            raise Forbidden("这个令牌是只读的，不能做修改", code="read_only_token")
    elif access.csrf:
        if access.uploads and not request.headers.get(csrf.HEADER):
            g.oa_csrf_pending = True  # the form's field is checked as the body is read, before any file is kept
        else:
            _check_forgery()


def _check_size() -> None:
    limit = current_app.config["MAX_CONTENT_LENGTH"]
    if request.content_length is not None and request.content_length > limit:
        raise TooLarge(
            _("内容过大：%(size)s MB，上限 %(limit)s MB", size=round(request.content_length / 2**20, 1),
              limit=round(limit / 2**20, 1))
        )


def _check_forgery() -> None:
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise Forbidden(_("请求来自另一个网站，没有执行任何操作"), code="csrf")
    csrf.check(csrf.from_request())


def check_permission(name: str) -> None:
    """Raises Forbidden unless who is asking holds the permission (and the token is not limited to others)."""
    if g.oa_token is not None and g.oa_token.scopes and name not in g.oa_token.scopes:
        raise Forbidden(f"这个令牌的范围不包括 {name}", code="token_scope")
    permissions.require(g.oa_person, name)


def _finish_first(access: Access) -> Any:
    """Second factor, first sign-in, expired password: these come before anything else."""
    step = identity_step(g.oa_session, g.oa_person)
    if step is None:
        return None
    if access.kind == "api":
        raise Unauthenticated("登录还没有完成，请先在网页上完成登录", code="sign_in_unfinished")
    return redirect(step, 303)


def identity_step(session_row: Any, who: Any) -> str | None:
    """The page somebody must visit before all others, or None."""
    if not session_row.complete:
        return "/sign-in/second-factor"
    steps = identity.pending_steps(who)
    return _STEPS[steps[0]] if steps else None


def _to_sign_in() -> Any:
    if request.headers.get("HX-Request"):
        answer = Response(status=401)
        answer.headers["HX-Redirect"] = "/sign-in"
        return answer
    from urllib.parse import quote

    wanted = request.full_path if request.query_string else request.path
    target = "/sign-in" if wanted == "/" else f"/sign-in?next={quote(wanted, safe='/')}"
    return redirect(target, 303)


def _leave(response: Any) -> Any:
    headers = response.headers
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Request-Id"] = getattr(g, "oa_request_id", "")
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if current_app.config["OA_HSTS"]:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if request.endpoint == "oa.asset":
        headers["Content-Security-Policy"] = _ASSET_CSP
        return response
    if response.mimetype == "text/html":
        csrf.keep(response)
    headers.setdefault("Content-Security-Policy", _CSP)
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    access = getattr(g, "oa_access", None)
    if not (access is not None and access.cacheable) and "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"
    if response.mimetype == "text/html":
        headers.add("Vary", "HX-Request")
    if getattr(g, "oa_stale_cookie", False) and g.oa_session is None:
        drop_session_cookie(response)
    from . import metrics

    metrics.observe(request.endpoint, request.method, response.status_code, g.get("oa_began"))
    if permissions.uses_due():
        response.call_on_close(permissions.write_uses)  # when the answer is out: nobody waits for it
    return response


def _forget(_error: BaseException | None) -> None:
    context.set_current(context.SYSTEM)


def set_session_cookie(response: Any, secret: str) -> None:
    """Hands the browser its session. Always a fresh secret: an earlier one is not carried over a sign-in."""
    response.set_cookie(
        called(SESSION), secret, httponly=True, samesite="Lax", secure=current_app.config["SESSION_COOKIE_SECURE"],
        path="/",
    )


def drop_session_cookie(response: Any) -> None:
    """Takes the session back from the browser."""
    response.delete_cookie(
        called(SESSION), path="/", httponly=True, samesite="Lax", secure=current_app.config["SESSION_COOKIE_SECURE"])


def refuse_unseen(condition: bool, message: str = "没有这一页，或者您不能查看它") -> None:
    """404 for what one may not see: whether it exists is nobody's business."""
    if not condition:
        raise NotFound(_(message))


__all__ = [
    "check_permission", "drop_session_cookie", "identity_step", "install", "person", "refuse_unseen", "session",
    "set_session_cookie", "token",
]
