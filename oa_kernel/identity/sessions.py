"""Signed-in browsers.

The cookie holds 256 random bits, the table their SHA-256: a secret of that strength needs no slow hash, and
OpenSSL's SHA-256 is there in every Python build (SM3 is not), so that the lookup of each request stays cheap.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
from typing import Any

from oa_kernel import audit, clock, db, runtime, signals
from oa_kernel.errors import NotFound

from .models import Department, Person, RightsEpoch, Session
from .shared import by_id, id_of, load_person
from .sign_in_log import log
from .signin import second_factor_due

#: how often at most the time of last use is written
USED_EVERY = dt.timedelta(minutes=1)

_SESSION = (
    Session.id, Session.person, Session.csrf, Session.complete, Session.created_at, Session.used_at, Session.ip,
    Session.user_agent,
)
#: what a request knows of its person: all but what proves who they are
PERSON_FIELDS = (
    Person.id, Person.username, Person.name, Person.department, Person.email, Person.phone, Person.mobile,
    Person.password_set_at, Person.password_expired, Person.completed, Person.totp_secret, Person.active,
    Person.clearance, Person.locale, Person.preferences, Person.version, Person.created_at,
)
_DEPARTMENT = (Department.id, Department.name, Department.path)


def hash_secret(secret: str) -> str:
    """Hash under which a random secret is kept."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def open_session(
    person: Person | int,
    *,
    ip: str = "",
    user_agent: str = "",
    ua: str = "",
    complete: bool | None = None,
    replaces: Session | int | None = None,
) -> tuple[Session, str]:
    """Signs somebody in: a new session and its secret, which is shown this once.

    :param complete: False while the second factor is still to come; left out: by policy and what is bound.
    :param replaces: a session of the same browser, which ends: secrets are never carried over a sign-in.
    """
    now = clock.now()
    secret = secrets.token_urlsafe(32)
    with db.transaction():
        row = load_person(person)
        if complete is None:
            complete = not second_factor_due(row)
        if replaces is not None:
            Session.update(ended_at=now).where(Session.id == id_of(replaces), Session.ended_at.is_null()).execute()
        made = Session.create(
            secret_hash=hash_secret(secret), person=row, csrf=secrets.token_urlsafe(24), complete=complete,
            created_at=now, used_at=now, ip=ip[:60], user_agent=(user_agent or ua)[:300],
        )
        audit.record(
            "session.opened", "person", row.id, title=row.name,
            after={"session": made.id, "second_factor": "pending" if not complete else "done"}, by=row.id,
        )
        log("ok" if complete else "password", row.id, ip=ip, user_agent=made.user_agent, session_id=made.id)
        if complete:
            signals.person_signed_in.send("identity", person=row, session=made)
    return made, secret


def session_by_secret(secret: str) -> tuple[Session, Person] | None:
    """The session and its person, or None when it is unknown, ended, timed out or the person disabled.

    One query. The person comes with ``department`` loaded and ``rights_epoch`` set, so that checking permissions
    that were asked before costs none. A session whose ``complete`` is False may do nothing but the second factor.
    """
    if not secret:
        return None
    cache = runtime.current().cache
    sql = cache.get("identity.session_sql")
    if sql is None:
        # building the statement takes longer than running it: its text is kept
        sql = cache["identity.session_sql"] = _query().sql()[0]
    row = db.database.execute_sql(sql, (hash_secret(secret),)).fetchone()
    if row is None:
        return None
    session, person = row_from(Session, _SESSION, row), person_from(row, len(_SESSION))
    security = runtime.current().config["security"]
    now = clock.now()
    if (
        not person.active
        or session.used_at + dt.timedelta(minutes=security["session_idle_minutes"]) <= now
        or session.created_at + dt.timedelta(hours=security["session_absolute_hours"]) <= now
    ):
        return None
    if now - session.used_at >= USED_EVERY and db.write_if_free(
            Session.update(used_at=now).where(Session.id == session.id, Session.used_at < now)):
        session.__data__["used_at"] = now
    session.__rel__["person"] = person
    return session, person


def rotate_session(session: Session | int, *, complete: bool | None = None) -> tuple[Session, str]:
    """Gives a session a new secret and a new CSRF token: the old ones are worth nothing from now on.

    Done when rights grow: the second factor is through (``complete=True``), the password was changed.
    """
    secret = secrets.token_urlsafe(32)
    with db.transaction():
        row = Session.get_or_none(Session.id == id_of(session), Session.ended_at.is_null())
        if row is None:
            raise NotFound("会话已结束，请重新登录", code="session_ended")
        row.secret_hash, row.csrf = hash_secret(secret), secrets.token_urlsafe(24)
        signed_in = complete is True and not row.complete
        if complete is not None:
            row.complete = complete
        row.save()
        if signed_in:
            person = load_person(row.person_id)
            audit.record(
                "session.second_factor", "person", person.id, title=person.name, after={"session": row.id},
                by=person.id,
            )
            log("ok", person.id, ip=row.ip, user_agent=row.user_agent, session_id=row.id)
            signals.person_signed_in.send("identity", person=person, session=row)
    return row, secret


def end_session(session: Session | int, *, by: Person | int | None = None) -> bool:
    """Ends a session at once; False if it had ended already."""
    with db.transaction():
        session_id = id_of(session)
        done = (
            Session.update(ended_at=clock.now()).where(Session.id == session_id, Session.ended_at.is_null()).execute()
        )
        if done:
            person = Person.select(Person.id, Person.name).join(Session).where(Session.id == session_id).get()
            audit.record(
                "session.ended", "person", person.id, title=person.name, after={"session": session_id}, by=by_id(by)
            )
            log("signed_out" if by_id(by) == person.id else "ended", person.id, session_id=session_id)
    return bool(done)


def end_all_sessions(
    person: Person | int, except_: Session | int | None = None, *, by: Person | int | None = None
) -> int:
    """Ends all of a person's sessions but one; how many there were."""
    with db.transaction():
        row = load_person(person)
        query = Session.update(ended_at=clock.now()).where(Session.person == row.id, Session.ended_at.is_null())
        if except_ is not None:
            query = query.where(Session.id != id_of(except_))
        ended = query.execute()
        if ended:
            audit.record("session.ended_all", "person", row.id, title=row.name, after={"ended": ended}, by=by_id(by))
            log("ended", row.id)
    return ended


def list_sessions(person: Person | int) -> list[Session]:
    """A person's sessions that still work, the last used first."""
    security = runtime.current().config["security"]
    now = clock.now()
    return list(
        Session.select()
        .where(
            Session.person == id_of(person),
            Session.ended_at.is_null(),
            Session.used_at > now - dt.timedelta(minutes=security["session_idle_minutes"]),
            Session.created_at > now - dt.timedelta(hours=security["session_absolute_hours"]),
        )
        .order_by(Session.used_at.desc(), Session.id.desc())
        .limit(200)
    )


def owner_of(session_id: int) -> Person | None:
    """Whose session that is."""
    return Person.select(Person).join(Session).where(Session.id == session_id).first()


def epoch_column() -> Any:
    """The epoch of rights as a column of another query."""
    one = RightsEpoch.alias("epoch")
    # numbers as text: whoever keeps the statement's text has only the own parameters to pass
    return db.fn.COALESCE(one.select(one.value).where(one.id == db.SQL("1")), db.SQL("0"))


def person_columns() -> tuple[Any, ...]:
    """Columns from which :func:`person_from` makes a person; the query joins Department outer."""
    return (*PERSON_FIELDS, *_DEPARTMENT, epoch_column())


def person_from(row: tuple[Any, ...], start: int) -> Person:
    """A person from the raw columns of :func:`person_columns`, without peewee's way through a cursor wrapper."""
    person = row_from(Person, PERSON_FIELDS, row, start)
    at = start + len(PERSON_FIELDS)
    department = None
    if row[at] is not None:
        department = Department(__no_default__=True)
        department.__data__.update(id=row[at], name=row[at + 1], path=row[at + 2])
    person.__rel__["department"] = department
    #: read by the permissions: rights loaded under this epoch and ``version`` are still right
    person.rights_epoch = row[at + 3]
    return person


def row_from(model: Any, fields: tuple[Any, ...], row: tuple[Any, ...], start: int = 0) -> Any:
    """A row of ``model`` from raw columns, ``fields`` in their order from ``start`` on; the rest stays unset."""
    made = model(__no_default__=True)
    for i, field in enumerate(fields, start):
        made.__data__[field.name] = _plain(field, row[i])
    return made


def _plain(field: Any, value: Any) -> Any:
    if isinstance(field, db.UTCDateTimeField):
        return field.python_value(value)
    if isinstance(field, db.BooleanField):
        return bool(value)
    if isinstance(field, db.JSONField):
        return json.loads(value)
    return value


def _query() -> Any:
    return (
        Session.select(*_SESSION, *person_columns())
        .join(Person)
        .left_outer_join(Department)
        .where(Session.secret_hash == "", Session.ended_at.is_null())
    )


__all__ = [
    "end_all_sessions", "end_session", "hash_secret", "list_sessions", "open_session", "owner_of", "rotate_session",
    "session_by_secret",
]
