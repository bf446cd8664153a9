"""Errors on their way out: RFC 9457 problem documents for programs, pages for people.

What nobody expected is logged under a reference number, and the number is all that leaves the house.
"""

from __future__ import annotations

import logging
import secrets
from typing import Any

import peewee
from flask import Flask, g, json, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from oa_kernel import clock, context, db, permissions
from oa_kernel.errors import (
    BadRequest,
    Forbidden,
    NotFound,
    OAError,
    StorageFull,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UnsupportedType,
)

from .i18n import gettext as _

log = logging.getLogger("oa.web")
security = logging.getLogger("oa.security")

#: refusals of other kinds that an honest program does not meet
_SUSPICIOUS = frozenset(("invalid_token", "unknown_host", "bad_cursor"))
#: bytes of a refused body that are still read
_MOST_REST = 64 * 1024**2

_BY_STATUS: dict[int, tuple[type[OAError], str]] = {
    400: (BadRequest, "这个请求无法理解"),
    401: (Unauthenticated, "请先登录"),
    403: (Forbidden, "没有权限"),
    404: (NotFound, "没有这一页，或者您不能查看它"),
    413: (TooLarge, "发送的内容过大"),
    415: (UnsupportedType, "不接受这种类型的内容"),
    429: (TooManyRequests, "操作过于频繁，请稍后再试"),
}


def install(app: Flask) -> None:
    """Makes every error of the application end here."""
    app.register_error_handler(OAError, _expected)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def problem(error: OAError, reference: str = "") -> Any:
    """The error as an RFC 9457 document."""
    body: dict[str, Any] = {
        "type": f"urn:oa:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.message,
        "code": error.code,
        "instance": request.path,
        "request": g.get("oa_request_id", ""),
    }
    if error.errors:
        body["errors"] = error.errors
    if reference:
        body["reference"] = reference
    for name, value in error.details.items():
        body.setdefault(name, value)
    response = Response(
        json.dumps(body, ensure_ascii=False, default=str), status=error.status, mimetype="application/problem+json"
    )
    return response


def _expected(error: OAError) -> Any:
    if error.status >= 500:
        log.error("%s %r: %s (%s)", request.method, request.path, error.message, error.code)
    elif error.status in (403, 429) or error.code in _SUSPICIOUS:
        _log_refusal(error)
    return answer(error)


def _log_refusal(error: OAError) -> None:
    """A line an intrusion is found by: what was refused to whom. %r keeps what they typed on that line."""
    actor = context.current()
    security.warning(
        "refused %s %s %s %r person=%s ip=%s credential=%s request=%s", error.status, error.code, request.method, request.path,
        actor.person_id, actor.ip or request.remote_addr, actor.credential or "-", g.get("oa_request_id", ""),
    )


def answer(error: OAError, reference: str = "") -> Any:
    """The answer to whoever asked: a problem document, a message within the page (htmx), or a page."""
    _read_the_rest()
    if request.path.startswith("/api/v1"):
        response = problem(error, reference)
    elif request.headers.get("HX-Request"):
        from .rendering import render_to_string

        body = render_to_string("oa/parts/flash_error.html", error=error, reference=reference)
        response = Response(body, status=error.status, mimetype="text/html")
        response.headers["HX-Retarget"] = "#oa-flash"
        response.headers["HX-Reswap"] = "innerHTML"
        if error.status == 401:
            response.headers["HX-Redirect"] = "/sign-in"
    elif error.status == 401 and request.method not in ("GET", "HEAD"):
        response = Response(_page(error, reference), status=401, mimetype="text/html")
    else:
        response = Response(_page(error, reference), status=error.status, mimetype="text/html")
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(error.details.get("retry_after", 60))
    if error.status == 401 and request.path.startswith("/api/"):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _read_the_rest() -> None:
    """Takes in what the client is still sending: answered before, it would see a broken connection and no reason.

    Who waits to be told to go on (``Expect: 100-continue``) has sent nothing; of bodies larger than this the answer
    is worth less than the time.
    """
    expects = "100-continue" in request.headers.get("Expect", "").lower()
    if expects or request.method in ("GET", "HEAD") or (request.content_length or 0) > _MOST_REST:
        return
    left = _MOST_REST
    try:
        while left > 0 and (piece := request.environ["wsgi.input"].read(256 * 1024)):
            left -= len(piece)
    except (OSError, ValueError):
        return  # the client is gone


def _page(error: OAError, reference: str) -> str:
    from .rendering import render_to_string

    try:
        return render_to_string(
            "oa/error.html", status=error.status, title=error.title, message=error.message, errors=error.errors,
            code=error.code, reference=reference, at=clock.local(clock.now()), ask_url=_ask_url(error),
        )
    except Exception:
        log.exception("the error page itself failed")
        from markupsafe import escape

        return (
            f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{escape(error.title)}</title>'
            f"<h1>{escape(error.title)}</h1><p>{escape(error.message)}</p><p>{escape(reference)}</p>"
        )


def _ask_url(error: OAError) -> str:
    """Where somebody asks for the right they lack; empty where it is not for the asking."""
    name = error.details.get("permission") if error.status == 403 else None
    if not name or g.get("oa_person") is None:
        return ""
    from .rendering import with_query

    asked_for = any(name in role.permissions for role in permissions.roles_to_ask_for())
    return with_query("/access-requests", {"permission": name}) if asked_for else ""


def _http(error: HTTPException) -> Any:
    if error.response is not None or (error.code or 500) < 400:
        return error  # a redirect
    code = error.code or 500
    kind, message = _BY_STATUS.get(code, (OAError, error.description or error.name))
    made = kind(_(message))
    if code not in _BY_STATUS:
        made.status, made.code, made.title = code, f"http_{code}", error.name
    if code == 405:
        made.code, made.title, made.message = "method_not_allowed", _("不支持这种操作"), _("这个地址不支持 %(m)s",
                                                                                 m=request.method)
    response = answer(made)
    if code == 405 and getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(error.valid_methods or ())
    return response


def _unexpected(error: Exception) -> Any:
    reference = f"{clock.local(clock.now()):%m%d%H%M}-{secrets.token_hex(3).upper()}"
    log.error("reference %s: %s %r failed", reference, request.method, request.path, exc_info=error)
    if isinstance(error, peewee.OperationalError | peewee.InterfaceError):
        db.close()  # a dead connection must not be kept
        made: OAError = Unavailable(_("数据库暂时没有响应，这次操作没有保存。请稍后重试"), code="database_unavailable")
    elif isinstance(error, OSError) and error.errno == 28:
        made = StorageFull(_("磁盘空间不足，没有保存。请联系系统管理员"))
    else:
        made = OAError(_("系统内部出错，这次操作没有完成。请重试；如果仍然出错，请把编号告诉系统管理员"), code="internal")
    return answer(made, reference)


__all__ = ["answer", "install", "problem"]
