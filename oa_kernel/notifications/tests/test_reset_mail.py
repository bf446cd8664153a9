"""The mail of a forgotten password: what is done when it is asked for is the same for everybody."""

import pytest

from oa_kernel import clock, context, identity, notifications
from oa_kernel.audit.models import Event
from oa_kernel.outbox.models import Row


@pytest.fixture
def lin(oa_configure, make, tmp_path):
    oa_configure("mail", folder=str(tmp_path / "mail"))
    return make.person("lin", "林", email="lin@office.cn")


def mails(tmp_path):
    return sorted((tmp_path / "mail").glob("*.eml")) if (tmp_path / "mail").exists() else []


WHO = ["lin", "lin@office.cn", "nobody", "", "x" * 5000, "lin\x00", "gone"]


def test_asking_does_the_same_whoever_is_meant(lin, make, count_queries):
    """Statements and the size of what is written: nothing else could tell by time or trace who exists."""
    identity.disable_person(make.person("gone", "去", email="gone@office.cn"))
    seen = []
    for who in WHO:
        with count_queries() as statements:
            notifications.ask_reset(who, ip="10.0.0.1")
        row = Row.select().order_by(Row.id.desc()).get()
        seen.append((statements, len(row.payload["who"])))
    assert all(one == seen[0] for one in seen)


def test_what_was_typed_is_not_readable_in_the_queue(lin):
    notifications.ask_reset("my-password-typed-here")
    assert "my-password" not in str(Row.get().payload)


def test_who_is_there_gets_one_mail_with_a_link_that_works(lin, oa_outbox, tmp_path):
    for who in WHO[2:6]:
        notifications.ask_reset(who)
    notifications.ask_reset(" LIN@office.cn ")
    while oa_outbox.deliver():
        pass
    mail, = mails(tmp_path)
    import email
    from email import policy

    message = email.message_from_bytes(mail.read_bytes(), policy=policy.default)
    text = message.get_body(("plain",)).get_content()
    secret = text.split("/forgotten/")[1].split()[0]
    assert message["To"] == "lin@office.cn" and identity.reset_person(secret).id == lin.id
    assert secret not in str([r.payload for r in Row.select()]) + str([e.__data__ for e in Event.select()])
    identity.finish_reset(secret, "Brand-New-77")
    assert identity.reset_person(secret) is None


def test_a_request_nobody_waits_for_any_more_is_passed_over(lin, oa_outbox, tmp_path, frozen):
    frozen("2027-01-10T09:00:00+08:00")
    notifications.ask_reset("lin")
    frozen("2027-01-10T09:16:00+08:00")
    while oa_outbox.deliver():
        pass
    assert mails(tmp_path) == []


def test_no_more_than_three_mails_an_hour(lin, oa_outbox, tmp_path):
    for _ in range(5):
        notifications.ask_reset("lin")
        while oa_outbox.deliver():
            pass
    assert len(mails(tmp_path)) == 3


def test_sessions_end_with_the_old_password_even_of_an_administrator_under_the_rule_of_two(oa_configure, lin, make):
    from oa_kernel import permissions

    permissions.grant(lin, "system_admin")
    oa_configure("security", second_person=["accounts"])
    identity.open_session(lin, ip="10.0.0.1", user_agent="")
    _, secret = identity.reset_mail(identity.begin_reset("lin"))
    with context.acting(context.Actor(channel="web")):
        identity.finish_reset(secret, "Brand-New-77")
    assert identity.list_sessions(lin) == []
    assert clock.now() >= identity.get(lin.id).password_set_at
