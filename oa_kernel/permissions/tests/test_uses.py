"""What is used is remembered, at no cost to who uses it."""

import datetime as dt
import threading

import pytest

from oa_kernel import clock, context, db, identity, permissions
from oa_kernel.errors import Forbidden
from oa_kernel.permissions import uses
from oa_kernel.permissions.models import Grant, Use


@pytest.fixture
def zhang(office):
    """张三, who is acting, with two roles."""
    permissions.grant(office["zhang"], "papers.writer")
    person = office["zhang"]
    with context.acting(context.Actor(channel="web").with_person(person)):
        yield person


def recorded():
    return {(u.person_id, u.permission): u.last_on for u in Use.select()}


def test_doors_lists_and_things_count_and_menus_do_not(zhang, office, papers):
    grant, = permissions.grants_to(zhang)
    mine, others = papers.get(papers.title == "zhang"), papers.get(papers.title == "li")
    assert permissions.allows(zhang, "papers.read") and permissions.allows(zhang, "papers.write", mine)
    assert not permissions.by_right(zhang, "papers.write", others) and not permissions.by_right(zhang, "papers.lock")
    assert permissions.explain(zhang, "papers.write", mine)[0]["allowed"]
    with pytest.raises(Forbidden):
        permissions.require(zhang, "papers.lock")
    assert permissions.by_right(office["li"], "kernel.tasks.own")  # about somebody else
    with permissions.asking():
        permissions.require(zhang, "kernel.tasks.own")
    assert uses.flush() == 0 and uses.recorded_since() is None
    permissions.require(zhang, "kernel.tasks.own")
    list(permissions.restrict(papers.select(), zhang, "papers.read", owner=papers.drafter_id))
    with clock.freeze(clock.now() + dt.timedelta(days=2)):
        assert permissions.by_right(zhang, "papers.write", mine)
        later = clock.today()
        assert uses.flush() == 3
    today = clock.today()
    assert recorded() == {
        (0, ""): today, (zhang.id, "kernel.tasks.own"): today, (zhang.id, "papers.read"): today, (zhang.id, "papers.write"): later}
    assert Grant.get_by_id(grant.id).used_on == later and uses.recorded_since() == today


def test_the_second_use_of_a_day_writes_nothing_and_no_day_goes_back(zhang, count_queries):
    with clock.freeze(clock.now() + dt.timedelta(days=2)):
        later = clock.today()
        permissions.require(zhang, "papers.write")
        uses.flush()
        permissions.require(zhang, "papers.write")
        with count_queries() as statements:
            assert uses.flush() == 0
        assert statements == []
    permissions.require(zhang, "papers.write")  # another process whose notes come late
    assert uses.flush() == 1
    assert recorded()[zhang.id, "papers.write"] == later and permissions.grants_to(zhang)[0].used_on == later


def test_it_waits_for_no_writer_and_nothing_is_lost(zhang):
    permissions.require(zhang, "papers.write")
    Use.create(person_id=zhang.id, permission="papers.write", last_on=dt.date(2020, 1, 1))
    holding, release = threading.Event(), threading.Event()

    def write_long():
        with db.transaction():
            Use.update(last_on=dt.date(2020, 1, 2)).execute()
            holding.set()
            release.wait(20)
        db.close()

    other = threading.Thread(target=write_long)
    other.start()
    try:
        assert holding.wait(20) and uses.flush() == 0
    finally:
        release.set()
        other.join()
    assert uses.flush() == 1 and recorded()[zhang.id, "papers.write"] == clock.today()


def test_a_badge_is_no_use(office, oa_client, used_rights):
    permissions.grant(office["zhang"], "papers.writer")
    with used_rights(office["zhang"]) as used:
        assert ">77<" in oa_client(office["zhang"]).get("/todo").text  # of the papers, see PapersPlugin.oa_navigation
    assert used == {"kernel.tasks.own"}


def test_what_one_may_anyway_is_no_use_of_a_right(office, used_rights):
    permissions.grant(office["zhang"], "phone_book")
    for viewed, expected in (("zhang", set()), ("li", {"kernel.people.mobile"})):
        with used_rights(office["zhang"]) as used:
            assert identity.mobile_shown(office["zhang"])(office[viewed])
        assert used == expected


def test_the_web_door_hands_the_notes_over_once_the_answer_is_out(zhang, oa_client, monkeypatch):
    client = oa_client(zhang)
    client.get("/todo").close()
    assert recorded() == {}
    monkeypatch.setattr(uses, "KEPT_SECONDS", 0)
    with db.count_queries():
        client.get("/todo").close()
    assert recorded() == {}  # what is counted is the request alone
    answer = client.get("/todo")
    assert recorded() == {}
    answer.close()
    assert recorded()[zhang.id, "kernel.tasks.own"] == clock.today()
