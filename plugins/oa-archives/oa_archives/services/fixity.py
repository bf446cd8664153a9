"""Fixity (固化信息核对): every file of every record is compared with what was stored, round after round.

What lies on disk is encrypted. Decrypting it each time would cost three times what hashing does, so the digest of the
encrypted file is learnt once, when its content was proved right; after that a change shows without the key. A file that
differs is decrypted and proved before it is called damaged: a content that was written anew under another key is not.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from oa_kernel import audit, clock, db, files, notifications, permissions

from .. import rights
from ..models import Item, Part
from ..models_keeping import Fixity
from . import filing

BATCH = 200
NEVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
#: bytes read in one night
EACH_NIGHT = 200 * 2**30


@dataclass
class Round:
    """What one round found."""

    files: int = 0
    size: int = 0
    #: (record's 档号, file, what is wrong)
    damaged: list[tuple[str, str, str]] | None = None


def nightly() -> int:
    """The scheduled round; how many files."""
    return run().files


def run(most: int = EACH_NIGHT, workers: int = 0, progress: Callable[[int, int], Any] | None = None) -> Round:
    """Compares files, the longest unchecked first, each once, until ``most`` bytes were read.

    :param workers: threads that read and hash; 0: one a processor, four at most.
    :param progress: ``progress(files, bytes)`` after every batch.
    """
    _enrol()
    found, began = Round(damaged=[]), clock.now()
    with ThreadPoolExecutor(workers or min(4, os.cpu_count() or 1), "oa-fixity") as pool:
        while found.size < most:
            rows = list(_due(began))
            if not rows:
                break
            sealed = list(pool.map(_sealed, [r.sm3 for r in rows]))
            _settle(rows, sealed, found)
            found.files += len(rows)
            found.size += sum(r.size for r in rows)
            if progress:
                progress(found.files, found.size)
    return found


def _enrol() -> None:
    """A row for every part that has none yet."""
    newest = Fixity.select(db.fn.COALESCE(db.fn.MAX(Fixity.part), 0))
    never = db.Value(NEVER, converter=Fixity.checked_at.db_value)
    fresh = Part.select(Part.id, db.Value(""), db.Value(""), never).where(Part.id > newest)
    with db.transaction():
        count = Part.select().where(Part.id > newest).count()
        if not count:
            return
        audit.record("archives.fixity_enrolled", "archives.fixity", "", title="档案文件核对", after={"files": count})
        Fixity.insert_from(fresh, [Fixity.part, Fixity.sealed_sm3, Fixity.damage, Fixity.checked_at]).execute()


def _due(began: dt.datetime) -> Any:
    return (
        Fixity.select(Fixity.id, Fixity.sealed_sm3, Fixity.damage, Part.sm3, Part.size, Part.file_id, Part.name,
                      Item.id.alias("item_id"), Item.archival_number, Item.title)
        .join(Part).join(Item)
        .where(Item.state != "destroyed", Fixity.checked_at < began)
        .order_by(Fixity.checked_at, Fixity.id).limit(BATCH).objects()
    )


def _sealed(sm3: str) -> str:
    try:
        return files.sealed_digest(sm3)
    except OSError as error:
        return f"!{error.strerror or error}"


def _settle(rows: list[Any], sealed: list[str], found: Round) -> None:
    """Writes what a batch found, in one transaction; who looks after records is told of what is damaged now and was not."""
    learnt, damage = {}, {}
    for row, digest in zip(rows, sealed, strict=True):
        if digest == row.sealed_sm3:
            continue
        file = files.get(row.file_id)
        wrong = "文件的登记已不存在" if file is None else files.problem(file)
        if wrong:
            damage[row.id] = wrong[:300]
        else:
            learnt[row.id] = digest
    now = clock.now()
    with db.transaction():
        Fixity.update(checked_at=now, damage="").where(Fixity.id << [r.id for r in rows]).execute()
        for id_, digest in learnt.items():
            Fixity.update(sealed_sm3=digest).where(Fixity.id == id_).execute()
        for row in rows:
            if wrong := damage.get(row.id, ""):
                assert found.damaged is not None
                found.damaged.append((row.archival_number, row.name, wrong))
                Fixity.update(damage=wrong).where(Fixity.id == row.id).execute()
                Item.update(sound=False).where(Item.id == row.item_id).execute()
                if not row.damage:
                    _tell(row, wrong)
        audit.record("archives.fixity_checked", "archives.fixity", "", title="档案文件核对", after={
            "files": len(rows), "damaged": [f"{r.archival_number} {r.name}" for r in rows if r.id in damage]})


def _tell(row: Any, wrong: str) -> None:
    notifications.send(
        "archives.damaged", permissions.people_with(rights.FILE), f"档案文件损坏：{row.archival_number}",
        body=f"《{row.title}》的“{row.name}”（内容 {row.sm3[:16]}…）：{wrong}。请从备份恢复。", url=f"/archives/{row.item_id}/repair",
        subject=(filing.SUBJECT, row.item_id))


def doctor() -> tuple[str, str]:
    """Its line of ``oa doctor``."""
    damaged = list(
        Fixity.select(Part.name, Part.sm3, Item.archival_number).join(Part).join(Item).where(Fixity.damage > "").limit(100).objects())
    if damaged:
        first = damaged[0]
        return "problem", (f"{len(damaged)} 个档案文件损坏，如 {first.archival_number} 的“{first.name}”（{first.sm3[:16]}…）："
                           f"oa archives repair {first.archival_number} --backup 备份文件")
    oldest = Fixity.select(Fixity.checked_at).order_by(Fixity.checked_at).limit(1).scalar()
    if oldest is None or oldest == NEVER:
        return "ok", "有档案文件还没有核对过，今夜核对" if oldest else "没有要核对的档案文件"
    return "ok", f"档案文件都与登记一致，最早一次核对 {clock.local(oldest):%Y-%m-%d}"
