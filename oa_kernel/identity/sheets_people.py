"""People as a worksheet: what is slow is done before the import's transaction, what is left is written together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from oa_kernel.contributions import SheetColumn
from oa_kernel.errors import Conflict, Invalid, OAError

from .places import Places, Posts

_MANY = ("、", "，", ",", ";", "；")

COLUMNS = [
    SheetColumn("username", "用户名", required=True, longest=80, help="小写字母、数字和 . _ -；已有的用户名是修改，没有的是新建"),
    SheetColumn("name", "姓名", required=True, longest=80),
    SheetColumn("department", "部门", help="重名的写成“上级/下级”"),
    SheetColumn("posts", "职务", help="多个用顿号隔开，第一个为主；别的部门的写成“部门：职务”，代理的加“（代理）”", longest=1000),
    SheetColumn("email", "邮箱", longest=200),
    SheetColumn("phone", "电话", longest=60, aliases=("分机", "办公电话")),
    SheetColumn("mobile", "手机", longest=60),
    SheetColumn("active", "在用", "boolean", help="“否”停用账户；留空不变"),
]
_TITLES = {c.name: c.title for c in COLUMNS}


@dataclass
class _Row:
    """A row that is ready to be written, whether its person is new or known."""

    number: int
    fields: dict[str, str]
    department: str
    #: (as it stands there, its department or "", title, acting)
    posts: list[tuple[str, str, str, bool]]
    active: bool | None
    pinyin: str = ""
    #: what is wrong with the fields: of somebody new, and of somebody known
    errors: tuple[dict[str, list[str]], dict[str, list[str]]] = field(default_factory=lambda: ({}, {}))
    password: str = ""
    password_hash: str = ""


def prepare(rows: Iterable[Mapping[str, Any]], report: Any, by: Any) -> Sequence[_Row]:
    """Fields checked, names spelled, posts taken apart, passwords of new people made and hashed: no table is written, and
    nobody waits. What the tables say is asked again in the transaction."""
    from . import passwords
    from .pinyin import letters
    from .shared import check_fields

    every: Any = getattr(rows, "rows", None)
    if every is None:
        rows = every = list(rows)
    known = _known(row["username"].strip().lower() for row in every)
    ready = []
    for row in rows:
        fields = {k: row[k].strip() for k in ("name", "email", "phone", "mobile")}
        fields["username"] = row["username"].strip().lower()
        one = _Row(row["row"], fields, row["department"], _titles(row["posts"]), row["active"], letters(fields["name"]))
        wrong = check_fields(fields)
        one.errors = (wrong, {k: v for k, v in wrong.items() if k != "username"})
        if fields["username"] not in known and not wrong and not report.dry_run:
            one.password = passwords.generate_password()
            one.password_hash = _hash_generated(one.password)
        ready.append(one)
    return ready


def load(rows: Sequence[_Row], report: Any, by: Any) -> None:
    """New people get a one-time password, which is told; others are changed, and posts they lack are given."""
    from .departments import many_changes
    from .many import Many
    from .people import taken

    many = Many((row.fields["username"] for row in rows), by, posts=any(row.posts for row in rows))
    places, posts = Places(), Posts()
    with many_changes():
        for row in rows:
            try:
                _take(row, many, places, posts, report)
            except OAError as error:
                report.refuse(row.number, error, _TITLES)
        if others := set(many.write()):
            for row in rows:
                if row.fields["username"] in others:
                    report.refuse(row.number, taken(row.fields["username"]), _TITLES)


def _take(row: _Row, many: Any, places: Places, posts: Posts, report: Any) -> None:
    """Reports all that is wrong with the row at once; such a row goes on without it, and all is undone in the end."""
    home = places.find(row.department) if row.department else None
    if lost := isinstance(home, str):
        report.fault(row.number, "部门", home)
        home = None
    person = many.known.get(row.fields["username"])
    wrong = row.errors[0 if person is None else 1]
    if wrong:
        report.refuse(row.number, Invalid("", errors=wrong), _TITLES)
    fields = {k: "" if k in wrong else v for k, v in row.fields.items()}
    if person is None:
        if not row.password and not report.dry_run:  # it was somebody's when passwords were made
            raise Conflict(f"用户名“{row.fields['username']}”刚刚改给了别人，请再导入一次")
        try:
            person = many.create(fields, row.pinyin, home, row.password_hash) if fields["username"] else None
        except OAError as error:
            report.refuse(row.number, error, _TITLES)
        else:
            report.tell(row=row.number, username=row.fields["username"], name=row.fields["name"], password=row.password)
    else:
        given: dict[str, Any] = {k: v for k, v in fields.items() if v and k != "username"}
        if home is not None:
            given["department"] = home
        many.update(person, given, row.pinyin)
    if person is not None and row.active is not None and row.active != person.active:
        try:
            many.set_active(person, row.active)
        except OAError as error:
            report.refuse(row.number, error, _TITLES)
    if home is None and not lost and person is not None:
        home = places.by_id(person.department_id)
    for place, (text, where, title, acting) in enumerate(row.posts):
        department = places.find(where) if where else home
        if department is None and lost:
            continue
        if department is None or isinstance(department, str):
            report.fault(row.number, "职务", department or f"“{text}”没有写明部门")
            continue
        post = posts.find(department, title)
        if post is None:
            report.fault(row.number, "职务", f"{department.name}没有职务“{title}”")
        elif person is not None:
            many.assign(person, post, main=place == 0, acting=acting)


def _titles(text: str) -> list[tuple[str, str, str, bool]]:
    for mark in _MANY[1:]:
        text = text.replace(mark, _MANY[0])
    found = []
    for title in (part.strip() for part in text.split(_MANY[0])):
        if title:
            acting = title.endswith(("（代理）", "(代理)"))
            where, _, alone = (title[:-4] if acting else title).replace(":", "：").rpartition("：")
            found.append((title, where, alone.strip(), acting))
    return found


def _known(usernames: Iterable[str]) -> set[str]:
    from oa_kernel import db

    from .models import Person

    found: set[str] = set()
    for part in db.in_pieces(sorted(set(usernames))):
        found.update(name for (name,) in Person.select(Person.username).where(Person.username.in_(part)).tuples())
    return found


def _hash_generated(password: str) -> str:
    """The hash of a generated password, at argon2id's least cost.

    A dear hash protects what people choose; 95 random bits are beyond guessing at any cost, and for 5,000 new people
    the difference is minutes. The first sign-in replaces it.
    """
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)


def dump() -> Iterator[dict[str, Any]]:
    """Everybody, with the posts they hold today."""
    from .models import Person
    from .posts import holdings_of

    places = Places()
    people = list(Person.select().order_by(Person.department, Person.id))
    held = holdings_of([p.id for p in people])
    for person in people:
        posts = []
        for holding in held[person.id]:
            title = holding.post.title + ("（代理）" if holding.acting else "")
            other = holding.post.department_id != person.department_id
            posts.append(f"{places.paths[holding.post.department_id]}：{title}" if other else title)
        yield {
            "username": person.username, "name": person.name, "department": places.paths.get(person.department_id, ""),
            "posts": posts, "email": person.email, "phone": person.phone, "mobile": person.mobile,
            "active": person.active,
        }


__all__ = ["COLUMNS", "dump", "load", "prepare"]
