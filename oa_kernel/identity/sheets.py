"""The organisation as spreadsheets: departments, posts, people; one workbook of three worksheets for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from oa_kernel.contributions import Sheet, SheetColumn
from oa_kernel.errors import OAError

KINDS = {"负责人": "head", "副职": "deputy_head", "单位领导": "leader", "成员": "member"}
_KIND_WORDS = {kind: word for word, kind in KINDS.items()}
_MANY = ("、", "，", ",", ";", "；")

DEPARTMENTS = [
    SheetColumn("path", "部门", required=True, help="下级部门写成“上级/下级”", aliases=("部门名称",)),
    SheetColumn("code", "代码", longest=40),
    SheetColumn("sort", "排序", "integer", help="小的在前"),
    SheetColumn("deputy", "分管领导", help="用户名"),
    SheetColumn("active", "在用", "boolean"),
]
POSTS = [
    SheetColumn("department", "部门", required=True),
    SheetColumn("title", "职务", required=True, longest=80),
    SheetColumn("kind", "类别", choices=tuple(KINDS), help="留空为成员"),
    SheetColumn("code", "代码", longest=80, help="流程定义里的 {post: 代码}"),
    SheetColumn("sort", "排序", "integer"),
]
PEOPLE = [
    SheetColumn("username", "用户名", required=True, longest=80),
    SheetColumn("name", "姓名", required=True, longest=80),
    SheetColumn("department", "部门"),
    SheetColumn("posts", "职务", help="多个用顿号隔开，第一个为主；别的部门的写成“部门：职务”，代理的加“（代理）”", longest=1000),
    SheetColumn("email", "邮箱", longest=200),
    SheetColumn("phone", "电话", longest=60, aliases=("分机", "办公电话")),
    SheetColumn("mobile", "手机", longest=60),
    SheetColumn("active", "在用", "boolean"),
]
#: field of a service's errors → heading
_TITLES = {c.name: c.title for c in (*DEPARTMENTS, *POSTS, *PEOPLE)} | {"title": "职务", "parent": "部门", "name": "姓名"}


class _Places:
    """Departments by their path, kept while an import adds more."""

    def __init__(self) -> None:
        from .departments import department_tree

        self.by_path: dict[str, Any] = {}
        self.paths: dict[int, str] = {}
        for row in department_tree(active_only=False):
            above = self.paths.get(row.parent_id, "")
            self.add(f"{above}/{row.name}".lstrip("/"), row)

    def add(self, path: str, row: Any) -> None:
        self.by_path[path] = row
        self.paths[row.id] = path

    def find(self, text: str) -> Any:
        """By full path, or by a name that only one department has; a str says why not."""
        text = _path(text)
        if text in self.by_path:
            return self.by_path[text]
        found = [row for path, row in self.by_path.items() if path.endswith("/" + text)]
        if len(found) == 1:
            return found[0]
        if not found:
            return f"没有部门“{text}”"
        return f"有 {len(found)} 个部门叫“{text}”：请写成“上级/下级”"


def _path(text: str) -> str:
    return "/".join(part.strip() for part in text.replace("／", "/").split("/") if part.strip())


def load_departments(rows: Iterable[Mapping[str, Any]], report: Any, by: Any) -> Callable[[], None]:
    """New ones are made, others changed. Deputies in charge are set when the people are there."""
    from .departments import create_department, update_department

    places, deputies = _Places(), []
    for row in rows:
        path = _path(row["path"])
        above, _, name = path.rpartition("/")
        try:
            known = places.by_path.get(path)
            if known is None:
                parent = places.by_path.get(above) if above else None
                if above and parent is None:
                    report.fault(row["row"], "部门", f"没有上级部门“{above}”：上级要写在前面")
                    continue
                known = create_department(name, parent, code=row["code"], sort=row["sort"] or 0, by=by)
                places.add(path, known)
            else:
                changes = {k: row[k] for k in ("code", "sort", "active") if row[k] not in (None, "")}
                if changes:
                    known = update_department(known, by=by, **changes)
            if row["deputy"]:
                deputies.append((row["row"], known, row["deputy"]))
        except OAError as error:
            report.refuse(row["row"], error, {**_TITLES, "name": "部门"})

    def in_charge() -> None:
        from .people import by_username

        for number, department, username in deputies:
            person = by_username(username)
            if person is None:
                report.fault(number, "分管领导", f"没有用户 {username}")
            elif department.deputy_id != person.id:
                update_department(department, deputy=person, by=by)

    return in_charge


def dump_departments() -> Iterator[dict[str, Any]]:
    """All departments, those above first."""
    places = _Places()
    from .people import by_ids

    deputies = by_ids([d.deputy_id for d in places.by_path.values() if d.deputy_id])
    for path, row in places.by_path.items():
        deputy = deputies.get(row.deputy_id)
        yield {"path": path, "code": row.code, "sort": row.sort, "deputy": deputy.username if deputy else "",
               "active": row.active}


def load_posts(rows: Iterable[Mapping[str, Any]], report: Any, by: Any) -> None:
    """New ones are made, others changed."""
    from .posts import create_post, update_post

    places = _Places()
    posts = _Posts(places)
    for row in rows:
        department = places.find(row["department"])
        if isinstance(department, str):
            report.fault(row["row"], "部门", department)
            continue
        try:
            known = posts.find(department, row["title"])
            given: dict[str, Any] = {k: row[k] for k in ("code", "sort") if row[k] not in (None, "")}
            if row["kind"]:
                given["kind"] = KINDS[row["kind"]]
            if known is None:
                posts.add(create_post(department, row["title"], by=by, **given))
            elif given:
                update_post(known, by=by, **given)
        except OAError as error:
            report.refuse(row["row"], error, _TITLES)


def dump_posts() -> Iterator[dict[str, Any]]:
    """All posts in use."""
    from .models import Post

    places = _Places()
    for row in Post.select().where(Post.active).order_by(Post.department, Post.sort, Post.id):
        yield {"department": places.paths[row.department_id], "title": row.title, "kind": _KIND_WORDS[row.kind],
               "code": row.code, "sort": row.sort}


def load_people(rows: Iterable[Mapping[str, Any]], report: Any, by: Any) -> None:
    """New people get a one-time password, which is told; others are changed, and posts they lack are given."""
    from .departments import many_changes
    from .posts import holdings_of

    every: Sequence[Mapping[str, Any]] = rows.rows if hasattr(rows, "rows") else list(rows)
    places = _Places()
    known = _by_usernames(row["username"] for row in every)
    held = {i: {h.post_id for h in found} for i, found in holdings_of([p.id for p in known.values()]).items()}
    posts = _Posts(places)
    with many_changes():
        for row in rows if hasattr(rows, "rows") else every:
            _load_person(row, known.get(row["username"].strip().lower()), posts, held, report, by)


def _load_person(
    row: Mapping[str, Any], person: Any, posts: _Posts, held: dict[int, set[int]], report: Any, by: Any
) -> None:
    from . import passwords
    from .people import create_person, disable_person, enable_person, update_person

    number = row["row"]
    department = posts.places.find(row["department"]) if row["department"] else None
    if isinstance(department, str):
        report.fault(number, "部门", department)
        return
    fields = {k: row[k] for k in ("name", "email", "phone", "mobile")}
    try:
        if person is None:
            password = passwords.generate_password()
            person = create_person(
                row["username"], department=department, password_expired=True, by=by, **fields,
                password_hash="" if report.dry_run else _hash_generated(password),
            )
            report.tell(row=number, username=person.username, name=person.name, password=password)
        else:
            given: dict[str, Any] = {k: v for k, v in fields.items() if v}
            if department is not None:
                given["department"] = department
            person = update_person(person, by=by, **given)
        if row["active"] is not None and row["active"] != person.active:
            (enable_person if row["active"] else disable_person)(person, by=by)
        _give_posts(row, person, department, posts, held.setdefault(person.id, set()), report, by)
    except OAError as error:
        report.refuse(number, error, _TITLES)


def _by_usernames(usernames: Iterable[str]) -> dict[str, Any]:
    """User name → person; a query for every few hundred."""
    from .models import Person

    wanted = list({name.strip().lower() for name in usernames})
    found: dict[str, Any] = {}
    for at in range(0, len(wanted), 500):
        found.update((p.username, p) for p in Person.select().where(Person.username.in_(wanted[at:at + 500])))
    return found


def _hash_generated(password: str) -> str:
    """The hash of a generated password, at argon2id's least cost.

    A dear hash protects what people choose; 95 random bits are beyond guessing at any cost, and for 5,000 new people
    the difference is minutes. The first sign-in replaces it.
    """
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)


class _Posts:
    """Active posts by department and title, read once."""

    def __init__(self, places: _Places) -> None:
        from .posts import all_posts

        self.places = places
        self._found: dict[int, dict[str, Any]] = {}
        for post in all_posts():
            self.add(post)

    def add(self, post: Any) -> None:
        self._found.setdefault(post.department_id, {}).setdefault(post.title, post)

    def find(self, department: Any, title: str) -> Any:
        return self._found.get(department.id, {}).get(title)


def _give_posts(
    row: Mapping[str, Any], person: Any, home: Any, posts: _Posts, held: set[int], report: Any, by: Any
) -> None:
    from .departments import department as department_by_id
    from .posts import assign

    text = row["posts"]
    for mark in _MANY[1:]:
        text = text.replace(mark, _MANY[0])
    for place, title in enumerate(part.strip() for part in text.split(_MANY[0]) if part.strip()):
        acting = title.endswith(("（代理）", "(代理)"))
        name = title[:-4] if acting else title
        where, _, alone = name.replace(":", "：").rpartition("：")
        department = posts.places.find(where) if where else home or (
            department_by_id(person.department_id) if person.department_id else None)
        if department is None or isinstance(department, str):
            report.fault(row["row"], "职务", department or f"“{title}”没有写明部门")
            continue
        post = posts.find(department, alone.strip())
        if post is None:
            report.fault(row["row"], "职务", f"{department.name}没有职务“{alone.strip()}”")
        elif post.id not in held:
            assign(person, post, main=place == 0, acting=acting, by=by)
            held.add(post.id)


def dump_people() -> Iterator[dict[str, Any]]:
    """Everybody, with the posts they hold today."""
    from .models import Person
    from .posts import holdings_of

    places = _Places()
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


SHEETS = [
    Sheet("departments", "部门", DEPARTMENTS, load_departments, dump_departments, "kernel.departments.manage"),
    Sheet("posts", "岗位", POSTS, load_posts, dump_posts, "kernel.departments.manage"),
    Sheet("people", "人员", PEOPLE, load_people, dump_people, "kernel.people.manage"),
    Sheet("organisation", "组织机构", permission="kernel.people.manage", parts=("departments", "posts", "people")),
]

__all__ = ["KINDS", "SHEETS"]
