"""Departments: one tree, kept as paths so that "and below" is a prefix."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from oa_kernel import audit, db
from oa_kernel.errors import Conflict, Invalid

from .models import Department, Person, Post
from .shared import by_id, load_department, load_person, require_valid, touch_everybody

_FIELDS = ["name", "code", "parent", "path", "sort", "active", "deputy_id"]


def create_department(
    name: str,
    parent: Department | int | None = None,
    *,
    code: str = "",
    sort: int = 0,
    deputy: Person | int | None = None,
    by: Person | int | None = None,
) -> Department:
    """A new department below ``parent`` (None: at the top), with the deputy leader in charge of it.

    :raises Invalid: when the name is empty, or taken by a sister department.
    """
    with db.transaction():
        above = load_department(parent) if parent is not None else None
        name = (name or "").strip()
        _check_name(name, above.id if above else None, None)
        deputy_id = load_person(deputy).id if deputy is not None else None
        made = Department.create(name=name, code=code, parent=above, sort=sort, deputy_id=deputy_id)
        made.path = f"{above.path if above else '/'}{made.id}/"
        made.save(only=[Department.path])
        touch_everybody()
        audit.record("department.created", "department", made.id, title=name, after=_shown(made), by=by_id(by))
    return made


def update_department(department: Department | int, *, by: Person | int | None = None, **changes: Any) -> Department:
    """Changes ``name``, ``code``, ``sort``, ``active``, ``deputy`` or ``parent`` (which moves all below it along).

    :raises Invalid: when a department would stand below itself, or an unknown field is given.
    :raises Conflict: when one that still has people, posts or active departments below is closed.
    """
    unknown = set(changes) - {"name", "code", "sort", "active", "deputy", "parent"}
    if unknown:
        raise Invalid(f"部门没有这样的字段：{'、'.join(sorted(unknown))}")
    with db.transaction():
        touch_everybody()  # first: it also keeps two moves in the tree from crossing
        row = load_department(department)
        before = _shown(row)
        if "parent" in changes:
            _move(row, changes.pop("parent"))
        if "deputy" in changes:
            deputy = changes.pop("deputy")
            row.deputy_id = load_person(deputy).id if deputy is not None else None
        if changes.get("active") is False and row.active:
            _check_empty(row)
        for field, value in changes.items():
            setattr(row, field, value.strip() if isinstance(value, str) else value)
        _check_name(row.name, row.parent_id, row.id)
        row.save()
        audit.record(
            "department.changed", "department", row.id, title=row.name, before=before, after=_shown(row), by=by_id(by)
        )
        _check_separation()
    return row


def department(department_id: int) -> Department | None:
    """The department, or None."""
    return Department.get_or_none(Department.id == department_id)


def department_tree(*, active_only: bool = True) -> list[Department]:
    """The whole tree in order of display: parents before children, one query."""
    rows = list(Department.select().where(Department.active) if active_only else Department.select())
    order = {row.id: (row.sort, row.id) for row in rows}

    def place(row: Department) -> list[tuple[int, int]]:
        return [order.get(i, (0, i)) for i in path_ids(row.path)]

    return sorted(rows, key=place)


def department_ids_below(department_id: int) -> list[int]:
    """Ids of the department and of all below it."""
    row = Department.get_or_none(Department.id == department_id)
    if row is None:
        return []
    return [i for (i,) in Department.select(Department.id).where(below(row.path)).tuples()]


def below(path: str) -> Any:
    """SQL condition on Department: the one with this path, or below it."""
    # not LIKE: what stands for any character there is a character here
    return db.fn.SUBSTR(Department.path, 1, len(path)) == path


def path_ids(path: str) -> list[int]:
    """``/1/4/17/`` → ``[1, 4, 17]``."""
    return [int(part) for part in path.split("/") if part]


def _shown(row: Department) -> dict[str, Any]:
    return db.snapshot(row, only=_FIELDS)


def _check_name(name: str, parent_id: int | None, own_id: int | None) -> None:
    errors: dict[str, list[str]] = {}
    if not name:
        errors["name"] = ["请填写部门名称"]
    elif len(name) > 120:
        errors["name"] = ["部门名称最多 120 个字"]
    else:
        same = Department.select().where(
            Department.name == name,
            Department.active,
            Department.parent.is_null() if parent_id is None else Department.parent == parent_id,
        )
        if own_id is not None:
            same = same.where(Department.id != own_id)
        if same.exists():
            errors["name"] = [f"同一上级下已有“{name}”"]
    require_valid(errors, "部门")


def _move(row: Department, parent: Any) -> None:
    above = load_department(parent) if parent is not None else None
    if above is not None and above.path.startswith(row.path):
        raise Invalid("部门不能放在自己或自己的下级之下", errors={"parent": ["请选择另一个上级部门"]})
    old, new = row.path, f"{above.path if above else '/'}{row.id}/"
    row.parent, row.path = above, new
    if new == old:
        return
    moved = db.fn.SUBSTR(Department.path, len(old) + 1)
    Department.update(path=db.Value(new).concat(moved)).where(below(old), Department.id != row.id).execute()


def _check_empty(row: Department) -> None:
    inside = Department.select(Department.id).where(below(row.path))
    if Department.select().where(below(row.path), Department.id != row.id, Department.active).exists():
        raise Conflict(f"“{row.name}”还有下级部门，请先停用或移走它们")
    if Person.select().where(Person.department.in_(inside), Person.active).exists():
        raise Conflict(f"“{row.name}”还有在用的人员，请先调走他们")
    if Post.select().where(Post.department.in_(inside), Post.active).exists():
        raise Conflict(f"“{row.name}”还有在用的职务，请先停用它们")


_many = threading.local()


@contextmanager
def many_changes() -> Iterator[None]:
    """In one transaction many people change: whether any now joins two administrators in one is asked once, at the end."""
    _many.open = True
    try:
        yield
    finally:
        _many.open = False
    _check_separation()


def _check_separation() -> None:
    if getattr(_many, "open", False):
        return
    # the rule belongs to the permissions, which stand on this room: asked when needed, not at import
    from oa_kernel import permissions

    permissions.check_separation()


__all__ = [
    "below", "create_department", "department", "department_ids_below", "department_tree", "many_changes", "path_ids",
    "update_department",
]
