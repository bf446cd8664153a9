"""Sound definitions by chance: every kind of step and of deciding, forks in forks, conditions, deadlines, effects."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

PEOPLE = ("p0", "p1", "p2", "p3", "p4")
#: of those a step that is chosen for may be given to
AMONG = PEOPLE[:4]
#: the sub-process: its second step is ``p0``'s
CHILD = {"name": "model.child", "title": "子流程", "steps": [
    {"id": "draft", "people": "drafter", "next": "check"}, {"id": "check", "people": {"user": "p0"}, "next": "end"}]}
#: what overdue and waiting steps wait for, in hours
DUE, WAIT = 2, 3

MODES: list[Any] = [
    "one", "all", "sequence", {"ratio": 0.5}, {"ratio": 0.6}, {"ratio": 1.0, "veto": ["p1"]},
    {"weights": {"p0": 2, "p1": 1, "p2": 1}, "pass": 2}, {"weights": {"p0": 1, "p1": 1}, "pass": 2, "veto": ["p1"]},
]
KINDS = {0: ["task"] * 6 + ["fork"] * 3 + ["timer", "service", "sub", "notify"],
         1: ["task"] * 6 + ["fork", "timer", "service", "sub", "notify"], 2: ["task"] * 5 + ["notify"]}


@st.composite
def definitions(draw: Any, straight: bool = False) -> dict[str, Any]:
    """A definition as the YAML would say it. ``straight``: without forks."""
    entry, steps = _row(draw, "t", draw(st.integers(1, 3)), 0, "end", straight)
    return {"name": "model.case", "title": "模型", "form": {"amount": {"type": "integer"}},
            "steps": [{"id": "draft", "people": "drafter", "next": entry}, *steps]}


def _row(draw: Any, ident: str, count: int, depth: int, after: str, straight: bool) -> tuple[str, list[dict[str, Any]]]:
    """Steps one after the other that lead to ``after``; the first one's id, and all."""
    steps: list[dict[str, Any]] = []
    entry, beyond = after, ""
    for n in reversed(range(count)):
        kind = draw(st.sampled_from(KINDS[depth]))
        if straight and kind == "fork":
            kind = "task"
        name = f"{ident}{n}"
        if kind == "fork":
            made = _fork(draw, name, depth, entry)
        elif kind == "task":
            made = [_task(draw, name, entry, beyond)]
        else:
            made = [_by_itself(draw, kind, name, entry)]
        entry, beyond, steps = name, entry, [*made, *steps]
    return entry, steps


def _task(draw: Any, ident: str, following: str, beyond: str) -> dict[str, Any]:
    people: dict[str, Any] = {"users": draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3, unique=True))}
    step: dict[str, Any] = {"id": ident, "mode": draw(st.sampled_from(MODES)), "people": people, "next": following}
    extra = draw(st.integers(0, 255))
    if extra & 3 == 3:
        step["on_complete"] = ["counting.number"]
    if extra & 12 == 12:
        step["skip_same_person"] = True
    if extra & 48 == 48:
        step["due"] = f"{DUE} hours"
        step["on_overdue"] = draw(st.sampled_from(["urge", "pass", "escalate", {"transfer": {"user": "p4"}}]))
    if extra & 192 == 192:
        step["fields"] = {"amount": "edit"}
    rare = draw(st.integers(0, 7))
    if rare == 0:
        step["people"], step["mode"] = {"chosen_by": "previous", "among": list(AMONG)}, "all"
    if rare <= 2 and beyond:
        step["next"] = [{"when": "amount > 5", "to": beyond}, {"to": following}]
    return step


def _by_itself(draw: Any, kind: str, ident: str, following: str) -> dict[str, Any]:
    step: dict[str, Any] = {"id": ident, "next": following}
    if kind == "timer":
        return {**step, "type": "timer", "after": f"{WAIT} hours"}
    if kind == "service":
        return {**step, "type": "service", "service": "counting.book"}
    if kind == "sub":
        return {**step, "type": "subprocess", "definition": CHILD["name"]}
    return {**step, "type": "notify", "copy": draw(st.booleans()), "people": {"users": [draw(st.sampled_from(PEOPLE))]}}


def _fork(draw: Any, ident: str, depth: int, after: str) -> list[dict[str, Any]]:
    join = f"{ident}j"
    branches: list[Any] = []
    steps: list[dict[str, Any]] = []
    joined = 0
    for b in range(draw(st.integers(2, 3))):
        count = draw(st.integers(0, 2))
        ends = b > 1 and count and draw(st.booleans())
        entry, made = _row(draw, f"{ident}{'xyz'[b]}", count, depth + 1, "end" if ends else join, False)
        joined += not ends
        steps += made
        branches.append({"when": "amount > 5", "to": entry} if b and draw(st.integers(0, 3)) == 0 else entry)
    wait = draw(st.sampled_from(["all", "all", "all", 1, joined]))
    return [{"id": ident, "type": "fork", "branches": branches}, *steps,
            {"id": join, "type": "join", "wait": wait, "next": after}]
