"""Who may do what and why; what nobody used; at the same price for everybody."""

import datetime as dt

import pytest

from oa_kernel import clock, context, identity, permissions
from oa_kernel.identity.models import Person
from oa_kernel.permissions import uses
from oa_kernel.permissions.holding import unheld
from oa_kernel.permissions.review_parts import Wanted
from oa_kernel.permissions.reviewing import review, reviewed

EARLIER = clock.now() - dt.timedelta(days=200)


def use(person, *names, days_ago=0):
    with clock.freeze(clock.now() - dt.timedelta(days=days_ago)), context.acting(context.Actor().with_person(person)):
        for name in names:
            permissions.require(identity.get(person.id), name)
        uses.flush()


def seen(**wanted):
    """user name → {permission: (scopes, unused)}"""
    return {one.username: {r.permission.name: (r.scopes, r.unused) for r in one.rights} for one in reviewed(Wanted(**wanted))}


@pytest.fixture
def people(office, make):
    """张三 by himself and by the department above, 李四 by his department, 王五 by a post; 赵 audits, whatever else he was given."""
    with clock.freeze(EARLIER):
        post = make.post(office["affairs"], "文书")
        permissions.grant(office["zhang"], "papers.writer")
        permissions.grant(office["top"], "papers.chosen", scope_departments=[office["affairs"]], below=True)
        permissions.grant(office["section"], "papers.division")
        permissions.grant(post, "papers.branch")
    identity.assign(office["wang"], post)
    office["zhao"] = make.person("zhao", "赵", office["top"], roles=["audit_admin", "papers.all"])
    make.person("idle", "闲")  # of no department, with nothing
    Person.update(created_at=EARLIER).execute()
    return office


def test_everybody_with_everything_they_hold_and_why(people):
    found = seen()
    assert found == {
        "zhang": {"papers.read": (["own", "chosen"], False), "papers.write": (["own"], False)},
        "li": {"papers.read": (["department", "chosen"], False)},
        "wang": {"papers.read": (["department_tree", "chosen"], False)},
        "zhao": {"kernel.audit.read": (["all"], False)},
    }
    for one in reviewed(Wanted(everyone=True)):  # what the review says is what the checks say
        assert {r.permission.name for r in one.rights} == set(permissions.scopes_of(identity.get(one.id)))
    zhang, = review(Wanted(permission="papers.read", role="papers.chosen"), limit=1).items
    way, = zhang.rights[0].ways
    assert way.text == permissions.explain(people["zhang"], "papers.read")[-1]["text"] and "业务处" in way.text


def test_what_is_asked_for_alone(people):
    assert set(seen(department=people["general"].id)) == {"zhang", "li"}
    assert set(seen(permission="papers.write")) == {"zhang"} and set(seen(role="papers.branch")) == {"wang"}
    assert set(seen(sensitive=True)) == {"zhao"} and set(seen(permission="kernel.tasks.own")) == {
        "zhang", "li", "wang", "idle"}
    assert seen(role="no.such") == {}
    identity.disable_person(people["wang"])
    assert "wang" not in seen()


def test_unused_counts_from_the_last_use_from_recording_and_from_when_it_was_given(people):
    assert seen(unused=True) == {}, "nothing was recorded: nobody can say"
    use(people["zhang"], "papers.write", days_ago=100)
    use(people["li"], "papers.read", days_ago=89)
    assert seen(unused=True) == {"zhang": {"papers.read": (["own", "chosen"], True), "papers.write": (["own"], True)}}
    assert "li" in seen(unused=True, days=89)
    wang, = review(Wanted(role="papers.branch", days=7)).items
    assert (wang.rights[0].since, wang.rights[0].idle) == (clock.today(), 0), "he has the post since today"
    with clock.freeze(clock.now() + dt.timedelta(days=90)):
        assert {"zhang", "li", "wang", "zhao"} == set(seen(unused=True))
        idle = {p.name: day for p, day in unheld(90).unused}
    assert "kernel.tasks.own" in idle and idle["papers.write"] == clock.today() - dt.timedelta(days=100)
    assert "papers.write" not in {p.name for p, _ in unheld(101).unused}


def test_what_nobody_holds(people):
    found = unheld(90)
    names = {r.name for r in found.roles}
    assert {"papers.keeper", "system_admin"} <= names and names.isdisjoint(
        {"papers.writer", "papers.chosen", "papers.division", "papers.branch", "member", "audit_admin"})
    assert {"papers.lock", "kernel.roles.manage"} <= {p.name for p in found.permissions}
    assert "papers.read" not in {p.name for p in found.permissions}
    identity.disable_person(people["wang"])
    identity.disable_person(people["li"])
    assert {"papers.branch", "papers.division"} <= {r.name for r in unheld(90).roles}


def test_a_page_costs_the_same_for_few_and_for_many(people, make, count_queries):
    for number in range(12):
        person = make.person(f"p{number:02}", f"人{number}", people["section"], posts=[("科员", "member")], roles=["papers.writer"])
        permissions.grant(person, "papers.chosen", scope_departments=[people["general"]])
    costs, names, cursor = [], [], None
    for limit in (1, 5, 50):
        with count_queries() as statements:
            page = review(limit=limit, cursor=cursor)
        costs.append(len(statements))
        names += [one.username for one in page.items]
        cursor = page.next
    assert max(costs) <= 10
    assert cursor is None and len(names) == len(set(names)) == 16
