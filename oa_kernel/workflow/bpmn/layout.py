"""Where the shapes of a process stand and how its lines run: layers from left to right, no line through a box.

The layers are those of :mod:`..layers`; here they become rows of a grid, and lines with right angles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..layers import Edge, Point, layers, mean, order, straight, threaded

#: pixels, as bpmn-js draws by default
TASK, EVENT, GATEWAY = (100, 80), (36, 36), (50, 50)
COLUMN, ROW, LEFT, TOP = 170, 110, 80, 60


@dataclass(frozen=True)
class Box:
    """A shape's place, in pixels."""

    x: float
    y: float
    w: float
    h: float

    @property
    def middle(self) -> Point:
        """Its centre."""
        return self.x + self.w / 2, self.y + self.h / 2


def place(sizes: Mapping[str, tuple[int, int]], edges: Sequence[Edge], hosts: Mapping[str, str],
          ) -> tuple[dict[str, Box], list[list[Point]]]:
    """(box by shape, points by edge in the order given).

    :param sizes: shape → width, height; the first is where it begins. The edges make no circle.
    :param hosts: shape that sits on another's border → that other.
    """
    free = [s for s in sizes if s not in hosts]
    plain = [(hosts.get(a, a), b) for a, b in edges]
    layer = layers(free, plain)
    columns, ways = threaded(free, plain, layer)
    order(columns, ways)
    row = _rows(columns, ways)
    boxes = {}
    for name in free:
        w, h = sizes[name]
        boxes[name] = Box(LEFT + layer[name] * COLUMN + (TASK[0] - w) / 2, TOP + row[name] * ROW + (TASK[1] - h) / 2, w, h)
    for name, host in hosts.items():
        w, h = sizes[name]
        below = boxes[host]
        boxes[name] = Box(below.x + below.w - w - 8, below.y + below.h - h / 2, w, h)
    lines = []
    for (source, target), way in zip(edges, ways, strict=True):
        via = [(LEFT + n * COLUMN, TOP + row[p] * ROW + TASK[1] / 2) for n, p in enumerate(way, layer[hosts.get(source, source)])
               if p not in sizes]
        lines.append(_line(boxes[source], boxes[target], via, source in hosts))
    return boxes, lines


def _rows(columns: Sequence[Sequence[str]], ways: Sequence[Sequence[str]]) -> dict[str, float]:
    """A row for each place, at least one apart within a column, near those it is linked with."""
    before: dict[str, list[str]] = {}
    for way in ways:
        for a, b in zip(way, way[1:], strict=False):
            before.setdefault(b, []).append(a)
    row: dict[str, float] = {}
    for column in columns:
        last = float("-inf")
        want = [mean([row[m] for m in before.get(n, ()) if m in row], float(i)) for i, n in enumerate(column)]
        made = []
        for wanted in want:
            last = max(last + 1, round(wanted * 2) / 2)
            made.append(last)
        shift = round(mean([m - w for m, w in zip(made, want, strict=True)], 0.0) * 2) / 2
        row.update({n: m - shift for n, m in zip(column, made, strict=True)})
    top = min(row.values(), default=0.0)
    return {n: r - top for n, r in row.items()}


def _line(source: Box, target: Box, via: Sequence[Point], from_below: bool) -> list[Point]:
    """Points of a line with right angles: out to the right (or down, from a border), in from the left."""
    if from_below:
        x, y = source.middle[0], source.y + source.h
        points: list[Point] = [(x, y), (x, y + 10)]
    else:
        points = [(source.x + source.w, source.middle[1])]
    stops = [p for x, y in via for p in ((x, y), (x + TASK[0], y))] + [(target.x, target.middle[1])]
    for n, (x, y) in enumerate(stops):
        last_x, last_y = points[-1]
        if last_y != y:
            # between two columns; the first point after it is the left edge of the next place
            turn = x - (COLUMN - TASK[0]) / 2 if n % 2 == 0 and via else max(last_x + 10, target.x - (COLUMN - TASK[0]) / 2)
            points += [(turn, last_y), (turn, y)]
        points.append((x, y))
    return straight(points)
