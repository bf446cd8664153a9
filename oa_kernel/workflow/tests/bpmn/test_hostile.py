"""Files that are meant to do harm, or are simply no BPMN, are refused with a reason."""

import pytest
import yaml

from oa_kernel.errors import Invalid, TooLarge
from oa_kernel.workflow import bpmn
from oa_kernel.workflow.bpmn import source

HEAD = '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:oa="urn:oa-kernel:bpmn:1">'
BODY = ('<process id="p" name="{}"><startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="t"/>'
        '<userTask id="t" name="办"/></process></definitions>')


def _file(name="流程", doctype="", encoding="UTF-8"):
    return f'<?xml version="1.0" encoding="{encoding}"?>{doctype}{HEAD}{BODY.format(name)}'


@pytest.mark.parametrize("doctype", [
    '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE d SYSTEM "http://127.0.0.1:9/x.dtd">',
    '<!DOCTYPE d [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]>',
])
def test_no_dtd_no_entities_nothing_fetched(doctype):
    with pytest.raises(Invalid) as caught:
        bpmn.read(_file("&b;" if "ENTITY b" in doctype else "n", doctype).encode())
    assert caught.value.code == "dtd"


def test_too_large_too_many_too_deep():
    with pytest.raises(TooLarge):
        bpmn.read(b" " * (source.MAX_BYTES + 1))
    with pytest.raises(TooLarge):
        bpmn.read((HEAD + "<x/>" * source.MAX_ELEMENTS + "</definitions>").encode())
    with pytest.raises(Invalid, match="太深"):
        bpmn.read((HEAD + "<x>" * 100 + "</x>" * 100 + "</definitions>").encode())


@pytest.mark.parametrize(("data", "code"), [
    (b"", "not_xml"), (b"\x00\x01", "not_xml"), (b"<a", "not_xml"), (b"<html/>", "not_bpmn"),
    (HEAD.encode() + b"</definitions>", "no_process"),
    (b"PK\x03\x04", "not_xml"), (f"{HEAD}<process id='p'/></definitions>".encode(), "no_process"),
    (b'<?xml version="1.0" encoding="nonsense"?><a/>', "not_xml"), (b'<?xml version="1.0" encoding="gbk"?><a>\xff\xff</a>', "not_xml"),
])
def test_no_bpmn(data, code):
    with pytest.raises(Invalid) as caught:
        bpmn.read(data)
    assert caught.value.code == code


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "GBK", "gb2312"])
def test_encodings_of_chinese_files(encoding):
    assert bpmn.read(_file("请假审批", encoding=encoding).encode(encoding)).title == "请假审批"


def test_our_own_properties_are_read_without_references():
    bomb = "&amp;a [&amp;b [*a]]"
    data = _file().replace('<userTask id="t" name="办"/>', (
        '<userTask id="t" name="办"><extensionElements><oa:properties><oa:property name="fields">'
        f'{bomb}</oa:property></oa:properties></extensionElements></userTask>'))
    made = bpmn.read(data.encode())
    assert any("fields" in n.reason for n in made.notes)
    assert "fields" not in yaml.safe_load(made.text)["steps"][0]


def test_names_cannot_break_out_of_the_comments():
    made = bpmn.read(_file("流程").encode(), origin="x.bpmn\nname: evil\u2028steps: []")
    assert yaml.safe_load(made.text)["name"] == "p"


def test_choices_that_multiply_are_refused_not_worked_out():
    parts, flows, n = ['<startEvent id="s"/><userTask id="t"/>'], ['<sequenceFlow id="f" sourceRef="s" targetRef="t"/>'], 40
    for k in range(n):
        parts.append(f'<exclusiveGateway id="g{k}" default="d{k}"/><exclusiveGateway id="m{k}"/>')
        before = f"m{k - 1}" if k else "t"
        way = '<sequenceFlow id="{}" sourceRef="{}" targetRef="{}">{}</sequenceFlow>'
        asked = f"<conditionExpression>${{a{k}}}</conditionExpression>"
        flows += [way.format(f"i{k}", before, f"g{k}", ""), way.format(f"d{k}", f"g{k}", f"m{k}", ""),
                  way.format(f"c{k}", f"g{k}", f"m{k}", asked)]
    flows.append(f'<sequenceFlow id="z" sourceRef="m{n - 1}" targetRef="e"/><endEvent id="e"/>')
    with pytest.raises(Invalid, match="超过"):
        bpmn.read((HEAD + '<process id="p">' + "".join(parts + flows) + "</process></definitions>").encode())


def test_a_very_long_chain_is_answered():
    steps = "".join(f'<userTask id="t{k}"/><sequenceFlow id="f{k}" sourceRef="t{k}" targetRef="t{k + 1}"/>'
                    for k in range(1500))
    try:
        made = bpmn.read((HEAD + f'<process id="p">{steps}<userTask id="t1500"/></process></definitions>').encode())
        assert made.name == "p"
    except Invalid as error:
        assert "太长" in error.message
