"""One request to a partner: HTTPS, one deadline for all of it, nothing followed, nothing read beyond a limit."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from oa_kernel import runtime
from oa_kernel.errors import Invalid, OAError

from . import settings
from .package import Sealed

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_UNKNOWN = "不是由信任的机构签发的：请向对方索取其根证书，放进配置 plugins.exchange.ca_file 所指的文件"
#: what is wrong with a certificate, by OpenSSL's X509_V_ERR_*, and who can do something
_CERTIFICATE = {
    9: "还没有生效：请核对两边的时钟", 10: "已经过期：请对方更换证书",
    18: _UNKNOWN, 19: _UNKNOWN, 20: _UNKNOWN, 21: _UNKNOWN,
    62: "写的不是这个主机名：请核对对方的地址，或请对方换用写有这个名字的证书", 64: "写的不是这个地址：请改用证书上的主机名",
}
#: an answer is small
ANSWER_MOST = 256 * 1024


class Unreachable(OAError):
    """The partner could not be asked, or what came back is no answer (503). It is tried again."""

    status, code, title = 503, "unreachable", "没有送到对方"


def check_url(url: str) -> str:
    """The address without a slash at the end. Raises Invalid unless it is HTTPS (or HTTP to this machine, where allowed)."""
    url = url.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    problem = ""
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or parts.username or len(url) > 300:
        problem = f"地址应形如 https://oa.example.cn，不是“{url[:80]}”"
    elif parts.scheme == "http" and not (host in _LOOPBACK and settings.get("allow_http_loopback")):
        problem = "对方的地址必须是 HTTPS"
    if problem:
        raise Invalid(problem, errors={"url": [problem]})
    return url


def post(url: str, sealed: Sealed) -> bytes:
    """What is answered to a package. Raises Unreachable, saying what happened."""
    status, body = _request("POST", url, sealed)
    if status not in (200, 422) or not body:
        raise Unreachable(_status_words(status), code="answer")
    return body


def fetch(url: str) -> bytes:
    """A partner's public descriptor. Raises Unreachable."""
    status, body = _request("GET", url, None)
    if status != 200:
        raise Unreachable(f"对方的地址没有给出交换证书（HTTP {status}）", code="answer")
    return body


def _status_words(status: int) -> str:
    if status == 404:
        return "对方不认识本单位（HTTP 404）：请对方管理员核对指纹并确认，并检查地址"
    if status == 413:
        return "对方的网关不接收这么大的包（HTTP 413）"
    if status == 429:
        return "对方要求稍后再发（HTTP 429）"
    return f"对方没有给出能识别的答复（HTTP {status}）"


def _request(method: str, url: str, sealed: Sealed | None) -> tuple[int, bytes]:
    parts = urlsplit(check_url(url))
    timeout = settings.deadline(sealed.size if sealed else 0)
    connection = _connection(parts, timeout)
    headers = {"User-Agent": "oa-exchange/1"}
    if sealed is not None:
        headers.update({"Content-Type": "application/octet-stream", "Content-Length": str(sealed.size)})
    try:
        with _deadline(connection, timeout) as late:
            try:
                connection.request(method, parts.path or "/", body=sealed.pieces() if sealed else None, headers=headers)
                answer = connection.getresponse()
                body = answer.read(ANSWER_MOST + 1)
            except (OSError, http.client.HTTPException, ValueError) as error:
                if late.is_set() or isinstance(error, TimeoutError):
                    raise Unreachable(f"对方在 {timeout:.3g} 秒内没有答复完（{parts.hostname}）", code="timeout") from error
                raise Unreachable(f"连接不上 {parts.hostname}：{_reason(error)}", code="connection") from error
            if late.is_set():
                raise Unreachable(f"对方在 {timeout:.3g} 秒内没有答复完（{parts.hostname}）", code="timeout")
    finally:
        connection.close()
    if len(body) > ANSWER_MOST:
        raise Unreachable("对方的答复过长，没有采信", code="answer")
    return answer.status, body


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        what = _CERTIFICATE.get(error.verify_code, f"不可信（{error.verify_message}）")
        return f"对方网站的 HTTPS 证书{what}"
    if isinstance(error, ConnectionRefusedError):
        return "对方没有开机或没有运行"
    if isinstance(error, http.client.RemoteDisconnected | ConnectionResetError):
        return "对方中断了连接"
    if isinstance(error, socket.gaierror):
        return "找不到这个主机名"
    return f"{type(error).__name__} {error}"[:120]


def _connection(parts: Any, timeout: float) -> http.client.HTTPConnection:
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    name = str(settings.get("ca_file"))
    path = str((runtime.current().config.folder / name).resolve()) if name else None
    try:
        context = ssl.create_default_context(cafile=path)
    except OSError as error:
        raise Unreachable(f"读不出 HTTPS 信任的根证书文件 {name}：{error.strerror}", code="ca_file") from error
    return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout, context=context)


@contextmanager
def _deadline(connection: http.client.HTTPConnection, seconds: float) -> Iterator[threading.Event]:
    """Ends the connection when time is up: a partner that sends a byte now and then would get around a socket's timeout."""
    late = threading.Event()

    def end() -> None:
        late.set()
        sock = connection.sock
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()
