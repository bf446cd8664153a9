"""The XML of a process and its diagram (BPMN DI, clause 12), from shapes and lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

from . import layout
from .names import DC, DI, DIAGRAM, MODEL, OWN, XSI, Ids, clean
from .values import write_value


@dataclass
class Shape:
    """A flow node: its tag, what stands inside it, our own keys, and the shape it sits on."""

    id: str
    tag: str
    name: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    documentation: str = ""
    own: dict[str, Any] = field(default_factory=dict)
    inside: list[ET.Element] = field(default_factory=list)
    host: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height on the diagram."""
        if self.tag.endswith("Event"):
            return layout.EVENT
        return layout.GATEWAY if self.tag.endswith("Gateway") else layout.TASK


@dataclass
class Line:
    """A sequence flow; ``condition`` is its expression and the language of it."""

    id: str
    source: str
    target: str
    name: str = ""
    condition: tuple[str, str] | None = None
    own: dict[str, Any] = field(default_factory=dict)


def make(tag: str, attributes: dict[str, str] | None = None, text: str = "", *inside: ET.Element) -> ET.Element:
    """An element; tags carry their prefix, so that no process-wide register of prefixes is touched."""
    made = ET.Element(tag, {k: clean(v) for k, v in (attributes or {}).items()})
    made.text = clean(text) or None
    made.extend(inside)
    return made


def expression(tag: str, text: str, language: str = "") -> ET.Element:
    """A formal expression under some name."""
    given = {"xsi:type": "bpmn:tFormalExpression"}
    if language:
        given["language"] = language
    return make(f"bpmn:{tag}", given, text)


def _base(made: ET.Element, documentation: str, own: dict[str, Any]) -> None:
    if documentation:
        made.append(make("bpmn:documentation", None, documentation))
    properties = [make("oa:property", {"name": k}, write_value(v)) for k, v in own.items()]
    made.append(make("bpmn:extensionElements", None, "", make("oa:properties", None, "", *properties)))


def document(ids: Ids, process: Shape, shapes: Sequence[Shape], lines: Sequence[Line], roots: Sequence[ET.Element],
             version: str) -> bytes:
    """The whole file, UTF-8."""
    root = make("bpmn:definitions", {
        "xmlns:bpmn": MODEL, "xmlns:bpmndi": DIAGRAM, "xmlns:dc": DC, "xmlns:di": DI, "xmlns:xsi": XSI, "xmlns:oa": OWN,
        "id": ids.take(f"Definitions_{process.id}"), "targetNamespace": OWN, "exporter": "oa-kernel", "exporterVersion": version})
    root.extend(roots)
    whole = make("bpmn:process", {"id": process.id, "name": process.name, "isExecutable": "true"})
    _base(whole, process.documentation, process.own)
    coming: dict[str, list[str]] = {}
    going: dict[str, list[str]] = {}
    for line in lines:
        going.setdefault(line.source, []).append(line.id)
        coming.setdefault(line.target, []).append(line.id)
    for shape in shapes:
        whole.append(_node(shape, coming.get(shape.id, []), going.get(shape.id, [])))
    for line in lines:
        whole.append(_flow(line))
    root.append(whole)
    root.append(_diagram(ids, process.id, shapes, lines))
    ET.indent(root)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="utf-8") + b"\n"


def _node(shape: Shape, coming: Sequence[str], going: Sequence[str]) -> ET.Element:
    made = make(f"bpmn:{shape.tag}", {"id": shape.id, **({"name": shape.name} if shape.name else {}), **shape.attributes})
    if shape.host:
        made.set("attachedToRef", shape.host)
    _base(made, shape.documentation, shape.own)
    made.extend(make("bpmn:incoming", None, line) for line in coming)
    made.extend(make("bpmn:outgoing", None, line) for line in going)
    made.extend(shape.inside)
    return made


def _flow(line: Line) -> ET.Element:
    made = make("bpmn:sequenceFlow", {"id": line.id, **({"name": line.name} if line.name else {}),
                                      "sourceRef": line.source, "targetRef": line.target})
    if line.own:
        _base(made, "", line.own)
    if line.condition:
        made.append(expression("conditionExpression", *line.condition))
    return made


def _diagram(ids: Ids, process: str, shapes: Sequence[Shape], lines: Sequence[Line]) -> ET.Element:
    boxes, ways = layout.place({s.id: s.size for s in shapes}, [(ln.source, ln.target) for ln in lines],
                               {s.id: s.host for s in shapes if s.host})
    plane = make("bpmndi:BPMNPlane", {"id": ids.take(f"Plane_{process}"), "bpmnElement": process})
    for shape in shapes:
        box = boxes[shape.id]
        drawn = make("bpmndi:BPMNShape", {"id": ids.take(f"Shape_{shape.id}"), "bpmnElement": shape.id}, "",
                     _bounds(box.x, box.y, box.w, box.h))
        if shape.tag == "exclusiveGateway":
            drawn.set("isMarkerVisible", "true")
        if shape.name and shape.size != layout.TASK:
            drawn.append(make("bpmndi:BPMNLabel", None, "", _bounds(box.middle[0] - 45, box.y + box.h + 4, 90, 14)))
        plane.append(drawn)
    for line, way in zip(lines, ways, strict=True):
        drawn = make("bpmndi:BPMNEdge", {"id": ids.take(f"Edge_{line.id}"), "bpmnElement": line.id}, "",
                     *(make("di:waypoint", {"x": f"{x:g}", "y": f"{y:g}"}) for x, y in way))
        if line.name:
            # along the last straight piece, where the way is this line's own
            (x1, y1), (x2, _y2) = way[-2], way[-1]
            drawn.append(make("bpmndi:BPMNLabel", None, "", _bounds(min(x1, x2), y1 - 16, 90, 14)))
        plane.append(drawn)
    return make("bpmndi:BPMNDiagram", {"id": ids.take(f"Diagram_{process}")}, "", plane)


def _bounds(x: float, y: float, w: float, h: float) -> ET.Element:
    return make("dc:Bounds", {"x": f"{x:g}", "y": f"{y:g}", "width": f"{w:g}", "height": f"{h:g}"})
