"""A forgotten password: a link that works once, for fifteen minutes. What is answered tells nobody who exists."""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import secrets
from typing import Any

from oa_kernel import audit, clock, db, runtime
from oa_kernel.errors import Invalid

from .models import Person, Reset
from .passwords import set_password
from .sessions import hash_secret

LIFE = dt.timedelta(minutes=15)
#: links one account is sent within an hour; more are passed over in silence
AN_HOUR = 3


def begin_reset(username_or_email: str, *, ip: str = "") -> int | None:
    """Makes a link and returns its number, to be mailed by ``reset_mail``; None where none is to be sent.

    An earlier link of the same person stops working. None for: nobody of that name or address, several with the
    address, disabled, no address, no password kept here, or too many links within the hour.
    """
    wanted = (username_or_email or "").strip()
    if not wanted or len(wanted) > 200 or "\x00" in wanted:
        return None
    found = list(Person.select().where(
        Person.active, (Person.username == wanted.lower()) | (db.fn.LOWER(Person.email) == wanted.lower())).limit(2))
    if len(found) != 1 or not found[0].email or not found[0].password_hash:
        return None
    person, now, nonce = found[0], clock.now(), secrets.token_urlsafe(24)
    with db.transaction():
        recent = Reset.select().where(Reset.person == person.id, Reset.created_at > now - dt.timedelta(hours=1)).count()
        if recent >= AN_HOUR:
            return None
        Reset.update(used_at=now).where(Reset.person == person.id, Reset.used_at.is_null()).execute()
        made = Reset.create(person=person, nonce=nonce, secret_hash=hash_secret(_secret(nonce)), created_at=now,
                            expires_at=now + LIFE, ip=ip[:60])
        audit.record("person.reset_asked", "person", person.id, title=person.name, after={"ip": ip})
    return int(made.id)


def reset_mail(reset_id: int) -> tuple[Person, str] | None:
    """Whom a link goes to, and its secret: worked out when the mail is written, so that no queue ever holds it."""
    row = _valid(Reset.id == reset_id)
    return (row.person, _secret(row.nonce)) if row is not None else None


def _secret(nonce: str) -> str:
    key = runtime.current().keys.secret("identity.reset")
    return base64.urlsafe_b64encode(hmac.digest(key, nonce.encode(), "sha256")).decode().rstrip("=")


def reset_person(secret: str) -> Person | None:
    """Whose link it is, while it works."""
    row = _valid(Reset.secret_hash == hash_secret(secret or ""))
    return row.person if row is not None else None


def finish_reset(secret: str, new: str) -> Person:
    """Sets the new password; every session ends and the link is spent.

    :raises Invalid: code ``reset_expired`` when the link has ended; ``errors["password"]`` when the rules refuse.
    """
    with db.transaction():
        row = _valid(Reset.secret_hash == hash_secret(secret or ""))
        if row is None or not Reset.update(used_at=clock.now()).where(
                Reset.id == row.id, Reset.used_at.is_null()).execute():
            raise Invalid("链接已失效：它只能用一次，15 分钟内有效。请重新申请", code="reset_expired")
        person = set_password(row.person, new, by=row.person, must_change=False)
        audit.record("person.reset_done", "person", person.id, title=person.name, by=person)
    return person


def _valid(which: Any) -> Reset | None:
    return (
        Reset.select(Reset, Person).join(Person)
        .where(which, Reset.used_at.is_null(),
               Reset.expires_at > clock.now(), Person.active)
        .first()
    )


__all__ = ["AN_HOUR", "LIFE", "begin_reset", "finish_reset", "reset_mail", "reset_person"]
