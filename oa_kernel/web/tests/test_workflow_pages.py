"""Administration of workflows without a script: the same forms, one page a change; and what the designer's requests answer."""

from __future__ import annotations

import pytest
import yaml

from oa_kernel import workflow
from oa_kernel.web.tests.pages import Browser, last_event
from oa_kernel.workflow import drafts

TEXT = """\
name: t.buy
title: 采购   # 勿改
form: {amount: {type: number, label: 金额, x-note: 1}}
steps:
  - {id: draft, title: 拟稿, people: drafter, next: head}
  - id: head
    title: 处长审核
    people: {head_of: drafter}
    remind: 4 hours
    next: [{when: "amount > 10", to: sign}, {to: end}]
  - id: sign
    title: 会签
    people: {chosen_by: previous, among: [a, b]}
    mode: {weights: {a: 2, b: 1}, pass: 2, veto: [a]}
    actions: [approve, reject]
    fields: {amount: hidden}
    on_overdue: {transfer: {user: a}}
    due: 2 working days
    next: end
"""


@pytest.fixture
def admin(oa, make):
    make.person("drafter", "李拟稿", make.department("综合处"))
    return make.person("boss", "管理员", roles=["system_admin"])


@pytest.fixture
def one(oa_client, admin):
    workflow.publish(TEXT)
    return Browser(oa_client(admin), admin)


def form_of(page, admin, **changes):
    """What the browser would send of the step's form, with some fields changed."""
    import re
    from html import unescape

    body = re.search(r'<form[^>]*id="wf-step-form".*?</form>', page, re.S)[0]
    sent: list[tuple[str, str]] = []
    for tag in re.findall(r"<input[^>]*>", body):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            sent.append((name[1], unescape(value[1]) if value else ""))
    for name, inner in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', body, re.S):
        options = re.findall(r'<option value="([^"]*)"( selected)?', inner)
        sent.append((name, unescape(next((v for v, s in options if s), options[0][0] if options else ""))))
    for name, value in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n?(.*?)</textarea>', body, re.S):
        sent.append((name, unescape(value)))
    out: dict[str, list[str]] = {}
    for name, value in sent:
        out.setdefault(name, []).append(value)
    return {**out, **changes}


@pytest.mark.parametrize("step", ["draft", "head", "sign"])
def test_a_step_that_is_opened_and_saved_unchanged_changes_nothing(one, admin, step):
    page = one.client.get(f"/admin/workflows/t.buy/edit?step={step}").text
    one.post("/admin/workflows/t.buy/edit", **form_of(page, admin))
    assert drafts.get("t.buy", admin).version == 0


def test_one_thing_changed_changes_its_line_alone(one, admin):
    page = one.client.get("/admin/workflows/t.buy/edit?step=sign").text
    one.post("/admin/workflows/t.buy/edit", **form_of(page, admin, due="3 days"))
    assert drafts.get("t.buy", admin).text == TEXT.replace("due: 2 working days", "due: 3 days")


@pytest.mark.parametrize(("kind", "fields", "rule"), [
    ("drafter", {}, "drafter"), ("users", {"people.users": "a，b"}, {"users": ["a", "b"]}),
    ("users", {"people.users": "a"}, {"user": "a"}),
    ("head_of", {"people.levels": "2"}, {"head_of": "drafter", "levels": 2}), ("deputy_for", {}, {"deputy_for": "drafter"}),
    ("role", {"people.role": "office"}, {"role": "office"}), ("post", {"people.post": "p.q"}, {"post": "p.q"}),
    ("department", {"people.department": "综合处", "people.below": "1"}, {"department": "综合处", "below": True}),
    ("field", {"people.field": "amount"}, {"field": "amount"}), ("rule", {"people.rule": "x.y"}, {"rule": "x.y"}),
    ("chosen_by", {"people.among.kind": ""}, {"chosen_by": "previous"}),
    ("chosen_by", {"people.among.kind": "role", "people.among.role": "office"},
     {"chosen_by": "previous", "among": {"role": "office"}}),
    ("chosen_by", {"people.among.kind": "users", "people.among.users": "a b"}, {"chosen_by": "previous", "among": ["a", "b"]}),
])
def test_every_way_to_say_who(one, admin, kind, fields, rule):
    page = one.client.get("/admin/workflows/t.buy/edit?step=head").text
    one.post("/admin/workflows/t.buy/edit", **form_of(page, admin, **{"people.kind": kind, **fields}))
    steps = yaml.safe_load(drafts.get("t.buy", admin).text)["steps"]
    assert steps[1]["people"] == rule
    assert steps[1]["remind"] == "4 hours", "the rest as it was"


@pytest.mark.parametrize(("fields", "mode"), [
    ({"mode.kind": "all"}, "all"), ({"mode.kind": "sequence"}, "sequence"), ({"mode.kind": "one"}, None),
    ({"mode.kind": "ratio", "mode.ratio": "60", "mode.veto": ""}, {"ratio": 0.6}),
    ({"mode.kind": "weights", "mode.weights": "a = 3\nb = 1", "mode.pass": "3", "mode.veto": "b"},
     {"weights": {"a": 3, "b": 1}, "pass": 3, "veto": ["b"]}),
])
def test_every_way_to_decide(one, admin, fields, mode):
    page = one.client.get("/admin/workflows/t.buy/edit?step=head").text
    one.post("/admin/workflows/t.buy/edit", **form_of(page, admin, **fields))
    assert yaml.safe_load(drafts.get("t.buy", admin).text)["steps"][1].get("mode") == mode


def test_steps_are_added_connected_moved_and_removed(one, admin):
    def do(version, **form):
        one.post("/admin/workflows/t.buy/edit", version=str(version), **form)

    do(0, do="add", type="task", step="sign", new_title="领导批准")
    do(1, do="connect", step="draft", to="sign")
    do(2, do="up", step="sign")
    do(3, do="remove", step="head")
    steps = yaml.safe_load(drafts.get("t.buy", admin).text)["steps"]
    assert [(s["id"], s["next"]) for s in steps][1:] == [("sign", "step1"), ("step1", "end")]


def test_fields_and_the_matrix_of_rights(one, admin):
    one.post("/admin/workflows/t.buy/edit", version="0", do="field", field="amount",
             **{"field.name": "total", "field.type": "number", "field.label": "总额", "field.required": "1"})
    one.post("/admin/workflows/t.buy/edit", version="1", do="rights", **{"right:head:total": "required", "right:sign:total": ""})
    data = yaml.safe_load(drafts.get("t.buy", admin).text)
    assert data["form"] == {"total": {"type": "number", "label": "总额", "x-note": 1, "required": True}}
    assert data["steps"][1]["fields"] == {"total": "required"} and "fields" not in data["steps"][2]
    assert data["steps"][1]["next"][0]["when"] == "total > 10"
    assert "# 勿改" in drafts.get("t.buy", admin).text


def test_what_was_typed_comes_back_with_the_reason_when_somebody_was_faster(one, admin):
    drafts.edit("t.buy", [{"op": "head", "values": {"description": "先改的"}}], 0, admin)
    page = one.post("/admin/workflows/t.buy/edit", 409, version="0", do="text", text="# 我写的\n" + TEXT, tab="yaml")
    assert "刚才也改了这份草稿" in page and "# 我写的" in page


def test_a_request_of_the_designer_answers_text_drawing_and_problems(one, admin):
    answer = one.client.post("/admin/workflows/t.buy/edit", headers={"Accept": "application/json"}, data={
        "_csrf": one.csrf, "version": "0", "do": "text", "text": TEXT.replace("amount > 10", "amuont > 10")}).json
    assert answer["version"] == 1 and "没有的字段 amuont" in answer["problems"]
    assert {n["id"]: n["wrong"] for n in answer["graph"]["nodes"]}["head"] == "error"
    late = one.client.post("/admin/workflows/t.buy/edit", headers={"Accept": "application/json"}, data={
        "_csrf": one.csrf, "version": "0", "do": "remove", "step": "sign"})
    assert (late.status_code, late.json["code"], late.json["version"]) == (409, "draft_changed", 1)


def test_tried_compared_and_published(one, admin):
    page = one.post("/admin/workflows/t.buy/trial", drafter="drafter", **{"value:amount": "50"})
    assert "成立（amount = 50）" in page and "由上一步从这些人中选定" in page
    drafts.edit("t.buy", [{"op": "step", "id": "head", "values": {"title": "处长把关"}}], 0, admin)
    page = one.get("/admin/workflows/t.buy/publish")
    assert "处长把关" in page and "发布后是第 2 版" in page and "现在没有在办的事项" in page
    one.post("/admin/workflows/t.buy/publish", version="1")
    assert workflow.definition("t.buy").version == 2
    assert last_event("workflow.publish").after["version"] == 2
    assert "处长把关" in one.get("/admin/workflows/t.buy/compare")


def test_a_new_one_is_begun_and_thrown_away(one):
    page = one.post("/admin/workflows/new", title="新的", name="office.new")
    assert "新的" in page
    assert "还没有发布" in one.get("/admin/workflows")
    one.post("/admin/workflows/office.new/discard")
    assert "office.new" not in one.get("/admin/workflows")


def test_the_list_takes_as_many_queries_for_many_as_for_one(one, count_queries):
    def cost():
        with count_queries() as queries:
            one.get("/admin/workflows")
        return len(queries)

    cost()
    before = cost()
    for n in range(12):
        workflow.publish(TEXT.replace("t.buy", f"t.buy{n}"))
    assert cost() == before


@pytest.mark.parametrize("path", ["", "/new", "/t.buy", "/t.buy/edit", "/t.buy/publish", "/t.buy/compare"])
def test_only_who_manages_workflows(one, oa_client, path):
    from oa_kernel.identity.models import Person

    assert Browser(oa_client(Person.get(username="drafter")), None).status(f"/admin/workflows{path}") in (403, 404)
