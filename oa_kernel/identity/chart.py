"""The organisation as one tree: units with their people counted, who heads each and which leader is in charge of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from oa_kernel import clock, db

from .departments import department_tree, path_ids
from .models import Department, Person, PersonPost, Post
from .posts import held_on

READ = "kernel.people.read"


@dataclass
class Unit:
    """A department in the chart."""

    id: int
    name: str
    parent_id: int | None
    #: 1 at the top
    level: int
    #: people whose main department it is, and with those below
    own: int = 0
    total: int = 0
    #: ``(person's id, name, title, whether acting)``, in order
    heads: list[tuple[int, str, str, bool]] = field(default_factory=list)
    #: ``(person's id, name)`` of the deputy leader in charge (分管领导) set here; None: the one of the unit above
    deputy: tuple[int, str] | None = None
    #: False: who looks may not see its people, and names and counts are left out
    open: bool = True
    below: list[Unit] = field(default_factory=list)


def chart(viewer: Person | None = None) -> list[Unit]:
    """The units at the top, each with those below it, in order of display. Four queries however many there are.

    :param viewer: names and counts are left out where this person may not see who is there; None: all are shown.
    """
    rows = department_tree()
    units: dict[int, Unit] = {}
    top: list[Unit] = []
    shown = _shown_to(viewer)
    for row in rows:
        unit = units[row.id] = Unit(row.id, row.name, row.parent_id, len(path_ids(row.path)), open=shown(row.id))
        above = units.get(row.parent_id)
        (above.below if above else top).append(unit)
    _count(rows, units)
    _name_heads(units)
    _name_deputies(rows, units)
    return top


def _shown_to(viewer: Person | None) -> Any:
    from oa_kernel import permissions

    if viewer is None:
        return lambda _id: True
    scope = permissions.scopes_of(viewer).get(READ)
    if scope is None:
        return lambda _id: False
    permissions.by_right(viewer, READ)
    return lambda department_id: scope.all or department_id in scope.departments


def _count(rows: list[Department], units: dict[int, Unit]) -> None:
    counted = Person.select(Person.department, db.fn.COUNT(Person.id)).where(Person.active, Person.department.is_null(False))
    own: dict[int, int] = dict(counted.group_by(Person.department).tuples())
    for row in rows:
        for i in path_ids(row.path):
            if i in units and units[row.id].open:
                units[i].total += own.get(row.id, 0)
        units[row.id].own = own.get(row.id, 0) if units[row.id].open else 0


def _name_heads(units: dict[int, Unit]) -> None:
    query = (
        PersonPost.select(Post.department, Person.id, Person.name, Post.title, PersonPost.acting)
        .join(Post).switch(PersonPost).join(Person)
        .where(Post.kind == "head", Post.active, Person.active, held_on(clock.today()))
        .order_by(PersonPost.acting, Post.sort, PersonPost.id)
    )
    for department_id, person_id, name, title, acting in query.tuples():
        unit = units.get(department_id)
        if unit is not None and unit.open:
            unit.heads.append((person_id, name, title, bool(acting)))


def _name_deputies(rows: list[Department], units: dict[int, Unit]) -> None:
    wanted = {row.deputy_id for row in rows if row.deputy_id}
    if not wanted:
        return
    named = Person.select(Person.id, Person.name).where(Person.id.in_(wanted), Person.active)
    names: dict[int, str] = dict(named.tuples())
    for row in rows:
        unit = units[row.id]
        if row.deputy_id in names and unit.open:
            unit.deputy = (row.deputy_id, names[row.deputy_id])


__all__ = ["READ", "Unit", "chart"]
