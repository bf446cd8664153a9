"""Is the graph sound: every step reached, every way leads to the end, no circle, joins that can complete."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import conditions, graph
from .definition import END, Definition, Problem, Step


def shape(definition: Definition, reader: Any) -> Iterator[Problem]:
    """Problems of the graph."""
    steps = definition.steps
    order = {name: i for i, name in enumerate(steps)}

    def at(step: Step, key: str = "") -> int:
        return int(reader.line("steps", order[step.id], *([key] if key else [])))

    dangling = False
    for step in steps.values():
        for key, group in (("next", step.next), ("branches", step.branches)):
            for branch in group:
                if branch.to != END and branch.to not in steps:
                    from .parse import nearest

                    dangling = True
                    yield Problem(at(step, key), f"环节 {step.id}：没有环节“{branch.to}”{nearest(branch.to, [*steps, END])}")
        if step.type == "fork" and len(step.branches) < 2:
            yield Problem(at(step), f"分支环节 {step.id} 至少要有两条 branches")
        if step.type != "fork" and not step.next:
            yield Problem(at(step), f"环节 {step.id} 没有写 next（下一环节；结束写 end）")
        for n, branch in enumerate(step.next[:-1]):
            if not branch.when:
                yield Problem(int(reader.line("steps", order[step.id], "next", n)),
                              f"环节 {step.id}：通向 {branch.to} 的路没有条件 when，它后面的路永远走不到")
        if step.type != "fork" and step.next and all(b.when for b in step.next):
            yield Problem(at(step, "next"), f"环节 {step.id} 的 next 都有条件：最后要有一条不带 when 的，否则会走不下去")
    if dangling:
        return
    if definition.first.type != "task" or definition.first.people != {"drafter": True}:
        yield Problem(at(definition.first), "第一个环节由拟稿人开始：people 应是 drafter")
    circle = graph.circle(steps)
    if circle:
        yield Problem(at(steps[circle[-2]], "next"),
                      f"流程成环：{' → '.join(circle)}。退回由 return 动作办理，next 不能往回指")
        return
    reached = graph.reached(steps, definition.first.id)
    for step in steps.values():
        if step.id not in reached:
            yield Problem(at(step), f"环节 {step.id} 没有任何环节通向它")
    for step in steps.values():
        if step.type == "join" and step.id in reached:
            yield from _join(definition, step, at(step))
        elif step.type == "fork" and step.id in reached:
            for name in sorted(graph.doubled(steps, step), key=list(steps).index):
                if not any(b in graph.doubled(steps, step) for b in _before(definition, name)):
                    yield Problem(at(steps[name]), f"环节 {name} 有几条并行分支通向它，会重复办理："
                                                   f"请先用 type: join 的环节汇合 {step.id} 的分支")


def _before(definition: Definition, name: str) -> list[str]:
    return [s.id for s in definition.steps.values() if name in graph.targets(s)]


def _join(definition: Definition, join: Step, line: int) -> Iterator[Problem]:
    if not join.joins:
        yield Problem(line, f"汇合环节 {join.id} 之前没有分支（fork），或不是每条路都经过同一个分支：永远等不齐")
        return
    fork = definition.steps[join.joins]
    coming = sum(join.id in graph.reached(definition.steps, b.to) for b in fork.branches)
    if isinstance(join.wait, bool) or not (join.wait == "all" or isinstance(join.wait, int) and join.wait >= 1):
        yield Problem(line, f"汇合环节 {join.id} 的 wait 应是 all 或正整数")
    elif isinstance(join.wait, int) and join.wait > coming:
        yield Problem(line, f"汇合环节 {join.id} 要等 {join.wait} 条分支，而通向它的只有 {coming} 条，永远等不到")


def references(definition: Definition, reader: Any, effects: set[str] | None) -> Iterator[Problem]:
    """Conditions on fields, field rights, effects and form fields that do not exist."""
    from .parse import fields_of, nearest

    known = fields_of(definition)
    for i, step in enumerate(definition.steps.values()):
        for key, group in (("next", step.next), ("branches", step.branches)):
            for n, branch in enumerate(group):
                if branch.when:
                    for message in conditions.problems(branch.when, known):
                        yield Problem(reader.line("steps", i, key, n), f"环节 {step.id}：{message}")
        if definition.fields:
            for name in step.fields:
                if name not in definition.fields:
                    yield Problem(reader.line("steps", i, "fields", name),
                                  f"环节 {step.id}：表单里没有字段“{name}”{nearest(name, definition.fields)}")
            for path, wanted in _asked(step):
                if wanted not in definition.fields:
                    yield Problem(reader.line("steps", i, *path),
                                  f"环节 {step.id}：表单里没有字段“{wanted}”{nearest(wanted, definition.fields)}")
        if effects is not None:
            for name in step.on_complete:
                if name not in effects:
                    yield Problem(reader.line("steps", i, "on_complete"),
                                  f"环节 {step.id}：没有登记的动作“{name}”{nearest(name, sorted(effects))}")


def rules(step: Step) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every people rule of a step and where it stands: its people, of whom they are chosen, who else."""
    for key, rule in (("people", step.people), ("fallback", step.fallback)):
        if rule:
            yield (key,), rule
            if isinstance(rule.get("among"), dict):
                yield (key, "among"), rule["among"]
    if isinstance(step.on_overdue, dict):
        yield ("on_overdue", "transfer"), step.on_overdue["transfer"]


def _asked(step: Step) -> Iterator[tuple[tuple[str, ...], str]]:
    """Form fields a step relies on besides its conditions and rights."""
    for path, rule in rules(step):
        if rule.get("field"):
            yield path, str(rule["field"])
    if isinstance(step.after, dict):
        yield ("after",), str(step.after["field"])
    for name in step.map.values():
        yield ("map",), str(name)
    for name in step.back:
        yield ("back",), str(name)
