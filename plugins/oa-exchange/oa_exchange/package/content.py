"""The content in clear: ``length ‖ manifest ‖ files``, the files one after the other as the manifest lists them.

It is read twice and never lies anywhere in clear: the first time to see that all of it is genuine, the second to be used.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from oa_kernel import crypto

from .errors import PackageError
from .format import Body, Head, open_body

_MANIFEST_MOST = 256 * 1024
_FILES_MOST = 200
_PIECE = 256 * 1024


def packed(manifest: bytes, files: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
    """The content, piece by piece. ``manifest`` is JSON; its ``files`` list ``{name, size, sm3}`` in the order of ``files``."""
    yield struct.pack(">I", len(manifest)) + manifest
    for pieces in files:
        yield from pieces


def pack(manifest: bytes, files: Iterable[bytes] = ()) -> bytes:
    """:func:`packed` of what is in memory."""
    return b"".join(packed(manifest, ([data] for data in files)))


@dataclass(frozen=True)
class Content:
    """What a package holds, found genuine. ``sm3``: of all of it in clear."""

    manifest: dict[str, Any]
    sm3: str
    _body: Body = field(repr=False)

    def files(self) -> Iterator[Part]:
        """The files as streams, in their order. Read one before you ask for the next: what is left of it is passed over."""
        pieces = Stream(self._body.pieces())
        (length,) = struct.unpack(">I", pieces.exactly(4))
        pieces.skip(length)
        for one in self.manifest.get("files", []):
            part = Part(pieces, int(one["size"]))
            yield part
            pieces.skip(part.left)


class Stream:
    """Pieces as something with ``read``; ``seen`` is given all that was read."""

    def __init__(self, pieces: Iterator[bytes], seen: Callable[[bytes], Any] | None = None) -> None:
        self._pieces, self._seen, self._rest = pieces, seen, memoryview(b"")

    def read(self, size: int = _PIECE) -> bytes:
        """At most ``size`` bytes, and not all of them where the piece at hand has less; empty at the end."""
        while size and not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._rest = memoryview(piece)
        out, self._rest = bytes(self._rest[:size]), self._rest[size:]
        if self._seen is not None:
            self._seen(out)
        return out

    def exactly(self, size: int) -> bytes:
        """``size`` bytes, fewer only at the end."""
        found = bytearray()
        while len(found) < size and (piece := self.read(size - len(found))):
            found += piece
        return bytes(found)

    def skip(self, size: int, seen: Callable[[bytes], Any] | None = None) -> int:
        """Passes so many bytes over; how many there were."""
        done = 0
        while done < size and (piece := self.read(min(_PIECE, size - done))):
            done += len(piece)
            if seen is not None:
                seen(piece)
        return done


class Part:
    """The next ``left`` bytes of a stream."""

    def __init__(self, stream: Stream, left: int) -> None:
        self._stream, self.left = stream, left

    def read(self, size: int = _PIECE) -> bytes:
        """As :meth:`Stream.read`, not beyond the part's end."""
        out = self._stream.read(min(size, self.left))
        self.left -= len(out)
        return out

    def rest(self) -> bytes:
        """All that is left of it."""
        out = self._stream.exactly(self.left)
        self.left = 0
        return out


def examine(body: Body) -> Content:
    """Reads all of it once. Raises PackageError: altered (which is told first), or a file is not what the manifest says."""
    digest = crypto.SM3()
    stream = Stream(body.pieces(), digest.update)
    problem, manifest = None, {}
    try:
        manifest = _compare(stream)
    except PackageError as error:
        problem = error
    stream.skip(1 << 62)
    if problem is not None:
        raise problem
    return Content(manifest, digest.hexdigest(), body)


def open_small(head: Head, data: bytes, private: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Manifest and files of a package that is in memory. Raises PackageError."""
    content = examine(open_body(head, io.BytesIO(data), private))
    return content.manifest, [part.rest() for part in content.files()]


def _compare(stream: Stream) -> dict[str, Any]:
    try:
        (length,) = struct.unpack(">I", stream.exactly(4))
        if length > _MANIFEST_MOST:
            raise PackageError("交换包的清单过大", code="content")
        manifest: dict[str, Any] = json.loads(stream.exactly(length))
        listed = manifest.get("files", [])
        if not isinstance(listed, list) or len(listed) > _FILES_MOST:
            raise PackageError(f"交换包里的文件多于 {_FILES_MOST} 个", code="content")
        for one in listed:
            name, size, sm3, digest = str(one["name"]), int(one["size"]), str(one["sm3"]), crypto.SM3()
            if size < 0 or stream.skip(size, digest.update) != size or digest.hexdigest() != sm3:
                raise PackageError(f"文件“{name[:80]}”与清单中的摘要不符", code="content")
    except (struct.error, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise PackageError("交换包的清单无法读取", code="content") from error
    if stream.read(1):
        raise PackageError("交换包里有清单之外的内容", code="content")
    return manifest
