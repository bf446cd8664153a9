"""Files on their way out: ranges, names in any language, and nothing shown inline that could act as a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from tempfile import TemporaryFile
from typing import Any, BinaryIO
from urllib.parse import quote

from flask import request
from werkzeug.wrappers import Response

#: shown in the browser as they are; everything else is a download
INLINE = frozenset(("application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp", "text/plain"))
_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")


def send_file(file: Any, *, inline: bool = False, name: str | None = None) -> Any:
    """A stored file (a row of the files room) as a response; ranges by RFC 9110 clause 14.

    :param inline: shown in the browser where that is safe.
    """
    from oa_kernel import files

    size = int(file.size)
    etag = f'"{file.sm3}"'
    headers = _headers(name or file.name, file.mime or "application/octet-stream", inline)
    headers.update({"Accept-Ranges": "bytes", "ETag": etag, "Cache-Control": "private, no-cache"})
    if request.headers.get("If-None-Match") == etag:
        return Response(status=304, headers=headers)
    wanted = _range(size, etag)
    if wanted == "unsatisfiable":
        return Response(status=416, headers={"Content-Range": f"bytes */{size}"})
    if isinstance(wanted, tuple):
        first, last = wanted
        headers.update({"Content-Range": f"bytes {first}-{last}/{size}", "Content-Length": str(last - first + 1)})
        body: Iterator[bytes] | None = files.open(file, first, last + 1)
        status = 206
    else:
        headers["Content-Length"] = str(size)
        body, status = files.open(file), 200
    if request.method == "HEAD":
        body = None
    return Response(body, status=status, headers=headers, direct_passthrough=True)


def send_bytes(data: bytes, mime: str, name: str = "", *, inline: bool = False) -> Any:
    """Bytes made on the spot (a PDF, a picture) as a response."""
    return Response(data, headers=_headers(name, mime, inline))


def send_written(write: Callable[[BinaryIO], Any], mime: str, name: str) -> Any:
    """What ``write`` puts into a file as a download: by way of the disk, so that its size costs no memory."""
    made: BinaryIO = TemporaryFile()  # type: ignore[assignment]  # noqa: SIM115  (closed with the answer)
    try:
        write(made)
        size = made.tell()
        made.seek(0)
    except BaseException:
        made.close()
        raise
    response = Response(_pieces(made), headers=_headers(name, mime, False), direct_passthrough=True)
    response.content_length = size
    response.call_on_close(made.close)
    return response


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(256 * 2**10):
        yield piece


def _headers(name: str, mime: str, inline: bool) -> dict[str, str]:
    shown = inline and mime.partition(";")[0] in INLINE
    headers = {"Content-Type": mime if shown or mime.startswith("application/") else _harmless(mime)}
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\;' else "_" for c in name) or "file"
    kind = "inline" if shown else "attachment"
    headers["Content-Disposition"] = f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    # whatever it is, it may not act: no script, no form, no frame
    headers["Content-Security-Policy"] = (
        "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'"
        if mime == "application/pdf"
        else "default-src 'none'; sandbox; frame-ancestors 'self'"
    )
    return headers


def _harmless(mime: str) -> str:
    """HTML, SVG and the like travel as what they are not, so that no browser opens them as a page."""
    main = mime.partition(";")[0].strip().lower()
    return "application/octet-stream" if main in ("text/html", "image/svg+xml", "text/xml") else mime


def _range(size: int, etag: str) -> tuple[int, int] | str | None:
    header = request.headers.get("Range")
    if not header or request.headers.get("If-Range", etag) != etag:
        return None
    match = _RANGE.match(header.strip())
    if not match or match.groups() == ("", ""):
        return None  # several ranges, another unit: the whole file is a right answer
    start, end = match.groups()
    if not start:
        length = min(int(end), size)
        return (size - length, size - 1) if length else "unsatisfiable"
    first = int(start)
    last = min(int(end), size - 1) if end else size - 1
    if first >= size or last < first:
        return "unsatisfiable"
    return first, last


__all__ = ["INLINE", "send_bytes", "send_file", "send_written"]
