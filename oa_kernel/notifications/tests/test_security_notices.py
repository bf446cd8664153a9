"""What concerns one's account is told: a new device, a right about to end."""

import datetime as dt

import pytest

from oa_kernel import clock, identity, notifications, permissions
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


def test_a_grant_is_announced_a_week_ahead_once(make):
    lin, safe = make.person("lin", "林"), make.person("safe", "安")
    permissions.grant(safe, "security_admin")
    day = clock.today()
    permissions.grant(lin, "system_admin", until=day + dt.timedelta(days=7))
    assert security.announce_ending() == 1
    assert security.announce_ending() == 0
    assert len(titles(lin)) == 1 and f"{day + dt.timedelta(days=7)}" in titles(lin)[0]
    assert len(titles(safe)) == 1


def test_a_grant_with_more_time_left_is_not(make):
    lin = make.person("lin", "林")
    permissions.grant(lin, "system_admin", until=clock.today() + dt.timedelta(days=8))
    permissions.grant(make.person("wu", "吴"), "audit_admin")
    assert security.announce_ending() == 0


def test_a_grant_to_a_post_is_told_to_who_holds_it(make):
    office = make.department("办公室")
    lin = make.person("lin", "林", office, posts=[("文书", "member")])
    post = identity.posts_in(office)[0]
    permissions.grant(post, "system_admin", until=clock.today() + dt.timedelta(days=3))
    security.announce_ending()
    assert "文书" in titles(lin)[0]
