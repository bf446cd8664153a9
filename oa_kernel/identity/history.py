"""Who held which post from when to when: nothing of it is ever deleted, so any day can be asked about."""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import db

from .models import Department, Person, PersonPost, Post
from .posts import held_on
from .shared import id_of

#: most rows of a history that are shown at once
LONGEST = 500


def history_of(person: Person | int) -> list[PersonPost]:
    """All posts somebody holds, held, or will hold, newest first; posts and departments come along, one query."""
    query = PersonPost.select(PersonPost, Post, Department).join(Post).join(Department)
    query = query.where(PersonPost.person == id_of(person), _ever())
    return list(query.order_by(PersonPost.since.desc(), PersonPost.id.desc()).limit(LONGEST))


def holders_in(
    department: Department | int, on: dt.date | None = None, *, kind: str | None = None
) -> list[PersonPost]:
    """Who held the posts of a department on a day, in order of the posts; people and posts come along, one query.

    :param on: the day; None: all that ever held one, newest first (at most :data:`LONGEST`).
    :param kind: only posts of this kind, e.g. ``head``.
    """
    query = (
        PersonPost.select(PersonPost, Post, Person)
        .join(Post).switch(PersonPost).join(Person)
        .where(Post.department == id_of(department), _ever())
    )
    if kind is not None:
        query = query.where(Post.kind == kind)
    if on is None:
        return list(query.order_by(PersonPost.since.desc(), PersonPost.id.desc()).limit(LONGEST))
    order = db.Case(Post.kind, (("leader", 0), ("head", 1), ("deputy_head", 2)), 3)
    return list(query.where(held_on(on)).order_by(order, Post.sort, PersonPost.acting, PersonPost.id))


def _ever() -> Any:
    # one that ended on the day it began (or before it) was never in force
    return PersonPost.until.is_null() | (PersonPost.until > PersonPost.since)


__all__ = ["LONGEST", "history_of", "holders_in"]
