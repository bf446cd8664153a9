"""Proving who one is by name and password, without telling strangers who exists.

Every attempt is counted *before* the password is looked at, by one conditional UPDATE, so that no number of
attempts at once gets more tries than the policy allows; success takes the count back.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import audit, builtin, clock, db, runtime
from oa_kernel.errors import Unauthenticated

from . import passwords
from .models import Person, RightsEpoch
from .shared import id_of, load_person
from .sign_in_log import log

#: one sentence for every reason, so that it tells nothing
REFUSED = "用户名或密码不正确。多次输错后账户会暂时锁定，请稍后再试或联系管理员"


def authenticate(username: str, password: str) -> Person:
    """The person these belong to, by the password kept here or by an authenticator of a plugin.

    :raises Unauthenticated: code ``bad_credentials``, in the same words and about the same time whether the name
        is unknown, disabled or locked, or the password wrong.
    """
    username = (username or "").strip().lower()
    found = Person.get_or_none(Person.username == username)
    if found is None:
        _same_writes()
        person = _ask_authenticators(username, password, None)
        if person is None:
            passwords.verify_hash("", password)
            _refuse(None, tried=True)
        return person
    allowed = begin_attempt(found.id)
    if not allowed:
        _same_writes()
    known = found if allowed and found.active else None
    right = passwords.verify_hash(known.password_hash if known else "", password)
    if known is not None and not right:
        other = _ask_authenticators(username, password, known)
        right = other is not None and other.id == known.id
    if known is None or not right:
        _refuse(found, tried=allowed)
    _succeed(found, password)
    return load_person(found.id)


def check_password(person: Person | int, password: str) -> bool:
    """Whether this is the person's password, as asked before a change of it. Counts like a sign-in."""
    row = load_person(person)
    if not begin_attempt(row.id):
        passwords.verify_hash("", password)
        return False
    if not passwords.verify_hash(row.password_hash, password):
        _failed(row)
        return False
    end_attempt(row.id, all_proved=not second_factor_due(row))
    return True


def second_factor_due(person: Person) -> bool:
    """Whether the password alone does not let this person in: a second factor is bound and policy wants it."""
    return bool(person.totp_secret) and runtime.current().config["security"]["second_factor"] != "off"


def pending_steps(person: Person) -> list[str]:
    """What somebody has to do before anything else: of ``password``, ``profile``, ``second_factor``. No query."""
    policy = runtime.current().config["security"]
    steps = []
    days = policy["password_max_age_days"]
    old = days and person.password_set_at and person.password_set_at + dt.timedelta(days=days) <= clock.now()
    if person.password_expired or old:
        steps.append("password")
    if not person.completed:
        steps.append("profile")
    if policy["second_factor"] == "required" and not person.totp_secret:
        steps.append("second_factor")
    return steps


def unlock(person: Person | int, *, by: Person | int | None = None) -> None:
    """Lifts a lock before its time."""
    with db.transaction():
        row = load_person(person, lock=True)
        before = {"failed_attempts": row.failed_attempts, "locked": row.locked_until is not None}
        row.failed_attempts, row.locked_until = 0, None
        row.save(only=[Person.failed_attempts, Person.locked_until])
        audit.record(
            "person.unlocked", "person", row.id, title=row.name, before=before,
            after={"failed_attempts": 0, "locked": False}, by=id_of(by) if by is not None else None,
        )


def locked_people() -> list[Person]:
    """Who is locked out now, the longest first; at most 200, their departments with them."""
    from .models import Department

    query = Person.select(Person, Department).left_outer_join(Department).where(Person.locked_until > clock.now())
    return list(query.order_by(Person.locked_until, Person.id).limit(200))


def begin_attempt(person_id: int) -> bool:
    """Counts an attempt; False: the account is locked and nothing may be tried. The last one allowed locks."""
    policy = runtime.current().config["security"]
    now = clock.now()
    with db.transaction():
        # a lock that ran out begins a new count; a row that is locked is not touched
        counted = db.Case(None, [(Person.locked_until.is_null(False), 1)], Person.failed_attempts + 1)
        done = (
            Person.update(failed_attempts=counted, locked_until=None)
            .where(Person.id == person_id, Person.locked_until.is_null() | (Person.locked_until <= now))
            .execute()
        )
        if done:
            until = now + dt.timedelta(minutes=policy["lockout_minutes"])
            (
                Person.update(locked_until=until)
                .where(Person.id == person_id, Person.failed_attempts >= policy["lockout_attempts"])
                .execute()
            )
    return bool(done)


def end_attempt(person_id: int, *, all_proved: bool) -> None:
    """Takes a successful attempt back.

    Where a second factor is still to come only this attempt is taken back: else whoever knows the password
    could clear the count and guess codes for ever.
    """
    left = 0 if all_proved else db.Case(None, [(Person.failed_attempts > 0, Person.failed_attempts - 1)], 0)
    Person.update(failed_attempts=left, locked_until=None).where(Person.id == person_id).execute()


def _succeed(person: Person, password: str) -> None:
    anew = ""
    if person.password_hash and passwords.needs_rehash(person.password_hash):
        # only what verified here is hashed: a directory's password is not kept
        anew = passwords.hash_password(password) if passwords.verify_hash(person.password_hash, password) else ""
    with db.transaction():
        end_attempt(person.id, all_proved=not second_factor_due(person))
        if anew:
            Person.update(password_hash=anew).where(
                Person.id == person.id, Person.password_hash == person.password_hash
            ).execute()


def _refuse(person: Person | None, *, tried: bool) -> None:
    with db.transaction():
        locked = _failed(person)
        why = "unknown" if person is None else "locked" if not tried else "locked_out" if locked else "refused"
        log(why, person.id if person else None)
    raise Unauthenticated(REFUSED, code="bad_credentials")


def _failed(person: Person | None) -> bool:
    """Has a failure on record; whether the account is locked now."""
    with db.transaction():
        after: dict[str, Any] = {"known": person is not None}
        if person is not None:
            locked = Person.select(Person.locked_until).where(Person.id == person.id).scalar()
            after["locked"] = locked is not None
        # an unknown name is not kept: people type passwords into the wrong box
        audit.record(
            "session.refused", "person", person.id if person else "", title=person.name if person else "", after=after
        )
    return bool(after.get("locked"))


def _same_writes() -> None:
    """Commits as much where nothing is counted (unknown, locked) as counting does, so that time tells nothing."""
    with db.transaction():
        RightsEpoch.update(id=RightsEpoch.id).where(RightsEpoch.id == 1).execute()


def _ask_authenticators(username: str, password: str, known: Person | None) -> Person | None:
    for way in sorted(builtin.collect("oa_authenticators"), key=lambda w: (w.order, w.name)):
        person = way.authenticate(username, password)
        if person is not None and person.active and (known is None or person.id == known.id):
            return person
    return None


__all__ = ["REFUSED", "authenticate", "begin_attempt", "check_password", "end_attempt", "locked_people", "pending_steps",
           "second_factor_due", "unlock"]
