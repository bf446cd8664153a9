"""Asking for a role for a time: granted it begins, is announced and falls by the hour; by two people where the rule says so."""

import datetime as dt

import pytest

from oa_kernel import clock, identity, notifications, permissions
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound
from oa_kernel.notifications import security
from oa_kernel.permissions import Change, Grant, changes

# a Wednesday
NOON = dt.datetime(2026, 11, 25, 12, tzinfo=dt.timezone(dt.timedelta(hours=8)))
H, D = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def two(make):
    security.connect()
    people = [make.person(f"safe{n}", f"安{n}") for n in (1, 2)]
    with clock.freeze(NOON):
        for person in people:
            permissions.grant(person, "security_admin")
    return people


def may(person):
    return permissions.allows(identity.get(person.id), "papers.read")


def titles(person):
    return [m.title for m in notifications.list_for(person).items]


def outcome(change):
    row = Change.get_by_id(change.id)
    return permissions.outcomes([row])[row.id][0]


def test_it_begins_at_its_hour_is_announced_and_falls_by_itself(office, two):
    zhang = office["zhang"]
    with clock.freeze(NOON):
        change = permissions.ask_for(zhang, "papers.all", since=NOON + 20 * H, until=NOON + 52 * H, reason="替班两天")
        assert titles(two[0]) == [f"待审批：{change.title}"] and "张三申请“全部阅读”" in change.title
        permissions.confirm(change, by=two[0])
        assert not may(zhang) and outcome(change) == "coming"
        assert notifications.unread_count(two[1].id) == 0  # decided: read for the others
        assert titles(zhang) == [f"已同意，尚未开始：{change.title}"]
    seen = []
    for hour in range(18, 56):
        with clock.freeze(NOON + hour * H):
            seen.append((hour, may(zhang), bool(security.announce_ending())))
    assert [h for h, allowed, _ in seen if allowed] == list(range(20, 52))
    # lasts more than a day: told a day before its end
    assert [h for h, _, told in seen if told] == [28]
    assert "2026-11-27 16:00 到期" in titles(zhang)[0]
    with clock.freeze(NOON + 53 * H):
        assert outcome(change) == "over"
        assert Grant.get(Grant.role == "papers.all").ended_at is None  # it fell by itself, nobody took it back
        again = permissions.ask_for(zhang, "papers.all", until=NOON + 60 * H, reason="再来")
        permissions.confirm(again, by=two[1])
        assert may(zhang) and (outcome(change), outcome(again)) == ("over", "open")


def test_who_asks_does_not_decide_and_who_may_not_grant_sees_nothing(office, two):
    change = permissions.ask_for(two[0], "papers.all", until=clock.now() + D, reason="核对")
    with pytest.raises(Forbidden):
        permissions.confirm(change, by=two[0])
    with pytest.raises(NotFound):
        permissions.confirm(change, by=office["li"])
    assert permissions.wishes_of(office["li"]).items == [] and len(permissions.wishes_of(two[0]).items) == 1
    permissions.refuse(change, by=two[1], comment="请用查询")
    assert titles(two[0])[0].startswith("未同意") and Grant.select().where(Grant.role == "papers.all").count() == 0


def test_with_the_rule_of_two_another_confirms_what_was_approved(office, two, oa_configure):
    oa_configure("security", second_person=["grants"])
    zhang = office["zhang"]
    change = permissions.ask_for(zhang, "papers.all", until=clock.now() + D, reason="替班")
    second = permissions.confirm(change, by=two[0]).result.change
    assert not may(zhang) and outcome(change) == "second" and titles(zhang)[0].startswith("已同意，待第二人复核")
    with pytest.raises(Forbidden):
        permissions.confirm(second, by=two[0])
    permissions.confirm(second, by=two[1])
    assert may(zhang) and outcome(change) == "open" and titles(zhang)[0].startswith("生效中")


def test_what_may_not_be_asked(office):
    for role, since, until, reason, field in [
        ("system_admin", None, 1, "想要", "role"), ("papers.chosen", None, 1, "想要", "role"), ("no.such", None, 1, "想要", "role"),
        ("papers.all", None, None, "想要", "until"), ("papers.all", 2, 1, "想要", "until"), ("papers.all", None, -1, "想要", "until"),
        ("papers.all", None, 367, "想要", "until"), ("papers.all", None, 1, " ", "reason"),
    ]:
        days = {"since": since and clock.now() + since * D, "until": until and clock.now() + until * D}
        with pytest.raises(Invalid) as caught:
            permissions.ask_for(office["zhang"], role, reason=reason, **days)
        assert list(caught.value.errors) == [field], role
    assert Change.select().count() == 0


def test_who_has_it_asks_for_more_time_and_not_for_less(office, two):
    zhang, now = office["zhang"], clock.now()
    grant = permissions.grant(zhang, "papers.all", until=now + 5 * H)
    with pytest.raises(Invalid, match="有误") as caught:
        permissions.ask_for(zhang, "papers.all", until=now + 4 * H, reason="续")
    assert "您已有" in caught.value.errors["role"][0]
    change = permissions.ask_for(zhang, "papers.all", until=now + 9 * H, reason="续")
    with pytest.raises(Conflict) as conflict:
        permissions.ask_for(zhang, "papers.all", until=now + 9 * H, reason="续")
    assert conflict.value.code == "change_waits"
    permissions.confirm(change, by=two[0])
    row, = Grant.select().where(Grant.subject_kind == "person", Grant.subject_id == zhang.id)
    assert row.id == grant.id and row.until_at == now + 9 * H


def test_a_wish_waits_no_longer_than_it_would_be_of_use(office, two):
    with clock.freeze(NOON):
        change = permissions.ask_for(office["zhang"], "papers.all", until=NOON + 3 * H, reason="急用")
    with clock.freeze(NOON + 3 * H):
        with pytest.raises(Conflict):
            permissions.confirm(change, by=two[0])
        assert outcome(change) == "expired" and changes.expire() == 1
        assert titles(office["zhang"])[0].startswith("已过期")


def test_a_page_of_wishes_is_two_queries(office, two, count_queries):
    for role in ("papers.all", "papers.writer", "papers.division"):
        permissions.confirm(permissions.ask_for(office["zhang"], role, until=clock.now() + D, reason="用"), by=two[0])
    with count_queries() as statements:
        rows = permissions.wishes_of(office["zhang"]).items
        assert [o for o, _ in permissions.outcomes(rows).values()] == ["open"] * 3
    assert len(statements) == 2
