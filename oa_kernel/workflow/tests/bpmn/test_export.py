"""What we write is BPMN 2.0: by its XML schema, by another engine's reader, and with a diagram one can look at."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

from oa_kernel.errors import Invalid
from oa_kernel.workflow import bpmn
from oa_kernel.workflow.parse import parse

from .examples import definitions
from .test_round_trip import SHIPPED

NS = {"b": "http://www.omg.org/spec/BPMN/20100524/MODEL", "d": "http://www.omg.org/spec/BPMN/20100524/DI",
      "dc": "http://www.omg.org/spec/DD/20100524/DC", "di": "http://www.omg.org/spec/DD/20100524/DI"}
SOME = settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate],
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


@pytest.fixture(scope="module")
def schema():
    reader = pytest.importorskip("SpiffWorkflow.bpmn.parser.BpmnParser", reason="needs spiffworkflow, which brings the BPMN 2.0 XSD")
    from lxml import etree

    with open(reader.XSD_PATH, "rb") as file:
        made = etree.XMLSchema(etree.parse(file, base_url=reader.XSD_PATH))

    def check(xml):
        made.assertValid(etree.fromstring(xml))
    return check


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_shipped_definitions_are_valid_by_the_schema(schema, path):
    schema(bpmn.write(path.read_text(encoding="utf-8")))


@SOME
@given(text=definitions())
def test_any_definition_is_valid_by_the_schema(schema, text):
    assume(parse(text)[0] is not None)
    schema(bpmn.write(text))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_another_engine_reads_the_same_steps(path):
    reader = pytest.importorskip("SpiffWorkflow.bpmn.parser.BpmnParser", reason="needs spiffworkflow")
    text = path.read_text(encoding="utf-8")
    definition = parse(text)[0]
    engine = reader.BpmnParser(validator=reader.BpmnValidator())
    engine.add_bpmn_str(bpmn.write(text))
    spec = engine.get_spec(definition.name)
    known = {s.bpmn_id: s.bpmn_name for s in spec.task_specs.values() if getattr(s, "bpmn_id", None)}
    for step in definition.steps.values():
        assert known[step.id] == step.title
    after = {s.bpmn_id for s in spec.task_specs[definition.first.id].outputs if getattr(s, "bpmn_id", None)}
    assert after & {b.to for b in definition.first.next} or any(n.startswith("Choice") for n in after) or any(
        ".BoundaryEventSplit" in s.name for s in spec.task_specs[definition.first.id].outputs)


def _diagram(text):
    root = ET.fromstring(bpmn.write(text))
    boxes = {}
    for shape in root.iterfind(".//d:BPMNShape", NS):
        b = shape.find("dc:Bounds", NS).attrib
        x, y, w, h = (float(b[k]) for k in ("x", "y", "width", "height"))
        boxes[shape.get("bpmnElement")] = (x, y, x + w, y + h)
    ways = {e.get("bpmnElement"): [(float(p.get("x")), float(p.get("y"))) for p in e.iterfind("di:waypoint", NS)]
            for e in root.iterfind(".//d:BPMNEdge", NS)}
    process = root.find("b:process", NS)
    tags = {"sequenceFlow", "documentation", "extensionElements"}
    nodes = [n for n in process if n.tag.split("}")[1] not in tags]
    return process, nodes, process.findall("b:sequenceFlow", NS), boxes, ways


@SOME
@given(text=definitions())
def test_everything_is_on_the_diagram_and_no_line_runs_through_a_box(text):
    assume(parse(text)[0] is not None)
    _process, nodes, flows, boxes, ways = _diagram(text)
    assert set(boxes) == {n.get("id") for n in nodes}
    assert set(ways) == {f.get("id") for f in flows}
    borders = {n.get("id") for n in nodes if n.get("attachedToRef")}
    free = {n: b for n, b in boxes.items() if n not in borders}
    for one, (ax, ay, bx, by) in free.items():
        for other, (cx, cy, dx, dy) in free.items():
            assert one == other or bx <= cx or dx <= ax or by <= cy or dy <= ay, f"{one} over {other}"
    for flow in flows:
        points = ways[flow.get("id")]
        assert len(points) >= 2
        for at, end in ((points[0], "sourceRef"), (points[-1], "targetRef")):
            x1, y1, x2, y2 = boxes[flow.get(end)]
            assert x1 <= at[0] <= x2 and y1 <= at[1] <= y2, "a line begins and ends at its shapes"
        for (ax, ay), (bx, by) in zip(points, points[1:], strict=False):
            assert ax == bx or ay == by, "right angles only"
            for name, (x1, y1, x2, y2) in free.items():
                if name not in (flow.get("sourceRef"), flow.get("targetRef")):
                    inside = min(ax, bx) < x2 and max(ax, bx) > x1 and min(ay, by) < y2 and max(ay, by) > y1
                    assert not inside, f"{flow.get('id')} runs through {name}"


def test_joins_wait_for_what_ours_waits_for():
    head = "name: t.j\ntitle: j\nform: {n: {type: number}}\nsteps:\n  - {id: draft, people: drafter, next: f}\n"
    rest = "  - {id: a, people: {role: r}, next: %s}\n  - {id: b, people: {role: r}, next: j}\n  - {id: j, type: join, %snext: end}\n"
    plain = "  - {id: f, type: fork, branches: [a, b]}\n"
    asked = "  - {id: f, type: fork, branches: [{when: n > 1, to: a}, b]}\n"

    def tags(text):
        return {n.get("id"): n.tag.split("}")[1] for n in _diagram(text)[1] if n.get("id") in ("f", "j")}
    assert tags(head + plain + rest % ("j", "")) == {"f": "parallelGateway", "j": "parallelGateway"}
    assert tags(head + asked + rest % ("j", "")) == {"f": "inclusiveGateway", "j": "inclusiveGateway"}
    # a branch that may end by itself never arrives: a parallel gateway would wait for ever
    ends = '[{when: n > 1, to: end}, {to: j}]'
    assert tags(head + plain + rest % (ends, "")) == {"f": "parallelGateway", "j": "inclusiveGateway"}
    assert tags(head + plain + rest % ("j", "wait: 1, ")) == {"f": "parallelGateway", "j": "complexGateway"}


def test_a_definition_with_mistakes_is_not_written():
    with pytest.raises(Invalid) as caught:
        bpmn.write("name: t.x\ntitle: x\nsteps:\n  - {id: draft, people: drafter, next: nowhere}\n")
    assert caught.value.details["problems"][0]["line"] == 4


def test_yaml_that_unfolds_into_millions_is_refused():
    layers = ["  a0: &a0 {type: string, x: [1, 2, 3, 4, 5, 6, 7, 8, 9]}"] + [
        f"  a{n}: &a{n} {{type: string, x: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 9)]
    text = "name: t.x\ntitle: x\nform:\n" + "\n".join(layers) + "\nsteps:\n  - {id: draft, people: drafter, next: end}\n"
    with pytest.raises(Invalid, match="超过"):
        bpmn.write(text)


def test_ids_are_in_ascii_which_all_the_tools_take_and_the_real_ones_come_back():
    text = "name: t.审\ntitle: 审\nsteps:\n  - {id: 拟稿, people: drafter, next: 审核}\n  - {id: 审核, people: {user: a}, next: end}\n"
    xml = bpmn.write(text)
    ids = [e.get("id") for e in ET.fromstring(xml).iter() if e.get("id")]
    assert len(ids) == len(set(ids)) > 5 and all(i.isascii() for i in ids)
    assert list(parse(bpmn.read(xml).text)[0].steps) == ["拟稿", "审核"]
