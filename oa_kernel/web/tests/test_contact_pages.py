"""The address book's pages, what pickers ask, and administration that keeps what was typed."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest
from werkzeug.datastructures import MultiDict

from oa_kernel import clock, identity
from oa_kernel.web import limits
from oa_kernel.web.pages import people
from oa_kernel.web.tests.pages import Browser, last_event, plain


@pytest.fixture
def office(make):
    office = make.department("办公室")
    make.person("zhou", "周承业", office, posts=[("主任", "head")], phone="8700", mobile="13811110000")
    return office


@pytest.fixture
def browser(oa_client):
    return lambda someone: Browser(oa_client(someone), someone)


@pytest.fixture
def clerk(make, browser):
    return browser(make.person("clerk", "经办", make.department("外处")))


@pytest.fixture
def admin(make, browser, office):
    return browser(make.person("sys", "管理员", office, roles=["system_admin"]))


def test_numbers_kept_back_are_nowhere_on_the_pages(office, clerk):
    zhou = identity.by_username("zhou")
    for path in ("/people", "/people?q=zhou", f"/people/{zhou.id}"):
        page = clerk.get(path)
        assert "周承业" in page and "不公开" in page and "13811110000" not in page, path
    assert "13811110000" not in clerk.client.get(f"/people/{zhou.id}.vcf").text
    assert "周承业" not in clerk.get("/search?q=13811110000")


def test_cards_of_a_filter(office, clerk):
    answer = clerk.client.get("/people.vcf?q=zhou")
    assert answer.mimetype == "text/vcard" and answer.text.count("BEGIN:VCARD") == 1


def test_a_picker_answers_json_to_people_signed_in_and_not_too_often(office, clerk, oa_client):
    items = clerk.client.get("/people/pick?q=zcy").json["items"]
    assert items == [{"value": "zhou", "name": "周承业", "department": "办公室", "posts": "主任"}]
    assert clerk.client.get("/people/pick?is=zhou&is=nobody").json["items"] == items
    assert clerk.client.get("/people/pick-department?q=办公").json["items"][0]["value"] == str(office.id)
    assert oa_client().get("/people/pick?q=z").status_code == 303


def test_a_picker_is_not_asked_without_end(office, clerk, monkeypatch):
    monkeypatch.setattr(limits, "time", SimpleNamespace(time=lambda: 1e9))  # one window
    monkeypatch.setattr(people, "_PICKS", 3)
    assert [clerk.client.get("/people/pick?q=z").status_code for _n in range(4)] == [200, 200, 200, 429]


def test_fields_with_a_picker_work_as_plain_fields(office, admin, oa_client):
    page = admin.client.get(f"/admin/departments/{office.id}").text
    assert 'name="deputy"' in page and 'data-picker="person"' in page and "picker.js" in page
    assert "已保存" in admin.post(f"/admin/departments/{office.id}", name="办公室", deputy="zhou")


def test_forms_of_plugins_ask_for_people_by_picker_and_for_departments_by_their_names(oa_app, make):
    from oa_kernel import forms

    form = forms.load({"who": {"type": "person", "label": "经办人"}, "where": {"type": "department", "label": "部门"},
                       "parts": {"type": "list", "widget": "department", "schema": {"type": "integer"}, "label": "会办"},
                       "all": {"type": "list", "widget": "person", "schema": {"type": "string"}, "label": "会签人"}})
    home, shut = make.department("收发室"), make.department("旧办")
    identity.update_department(shut, active=False)
    with oa_app.test_request_context():
        html = str(form.render({"who": "zhou", "all": ["a", "b"], "where": shut.id, "parts": [home.id]}))
        read = str(form.render({"where": shut.id, "parts": [home.id]}, modes={"where": "read", "parts": "read"}))
    assert html.count('data-picker="person"') == 2 and html.count('data-picker="local"') == 2
    assert f'<option value="{shut.id}" selected>旧办' in html and html.count("旧办") == 1 and html.count(">收发室") == 2
    assert ">旧办<" in read and ">收发室<" in read and "<select" not in read
    assert form.validate(MultiDict([("parts", ""), ("parts", str(home.id))]))["parts"] == [home.id]
    assert form.validate(MultiDict([("parts", "")]), partial=True)["parts"] == []
    assert "picker.js" in html and '<textarea' in html and "a\nb" in html


def test_a_refused_post_keeps_what_was_typed(admin, office):
    path = f"/admin/departments/{office.id}/posts"
    admin.post(path, title="秘书", code="office.secretary", kind="member")
    page = admin.post(path, 422, title="第二秘书", code="office.secretary", kind="deputy_head")
    assert "已用于另一职务" in page and 'value="第二秘书"' in page and 'value="office.secretary"' in page
    assert '<option value="deputy_head" selected>' in page and 'href="#field-post-code"' in page


def test_a_refused_appointment_keeps_what_was_typed(admin, office):
    zhou = identity.by_username("zhou")
    post = identity.posts_in(office)[0]
    page = admin.post(f"/admin/people/{zhou.id}/posts", 422, post=str(post.id), acting="1", since="2027-05-01",
                      until="2027-04-01")
    assert 'value="2027-05-01"' in page and f'<option value="{post.id}" selected>' in page
    assert "请选择职务" in admin.post(f"/admin/people/{zhou.id}/posts", 422, post="", since="2027-05-01")
    assert "2027/05/01" in admin.post(f"/admin/people/{zhou.id}/posts", 422, post=str(post.id), since="2027/05/01")


def test_a_new_person_refused_keeps_what_was_typed(admin, office):
    page = admin.post("/admin/people/new", 422, username="zhou", name="新人", email="x@example.cn", department=str(office.id))
    assert 'value="新人"' in page and 'value="x@example.cn"' in page and f'<option value="{office.id}" selected>' in page


def test_an_acting_post_with_its_days(admin, office, make):
    clerk = make.person("lin", "林", office)
    post = identity.posts_in(office)[0]
    start = clock.today() + dt.timedelta(days=3)
    page = admin.post(f"/admin/people/{clerk.id}/posts", post=str(post.id), acting="1", since=start.isoformat(),
                      until=(start + dt.timedelta(days=30)).isoformat())
    assert "已任命" in page and "尚未开始" in page and "（代理）" in page
    assert identity.holdings(clerk) == []
    assert last_event("person.post_given").after["acting"] is True


def test_who_held_the_posts_on_a_day(clerk, office):
    page = clerk.get(f"/people/departments/{office.id}")
    assert "周承业" in page and "主任" in page
    assert "没有人担任职务" in clerk.get(f"/people/departments/{office.id}?on=2001-01-01")
    assert "周承业" in clerk.get(f"/people/departments/{office.id}?on=all")
    assert "日期写作" in clerk.get(f"/people/departments/{office.id}?on=yesterday", 422)
    assert clerk.status("/people/departments/999999") == 404


def test_the_page_of_a_person_tells_their_posts_over_time(clerk, office):
    zhou = identity.by_username("zhou")
    assert "任职经历" in clerk.get(f"/people/{zhou.id}") and "在任" in plain(clerk.get(f"/people/{zhou.id}"))
