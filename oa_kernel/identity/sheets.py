"""The organisation as spreadsheets: departments, posts, people; one workbook of three worksheets for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from oa_kernel.contributions import Sheet, SheetColumn
from oa_kernel.errors import OAError

from . import sheets_people
from .places import Places, Posts, plain_path

KINDS = {"主要负责人": "head", "副职": "deputy_head", "单位领导": "leader", "一般职务": "member"}
_KIND_WORDS = {kind: word for word, kind in KINDS.items()}

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
    SheetColumn("kind", "类别", choices=tuple(KINDS), help="留空为一般职务"),
    SheetColumn("code", "代码", longest=80, help="流程定义里的 {post: 代码}"),
    SheetColumn("sort", "排序", "integer"),
]
#: field of a service's errors → heading
_TITLES = {c.name: c.title for c in (*DEPARTMENTS, *POSTS, *sheets_people.COLUMNS)} | {
    "title": "职务", "parent": "部门", "name": "姓名"}


def load_departments(rows: Iterable[Mapping[str, Any]], report: Any, by: Any) -> Callable[[], None]:
    """New ones are made, others changed. Deputies in charge are set when the people are there."""
    from .departments import create_department, update_department

    places, deputies = Places(), []
    for row in rows:
        path = plain_path(row["path"])
        above, _, name = path.rpartition("/")
        if row["deputy"]:
            deputies.append((row["row"], path, row["deputy"]))
        try:
            known = places.by_path.get(path)
            if known is None:
                parent = places.by_path.get(above) if above else None
                if above and parent is None:
                    report.fault(row["row"], "部门", f"没有上级部门“{above}”：上级要写在前面")
                    continue
                known = create_department(name, parent, code=row["code"], sort=row["sort"] or 0, by=by)
                if row["active"] is False:
                    known = update_department(known, active=False, by=by)
                places.add(path, known)
            else:
                changes = {k: row[k] for k in ("code", "sort", "active") if row[k] not in (None, "")}
                if changes:
                    places.add(path, update_department(known, by=by, **changes))
        except OAError as error:
            report.refuse(row["row"], error, {**_TITLES, "name": "部门"})

    def in_charge() -> None:
        from .people import by_username

        for number, path, username in deputies:
            person, department = by_username(username), places.by_path.get(path)
            if person is None:
                report.fault(number, "分管领导", f"没有用户 {username}")
            elif department is not None and department.deputy_id != person.id:
                update_department(department, deputy=person, by=by)

    return in_charge


def dump_departments() -> Iterator[dict[str, Any]]:
    """All departments, those above first."""
    places = Places()
    from .people import by_ids

    deputies = by_ids([d.deputy_id for d in places.by_path.values() if d.deputy_id])
    for path, row in places.by_path.items():
        deputy = deputies.get(row.deputy_id)
        yield {"path": path, "code": row.code, "sort": row.sort, "deputy": deputy.username if deputy else "",
               "active": row.active}


def load_posts(rows: Iterable[Mapping[str, Any]], report: Any, by: Any) -> None:
    """New ones are made, others changed."""
    from .posts import create_post, update_post

    places = Places()
    posts = Posts()
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

    places = Places()
    for row in Post.select().where(Post.active).order_by(Post.department, Post.sort, Post.id):
        yield {"department": places.paths[row.department_id], "title": row.title, "kind": _KIND_WORDS[row.kind],
               "code": row.code, "sort": row.sort}


SHEETS = [
    Sheet("departments", "部门", DEPARTMENTS, load_departments, dump_departments, "kernel.departments.manage"),
    Sheet("posts", "岗位", POSTS, load_posts, dump_posts, "kernel.departments.manage"),
    Sheet("people", "人员", sheets_people.COLUMNS, sheets_people.load, sheets_people.dump, "kernel.people.manage",
          prepare=sheets_people.prepare),
    Sheet("organisation", "组织机构", permission="kernel.people.manage", parts=("departments", "posts", "people")),
]

__all__ = ["KINDS", "SHEETS"]
