"""Sessions: one query a request, times out, ends when told."""

import pytest

from oa_kernel import clock, identity, signals
from oa_kernel.audit.models import Event
from oa_kernel.identity.models import Session

NOON = "2026-11-24T12:00:00+08:00"


@pytest.fixture
def person(make):
    return make.person("zhang", "张三", department=make.department("综合处"))


def at(minutes):
    import datetime as dt

    return clock.freeze(dt.datetime.fromisoformat(NOON) + dt.timedelta(minutes=minutes))


def test_a_request_needs_one_query(person, count_queries):
    _, secret = identity.open_session(person, ip="10.0.0.1", user_agent="Browser")
    with count_queries() as statements:
        session, found = identity.session_by_secret(secret)
        assert (found.id, found.name, found.department.name) == (person.id, "张三", "综合处")
        assert (session.ip, session.user_agent, session.complete) == ("10.0.0.1", "Browser", True)
        assert found.preferences == {} and session.person is found
    assert len(statements) == 1


def test_the_person_of_a_session_is_the_person_but_for_what_proves_them(person):
    _, secret = identity.open_session(person)
    found = identity.session_by_secret(secret)[1]
    whole = identity.get(person.id)
    for field in ("username", "email", "completed", "clearance", "version", "created_at", "active", "password_set_at"):
        assert getattr(found, field) == getattr(whole, field), field
    assert found.password_hash is None


def test_a_person_without_department_signs_in(make):
    person = make.person("alone")
    _, secret = identity.open_session(person)
    assert identity.session_by_secret(secret)[1].department is None


def test_the_table_does_not_hold_the_secret(person):
    session, secret = identity.open_session(person)
    row = Session.get_by_id(session.id)
    assert len(secret) >= 43 and secret not in str(row.__data__)


@pytest.mark.parametrize("secret", ["", "x", "' OR 1=1 --", "\udc80", "a" * 10_000])
def test_nothing_else_is_a_session(person, secret):
    identity.open_session(person)
    assert identity.session_by_secret(secret) is None


def test_it_ends_after_half_an_hour_without_use(person):
    with at(0):
        _, secret = identity.open_session(person)
    with at(29):
        assert identity.session_by_secret(secret)
    with at(58):
        assert identity.session_by_secret(secret)
    with at(58 + 30):
        assert identity.session_by_secret(secret) is None


def test_it_ends_after_twelve_hours_in_any_case(person):
    with at(0):
        _, secret = identity.open_session(person)
    for minutes in range(20, 12 * 60, 20):
        with at(minutes):
            assert identity.session_by_secret(secret)
    with at(12 * 60):
        assert identity.session_by_secret(secret) is None


def test_the_time_of_use_is_written_once_a_minute(person, count_queries):
    with at(0):
        _, secret = identity.open_session(person)
        with count_queries() as statements:
            for _ in range(5):
                identity.session_by_secret(secret)
        assert len(statements) == 5
    with at(1), count_queries() as statements:
        for _ in range(5):
            identity.session_by_secret(secret)
    assert sum("UPDATE" in s for s in statements) == 1


def test_after_sign_out_the_secret_is_worth_nothing(person):
    session, secret = identity.open_session(person)
    assert identity.end_session(session)
    assert identity.session_by_secret(secret) is None
    assert not identity.end_session(session)
    assert Event.select().where(Event.action == "session.ended").count() == 1


def test_signing_in_again_ends_the_browsers_earlier_session(person):
    first, old = identity.open_session(person)
    _, new = identity.open_session(person, replaces=first)
    assert identity.session_by_secret(old) is None and identity.session_by_secret(new)


def test_rotation_changes_secret_and_csrf_token(person):
    first, old = identity.open_session(person)
    second, new = identity.rotate_session(first)
    assert identity.session_by_secret(old) is None
    assert identity.session_by_secret(new)[0].id == first.id
    assert second.csrf != first.csrf


def test_all_sessions_but_this_end(person):
    here, mine = identity.open_session(person)
    others = [identity.open_session(person)[1] for _ in range(3)]
    assert identity.end_all_sessions(person, here) == 3
    assert identity.session_by_secret(mine)
    assert not any(identity.session_by_secret(s) for s in others)
    assert [s.id for s in identity.list_sessions(person)] == [here.id]


def test_a_bound_second_factor_leaves_the_session_half_open(person, oa):
    import pyotp

    secret, _ = identity.begin_totp(person)
    identity.confirm_totp(person, pyotp.TOTP(secret).at(clock.now()))
    heard = []

    def listen(sender, person, session):
        heard.append(session.id)

    with signals.person_signed_in.connected_to(listen):
        session, half = identity.open_session(person)
        assert not session.complete and heard == []
        _, whole = identity.rotate_session(session, complete=True)
        assert heard == [session.id]
    assert identity.session_by_secret(half) is None
    assert identity.session_by_secret(whole)[0].complete


def test_old_sessions_are_tidied_away(person):
    from oa_kernel.identity.tidy import tidy

    with at(-92 * 24 * 60):
        identity.open_session(person)
        identity.create_token(person, days=1)
    with at(0):
        _, secret = identity.open_session(person)
        assert tidy() == 2
        assert identity.session_by_secret(secret)
        assert tidy() == 0
