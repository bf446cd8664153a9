"""Documents that came in by themselves and wait on the sign-in desk (收文登记) to be registered or refused.

What brings them (exchange between organisations) calls :func:`check` and :func:`seal_of` before its transaction, in it
:func:`take`, and later :func:`urge`, :func:`recall` and :func:`standing`; it listens to the signals
``documents.arrival_registered`` and ``documents.arrival_refused``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from oa_kernel import audit, clock, db, files, identity, notifications, permissions, signals
from oa_kernel.config import SECRECY_LEVELS
from oa_kernel.errors import Conflict, Invalid, NotFound

from .. import kinds, rights, settings
from ..models_incoming import Arrival, Incoming
from . import incoming, incoming_lists, reading

SUBJECT = "documents.arrival"
URGENCIES = ("", "平急", "加急", "特急", "特提")

arrival_registered = signals.signal(
    "documents.arrival_registered", "What came in by itself was registered. `arrival`, `document`, `by`.")
arrival_refused = signals.signal(
    "documents.arrival_refused", "What came in by itself was refused (退文). `arrival`, `reason`, `by`.")


def check(fields: Mapping[str, Any]) -> None:
    """What :func:`take` would refuse of the fields. Raises Invalid."""
    _clean(fields)


def seal_of(written: Sequence[files.Written]) -> dict[str, Any] | None:
    """What the first seal in what came says: files are read for it and signatures verified, which takes its time."""
    return next((s for s in map(_seal, written) if s), None)


def take(
    source: str, reference: str, fields: Mapping[str, Any], written: Sequence[files.Written], *,
    seal: dict[str, Any] | None = None, way: str = "",
) -> Arrival:
    """Puts a document on the desk, once a ``reference``; who registers incoming documents is told.

    :param fields: as of :data:`incoming.FIELDS`, as far as the sender says them.
    :param written: its files, the document itself first; they are kept with it.
    :param seal: what :func:`seal_of` said of them.
    :raises Invalid: above the highest level of secrecy this installation may hold, or without title, sender or file.
    """
    found = Arrival.get_or_none(Arrival.reference == reference)
    if found is not None:
        return found
    values = _clean(fields)
    if not written:
        raise Invalid("来文没有文件")
    with db.transaction():
        made = Arrival.create(source=source, reference=reference, way=way, arrived_at=clock.now(), seal=seal, **values)
        for position, one in enumerate(written):
            files.attach(one.keep(), SUBJECT, made.id, role="text" if position == 0 else "attachment", position=position)
        audit.record("documents.arrival.take", SUBJECT, made.id, made.title,
                     after={"sender": made.sender, "number": made.number, "way": way, "files": [w.sm3 for w in written],
                            "seal": seal})
        _tell(made, f"收到来文：{made.title}")
    return made


def _seal(file: files.Written) -> dict[str, Any] | None:
    try:
        return reading.seal_of(file)
    except Invalid as error:
        return {"ok": False, "summary": error.message}


def _clean(fields: Mapping[str, Any]) -> dict[str, Any]:
    def text(name: str, longest: int) -> str:
        return " ".join(str(fields.get(name) or "").split())[:longest]

    values: dict[str, Any] = {"sender": text("sender", 200), "number": text("number", 120), "title": text("title", 300),
                              "secrecy_term": text("secrecy_term", 30)}
    if not values["title"] or not values["sender"]:
        raise Invalid("来文没有标题或来文单位")
    secrecy = str(fields.get("secrecy") or "公开")
    highest = settings.highest_secrecy()
    if secrecy not in SECRECY_LEVELS or SECRECY_LEVELS.index(secrecy) > SECRECY_LEVELS.index(highest):
        raise Invalid(f"收文单位的系统最高只能接收“{highest}”的文件，不能接收“{secrecy}”", code="secrecy")
    kind, urgency = str(fields.get("kind") or ""), str(fields.get("urgency") or "")
    faults: dict[str, list[str]] = {}
    return {
        **values, "secrecy": secrecy, "secrecy_level": SECRECY_LEVELS.index(secrecy),
        "kind": kind if kind in kinds.KINDS else "", "urgency": urgency if urgency in URGENCIES else "",
        "dated_on": incoming.read_date(fields.get("dated_on"), "dated_on", "成文日期", faults),
    }


def waiting(person: Any, *, limit: int = 50, cursor: str | None = None) -> db.Page:
    """What waits on the desk, the oldest first."""
    permissions.require(person, rights.REGISTER)
    query = Arrival.select().where(Arrival.state == "waiting", Arrival.secrecy_level <= person.clearance)
    return db.page(query, [Arrival.id], limit=limit, cursor=cursor)


def waiting_count(person: Any) -> int:
    """How many there are, for the badge."""
    return int(Arrival.select().where(Arrival.state == "waiting", Arrival.secrecy_level <= person.clearance).count())


def get(person: Any, arrival_id: Any) -> Arrival:
    """One of them, or NotFound where it is not there or not to be seen."""
    number = int(arrival_id) if str(arrival_id).isascii() and str(arrival_id).isdigit() else 0
    found = Arrival.get_or_none(Arrival.id == number) if 0 < number < 2**63 else None
    if found is None or not file_readable(person, str(found.id)):
        raise NotFound("没有这份来文，或者您不能查看它")
    return found


def by_reference(source: str, reference: str) -> Arrival | None:
    """The one that ``source`` brought under its own name for it."""
    return Arrival.get_or_none(Arrival.reference == reference, Arrival.source == source)


def file_readable(person: Any, arrival_id: str) -> bool:
    """May somebody read its files: who registers, within their clearance."""
    if not permissions.by_right(person, rights.REGISTER):
        return False
    return bool(Arrival.select(Arrival.id).where(
        Arrival.id == int(arrival_id), Arrival.secrecy_level <= person.clearance).exists())


def register(arrival: Arrival, data: Mapping[str, Any], by: Any, *, despite_duplicates: bool = False) -> Incoming:
    """Enters it into the register; the sender gets its receipt by the way it came.

    :raises Conflict: it is not waiting any more, or ``duplicate`` (see :func:`incoming.register`).
    """
    with db.transaction():
        arrival = _waiting(arrival)
        attached = files.attached(SUBJECT, arrival.id)
        document = incoming.register({**data, "files": [f.id for f in attached]}, by, despite_duplicates=despite_duplicates)
        _end(arrival, by, state="registered", incoming_id=document.id)
        if arrival.standing:
            Incoming.update(standing=arrival.standing).where(Incoming.id == document.id).execute()
        arrival_registered.send("documents", arrival=arrival, document=document, by=by)
    return document


def refuse(arrival: Arrival, reason: str, by: Any) -> Arrival:
    """退文: the sender is told why."""
    permissions.require(by, rights.REGISTER)
    reason = " ".join(reason.split())
    if not 2 <= len(reason) <= 200:
        raise Invalid("请写明退文的原因（2 至 200 字）", errors={"reason": ["请写明退文的原因（2 至 200 字）"]})
    with db.transaction():
        arrival = _waiting(arrival)
        _end(arrival, by, state="refused", reason=reason)
        arrival_refused.send("documents", arrival=arrival, reason=reason, by=by)
    return Arrival.get_by_id(arrival.id)


def recall(source: str, reference: str, reason: str) -> Arrival | None:
    """The sender wants it back: it leaves the desk unless it is registered. The arrival as it is then; None: unknown."""
    with db.transaction():
        found = db.lock_rows(Arrival.select().where(Arrival.reference == reference, Arrival.source == source)).first()
        if found is None:
            return None
        if found.state == "waiting":
            _end(found, None, state="recalled", reason=reason[:300])
            _tell(found, f"发文单位撤回：{found.title}", reason)
        elif found.state == "registered":
            _tell(found, f"发文单位请求撤回已登记的来文：{found.title}", reason)
    return Arrival.get_by_id(found.id)


def urge(source: str, reference: str) -> None:
    """The sender reminds; once an hour is enough."""
    with db.transaction():
        found = db.lock_rows(Arrival.select().where(Arrival.reference == reference, Arrival.source == source)).first()
        now = clock.now()
        if found is None or found.state != "waiting" or (found.urged_at and (now - found.urged_at).total_seconds() < 3600):
            return
        Arrival.update(urged_at=now).where(Arrival.id == found.id).execute()
        audit.record("documents.arrival.urge", SUBJECT, found.id, found.title, after={"sender": found.sender})
        _tell(found, f"发文单位催办：{found.title}")


def standing(source: str, reference: str, words: str) -> Arrival | None:
    """Its sender has taken it out of force (撤销、废止、代替): that stands with it from now on. None: unknown."""
    with db.transaction():
        found = db.lock_rows(Arrival.select().where(Arrival.reference == reference, Arrival.source == source)).first()
        words = " ".join(words.split())[:200]
        if found is None or not words or found.standing == words:
            return found
        Arrival.update(standing=words).where(Arrival.id == found.id).execute()
        if found.incoming_id is not None:
            Incoming.update(standing=words).where(Incoming.id == found.incoming_id).execute()
        audit.record("documents.arrival.standing", SUBJECT, found.id, found.title, before={"standing": found.standing},
                     after={"standing": words, "incoming": found.incoming_id})
        _tell(found, f"来文{words}：{found.title}")
    return Arrival.get_by_id(found.id)


def duplicates(arrival: Arrival) -> list[Incoming]:
    """What is in the register already with the same number and sender, or the same content."""
    attached = files.attached(SUBJECT, arrival.id)
    return incoming_lists.duplicates(arrival.number, arrival.sender, attached[0].sm3 if attached else "")


def _waiting(arrival: Arrival) -> Arrival:
    found = db.lock_rows(Arrival.select().where(Arrival.id == arrival.id)).first()
    if found is None or found.state != "waiting":
        words = {"registered": "已登记", "refused": "已退文", "recalled": "已被发文单位撤回"}
        raise Conflict(f"这份来文{words.get(found.state, '') if found else '已不在'}，不必再办", code="not_waiting")
    return found


def _end(arrival: Arrival, by: Any, **changes: Any) -> None:
    Arrival.update(**changes, ended_at=clock.now(), ended_by_name=by.name if by else "").where(
        Arrival.id == arrival.id).execute()
    for name, value in changes.items():
        setattr(arrival, name, value)
    audit.record(f"documents.arrival.{changes['state']}", SUBJECT, arrival.id, arrival.title, by=by,
                 before={"state": "waiting"}, after=changes)


def _tell(arrival: Arrival, title: str, body: str = "") -> None:
    people = identity.by_ids(permissions.people_with(rights.REGISTER)).values()
    cleared = [p.id for p in people if p.clearance >= arrival.secrecy_level]
    notifications.send(
        "documents.arrived", cleared, title, body=body[:300] or f"{arrival.sender}　{arrival.number}",
        url=f"/documents/arrivals/{arrival.id}", subject=(SUBJECT, str(arrival.id)))
