"""Takes away what crashes and discarded files left: half files, blobs without a row, rows without a file."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Iterator
from pathlib import Path

from oa_kernel import clock, db

from .models import Blob, File
from .store import _hold, blob_path, folder, temporary_folder

#: what is younger may still be in the making
AGE = dt.timedelta(days=1)
_BATCH = 200


def sweep() -> dict[str, int]:
    """Removes leftovers older than a day: ``{"temporary": n, "unreferenced": n, "orphans": n}``."""
    return {"temporary": _temporary(), "unreferenced": _unreferenced(), "orphans": _orphans()}


def _temporary() -> int:
    gone = 0
    before = time.time() - AGE.total_seconds()
    if temporary_folder().is_dir():
        for entry in os.scandir(temporary_folder()):
            if entry.is_file(follow_symlinks=False) and entry.stat().st_mtime < before:
                Path(entry.path).unlink(missing_ok=True)
                gone += 1
    return gone


def _unreferenced() -> int:
    """Blobs that no file has any more."""
    gone = 0
    while True:
        with db.transaction():
            _hold(shared=False)
            rows = list(
                Blob.select(Blob.id, Blob.sm3)
                .where(Blob.created_at < clock.now() - AGE)
                .where(~db.fn.EXISTS(File.select(File.id).where(File.blob == Blob.id)))
                .limit(_BATCH).tuples()
            )
            Blob.delete().where(Blob.id.in_([r[0] for r in rows])).execute()
        # their files go the way of every orphan, now or in the next sweep
        gone += len(rows)
        if len(rows) < _BATCH:
            return gone


def _orphans() -> int:
    """Files on disk that no row knows."""
    gone = 0
    before = time.time() - AGE.total_seconds()
    batch: list[str] = []
    for name in _blobs_older_than(before):
        batch.append(name)
        if len(batch) == _BATCH:
            gone += _remove_unknown(batch, before)
            batch = []
    return gone + _remove_unknown(batch, before)


def _blobs_older_than(before: float) -> Iterator[str]:
    if not folder().is_dir():
        return
    for first in sorted(os.scandir(folder()), key=lambda e: e.name):
        if len(first.name) != 2 or not first.is_dir():
            continue
        for second in os.scandir(first.path):
            if not second.is_dir():
                continue
            for entry in os.scandir(second.path):
                if len(entry.name) == 64 and entry.is_file(follow_symlinks=False) and entry.stat().st_mtime < before:
                    yield entry.name


def _remove_unknown(batch: list[str], before: float) -> int:
    if not batch:
        return 0
    gone = 0
    with db.transaction():
        _hold(shared=False)
        known = {r[0] for r in Blob.select(Blob.sm3).where(Blob.sm3.in_(batch), Blob.erased_at.is_null()).tuples()}
        for name in batch:
            path = blob_path(name)
            # looked at again: somebody may have stored the same content meanwhile
            if name not in known and path.exists() and path.stat().st_mtime < before:
                path.unlink()
                gone += 1
    return gone
