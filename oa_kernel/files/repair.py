"""Is what lies on disk what was stored, and putting back a copy of it from elsewhere (a backup)."""

from __future__ import annotations

import os
from typing import Any, BinaryIO

from oa_kernel import audit, db, runtime
from oa_kernel.crypto import SM3, ChunkReader, CryptoError
from oa_kernel.errors import Conflict, Invalid, OAError

from .models import Blob, File
from .store import PIECE, _disk, _hold, _joined, _make_folders, _sync_folder, _temporary, _Whole, blob_path, open_content


def sealed_digest(sm3: str) -> str:
    """SM3 of a content's encrypted file as it lies on disk: whether it changed can be told without its key.

    :raises OSError: it is not there or cannot be read.
    """
    digest = SM3()
    with blob_path(sm3).open("rb", buffering=0) as file:
        buffer = bytearray(4 * PIECE)
        view = memoryview(buffer)
        while count := file.readinto(buffer):
            digest.update(view[:count])
    return digest.hexdigest()


def problem(file: File) -> str:
    """Why a file cannot be read as it was stored; empty: it can. Reads and decrypts all of it."""
    digest = SM3()
    try:
        for piece in open_content(file):
            digest.update(piece)
    except (OAError, CryptoError, OSError) as error:
        return getattr(error, "message", "") or str(error)
    return "" if digest.hexdigest() == file.sm3 else f"摘要不符：登记 {file.sm3[:16]}…，实际 {digest.hexdigest()[:16]}…"


def restore(file: File, source: BinaryIO, by: Any = None) -> None:
    """Puts a copy of the file's encrypted content in the place of a damaged or lost one, once it proved to be right.

    :param source: the encrypted file as a backup has it.
    :raises Invalid: it is not that content, is damaged itself, or was encrypted with other keys; nothing is changed.
    :raises Conflict: the content was destroyed on purpose.
    """
    blob = Blob.get_by_id(file.blob_id)
    if blob.erased_at is not None or file.erased_at is not None:
        raise Conflict(f"文件 {file.name} 的内容已按规定销毁，不能恢复", code="file_erased")
    keys = runtime.current().keys
    with _temporary() as temporary:
        with _disk(), temporary.open("xb", buffering=0) as sink:
            whole = _Whole(sink)
            while piece := source.read(PIECE):
                whole.write(piece)
            os.fsync(sink.fileno())
        digest = SM3()
        try:
            with temporary.open("rb", buffering=0) as copy:
                for piece in ChunkReader(copy, lambda info: _joined(keys.unwrap(info), blob.share)).chunks():
                    digest.update(piece)
        except CryptoError as error:
            raise Invalid(f"备份里的 {file.name} 打不开：{error}", code="copy_damaged") from error
        if digest.hexdigest() != file.sm3:
            raise Invalid(f"备份里的 {file.name} 不是登记的内容：{digest.hexdigest()[:16]}…", code="copy_damaged")
        target = blob_path(file.sm3)
        with db.transaction(), _disk():
            _hold(shared=True)
            _make_folders(target.parent)
            os.replace(temporary, target)
            _sync_folder(target.parent)
            audit.record("file.restored", "file", file.id, title=file.name, after={"sm3": file.sm3}, by=by)


__all__ = ["problem", "restore", "sealed_digest"]
