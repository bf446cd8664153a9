"""Storing: one pass over the stream, hashed and encrypted, into a file that is whole or is not there.

The order is what makes a crash harmless: temporary file → fsync → rename to the content's place → row. A crash
before the row leaves a blob that no row knows, and the sweep takes it away.
"""

from __future__ import annotations

import errno
import io
import os
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oa_kernel import audit, clock, db, runtime, signals
from oa_kernel.crypto import SM3, ChunkReader, ChunkWriter, new_key
from oa_kernel.errors import Invalid, NotFound, StorageFull, TooLarge, Unavailable

from . import names, types
from .models import Blob, File

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

#: bytes asked of the stream at once, and of one encrypted chunk
PIECE = 256 * 1024
#: bytes from which on hashing has a thread of its own
_LARGE = 2 * 1024 * 1024
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_ADVISORY = 0x0A_F1_1E5


def store(
    stream: Any,
    name: str,
    by: Any = None,
    max_size: int | None = None,
    allow: Collection[str] | None = None,
    mime_hint: str | None = None,
    previous: File | None = None,
) -> File:
    """Keeps what ``stream.read`` gives, encrypted, and returns its row.

    :param by: a person or their id; None: the system.
    :param max_size: bytes; the installation's ``storage.max_upload`` if left out or larger.
    :param allow: extensions or media types accepted here; None: everything but programs.
    :param mime_hint: what the sender says it is; kept only where the content does not tell.
    :param previous: the file this is the next version of.
    :raises TooLarge: as soon as the limit is passed; the rest is not read.
    :raises Invalid: for nothing at all, or a name that cannot be.
    :raises UnsupportedType: when content and extension disagree, or are not accepted.
    :raises StorageFull: when the disk is; nothing is left behind.
    """
    with written(stream, name, max_size, allow, mime_hint) as whole:
        return whole.keep(by, previous)


@contextmanager
def written(
    stream: Any, name: str, max_size: int | None = None, allow: Collection[str] | None = None, mime_hint: str | None = None,
) -> Iterator[Written]:
    """:func:`store` in two steps: all that takes long is done when the block begins, outside any transaction; ``keep`` in a
    transaction only moves it to its place and writes the rows. What is not kept is gone when the block ends.

    Parameters and errors are those of :func:`store`.
    """
    name = names.clean(name)
    extension = names.extension(name)
    limit = runtime.current().config["storage"]["max_upload"]
    limit = limit if max_size is None else min(limit, max_size)
    with _temporary() as temporary:
        share = new_key()
        digest, size, mime = _write(temporary, stream, name, extension, limit, allow, share)
        if mime == "application/octet-stream" and mime_hint and _plain_hint(mime_hint):
            mime = mime_hint
        yield Written(temporary, share, name, size, digest, mime)


class Written:
    """A content that lies encrypted in a temporary file and is nobody's yet; a killed process leaves it to the sweep."""

    def __init__(self, temporary: Path, share: bytes, name: str, size: int, sm3: str, mime: str) -> None:
        self._temporary, self._share = temporary, share
        self.name, self.size, self.sm3, self.mime = name, size, sm3, mime

    def keep(self, by: Any = None, previous: File | None = None) -> File:
        """Makes it a stored file; once. Joins the caller's transaction."""
        with db.transaction():
            _hold(shared=True)
            blob = _place(self._temporary, self.sm3, self.size, self._share)
            row = File.create(
                blob=blob, name=self.name, size=self.size, sm3=self.sm3, mime=self.mime, by_id=_id(by), at=clock.now(),
                previous=previous, version=previous.version + 1 if previous else 1,
            )
            audit.record("file.stored", "file", row.id, title=self.name,
                         after={"size": self.size, "sm3": self.sm3, "mime": self.mime}, by=by)
            signals.file_stored.send("files", file=row)
        return row

    def read_bytes(self) -> bytes:
        """The whole content before it is kept, for what fits into memory."""
        with self._temporary.open("rb", buffering=0) as source:
            return b"".join(_opened(source, self._share.hex()).chunks())


def store_bytes(data: bytes, name: str, by: Any = None, **options: Any) -> File:
    """:func:`store` of what is in memory already."""
    return store(io.BytesIO(data), name, by, **options)


class Content:
    """The bytes of a file or a range of it, piece by piece. Close it, or read it to the end."""

    def __init__(self, source: Any, pieces: Iterator[bytes]) -> None:
        self._source, self._pieces = source, pieces

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Lets go of the file on disk."""
        self._source.close()


def open_content(file: File, start: int = 0, end: int | None = None) -> Content:
    """The content from byte ``start`` up to ``end`` (excluded; the end of the file if left out).

    :raises NotFound: when the blob is missing on disk.
    :raises oa_kernel.crypto.CryptoError: when it was altered; nothing unauthenticated is handed out.
    """
    share, erased_at = Blob.select(Blob.share, Blob.erased_at).where(Blob.id == file.blob_id).tuples().get()
    erased_at = file.erased_at or erased_at
    if erased_at is not None:
        raise NotFound(f"文件 {file.name} 的内容已于 {clock.local(erased_at).date()} 按规定销毁，无法恢复", code="file_erased")
    path = blob_path(file.sm3)
    try:
        source = path.open("rb", buffering=0)
    except FileNotFoundError:
        raise NotFound(
            f"文件 {file.name} 的内容不在存储中（{file.sm3[:16]}…），请从备份恢复", code="blob_missing"
        ) from None
    except OSError as error:
        raise Unavailable(f"暂时无法读取文件 {file.name}：{error.strerror}") from error
    try:
        reader = _opened(source, share)
        return Content(source, reader.chunks(start, reader.size if end is None else min(end, reader.size)))
    except BaseException:
        source.close()
        raise


def read_bytes(file: File | Written) -> bytes:
    """The whole content, for what fits into memory; also of what is only written."""
    if isinstance(file, Written):
        return file.read_bytes()
    return b"".join(open_content(file))


def copy_to(file: File, sink: Any) -> int:
    """Writes the content into ``sink``; how many bytes."""
    done = 0
    for piece in open_content(file):
        done += len(piece)
        sink.write(piece)
    return done


def folder() -> Path:
    """Where blobs are kept."""
    cache = runtime.current().cache
    if "files.folder" not in cache:
        cache["files.folder"] = runtime.current().config.file("storage.path")
    return cache["files.folder"]


def blob_path(sm3: str) -> Path:
    """Place of a content."""
    return folder() / sm3[:2] / sm3[2:4] / sm3


def temporary_folder() -> Path:
    """Where files are that are not whole yet."""
    return folder() / "tmp"


def _write(
    path: Path, stream: Any, name: str, extension: str, limit: int, allow: Collection[str] | None, share: bytes
) -> tuple[str, int, str]:
    keys = runtime.current().keys
    key = new_key()
    head, tail, size = b"", b"", 0
    with _disk(), path.open("xb", buffering=0) as sink, _Digest() as digest:
        with ChunkWriter(_Whole(sink), key, keys.wrap(_joined(key, share.hex())), PIECE) as writer:
            while piece := stream.read(PIECE):
                size += len(piece)
                if size > limit:
                    raise TooLarge(f"文件 {name} 过大：上限 {_shown_size(limit)}", limit=limit)
                if len(head) < types.HEAD:
                    head += piece[: types.HEAD - len(head)]
                tail = piece if len(piece) >= types.TAIL else (tail + piece)[-types.TAIL :]
                digest.update(piece)
                writer.write(piece)
            if not size:
                raise Invalid(f"文件 {name} 是空的（0 字节），没有保存", code="empty_file",
                              errors={"file": ["文件是空的"]})
            mime = types.check(name, extension, head, tail[-types.TAIL :], allow)
        os.fsync(sink.fileno())
        return digest.hexdigest(), size, mime


class _Digest:
    """SM3 that works beside the encryption, in a thread of its own, once a file proves to be large."""

    def __init__(self) -> None:
        self._state = SM3()
        self._size = 0
        self._pool: ThreadPoolExecutor | None = None
        self._running: Future[Any] | None = None

    def update(self, piece: bytes) -> None:
        """Takes the next piece; it must not change until the next call."""
        self._size += len(piece)
        if self._size <= _LARGE:
            self._state.update(piece)
            return
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(1, "oa-sm3")
        self._wait()
        self._running = self._pool.submit(self._state.update, piece)

    def hexdigest(self) -> str:
        self._wait()
        return self._state.hexdigest()

    def _wait(self) -> None:
        if self._running is not None:
            self._running.result()
            self._running = None

    def __enter__(self) -> _Digest:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()


class _Whole:
    """An unbuffered file whose ``write`` writes all of it, or raises."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def write(self, data: Any) -> int:
        view = memoryview(data)
        done = self._raw.write(view)
        while done < len(view):
            done += self._raw.write(view[done:])
        return done


def _joined(half: bytes, share: str) -> bytes:
    """The key of a content out of its two halves, or a half out of the key and the other; no share: it was not split."""
    return bytes(a ^ b for a, b in zip(half, bytes.fromhex(share), strict=True)) if share else half


def _opened(source: Any, share: str) -> ChunkReader:
    return ChunkReader(source, lambda info: _joined(runtime.current().keys.unwrap(info), share))


def _place(temporary: Path, digest: str, size: int, share: bytes) -> Blob:
    """The content's row, and its file at its place. Content that is there already is kept as it is.

    The row comes first: whoever stores the same content at the same time waits for it. A row's half of the key never
    changes while the content is kept, so that what a rolled back transaction left on disk is written over.
    """
    target, mark = blob_path(digest), db.database.param
    db.database.execute_sql(
        f"INSERT INTO files_blob (sm3, size, created_at, share) VALUES ({mark}, {mark}, {mark}, {mark})"
        " ON CONFLICT (sm3) DO UPDATE SET share = excluded.share, erased_at = NULL"
        " WHERE files_blob.erased_at IS NOT NULL",
        (digest, size, Blob.created_at.db_value(clock.now()), share.hex()),
    )
    blob = Blob.get(Blob.sm3 == digest)
    ours = blob.share == share.hex()
    if ours or not target.exists():
        source = temporary if ours else _again(temporary, share.hex(), blob.share)
        with _disk():
            _make_folders(target.parent)
            os.replace(source, target)
            _sync_folder(target.parent)
    return blob


def _again(temporary: Path, share: str, other: str) -> Path:
    """The same content written under a key whose half is the row's, where the row's file was lost."""
    keys, key = runtime.current().keys, new_key()
    path = temporary.with_suffix(".again")
    with _disk(), temporary.open("rb", buffering=0) as source, path.open("xb", buffering=0) as sink:
        with ChunkWriter(_Whole(sink), key, keys.wrap(_joined(key, other)), PIECE) as writer:
            for piece in _opened(source, share).chunks():
                writer.write(piece)
        os.fsync(sink.fileno())
    return path


@contextmanager
def _temporary() -> Iterator[Path]:
    with _disk():
        _make_folders(temporary_folder())
    path = temporary_folder() / uuid.uuid4().hex
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull("存储空间不足，文件没有保存；请联系管理员清理磁盘后重试") from error
        raise


def _make_folders(path: Path) -> None:
    if path.is_dir():
        return
    _make_folders(path.parent)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        return
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    """Makes a rename or a new entry in the folder last through a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _hold(*, shared: bool) -> None:
    """Keeps storing and sweeping apart until the transaction ends; storers do not wait for one another.

    SQLite has one writer at a time anyway.
    """
    if db.is_postgresql():
        function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
        db.database.execute_sql(f"SELECT {function}({_ADVISORY})")


def _plain_hint(mime: str) -> bool:
    """Only a hint that no browser would act on."""
    main = mime.partition(";")[0].strip().lower()
    return len(mime) <= 100 and main.startswith("application/") and main not in (
        "application/xhtml+xml", "application/javascript", "application/ecmascript", "application/xml",
        "application/pdf",
    )


def _id(by: Any) -> int | None:
    return by if by is None or isinstance(by, int) else by.id


def _shown_size(size: int) -> str:
    for unit, bytes_ in (("GB", 2**30), ("MB", 2**20), ("KB", 2**10)):
        if size >= bytes_:
            return f"{size / bytes_:.4g} {unit}"
    return f"{size} 字节"
