"""Where the steps of a definition stand in the designer's drawing, and where its lines run.

Works on what was typed, however wrong it is (circles, ways into nothing, steps nobody reaches), so that the drawing
can be mended by drawing. Places are worked out each time and stand in no file: two people who say the same in YAML
see the same picture, and a difference between versions is one of meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import conditions, editing, layers
from .definition import END

#: size of a step and the room between them, in the drawing's units
WIDTH, HEIGHT, GAP_X, GAP_Y, LINE = 176, 56, 36, 56, 12


def graph(data: Mapping[str, Any] | None) -> dict[str, list[dict[str, Any]]]:
    """``{"nodes": [{"id", "title", "type", "x", "y"}], "edges": [{"from", "to", "when", "text", "points"}]}``: x and y of the
    middle, the condition as typed and in the form's words, points where a line bends."""
    steps = editing.steps_of(data)
    unique = {s["id"]: s for s in reversed(steps)}
    order = [*dict.fromkeys(s["id"] for s in steps), END]
    edges = [{"from": name, "to": way["to"], "when": way["when"]}
             for name in order[:-1] for key in ("next", "branches") for way in editing.ways(unique[name], key)
             if way["to"] in unique or way["to"] == END]
    form = (data or {}).get("form")
    fields = form if isinstance(form, Mapping) else {}
    drawn = layers.drawn(order, [(e["from"], e["to"]) for e in edges], last=END, shape=WIDTH, line=LINE, gap=GAP_X)
    nodes = []
    for n, row in enumerate(drawn.rows):
        for name in row:
            if name != END and name not in unique:
                continue  # the place of a line
            step = unique.get(name, {})
            nodes.append({
                "id": name, "title": str(step.get("title") or name) if name != END else "结束",
                "type": str(step.get("type") or "task") if name != END else END,
                "x": drawn.across[name], "y": n * (HEIGHT + GAP_Y) + HEIGHT / 2,
            })
    for edge, points in zip(edges, drawn.lines(lambda row: row * (HEIGHT + GAP_Y), HEIGHT, WIDTH / 4), strict=True):
        edge["text"] = conditions.shown(str(edge["when"] or ""), fields)
        edge["points"] = [{"x": x, "y": y} for x, y in points]
    return {"nodes": nodes, "edges": edges}
