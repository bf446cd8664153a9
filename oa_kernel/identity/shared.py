"""What the modules of this room share: ids, checks of fields, and telling caches that rights changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from oa_kernel import db
from oa_kernel.errors import Invalid, NotFound

from .models import Department, Person, Post, RightsEpoch

_USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_EMAIL = re.compile(r"[^@\s<>\"(),:;\\]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_PHONE = re.compile(r"[0-9+()\-\s#*转,]{3,40}")


def id_of(thing: Any) -> int:
    """The id of a row, or the id itself."""
    return thing if isinstance(thing, int) else thing.id


def by_id(by: Any) -> int | None:
    """The id of who acts, or None for the system."""
    return None if by is None else id_of(by)


def load_person(person: Any, *, lock: bool = False) -> Person:
    """The person's row as it is now; ``lock`` holds it until the transaction ends."""
    query = Person.select().where(Person.id == id_of(person))
    row = (db.lock_rows(query) if lock else query).first()
    if row is None:
        raise NotFound("没有这个人员，请刷新后再试")
    return row


def load_department(department: Any) -> Department:
    row = Department.get_or_none(Department.id == id_of(department))
    if row is None:
        raise NotFound("没有这个部门，请刷新后再试")
    return row


def load_post(post: Any) -> Post:
    row = Post.get_or_none(Post.id == id_of(post))
    if row is None:
        raise NotFound("没有这个职务，请刷新后再试")
    return row


def check_fields(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong with the fields of a person: ``{field: [reason]}``, empty when all is well."""
    errors: dict[str, list[str]] = {}
    if "username" in values and not _USERNAME.fullmatch(str(values["username"] or "")):
        errors["username"] = ["用户名为 1–64 个字符，只用小写字母、数字和 . _ -，以字母或数字开头和结尾"]
    if "name" in values:
        name = str(values["name"] or "")
        if not name.strip():
            errors["name"] = ["请填写姓名"]
        elif len(name) > 80:
            errors["name"] = ["姓名最多 80 个字"]
        elif any(ord(c) < 32 or c in "<>" for c in name):
            errors["name"] = ["姓名里有不能用的字符（换行、< 或 >）"]
    email = values.get("email")
    if email and (len(email) > 200 or not _EMAIL.fullmatch(email)):
        errors["email"] = [f"“{email[:60]}”不是电子邮件地址，例：name@example.cn"]
    for field, label in (("phone", "电话"), ("mobile", "手机")):
        value = values.get(field)
        if value and not _PHONE.fullmatch(value):
            errors[field] = [f"{label}只写数字、空格和 + - ( ) #，例：010-12345678"]
    return errors


def require_valid(errors: Mapping[str, list[str]], what: str) -> None:
    """Raises Invalid with all reasons at once, if there are any."""
    if errors:
        raise Invalid(f"{what}有 {len(errors)} 处需要改正", errors=errors)


def touch(people: Iterable[int]) -> None:
    """Counts up the version of people whose rights, posts or state change. Inside the transaction."""
    ids = list(people)
    if ids:
        Person.update(version=Person.version + 1).where(Person.id.in_(ids)).execute()


def touch_everybody() -> None:
    """Counts up the epoch: rights of people nobody listed have changed. Inside the transaction.

    The row stays locked until the commit, so two such changes follow one another.
    """
    RightsEpoch.insert(id=1, value=1).on_conflict(
        conflict_target=[RightsEpoch.id], update={RightsEpoch.value: RightsEpoch.value + 1}
    ).execute()
