"""A trial run: who would get a case at each step, and why; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import conditions, moves, people, standing, store
from .case import Case, usernames
from .definition import END, Definition, Step
from .models import Instance


def simulate(name: str, drafter: Any, form: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The steps in the order they would come: ``[{"step", "title", "people", "why", "usernames", "mode", "when"}]``."""
    return simulate_definition(store.definition(name), drafter, form)


def simulate_definition(definition: Definition, drafter: Any, form: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The same of a definition that need not be published."""
    instance = Instance(id=0, definition_id=definition.row_id, definition_name=definition.name, title="试走",
                        form=dict(form), drafter_id=drafter.id, department_id=drafter.department_id, urgency="")
    case = Case(instance, definition, drafter)
    first = definition.first
    out = [_row(first, [(drafter.id, None)], "拟稿人", "")]
    todo: list[str] = [first.id]
    seen = {first.id}
    while todo:
        step = definition.steps[todo.pop(0)]
        for target, when in _targets(case, step):
            if target == END or target in seen:
                continue
            seen.add(target)
            todo.append(target)
            entered = definition.steps[target]
            if entered.people:
                ids, why = people.find(definition, entered, instance)
                out.append(_row(entered, standing.cover(case, entered, ids), why, when))
            elif entered.type not in ("fork", "join"):
                out.append(_row(entered, [], _WORDS.get(entered.type, ""), when))
    return out


_WORDS = {"subprocess": "子流程", "service": "自动办理", "timer": "等候", "notify": "通知"}


def _row(step: Step, who: list[tuple[int, int | None]], why: str, when: str) -> dict[str, Any]:
    names = usernames([i for pair in who for i in pair if i])
    standing_in = "；".join(f"{names[i][1]} 代 {names[own][1]}" for i, own in who if own and own in names and i in names)
    return {"step": step.id, "title": step.title, "people": [names[i][1] for i, _ in who if i in names],
            "usernames": [names[i][0] for i, _ in who if i in names],
            "why": why + (f"；{standing_in}" if standing_in else ""), "mode": step.mode, "when": when}


def _targets(case: Case, step: Step) -> list[tuple[str, str]]:
    values = moves.names(case)
    if step.type == "fork":
        return [(b.to, b.when) for b in step.branches if not b.when or conditions.holds(b.when, values)]
    for branch in step.next:
        if not branch.when or conditions.holds(branch.when, values):
            return [(branch.to, branch.when)]
    return []
