"""Scope and clearance, in checks of one thing and inside queries: both say the same."""

import pytest

from oa_kernel import identity, permissions
from oa_kernel.errors import Forbidden
from oa_kernel.identity.models import Person
from oa_kernel.permissions import checks


def visible(papers, person, **more):
    query = permissions.restrict(
        papers.select(), person, "papers.read", owner=papers.drafter_id, department=papers.department_id,
        secrecy=papers.secrecy_level, **more,
    )
    seen = sorted(p.title for p in query)
    if not more:  # what a query lets through, and what a check of each one does, is one rule
        assert seen == sorted(p.title for p in papers.select() if permissions.allows(person, "papers.read", p))
    return seen


def test_without_a_grant_nothing_is_seen(papers, office):
    assert visible(papers, office["zhang"]) == []
    assert not permissions.allows(office["zhang"], "papers.read")


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        ("papers.writer", ["zhang"]),
        ("papers.division", ["zhang"]),
        ("papers.branch", ["li", "zhang"]),
        ("papers.all", ["li", "wang", "zhang"]),
    ],
)
def test_each_scope_lets_in_its_own(papers, office, role, seen):
    permissions.grant(office["zhang"], role)
    assert visible(papers, office["zhang"]) == seen


def test_chosen_departments_and_what_is_ones_own(papers, office):
    permissions.grant(office["zhang"], "papers.chosen", scope_departments=[office["affairs"]])
    assert visible(papers, office["zhang"]) == ["wang", "zhang"]


def test_scopes_of_several_roles_add_up(papers, office):
    permissions.grant(office["li"], "papers.division")
    permissions.grant(office["li"], "papers.chosen", scope_departments=[office["affairs"]])
    assert visible(papers, office["li"]) == ["li", "wang"]


def test_nobody_sees_above_their_clearance(papers, office):
    permissions.grant(office["zhang"], "papers.all")
    assert "secret" not in visible(papers, office["zhang"])
    Person.update(clearance=2, version=Person.version + 1).where(Person.id == office["zhang"].id).execute()
    assert "secret" in visible(papers, office["zhang"])


def test_not_even_what_is_ones_own(papers, office):
    permissions.grant(office["wang"], "papers.writer")
    assert visible(papers, office["wang"]) == ["wang"]


def test_another_way_in_stands_beside_the_permission_and_under_the_clearance(papers, office):
    taking_part = papers.title.in_(["wang", "secret"])
    assert visible(papers, office["zhang"], also=taking_part) == ["wang"]
    permissions.grant(office["zhang"], "papers.writer")
    assert visible(papers, office["zhang"], also=taking_part) == ["wang", "zhang"]


def test_a_post_carries_its_department_into_the_scope(papers, office, make):
    post = make.post(office["affairs"], "文书")
    permissions.grant(post, "papers.division")
    holding = identity.assign(office["zhang"], post)
    assert visible(papers, office["zhang"]) == ["wang", "zhang"]
    identity.end_assignment(holding)
    assert visible(papers, office["zhang"]) == []


def test_a_department_means_its_people_and_below_only_if_said(papers, office):
    permissions.grant(office["general"], "papers.division")
    assert visible(papers, office["zhang"]) == ["zhang"]
    assert visible(papers, office["li"]) == []
    permissions.grant(office["top"], "papers.division", below=True)
    assert visible(papers, office["li"]) == ["li"]
    assert visible(papers, office["wang"]) == ["wang"]


def test_a_disabled_person_sees_nothing(papers, office):
    permissions.grant(office["zhang"], "papers.all")
    identity.disable_person(office["zhang"])
    assert visible(papers, office["zhang"]) == []
    assert visible(papers, office["zhang"], also=papers.title == "wang") == []


def test_nobody_is_nobody(papers, office):
    assert not permissions.allows(None, "papers.read")
    assert list(permissions.restrict(papers.select(), None, "papers.read")) == []
    assert list(papers.select().where(permissions.secrecy_condition(None, papers.secrecy_level))) == []


def test_clearance_alone_can_be_a_condition(papers, office):
    seen = papers.select().where(permissions.secrecy_condition(office["zhang"], papers.secrecy_level))
    assert sorted(p.title for p in seen) == ["li", "wang", "zhang"]


def test_a_thing_that_does_not_say_whose_it_is_needs_the_whole_scope(office):
    permissions.grant(office["zhang"], "papers.branch")
    assert not permissions.allows(office["zhang"], "papers.read", object())
    permissions.grant(office["zhang"], "papers.all")
    assert permissions.allows(office["zhang"], "papers.read", object())


def test_a_thing_may_tell_its_facts(office):
    permissions.grant(office["zhang"], "papers.division")
    general = office["general"].id

    class Letter:
        def permission_facts(self):
            return permissions.Facts(department=general)

    assert permissions.allows(office["zhang"], "papers.read", Letter())
    assert permissions.allows(office["zhang"], "papers.read", {"department_id": general})
    assert not permissions.allows(office["zhang"], "papers.read", {"department_id": general, "secrecy_level": "机密"})


def test_with_many_departments_the_query_goes_by_path(papers, office, monkeypatch):
    permissions.grant(office["zhang"], "papers.branch")
    permissions.grant(office["zhang"], "papers.chosen", scope_departments=[office["affairs"]])
    listed = visible(papers, office["zhang"])
    monkeypatch.setattr(checks, "LISTED", 0)
    assert visible(papers, office["zhang"]) == listed == ["li", "wang", "zhang"]


def test_requiring_tells_what_is_missing(office):
    with pytest.raises(Forbidden, match="查看文稿"):
        permissions.require(office["zhang"], "papers.read")
    permissions.grant(office["zhang"], "papers.writer")
    permissions.require(office["zhang"], "papers.read")


def test_everybody_active_is_a_member(office):
    assert permissions.allows(office["zhang"], "kernel.tasks.own")
    assert not permissions.allows(office["zhang"], "kernel.people.manage")
