"""Where the shapes of a graph stand, drawn in layers: no line through a shape, few lines crossing, chains straight.

A layer is the longest way from the beginning. A line over several layers gets a place of its own in each of them, so
that the shapes leave room for it; what leads back is laid as if it led forward and drawn the other way round
(the method of Sugiyama, Tagawa and Toda, 1981).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

#: beyond this many places of lines, long lines run straight
MAX_PLACES = 20_000
#: how much more a shape pulls than the place of a line
_PULL = 100_000.0

Edge = tuple[str, str]
Point = tuple[float, float]


@dataclass(frozen=True)
class Drawn:
    """A graph laid out from top to bottom."""

    #: names by layer, the places of lines among them
    rows: list[list[str]]
    #: by name: the middle, across; the smallest shape's left side is at 0
    across: dict[str, float]
    #: by edge, in the order given: what it runs through, both ends included, in its own direction
    ways: list[list[str]]
    #: by edge: whether it leads back
    back: list[bool]

    def lines(self, top: Callable[[int], float], height: float, aside: float) -> list[list[Point]]:
        """By edge: the points of a line with right angles from shape to shape; of one to itself, none.

        :param top: the upper edge of a row. :param height: of a shape.
        :param aside: how far from the middle a line stands that leads back.
        """
        row = {name: n for n, names in enumerate(self.rows) for name in names}
        return [self._line(way, back, {n: top(row[n]) for n in way}, height, aside)
                for way, back in zip(self.ways, self.back, strict=True)]

    def _line(self, way: Sequence[str], back: bool, top: Mapping[str, float], height: float, aside: float) -> list[Point]:
        if len(way) < 2:
            return []
        near, far, shift = (0.0, height, aside) if back else (height, 0.0, 0.0)  # back: out above, in below
        stops = [(self.across[way[0]] + shift, top[way[0]] + near)]
        for name in way[1:-1]:
            stops += [(self.across[name], top[name] + far), (self.across[name], top[name] + near)]
        stops.append((self.across[way[-1]] + shift, top[way[-1]] + far))
        points = stops[:1]
        for x, y in stops[1:]:
            last_x, last_y = points[-1]
            if last_x != x:
                points += [(last_x, (last_y + y) / 2), (x, (last_y + y) / 2)]
            points.append((x, y))
        return straight(points)


def drawn(names: Sequence[str], edges: Sequence[Edge], *, last: str = "", shape: float, line: float, gap: float) -> Drawn:
    """Lays out a graph, whatever circles it has.

    :param names: shapes; where there is a choice, in this order.
    :param edges: each between two of the names; one from a shape to itself has no way.
    :param last: the shape that stands below all others.
    :param shape: width of a shape. :param line: room for a line. :param gap: between neighbours.
    """
    back = backward(names, edges)
    forward = [(b, a) if turned else (a, b) for (a, b), turned in zip(edges, back, strict=True)]
    between = [e for e in forward if e[0] != e[1]]
    layer = layers(names, between)
    if last:
        layer[last] = max([layer[last], *(n + 1 for name, n in layer.items() if name != last)])
    rows, ways = threaded(names, between, layer)
    rows = [row for row in rows if row]
    order(rows, ways)
    rest = iter(ways)
    every = [[a] if a == b else next(rest) for a, b in forward]
    across = _across(rows, ways, {n: shape if n in layer else line for row in rows for n in row}, gap)
    return Drawn(rows, across, [way[::-1] if turned else way for way, turned in zip(every, back, strict=True)], back)


def backward(names: Sequence[str], edges: Sequence[Edge]) -> list[bool]:
    """By edge: whether it leads back to a shape one came from."""
    after: dict[str, list[int]] = {name: [] for name in names}
    for n, (a, _) in enumerate(edges):
        after[a].append(n)
    back = [False] * len(edges)
    state: dict[str, int] = {}
    for root in names:
        stack = [(root, iter(after[root]))] if root not in state else []
        state.setdefault(root, 1)
        while stack:
            name, rest = stack[-1]
            edge = next(rest, None)
            if edge is None:
                state[name] = 2
                stack.pop()
                continue
            target = edges[edge][1]
            if state.get(target) == 1:  # one of those we are within
                back[edge] = True
            elif target not in state:
                state[target] = 1
                stack.append((target, iter(after[target])))
    return back


def layers(names: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """By shape: its longest distance from a beginning. The edges make no circle."""
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


def threaded(names: Sequence[str], edges: Sequence[Edge], layer: Mapping[str, int]) -> tuple[list[list[str]], list[list[str]]]:
    """Layers with the places of lines among them, and each edge as the places it runs through, both ends included."""
    rows: list[list[str]] = [[] for _ in range(max(layer.values(), default=0) + 1)]
    for name in names:
        rows[layer[name]].append(name)
    room = MAX_PLACES
    ways = []
    for n, (a, b) in enumerate(edges):
        way = [a]
        span = layer[b] - layer[a] - 1
        if 0 < span <= room:
            room -= span
            for step in range(span):
                spot = f"{n}\0{step}"  # no id holds a zero byte
                rows[layer[a] + 1 + step].append(spot)
                way.append(spot)
        ways.append([*way, b])
    return rows, ways


def order(rows: list[list[str]], ways: Sequence[Sequence[str]]) -> None:
    """Puts each name of a row near the middle of those it hangs on, in a few sweeps down and up."""
    before, after = _beside(ways)
    for sweep in range(6):
        beside, inward = (before, rows[1:]) if sweep % 2 == 0 else (after, rows[-2::-1])
        at = {n: i - (len(c) - 1) / 2 for c in rows for i, n in enumerate(c)}
        for row in inward:
            want = {n: mean([at[m] for m in beside.get(n, ())], at[n]) for n in row}
            row.sort(key=lambda n, want=want: want[n])  # type: ignore[misc]
            at.update({n: i - (len(row) - 1) / 2 for i, n in enumerate(row)})


def mean(values: Sequence[float], otherwise: float) -> float:
    """Their mean; ``otherwise`` where there are none."""
    return sum(values) / len(values) if values else otherwise


def straight(points: list[Point]) -> list[Point]:
    """A line without the points that stand between their neighbours."""
    kept = points[:1]
    for n in range(1, len(points) - 1):
        (ax, ay), (bx, by), (cx, cy) = kept[-1], points[n], points[n + 1]
        if (ax == bx == cx) or (ay == by == cy) or (ax, ay) == (bx, by):
            continue
        kept.append(points[n])
    return [*kept, points[-1]]


def _beside(ways: Sequence[Sequence[str]]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for way in ways:
        for a, b in zip(way, way[1:], strict=False):
            after.setdefault(a, []).append(b)
            before.setdefault(b, []).append(a)
    return before, after


def _across(rows: Sequence[Sequence[str]], ways: Sequence[Sequence[str]], width: Mapping[str, float], gap: float) -> dict[str, float]:
    before, after = _beside(ways)
    shape = max(width.values())
    pull = {n: _PULL if w == shape else 1.0 for n, w in width.items()}
    at: dict[str, float] = {}
    for row in rows:
        _spread(row, dict.fromkeys(row, 0.0), width, pull, gap, at)
    for sweep in range(7):  # the last goes down: what follows one shape alone stands right below it
        near, inward = (before, rows) if sweep % 2 == 0 else (after, rows[::-1])
        for row in inward:
            want = {n: _pulled([(at[m], pull[m]) for m in near.get(n, ())], at[n]) for n in row}
            _spread(row, want, width, pull, gap, at)
    _straighten(rows, ways, width, gap, at)
    left = min((at[n] - width[n] / 2 for row in rows for n in row), default=0.0)
    return {n: round(x - left, 1) for n, x in at.items()}


def _pulled(values: Sequence[tuple[float, float]], otherwise: float) -> float:
    whole = sum(w for _, w in values)
    return sum(x * w for x, w in values) / whole if whole else otherwise


def _spread(row: Sequence[str], want: Mapping[str, float], width: Mapping[str, float], pull: Mapping[str, float], gap: float,
            at: dict[str, float]) -> None:
    """As near to what each wants as the room between neighbours lets (least squares, by pooling)."""
    offset, reach = [], 0.0
    for n, name in enumerate(row):
        reach += (width[row[n - 1]] + width[name]) / 2 + gap if n else 0.0
        offset.append(reach)
    pools: list[tuple[float, float, int]] = []  # where, how strongly, how many
    for name, off in zip(row, offset, strict=True):
        where, strength, many = want[name] - off, pull[name], 1
        while pools and pools[-1][0] > where:
            other, other_strength, others = pools.pop()
            where = (where * strength + other * other_strength) / (strength + other_strength)
            strength, many = strength + other_strength, many + others
        pools.append((where, strength, many))
    placed = [where for where, _, many in pools for _ in range(many)]
    at.update({name: where + off for name, where, off in zip(row, placed, offset, strict=True)})


def _straighten(rows: Sequence[Sequence[str]], ways: Sequence[Sequence[str]], width: Mapping[str, float], gap: float,
                at: dict[str, float]) -> None:
    """A long line runs straight down where its neighbours leave the room."""
    free: dict[str, tuple[str, str]] = {}
    for row in rows:
        for n, name in enumerate(row):
            free[name] = (row[n - 1] if n else "", row[n + 1] if n + 1 < len(row) else "")

    def fits(name: str, x: float) -> bool:
        left, right = free[name]
        return not (left and x - at[left] < (width[left] + width[name]) / 2 + gap - 0.05) and not (
            right and at[right] - x < (width[right] + width[name]) / 2 + gap - 0.05)

    for way in ways:
        inner = way[1:-1]
        if len(inner) < 2:
            continue
        for x in sorted({at[n] for n in inner}, key=lambda x: (sum(abs(at[n] - x) for n in inner), x)):
            if all(fits(n, x) for n in inner):
                at.update(dict.fromkeys(inner, x))
                break


__all__ = ["Drawn", "Edge", "Point", "backward", "drawn", "layers", "mean", "order", "straight", "threaded"]
