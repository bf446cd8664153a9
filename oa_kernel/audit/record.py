"""Writing an event: one INSERT in the caller's transaction. Writers do not wait for one another."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from oa_kernel import clock, context, db
from oa_kernel.crypto import sm3_hex

COLUMNS = (
    "at", "person_id", "username", "name", "channel", "ip", "user_agent", "credential", "request_id",
    "action", "kind", "object_id", "title", "before", "after",
)

MASK = "***"
_SECRET_WORDS = {
    "password", "passwd", "passphrase", "secret", "secrets", "token", "tokens", "key", "keys", "totp", "hash", "otp",
    "pin", "cookie", "csrf",
}
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
#: longer texts are cut, and their SM3 says what they were
_LONGEST = 2000
_KEPT = 200

_statements: dict[tuple[str, bool], str] = {}


def record(
    action: str,
    kind: str,
    id: Any,
    title: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    by: Any = None,
) -> int:
    """Tells that something was done; returns the event's id.

    :param action: ``thing.what_happened``, e.g. ``documents.submit``.
    :param kind, id, title: the object.
    :param before, after: its fields; where both are given only what differs is kept. Secrets are masked by the
        field's name, long texts cut to their beginning and SM3.
    :param by: a person or their id; left out: who acts by the context. Channel, address and credential always
        come from the context.
    """
    by_number = isinstance(by, int) and by != context.current().person_id
    values = _values(_who(by, by_number), action, kind, id, title, before, after)
    if db.in_transaction():
        return _insert(values, by_number)
    with db.transaction():
        return _insert(values, by_number)


@dataclass(frozen=True, slots=True)
class Deed:
    """One of many events that are told at once, as the arguments of :func:`record`."""

    action: str
    kind: str
    id: Any
    title: str = ""
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


def record_many(deeds: Iterable[Deed], by: Any = None) -> int:
    """Tells of many deeds of one person in a few statements, in their order; how many. Inside a transaction."""
    if not db.in_transaction():
        raise RuntimeError("many events are told in the transaction of what they tell of")
    who = _who(by, isinstance(by, int) and by != context.current().person_id, named=True)
    return db.insert_values(f"audit_event ({', '.join(COLUMNS)})", len(COLUMNS), (
        _values(who, d.action, d.kind, d.id, d.title, d.before, d.after) for d in deeds))


def _who(by: Any, by_number: bool, named: bool = False) -> tuple[Any, ...]:
    """The columns of who acts, and by what way. Of somebody of whom only the id is known the names are left to the
    statement, unless they are to be ``named``."""
    actor = context.current()
    if by is not None and not isinstance(by, int):
        actor = actor.with_person(by)
    who: tuple[Any, ...] = (actor.person_id, actor.username[:80], actor.name[:80])
    if by_number:
        who = (by, by, by)
        if named:
            mark = db.database.param
            found = db.database.execute_sql(f"SELECT username, name FROM identity_person WHERE id = {mark}", (by,)).fetchone()
            who = (by, *(found or ("", "")))
    return (*who, actor.channel[:20], actor.ip[:60], actor.user_agent[:300], actor.credential[:60], actor.request_id[:80])


def _values(
    who: tuple[Any, ...], action: str, kind: str, id: Any, title: str,
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None,
) -> tuple[Any, ...]:
    before_text, after_text = _changes(before, after)
    return (
        clock.now().astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ", "microseconds"), *who, action[:120], kind[:80],
        str(id)[:80], _clean(title)[:500], before_text, after_text,
    )


def _insert(values: tuple[Any, ...], by_number: bool) -> int:
    engine = db.engine_name()
    sql = _statements.get((engine, by_number))
    if sql is None:
        mark = db.database.param
        marks = [mark] * len(COLUMNS)
        if by_number:  # only the id is known: the names come from the table, still in the one statement
            for place, column in ((2, "username"), (3, "name")):
                marks[place] = f"COALESCE((SELECT {column} FROM identity_person WHERE id = {mark}), '')"
        sql = f"INSERT INTO audit_event ({', '.join(COLUMNS)}) VALUES ({', '.join(marks)})"
        if engine == "postgresql":
            sql += " RETURNING id"
        _statements[engine, by_number] = sql
    cursor = db.database.execute_sql(sql, values)
    return int(cursor.fetchone()[0] if engine == "postgresql" else cursor.lastrowid)


def _changes(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[str | None, str | None]:
    if before and after:
        same = {k for k in before if k in after and before[k] == after[k]}
        before = {k: v for k, v in before.items() if k not in same}
        after = {k: v for k, v in after.items() if k not in same}
    return _text(before), _text(after)


def _text(values: Mapping[str, Any] | None) -> str | None:
    if values is None:
        return None
    return json.dumps(
        masked(values), ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain
    )


def masked(value: Any) -> Any:
    """The value with secrets replaced by ``***`` and long texts cut, however deep."""
    if isinstance(value, str):
        value = _clean(value)
        if len(value) > _LONGEST:
            return f"{value[:_KEPT]}…（共 {len(value)} 字，SM3 {sm3_hex(value.encode())}）"
        return value
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return {
            str(k): (MASK if v not in (None, "", False) else v) if _is_secret(str(k)) else masked(v)
            for k, v in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(v) for v in value]
    return value


@lru_cache(maxsize=4096)
def _is_secret(name: str) -> bool:
    return any(word.lower() in _SECRET_WORDS for word in _WORDS.findall(name)) or "密码" in name or "口令" in name


def _clean(text: str) -> str:
    """No NUL and no lone surrogate: neither engine keeps the one, UTF-8 has no place for the other."""
    text = str(text)
    if "\0" in text:
        text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    return getattr(value, "id", None) or str(value)
