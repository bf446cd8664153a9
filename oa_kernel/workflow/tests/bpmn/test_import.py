"""Files as other tools write them: what maps is taken, what does not is told with its element, line and stand-in."""

import pytest
import yaml

from oa_kernel.errors import Invalid
from oa_kernel.workflow import bpmn

from .examples import FILES


def _read(name, **more):
    made = bpmn.read((FILES / name).read_bytes(), origin=name, **more)
    assert made.problems == ()
    return yaml.safe_load(made.text), {(n.element, n.kind) for n in made.notes}, made


def _steps(data):
    return {s["id"]: s for s in data["steps"]}


def test_flowable_leave():
    data, notes, _made = _read("flowable_leave.bpmn")
    steps = _steps(data)
    assert list(steps) == ["apply", "dept", "boss", "hr", "mail"]
    assert steps["apply"]["people"] == "drafter" and steps["apply"]["fields"] == {"days": "required", "reason": "edit"}
    assert steps["dept"]["people"] == {"role": "manager"} and steps["dept"]["due"] == "2 days"
    # two choices in a row, one of them a way back: one choice is left, the last of it holds otherwise
    assert steps["dept"]["next"] == [{"when": "days > 3 and days <= 30", "to": "boss"}, {"to": "hr"}]
    assert steps["hr"]["people"] == {"field": "hrUsers"} and steps["hr"]["mode"] == {"ratio": 0.6}
    assert steps["mail"]["type"] == "notify" and steps["mail"]["message"] == "请假已批"
    assert data["form"]["days"] == {"type": "integer", "label": "天数"}
    assert {("f5", "replaced"), ("f7", "check"), ("mail", "replaced"), ("executionListener", "lost"), ("start", "lost")} == notes


def test_camunda_invoice():
    data, notes, made = _read("camunda_invoice.bpmn")
    steps = _steps(data)
    assert data["version"] == 4
    assert data["steps"][0] == {"id": "draft", "title": "拟稿", "people": "drafter", "next": "Activity_check"}
    check = steps["Activity_check"]
    assert check["people"] == {"users": ["li", "wang"]} and check["description"] == "金额以不含税为准"
    assert check["due"] == "2 days" and check["on_overdue"] == "escalate"
    assert "Activity_urge" not in steps, "what happens when time is over is no step"
    assert steps["Gateway_split"]["branches"] == [
        {"when": "not (kind == '差旅' or amount > 1000)", "to": "Activity_finance"},
        {"when": "kind == '差旅' or amount > 1000", "to": "Activity_legal"}]
    assert steps["Activity_finance"]["people"] == {"chosen_by": "previous"}
    assert steps["Activity_finance"]["next"] == steps["Activity_legal"]["next"] == "Activity_pay_join"
    assert steps["Activity_pay_join"] == {"id": "Activity_pay_join", "type": "join", "next": "Activity_pay"}
    assert steps["Activity_pay"]["service"] == "payment"
    assert steps["Event_wait"]["after"] == "36 hours"
    assert steps["Call_archive"]["map"] == {"sum": "amount"} and steps["Call_archive"]["back"] == {"kind": "number"}
    assert steps["Call_archive"]["next"] == "end", "the script between is skipped"
    for told in (("Activity_finance", "replaced"), ("Activity_legal", "lost"), ("Boundary_error", "lost"), ("Script_1", "lost"),
                 ("Data_1", "lost"), ("End_1", "check"), ("Activity_pay", "check"), ("Activity_check", "lost")):
        assert told in notes
    assert next(n.line for n in made.notes if n.element == "Boundary_error") == 28
    assert "formKey" in next(n.reason for n in made.notes if n.element == "Activity_check")


def test_a_drawing_without_conditions_people_or_ids():
    data, notes, made = _read("bpmnio_hire.bpmn")
    steps = _steps(data)
    assert data["name"] == "process_1" and data["title"] == "招聘"
    assert steps["Task_screen"]["people"] == "drafter" and steps["Task_screen"]["fields"] == {"choice_F2": "edit"}
    assert steps["Task_screen"]["next"] == [{"when": "choice_F2", "to": "Sub_start_fork"}, {"to": "end"}]
    assert data["form"]["choice_F2"] == {"type": "boolean", "label": "合适"}
    assert steps["Task_interview"]["people"] == {"department": "用人部门"}
    assert steps["Task_offer_join"]["next"] == "Task_offer"
    assert "Task_lost" not in steps
    for told in (("Participant_2", "lost"), ("Message_1", "lost"), ("Process_2", "lost"), ("F9", "lost"), ("Task_lost", "lost"),
                 ("exclusiveGateway", "check"), ("F2", "replaced"), ("F5", "replaced"), ("Task_test", "replaced")):
        assert told in notes
    assert all(f"第 {n.line} 行" in made.text for n in made.notes), "the list travels with the file"


def test_another_process_of_the_file_by_its_id():
    data, _notes, _made = _read("bpmnio_hire.bpmn", process="Process_2")
    assert [s["title"] for s in data["steps"]] == ["投简历"]
    with pytest.raises(Invalid, match="Process_1"):
        _read("bpmnio_hire.bpmn", process="Process_3")
