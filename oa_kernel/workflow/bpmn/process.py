"""The process of a BPMN file as nodes and flows, before any of it is ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from oa_kernel.errors import Invalid

from . import expressions
from .names import MODEL, OWN, OWN_LANGUAGE, Ids, clean, flat
from .notes import Notes
from .source import Element
from .values import read_value
from .writing import condition

ACTIVITIES = {"task", "userTask", "manualTask", "serviceTask", "sendTask", "receiveTask", "scriptTask", "businessRuleTask",
              "callActivity"}
SUBPROCESSES = {"subProcess", "transaction", "adHocSubProcess"}
GATEWAYS = {"exclusiveGateway", "parallelGateway", "inclusiveGateway", "complexGateway", "eventBasedGateway"}
EVENTS = {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent", "implicitThrowEvent"}
NODES = ACTIVITIES | SUBPROCESSES | GATEWAYS | EVENTS
MAX_NODES = 2000


@dataclass(eq=False)
class Flow:
    """A sequence flow. ``when`` is our condition, empty: always; ``untold`` says why it could not be said in ours."""

    id: str
    source: str
    to: str
    xml: Element
    name: str = ""
    when: str = ""
    untold: str = ""


@dataclass(eq=False)
class Part:
    """A flow node. ``kind``: step | fork | join | choice | pass | end | gone, or gateway until it is known which;
    ``own``: our keys, where it was ours."""

    id: str
    tag: str
    name: str
    xml: Element
    scope: str = ""
    own: dict[str, Any] | None = None
    kind: str = "step"
    step: dict[str, Any] = field(default_factory=dict)
    ways: list[Flow] = field(default_factory=list)
    default: str = ""
    lane: str = ""

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name or self.id

    def event(self, kind: str) -> Element | None:
        """Its event definition of a kind (``timer``, ``message``…)."""
        found = self.xml.one(f"{kind}EventDefinition")
        if found is not None:
            found.get(f"{kind}Ref")
        return found


def own_of(element: Element, notes: Notes) -> dict[str, Any] | None:
    """Our keys within an element; None where it is none of ours."""
    for holder in element.all("extensionElements"):
        for properties in holder.all("properties", OWN):
            found: dict[str, Any] = {}
            for one in properties.all("property", OWN):
                try:
                    found[one.get("name")] = read_value(one.text)
                except ValueError as error:
                    notes.lost(one, f"扩展属性 {one.get('name')} 读不出：{error}")
            return found
    return None


class Process:
    """Nodes by id in the order of the file, each with the flows that leave it."""

    def __init__(self, root: Element, notes: Notes, wanted: str = "") -> None:
        self.root, self.notes = root, notes
        self.parts: dict[str, Part] = {}
        self.boundaries: list[Part] = []
        self.xml = self._choose(wanted)
        self.pool = self._pool()
        own = own_of(self.xml, notes)
        #: whether we wrote it; our keys of the whole
        self.ours, self.own = own is not None, own or {}
        self._flows: list[Flow] = []
        self._named: dict[str, dict[str, str]] = {"incoming": {}, "outgoing": {}}
        self._lanes: dict[str, str] = {}
        self._collect(self.xml, "")
        self._link()

    def _choose(self, wanted: str) -> Element:
        found = self.root.all("process")
        if not found:
            raise Invalid("文件里没有流程（process）", code="no_process")
        sizes = {id(p): sum(c.tag in NODES and c.ns == MODEL for c in p.children) for p in found}
        chosen = next((p for p in found if p.get("id") == wanted), None) if wanted else max(found, key=lambda p: sizes[id(p)])
        if chosen is None:
            raise Invalid(f"文件里没有流程 {wanted}：有 {'、'.join(p.get('id') for p in found)}", code="no_process")
        if not sizes[id(chosen)]:
            raise Invalid("流程里没有环节", code="no_process")
        for other in found:
            if other is not chosen:
                for below in other.walk():
                    below.seen, below.taken = True, set(below.attributes)
                self.notes.lost(other, "一次导入一个流程" if sizes[id(other)] else "没有环节的流程",
                                f"导入的是 {chosen.get('id') or '第一个'}" if sizes[id(other)] else "")
        return chosen

    def _pool(self) -> str:
        """The name of the pool the process stands in; other pools are told of."""
        name = ""
        for collaboration in self.root.all("collaboration"):
            for pool in collaboration.all("participant"):
                if pool.get("processRef") == self.xml.get("id"):
                    name = pool.get("name")
                else:
                    self.notes.lost(pool, "另一个参与方的泳池不导入")
        return name

    def _collect(self, container: Element, scope: str) -> None:
        for child in container.children:
            if child.ns != MODEL:
                continue
            if child.tag in NODES:
                self._node(child.look(), scope)
            elif child.tag == "sequenceFlow":
                self._flow(child.look())
            elif child.tag == "laneSet":
                self._lane_set(child.look(), scope)
        if len(self.parts) > MAX_NODES:
            raise Invalid(f"流程的节点超过 {MAX_NODES} 个")

    def _lane_set(self, lanes: Element, scope: str) -> None:
        for lane in lanes.all("lane"):
            for ref in lane.all("flowNodeRef"):
                self._lanes[ref.text.strip()] = lane.get("name")
            for below in lane.all("childLaneSet"):
                self._lane_set(below, scope)

    def _node(self, xml: Element, scope: str) -> None:
        wanted = xml.get("id")
        ident = wanted or f"{xml.tag}_{xml.line}"
        if ident in self.parts:
            n = 2
            while f"{ident}_{n}" in self.parts:
                n += 1
            self.notes.check(xml, f"id“{ident}”重复", f"第二个改为 {ident}_{n}")
            ident = f"{ident}_{n}"
        elif not wanted:
            self.notes.check(xml, "节点没有 id", f"取作 {ident}")
        part = Part(ident, xml.tag, flat(xml.get("name")), xml, scope, own_of(xml, self.notes))
        part.default = xml.get("default")
        if xml.tag in GATEWAYS:
            part.kind = "gateway"
        for side in self._named:
            for ref in xml.all(side):
                self._named[side].setdefault(ref.text.strip(), ident)
        self.parts[ident] = part
        if xml.tag in SUBPROCESSES:
            self._collect(xml, ident)
        if xml.tag == "boundaryEvent":
            self.boundaries.append(part)

    def _flow(self, xml: Element) -> None:
        ident = xml.get("id") or f"flow_{xml.line}"
        flow = Flow(ident, xml.get("sourceRef"), xml.get("targetRef"), xml, flat(xml.get("name")))
        own = own_of(xml, self.notes)
        said = xml.one("conditionExpression")
        if said is not None:
            self._condition(flow, said, own or {})
        self._flows.append(flow)

    def _condition(self, flow: Flow, said: Element, own: dict[str, Any]) -> None:
        text, language = said.text.strip(), said.get("language")
        exact = own.get("when")
        if isinstance(exact, str) and tuple(s.strip() for s in condition(exact)) == (text, language):
            flow.when = exact
            return
        if language == OWN_LANGUAGE:
            flow.when = text
        elif not text:
            flow.untold = "条件是空的" if not said.attributes else "条件在另外的脚本文件里"
        else:
            flow.when, flow.untold = expressions.from_theirs(text)
            if flow.untold:
                flow.untold = f"条件“{text[:120]}”{flow.untold}"

    def _link(self) -> None:
        for flow in self._flows:
            # a node without an id can still be named by the flows it lists itself
            flow.source = flow.source or self._named["outgoing"].get(flow.id, "")
            flow.to = flow.to or self._named["incoming"].get(flow.id, "")
            if flow.source not in self.parts or flow.to not in self.parts:
                self.notes.lost(flow.xml, "连线的一端没有节点")
                continue
            self.parts[flow.source].ways.append(flow)
        for ref, lane in self._lanes.items():
            if ref in self.parts:
                self.parts[ref].lane = lane


def title_of(own: dict[str, Any], name: str) -> str:
    """Our title while the picture still shows it, else what the picture shows."""
    exact = own.get("title")
    return exact if isinstance(exact, str) and flat(exact) == name else name


def description_of(own: dict[str, Any], element: Element) -> str | None:
    """The documentation of an element: ours while it still says that, else what stands there; None where there is none."""
    said = "\n".join(d.text for d in element.all("documentation"))
    exact = own.get("description")
    if isinstance(exact, str) and clean(exact).strip() == said.strip():
        return exact
    return said if said.strip() else None


def same_id(own: Any, xml_id: str) -> bool:
    """Whether an id of ours became this XML id: an element that was copied in another tool carries another's."""
    if not isinstance(own, str) or not own:
        return False
    made = Ids().take(own)
    return xml_id == made or xml_id.startswith(f"{made}_")
