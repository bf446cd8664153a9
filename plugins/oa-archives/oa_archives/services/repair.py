"""Putting back a record's damaged files from a backup, each after its digest was compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from oa_kernel import audit, backup, clock, db, files, permissions, runtime
from oa_kernel.errors import Conflict, Invalid, NotFound

from .. import rights
from ..models import Item, Part
from ..models_keeping import Fixity
from . import filing, keeping, queries


def damaged(item: Item) -> list[tuple[Part, str]]:
    """The record's files that cannot be read as they were stored, with what is wrong; reads all of them."""
    found = []
    for part in queries.parts(item):
        file = files.get(part.file_id)
        wrong = "文件的登记已不存在" if file is None else files.problem(file)
        if wrong:
            found.append((part, wrong))
    return found


def repair(person: Any, item: Item, path: Path, *, passphrase: str = "") -> dict[str, Any]:
    """``{"restored": [names], "sound": …}``; afterwards the four checks are made again.

    :param person: None is the command line.
    :raises Conflict: nothing is damaged. NotFound: the backup lacks one of them. Invalid: no backup, wrong passphrase,
        or a copy in it that is not what was stored; what was put back before that stays.
    """
    if person is not None:
        permissions.require(person, rights.FILE)
    if item.state == "destroyed":
        raise Conflict("这件档案已按规定销毁，内容不能恢复", code="destroyed")
    broken = damaged(item)
    if not broken:
        _settle(person, item, [], path)
        raise Conflict(f"{item.archival_number} 的文件都是好的，没有要恢复的", code="not_damaged")
    wanted = {part.sm3: part for part, _ in broken}
    restored = []
    for sm3, content in backup.contents(path, list(wanted), passphrase=passphrase):
        part = wanted.pop(sm3)
        file = files.get(part.file_id)
        if file is None:
            raise Invalid(f"“{part.name}”的登记已不存在，请整体恢复备份", code="file_row_missing")
        files.restore(file, content, person)
        restored.append(part.name)
    if restored:
        _settle(person, item, restored, path)
    if wanted:
        missing = "、".join(p.name for p in wanted.values())
        done = f"已恢复 {'、'.join(restored)}；" if restored else ""
        raise NotFound(f"{done}备份 {path.name} 里没有 {missing}：请换一份更晚的备份", code="not_in_backup")
    return {"restored": restored, "sound": keeping.check(item, person)}


def _settle(person: Any, item: Item, restored: list[str], path: Path) -> None:
    """Files that are right again are not called damaged any more."""
    bad = {part.id for part, _ in damaged(item)}
    good = [p.id for p in queries.parts(item) if p.id not in bad]
    with db.transaction():
        Fixity.update(damage="", checked_at=clock.now()).where(Fixity.part << good).execute()
        audit.record("archives.repaired", filing.SUBJECT, item.id, title=f"{item.archival_number} {item.title}", by=person, after={
            "restored": restored, "backup": path.name})


def backups(person: Any) -> list[backup.Made]:
    """Backups to choose from, the newest first: of the usual folder, and where the last one was made."""
    permissions.require(person, rights.FILE)
    folders = {runtime.current().config.folder / "backups"}
    last = backup.last()
    if last is not None:
        folders.add(Path(last["path"]).parent)
    found = [made for folder in folders for made in backup.listing(folder)]
    return sorted(found, key=lambda made: made.created_at, reverse=True)


def chosen(person: Any, name: str) -> Path:
    """One of :func:`backups` by its file's name."""
    for made in backups(person):
        if made.path.name == name:
            return made.path
    raise NotFound("没有这份备份")


def by_number(number: str) -> Item:
    """The record of a 档号 or id, for the command line."""
    found = Item.get_or_none(Item.archival_number == number)
    if found is None and number.isascii() and number.isdigit() and int(number) < 2**63:
        found = Item.get_or_none(Item.id == int(number))
    if found is None:
        raise NotFound(f"没有档案 {number}")
    return found
