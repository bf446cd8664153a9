"""Writing messages, in the business transaction: one INSERT for all inboxes, one for all that goes outside."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from oa_kernel import builtin, clock, db, outbox, runtime, signals
from oa_kernel.contributions import NotificationChannel, NotificationKind
from oa_kernel.identity.models import Person

from .models import Notification

#: the outbox topic of e-mail
MAIL = "mail"
_ROWS_A_STATEMENT = 500


def send(
    kind: str,
    to: Iterable[int | Person],
    title: str,
    body: str = "",
    url: str = "",
    subject: tuple[str, Any] | None = None,
) -> int:
    """Writes a message for each person; how many. Duplicates among ``to`` count once.

    The inbox always gets it; other channels by the person's preferences for the kind, or the kind's own.

    :param kind: a registered ``NotificationKind``'s name; of an unknown one only the inbox hears.
    :param to: people, or their ids.
    :param subject: kind and id of what it is about.
    """
    people = list(dict.fromkeys(p if isinstance(p, int) else p.id for p in to))
    if not people:
        return 0
    with db.transaction():
        _to_inboxes(people, kind, title[:300], body, url[:500], subject or ("", ""))
        if outside := _outside(kind):
            _to_outside(people, kind, title, body, url, outside)
    return len(people)


def _to_inboxes(
    people: list[int], kind: str, title: str, body: str, url: str, subject: tuple[str, Any]
) -> None:
    at = clock.now()
    stamp = Notification.at.db_value(at)
    mark = db.database.param
    row = f"({', '.join([mark] * 8)})"
    told = bool(signals.notification_sent.receivers)
    for start in range(0, len(people), _ROWS_A_STATEMENT):
        part = people[start : start + _ROWS_A_STATEMENT]
        values: list[Any] = []
        for person_id in part:
            values += (person_id, kind, title, body, url, subject[0], str(subject[1]), stamp)
        cursor = db.database.execute_sql(
            "INSERT INTO notifications_notification (person_id, kind, title, body, url, subject_kind, subject_id, at)"
            f" VALUES {', '.join([row] * len(part))}" + (" RETURNING id, person_id" if told else ""),
            values,
        )
        for made, person_id in cursor.fetchall() if told else ():
            signals.notification_sent.send("notifications", notification=Notification(
                id=made, person_id=person_id, kind=kind, title=title, body=body, url=url, subject_kind=subject[0],
                subject_id=str(subject[1]), at=at,
            ))


def kinds() -> dict[str, NotificationKind]:
    """All kinds by name."""
    cache = runtime.current().cache
    if "notifications.kinds" not in cache:
        cache["notifications.kinds"] = {k.name: k for k in builtin.collect("oa_notification_kinds")}
    return cache["notifications.kinds"]


def channels() -> dict[str, NotificationChannel]:
    """The ways out of the house that work here, by name: e-mail once a mail host or folder is set, and plugins'."""
    running = runtime.current()
    if "notifications.channels" not in running.cache:
        found = {c.name: c for c in builtin.collect("oa_notification_channels")}
        if running.config["mail"]["host"] or running.config["mail"]["folder"]:
            found = {"email": NotificationChannel("email", "电子邮件", MAIL, lambda person: person.email), **found}
        running.cache["notifications.channels"] = found
    return running.cache["notifications.channels"]


def _outside(kind: str) -> dict[str, NotificationChannel]:
    return channels() if kind in kinds() else {}


def wanted(kind: str, preferences: dict[str, Any] | None) -> set[str]:
    """Names of the channels a person with these preferences wants for a kind."""
    own = ((preferences or {}).get("channels") or {}).get(kind)
    if isinstance(own, list):
        return set(own)
    known = kinds().get(kind)
    return set(known.channels) if known else {"inbox"}


def _to_outside(
    people: list[int], kind: str, title: str, body: str, url: str, outside: dict[str, NotificationChannel]
) -> None:
    payloads: dict[str, list[dict[str, Any]]] = {}
    rows = Person.select(
        Person.id, Person.username, Person.name, Person.email, Person.mobile, Person.preferences
    ).where(Person.id.in_(people), Person.active == True)  # noqa: E712 - SQL
    for person in rows:
        chosen = wanted(kind, person.preferences)
        for name, channel in outside.items():
            address = channel.address(person) if name in chosen else ""
            if address:
                payloads.setdefault(channel.topic, []).append({
                    "ref": uuid.uuid4().hex, "person": person.id, "name": person.name, "to": address,
                    "kind": kind, "title": title, "body": body, "url": url,
                })
    for topic, rows_of_topic in payloads.items():
        outbox.put_many(topic, rows_of_topic)
