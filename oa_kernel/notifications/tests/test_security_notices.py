"""What concerns one's account is told: a new device, a right about to end."""

import datetime as dt

import pytest

from oa_kernel import clock, context, identity, notifications, permissions
from oa_kernel.notifications import security


@pytest.fixture
def listening(oa):
    security.connect()


def titles(person):
    return [m.title for m in notifications.list_for(person).items]


def test_the_first_sign_in_and_the_same_browser_are_no_news(listening, make):
    lin = make.person("lin", "林")
    for _ in range(2):
        identity.open_session(lin, ip="10.0.0.1", user_agent="Firefox")
    assert titles(lin) == []


def test_a_new_device_is_told(listening, make):
    lin = make.person("lin", "林")
    identity.open_session(lin, ip="10.0.0.1", user_agent="Firefox")
    identity.open_session(lin, ip="10.9.9.9", user_agent="Edge")
    message, = notifications.list_for(lin).items
    assert message.title == "新设备登录"
    assert "10.9.9.9" in message.body and "Edge" in message.body


NOON = clock.local(clock.now()).replace(hour=12, minute=0, second=0, microsecond=0)


def told(lin, *, since=None, until, at):
    """Instants of ``at`` (from noon today) at which a grant from now to ``until`` is announced."""
    with clock.freeze(NOON):
        permissions.grant(lin, "system_admin", since=since, until=until)
    said = []
    for instant in at:
        with clock.freeze(NOON + instant):
            if security.announce_ending():
                said.append(instant)
    return said


def day(n):
    return (NOON + dt.timedelta(days=n)).date()


H, D = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.mark.parametrize(("since", "until", "at"), [
    # a month: seven days ahead, neither eight nor twice
    (None, day(30), 23 * D),
    # exactly a week: at once, it ends in seven days
    (None, day(7), 0 * D),
    # five days, three: the day before
    (None, day(5), 4 * D), (None, day(3), 2 * D),
    # by the hour: two days, the day before at the hour
    (None, NOON + 2 * D, 1 * D),
    # a working day: when it begins, not when it is given
    (NOON + 2 * D, NOON + 2 * D + 8 * H, 2 * D),
    # begins in ten days for twenty: a week ahead of its end
    (day(10), day(30), 23 * D),
])
def test_a_grant_is_announced_in_time_and_once(make, since, until, at):
    lin, safe = make.person("lin", "林"), make.person("safe", "安")
    with clock.freeze(NOON):
        permissions.grant(safe, "security_admin")
    hours = [n * H for n in range(0, 24 * 31, 12)]
    if at not in hours:
        hours = sorted([*hours, at])
    said = told(lin, since=since, until=until, at=hours)
    assert len(said) == 1 and at - 12 * H <= said[0] <= at
    assert len(titles(lin)) == len(titles(safe)) == 1


def test_what_runs_out_unannounced_is_over(make):
    lin = make.person("lin", "林")
    assert told(lin, until=day(3), at=[10 * D]) == []


def test_the_title_says_when_to_the_minute(make):
    lin = make.person("lin", "林")
    until = NOON + 6 * H
    told(lin, until=until, at=[0 * H])
    assert f"{until:%Y-%m-%d} 18:00" in titles(lin)[0]


def test_a_grant_to_a_post_is_told_to_who_holds_it(make):
    office = make.department("办公室")
    lin = make.person("lin", "林", office, posts=[("文书", "member")])
    post = identity.posts_in(office)[0]
    permissions.grant(post, "system_admin", until=clock.today() + dt.timedelta(days=1))
    security.announce_ending()
    assert "文书" in titles(lin)[0]


@pytest.fixture
def two(listening, oa_configure, make):
    """Two security administrators and a system administrator under the rule of two."""
    people = [make.person(f"safe{n}", f"安{n}") for n in (1, 2)]
    for person in people:
        permissions.grant(person, "security_admin")
    oa_configure("security", second_person=["grants"])
    return people


def test_a_change_that_waits_is_told_to_the_others_and_its_end_to_who_asked(two, make):
    lin = make.person("lin", "林")
    payload = {"subject_kind": "person", "subject_id": lin.id, "role": "system_admin"}
    change = permissions.submit("grants.give", payload, by=two[0]).change
    assert titles(two[0]) == [] and titles(two[1]) == [f"待复核：{change.title}"]
    permissions.refuse(change, by=two[1], comment="不需要")
    assert notifications.unread_count(two[1].id) == 0
    message, = notifications.list_for(two[0]).items
    assert message.title == f"未同意：{change.title}" and message.body == "不需要"


def test_a_way_round_at_the_console_is_told_to_all(two, make):
    lin = make.person("lin", "林")
    with context.acting(context.Actor(channel="cli", username="cli:root", name="命令行")):
        permissions.break_glass(
            "grants.give", {"subject_kind": "person", "subject_id": lin.id, "role": "system_admin"}, reason="人都不在")
    for person in two:
        message, = notifications.list_for(person).items
        assert "未经复核" in message.title and "人都不在" in message.body
