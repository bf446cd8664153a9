"""The event log against the rules of IEEE 1849-2016, clause 5, read back by an XML parser of its own."""

import datetime as dt
import gzip
import re
import tracemalloc
import xml.etree.ElementTree as ET

import pytest
from click.testing import CliRunner

from oa_kernel import workflow
from oa_kernel.audit.models import Event
from oa_kernel.errors import Forbidden, NotFound
from oa_kernel.workflow import Instance, xes

NS = "{http://www.xes-standard.org/}"
ATTRIBUTES = {"string", "date", "int", "float", "boolean", "id", "list", "container"}
TRANSITIONS = {"schedule", "assign", "withdraw", "reassign", "start", "suspend", "resume", "pi_abort", "ate_abort", "complete",
               "autoskip", "manualskip", "unknown"}
STEPS = ("{id: draft, people: drafter, next: one}", "{id: one, title: '审核 \"甲\" <乙>', people: {user: a}, next: two}",
         "{id: two, people: {user: b}, next: end}")


@pytest.fixture
def cases(desk):
    desk.publish(STEPS)
    first, second = desk.start(), desk.start()
    desk.act(first, "a", comment="同意，密语")
    desk.act(first, "b", "return", comment="改", target="one")
    desk.act(first, "a", "transfer", to=["c"])
    desk.act(first, "c")
    desk.act(first, "b")
    workflow.suspend(second.id, desk.admin, "等")
    workflow.resume(second.id, desk.admin, "续")
    return first, second


def read(pieces):
    return ET.fromstring(b"".join(pieces))


def values(element):
    return {child.get("key"): child.get("value") for child in element if child.tag.removeprefix(NS) in ATTRIBUTES}


def events(trace):
    return [values(e) for e in trace.findall(f"{NS}event")]


def test_the_elements_are_those_of_the_standard_and_in_its_order(desk, cases):
    log = read(xes.log("t.case", by=desk.admin))
    assert (log.tag, log.get("xes.version"), log.get("xes.features")) == (f"{NS}log", "1849.2016", "")
    tags = [c.tag.removeprefix(NS) for c in log]
    order = ["extension", "global", "classifier", "string", "trace"]
    assert tags == sorted(tags, key=order.index)
    declared = {e.get("prefix"): e.get("uri") for e in log.findall(f"{NS}extension")}
    assert declared == {p: f"http://www.xes-standard.org/{p}.xesext" for p in ("concept", "lifecycle", "org", "time")}
    for element in log.iter():
        # the schema's types: names without blanks and colons (NCName), keys that may have one (Name)
        assert re.fullmatch(r"[^\W\d][\w.-]*", element.get("name", "x")) and re.fullmatch(r"[^\W\d][\w.:-]*", element.get("key", "x"))
        if (kind := element.tag.removeprefix(NS)) in ATTRIBUTES:
            assert element.get("value") is not None
            prefix, colon, _ = element.get("key").partition(":")
            assert not colon or prefix in declared
            if kind == "date":
                assert dt.datetime.fromisoformat(element.get("value")).tzinfo is not None
    wanted = {g.get("scope"): set(values(g)) for g in log.findall(f"{NS}global")}
    for classifier in log.findall(f"{NS}classifier"):
        assert set(classifier.get("keys").split()) <= wanted["event"]
    for trace in log.findall(f"{NS}trace"):
        assert wanted["trace"] <= set(values(trace))
        for event in events(trace):
            assert wanted["event"] <= set(event)
            assert event["lifecycle:transition"] in TRANSITIONS


def test_an_element_a_line_as_readers_by_lines_want_it(desk, cases):
    lines = b"".join(xes.log("t.case", by=desk.admin)).decode().splitlines()
    assert all(line.count("<") == 1 for line in lines if not line.startswith("<?")) and lines.count("<event>") > 10


def test_a_case_is_told_in_the_order_it_happened(desk, cases):
    one, two = read(xes.log("t.case", by=desk.admin)).findall(f"{NS}trace")
    assert values(one)["concept:name"] == str(cases[0].id)
    assert (values(one)["title"], values(one)["state"], values(one)["department"]) == ("一件事", "completed", "综合处")
    told = [(e.get("step", ""), e["lifecycle:transition"], e["org:resource"]) for e in events(one)]
    assert told == [
        ("draft", "complete", "drafter"), ("one", "assign", "a"), ("one", "complete", "a"), ("two", "assign", "b"),
        ("two", "complete", "b"), ("one", "assign", "a"), ("one", "reassign", "a"), ("one", "assign", "c"),
        ("one", "complete", "c"), ("two", "assign", "b"), ("two", "complete", "b"), ("", "complete", "b")]
    stamps = [e["time:timestamp"] for e in events(one)]
    assert stamps == sorted(stamps)
    assert [e["lifecycle:transition"] for e in events(two)][-2:] == ["suspend", "resume"]
    assert "审核 \"甲\" <乙>" in {e["concept:name"] for e in events(one)}


def test_opinions_and_fields_stay_here(desk, cases):
    assert "密语" not in b"".join(xes.log("t.case", by=desk.admin)).decode()


def test_pseudonyms_hold_within_a_log_and_not_beyond_it(desk, cases):
    names = {"drafter", "a", "b", "c", "admin"}
    logs = [read(xes.log("t.case", by=desk.admin, anonymous=True)) for _ in range(2)]
    people = []
    for log in logs:
        assert "title" not in values(log.find(f"{NS}trace"))
        told = [e["org:resource"] for t in log.findall(f"{NS}trace") for e in events(t)]
        assert not names & set(told)
        assert len(set(told)) == 5
        people.append(set(told))
    plain = [e["org:resource"] for e in events(read(xes.log("t.case", by=desk.admin)).find(f"{NS}trace"))]
    hidden = [e["org:resource"] for e in events(logs[0].find(f"{NS}trace"))]
    assert len(set(zip(plain, hidden, strict=True))) == len(set(plain))
    assert not people[0] & people[1]


def test_characters_xml_does_not_have_do_not_break_it(desk, cases):
    Instance.update(title="甲\x0b乙\x1f\n丙").where(Instance.id == cases[0].id).execute()
    assert values(read(xes.log("t.case", by=desk.admin)).find(f"{NS}trace"))["title"] == "甲\ufffd乙\ufffd\n丙"


def test_only_managers_take_it_out_and_the_audit_knows(desk, cases):
    with pytest.raises(Forbidden):
        xes.log("t.case", by=desk.drafter)
    with pytest.raises(NotFound):
        xes.log("no.such", by=desk.admin)
    assert Event.select().where(Event.action == "workflow.exported").count() == 0
    xes.log("t.case", by=desk.admin)
    assert Event.select().where(Event.action == "workflow.exported").count() == 1


def test_many_cases_take_no_more_memory_and_few_statements(desk, cases, count_queries, monkeypatch):
    monkeypatch.setattr(xes, "BATCH", 10)

    def most():
        tracemalloc.start()
        for _ in xes.log("t.case", by=desk.admin):
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    for _ in range(10):
        desk.start()
    most()
    few = most()
    for _ in range(60):
        desk.start()
    assert most() < few * 1.5
    with count_queries() as statements:
        log = read(xes.log("t.case", by=desk.admin))
    assert len(log.findall(f"{NS}trace")) == 72
    assert len([s for s in statements if s.startswith("SELECT")]) <= 4 * 8 + 8


def test_the_command_writes_a_file_packed_or_not(desk, cases, oa_installation, tmp_path):
    from oa_kernel.cli import oa

    config = ["--config", str(oa_installation.config_path), "workflow"]
    run = CliRunner()
    done = run.invoke(oa, [*config, "xes", "t.case", str(tmp_path / "log.xes.gz"), "--anonymous"])
    assert done.exit_code == 0, done.output
    log = ET.fromstring(gzip.decompress((tmp_path / "log.xes.gz").read_bytes()))
    assert len(log.findall(f"{NS}trace")) == 2
    assert run.invoke(oa, [*config, "xes", "t.case", str(tmp_path / "log.xes"), "--since", "2000-01-01"]).exit_code == 0
    assert (tmp_path / "log.xes").read_bytes().startswith(b"<?xml")
    assert sorted(p.name for p in tmp_path.glob("log*")) == ["log.xes", "log.xes.gz"]
    wrong = run.invoke(oa, [*config, "xes", "t.case", str(tmp_path / "x.xes"), "--since", "昨天"])
    assert wrong.exit_code == 2
    assert not (tmp_path / "x.xes").exists()
    figures = run.invoke(oa, [*config, "statistics", "t.case", "--json"])
    assert '"first_pass_rate": 0.0' in figures.output
    assert "审核" in run.invoke(oa, [*config, "statistics", "t.case"]).output
