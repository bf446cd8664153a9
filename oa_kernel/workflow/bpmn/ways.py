"""From the nodes and flows of a process to steps with ``next`` and ``branches``.

BPMN knows things between the steps that ours says on the steps themselves: choices, merges, silent joins, ways back.
They are resolved here, one after another, each with its note.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Any

from oa_kernel.errors import Invalid
from oa_kernel.workflow import graph
from oa_kernel.workflow.definition import END, Branch, Step

from .activities import Activities
from .notes import Notes
from .process import SUBPROCESSES, Flow, Part, Process
from .source import Element

MAX_BRANCHES = 200
Way = tuple[str, str]


def both(*conditions: str) -> str:
    """Conditions that must all hold, as one."""
    said = [c for c in conditions if c]
    if len(said) < 2:
        return "".join(said)
    return ast.unparse(ast.BoolOp(ast.And(), [ast.parse(c, mode="eval").body for c in said]))


def neither(conditions: Iterable[str]) -> str:
    """None of the conditions holds."""
    return both(*(ast.unparse(ast.UnaryOp(ast.Not(), ast.parse(c, mode="eval").body)) for c in conditions))


class Ways:
    """Works on the parts of a process in place; then ``steps()``."""

    def __init__(self, process: Process, activities: Activities, notes: Notes) -> None:
        self.process, self.activities, self.notes = process, activities, notes
        self.parts = process.parts
        self.start = Part("\0start", "startEvent", "", process.xml, kind="pass")
        #: choices of which a person says yes or no: form field → label
        self.asked: dict[str, str] = {}
        self._fresh = 0
        self._joined: set[str] = set()

    # ---- the frame ----------------------------------------------------------------------------------------------

    def arrange(self) -> None:
        """Entries, sub-processes, links, ways back, and which gateway is what."""
        for part in list(self.parts.values()):
            if part.tag in SUBPROCESSES:
                self._inline(part)
        self._links()
        self._enter(self.start, "")
        self.parts[self.start.id] = self.start
        for part in self.parts.values():
            if part.tag == "eventBasedGateway":
                self._events(part)
            elif part.tag == "exclusiveGateway":
                part.kind = "choice"
        self._several_ways()
        reached = self._cut_ways_back()
        for part in list(self.parts.values()):
            if part.id not in reached and part.kind != "gone" and part.tag != "startEvent":
                part.kind = "gone"
                self.notes.forget(part.xml)
                self.notes.lost(part.xml, "从开始走不到这里")
        self._gateways()

    def _enter(self, holder: Part, scope: str) -> None:
        """Where a process or a sub-process begins becomes the ways of ``holder``."""
        mine = [p for p in self.parts.values() if p.scope == scope and p.id != holder.id]
        starts = [p for p in mine if p.tag == "startEvent"]
        for start in starts:
            start.kind = "pass"
        plain = [p for p in starts if not any(p.event(k) is not None for k in ("timer", "message", "signal", "conditional",
                                                                               "error", "escalation"))]
        chosen = (plain or starts)[:1]
        for other in starts:
            if other not in chosen:
                other.kind = "gone"
                self.notes.lost(other.xml, "流程只有一个开始", f"从 {chosen[0].title} 开始")
        if chosen and not plain:
            self.notes.lost(chosen[0].xml, "由时间或消息启动没有对应", "由拟稿人启动")
        if not chosen:
            targets = {f.to for p in self.parts.values() for f in p.ways}
            chosen = [p for p in mine if p.id not in targets and p.tag != "boundaryEvent" and p.kind != "gone"]
            # what is linked with nothing at all was forgotten on the canvas
            chosen = [p for p in chosen if p.ways] or chosen
        holder.ways = [self._flow(holder.id, p.id, holder.xml) for p in chosen]

    def _flow(self, source: str, to: str, xml: Element, **more: Any) -> Flow:
        self._fresh += 1
        return Flow(f"\0{self._fresh}", source, to, xml, **more)

    def _inline(self, part: Part) -> None:
        """A sub-process in the file is the same as its steps in its place."""
        after = Part(self._name(f"{part.id}_after"), "task", part.name, part.xml, part.scope, kind="pass", default=part.default)
        after.ways, part.kind = part.ways, "pass"
        self.parts[after.id] = after
        if part.xml.get("triggeredByEvent") == "true":
            part.kind = "gone"
            part.ways = []
            self.notes.lost(part.xml, "事件子流程没有对应", "未导入")
            return
        for tag in ("multiInstanceLoopCharacteristics", "standardLoopCharacteristics"):
            if part.xml.one(tag) is not None:
                self.notes.lost(part.xml, "子流程的多实例或循环没有对应", "其中的环节只办一次")
        if part.tag != "subProcess":
            self.notes.check(part.xml, "事务子流程" if part.tag == "transaction" else "自由子流程", "作为普通的环节依次办理")
        self._enter(part, part.id)
        for inner in self.parts.values():
            if inner.scope == part.id and inner.id != after.id and not inner.ways and inner.tag != "boundaryEvent":
                if inner.kind == "end":
                    inner.kind = "pass"
                inner.ways = [self._flow(inner.id, after.id, inner.xml)]

    def _links(self) -> None:
        catching = {}
        for part in self.parts.values():
            link = part.event("link") if part.tag == "intermediateCatchEvent" else None
            if link is not None:
                catching[link.get("name") or part.name] = part
        for part in list(self.parts.values()):
            link = part.event("link") if part.tag == "intermediateThrowEvent" else None
            if link is not None:
                target = catching.get(link.get("name") or part.name)
                if target is None:
                    self.notes.lost(part.xml, "链接没有另一端", "走到这里就结束")
                else:
                    part.ways = [self._flow(part.id, target.id, part.xml)]

    def _events(self, part: Part) -> None:
        part.kind = "choice"
        for way in part.ways:
            target = self.parts[way.to]
            way.name, way.when = way.name or target.title, ""
            way.untold = "等最先发生的事件没有对应"
            self.notes.forget(target.xml)
            target.kind = "pass"

    def _several_ways(self) -> None:
        """Flows that leave an activity without a gateway: all of them, or those whose conditions hold."""
        for part in list(self.parts.values()):
            if part.kind not in ("step", "pass") or len(part.ways) < 2:
                continue
            told = [w for w in part.ways if w.when or w.untold]
            choice = bool(told) and len(part.ways) - len(told) == 1 and (len(told) == 1 or part.default != "")
            name = self._name(part.id.strip("\0") + ("_choice" if choice else "_fork"))
            between = Part(name, "exclusiveGateway" if choice else "inclusiveGateway", "", part.xml, part.scope,
                           kind="choice" if choice else "fork", default=part.default)
            between.step = {} if choice else {"type": "fork"}
            between.ways, part.ways = part.ways, [self._flow(part.id, between.id, part.xml)]
            self.parts[between.id] = between
            if not choice and part is not self.start:
                self.notes.check(part.xml, "有几条连线直接离开环节", "改为并行分支")
            elif choice and len(told) > 1:
                self.notes.check(part.xml, "有几条带条件的连线直接离开环节", "取第一条成立的")

    def _cut_ways_back(self) -> set[str]:
        """Drops flows that lead back to where the way came from; ids of what is reached."""
        state: dict[str, int] = {}
        stack: list[tuple[str, Iterator[Flow]]] = [(self.start.id, iter(list(self.start.ways)))]
        state[self.start.id] = 1
        while stack:
            name, ways = stack[-1]
            way = next(ways, None)
            if way is None:
                state[name] = 2
                stack.pop()
                continue
            if state.get(way.to) == 1:
                self.parts[name].ways.remove(way)
                self.notes.replaced(way.xml, f"连线指回前面的“{self.parts[way.to].title}”", "由“退回”动作办理")
            elif way.to not in state and self.parts[way.to].kind != "gone":
                state[way.to] = 1
                stack.append((way.to, iter(list(self.parts[way.to].ways))))
        for part in self.parts.values():
            part.ways = [w for w in part.ways if self.parts[w.to].kind != "gone" or part.kind == "gone"]
        return set(state)

    def _gateways(self) -> None:
        coming: dict[str, int] = {}
        for part in self.parts.values():
            for way in part.ways if part.kind != "gone" else ():
                coming[way.to] = coming.get(way.to, 0) + 1
        for part in list(self.parts.values()):
            if part.kind != "gateway":
                continue
            joins, forks = coming.get(part.id, 0) > 1, len(part.ways) > 1
            if joins and forks:
                after = Part(self._name(f"{part.id}_fork"), part.tag, part.name, part.xml, part.scope, kind="gateway",
                             default=part.default)
                after.ways, part.ways = part.ways, [self._flow(part.id, after.id, part.xml)]
                self.parts[after.id] = after
                self.activities.join(part)
                self.activities.fork(after)
            elif joins:
                self.activities.join(part)
            elif forks:
                self.activities.fork(part)
            else:
                part.kind = "pass"
        for part in self.parts.values():
            if part.kind == "fork" and part.tag == "parallelGateway":
                for way in part.ways:
                    if way.when or way.untold:
                        self.notes.lost(way.xml, "并行网关上的条件不起作用", "总是走")
                        way.when = way.untold = ""

    # ---- steps --------------------------------------------------------------------------------------------------

    def expand(self, name: str) -> list[Way]:
        """(step or end, condition) a way leads to, the first that holds; the last always holds."""
        part = self.parts[name]
        while part.kind == "pass" and part.ways:
            part = self.parts[part.ways[0].to]
        if part.kind in ("step", "fork", "join"):
            return [(part.id, "")]
        if part.kind == "end" or not part.ways:
            return [(END, "")]
        found: list[Way] = []
        ways = [w for w in part.ways if w.id != part.default] + [w for w in part.ways if w.id == part.default]
        for n, way in enumerate(ways):
            when = self._when(part, way, ways, n)
            found += [(to, both(when, inner)) for to, inner in self.expand(way.to)]
            if len(found) > MAX_BRANCHES:
                raise Invalid(f"“{part.title}”之后的分支超过 {MAX_BRANCHES} 条")
            if not when:
                for other in ways[n + 1:]:
                    self.notes.lost(other.xml, "前面已有不带条件的连线，这条永远走不到")
                break
        return found

    def _when(self, part: Part, way: Flow, ways: list[Flow], n: int) -> str:
        last = n == len(ways) - 1
        if way.id == part.default or (last and not way.when and not way.untold):
            return ""
        if last:
            if way.when == "true":
                return ""
            what = f"，最后一条的条件“{way.when}”不再判断" if way.when else ""
            self.notes.check(way.xml, f"没有默认的连线{what}", "其他都不成立时走这条")
            return ""
        if way.when:
            return "" if way.when == "true" else way.when
        return self._ask(way)

    def _ask(self, way: Flow) -> str:
        """A condition nobody can work out: who acts before says yes or no."""
        target = self.parts[way.to]
        name = "choice_" + "".join(c if c.isalnum() and c.isascii() else "_" for c in way.id.strip("\0"))
        self.asked[name] = way.name or target.title
        self.notes.replaced(way.xml, way.untold or "连线没有条件", f"改为表单字段 {name}（是/否），由办理人选")
        way.when, way.untold = name, ""
        return name

    def steps(self) -> dict[str, dict[str, Any]]:
        """Steps by id, as they stand in a definition; repaired until the engine can run them."""
        done: set[tuple[str, str]] = set()
        for _round in range(len(self.parts) + 10):
            made = self._build()
            if not self._repair(made, done):
                return made
        return made

    def _build(self) -> dict[str, dict[str, Any]]:
        while True:
            made = self._try_build()
            if made is not None:
                return made

    def _try_build(self) -> dict[str, dict[str, Any]] | None:
        """None where a fork turned out to be none."""
        made: dict[str, dict[str, Any]] = {}
        for part in self.parts.values():
            if part.kind not in ("step", "fork", "join"):
                continue
            step = dict(part.step)
            if part.kind == "fork":
                step["branches"] = [_way(t, w) for t, w in self._branches(part)]
                if len(step["branches"]) < 2:  # nothing to do at once any more
                    part.kind = "pass"
                    return None
            else:
                ways = self.expand(part.ways[0].to) if part.ways else [(END, "")]
                step["next"] = ways[0][0] if len(ways) == 1 else [_way(t, w) for t, w in ways]
                asked = [w for _t, w in ways if any(a in w for a in self.asked)]
                if asked and part.tag in ("userTask", "manualTask", "task"):
                    more = {a: "edit" for a in self.asked if any(a in w for w in asked)}
                    step["fields"] = {**step.get("fields", {}), **more}
            made[part.id] = step
        return made

    def _branches(self, part: Part) -> Iterator[Way]:
        for way in part.ways:
            when = way.when if way.when != "true" else ""
            if way.untold:
                when = self._ask(way)
            if way.id == part.default and not when:
                when = neither(w.when for w in part.ways if w.when)
            before: list[str] = []
            for to, inner in self.expand(way.to):
                # a choice within a branch: one of these, so that each excludes those before it
                yield to, both(when, neither(before), inner)
                if inner:
                    before.append(inner)

    def _repair(self, made: dict[str, dict[str, Any]], done: set[tuple[str, str]]) -> bool:
        """One repair of joins that nothing can complete, or branches that meet without one; False: none needed."""
        first = self.expand(self.start.ways[0].to) if self.start.ways else [(END, "")]
        graphed = {"\0start": Step("\0start", "", next=tuple(Branch(t, w) for t, w in first))}
        graphed |= {n: Step(n, n, s.get("type", "task"), next=_targets(s.get("next")), branches=_targets(s.get("branches")))
                    for n, s in made.items()}
        order = dict(graphed)
        for name, step in order.items():
            if step.type == "join":
                fork = graph.fork_of(order, name)
                if not fork:
                    self.parts[name].kind = "pass"
                    self.notes.check(self.parts[name].xml, "汇合之前没有对应的分支", "作为普通的合流")
                    return True
                graphed[name] = Step(name, name, "join", next=step.next, joins=fork)
        for name, step in order.items():
            if step.type != "fork":
                continue
            twice = graph.doubled(graphed, step)
            met = next((t for t in graphed if t in twice and (t, name) not in done
                        and t not in self._joined and not any(t in graph.targets(graphed[b]) for b in twice)), None)
            if met:
                done.add((met, name))
                self._join_before(met, name)
                return True
        return False

    def _join_before(self, met: str, fork: str) -> None:
        """Branches that meet at a step are waited for before it."""
        inside, todo = set(), [fork]
        while todo:
            name = todo.pop()
            if name not in inside:
                inside.add(name)
                todo += [w.to for w in self.parts[name].ways]
        target = self.parts[met]
        join = Part(self._name(f"{met}_join"), "parallelGateway", "", target.xml, kind="join", step={"type": "join"})
        for name in inside:
            for way in self.parts[name].ways:
                if way.to == met:
                    way.to = join.id
        join.ways = [self._flow(join.id, met, target.xml)]
        self._joined.add(join.id)
        items = list(self.parts.items())
        self.parts.clear()
        for name, part in items:  # it stands before the step it leads to
            if name == met:
                self.parts[join.id] = join
            self.parts[name] = part
        self.notes.check(target.xml, f"“{self.parts[fork].title}”的几条并行分支直接进入“{target.title}”",
                         f"之前加了汇合 {join.id}")

    def _name(self, wanted: str) -> str:
        name, n = wanted, 1
        while name in self.parts:
            n += 1
            name = f"{wanted}_{n}"
        return name


def _way(to: str, when: str) -> dict[str, str]:
    return {"when": when, "to": to} if when else {"to": to}


def _targets(ways: Any) -> tuple[Branch, ...]:
    items = [ways] if isinstance(ways, str) else ways or []
    return tuple(Branch(i) if isinstance(i, str) else Branch(i["to"]) for i in items)
