"""Signing in: right, wrong, too often, by several processes at once, and by strangers."""

import multiprocessing

import pytest

from oa_kernel import clock, identity
from oa_kernel.audit.models import Event
from oa_kernel.contributions import Authenticator, PluginInfo
from oa_kernel.errors import Unauthenticated
from oa_kernel.identity import passwords
from oa_kernel.identity.models import Person

PASSWORD = "Kraftwerk-7-Lampe"
NOON = "2026-11-24T12:00:00+08:00"


@pytest.fixture
def person(make):
    return make.person("zhang", "张三", password=PASSWORD)


def refused(username, password):
    with pytest.raises(Unauthenticated) as caught:
        identity.authenticate(username, password)
    return caught.value.message, caught.value.code


def test_name_and_password_give_the_person(person):
    assert identity.authenticate(" Zhang ", PASSWORD).id == person.id


def test_every_refusal_reads_the_same(person, make):
    disabled = make.person("gone", password=PASSWORD)
    identity.disable_person(disabled)
    without = identity.create_person("nopassword", "无密码")
    told = {refused("zhang", "wrong"), refused("nobody", "wrong"), refused("gone", PASSWORD), refused("", "")}
    told.add(refused(without.username, ""))
    for _ in range(6):
        told.add(refused("zhang", "wrong"))
    told.add(refused("zhang", PASSWORD))
    assert len(told) == 1


def test_five_wrong_ones_lock_for_a_quarter_of_an_hour(person):
    with clock.freeze(NOON):
        for _ in range(5):
            refused("zhang", "wrong")
        refused("zhang", PASSWORD)
    with clock.freeze("2026-11-24T12:14:59+08:00"):
        refused("zhang", PASSWORD)
    with clock.freeze("2026-11-24T12:15:00+08:00"):
        assert identity.authenticate("zhang", PASSWORD).failed_attempts == 0


def test_after_a_lock_the_count_begins_anew(person):
    with clock.freeze(NOON):
        for _ in range(5):
            refused("zhang", "wrong")
    with clock.freeze("2026-11-24T12:20:00+08:00"):
        for _ in range(4):
            refused("zhang", "wrong")
        assert identity.authenticate("zhang", PASSWORD)


def test_the_last_try_allowed_may_be_the_right_one(person):
    for _ in range(4):
        refused("zhang", "wrong")
    assert identity.authenticate("zhang", PASSWORD).locked_until is None


def test_an_administrator_lifts_a_lock(person):
    for _ in range(5):
        refused("zhang", "wrong")
    identity.unlock(person)
    assert identity.authenticate("zhang", PASSWORD)


def test_refusals_are_on_record_without_what_was_typed(person):
    refused("zhang", "wrong-secret")
    refused("my-password-in-the-wrong-box", "x")
    events = list(Event.select().where(Event.action == "session.refused").order_by(Event.id))
    assert [e.object_id for e in events] == [str(person.id), ""]
    written = str([e.__data__ for e in events])
    assert "wrong-secret" not in written and "wrong-box" not in written


def test_a_stranger_cannot_tell_by_time_who_exists(person, monkeypatch):
    """The costly part, checking a hash of the same parameters, is done once for a known name and an unknown one."""
    from argon2 import PasswordHasher

    hashes = []
    check = PasswordHasher.verify
    monkeypatch.setattr(PasswordHasher, "verify", lambda self, hashed, given: hashes.append(hashed) or check(self, hashed, given))
    refused("zhang", "wrong")
    refused("nobody", "wrong")
    known, unknown = hashes
    assert known.split("$")[:4] == unknown.split("$")[:4]


def guess(config_path, start, results):
    from oa_kernel import runtime
    from oa_kernel.testing.installation import fast_hashing

    fast_hashing()
    runtime.boot(config_path)
    tried = []
    passwords.verify_hash = lambda hashed, password: tried.append(bool(hashed)) or False
    start.wait()
    for _ in range(6):
        refused("zhang", "wrong")
    results.put(sum(tried))


def test_processes_at_once_get_no_more_tries_than_one(oa_installation, person):
    context = multiprocessing.get_context("spawn")
    start, results = context.Barrier(4), context.Queue()
    workers = [context.Process(target=guess, args=(oa_installation.config_path, start, results)) for _ in range(4)]
    for worker in workers:
        worker.start()
    tried = sum(results.get(timeout=60) for _ in workers)
    for worker in workers:
        worker.join(60)
    assert tried == 5
    row = Person.get_by_id(person.id)
    assert row.failed_attempts == 5 and row.locked_until is not None


class Directory:
    """A plugin that knows one more password."""

    @staticmethod
    def oa_plugin():
        return PluginInfo("directory", "目录", "1")

    @staticmethod
    def oa_authenticators():
        def ask(username, password):
            return identity.by_username(username) if password == f"{username} by directory" else None

        return [Authenticator("directory", "目录", ask)]


class TestAuthenticators:
    """A plugin's way to prove who one is stands beside the password kept here."""

    @pytest.fixture
    def person(self, oa_installation, make):
        from oa_kernel import hookimpl, runtime

        for name in ("oa_plugin", "oa_authenticators"):
            setattr(Directory, name, staticmethod(hookimpl(getattr(Directory, name))))
        oa_installation.settings["plugins"] = {"directory": {"enabled": True}}
        oa_installation.write()
        runtime.boot(oa_installation.config_path, extra_plugins={"directory": Directory})
        return make.person("zhang", password=PASSWORD)

    def test_either_is_enough(self, person):
        assert identity.authenticate("zhang", "zhang by directory").id == person.id
        assert identity.authenticate("zhang", PASSWORD).id == person.id
        refused("zhang", "li by directory")

    def test_the_lock_holds_for_it_too(self, person):
        for _ in range(5):
            refused("zhang", "wrong")
        refused("zhang", "zhang by directory")


@pytest.mark.parametrize(
    ("policy", "steps"),
    [({}, []), ({"password_max_age_days": 90}, ["password"]), ({"second_factor": "required"}, ["second_factor"])],
)
def test_what_policy_asks_comes_first(oa_installation, make, policy, steps):
    from oa_kernel import runtime

    oa_installation.settings["security"] = policy
    oa_installation.write()
    runtime.boot(oa_installation.config_path)
    with clock.freeze("2026-01-01T00:00:00+08:00"):
        person = make.person("zhang", password=PASSWORD)
    with clock.freeze(NOON):
        assert identity.pending_steps(person) == steps


def test_without_the_policy_a_bound_second_factor_is_not_asked_for(oa_installation, make):
    import pyotp

    from oa_kernel import runtime

    person = make.person("zhang", password=PASSWORD)
    secret, _ = identity.begin_totp(person)
    identity.confirm_totp(person, pyotp.TOTP(secret).at(clock.now()))
    oa_installation.settings["security"] = {"second_factor": "off"}
    oa_installation.write()
    runtime.boot(oa_installation.config_path)
    refused("zhang", "wrong")
    assert identity.open_session(identity.authenticate("zhang", PASSWORD))[0].complete
    assert identity.get(person.id).failed_attempts == 0
