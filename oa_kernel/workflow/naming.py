"""People, posts, departments and roles a definition names: whether they are there, and whether anybody is behind them.

Warnings only: who is missing today may come tomorrow, and a plugin's definition is published before the organisation
has its people. The case itself is never lost (fallback, else the administrators).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from oa_kernel import identity, permissions
from oa_kernel.identity.models import Department, Person, Post

from . import check
from .definition import Definition, Problem


def warnings(definition: Definition, reader: Any) -> Iterator[Problem]:
    """One query for all the people named and one for the departments; two a post, one a role."""
    said = list(_rules(definition))
    votes = [(("steps", i, "mode"), f"环节 {s.id}", name)
             for i, s in enumerate(definition.steps.values()) for name in dict.fromkeys((*s.weights, *s.veto))]
    named = [(path, where, name) for path, where, rule in said for name in _named(rule)] + votes
    users = _users(name for _, _, name in named)
    for path, where, name in named:
        if name not in users:
            yield _warn(reader.line(*path), f"{where}：没有用户“{name}”，或已停用")
    posts = _holders(rule["post"] for _, _, rule in said if isinstance(rule.get("post"), str))
    units = _departments(rule["department"] for _, _, rule in said if rule.get("department") is not None)
    known = permissions.roles()
    roles = {r: permissions.people_with_role(r) for r in {str(rule["role"]) for _, _, rule in said if rule.get("role") in known}}
    for path, where, rule in said:
        post, unit, role = rule.get("post"), rule.get("department"), rule.get("role")
        if isinstance(post, str) and not posts.get(post):
            yield _warn(reader.line(*path), f"{where}：{'现在无人担任岗位' if post in posts else '没有岗位'}“{post}”")
        if unit is not None and unit not in units:
            yield _warn(reader.line(*path), f"{where}：没有部门“{unit}”")
        if role in roles and not roles[role]:
            yield _warn(reader.line(*path), f"{where}：现在没有人有角色“{role}”")


def _warn(line: int, message: str) -> Problem:
    return Problem(line, message, "warning")


def _rules(definition: Definition) -> Iterator[tuple[tuple[Any, ...], str, Mapping[str, Any]]]:
    for i, step in enumerate(definition.steps.values()):
        for path, rule in check.rules(step):
            yield ("steps", i, *path), f"环节 {step.id}", rule
    if definition.fallback:
        yield ("fallback",), "后备", definition.fallback


def _named(rule: Mapping[str, Any]) -> list[str]:
    """Usernames a rule says."""
    value = rule.get("user", rule.get("users"))
    among = rule.get("among")
    return [str(v) for v in (value if isinstance(value, list) else [value] if value else [])] + [
        str(v) for v in (among if isinstance(among, list) else [])]


def _users(names: Iterable[str]) -> set[str]:
    """Of usernames those that somebody active has."""
    wanted = sorted(set(names))
    return {u for (u,) in Person.select(Person.username).where(Person.username.in_(wanted), Person.active).tuples()} \
        if wanted else set()


def _holders(codes: Iterable[str]) -> dict[str, bool]:
    """Code of a post that exists → whether anybody holds it today."""
    wanted = sorted(set(codes))
    there = {c for (c,) in Post.select(Post.code).where(Post.code.in_(wanted)).tuples()} if wanted else set()
    return {code: bool(identity.holders(code)) for code in there}


def _departments(values: Iterable[Any]) -> set[Any]:
    """Of departments said by id, name or code those that exist and are in use."""
    wanted = set(values)
    if not wanted:
        return set()
    texts, ids = [v for v in wanted if isinstance(v, str)], [v for v in wanted if isinstance(v, int)]
    rows = Department.select(Department.id, Department.name, Department.code).where(
        Department.active, Department.name.in_(texts) | Department.code.in_(texts) | Department.id.in_(ids)).tuples()
    return {value for row in rows for value in row}
