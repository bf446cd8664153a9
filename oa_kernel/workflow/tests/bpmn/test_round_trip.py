"""What we write we read again as the same definition, and nothing of it is reported as lost."""

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings

from oa_kernel.workflow import bpmn
from oa_kernel.workflow.parse import parse

from .examples import ROOT, definitions

SHIPPED = sorted(p for p in ROOT.rglob("*workflows/*.yaml") if ".venv" not in p.parts and "build" not in p.parts)


def same(text):
    before, problems = parse(text)
    assert before is not None, problems
    made = bpmn.read(bpmn.write(text))
    after, problems = parse(made.text)
    assert not problems
    assert after == before
    assert list(after.steps)[0] == list(before.steps)[0]
    for key in ("description", "subject"):  # kept in the file, not in the compiled definition
        assert yaml.safe_load(made.text).get(key) == yaml.safe_load(text).get(key)
    assert [s.get("description") for s in yaml.safe_load(made.text)["steps"]] == [
        s.get("description") for s in yaml.safe_load(text)["steps"]]
    assert made.notes == ()


def test_there_are_definitions_to_try():
    assert {"leave.yaml", "purchase.yaml", "outgoing.yaml"} <= {p.name for p in SHIPPED}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_every_shipped_definition_comes_back(path):
    same(path.read_text(encoding="utf-8"))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(definitions())
def test_any_definition_comes_back(text):
    assume(parse(text)[0] is not None)
    same(text)


def _changed(text, *pairs):
    xml = bpmn.write(text).decode()
    for old, new in pairs:
        assert old in xml
        xml = xml.replace(old, new)
    made = bpmn.read(xml.encode())
    assert not made.problems
    return yaml.safe_load(made.text), made.notes


TEXT = """
name: t.change
title: 改动
form: {amount: {type: number}}
steps:
  - {id: draft, people: drafter, next: review}
  - id: review
    people: {head_of: drafter, levels: 2}
    mode: {ratio: 0.6}
    actions: [approve, reject]
    due: 2 working days
    on_overdue: escalate
    next: [{when: "amount > 100", to: more}, {to: end}]
  - {id: more, people: {role: r}, next: end}
"""


def test_what_was_changed_in_another_tool_wins_over_what_we_kept():
    data, _notes = _changed(
        TEXT, ("head_of(drafter, levels=2)", "user(li)"), ("&gt;= 0.6}", "&gt;= 0.75}"),
        ("P2D", "PT6H"), ("${amount &gt; 100}", "${amount &gt; 200 || amount == 7}"), ('name="review"', 'name="复核"'))
    review = data["steps"][1]
    assert review["people"] == {"user": "li"}
    assert review["mode"] == {"ratio": 0.75}
    assert review["due"] == "6 hours"
    assert review["title"] == "复核"
    assert review["next"][0]["when"] == "amount > 200 or amount == 7"
    assert review["actions"] == ["approve", "reject"]
    assert review["on_overdue"] == "escalate"


def test_what_was_taken_off_the_picture_is_told():
    xml = bpmn.write(TEXT).decode()
    begin, end = xml.index("<bpmn:multiInstanceLoop"), xml.index("</bpmn:multiInstanceLoopCharacteristics>")
    xml = xml[:begin] + xml[end + len("</bpmn:multiInstanceLoopCharacteristics>"):]
    begin, end = xml.index("<bpmn:boundaryEvent"), xml.index("</bpmn:boundaryEvent>")
    xml = xml[:begin] + xml[end + len("</bpmn:boundaryEvent>"):]
    made = bpmn.read(xml.encode())
    review = yaml.safe_load(made.text)["steps"][1]
    assert "mode" not in review and "due" not in review and "on_overdue" not in review
    assert {n.reason for n in made.notes if n.element == "review"} == {"图上已没有多实例", "图上已没有期限"}


def test_a_step_copied_in_another_tool_keeps_its_own_id():
    xml = bpmn.write(TEXT).decode()
    begin, end = xml.index('<bpmn:userTask id="more"'), xml.index("</bpmn:userTask>", xml.index('<bpmn:userTask id="more"'))
    copy = xml[begin:end + len("</bpmn:userTask>")].replace('id="more"', 'id="copy_1"').replace("Flow_more", "Flow_copy")
    copy = copy.replace(xml[xml.index("<bpmn:incoming>Flow_Choice_review<"):].split("</bpmn:incoming>")[0] + "</bpmn:incoming>", "")
    xml = xml.replace("<bpmn:endEvent", copy + '<bpmn:sequenceFlow id="n" sourceRef="more" targetRef="copy_1"/><bpmn:endEvent', 1)
    xml = xml.replace('sourceRef="more" targetRef="EndEvent"', 'sourceRef="copy_1" targetRef="EndEvent"')
    data = yaml.safe_load(bpmn.read(xml.encode()).text)
    assert {s["id"] for s in data["steps"]} == {"draft", "review", "more", "copy_1"} and data["steps"][0]["id"] == "draft"
