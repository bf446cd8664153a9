"""The second factor: codes once, recovery codes once, wrong ones counted."""

import pyotp
import pytest

from oa_kernel import clock, identity
from oa_kernel.errors import Conflict, Invalid, Unauthenticated
from oa_kernel.identity.models import RecoveryCode

PASSWORD = "Kraftwerk-7-Lampe"
NOON = "2026-11-24T12:00:00+08:00"


def later(seconds):
    import datetime as dt

    return clock.freeze(dt.datetime.fromisoformat(NOON) + dt.timedelta(seconds=seconds))


def code(device, steps):
    """The device's code of a step before or after now."""
    return device.at(int(clock.now().timestamp()) + 30 * steps)


@pytest.fixture
def bound(make):
    """(person, device, recovery codes), bound at noon."""
    person = make.person("zhang", password=PASSWORD)
    with later(0):
        secret, _ = identity.begin_totp(person)
        device = pyotp.TOTP(secret)
        codes = identity.confirm_totp(person, device.at(clock.now()))
    return person, device, codes


def test_the_uri_names_organisation_and_person(make):
    person = make.person("zhang")
    secret, uri = identity.begin_totp(person)
    parsed = pyotp.parse_uri(uri)
    assert (parsed.secret, parsed.name) == (secret, "zhang") and parsed.issuer


def test_nothing_is_bound_before_a_code_of_it(make):
    person = make.person("zhang")
    with pytest.raises(Conflict):
        identity.confirm_totp(person, "000000")
    with later(0):
        secret, _ = identity.begin_totp(person)
        right = pyotp.TOTP(secret).at(clock.now())
        with pytest.raises(Invalid) as caught:
            identity.confirm_totp(person, f"{(int(right) + 1) % 10**6:06d}")
    assert "code" in caught.value.errors
    assert not identity.get(person.id).totp_secret


def test_the_secret_lies_encrypted_and_only_opens_for_its_person(bound, make):
    from oa_kernel.identity import totp

    person, device, _ = bound
    row = identity.get(person.id)
    assert device.secret not in row.totp_secret
    assert totp._open(row, row.totp_secret) == device.secret
    with pytest.raises(Exception, match="."):
        totp._open(make.person("li"), row.totp_secret)


def test_a_code_is_good_once(bound):
    person, device, _ = bound
    with later(60):
        shown = device.at(clock.now())
        assert identity.check_totp(person, f" {shown[:3]} {shown[3:]} ")
        assert not identity.check_totp(person, shown)


def test_the_code_that_bound_it_is_spent(bound):
    person, device, _ = bound
    with later(0):
        assert not identity.check_totp(person, device.at(clock.now()))


def test_an_earlier_code_is_refused_after_a_later_one(bound):
    person, device, _ = bound
    with later(90):
        assert identity.check_totp(person, code(device, 1))
        assert not identity.check_totp(person, code(device, 0))


def test_clocks_may_differ_by_half_a_minute(bound):
    person, device, _ = bound
    with later(120):
        assert not identity.check_totp(person, code(device, -2))
        assert not identity.check_totp(person, code(device, 2))
        assert identity.check_totp(person, code(device, -1))
        assert identity.check_totp(person, code(device, 1))


@pytest.mark.parametrize("text", ["", "12345", "1234567", "abcdef", "１２３４５６", "------"])
def test_other_text_is_no_code(bound, text):
    with later(60):
        assert not identity.check_totp(bound[0], text)


def test_a_recovery_code_works_once_in_any_writing(bound):
    person, _, codes = bound
    assert len(set(codes)) == 10
    assert identity.check_totp(person, codes[0].upper().replace("-", " "))
    assert not identity.check_totp(person, codes[0])
    assert identity.recovery_codes_left(person) == 9
    assert not any(codes[1] in row.code_hash for row in RecoveryCode.select())


def test_renewing_makes_the_old_ones_worthless(bound):
    person, _, codes = bound
    fresh = identity.renew_recovery_codes(person)
    assert not identity.check_totp(person, codes[1])
    assert identity.check_totp(person, fresh[1])


def test_codes_cannot_be_guessed_by_signing_in_again_and_again(bound):
    person, device, _ = bound
    with later(60):
        for _ in range(5):
            identity.authenticate("zhang", PASSWORD)  # whoever stole the password
            assert not identity.check_totp(person, "000000")
        with pytest.raises(Unauthenticated):
            identity.authenticate("zhang", PASSWORD)
        assert not identity.check_totp(person, device.at(clock.now()))


def test_a_right_code_clears_the_count(bound):
    person, device, _ = bound
    with later(60):
        for _ in range(4):
            identity.check_totp(person, "000000")
        assert identity.check_totp(person, device.at(clock.now()))
    assert identity.get(person.id).failed_attempts == 0


def test_removing_it_removes_the_recovery_codes(bound):
    person, _, codes = bound
    identity.remove_totp(person)
    assert not identity.check_totp(person, codes[0])
    assert identity.recovery_codes_left(person) == 0
    assert identity.open_session(person)[0].complete
