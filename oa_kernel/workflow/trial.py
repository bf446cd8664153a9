"""A trial run: who would get a case at each step, and why; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from oa_kernel import clock
from oa_kernel.errors import Invalid

from . import calendar, conditions, moves, people, standing, store
from .case import Case, usernames
from .definition import END, Branch, Definition, Step
from .following import deadline_words
from .models import Instance


def simulate(name: str, drafter: Any, form: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The steps in the order they would come, forks and joins left out; see :func:`simulate_definition`."""
    return [row for row in simulate_definition(store.definition(name), drafter, form) if row["type"] not in ("fork", "join")]


def simulate_text(text: str, drafter: Any, form: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The same of a text that need not be published; Invalid with ``problems`` where it is wrong."""
    definition = store.checked(text)
    if definition is None:
        found = store.validate_text(text)
        raise Invalid("流程定义有误：" + "；".join(f"第 {p.line} 行：{p.message}" for p in found[:5]),
                      problems=[{"line": p.line, "message": p.message} for p in found])
    return simulate_definition(definition, drafter, form)


def simulate_definition(definition: Definition, drafter: Any, form: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every step that would be entered.

    Each row has ``step``, ``title``, ``type``, ``people``, ``usernames``, ``why`` they get it, ``mode``, ``when`` (the condition
    that led there), ``from`` (the step before), ``due`` (as written) and ``due_at`` (if it arrived now), ``skipped`` (passed by
    itself, the same person again), ``hidden`` (fields its people do not see) and ``ways``: ``[{"to", "title", "when", "taken",
    "why"}]`` in the order they are looked at.
    """
    instance = Instance(id=0, definition_id=definition.row_id, definition_name=definition.name, title="试走",
                        form=dict(form), drafter_id=drafter.id, department_id=drafter.department_id, urgency="")
    case = Case(instance, definition, drafter)
    first = definition.first
    out = [_row(definition, first, [(drafter.id, None)], "拟稿人", "", "")]
    rows = {first.id: out[0]}
    todo: list[str] = [first.id]
    while todo:
        step = definition.steps[todo.pop(0)]
        row = rows[step.id]
        row["ways"] = _ways(case, step)
        for way in row["ways"]:
            target = way["to"]
            if not way["taken"] or target == END or target in rows:
                continue
            todo.append(target)
            entered = definition.steps[target]
            rows[target] = _entered(case, entered, way["when"], row)
            out.append(rows[target])
    return out


_WORDS = {"subprocess": "子流程", "service": "自动办理", "timer": "等候", "notify": "通知",
          "fork": "分开并行办理", "join": "等各分支汇合"}


def _entered(case: Case, step: Step, when: str, before: Mapping[str, Any]) -> dict[str, Any]:
    if not step.people:
        return _row(case.definition, step, [], _WORDS.get(step.type, ""), when, before["step"])
    chosen = step.people.get("chosen_by")
    if chosen and step.people.get("among") is not None:
        among = step.people["among"]
        ids = people.active(by_username=among) if isinstance(among, list) else people.by_rule(
            among, case.instance, step, case.instance.form, ())
        return _row(case.definition, step, [(i, None) for i in ids], "由上一步从这些人中选定", when, before["step"])
    if chosen:
        return _row(case.definition, step, [], "由上一步选定", when, before["step"])
    ids, why = people.find(case.definition, step, case.instance)
    row = _row(case.definition, step, standing.cover(case, step, ids), why, when, before["step"])
    if step.skip_same_person and len(ids) == 1 and row["usernames"] == before["usernames"]:
        row["skipped"] = True
        row["why"] += "；与上一步是同一人，自动通过"
    return row


def _row(definition: Definition, step: Step, who: Sequence[tuple[int, int | None]], why: str, when: str,
         before: str) -> dict[str, Any]:
    names = usernames([i for pair in who for i in pair if i])
    standing_in = "；".join(f"{names[i][1]} 代 {names[own][1]}" for i, own in who if own and own in names and i in names)
    due_at = clock.local(calendar.due_at(clock.now(), step.due)).isoformat(timespec="minutes") if step.due else ""
    return {"step": step.id, "title": step.title, "type": step.type, "people": [names[i][1] for i, _ in who if i in names],
            "usernames": [names[i][0] for i, _ in who if i in names],
            "why": why + (f"；{standing_in}" if standing_in else ""), "mode": step.mode, "when": when, "from": before,
            "due": step.due, "due_words": deadline_words(step)["due"], "due_at": due_at, "skipped": False,
            "hidden": [n for n, r in step.fields.items() if r == "hidden"], "ways": []}


def _ways(case: Case, step: Step) -> list[dict[str, Any]]:
    """The ways on as they are looked at: of a fork all that hold, else the first that does."""
    values = moves.names(case)
    fork = step.type == "fork"
    out: list[dict[str, Any]] = []
    taken = False
    for branch in step.branches if fork else step.next:
        if taken and not fork:
            holds, why = False, "前面的路已走"
        else:
            holds, why = _holds(branch, values)
            taken = taken or holds
        target = case.definition.steps.get(branch.to)
        out.append({"to": branch.to, "title": target.title if target else "结束", "when": branch.when, "taken": holds, "why": why})
    return out


def _holds(branch: Branch, values: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether a way is open and why; a condition that cannot be worked out says so (a case would stop there)."""
    if not branch.when:
        return True, "没有条件"
    try:
        holds = conditions.holds(branch.when, values)
    except Invalid as error:
        return False, error.message
    used = sorted(conditions.used(branch.when) & set(values))
    said = "，".join(f"{n} = {values[n] if values[n] is not None else '未填'}" for n in used)
    return holds, ("成立" if holds else "不成立") + (f"（{said}）" if said else "")
