"""Where the steps of a definition stand in a drawing: in rows by their distance from the first, few lines crossing.

Works on what was typed, however wrong it is (circles, ways into nothing, steps nobody reaches), so that the drawing
can be mended by drawing. Places are worked out each time and stand in no file: two people who say the same in YAML
see the same picture, and a difference between versions is one of meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import editing
from .definition import END

#: size of a step and the room between them, in the drawing's units
WIDTH, HEIGHT, GAP_X, GAP_Y = 176, 56, 36, 56


def graph(data: Mapping[str, Any] | None) -> dict[str, list[dict[str, Any]]]:
    """``{"nodes": [{"id", "title", "type", "x", "y"}], "edges": [{"from", "to", "when"}]}``; x and y of the middle."""
    steps = editing.steps_of(data)
    unique = {s["id"]: s for s in reversed(steps)}
    order = [*dict.fromkeys(s["id"] for s in steps), END]
    edges = [{"from": name, "to": way["to"], "when": way["when"]}
             for name in order[:-1] for key in ("next", "branches") for way in editing.ways(unique[name], key)
             if way["to"] in unique or way["to"] == END]
    rows = _rows(order, edges)
    widest = max(len(row) for row in rows)
    nodes = []
    for n, row in enumerate(rows):
        for m, name in enumerate(row):
            step = unique.get(name, {})
            nodes.append({
                "id": name, "title": str(step.get("title") or name) if name != END else "结束",
                "type": str(step.get("type") or "task") if name != END else END,
                "x": round((m + (widest - len(row)) / 2) * (WIDTH + GAP_X) + WIDTH / 2, 1),
                "y": n * (HEIGHT + GAP_Y) + HEIGHT / 2,
            })
    return {"nodes": nodes, "edges": edges}


def _rows(order: list[str], edges: list[dict[str, Any]]) -> list[list[str]]:
    after: dict[str, list[str]] = {name: [] for name in order}
    for edge in edges:
        after[edge["from"]].append(edge["to"])
    forward = _without_circles(order, after)
    depth = dict.fromkeys(order, 0)
    for name in _sorted(order, forward):
        for target in forward[name]:
            depth[target] = max(depth[target], depth[name] + 1)
    depth[END] = max([depth[END], *(d + 1 for n, d in depth.items() if n != END)])
    rows: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for name in order:
        rows[depth[name]].append(name)
    before: dict[str, list[str]] = {name: [] for name in order}
    for name, targets in forward.items():
        for target in targets:
            before[target].append(name)
    for sweep in range(4):
        _untangle(rows, before if sweep % 2 == 0 else forward, reverse=sweep % 2 == 1)
    return [row for row in rows if row]


def _without_circles(order: list[str], after: dict[str, list[str]]) -> dict[str, list[str]]:
    """The ways that do not lead back to where one came from."""
    forward: dict[str, list[str]] = {name: [] for name in order}
    state: dict[str, int] = {}
    for root in order:
        stack = [(root, iter(after[root]))] if root not in state else []
        state.setdefault(root, 1)
        while stack:
            name, rest = stack[-1]
            target = next(rest, None)
            if target is None:
                state[name] = 2
                stack.pop()
            elif state.get(target) != 1:  # not one of those we are within
                forward[name].append(target)
                if target not in state:
                    state[target] = 1
                    stack.append((target, iter(after[target])))
    return forward


def _sorted(order: list[str], forward: dict[str, list[str]]) -> list[str]:
    """Each step after all that lead to it."""
    waiting = dict.fromkeys(order, 0)
    for targets in forward.values():
        for target in targets:
            waiting[target] += 1
    ready = [name for name in order if not waiting[name]]
    for name in ready:
        for target in forward[name]:
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return ready


def _untangle(rows: list[list[str]], near: dict[str, list[str]], *, reverse: bool) -> None:
    """Puts each step of a row below (or above) the middle of those it hangs on."""
    at = {name: m - len(row) / 2 for row in rows for m, name in enumerate(row)}
    for row in reversed(rows) if reverse else rows:
        middle = {n: sum(at[b] for b in near[n]) / len(near[n]) if near[n] else at[n] for n in row}
        row.sort(key=lambda n: middle[n])
        at.update({name: m - len(row) / 2 for m, name in enumerate(row)})
