"""Rights are read once and never used when they are stale."""

import datetime as dt

import pytest

from oa_kernel import clock, db, identity, permissions
from oa_kernel.permissions import scopes


@pytest.fixture
def signed_in(office):
    """``signed_in()`` → 张三 as the next request sees him."""
    _, secret = identity.open_session(office["zhang"])
    return lambda: identity.session_by_secret(secret)[1]


def test_after_the_first_time_no_query_is_needed(signed_in, office, count_queries):
    permissions.grant(office["zhang"], "papers.branch")
    person = signed_in()
    with count_queries() as first:
        assert permissions.allows(person, "papers.read")
    assert 0 < len(first) <= 5
    person = signed_in()  # another request
    with count_queries() as statements:
        for name in ("papers.read", "papers.write", "kernel.tasks.own", "kernel.audit.read"):
            permissions.allows(person, name)
        permissions.scopes_of(person)
    assert statements == []


def test_a_person_read_otherwise_needs_one(office, count_queries):
    permissions.allows(office["zhang"], "papers.read")
    with count_queries() as statements:
        permissions.allows(office["zhang"], "papers.read")
    assert len(statements) == 1


def changes(office, make):
    """name → (what is done, whether 张三 may read papers afterwards)"""
    post = make.post(office["general"], "文书")
    permissions.grant(post, "papers.division")
    own = permissions.create_role("own.reader", "自建", {"papers.read": "all"})

    def grant_to_person():
        return permissions.grant(office["zhang"], "papers.all")

    def grant_to_department():
        return permissions.grant(office["general"], "papers.all")

    def grant_above():
        return permissions.grant(office["top"], "papers.all", below=True)

    return {
        "person": (grant_to_person, permissions.revoke),
        "department": (grant_to_department, permissions.revoke),
        "above": (grant_above, permissions.revoke),
        "post": (lambda: identity.assign(office["zhang"], post), identity.end_assignment),
        "own role": (lambda: permissions.grant(office["zhang"], own), lambda _: permissions.update_role(
            "own.reader", permissions={})),
        "move": (grant_to_department, lambda _: identity.update_person(office["zhang"], department=office["affairs"])),
        "disable": (grant_to_person, lambda _: identity.disable_person(office["zhang"])),
        "tree": (grant_above, lambda _: identity.update_department(office["general"], parent=None)),
    }


@pytest.mark.parametrize("way", ["person", "department", "above", "post", "own role", "move", "disable", "tree"])
def test_the_next_request_sees_every_change(office, make, signed_in, way):
    give, take = changes(office, make)[way]
    assert not permissions.allows(signed_in(), "papers.read")
    given = give()
    assert permissions.allows(signed_in(), "papers.read")
    person = signed_in()
    take(given)
    fresh = signed_in() if way != "disable" else identity.get(person.id)
    assert not permissions.allows(fresh, "papers.read")


def test_what_was_undone_is_not_remembered(office, signed_in):
    class Undo(Exception):
        pass

    with pytest.raises(Undo), db.transaction():
        permissions.grant(office["zhang"], "papers.all")
        assert permissions.allows(identity.get(office["zhang"].id), "papers.read")
        raise Undo
    # the same counters as the undone transaction had
    permissions.grant(office["zhang"], "papers.writer")
    assert permissions.scopes_of(signed_in())["papers.read"].all is False


def test_a_day_begins_and_ends_a_grant_by_itself(office, signed_in):
    today = clock.today()
    permissions.grant(
        office["zhang"], "papers.all", since=today + dt.timedelta(days=1), until=today + dt.timedelta(days=3)
    )
    seen = []
    for days in range(5):
        with clock.freeze(clock.now() + dt.timedelta(days=days)):
            person = identity.get(office["zhang"].id)
            seen.append(permissions.allows(person, "papers.read"))
    assert seen == [False, True, True, False, False]


def test_the_memory_is_bounded(office, make, monkeypatch):
    monkeypatch.setattr(scopes, "KEPT", 2)
    for name in ("zhang", "li", "wang"):
        permissions.allows(office[name], "papers.read")
    assert len(scopes._kept().rows) == 2
