"""Where the shapes of a process stand and how its lines run: layers from left to right, no line through a box.

A layer is the longest way from the start. A line over several layers gets a place of its own in each of them, so that
boxes leave room for it; a few sweeps put what belongs together beside each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: pixels, as bpmn-js draws by default
TASK, EVENT, GATEWAY = (100, 80), (36, 36), (50, 50)
COLUMN, ROW, LEFT, TOP = 170, 110, 80, 60
#: beyond this many places, long lines run straight
MAX_PLACES = 20_000

Point = tuple[float, float]
Edge = tuple[str, str]


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
    layer = _layers(free, plain)
    columns, ways = _columns(free, plain, layer)
    _order(columns, ways)
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


def _layers(names: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    after: dict[str, list[str]] = {n: [] for n in names}
    waits = dict.fromkeys(names, 0)
    for a, b in edges:
        after[a].append(b)
        waits[b] += 1
    layer = dict.fromkeys(names, 0)
    todo = [n for n in names if not waits[n]]
    while todo:
        name = todo.pop()
        for b in after[name]:
            layer[b] = max(layer[b], layer[name] + 1)
            waits[b] -= 1
            if not waits[b]:
                todo.append(b)
    return layer


def _columns(names: Sequence[str], edges: Sequence[Edge], layer: Mapping[str, int]) -> tuple[list[list[str]], list[list[str]]]:
    """Layers with the places of lines among them, and each edge as the places it runs through, both ends included."""
    columns: list[list[str]] = [[] for _ in range(max(layer.values(), default=0) + 1)]
    for name in names:
        columns[layer[name]].append(name)
    room = MAX_PLACES
    ways = []
    for n, (a, b) in enumerate(edges):
        way = [a]
        span = layer[b] - layer[a] - 1
        if 0 < span <= room:
            room -= span
            for step in range(span):
                spot = f"{n}\0{step}"  # no XML id holds a zero byte
                columns[layer[a] + 1 + step].append(spot)
                way.append(spot)
        ways.append([*way, b])
    return columns, ways


def _order(columns: list[list[str]], ways: Sequence[Sequence[str]]) -> None:
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for way in ways:
        for a, b in zip(way, way[1:], strict=False):
            after.setdefault(a, []).append(b)
            before.setdefault(b, []).append(a)
    for sweep in range(6):
        beside, inward = (before, columns[1:]) if sweep % 2 == 0 else (after, columns[-2::-1])
        at = {n: i - (len(c) - 1) / 2 for c in columns for i, n in enumerate(c)}
        for column in inward:
            want = {n: _mean([at[m] for m in beside.get(n, ())], at[n]) for n in column}
            column.sort(key=lambda n, want=want: want[n])  # type: ignore[misc]
            at.update({n: i - (len(column) - 1) / 2 for i, n in enumerate(column)})


def _rows(columns: Sequence[Sequence[str]], ways: Sequence[Sequence[str]]) -> dict[str, float]:
    """A row for each place, at least one apart within a column, near those it is linked with."""
    before: dict[str, list[str]] = {}
    for way in ways:
        for a, b in zip(way, way[1:], strict=False):
            before.setdefault(b, []).append(a)
    row: dict[str, float] = {}
    for column in columns:
        last = float("-inf")
        want = [_mean([row[m] for m in before.get(n, ()) if m in row], float(i)) for i, n in enumerate(column)]
        made = []
        for wanted in want:
            last = max(last + 1, round(wanted * 2) / 2)
            made.append(last)
        shift = round(_mean([m - w for m, w in zip(made, want, strict=True)], 0.0) * 2) / 2
        row.update({n: m - shift for n, m in zip(column, made, strict=True)})
    top = min(row.values(), default=0.0)
    return {n: r - top for n, r in row.items()}


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


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
    return _straight(points)


def _straight(points: list[Point]) -> list[Point]:
    """Without points that stand on the line between their neighbours."""
    kept = points[:1]
    for n in range(1, len(points) - 1):
        (ax, ay), (bx, by), (cx, cy) = kept[-1], points[n], points[n + 1]
        if (ax == bx == cx) or (ay == by == cy) or (ax, ay) == (bx, by):
            continue
        kept.append(points[n])
    return [*kept, points[-1]]
