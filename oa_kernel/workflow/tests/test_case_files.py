"""Files that go with a case."""

from __future__ import annotations

import io

import pytest

from oa_kernel import files, workflow
from oa_kernel.audit.models import Event
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound
from oa_kernel.workflow import case_files

TEXT = """name: t.sick
title: 病假
version: 1
form: {days: {type: integer, label: 天数, required: true}, proof: {type: file, label: 病假条}}
steps:
  - {id: draft, title: 填写, people: drafter, next: head}
  - {id: head, title: 处长, people: {user: head}, next: end}
"""


@pytest.fixture
def office(desk):
    return {**desk.people, "officer": desk.a}


@pytest.fixture
def case(office):
    workflow.publish(TEXT)
    return workflow.start("t.sick", "病假三天", {"days": 3}, office["drafter"])


def kept(by, name="病假条.txt", data=b"three days"):
    return files.store(io.BytesIO(data), name, by)


def test_the_drafter_and_who_works_on_it_add_files_and_everyone_of_the_case_reads_them(office, case):
    proof, note = kept(office["drafter"]), kept(office["head"], "说明.txt", b"checked")
    workflow.attach_files(case.id, [proof.id], office["drafter"], field="proof")
    found = workflow.attach_files(case.id, [note.id], office["head"])
    assert [(f["name"], f["by"]["username"], f["field"], f["size"]) for f in found] == [
        ("病假条.txt", "drafter", "proof", 10), ("说明.txt", "head", "", 7)]
    assert files.readable(office["head"], proof) and files.readable(office["drafter"], note)
    assert not files.readable(office["officer"], proof)
    told = Event.select().where(Event.action == "workflow.files_attached").order_by(Event.id.desc()).first()
    assert told.object_id == str(case.id) and told.after["files"][0]["name"] == "说明.txt"


def test_nobody_else_adds_and_nothing_of_others_is_added(office, case):
    own, others = kept(office["officer"]), kept(office["head"])
    with pytest.raises(NotFound):
        workflow.attach_files(case.id, [own.id], office["officer"])  # who may not see the case
    with pytest.raises(NotFound):
        workflow.attach_files(case.id, [kept(office["drafter"]).id, others.id], office["drafter"])
    assert workflow.attachments(case, office["drafter"]) == []  # all or none


def test_one_takes_away_what_one_added_while_the_case_runs(office, case):
    proof = kept(office["drafter"])
    workflow.attach_files(case.id, [proof.id], office["drafter"])
    with pytest.raises(Forbidden):
        workflow.detach_file(case.id, proof.id, office["head"])
    with pytest.raises(NotFound):
        workflow.detach_file(case.id, proof.id + 1000, office["drafter"])
    workflow.detach_file(case.id, proof.id, office["drafter"])
    assert workflow.attachments(case, office["drafter"]) == []
    workflow.attach_files(case.id, [proof.id], office["drafter"])
    task = workflow.open_task(case.id, office["head"])
    workflow.act(task.id, "approve", office["head"])
    with pytest.raises(Conflict):
        workflow.detach_file(case.id, proof.id, office["drafter"])
    with pytest.raises(Conflict):
        workflow.attach_files(case.id, [kept(office["drafter"]).id], office["drafter"])
    assert [f["id"] for f in workflow.attachments(case, office["drafter"])] == [proof.id]


def test_who_only_reads_a_copy_adds_nothing(office, case):
    task = workflow.open_task(case.id, office["head"])
    workflow.act(task.id, "circulate", office["head"], to=[office["officer"].id])
    assert not workflow.may_attach(workflow.get_instance(case.id, office["officer"]), office["officer"])
    with pytest.raises(Forbidden):
        workflow.attach_files(case.id, [kept(office["officer"]).id], office["officer"])


def test_beyond_a_hundred_it_says_how_many_there_are(office, case, monkeypatch):
    monkeypatch.setattr(case_files, "MOST", 1)
    workflow.attach_files(case.id, [kept(office["drafter"]).id], office["drafter"])
    with pytest.raises(Invalid, match="已有 1 个"):
        workflow.attach_files(case.id, [kept(office["drafter"], "b.txt", b"b").id], office["drafter"])


def test_the_file_of_a_hidden_field_never_reaches_those_it_is_hidden_from(office):
    hidden = "people: {user: head}, fields: {proof: hidden}"
    workflow.publish(TEXT.replace("t.sick", "t.hidden").replace("people: {user: head}", hidden))
    made = workflow.start("t.hidden", "病假", {"days": 1}, office["drafter"])
    proof, other = kept(office["drafter"]), kept(office["drafter"], "别的.txt", b"x")
    workflow.attach_files(made.id, [proof.id], office["drafter"], field="proof")
    workflow.attach_files(made.id, [other.id], office["drafter"])
    assert [f["name"] for f in workflow.attachments(made, office["head"])] == ["别的.txt"]
    assert [f["name"] for f in workflow.attachments(made, office["drafter"])] == ["病假条.txt", "别的.txt"]
    assert not files.readable(office["head"], proof) and files.readable(office["head"], other)
    with pytest.raises(NotFound):
        workflow.detach_file(made.id, proof.id, office["head"])
    with pytest.raises(Invalid):  # nor can the head answer the field
        workflow.attach_files(made.id, [kept(office["head"]).id], office["head"], field="proof")
    with pytest.raises(Invalid):
        workflow.attach_files(made.id, [kept(office["drafter"]).id], office["drafter"], field="nonsense")
