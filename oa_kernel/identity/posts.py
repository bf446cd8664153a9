"""Posts, and who holds them from when to when."""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import audit, clock, db, signals
from oa_kernel.errors import Conflict, Invalid, NotFound

from .departments import _check_separation
from .models import Department, Person, PersonPost, Post
from .shared import by_id, id_of, load_department, load_person, load_post, require_valid, touch, touch_everybody

_FIELDS = ["department", "title", "code", "kind", "sort", "active"]


def create_post(
    department: Department | int,
    title: str,
    *,
    kind: str = "member",
    code: str = "",
    sort: int = 0,
    by: Person | int | None = None,
) -> Post:
    """A new post. ``code`` is what workflow definitions refer to (``{post: office.clerk}``), unique where given."""
    with db.transaction():
        home = load_department(department)
        _check(title, kind, code, None)
        made = Post.create(department=home, title=title.strip(), kind=kind, code=code, sort=sort)
        audit.record(
            "post.created", "post", made.id, title=f"{home.name} {made.title}",
            after=db.snapshot(made, only=_FIELDS), by=by_id(by),
        )
    return made


def update_post(post: Post | int, *, by: Person | int | None = None, **changes: Any) -> Post:
    """Changes ``title``, ``kind``, ``code``, ``sort`` or ``active``.

    :raises Conflict: when a post that somebody holds is closed.
    """
    unknown = set(changes) - {"title", "kind", "code", "sort", "active"}
    if unknown:
        raise Invalid(f"职务没有这样的字段：{'、'.join(sorted(unknown))}")
    with db.transaction():
        touch_everybody()
        row = load_post(post)
        before = db.snapshot(row, only=_FIELDS)
        for field, value in changes.items():
            setattr(row, field, value.strip() if isinstance(value, str) else value)
        _check(row.title, row.kind, row.code, row.id)
        if not row.active and before["active"]:
            open_ones = (PersonPost.until.is_null()) | (PersonPost.until > clock.today())
            if PersonPost.select().where(PersonPost.post == row.id, open_ones).exists():
                raise Conflict(f"“{row.title}”还有人担任，请先免去再停用")
        row.save()
        audit.record(
            "post.changed", "post", row.id, title=row.title, before=before,
            after=db.snapshot(row, only=_FIELDS), by=by_id(by),
        )
    return row


def post_by_code(code: str) -> Post | None:
    """The post with this code, or None."""
    return Post.get_or_none(Post.code == code) if code else None


def posts_in(department: Department | int) -> list[Post]:
    """Active posts of a department, in order of display."""
    query = Post.select().where(Post.department == id_of(department), Post.active)
    return list(query.order_by(Post.sort, Post.id))


def all_posts(department: Department | int | None = None, *, active_only: bool = True) -> list[Post]:
    """Posts with their departments, closed ones too unless ``active_only``; one query."""
    query = Post.select(Post, Department).join(Department)
    if department is not None:
        query = query.where(Post.department == id_of(department))
    if active_only:
        query = query.where(Post.active)
    return list(query.order_by(Department.path, Post.sort, Post.id))


def assign(
    person: Person | int,
    post: Post | int,
    *,
    main: bool = False,
    acting: bool = False,
    since: dt.date | None = None,
    until: dt.date | None = None,
    by: Person | int | None = None,
) -> PersonPost:
    """Gives somebody a post, from ``since`` (today) until the day before ``until``.

    :param main: the post shown beside the name; the first one always is.
    :param acting: stands in for the holder (代理).
    :raises Conflict: when they hold it in that time already, or when its roles would join two of the system,
        security and audit administrators in one person.
    """
    since = since or clock.today()
    if until is not None and until <= since:
        raise Invalid("任期的结束要晚于开始", errors={"until": [f"请填 {since} 之后的日期，或留空"]})
    with db.transaction():
        touch_everybody()  # before anything is read: whoever grants roles at the same moment waits
        row = load_person(person, lock=True)
        place = load_post(post)
        if not place.active:
            raise Conflict(f"职务“{place.title}”已停用")
        held = PersonPost.select().where(
            PersonPost.person == row.id,
            PersonPost.post == place.id,
            (PersonPost.until.is_null()) | (PersonPost.until > since),
        )
        if until is not None:
            held = held.where(PersonPost.since < until)
        if held.exists():
            raise Conflict(f"{row.name}在这段时间已经担任“{place.title}”")
        others = PersonPost.select().where(
            PersonPost.person == row.id, PersonPost.main, PersonPost.until.is_null() | (PersonPost.until > clock.today()))
        if main:
            PersonPost.update(main=False).where(PersonPost.person == row.id, PersonPost.main).execute()
        elif not others.exists():
            main = True
        made = PersonPost.create(person=row, post=place, main=main, acting=acting, since=since, until=until)
        if row.department_id is None:
            Person.update(department=place.department_id).where(Person.id == row.id).execute()
        touch([row.id])
        audit.record(
            "person.post_given", "person", row.id, title=row.name,
            after={"post": place.id, "title": place.title, "since": since.isoformat(),
                   "until": until.isoformat() if until else None, "acting": acting, "main": main},
            by=by_id(by),
        )
        _check_separation()
        signals.person_changed.send("identity", person=load_person(row.id), before={})
    return made


def end_assignment(
    holding: PersonPost | int, *, on: dt.date | None = None, by: Person | int | None = None
) -> PersonPost:
    """Ends a holding on a day (today): from that day on it gives no rights. The row stays, as history."""
    with db.transaction():
        row = PersonPost.get_or_none(PersonPost.id == id_of(holding))
        if row is None:
            raise NotFound("没有这条任职记录，请刷新后再试")
        person = load_person(row.person_id, lock=True)
        on = on or clock.today()
        if row.until is not None and row.until <= on:
            return row
        before = {"until": row.until.isoformat() if row.until else None, "main": row.main}
        # a main post that ends on a day to come is the main one until then
        row.until, row.main = max(on, row.since), row.main and on > clock.today()
        row.save(only=[PersonPost.until, PersonPost.main])
        touch([person.id])
        audit.record(
            "person.post_ended", "person", person.id, title=person.name, before={**before, "post": row.post_id},
            after={"post": row.post_id, "until": row.until.isoformat(), "main": row.main}, by=by_id(by),
        )
        signals.person_changed.send("identity", person=person, before={})
    return row


def holdings(person: Person | int, *, on: dt.date | None = None) -> list[PersonPost]:
    """The posts somebody holds on a day (today), the main one first; posts and departments come along."""
    return list(_holdings_query(on).where(PersonPost.person == id_of(person)))


def holdings_of(people: list[int], *, on: dt.date | None = None) -> dict[int, list[PersonPost]]:
    """The posts of many people on a day (today), in one query."""
    found: dict[int, list[PersonPost]] = {i: [] for i in people}
    if people:
        for row in _holdings_query(on).where(PersonPost.person.in_(people)):
            found[row.person_id].append(row)
    return found


def _holdings_query(on: dt.date | None) -> Any:
    day = on or clock.today()
    return (
        PersonPost.select(PersonPost, Post, Department)
        .join(Post)
        .join(Department)
        .where(held_on(day))
        .order_by(PersonPost.main.desc(), PersonPost.since, PersonPost.id)
    )


def held_on(day: dt.date) -> Any:
    """SQL condition on PersonPost: in force on a day."""
    return (PersonPost.since <= day) & ((PersonPost.until.is_null()) | (PersonPost.until > day))


def _check(title: str, kind: str, code: str, own_id: int | None) -> None:
    errors: dict[str, list[str]] = {}
    if not (title or "").strip():
        errors["title"] = ["请填写职务名称"]
    if kind not in Post.KINDS:
        errors["kind"] = [f"职务类别只能是 {'、'.join(Post.KINDS)}"]
    if code:
        same = Post.select().where(Post.code == code)
        if own_id is not None:
            same = same.where(Post.id != own_id)
        if same.exists():
            errors["code"] = [f"代码“{code}”已用于另一职务"]
    require_valid(errors, "职务")


__all__ = [
    "all_posts", "assign", "create_post", "end_assignment", "held_on", "holdings", "holdings_of", "post_by_code", "posts_in",
    "update_post",
]
