"""What is wrong with a definition is said with its line; what is right fits the published schema."""

import pytest
import yaml

from oa_kernel import workflow
from oa_kernel.workflow.parse import parse

HEAD = "name: t.x\ntitle: 一\nform: {amount: {type: number}}\nsteps:\n"


def problems(*steps):
    return [(p.line, p.message) for p in parse(HEAD + "".join(f"  - {s}\n" for s in steps))[1]]


DRAFT = "{id: draft, people: drafter, next: a}"


@pytest.mark.parametrize(("line", "word", "steps"), [
    (6, "没有任何环节通向它", (DRAFT.replace("next: a", "next: end"), "{id: lost, people: {user: u}, next: end}")),
    (5, "没有环节“nowhere”", (DRAFT.replace("next: a", "next: nowhere"),)),
    (6, "流程成环", (DRAFT, "{id: a, people: {user: u}, next: a}")),
    (6, "没有的字段 amuont，是不是 amount", (DRAFT, "{id: a, people: {user: u}, next: [{when: 'amuont > 1', to: end}, {to: end}]}")),
    (6, "不认识的人员规则“chief”", (DRAFT, "{id: a, people: {chief: u}, next: end}")),
    (6, "都有条件", (DRAFT, "{id: a, people: {user: u}, next: [{when: 'amount > 1', to: end}]}")),
    (7, "之前没有分支", (DRAFT, "{id: a, people: {user: u}, next: j}", "{id: j, type: join, next: end}")),
    (9, "永远等不到", (DRAFT, "{id: a, type: fork, branches: [b, c]}", "{id: b, people: {user: u}, next: j}",
                 "{id: c, people: {user: u}, next: j}", "{id: j, type: join, wait: 3, next: end}")),
    (9, "会重复办理", (DRAFT, "{id: a, type: fork, branches: [b, c]}", "{id: b, people: {user: u}, next: z}",
                 "{id: c, people: {user: u}, next: z}", "{id: z, people: {user: u}, next: end}")),
    (6, "要写 service", (DRAFT, "{id: a, type: service, next: end}")),
    (6, "只用于 type: timer", (DRAFT, "{id: a, people: {user: u}, after: 3 days, next: end}")),
    (6, "期限", (DRAFT, "{id: a, people: {user: u}, due: soon, next: end}")),
    (6, "没有字段“reviewer”", (DRAFT, "{id: a, people: {field: reviewer}, next: end}")),
])
def test_what_is_wrong_is_named_with_its_line(line, word, steps):
    found = problems(*steps)
    assert any(at == line and word in message for at, message in found), found


def test_a_rule_a_role_a_service_that_nobody_registered(oa):
    text = HEAD + ("  - {id: draft, people: drafter, next: a}\n  - {id: a, people: {role: nobody}, next: b}\n"
                   "  - {id: b, type: service, service: no.such, next: end}\n")
    assert [(p.line, p.message[:12]) for p in workflow.validate_text(text)] == [
        (6, "环节 a：没有角色“no"[:12]), (7, "环节 b：没有插件登记服"[:12])]


def test_a_field_name_that_yaml_does_not_read_as_text():
    text = "name: a\ntitle: b\nform: {on: {type: string}}\nsteps:\n  - {id: d, people: drafter, next: end}\n"
    assert "不是文字" in parse(text)[1][0].message


def test_definitions_that_are_right_fit_the_schema():
    from pathlib import Path

    jsonschema = pytest.importorskip("jsonschema")
    from .test_engine import PURCHASE

    jsonschema.Draft202012Validator.check_schema(workflow.json_schema())
    folder = Path(__file__).parents[3] / "plugins"
    texts = [PURCHASE, *(p.read_text(encoding="utf-8") for p in folder.glob("*/oa_*/workflows/*.yaml"))]
    for text in texts:
        jsonschema.validate(yaml.safe_load(text), workflow.json_schema())
    wrong = yaml.safe_load(PURCHASE)
    wrong["steps"][1]["peple"] = "drafter"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, workflow.json_schema())
