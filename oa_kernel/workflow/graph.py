"""The shape of a definition: what leads where, which fork a join belongs to, what comes before a step."""

from __future__ import annotations

from collections.abc import Mapping

from .definition import END, Definition, Step


def targets(step: Step) -> list[str]:
    """Steps that may come right after."""
    return list(dict.fromkeys(b.to for b in (*step.next, *step.branches)))


def reached(steps: Mapping[str, Step], start: str, stop: str = "") -> set[str]:
    """Steps that may come after ``start``, itself included; the way does not go on beyond ``stop``."""
    found: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name in found or name == END or name not in steps:
            continue
        found.add(name)
        if name != stop:
            todo.extend(targets(steps[name]))
    return found


def ancestors(definition: Definition, step_id: str) -> set[str]:
    """Steps from which a step can be reached."""
    return {s for s in definition.steps if s != step_id and step_id in reached(definition.steps, s)}


def circle(steps: Mapping[str, Step]) -> list[str]:
    """Steps that lead back to themselves, the first repeated at the end; empty when there is no circle."""
    done: set[str] = set()

    def walk(name: str, trail: list[str]) -> list[str]:
        if name in trail:
            return [*trail[trail.index(name):], name]
        if name in done or name not in steps:  # the end, or a mistake that is told of elsewhere
            return []
        for target in targets(steps[name]):
            found = walk(target, [*trail, name])
            if found:
                return found
        done.add(name)
        return []

    for name in steps:
        found = walk(name, [])
        if found:
            return found
    return []


def dominators(steps: Mapping[str, Step]) -> dict[str, set[str]]:
    """Step → the steps every way to it passes (itself included); only for steps that are reached."""
    first = next(iter(steps))
    inside = reached(steps, first)
    before: dict[str, set[str]] = {s: set() for s in inside}
    for name in inside:
        for target in targets(steps[name]):
            if target in inside:
                before[target].add(name)
    found = {s: set(inside) for s in inside}
    found[first] = {first}
    changed = True
    while changed:
        changed = False
        for name in inside:
            if name == first:
                continue
            new = {name} | set.intersection(*(found[b] for b in before[name]))
            if new != found[name]:
                found[name], changed = new, True
    return found


def fork_of(steps: Mapping[str, Step], join: str) -> str:
    """The fork a join belongs to: the nearest one that every way to it passes; empty if there is none."""
    passed = dominators(steps)
    forks = [d for d in passed.get(join, ()) if d != join and steps[d].type == "fork" and _still_open(steps, d, join)]
    # of those every way passes, the nearest is the one that all others come before
    return max(forks, key=lambda d: len(passed[d]), default="")


def _still_open(steps: Mapping[str, Step], fork: str, join: str) -> bool:
    """Whether more than one branch of the fork leads to the join."""
    return sum(join in reached(steps, b.to) for b in steps[fork].branches) > 1


def doubled(steps: Mapping[str, Step], fork: Step) -> set[str]:
    """Steps that more than one branch of the fork leads to without coming together first: done once a branch."""
    ends = {s.id for s in steps.values() if s.type == "join" and s.joins == fork.id}
    seen: set[str] = set()
    twice: set[str] = set()
    for branch in fork.branches:
        found: set[str] = set()
        todo = [branch.to]
        while todo:
            name = todo.pop()
            if name in found or name == END or name in ends or name not in steps:
                continue
            found.add(name)
            todo.extend(targets(steps[name]))
        twice |= seen & found
        seen |= found
    return twice


def common(one: str, other: str) -> str:
    """The longest way through forks that two ways begin with."""
    shared = []
    for a, b in zip(one.split("/"), other.split("/"), strict=False):
        if a != b or not a:
            break
        shared.append(a)
    return "".join(f"{part}/" for part in shared)
