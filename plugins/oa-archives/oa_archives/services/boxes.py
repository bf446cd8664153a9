"""Boxes (装盒, DA/T 22-2015, 5.6): records put into boxes by their pages, in the order of 件号; labels to print."""

from __future__ import annotations

from typing import Any

from oa_kernel import audit, clock, db, permissions
from oa_kernel.errors import Invalid, NotFound

from .. import paper, rights, settings
from ..models import RETENTIONS, Item
from ..models_keeping import Box

SUBJECT = "archives.box"
#: thicknesses of boxes, in millimetres (DA/T 22-2015, annex: 20, 30, 40, 50)
THICKNESSES = (20, 30, 40, 50)
#: pages to the millimetre: a sheet of 80 g/m² is a tenth of one; what the box itself and its 备考表 take is left out
_PER_MM, _LOST_MM = 10, 2


def fill(person: Any, year: Any, thickness: Any = 30) -> list[Box]:
    """Puts the year's records that are in no box yet into boxes; those that were made or got more.

    The last box of a group is filled up before another is begun; a record thicker than a box has one to itself.
    """
    permissions.require(person, rights.FILE)
    year, thickness = _number(year, "year", "年度应为四位年份"), _number(thickness, "thickness", "盒厚应为毫米数")
    if thickness not in THICKNESSES:
        raise Invalid(f"盒厚可用：{'、'.join(map(str, THICKNESSES))} 毫米", errors={"thickness": ["没有这种盒厚"]})
    touched: list[Box] = []
    fonds = str(settings.get("fonds"))
    with db.transaction():
        groups = list(Item.select(Item.retention, Item.class_code, db.fn.MIN(Item.id)).where(
            Item.year == year, Item.fonds == fonds, Item.state != "destroyed").group_by(Item.retention, Item.class_code).tuples())
        for retention, class_code, first in sorted(groups):
            list(db.lock_rows(Item.select(Item.id).where(Item.id == first)))  # two archivists at once: the second waits
            touched += _fill_group(person, fonds, year, retention, class_code, thickness)
    return touched


def _fill_group(person: Any, fonds: str, year: int, retention: str, class_code: str, thickness: int) -> list[Box]:
    group = (Box.fonds == fonds, Box.year == year, Box.retention == retention, Box.class_code == class_code)
    box = Box.select().where(*group).order_by(Box.number.desc()).first()
    waiting = Item.select(Item.seq, Item.pages).where(
        Item.fonds == fonds, Item.year == year, Item.retention == retention, Item.class_code == class_code,
        Item.state != "destroyed", Item.seq > (box.last_seq if box else 0)).order_by(Item.seq).tuples()
    touched: list[Box] = []
    for seq, pages in list(waiting):
        pages = max(1, pages)
        if box is None or (box.items and box.pages + pages > _room(box.thickness)):
            box = Box(fonds=fonds, year=year, retention=retention, class_code=class_code, number=box.number + 1 if box else 1,
                      first_seq=seq, last_seq=seq, thickness=thickness, made_by_name=person.name, made_at=clock.now())
        box.last_seq, box.items, box.pages = seq, box.items + 1, box.pages + pages
        if box not in touched:
            touched.append(box)
    for one in touched:
        one.save()
        audit.record("archives.boxed", SUBJECT, one.id, title=title_of(one), by=person, after={
            "first": one.first_seq, "last": one.last_seq, "items": one.items, "pages": one.pages})
    return touched


def _room(thickness: int) -> int:
    return (thickness - _LOST_MM) * _PER_MM


def title_of(box: Box) -> str:
    """What a box is called."""
    return f"{box.fonds} {box.year} {box.retention} {box.class_code} 第 {box.number} 盒"


def listing(person: Any, year: Any, *, limit: int = 50, cursor: str | None = None) -> db.Page:
    """A page of a year's boxes, in their order."""
    permissions.require(person, rights.FILE)
    query = Box.select().where(Box.year == _number(year, "year", "年度应为四位年份"))
    return db.page(query, [Box.year, Box.retention, Box.class_code, Box.number, Box.id], limit=limit, cursor=cursor)


def get(person: Any, box_id: Any) -> Box:
    """One of them."""
    permissions.require(person, rights.FILE)
    number = int(box_id) if str(box_id).isascii() and str(box_id).isdigit() else 0
    found = Box.get_or_none(Box.id == number) if 0 < number < 2**63 else None
    if found is None:
        raise NotFound("没有这个档案盒")
    return found


def note(person: Any, box_id: Any, text: str) -> Box:
    """What 备考表 says of the box: what is missing, damaged, moved elsewhere."""
    with db.transaction():
        box = get(person, box_id)
        Box.update(note=text.strip()[:500]).where(Box.id == box.id).execute()
        audit.record("archives.box_noted", SUBJECT, box.id, title=title_of(box), by=person, before={"note": box.note},
                     after={"note": text.strip()[:500]})
    return Box.get_by_id(box.id)


def labels(person: Any, found: list[Box]) -> bytes:
    """盒面, 盒脊 and 备考表 of boxes as PDF/A-2b.

    :raises Invalid: none, or more than 200.
    """
    permissions.require(person, rights.FILE)
    if not 0 < len(found) <= 200:
        raise Invalid("没有可以打印的档案盒" if not found else "一次最多打印 200 盒")
    return paper.pdf("box.typ", {
        "title": "档案盒", "fonds": str(settings.get("fonds")), "fonds_name": settings.fonds_name(),
        "boxes": [{
            "year": str(b.year), "retention": RETENTIONS[b.retention], "class": b.class_code, "number": str(b.number),
            "first": f"{b.first_seq:04d}", "last": f"{b.last_seq:04d}", "items": str(b.items), "pages": str(b.pages),
            "thickness": b.thickness, "note": b.note, "made_by": b.made_by_name, "made_at": f"{clock.local(b.made_at):%Y-%m-%d}",
        } for b in found],
    })


def _number(value: Any, field: str, wrong: str) -> int:
    if str(value).isascii() and str(value).isdigit() and len(str(value)) <= 4:
        return int(value)
    raise Invalid(wrong, errors={field: [wrong]})
