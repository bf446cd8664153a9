"""Who gets a step. Nobody found is never a lost case: the definition's fallback, else the administrators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from oa_kernel import builtin, identity, permissions
from oa_kernel.errors import Invalid
from oa_kernel.identity.models import Department, Person
from oa_kernel.phrases import Phrase

from .definition import PEOPLE_RULES, Definition, Step

MANAGE = "kernel.workflow.manage"


def find(
    definition: Definition, step: Step, instance: Any, chosen: Sequence[int] = (), form: Mapping[str, Any] | None = None
) -> tuple[list[int], str]:
    """Ids of the people of a step, in order, and why them (zh-CN)."""
    values = instance.form if form is None else form
    found = by_rule(step.people, instance, step, values, chosen)
    if found:
        return found, describe(step.people)
    for fallback in (step.fallback, definition.fallback):
        if fallback:
            found = by_rule(fallback, instance, step, values, chosen)
            if found:
                return found, Phrase("%(who)s无人，转后备：%(next)s", who=describe(step.people), next=describe(fallback))
    return permissions.people_with(MANAGE), Phrase("%(who)s无人，转流程管理员", who=describe(step.people))


def by_rule(rule: Mapping[str, Any], instance: Any, step: Step, form: Mapping[str, Any], chosen: Sequence[int]) -> list[int]:
    """Ids by one rule; people who are not active are left out."""
    kind = next((k for k in rule if k in PEOPLE_RULES), "")
    value = rule.get(kind)
    if kind == "drafter":
        return active([instance.drafter_id])
    if kind == "head_of":
        return _of_department(instance, lambda d: identity.heads_of(d, int(rule.get("levels", 1))))
    if kind == "deputy_for":
        return _of_department(instance, identity.deputy_for)
    if kind == "role":
        return permissions.people_with_role(str(value))
    if kind == "post":
        return identity.holders(value)
    if kind in ("user", "users"):
        return active(by_username=[value] if isinstance(value, str) else list(value or ()))
    if kind == "department":
        return _department(value, bool(rule.get("below")))
    if kind == "field":
        return _from_field(form.get(str(value)))
    if kind == "chosen_by":
        return _chosen(rule, instance, step, form, chosen)
    if kind == "rule":
        for contributed in builtin.collect("oa_people_rules"):
            if contributed.name == value:
                return active(contributed.find(instance, step, form))
    return []


def _of_department(instance: Any, ask: Any) -> list[int]:
    return [] if instance.department_id is None else ask(instance.department_id)


def _department(value: Any, below: bool) -> list[int]:
    where = Department.id == value if isinstance(value, int) else (Department.name == value) | (Department.code == value)
    row = Department.select(Department.id).where(where, Department.active).tuples().first()
    return identity.people_in(row[0], below=below) if row else []


def _from_field(value: Any) -> list[int]:
    if value is None or value == "":
        return []
    items = list(value) if isinstance(value, list | tuple) else [value]
    names = [str(v) for v in items if isinstance(v, str) and not v.isdigit()]
    ids = [int(v) for v in items if isinstance(v, int) or (isinstance(v, str) and v.isdigit())]
    order = {name: i for i, name in enumerate(names)}
    rows = list(Person.select(Person.id, Person.username).where(
        (Person.username.in_(names)) | (Person.id.in_(ids)), Person.active).tuples())
    return [i for i, u in sorted(rows, key=lambda r: order.get(r[1], len(order)))]


def _chosen(
    rule: Mapping[str, Any], instance: Any, step: Step, form: Mapping[str, Any], chosen: Sequence[int]
) -> list[int]:
    among = rule.get("among")
    if among is None:
        return active(chosen)
    allowed = set(_from_field(among)) if isinstance(among, list) else set(by_rule(among, instance, step, form, ()))
    return [i for i in active(chosen) if i in allowed]


def active(ids: Iterable[int] = (), by_username: Sequence[str] = ()) -> list[int]:
    """Of those people the ones who are active, in the order given."""
    wanted = list(ids)
    if not wanted and not by_username:
        return []
    rows = list(Person.select(Person.id, Person.username).where(
        Person.id.in_(wanted) | Person.username.in_(list(by_username)), Person.active).tuples())
    order: dict[Any, int] = {key: i for i, key in enumerate([*wanted, *by_username])}
    return [i for i, u in sorted(rows, key=lambda r: order.get(r[0], order.get(r[1], 0)))]


def check_chosen(definition: Definition, step: Step, instance: Any, chosen: Sequence[int]) -> None:
    """The choice of who acted before, where the step leaves it to them: somebody, and of the set it allows.

    :raises Invalid: with the reason beside ``to``.
    """
    if not chosen:
        if step.fallback or definition.fallback:
            return
        raise Invalid(f"请选择下一环节“{step.title}”的办理人", errors={"to": [f"请选择“{step.title}”的办理人"]})
    left = set(chosen) - set(by_rule(step.people, instance, step, instance.form, chosen))
    if left:
        raise Invalid(f"所选的人不能办理“{step.title}”", errors={"to": ["有人不在可选的范围内"]})


def named(rules: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Name by username of the people that stand in rules by name: one query, none where none does."""
    asked = {str(u) for rule in rules for u in (rule.get("user"), *(rule.get("users") or ())) if u is not None}
    return dict(Person.select(Person.username, Person.name).where(Person.username.in_(asked)).tuples()) if asked else {}


def describe(rule: Mapping[str, Any], names: Mapping[str, str] | None = None) -> str:
    """A rule in words, for the diagram and for ``simulate``.

    :param names: people as :func:`named` gives them; else they are called by their username.
    """
    kind = next((k for k in rule if k in PEOPLE_RULES), "")
    if not kind:
        return ""
    word, value = Phrase(PEOPLE_RULES[kind]), rule.get(kind)
    if kind in ("drafter", "deputy_for"):
        return word
    if kind == "head_of":
        levels = int(rule.get("levels", 1))
        return word if levels == 1 else Phrase("上 %(n)s 级%(who)s", n=levels, who=word)
    if kind == "role":
        known = permissions.roles().get(str(value))
        return Phrase("%(kind)s：%(who)s", kind=word, who=Phrase(known.title) if known else str(value))
    if kind == "chosen_by":
        return word
    if kind == "rule":
        title = next((r.title for r in builtin.collect("oa_people_rules") if r.name == value), None)
        return Phrase(title) if title else Phrase("%(kind)s：%(who)s", kind=word, who=str(value))
    called = [str((names or {}).get(str(v), v)) for v in (value if isinstance(value, list) else [value])]
    if kind in ("user", "users") and names:
        return "、".join(called)
    return Phrase("%(kind)s：%(who)s", kind=word, who="、".join(called))
