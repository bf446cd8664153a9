"""What partners reach: the descriptor, and the desk that takes packages. Who is unknown gets the 404 of any unknown page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import current_app, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from oa_kernel import web
from oa_kernel.errors import NotFound, StorageFull

from . import package, settings, spool
from .services import identity, receiving

pages = web.Pages("exchange_public", __name__)

_TYPE = "application/octet-stream"
_PIECE = 256 * 1024
#: no partner makes a larger one
_MOST = settings.SCHEMA["max_package_mb"]["max"] * 2**20


@pages.get("/exchange/descriptor", public=True)
def descriptor() -> Any:
    """Our certificates and address; nothing is trusted by fetching it."""
    return Response(identity.descriptor(), mimetype="application/json")


@pages.post("/exchange/v1/<string:fingerprint>", public=True, csrf=False)
def take(fingerprint: str) -> Any:
    """A package for the identity with this fingerprint. 200 and 422 carry a signed answer; all else is for nobody."""
    current_app.config["OA_LIMITER"].hit(f"exchange{request.remote_addr}", int(settings.get("rate")))
    request.max_content_length = 1 << 40  # what is over our limit gets a signed answer
    try:
        first = request.stream.read(package.HEAD_MOST)
        head = package.read_head(first)
        if head.header.recipient != fingerprint or (request.content_length or head.whole) != head.whole:
            raise receiving.Unknown("没有这一页", reason="长度或收件人不符")
        sender = receiving.sender_of(head)
    except (package.PackageError, receiving.Unknown, RequestEntityTooLarge, OSError) as error:
        raise NotFound("没有这一页，或者您不能查看它") from error
    try:
        if head.whole > settings.largest():
            _pass_over()
            result = receiving.too_large(head, sender)
        else:
            result = _received(first, head, sender)
    except (RequestEntityTooLarge, OSError) as error:
        raise NotFound("没有这一页，或者您不能查看它") from error
    return Response(result.answer, status=422 if result.reason else 200, mimetype=_TYPE)


def _received(first: bytes, head: package.Head, sender: receiving.Sender) -> receiving.Result:
    try:
        with spool.filled(_whole(first, head)) as source:
            return receiving.receive(head, source, sender, via="https")
    except StorageFull:
        _pass_over()
        return receiving.no_room(head, sender)


def _pass_over() -> None:
    """Reads what is not taken, as far as a partner may send: one that is cut off while it sends never hears the answer."""
    left = _MOST
    while left > 0 and (piece := request.stream.read(_PIECE)):
        left -= len(piece)


def _whole(first: bytes, head: package.Head) -> Iterator[bytes]:
    yield first
    left = head.whole - len(first)
    while left > 0 and (piece := request.stream.read(min(_PIECE, left))):
        left -= len(piece)
        yield piece
