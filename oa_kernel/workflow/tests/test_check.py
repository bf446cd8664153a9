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


@pytest.mark.parametrize(("line", "word", "steps"), [
    (6, "它后面的路永远走不到", (DRAFT, "{id: a, people: {user: u}, next: [{to: draft2}, {to: end}]}",
                       "{id: draft2, people: drafter, next: end}")),
    (6, "没有字段“whom”", (DRAFT, "{id: a, people: {user: u}, on_overdue: {transfer: {field: whom}}, next: end}")),
    (6, "没有字段“whom”", (DRAFT, "{id: a, people: {user: u}, fallback: {field: whom}, next: end}")),
    (6, "没有字段“whom”", (DRAFT, "{id: a, people: {chosen_by: previous, among: {field: whom}}, next: end}")),
    (6, "没有字段“when”", (DRAFT, "{id: a, type: timer, after: {field: when}, next: end}")),
])
def test_fields_are_looked_for_wherever_they_are_relied_on(line, word, steps):
    found = problems(*steps)
    assert any(at == line and word in message for at, message in found), found


PLAIN = HEAD + "  - {id: draft, people: drafter, next: a}\n"


@pytest.mark.parametrize(("rule", "word"), [
    ("{user: ghost}", "没有用户“ghost”"), ("{users: [a, ghost]}", "没有用户“ghost”"), ("{post: no.post}", "没有岗位“no.post”"),
    ("{post: clerk}", "现在无人担任岗位“clerk”"), ("{department: 无此处}", "没有部门“无此处”"),
    ("{role: audit_admin}", "现在没有人有角色“audit_admin”"),
    ("{chosen_by: previous, among: [ghost]}", "没有用户“ghost”"),
    ("{chosen_by: previous, among: {department: 无此处}}", "没有部门“无此处”"),
])
def test_a_rule_that_names_nobody_is_a_warning_with_its_line_and_step(desk, make, rule, word):
    from oa_kernel.identity.models import Department, Post

    Post.create(department=Department.get(name="综合处"), title="收发", code="clerk")
    text = PLAIN + f"  - id: a\n    title: 审核\n    people: {rule}\n    next: end\n"
    found = [(p.line, p.level, p.step) for p in workflow.check_text(text) if word in p.message]
    assert found == [(8, "warning", "a")], workflow.check_text(text)
    assert workflow.validate_text(text) == [], "it can be published"


def test_who_votes_or_has_a_veto_is_looked_for_too(desk):
    text = PLAIN + "  - {id: a, people: {users: [a, b]}, mode: {weights: {a: 2, ghost: 1}, pass: 2, veto: [wraith]}, next: end}\n"
    assert [p.message for p in workflow.check_text(text)] == [
        "环节 a：没有用户“ghost”，或已停用", "环节 a：没有用户“wraith”，或已停用"]


def test_rules_that_nobody_registered_are_found_in_fallbacks_and_escalations(oa):
    text = PLAIN.replace("title: 一\n", "title: 一\nfallback: {role: nobody}\n") + (
        "  - {id: a, people: {head_of: drafter}, fallback: {rule: no.such}, on_overdue: {transfer: {role: nobody}}, next: end}\n")
    assert [(p.line, p.message[:14]) for p in workflow.validate_text(text)] == [
        (3, "后备：没有角色“nobody”。"[:14]), (7, "环节 a：没有插件登记人员规则"[:14]), (7, "环节 a：没有角色“nobody”"[:14])]


def test_each_mistake_knows_the_step_it_stands_in():
    text = HEAD + ("  # 起点\n  - {id: draft, people: drafter, next: a}\n  - id: a\n    people: {user: u}\n    due: soon\n"
                   "    next: end\n  - {id: lost, people: {user: u}, next: ends}\n")
    assert [(p.line, p.step) for p in parse(text)[1]] == [(9, "a")]
    assert [(p.line, p.step) for p in parse(text.replace("soon", "3 days"))[1]] == [(11, "lost")]


def test_asking_whether_people_are_there_takes_as_many_queries_for_ten_steps_as_for_one(desk, count_queries):
    def cost(n):
        text = HEAD + "  - {id: draft, people: drafter, next: s0}\n" + "".join(
            f"  - {{id: s{i}, people: {{user: a}}, fallback: {{department: 综合处}}, next: {f's{i + 1}' if i < n - 1 else 'end'}}}\n"
            for i in range(n))
        with count_queries() as queries:
            assert workflow.check_text(text) == []
        return len(queries)

    cost(1)
    assert cost(10) == cost(1)


@pytest.mark.parametrize("text", [
    "name: t.x\ntitle: x\nform: &a {a: *a}\nsteps:\n  - {id: draft, people: drafter, next: end}\n",
    "x0: &x0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n" + "".join(
        f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, 9)) + "name: t.x\ntitle: x\nsteps: []\n",
])
def test_aliases_that_never_end_or_unfold_into_millions_are_refused_at_once(text):
    definition, problems = parse(text)
    assert definition is None and "YAML" in problems[0].message
