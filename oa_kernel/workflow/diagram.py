"""A definition as a picture: SVG from top to bottom, readable on a phone. Of a case: what is done ticked, the current
step lit, what may still come in outline, what it did not take faint; under each step who has it and for how long.

Only presentation attributes and classes, no style or script, so that it fits a strict content security policy;
the state of a step is told by a mark and a word for screen readers, not by colour alone.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from html import escape

from oa_kernel.phrases import Phrase

from . import conditions, layers, people
from .definition import END, Definition, Step
from .following import Course, course, reachable
from .models import Instance

BOX_W, BOX_H, GAP_X, GAP_Y, PAD, LINE = 168, 52, 28, 38, 14, 12
#: shades of :func:`heat`
SHADES = 5


def diagram(what: Definition | Instance, *, went: Course | None = None, notes: Mapping[str, str] | None = None,
            shades: Mapping[str, int] | None = None, say: Callable[[str], str] = str) -> str:
    """SVG of a definition, or of a case with where it is.

    :param went: the case's course, where it is known already.
    :param notes: step → a line under its title, in place of who does it.
    :param shades: step → 0 … 4, from light to dark; see :func:`heat`.
    :param say: gives the text for a msgid in another language than zh-CN.
    """
    states: dict[str, str] = {}
    below: dict[str, str] = dict(notes or {})
    if isinstance(what, Instance):
        from . import store

        definition = store.by_id(what.definition_id)
        states, held = _states(what, definition, went or course(what), say)
        below = held | below
    else:
        definition = what
    return _draw(definition, states, below, shades or {}, say)


def heat(times: Mapping[str, float | None]) -> dict[str, int]:
    """Step → shade, by how it compares with the slowest."""
    most = max((t for t in times.values() if t), default=0)
    return {s: min(SHADES - 1, int(t / most * SHADES)) for s, t in times.items() if t is not None} if most else {}


def _states(
    instance: Instance, definition: Definition, went: Course, say: Callable[[str], str]
) -> tuple[dict[str, str], dict[str, str]]:
    states: dict[str, str] = {}
    below: dict[str, str] = {}
    for passage in went.passages:
        if passage.state == "cancelled":
            states.setdefault(passage.step, "")
            continue
        states[passage.step] = passage.state
        here = [h for h in passage.people if h.state == ("done" if passage.state == "done" else "open")] or [
            h for h in passage.people if h.state in ("paused", "waiting")]
        names = "、".join(h.name for h in here[:2])
        if len(here) > 2:
            names = Phrase("%(names)s 等 %(n)s 人", names=names, n=len(here)).said(say)
        spent = ""
        if passage.time.seconds >= 60:
            time = length(passage.time.seconds)
            spent = (time if passage.state == "done" else Phrase("已 %(t)s", t=time)).said(say)
        below[passage.step] = " · ".join(filter(None, (names, spent)))
    now = [s for s, state in states.items() if state in ("current", "paused")]
    for name in _by_itself(definition):  # forks and joins have no time of their own: they lie behind when what follows began
        if any(states.get(t) in ("done", "current", "paused") for t in _targets(definition.steps[name])):
            states[name] = "done"
    if instance.state == "completed":
        states[END] = "done"
    elif instance.state in ("running", "suspended", "withdrawn"):
        for name in reachable(definition, now):
            if not states.get(name) or states[name] == "done" and name == END:
                states[name] = "coming"
    for name in (*definition.steps, END):
        states.setdefault(name, "")
        states[name] = states[name] or "untaken"
    return states, below


def _by_itself(definition: Definition) -> list[str]:
    return [s.id for s in reversed(definition.steps.values()) if s.type in ("fork", "join", "notify")]


def length(seconds: float) -> Phrase:
    """A length of time in its largest unit."""
    if seconds < 3600:
        return Phrase("%(n)s 分钟", n=max(1, int(seconds // 60)))
    if seconds < 48 * 3600:
        return Phrase("%(n)s 小时", n=int(seconds // 3600))
    return Phrase("%(n)s 天", n=int(seconds // 86400))


def _reached(definition: Definition) -> list[str]:
    """What the first step leads to, as it stands in the definition; ``end`` last."""
    found, todo = {definition.first.id, END}, [definition.first.id]
    while todo:
        for target in _targets(definition.steps[todo.pop()]):
            if target not in found:
                found.add(target)
                if target in definition.steps:
                    todo.append(target)
    return [name for name in (*definition.steps, END) if name in found]


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


def _draw(definition: Definition, states: dict[str, str], below: dict[str, str], shades: Mapping[str, int],
          say: Callable[[str], str]) -> str:
    names = _reached(definition)
    ways = [(s.id, b) for s in definition.steps.values() for b in (*s.next, *s.branches) if s.id in names and b.to in names]
    drawn = layers.drawn(names, [(start, b.to) for start, b in ways], last=END, shape=BOX_W, line=LINE, gap=GAP_X)
    width = PAD * 2 + max(x + (BOX_W if n in names else LINE) / 2 for n, x in drawn.across.items())
    height = PAD * 2 + len(drawn.rows) * (BOX_H + GAP_Y) - GAP_Y
    place = {name: (PAD + drawn.across[name] - BOX_W / 2, PAD + n * (BOX_H + GAP_Y))
             for n, row in enumerate(drawn.rows) for name in row if name in names}
    lines = drawn.lines(lambda row: PAD + row * (BOX_H + GAP_Y), BOX_H, BOX_W / 4)
    arrows = [_arrow([(PAD + x, y) for x, y in points], conditions.shown(b.when, definition.fields, say), _taken(states, start, b.to))
              for (start, b), points in zip(ways, lines, strict=True) if points]
    called = people.named([s.people for n, s in definition.steps.items() if n in place and not below.get(n)])
    boxes = [_box(definition, name, place[name], states.get(name, ""), below.get(name, ""), shades.get(name), called, say)
             for name in place]
    label = Phrase("%(title)s流程图", title=Phrase(definition.title)).said(say)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="oa-flow" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" aria-label="{escape(label)}" font-size="13" '
        f'font-family="PingFang SC, Microsoft YaHei, Noto Sans CJK SC, sans-serif">'
        '<defs><marker id="oa-flow-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#8a94a6"/></marker></defs>'
        f"{''.join(arrows)}{''.join(boxes)}</svg>"
    )


def _taken(states: Mapping[str, str], start: str, end: str) -> bool:
    return states.get(start) == "done" and states.get(end) in ("done", "current", "paused")


def _arrow(points: list[layers.Point], when: str, taken: bool) -> str:
    path = "M" + " L".join(f"{x:g} {y:g}" for x, y in points)
    label = ""
    if when:
        (x, y), (_, before) = points[min(3, len(points) - 1)], points[0]  # beside the line, where it has left the others
        label = (f'<text class="oa-flow-small" x="{x + 6:g}" y="{y - 8 if y > before else y + 16:g}" font-size="11" fill="#5b6575">'
                 f"{escape(_fit(when, 20))}<title>{escape(when)}</title></text>")
    look = 'stroke="#3a8f55" stroke-width="2"' if taken else 'stroke="#8a94a6" stroke-width="1.2"'
    return f'<path d="{path}" fill="none" {look} marker-end="url(#oa-flow-tip)"/>{label}'


#: fill, stroke, width, dashes, mark, word
_LOOKS = {
    "current": ("#e8f1fd", "#1f6feb", 2.0, "", "● ", "当前环节"),
    "paused": ("#fdf3e1", "#8a5300", 2.0, "6 3", "‖ ", "停着"),
    "done": ("#eef7f0", "#3a8f55", 1.2, "", "✓ ", "已办"),
    "coming": ("#ffffff", "#6b7686", 1.2, "4 3", "○ ", "将到"),
    "untaken": ("#f6f7f9", "#c9d0d9", 1.0, "2 3", "", "未经过"),
    "": ("#ffffff", "#b6bfcc", 1.2, "", "", ""),
}
_SHADES = ("#fff8ec", "#fdebc8", "#fbd596", "#f6b35c", "#ee8f3a")


def _box(definition: Definition, name: str, at: tuple[float, float], state: str, note: str, shade: int | None,
         called: Mapping[str, str], say: Callable[[str], str]) -> str:
    fill, stroke, line, dashes, mark, word = _LOOKS.get(state, _LOOKS[""])
    x, y = at
    step = definition.steps.get(name)
    title, word = say(step.title if step else "结束"), say(word) if word else ""
    who = people.describe(step.people, called) if step and step.type == "task" and not note else ""
    below = note or (who.said(say) if isinstance(who, Phrase) else who)
    if step is not None and not note and step.type in _TYPES:
        below = say(_TYPES[step.type])
    classes = f"oa-flow-step{' is-' + state if state else ''}"
    if shade is not None:
        fill, stroke, classes = _SHADES[shade], "#8a5300", f"{classes} is-shade-{shade}"
    radius = 26 if step is None else 6
    ty = y + (BOX_H / 2 + 5 if not below else 22)
    small = (f'<text class="oa-flow-small" x="{x + BOX_W / 2:g}" y="{y + 40:g}" text-anchor="middle" font-size="11" fill="#4a5462">'
             f"{escape(_fit(below, 26))}</text>") if below else ""
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<g class="{classes}"><title>{escape(title)}{f"（{word}）" if word else ""}{escape("：" + below if below else "")}</title>'
        f'<rect x="{x:g}" y="{y:g}" width="{BOX_W}" height="{BOX_H}" rx="{radius}" fill="{fill}" stroke="{stroke}" '
        f'stroke-width="{line}"{dashed}/><text x="{x + BOX_W / 2:g}" y="{ty:g}" text-anchor="middle" fill="#1f2733">'
        f"{mark}{escape(_fit(title, 22))}</text>{small}</g>"
    )


_TYPES = {"fork": "并行分支", "join": "汇合", "subprocess": "子流程", "service": "自动办理", "timer": "等候", "notify": "通知"}
