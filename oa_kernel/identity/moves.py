"""Somebody moves: the old posts end, the new begin, and the rights that came with them follow, in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from oa_kernel import audit, clock, db
from oa_kernel.errors import Invalid

from .models import Department, Person, Post
from .people import update_person
from .posts import assign, end_assignment, holdings
from .shared import by_id, load_department, load_person, load_post


@dataclass
class Moved:
    """What a move changed: posts by title, roles by name."""

    person: Person
    posts_ended: list[str] = field(default_factory=list)
    posts_given: list[str] = field(default_factory=list)
    roles_lost: list[str] = field(default_factory=list)
    roles_gained: list[str] = field(default_factory=list)


def move_person(
    person: Person | int,
    department: Department | int,
    posts: Sequence[Post | int] = (),
    *,
    keep: Sequence[Post | int] = (),
    by: Person | int | None = None,
) -> Moved:
    """Moves somebody to a department as of today.

    :param posts: the new posts, the main one first; all in that department.
    :param keep: posts they go on holding (a second post elsewhere); every other ends today.
    :raises Invalid: when a new post is in another department.
    """
    from oa_kernel import permissions  # stands on this room: asked when needed

    with db.transaction():
        row = load_person(person, lock=True)
        home = load_department(department)
        new, kept = [load_post(p) for p in posts], {load_post(p).id for p in keep}
        foreign = [p.title for p in new if p.department_id != home.id]
        if foreign:
            raise Invalid(f"职务“{foreign[0]}”不在{home.name}", errors={"posts": [f"请选择{home.name}的职务"]})
        moved = Moved(row)
        before = set(permissions.roles_of_people([row.id])[row.id])
        wanted = {p.id for p in new}
        held: set[int] = set()
        for holding in holdings(row):
            if holding.post_id in kept | wanted:
                held.add(holding.post_id)
                continue
            end_assignment(holding, by=by)
            moved.posts_ended.append(f"{holding.post.department.name} {holding.post.title}")
        moved.person = update_person(row.id, department=home, by=by)
        for place, post in enumerate(new):
            if post.id not in held:
                assign(row.id, post, main=place == 0, by=by)
                moved.posts_given.append(f"{home.name} {post.title}")
        after = set(permissions.roles_of_people([row.id])[row.id])
        moved.roles_lost, moved.roles_gained = sorted(before - after), sorted(after - before)
        audit.record(
            "person.moved", "person", row.id, title=row.name, by=by_id(by),
            after={"department": home.id, "posts_ended": moved.posts_ended, "posts_given": moved.posts_given,
                   "roles_lost": moved.roles_lost, "roles_gained": moved.roles_gained},
        )
    return moved


def held_post(post: Post | int, on: dt.date | None = None) -> list[Person]:
    """Who held a post on a day (today): who was head on 1 March."""
    from .models import PersonPost
    from .posts import held_on

    query = Person.select().join(PersonPost).where(PersonPost.post == load_post(post).id, held_on(on or clock.today()))
    return list(query.order_by(PersonPost.since, Person.id))


__all__ = ["Moved", "held_post", "move_person"]
