"""Programs read the address book, the tree, and who held a post on a day; by their rights."""

from __future__ import annotations

import datetime as dt

import pytest

from oa_kernel import identity


@pytest.fixture
def story(make):
    office = make.department("综合处")
    head = make.post(office, "处长", "head", code="zh.head")
    zhou = make.person("zhou", "周承业", office, mobile="13811110000", phone="8700")
    wu = make.person("wu", "吴", office)
    make.person("other", "外人", make.department("外处"))
    identity.assign(zhou, head, since=dt.date(2025, 1, 1), until=dt.date(2026, 3, 1))
    identity.assign(wu, head, since=dt.date(2026, 3, 1), acting=True)
    return office


@pytest.fixture
def get(story, oa_api):
    api = oa_api("other")

    def ask(path, status=200):
        answer = api.get(f"/api/v1{path}")
        assert answer.status_code == status, answer.text
        return answer.json

    return ask


def test_the_address_book_in_pages(get):
    first = get("/people?limit=2")
    rest = get(f"/people?limit=2&cursor={first['next']}")
    assert [p["username"] for p in first["items"] + rest["items"]] == ["zhou", "wu", "other"] and rest["next"] is None
    assert [p["username"] for p in get("/people?q=zcy")["items"]] == ["zhou"]


def test_a_number_not_shown_is_null_and_not_found(get, oa_api):
    assert get("/people/zhou")["mobile"] is None
    assert get("/people?q=13811110000")["items"] == []
    assert oa_api("zhou").get("/api/v1/people/zhou").json["mobile"] == "13811110000"


def test_one_person_with_the_posts_of_today_or_all(get):
    assert get("/people/zhou")["posts"] == []
    assert [(p["title"], p["since"], p["until"]) for p in get("/people/zhou?history=true")["posts"]] == [
        ("处长", "2025-01-01", "2026-03-01")]
    get("/people/nobody", 404)


def test_departments_with_heads_and_counts(get, story):
    found = {d["id"]: d for d in get("/departments")["items"]}
    assert found[story.id]["people"] == 2
    assert found[story.id]["heads"] == [{"name": "吴", "title": "处长", "acting": True}]


def test_who_was_head_on_a_day(get, story):
    def on(day):
        return [(h["username"], h["acting"]) for h in get(f"/departments/{story.id}/holders?on={day}&kind=head")["items"]]

    assert (on("2026-02-28"), on("2026-03-01"), on("2024-01-01")) == ([("zhou", False)], [("wu", True)], [])
    assert [h["username"] for h in get(f"/departments/{story.id}/holders")["items"]] == ["wu", "zhou"]
    get(f"/departments/{story.id}/holders?on=yesterday", 422)
    get("/departments/999999/holders", 404)
