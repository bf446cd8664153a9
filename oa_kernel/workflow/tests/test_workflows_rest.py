"""Definitions over REST: read, checked, tried, drafted, put into force; by those who manage workflows."""

import pytest

from oa_kernel import workflow

TEXT = "name: t.case\ntitle: 一件事\nform: {n: {type: integer}}\nsteps:\n  - {id: draft, title: 拟稿, people: drafter, next: a}\n" \
       "  - {id: a, title: 审, people: {user: ghost}, next: [{when: 'n > 1', to: b}, {to: end}]}\n" \
       "  - {id: b, title: 再审, people: {head_of: drafter}, next: end}\n"


@pytest.fixture
def api(desk, oa_api):
    workflow.publish(TEXT)
    return oa_api(desk.admin)


def test_listed_and_read(api):
    assert [(i["name"], i["version"]) for i in api.get("/api/v1/workflows").json["items"]] == [("t.case", 1)]
    assert api.get("/api/v1/workflows/t.case").json["text"] == TEXT
    assert api.get("/api/v1/workflows/t.none").status_code == 404


def test_the_schema_is_for_everybody(oa_app):
    answer = oa_app.test_client().get("/api/v1/workflows/schema.json")
    assert answer.status_code == 200 and answer.json["properties"]["steps"]


def test_checked_with_lines_and_steps(api):
    told = api.post("/api/v1/workflows/validate", json={"text": TEXT}).json
    assert told["ok"] and told["problems"] == []
    assert [(w["line"], w["step"]) for w in told["warnings"]] == [(6, "a")]
    told = api.post("/api/v1/workflows/validate", json={"text": TEXT.replace("to: b", "to: c")}).json
    assert not told["ok"] and told["problems"][0]["line"] == 6


def test_tried_with_a_text_that_is_not_published(api):
    ways = api.post("/api/v1/workflows/t.case/simulate", json={"drafter": "drafter", "form": {"n": 2}}).json["steps"]
    assert [(s["step"], s["usernames"]) for s in ways] == [("draft", ["drafter"]), ("a", ["admin"]), ("b", ["head"])]
    other = TEXT.replace("n > 1", "n > 5")
    ways = api.post("/api/v1/workflows/t.case/simulate", json={"drafter": "drafter", "form": {"n": 2}, "text": other}).json["steps"]
    assert [s["step"] for s in ways] == ["draft", "a"]
    assert api.post("/api/v1/workflows/t.case/simulate", json={"drafter": "nobody"}).status_code == 422


def test_drafted_with_the_version_one_saw(api):
    first = api.get("/api/v1/workflows/t.case/draft").json
    assert first["version"] == 0
    kept = api.put("/api/v1/workflows/t.case/draft", json={"text": "# 改\n" + TEXT, "version": 0})
    assert kept.json["version"] == 1
    late = api.put("/api/v1/workflows/t.case/draft", json={"text": TEXT, "version": 0})
    assert (late.status_code, late.json["code"], late.json["text"]) == (409, "draft_changed", "# 改\n" + TEXT)


def test_put_into_force_or_told_where_it_is_wrong(api):
    made = api.post("/api/v1/workflows", json={"text": TEXT.replace("title: 一件事", "title: 二\nversion: 2")})
    assert (made.status_code, made.json["version"]) == (201, 2)
    wrong = api.post("/api/v1/workflows", json={"text": "name: x"})
    assert wrong.status_code == 422 and wrong.json["problems"]


@pytest.mark.parametrize(("method", "path"), [
    ("get", ""), ("get", "/t.case"), ("post", ""), ("post", "/validate"), ("post", "/t.case/simulate"), ("get", "/t.case/draft"),
    ("put", "/t.case/draft")])
def test_only_who_manages_workflows(desk, oa_api, method, path):
    workflow.publish(TEXT)
    body = {"json": {"text": TEXT, "version": 0, "drafter": "drafter"}} if method != "get" else {}
    assert getattr(oa_api(desk.drafter), method)(f"/api/v1/workflows{path}", **body).status_code == 403
