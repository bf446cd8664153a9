"""A definition as a picture: SVG from top to bottom, readable on a phone; done steps ticked, the current one lit.

Only presentation attributes and classes, no style or script, so that it fits a strict content security policy;
the state of a step is told by a mark and a word for screen readers, not by colour alone.
"""

from __future__ import annotations

import unicodedata
from html import escape

from . import people
from .definition import END, Definition, Step
from .models import Instance, Run, Task

BOX_W, BOX_H, GAP_X, GAP_Y, PAD = 168, 52, 28, 38, 14


def diagram(what: Definition | Instance) -> str:
    """SVG of a definition, or of a case with where it is."""
    states: dict[str, str] = {}
    holders: dict[str, str] = {}
    if isinstance(what, Instance):
        from . import store

        definition = store.by_id(what.definition_id)
        states, holders = _states(what)
    else:
        definition = what
    return _draw(definition, states, holders)


def _states(instance: Instance) -> tuple[dict[str, str], dict[str, str]]:
    states: dict[str, str] = {}
    for step, state in Run.select(Run.step, Run.state).where(Run.instance_id == instance.id).order_by(Run.id).tuples():
        states[step] = {"open": "current", "done": "done"}.get(state, states.get(step, ""))
    if instance.state == "completed":
        states[END] = "done"
    from .case import usernames

    rows = list(Task.select(Task.step, Task.assignee_id).where(
        Task.instance_id == instance.id, Task.state == "open", Task.kind != "circulate").tuples())
    names = usernames([i for _, i in rows])
    holders: dict[str, list[str]] = {}
    for step, person in rows:
        holders.setdefault(step, []).append(names[person][1] if person in names else "")
    return states, {s: "、".join(n[:3]) + (f" 等 {len(n)} 人" if len(n) > 3 else "") for s, n in holders.items()}


def _layers(definition: Definition) -> list[list[str]]:
    """Steps by their longest distance from the first; ``end`` last."""
    depth: dict[str, int] = {definition.first.id: 0}
    changed = True
    while changed:  # the graph has no circle: this ends
        changed = False
        for step in definition.steps.values():
            if step.id not in depth:
                continue
            for target in _targets(step):
                if depth.get(target, -1) < depth[step.id] + 1:
                    depth[target] = depth[step.id] + 1
                    changed = True
    last = max(depth.values(), default=0)
    depth[END] = max(last, depth.get(END, 0)) if END in depth else last + 1
    layers: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for name in (*definition.steps, END):
        if name in depth:
            layers[depth[name]].append(name)
    return [layer for layer in layers if layer]


def _targets(step: Step) -> list[str]:
    return list(dict.fromkeys(b.to for b in (*step.next, *step.branches)))


def _fit(text: str, units: int) -> str:
    """Cuts to a width in half-width units, with an ellipsis."""
    used, out = 0, ""
    for char in text:
        wide = 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if used + wide > units:
            return out + "…"
        used += wide
        out += char
    return out


def _draw(definition: Definition, states: dict[str, str], holders: dict[str, str]) -> str:
    layers = _layers(definition)
    widest = max(len(layer) for layer in layers)
    width = PAD * 2 + widest * BOX_W + (widest - 1) * GAP_X
    height = PAD * 2 + len(layers) * BOX_H + (len(layers) - 1) * GAP_Y
    place: dict[str, tuple[float, float]] = {}
    for row, layer in enumerate(layers):
        left = (width - (len(layer) * BOX_W + (len(layer) - 1) * GAP_X)) / 2
        for column, name in enumerate(layer):
            place[name] = (left + column * (BOX_W + GAP_X), PAD + row * (BOX_H + GAP_Y))
    arrows = [_arrow(place[s.id], place[b.to], b.when)
              for s in definition.steps.values() for b in (*s.next, *s.branches) if s.id in place and b.to in place]
    boxes = [_box(definition, name, place[name], states.get(name, ""), holders.get(name, "")) for name in place]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="oa-flow" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" aria-label="{escape(definition.title)}流程图" font-size="13" '
        f'font-family="PingFang SC, Microsoft YaHei, Noto Sans CJK SC, sans-serif">'
        '<defs><marker id="oa-flow-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#8a94a6"/></marker></defs>'
        f"{''.join(arrows)}{''.join(boxes)}</svg>"
    )


def _arrow(start: tuple[float, float], end: tuple[float, float], when: str) -> str:
    x1, y1 = start[0] + BOX_W / 2, start[1] + BOX_H
    x2, y2 = end[0] + BOX_W / 2, end[1]
    middle = (y1 + y2) / 2
    path = f"M{x1:g} {y1:g} L{x2:g} {y2:g}" if x1 == x2 else f"M{x1:g} {y1:g} V{middle:g} H{x2:g} V{y2:g}"
    label = ""
    if when:
        x = x2 if x1 != x2 else x1 + 6
        label = (f'<text x="{x + 4:g}" y="{y2 - 8:g}" font-size="11" fill="#5b6575">{escape(_fit(when, 24))}'
                 f"<title>{escape(when)}</title></text>")
    return f'<path d="{path}" fill="none" stroke="#8a94a6" stroke-width="1.2" marker-end="url(#oa-flow-tip)"/>{label}'


_LOOKS = {
    "current": ("#e8f1fd", "#1f6feb", 2.0, "● ", "当前环节"),
    "done": ("#eef7f0", "#3a8f55", 1.2, "✓ ", "已办"),
    "": ("#ffffff", "#b6bfcc", 1.2, "", "未到"),
}


def _box(definition: Definition, name: str, at: tuple[float, float], state: str, holder: str) -> str:
    fill, stroke, line, mark, word = _LOOKS.get(state, _LOOKS[""])
    x, y = at
    step = definition.steps.get(name)
    title = step.title if step else "结束"
    below = holder or (people.describe(step.people) if step and step.type == "task" else "")
    if step is not None and step.type != "task":
        below = "并行分支" if step.type == "fork" else "汇合"
    radius = 26 if step is None else 6
    ty = y + (BOX_H / 2 + 5 if not below else 22)
    small = (f'<text x="{x + BOX_W / 2:g}" y="{y + 40:g}" text-anchor="middle" font-size="11" fill="#5b6575">'
             f"{escape(_fit(below, 24))}</text>") if below else ""
    return (
        f'<g class="oa-flow-step {("is-" + state) if state else ""}"><title>{escape(title)}（{word}）'
        f'{escape("：" + below if below else "")}</title>'
        f'<rect x="{x:g}" y="{y:g}" width="{BOX_W}" height="{BOX_H}" rx="{radius}" fill="{fill}" stroke="{stroke}" '
        f'stroke-width="{line}"/><text x="{x + BOX_W / 2:g}" y="{ty:g}" text-anchor="middle" fill="#1f2733">'
        f"{mark}{escape(_fit(title, 22))}</text>{small}</g>"
    )
