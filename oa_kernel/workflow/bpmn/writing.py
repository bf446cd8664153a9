"""A definition → BPMN 2.0 XML with its diagram.

What BPMN has a word for is said in BPMN, so that other tools understand it; the exact value stands beside it in
``extensionElements`` under our namespace wherever BPMN's word is coarser (working days, rules of people, votes), and so
does everything BPMN has no word for. :mod:`.reading` takes ours only while it still says what the BPMN beside it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

import yaml

import oa_kernel
from oa_kernel.errors import Invalid
from oa_kernel.workflow import graph
from oa_kernel.workflow.definition import END, Definition, Step
from oa_kernel.workflow.parse import parse

from . import expressions, values
from .drawing import Line, Shape, document, expression, make
from .names import OWN_LANGUAGE, SERVICE, Ids, clean, flat, is_name

#: said by BPMN itself; everything else of a step or a definition is written as our property
_STEP_SAID = {"id", "title", "type", "next", "branches", "description"}
_DEFINITION_SAID = {"name", "title", "description", "steps"}
#: the votes of a multi-instance activity; BPMN counts completions, ours counts who is in favour
RATIO = "${{nrOfCompletedInstances / nrOfInstances >= {0:g}}}"
WEIGHTS = "${{approvedWeight >= {0:g}}}"
PEOPLE_COUNT = "${candidates.size()}"
ARRIVED = "${{activationCount >= {0}}}"


def write(text: str) -> bytes:
    """BPMN 2.0 XML of a definition's YAML.

    :raises Invalid: where the definition has mistakes, which are in its details.
    """
    definition, problems = parse(text)
    if definition is None:
        raise Invalid("流程定义有误：" + "；".join(f"第 {p.line} 行：{p.message}" for p in problems[:5]),
                      problems=[{"line": p.line, "message": p.message} for p in problems])
    data = yaml.safe_load(text)
    try:
        values.count(data)
    except values.TooMuch as error:
        raise Invalid(str(error)) from None
    return _Writer(definition, data).whole()


def branches_of(value: Any) -> list[tuple[str, str]]:
    """``next`` or ``branches`` as (to, when)."""
    items = [value] if isinstance(value, str) else list(value or ())
    return [(i, "") if isinstance(i, str) else (i["to"], str(i.get("when") or "")) for i in items]


def condition(when: str) -> tuple[str, str]:
    """(expression, language) of one of our conditions."""
    said = expressions.to_juel(when)
    return (said, "") if said is not None else (when, OWN_LANGUAGE)


def completion(mode: Any) -> tuple[bool, str] | None:
    """(sequential, completion condition) of a mode; None for one person of several."""
    if mode in ("all", "sequence"):
        return mode == "sequence", ""
    if isinstance(mode, Mapping) and "ratio" in mode:
        return False, RATIO.format(float(mode["ratio"]))
    if isinstance(mode, Mapping) and "weights" in mode:
        return False, WEIGHTS.format(float(mode["pass"]))
    return None


class _Writer:
    def __init__(self, definition: Definition, data: dict[str, Any]) -> None:
        self.definition, self.data = definition, data
        self.ids = Ids()
        self.raw: dict[str, dict[str, Any]] = {s["id"]: s for s in data["steps"]}
        #: our step → the XML id of its node, and of where lines to it end
        self.node = {s: self.ids.take(s) for s in self.raw}
        self.entry = dict(self.node)
        self.shapes: list[Shape] = []
        self.by_step: dict[str, Shape] = {}
        self.lines: list[Line] = []
        self.roots: list[ET.Element] = []
        self.root_ids: dict[str, str] = {}
        #: step → shapes that go on where it goes on (what comes after its deadline)
        self.beside: dict[str, list[str]] = {}

    def whole(self) -> bytes:
        """The file."""
        data = self.data
        process = Shape(self.ids.take(data["name"].strip()), "process", str(data["title"]).strip(),
                        documentation=str(data.get("description") or ""))
        own = {k: v for k, v in data.items() if k not in _DEFINITION_SAID}
        self._exact(own, "name", data["name"].strip(), process.id)
        self._exact(own, "title", data["title"].strip(), flat(process.name))
        self._exact(own, "description", data.get("description"), clean(process.documentation))
        process.own = own
        start = Shape(self.ids.take("StartEvent"), "startEvent", "开始")
        self.end = self.ids.take("EndEvent")
        self.entry[END] = self.end
        self.shapes.append(start)
        coming: dict[str, int] = {}
        for step in self.definition.steps.values():
            for branch in (*step.next, *step.branches):
                coming[branch.to] = coming.get(branch.to, 0) + 1
        for name, step in self.definition.steps.items():
            self._step(name, step, coming.get(name, 0))
        self.shapes.append(Shape(self.end, "endEvent", "结束"))
        for name in self.definition.steps:
            self._ways(name)
        self._line(start.id, self.definition.first.id)
        return document(self.ids, process, self.shapes, self.lines, self.roots, oa_kernel.__version__)

    @staticmethod
    def _exact(own: dict[str, Any], key: str, value: Any, said: str) -> None:
        """Keeps a value that XML could not say in full."""
        if value is not None and (value != said or not said.strip()):
            own[key] = value

    def _line(self, source: str, to: str, when: str = "", **more: Any) -> str:
        """A line to a step, under a condition where there is one."""
        line = Line(self.ids.take(f"Flow_{source}"), source, self.entry[to], condition=condition(when) if when else None, **more)
        if when:
            line.name = when
            line.own = {"when": when}
        self.lines.append(line)
        return line.id

    # ---- steps --------------------------------------------------------------------------------------------------

    def _step(self, name: str, step: Step, coming: int) -> None:
        raw = self.raw[name]
        shape = Shape(self.node[name], "userTask", str(raw.get("title") or ""),
                      documentation=str(raw.get("description") or ""))
        shape.own = {k: v for k, v in raw.items() if k not in _STEP_SAID}
        if step.type not in ("fork", "join") and not shape.name:
            shape.name = name
        self._exact(shape.own, "id", name, shape.id)
        self._exact(shape.own, "title", raw.get("title"), flat(shape.name))
        self._exact(shape.own, "description", raw.get("description"), clean(shape.documentation))
        if step.type == "fork" and coming > 1:  # a gateway that joins and forks at once would wait
            merge = Shape(self.ids.take(f"Merge_{name}"), "exclusiveGateway", own={"role": "merge"})
            self.entry[name] = merge.id
            self.shapes.append(merge)
            self.lines.append(Line(self.ids.take(f"Flow_{merge.id}"), merge.id, shape.id))
        self.shapes.append(shape)
        self.by_step[name] = shape
        getattr(self, f"_{step.type}")(step, raw, shape)

    def _people(self, raw: dict[str, Any], shape: Shape) -> None:
        said = values.to_expression(raw.get("people"))
        if said:
            shape.inside.append(make("bpmn:potentialOwner", None, "", make(
                "bpmn:resourceAssignmentExpression", None, "", expression("formalExpression", said))))

    def _task(self, step: Step, raw: dict[str, Any], shape: Shape) -> None:
        self._people(raw, shape)
        votes = completion(raw.get("mode", "one"))
        if votes is not None:
            loop = make("bpmn:multiInstanceLoopCharacteristics", {"isSequential": str(votes[0]).lower()}, "",
                        expression("loopCardinality", PEOPLE_COUNT))
            if votes[1]:
                loop.append(expression("completionCondition", votes[1]))
            shape.inside.append(loop)
        if step.due:
            self._due(step, raw, shape)

    def _fork(self, step: Step, raw: dict[str, Any], shape: Shape) -> None:
        shape.tag = "inclusiveGateway" if any(b.when for b in step.branches) else "parallelGateway"

    def _join(self, step: Step, raw: dict[str, Any], shape: Shape) -> None:
        if step.wait != "all":
            shape.tag = "complexGateway"
            shape.inside.append(expression("activationCondition", ARRIVED.format(step.wait)))
            return
        shape.tag = "parallelGateway" if self._all_arrive(step) else "inclusiveGateway"

    def _all_arrive(self, join: Step) -> bool:
        """Whether one token comes in on every line: then a parallel gateway waits for what ours waits for."""
        steps = self.definition.steps
        fork = steps[join.joins]
        if any(b.when for b in fork.branches):
            return False
        inside: set[str] = set()
        for branch in fork.branches:
            inside |= graph.reached(steps, branch.to, join.id)
        inside.discard(join.id)
        ways = [b.to for n in inside for b in (*steps[n].next, *steps[n].branches)] + [b.to for b in fork.branches]
        return END not in ways and ways.count(join.id) == len(fork.branches)

    def _subprocess(self, step: Step, raw: dict[str, Any], shape: Shape) -> None:
        shape.tag = "callActivity"
        if is_name(step.definition):
            shape.attributes["calledElement"] = step.definition
            del shape.own["definition"]

    def _service(self, step: Step, raw: dict[str, Any], shape: Shape) -> None:
        shape.tag = "serviceTask"
        shape.attributes["implementation"] = "##unspecified"
        if step.service.isascii() and not any(c.isspace() or c in '<>"{}|\\^`%#' for c in step.service):
            shape.attributes["implementation"] = SERVICE + step.service
            del shape.own["service"]

    def _timer(self, step: Step, raw: dict[str, Any], shape: Shape) -> None:
        shape.tag = "intermediateCatchEvent"
        after = step.after
        said = (expression("timeDate", f"${{{after['field']}}}") if isinstance(after, Mapping)
                else expression("timeDuration", values.to_iso(str(after))))
        shape.inside.append(make("bpmn:timerEventDefinition", None, "", said))

    def _notify(self, step: Step, raw: dict[str, Any], shape: Shape) -> None:
        shape.tag = "sendTask"
        shape.attributes["implementation"] = "##unspecified"
        self._people(raw, shape)

    # ---- deadlines ----------------------------------------------------------------------------------------------

    def _due(self, step: Step, raw: dict[str, Any], shape: Shape) -> None:
        """A timer on the border, and what happens when it fires: a message, an escalation, or the way on."""
        said = step.on_overdue or "urge"
        timer = Shape(self.ids.take(f"Due_{shape.id}"), "boundaryEvent", str(step.due), host=shape.id, own={"role": "due"})
        interrupts = said == "pass" or isinstance(said, Mapping)
        timer.attributes["cancelActivity"] = str(interrupts).lower()
        timer.inside.append(make("bpmn:timerEventDefinition", None, "", expression("timeDuration", values.to_iso(step.due))))
        self.shapes.append(timer)
        if said == "pass":
            self.beside[step.id] = [timer.id]
            return
        if isinstance(said, Mapping):
            other = Shape(self.ids.take(f"Overdue_{shape.id}"), "userTask", f"{shape.name}（逾期转办）",
                          own={"role": "overdue", "people": said["transfer"]})
            self._people({"people": said["transfer"]}, other)
        else:
            kind = {"urge": "message", "escalate": "escalation"}[said]
            word = {"urge": "催办", "escalate": "报告上级"}[said]
            other = Shape(self.ids.take(f"Overdue_{shape.id}"), "endEvent", word, own={"role": "overdue"})
            other.inside.append(make(f"bpmn:{kind}EventDefinition", {f"{kind}Ref": self._root(kind, word)}))
        self.shapes.append(other)
        self.entry[f"{step.id}\0overdue"] = other.id
        self._line(timer.id, f"{step.id}\0overdue", own={"role": "overdue"})
        if isinstance(said, Mapping):
            self.beside[step.id] = [other.id]

    def _root(self, kind: str, name: str) -> str:
        """A message or an escalation, said once in the file."""
        if kind not in self.root_ids:
            self.root_ids[kind] = self.ids.take(f"{kind.capitalize()}_overdue")
            given = {"id": self.root_ids[kind], "name": name}
            if kind == "escalation":
                given["escalationCode"] = "overdue"
            self.roots.append(make(f"bpmn:{kind}", given))
        return self.root_ids[kind]

    # ---- lines --------------------------------------------------------------------------------------------------

    def _ways(self, name: str) -> None:
        raw, source = self.raw[name], self.node[name]
        if self.definition.steps[name].type == "fork":
            if raw.get("next"):  # a fork never takes it; kept so that nothing is lost
                self.by_step[name].own["next"] = raw["next"]
            for to, when in branches_of(raw.get("branches")):
                self._line(source, to, when)
            return
        if raw.get("branches"):
            self.by_step[name].own["branches"] = raw["branches"]
        ways = branches_of(raw.get("next"))
        also = self.beside.get(name, ())
        if len(ways) == 1:
            for one in (source, *also):
                self._line(one, ways[0][0], own={} if one == source else {"role": "overdue"})
            return
        choice = Shape(self.ids.take(f"Choice_{source}"), "exclusiveGateway", own={"role": "choice"})
        self.shapes.append(choice)
        self.entry[f"{name}\0choice"] = choice.id
        for one in (source, *also):
            self._line(one, f"{name}\0choice", own={} if one == source else {"role": "overdue"})
        for to, when in ways:
            line = self._line(choice.id, to, when)
            if not when:
                choice.attributes["default"] = line
