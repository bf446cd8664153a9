"""Taking a year's package over from another installation: everything is checked first, then a record at a time, whole or not.

A record keeps its 档号; where it came from is kept beside it (``Origin``). One that is here already is recognised; one whose
档号 belongs to another record here is refused, and so is the whole package, before anything is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from oa_kernel import audit, clock, db, files, numbering, permissions, runtime
from oa_kernel.config import SECRECY_LEVELS
from oa_kernel.crypto import sm3_hex
from oa_kernel.errors import Invalid, OAError
from oa_kernel.identity import Department

from .. import eep, rights
from .. import verify as packages
from ..archival_number import ArchivalNumber
from ..models import TEXT, Check, Item, Part
from ..models_keeping import Origin
from ..yearly import folder as year
from ..yearly import whole
from . import filing
from .labels import labels

SOURCE = "archives.import"
_MOST = 200
#: what changes while a record is kept, without its becoming another one
_PASSING = ("checked_at", "sound", "open_from", "access_reason", "keep_until")

Progress = Callable[[str, int, int], Any]


def take(person: Any, path: Path, *, dry_run: bool = False, progress: Progress | None = None) -> dict[str, Any]:
    """``{"taken", "known", "count"}``; ``known`` are those that were here already.

    :param person: None is the command line.
    :param dry_run: only checks.
    :param progress: ``progress("check" | "take", done, in all)``.
    :raises Invalid: the package is not whole, or something of it cannot be taken (``problems`` lists what); nothing was written.
    """
    if person is not None:
        permissions.require(person, rights.FILE)
    try:
        manifest = year.read_manifest(path)
        wrong, known, checked = _check(path, manifest, progress)
    except year.Wrong as error:
        wrong, known, checked = [str(error)], set(), {}
    if wrong:
        more = f"（另有 {len(wrong) - _MOST} 处）" if len(wrong) > _MOST else ""
        raise Invalid("没有导入：" + "；".join(wrong[:3]) + more, code="package_refused", problems=wrong[:_MOST])
    total = int(manifest.head["count"])
    taken = 0
    if not dry_run:
        for one in _packages(path):
            if one.archival_number not in known:
                _take(person, path / one.path, checked[one.archival_number], manifest)
                taken += 1
            if progress:
                progress("take", taken + len(known), total)
        title = f"{manifest.head['fonds']} {manifest.head['year']} 年度"
        audit.record("archives.taken_over", "archives.import", manifest.sm3[:16], title=title, by=person, after={
            "taken": taken, "known": len(known), "manifest_sm3": manifest.sm3, "signed_by": manifest.fingerprint})
    return {"taken": taken, "known": len(known), "count": total, "fonds": manifest.head["fonds"], "year": manifest.head["year"],
            "fingerprint": manifest.fingerprint}


def origin_of(item: Item) -> Origin | None:
    """Where a record that was taken over came from; None for one that was filed here."""
    return Origin.get_or_none(Origin.item == item.id) if item.source_kind == SOURCE else None


def _packages(path: Path) -> Iterator[year.Listed]:
    return (one for one in year.files_of(path) if one.archival_number)


def _check(
    path: Path, manifest: year.Manifest, progress: Progress | None,
) -> tuple[list[str], set[str], dict[str, str]]:
    """What is wrong, the 档号 of what is here already, and by 档号 the SM3 of the packages that were found right.

    All of it is looked at before anything is written; a package's signature is checked here, and what has the same SM3 later
    is the same.
    """
    wrong: list[str] = []
    known: set[str] = set()
    checked: dict[str, str] = {}
    total, done = int(manifest.head["count"]), 0
    for one in year.files_of(path):
        found, described = whole.examine(path, one, manifest.fingerprint)
        if one.archival_number:
            done += 1
            if progress:
                progress("check", done, total)
            if one.archival_number in checked:
                found = [f"清单里有两个 {one.archival_number}"]
            elif described is not None:
                found = _refusals(described, known)
                checked[one.archival_number] = one.sm3
        wrong += found
    if done != total:
        wrong.append(f"清单首行说有 {total} 件，列出的是 {done} 件")
    return wrong, known, checked


def _refusals(described: eep.Described, known: set[str]) -> list[str]:
    values = described.values
    number = values["archival_number"]
    level = values["secrecy_level"]
    highest = str(runtime.current().config["security"]["highest_secrecy"])
    if not 0 <= level <= SECRECY_LEVELS.index(highest):
        return [f"{number} 的密级高于本系统的上限（{highest}）"]
    here = Item.get_or_none(Item.archival_number == number)
    if here is None:
        return []
    origin = Origin.get_or_none(Origin.item == here.id)
    same = origin.eep_sm3 == _digest(described) if origin else (
        here.digest == values["digest"] and here.source_kind == values["source_kind"])
    if not same:
        return [f"档号 {number} 在这里是另一件：《{here.title}》"]
    known.add(number)
    return []


def _digest(described: eep.Described) -> str:
    """A digest that is the same whenever the same record is packaged."""
    lasting = sorted((name, repr(value)) for name, value in described.values.items() if name not in _PASSING)
    return sm3_hex(repr((lasting, described.parts, described.text)).encode())


def _take(person: Any, path: Path, sm3: str, manifest: year.Manifest) -> Item:
    try:
        described = packages.read(path, sm3)
    except packages.Changed as error:  # it was right a moment ago
        raise Invalid(str(error), code="package_refused") from error
    digest = _digest(described)
    made: list[Any] = []
    try:
        inside = packages.contents(path, described)
        for part in described.parts:
            made.append(files.store(next(inside), part["name"], person, mime_hint=part["mime"]))
            if made[-1].sm3 != part["sm3"]:
                raise Invalid(f"{path.name} 的 {part['path']} 与清单不符", code="package_refused")
        text = next(inside).read() if described.text else b""
        if described.text and sm3_hex(text) != described.text[2]:
            raise Invalid(f"{path.name} 的 {described.text[0]} 与清单不符", code="package_refused")
        with db.transaction():
            return _write(person, described, made, text.decode(), manifest, digest)
    except BaseException:
        for stored in made:
            try:
                files.discard(stored, person)
            except OAError:
                continue  # what keeps it is worth more than the space
        raise


def _write(
    person: Any, described: eep.Described, stored: list[Any], text: str, manifest: year.Manifest, digest: str,
) -> Item:
    values = dict(described.values)
    kind, source = values.pop("source_kind"), values.pop("source_id")
    number = ArchivalNumber(*(values[n] for n in ("fonds", "category", "year", "retention", "class_code", "seq")))
    department = Department.get_or_none(Department.name == values["department_name"])
    item = Item.create(**values, text=text, source_kind=SOURCE, source_id=str(number)[:80],
                       department_id=department.id if department else None)
    # the number is taken here too, so that nothing filed here gets it again
    numbering.reserve(number.series, number.seq, person, note="随数据包导入")
    numbering.take_reserved(number.series, number.seq, filing.SUBJECT, f"{SOURCE}:{number}", person)
    for part, file in zip(described.parts, stored, strict=True):
        Part.create(item=item, file_id=file.id, **{n: part[n] for n in ("position", "role", "name", "mime", "size", "sm3", "pages")})
        files.attach(file, filing.SUBJECT, item.id, role=part["role"], position=part["position"])
    if described.checks:
        Check.insert_many([{"item": item.id, **one} for one in described.checks]).execute()
    Origin.create(item=item, source_kind=kind, source_id=source, fonds_name=str(manifest.head["fonds_name"]),
                  fingerprint=manifest.fingerprint, eep_sm3=digest, at=clock.now())
    TEXT.put(item.id, filing.indexed(item), labels=labels(item))
    audit.record("archives.taken", filing.SUBJECT, item.id, title=f"{number} {item.title}", by=person, after={
        "archival_number": str(number), "source": [kind, source], "signed_by": manifest.fingerprint})
    return item
