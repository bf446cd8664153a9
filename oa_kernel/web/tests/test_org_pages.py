"""The organisation chart: what everybody sees of it, counted, and in the same few queries however large it is."""

from __future__ import annotations

import datetime as dt

import pytest

from oa_kernel import clock, db, identity
from oa_kernel.web.tests.pages import Browser


@pytest.fixture
def units(make):
    bureau = make.department("局")
    office = make.department("办公室", bureau)
    secret = make.department("机要室", office)
    make.person("deputy", "沈副局", bureau)
    make.person("head", "周主任", office, posts=[("主任", "head")])
    make.person("clerk", "李科员", secret)
    identity.update_department(office, deputy=identity.by_username("deputy"))
    return bureau, office, secret


@pytest.fixture
def browser(oa_client):
    def sign_in(username):
        someone = identity.by_username(username)
        return Browser(oa_client(someone), someone)

    return sign_in


def by_name(units):
    return {u.name: u for u in flat(units)}


def flat(units):
    return [x for u in units for x in (u, *flat(u.below))]


def test_people_are_counted_with_those_below(units):
    found = by_name(identity.chart())
    assert [(found[n].own, found[n].total) for n in ("局", "办公室", "机要室")] == [(1, 3), (1, 2), (1, 1)]


def test_heads_of_today_and_the_leader_in_charge(units, make):
    _bureau, office, _secret = units
    post = identity.posts_in(office)[0]
    wu = make.person("wu", "吴", office)
    identity.assign(wu, post, acting=True)
    later = make.person("later", "后来人", office)
    identity.assign(later, post, since=clock.today() + dt.timedelta(days=5))
    found = by_name(identity.chart())["办公室"]
    assert [(name, acting) for _id, name, _title, acting in found.heads] == [("周主任", False), ("吴", True)]
    assert found.deputy[1] == "沈副局"


def test_as_many_queries_for_a_hundred_units_as_for_three(units, make):
    with db.count_queries() as few:
        identity.chart()
    for n in range(100):
        make.department(f"处{n}", units[0])
    with db.count_queries() as many:
        identity.chart()
    assert len(few) == len(many) <= 4


def test_everybody_signed_in_sees_it_and_strangers_do_not(units, browser, oa_client):
    page = browser("clerk").get("/people/chart")
    assert "主任 <a href=\"/people/" in page and "3 人" in page and "分管：" in page
    assert oa_client().get("/people/chart").status_code == 303


def test_whoever_may_not_read_the_address_book_sees_units_without_people(units, browser, monkeypatch):
    from oa_kernel import permissions

    kept = permissions.scopes_of
    monkeypatch.setattr(permissions, "scopes_of", lambda p: {k: v for k, v in kept(p).items() if k != "kernel.people.read"})
    found = by_name(identity.chart(identity.by_username("clerk")))
    assert (found["办公室"].heads, found["办公室"].deputy, found["局"].total) == ([], None, 0)


def test_an_organisation_without_departments_says_what_to_do(make, browser, oa):
    make.person("lone", "独")
    assert "还没有部门" in browser("lone").get("/people/chart")
