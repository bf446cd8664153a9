"""Multipart bodies read piece by piece: a file goes straight into the files room, never into memory or ``/tmp``.

A view declared with ``uploads=True`` calls :func:`read_form` once. Fields come back as a MultiDict; each file is
handed to the files room as a stream while the network still delivers it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from flask import Request, g, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from oa_kernel import runtime
from oa_kernel.errors import BadRequest, Invalid, TooLarge

from . import csrf
from .i18n import gettext as _

_CHUNK = 256 * 1024
_FIELDS_MEMORY = 8 * 1024 * 1024
_MOST_PARTS = 1000


class StreamingRequest(Request):
    """A request whose body is left alone where the view said it reads it itself."""

    max_form_parts = _MOST_PARTS


@dataclass
class Upload:
    """What a multipart form held: ``fields`` and, by field name, what ``store`` made of each file."""

    fields: MultiDict[str, str] = field(default_factory=MultiDict)
    files: dict[str, list[Any]] = field(default_factory=dict)

    def file(self, name: str = "file") -> Any:
        """The one file of a field. Raises Invalid where none was sent."""
        found = self.files.get(name)
        if not found:
            raise Invalid(_("没有选择文件"), errors={name: [_("请选择一个文件")]})
        return found[0]


def read_form(store: Callable[[Any, str, str, str], Any] | None = None, *, max_files: int = 50) -> Upload:
    """Reads the form of this request.

    :param store: ``store(stream, filename, mime, field)`` for every file; left out: the files room keeps it as the
        person's own, up to ``storage.max_upload``.
    :raises Forbidden: where the form's CSRF field is wrong, before any file is read.
    :raises TooLarge, BadRequest: where the body is over the limit, or not a whole multipart body.
    """
    made = Upload()
    if request.mimetype == "application/x-www-form-urlencoded":
        made.fields = MultiDict(request.form)
        _check_forgery(made)
        return made
    if request.mimetype != "multipart/form-data":
        raise BadRequest("请求体应为 multipart/form-data，文件放在字段 file 里", code="not_multipart")
    limit = runtime.current().config["storage"]["max_upload"]
    if request.content_length is not None and request.content_length > limit + _FIELDS_MEMORY:
        raise TooLarge(_("文件过大：上限 %(n)s MB", n=limit // 2**20), limit=limit)
    request.max_content_length = limit + _FIELDS_MEMORY
    keep = store or _keep
    count = 0
    for kind, name, filename, mime, content in _parts():
        if kind == "field":
            made.fields.add(name, content)
            continue
        _check_forgery(made)
        if not filename:  # an empty file field of a form
            _drain(content)
            continue
        count += 1
        if count > max_files:
            raise Invalid(_("一次最多 %(n)s 个文件", n=max_files))
        made.files.setdefault(name, []).append(keep(_Stream(content), filename, mime, name))
    _check_forgery(made)
    return made


def _keep(stream: Any, filename: str, mime: str, _field: str) -> Any:
    from oa_kernel import files

    return files.store(stream, filename, g.oa_person, mime_hint=mime or None)


def _check_forgery(made: Upload) -> None:
    if g.get("oa_csrf_pending"):
        csrf.check(request.headers.get(csrf.HEADER) or made.fields.get(csrf.FIELD))
        g.oa_csrf_pending = False


def _drain(content: Iterator[bytes]) -> None:
    for _piece in content:
        pass


class _Stream:
    """A file part as something with ``read``: pieces come as they arrive."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes (all that is left where negative); empty at the end."""
        if size is None or size < 0:
            whole, self._rest = self._rest + b"".join(self._pieces), b""
            return whole
        while len(self._rest) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._rest = self._rest + piece if self._rest else piece
        out, self._rest = self._rest[:size], self._rest[size:]
        return out


def _parts() -> Iterator[tuple[str, str, str, str, Any]]:
    """(``field``, name, "", "", text) and (``file``, name, filename, mime, iterator of bytes), in their order."""
    boundary = request.mimetype_params.get("boundary", "").encode("latin-1", "replace")
    if not boundary:
        raise BadRequest("multipart 请求缺少 boundary", code="not_multipart")
    decoder = MultipartDecoder(boundary, _FIELDS_MEMORY, max_parts=_MOST_PARTS)
    events = _events(decoder)
    memory = 0
    event = next(events, None)
    while event is not None and not isinstance(event, Epilogue):
        if isinstance(event, Field):
            pieces = []
            for piece in _data(events):
                memory += len(piece)
                if memory > _FIELDS_MEMORY:
                    raise TooLarge(_("表单的文字内容过大"))
                pieces.append(piece)
            yield "field", event.name, "", "", b"".join(pieces).decode("utf-8", "replace")
        elif isinstance(event, File):
            content = _data(events)
            yield "file", event.name, event.filename, event.headers.get("Content-Type", ""), content
            _drain(content)  # where the taker stopped early
        event = next(events, None)
    if event is None:
        raise BadRequest("上传中断，没有收到完整的内容，请重试", code="incomplete_upload")


def _data(events: Iterator[Any]) -> Iterator[bytes]:
    for event in events:
        if not isinstance(event, Data):
            break
        if event.data:
            yield bytes(event.data)
        if not event.more_data:
            return
    raise BadRequest("上传中断，没有收到完整的内容，请重试", code="incomplete_upload")


def _events(decoder: MultipartDecoder) -> Iterator[Any]:
    try:
        stream = request.stream
        ended = False
        while True:
            event = decoder.next_event()
            if isinstance(event, NeedData):
                if ended:
                    return
                piece = stream.read(_CHUNK)
                ended = not piece
                decoder.receive_data(piece or None)
                continue
            yield event
            if isinstance(event, Epilogue):
                return
    except RequestEntityTooLarge:
        raise TooLarge(_("内容过大")) from None
    except ValueError as error:
        raise BadRequest(f"multipart 内容有误：{error}", code="not_multipart") from None


__all__ = ["StreamingRequest", "Upload", "read_form"]
