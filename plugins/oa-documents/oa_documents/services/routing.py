"""Where an incoming document goes: the first rule that is about it says whether it is for action and whose it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from oa_kernel import identity
from oa_kernel.identity import Department

from .. import settings


def propose(document: Mapping[str, Any]) -> dict[str, str]:
    """``{"department", "nature", "reason"}`` by the rules of the settings (``incoming_rules``); empty where none is about it."""
    for n, rule in enumerate(settings.get("incoming_rules"), 1):
        if _holds(rule, document):
            found = {"department": str(rule.get("department", "")), "nature": str(rule.get("nature", "action"))}
            return {**found, "reason": f"分办规则第 {n} 条" + (f"：{rule['note']}" if rule.get("note") else "")}
    return {"department": "", "nature": "action", "reason": ""}


def _holds(rule: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    if rule.get("kinds") and document.get("kind") not in rule["kinds"]:
        return False
    if rule.get("senders") and not any(s in str(document.get("sender", "")) for s in rule["senders"]):
        return False
    if rule.get("urgency") and document.get("urgency") not in rule["urgency"]:
        return False
    return not rule.get("words") or any(w in str(document.get("title", "")) for w in rule["words"])


def department_named(name: str) -> Department | None:
    """The open department of that name; None where there is none, or more than one."""
    found = list(Department.select().where(Department.name == name, Department.active).limit(2)) if name else []
    return found[0] if len(found) == 1 else None


def lead_people(_instance: Any, _step: Any, form: Mapping[str, Any]) -> list[int]:
    """People rule ``documents.lead_department``: the heads of the department that handles it."""
    return _heads([str(form.get("lead") or "")])


def assisting_people(_instance: Any, _step: Any, form: Mapping[str, Any]) -> list[int]:
    """People rule ``documents.assisting_departments``: the heads of the departments that assist."""
    return _heads([str(n) for n in form.get("assisting") or ()])


def heads_of_named(names: Sequence[str]) -> list[int]:
    """The heads of the departments of these names, each once; thirty at most."""
    return _heads(names)


def _heads(names: Sequence[str]) -> list[int]:
    found: list[int] = []
    for name in names[:30]:
        department = department_named(name)
        if department is not None:
            found += identity.heads_of(department.id, 1)
    return list(dict.fromkeys(found))
