"""Bearer tokens: hashed, expiring, limited."""

import pytest

from oa_kernel import clock, identity, permissions
from oa_kernel.errors import Forbidden, Invalid, Unauthenticated
from oa_kernel.identity.models import Token

NOON = "2026-11-24T12:00:00+08:00"


@pytest.fixture
def person(make):
    return make.person("zhang", department=make.department("综合处"))


def test_a_token_stands_for_its_person_in_one_query(person, count_queries):
    _, secret = identity.create_token(person, "脚本", 30, read_only=True)
    identity.token_by_secret(secret)  # the first use is written down
    with count_queries() as statements:
        token, found = identity.token_by_secret(secret)
        assert (found.id, found.department.name, token.read_only, token.title) == (person.id, "综合处", True, "脚本")
    assert len(statements) == 1


def test_the_table_does_not_hold_the_secret(person):
    made, secret = identity.create_token(person)
    assert secret.startswith("oa_") and len(secret) >= 46
    row = Token.get_by_id(made.id)
    assert secret not in str(row.__data__) and secret.startswith(row.hint) and len(row.hint) < 12


@pytest.mark.parametrize("secret", ["", "oa_", "oa_x", "Basic abc", "oa_\udc80"])
def test_nothing_else_is_a_token(person, secret):
    identity.create_token(person)
    assert identity.token_by_secret(secret) is None


def test_it_expires(person):
    with clock.freeze(NOON):
        _, secret = identity.create_token(person, days=1)
        assert identity.token_by_secret(secret)
    with clock.freeze("2026-11-25T12:00:00+08:00"), pytest.raises(Unauthenticated) as caught:
        identity.token_by_secret(secret)
    assert caught.value.code == "token_expired" and "2026-11-25" in caught.value.message


def test_a_revoked_one_is_worth_nothing_at_once(person):
    made, secret = identity.create_token(person)
    assert identity.revoke_token(made) and not identity.revoke_token(made)
    with pytest.raises(Unauthenticated) as caught:
        identity.token_by_secret(secret)
    assert caught.value.code == "token_revoked"
    assert identity.list_tokens(person) == []


@pytest.mark.parametrize("days", [0, -1, 366, 0.01, True, float("nan"), "7"])
def test_its_life_is_limited(person, days):
    with pytest.raises(Invalid) as caught:
        identity.create_token(person, days=days)
    assert "365" in caught.value.errors["days"][0]


def test_scopes_limit_what_the_person_may(person):
    _, secret = identity.create_token(person, scopes=["kernel.tasks.own"])
    found = identity.token_by_secret(secret)[1]
    assert permissions.allows(found, "kernel.tasks.own")
    assert not permissions.allows(found, "kernel.files.upload")
    assert list(permissions.scopes_of(found)) == ["kernel.tasks.own"]
    assert permissions.allows(person, "kernel.files.upload")


def test_scopes_give_nothing_the_person_lacks(person):
    _, secret = identity.create_token(person, scopes=["kernel.audit.read"])
    assert not permissions.allows(identity.token_by_secret(secret)[1], "kernel.audit.read")


def test_an_unknown_scope_is_named(person):
    with pytest.raises(Invalid) as caught:
        identity.create_token(person, scopes=["kernel.tasks.own", "no.such"])
    assert "no.such" in caught.value.errors["scopes"][0]


def test_a_disabled_person_gets_none(person):
    identity.disable_person(person)
    with pytest.raises(Forbidden):
        identity.create_token(person)


def test_use_is_written_once_a_minute(person, count_queries):
    with clock.freeze(NOON):
        made, secret = identity.create_token(person)
        with count_queries() as statements:
            for _ in range(4):
                identity.token_by_secret(secret)
    assert len(statements) == 5
    assert Token.get_by_id(made.id).used_at == clock.local(Token.get_by_id(made.id).created_at)
