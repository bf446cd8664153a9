"""Somebody moves: the old posts end, the new begin, and the rights that came with them follow, in one transaction.

What it would change can be looked at before: the preview is the move itself, undone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from oa_kernel import audit, clock, db
from oa_kernel.errors import Conflict, Invalid

from .history import history_of
from .models import Department, Person, PersonPost, Post
from .people import update_person
from .posts import assign, end_assignment, held_on
from .shared import by_id, load_department, load_person, load_post


@dataclass
class Moved:
    """What a move changed, or would: posts by department and title, roles by name, permissions by their titles."""

    person: Person
    #: the first day of the new posts
    on: dt.date
    #: names of the main department before and after
    left: str = ""
    entered: str = ""
    posts_ended: list[str] = field(default_factory=list)
    posts_given: list[str] = field(default_factory=list)
    posts_kept: list[str] = field(default_factory=list)
    roles_lost: list[str] = field(default_factory=list)
    roles_gained: list[str] = field(default_factory=list)
    rights_lost: list[str] = field(default_factory=list)
    rights_gained: list[str] = field(default_factory=list)
    #: rights that stay, for other departments' things than before
    rights_changed: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """All but the person, for a record or ``--json``."""
        names = [n for n in self.__dataclass_fields__ if n != "person"]
        return {n: getattr(self, n) for n in names} | {"on": self.on.isoformat()}


class _Undo(Exception):
    """Takes a preview back."""


def move_person(
    person: Person | int,
    department: Department | int,
    posts: Sequence[Post | int] = (),
    *,
    keep: Sequence[Post | int] = (),
    on: dt.date | None = None,
    version: int | None = None,
    by: Person | int | None = None,
) -> Moved:
    """Moves somebody to a department, as of today or of ``on``.

    :param posts: the new posts, the main one first; all in that department.
    :param keep: posts they go on holding (a second post elsewhere); every other ends that day.
    :param on: the first day of the new posts. A day to come needs a new post: until it begins, all stays as it is.
    :param version: the person's version when the preview was shown; where it moved on since, nothing is done.
    :raises Invalid: when a new post is in another department.
    :raises Conflict: when the person changed since the preview, or by the rules for posts and roles.
    """
    with db.transaction():
        row = load_person(person, lock=True)
        if version is not None and row.version != version:
            raise Conflict(f"{row.name}的任职或权限刚刚有变动，请再看一遍", code="stale")
        day = on or clock.today()
        # rights of a day to come are those the same move would give today
        moved = _tried(row, department, posts, keep, by) if day > clock.today() else None
        done = _move(row, department, posts, keep, day, by)
        if moved is not None:
            done.roles_lost, done.roles_gained = moved.roles_lost, moved.roles_gained
            done.rights_lost, done.rights_gained, done.rights_changed = (
                moved.rights_lost, moved.rights_gained, moved.rights_changed)
        audit.record("person.moved", "person", row.id, title=row.name, by=by_id(by), after=done.as_dict())
    return done


def preview_move(
    person: Person | int, department: Department | int, posts: Sequence[Post | int] = (), *,
    keep: Sequence[Post | int] = (), on: dt.date | None = None, by: Person | int | None = None,
) -> Moved:
    """What :func:`move_person` would change; refused in the same words, and nothing is written."""
    with db.transaction():
        row = load_person(person, lock=True)
        found: Moved | None = None
        try:
            with db.savepoint():
                found = move_person(row.id, department, posts, keep=keep, on=on, by=by)
                raise _Undo
        except _Undo:
            pass
        assert found is not None
        found.person = row
    return found


def begin_moves() -> int:
    """Those who move as of a day that has come: the department of the new post becomes their main one; how many."""
    done = 0
    due = list(PersonPost.select(PersonPost, Post).join(Post).where(PersonPost.moves, held_on(clock.today())))
    for holding in due:
        with db.transaction():
            row = load_person(holding.person_id, lock=True)
            if not PersonPost.update(moves=False).where(PersonPost.id == holding.id, PersonPost.moves).execute():
                continue
            PersonPost.update(main=False).where(PersonPost.person == row.id, PersonPost.main).execute()
            PersonPost.update(main=True).where(PersonPost.id == holding.id).execute()
            if row.active:
                update_person(row.id, department=holding.post.department_id)
                audit.record("person.move_begun", "person", row.id, title=row.name, after={"post": holding.post_id})
                done += 1
    return done


def _tried(row: Person, department: Any, posts: Any, keep: Any, by: Any) -> Moved:
    found: Moved | None = None
    try:
        with db.savepoint():
            found = _move(row, department, posts, keep, clock.today(), by)
            raise _Undo
    except _Undo:
        pass
    assert found is not None
    return found


def _move(row: Person, department: Any, posts: Any, keep: Any, day: dt.date, by: Any) -> Moved:
    from oa_kernel import permissions  # stands on this room: asked when needed

    home = load_department(department)
    new, kept = [load_post(p) for p in posts], {load_post(p).id for p in keep}
    later = day > clock.today()
    foreign = [p.title for p in new if p.department_id != home.id]
    if foreign:
        raise Invalid(f"职务“{foreign[0]}”不在{home.name}", errors={"posts": [f"请选择{home.name}的职务"]})
    if not home.active:
        raise Invalid("部门已停用", errors={"department": [f"{home.name}已停用，请另选"]})
    if later and not new:
        raise Invalid("以后的日期要有新职务", errors={"posts": ["从以后的日期起调动，要选定新职务；或把日期改为今天"]})
    moved = Moved(load_person(row.id), day, left=row.department.name if row.department_id else "", entered=home.name)
    roles = set(permissions.roles_of_people([row.id])[row.id])
    rights = dict(permissions.scopes_of(load_person(row.id)))
    wanted = {p.id for p in new}
    held: dict[int, PersonPost] = {}
    for holding in history_of(row):
        if holding.until is not None and holding.until <= max(day, clock.today()):
            continue
        if holding.post_id in kept | wanted:
            held[holding.post_id] = holding
            moved.posts_kept.append(_titled(holding.post))
            continue
        end_assignment(holding, on=day, by=by)
        moved.posts_ended.append(_titled(holding.post))
    if not later:
        moved.person = update_person(row.id, department=home, by=by)
    for place, post in enumerate(new):
        if post.id in held and held[post.id].since <= day:
            continue
        made = assign(row.id, post, main=place == 0 and not later, since=day, by=by)
        moved.posts_given.append(_titled(post))
        if place == 0 and later:
            PersonPost.update(moves=True).where(PersonPost.id == made.id).execute()
    _compare(moved, row, roles, rights)
    return moved


def _compare(moved: Moved, row: Person, roles: set[str], rights: dict[str, Any]) -> None:
    from oa_kernel import permissions

    now = set(permissions.roles_of_people([row.id])[row.id])
    moved.roles_lost, moved.roles_gained = sorted(roles - now), sorted(now - roles)
    after = dict(permissions.scopes_of(load_person(row.id)))
    known = permissions.registered()

    def titles(names: Any) -> list[str]:
        return sorted(known[n].title if n in known else n for n in names)

    moved.rights_lost, moved.rights_gained = titles(rights.keys() - after.keys()), titles(after.keys() - rights.keys())
    moved.rights_changed = titles(n for n in rights.keys() & after.keys() if rights[n] != after[n])


def _titled(post: Post) -> str:
    return f"{post.department.name} {post.title}"


def held_post(post: Post | int, on: dt.date | None = None) -> list[Person]:
    """Who held a post on a day (today): who was head on 1 March."""
    query = Person.select().join(PersonPost).where(PersonPost.post == load_post(post).id, held_on(on or clock.today()))
    return list(query.order_by(PersonPost.since, Person.id))


__all__ = ["Moved", "begin_moves", "held_post", "move_person", "preview_move"]
