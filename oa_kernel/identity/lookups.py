"""Who is who in the organisation: what workflow steps ask for. All answers are ids of active people."""

from __future__ import annotations

from oa_kernel import clock, db

from .departments import below, path_ids
from .models import Department, Person, PersonPost, Post
from .posts import held_on
from .shared import id_of


def heads_of(department_id: int, levels: int = 1) -> list[int]:
    """Heads (主要负责人) of a department; with ``levels`` 2 those of the department above it, and so on.

    Empty when there are fewer levels, or nobody holds the post today. One or two queries.
    """
    target = department_id
    if levels > 1:
        chain = _chain(department_id)
        if len(chain) < levels:
            return []
        target = chain[-levels]
    return _holding(Post.department == target, Post.kind == "head")


def deputy_for(department_id: int) -> list[int]:
    """The deputy leader in charge (分管领导): the department's own, else the nearest one's above it."""
    chain = _chain(department_id)
    if not chain:
        return []
    found: dict[int, int] = dict(
        Department.select(Department.id, Department.deputy_id)
        .join(Person, on=(Person.id == Department.deputy_id))
        .where(Department.id.in_(chain), Person.active)
        .tuples()
    )
    for i in reversed(chain):
        if i in found:
            return [found[i]]
    return []


def holders(post: Post | int | str) -> list[int]:
    """Who holds a post today, given as row, id or code; whoever stands in (代理) included."""
    return _holding(Post.code == post if isinstance(post, str) else Post.id == id_of(post))


def holders_of_kind(kind: str, department_id: int | None = None) -> list[int]:
    """Who holds a post of a kind (``head``, ``deputy_head``, ``leader``), in one department or anywhere."""
    where = [Post.kind == kind]
    if department_id is not None:
        where.append(Post.department == department_id)
    return _holding(*where)


def people_in(department_id: int, below: bool = False) -> list[int]:
    """Who belongs to a department, by main department or by a post; with ``below`` to those below it too."""
    return [i for (i,) in _people_in_query(department_id, below).tuples()]


def departments_of(person: Person | int) -> list[int]:
    """Ids of the departments somebody belongs to: the main one first, then those of the posts held today."""
    person_id = id_of(person)
    own = Person.select(Person.department).where(Person.id == person_id).tuples().first()
    posts = (
        PersonPost.select(Post.department).join(Post)
        .where(PersonPost.person == person_id, held_on(clock.today())).order_by(PersonPost.id).tuples()
    )
    return list(dict.fromkeys(i for (i,) in [*([own] if own else []), *posts] if i is not None))


def _people_in_query(department_id: int, with_below: bool) -> db.ModelSelect:
    where = Department.id == department_id
    if with_below:
        path = Department.select(Department.path).where(Department.id == department_id).tuples().first()
        where = below(path[0]) if path else where
    inside = Department.select(Department.id).where(where)
    by_post = (
        PersonPost.select(PersonPost.person).join(Post)
        .where(Post.department.in_(inside), held_on(clock.today()))
    )
    return (
        Person.select(Person.id)
        .where(Person.active, Person.department.in_(inside) | Person.id.in_(by_post))
        .order_by(Person.id)
    )


def _chain(department_id: int) -> list[int]:
    """Ids from the top down to the department."""
    row = Department.select(Department.path).where(Department.id == department_id).tuples().first()
    return path_ids(row[0]) if row else []


def _holding(*where: object) -> list[int]:
    query = (
        PersonPost.select(PersonPost.person, db.fn.MIN(PersonPost.id).alias("first"))
        .join(Post)
        .switch(PersonPost)
        .join(Person)
        .where(*where, held_on(clock.today()), Person.active, Post.active)
        .group_by(PersonPost.person)
        .order_by(db.SQL("first"))
        .tuples()
    )
    return [i for i, _ in query]


__all__ = ["departments_of", "deputy_for", "heads_of", "holders", "holders_of_kind", "people_in"]
