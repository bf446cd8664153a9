"""Destroying content for good: its half of the key goes with it, so that no copy of the blob can be opened again.

A copy of the whole database from before (a backup set) still holds that half. How long such sets are kept is how long
destroyed content could be brought back by whoever has set and keys; ``docs/operations.md`` says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from oa_kernel import audit, clock, db
from oa_kernel.errors import Invalid

from .models import Attachment, Blob, File
from .store import _hold, blob_path


@dataclass
class Erased:
    """What became of the files: ``erased``, or ``kept`` because another thing has the same content."""

    erased: list[File] = field(default_factory=list)
    kept: list[File] = field(default_factory=list)


def erase(files: Iterable[File], reason: str, by: Any, *, of: Collection[tuple[str, Any]] = ()) -> Erased:
    """Destroys the content of files with its key; names, digests and what they belonged to stay known.

    Nothing can bring it back. The caller has asked for permission and holds the decision it stands on.

    :param reason: what it is destroyed by, for the record: “销毁清册 2026-1”.
    :param of: the things, ``(kind, id)``, that go, with what is of them (``kind.formal``, same id). Content that anything
        else has (under any file) is left alone.
    :raises Invalid: without a reason.
    """
    if not reason.strip():
        raise Invalid("销毁文件内容必须写明依据", errors={"reason": ["请写明依据"]})
    going = {(kind, str(thing)) for kind, thing in of}

    def stays(kind: str, thing: str) -> bool:
        return not any(thing == own and (kind == one or kind.startswith(f"{one}.")) for one, own in going)

    result = Erased()
    with db.transaction():
        _hold(shared=False)
        for file in files:
            blob = db.lock_rows(Blob.select().where(Blob.id == file.blob_id)).get()
            holders = Attachment.select(Attachment.subject_kind, Attachment.subject_id).join(File).where(File.blob == blob.id)
            if any(stays(*holder) for holder in holders.tuples()):
                result.kept.append(file)
                continue
            result.erased.append(file)
            if blob.erased_at is None:
                _erase(blob, reason.strip(), by)
    return result


def _erase(blob: Blob, reason: str, by: Any) -> None:
    now = clock.now()
    Blob.update(share="", erased_at=now).where(Blob.id == blob.id).execute()
    File.update(erased_at=now).where(File.blob == blob.id, File.erased_at.is_null()).execute()
    names = [name for (name,) in File.select(File.name).where(File.blob == blob.id).limit(20).tuples()]
    audit.record("file.erased", "file", blob.sm3, title="、".join(names)[:200], by=by,
                 before={"sm3": blob.sm3, "size": blob.size}, after={"reason": reason})
    db.on_commit(lambda: _unlink(blob))


def _unlink(blob: Blob) -> None:
    """The file on disk, which nothing opens any more, unless somebody stored the same content anew meanwhile."""
    with db.transaction():
        _hold(shared=False)
        if Blob.select().where(Blob.id == blob.id, Blob.erased_at.is_null(False)).exists():
            blob_path(blob.sm3).unlink(missing_ok=True)


__all__ = ["Erased", "erase"]
