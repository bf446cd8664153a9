"""A forgotten password: one link, one use, a quarter of an hour."""

import pytest

from oa_kernel import identity
from oa_kernel.errors import Invalid

NEW = "Brand-New-77"


@pytest.fixture
def lin(make):
    return make.person("lin", "林", email="Lin@office.cn")


def link(who):
    return identity.reset_mail(identity.begin_reset(who))


@pytest.mark.parametrize("who", ["lin", "LIN", "lin@office.cn"])
def test_a_link_sets_a_new_password_and_ends_sessions(lin, who):
    identity.open_session(lin, ip="127.0.0.1", user_agent="")
    person, secret = link(who)
    assert person.id == lin.id
    identity.finish_reset(secret, NEW)
    assert identity.authenticate("lin", NEW).id == lin.id
    assert identity.list_sessions(lin) == []


def test_it_works_once(lin):
    _, secret = link("lin")
    identity.finish_reset(secret, NEW)
    with pytest.raises(Invalid) as caught:
        identity.finish_reset(secret, "Another-New-88")
    assert caught.value.code == "reset_expired"
    assert identity.authenticate("lin", NEW)


def test_a_password_the_rules_refuse_does_not_spend_it(lin):
    _, secret = link("lin")
    with pytest.raises(Invalid) as caught:
        identity.finish_reset(secret, "short")
    assert "password" in caught.value.errors
    assert identity.reset_person(secret).id == lin.id


def test_it_ends_after_fifteen_minutes(lin, frozen):
    frozen("2026-11-24T09:00:00+08:00")
    _, secret = link("lin")
    frozen("2026-11-24T09:14:59+08:00")
    assert identity.reset_person(secret).id == lin.id
    frozen("2026-11-24T09:15:01+08:00")
    assert identity.reset_person(secret) is None


def test_a_newer_link_replaces_the_older(lin):
    _, first = link("lin")
    _, second = link("lin")
    assert identity.reset_person(first) is None
    assert identity.reset_person(second).id == lin.id


def test_three_an_hour(lin):
    assert [identity.begin_reset("lin") is None for _ in range(5)] == [False, False, False, True, True]


@pytest.mark.parametrize("who", ["", "nobody", "x" * 300, "lin\x00"])
def test_nobody_of_that_name(lin, who):
    assert identity.begin_reset(who) is None


def test_who_is_disabled_has_no_address_or_shares_it_gets_none(make, lin):
    make.person("bare", "无邮箱")
    make.person("a", "甲", email="shared@office.cn")
    make.person("b", "乙", email="shared@office.cn")
    identity.disable_person(lin)
    assert [identity.begin_reset(who) for who in ("bare", "shared@office.cn", "lin")] == [None, None, None]
