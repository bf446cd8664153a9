"""Cases of a definition as an event log for process mining: XES, IEEE 1849-2016.

Streamed: a few hundred cases at a time, whatever their number. Clause 5 rules the elements, clause 6 the standard
extensions used: concept, lifecycle (its *standard* model), organizational, time. A trace is a case. Of each task its
arrival is ``assign`` and its opening ``start``; what then happened, from the trail, is ``complete``, ``reassign``,
``suspend`` … (see :data:`LIFECYCLE`). Opinions and form fields are not exported.

With ``anonymous`` people are pseudonyms, the same within one log and not to be traced back from it, titles are left
out; departments stay, and the case's number, by which who may see the case can find it again.
"""

from __future__ import annotations

import datetime as dt
import secrets
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from xml.sax.saxutils import escape

from oa_kernel import audit, clock, crypto, db, permissions
from oa_kernel.errors import Forbidden
from oa_kernel.identity.models import Department, Person

from .engine import WORDS
from .models import Instance, Task, Trail
from .people import MANAGE
from .statistics import _Asked, _start, versions

#: cases at a time
BATCH = 200

#: action of the trail → transition of the standard lifecycle model; what is no transition is ``unknown``
LIFECYCLE = {
    "submit": "complete", "approve": "complete", "reject": "complete", "return": "complete", "read": "complete",
    "service": "complete", "timer": "complete", "notify": "complete", "copy": "complete", "subprocess_ended": "complete",
    "complete": "complete", "transfer": "reassign", "delegate": "reassign", "hand_over": "reassign", "claim": "start",
    "subprocess": "start", "release": "withdraw", "withdraw": "withdraw", "retrieve": "withdraw", "skip": "autoskip",
    "pass": "autoskip", "skip_step": "manualskip", "jump": "manualskip", "suspend": "suspend", "resume": "resume",
    "service_failed": "ate_abort", "cancel": "pi_abort",
}
_EXTENSIONS = (("Concept", "concept"), ("Lifecycle", "lifecycle"), ("Organizational", "org"), ("Time", "time"))
#: XML 1.0 has no other control characters (production 2)
_ILLEGAL = dict.fromkeys([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)], "\ufffd")


def log(name: str, *, by: Any, since: dt.date | None = None, until: dt.date | None = None, anonymous: bool = False,
        told: Callable[[int], Any] | None = None) -> Iterator[bytes]:
    """The log, piece by piece, as UTF-8. That it was taken out is in the audit.

    :param by: who takes it out, and must manage workflows; None: the system.
    :param since: first and last day on which the cases began (both included); None: no bound.
    :param told: called with the number of cases written so far, now and then.
    :raises NotFound: no such definition. Forbidden: not by this person. Both before the first piece.
    """
    if by is not None and not permissions.by_right(by, MANAGE):
        raise Forbidden("只有流程管理员可以导出事件日志")
    title = versions(name)[0]["title"]
    with db.transaction():
        audit.record("workflow.exported", "workflow.definition", name, title=title, by=by, after={
            "since": since.isoformat() if since else None, "until": until.isoformat() if until else None, "anonymous": anonymous})
    asked = _Asked(name, _start(since), _start(until + dt.timedelta(days=1)) if until else None, None)
    return _pieces(asked, title, _Names(anonymous), told or (lambda n: None))


def gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same, compressed (.xes.gz)."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


def _pieces(asked: _Asked, title: str, names: _Names, told: Callable[[int], Any]) -> Iterator[bytes]:
    yield _head(asked.name, title).encode()
    departments: dict[int, str] = dict(Department.select(Department.id, Department.name).tuples())
    last, written = 0, 0
    while True:
        query = Instance.select().where(Instance.definition_name == asked.name, Instance.id > last)
        if asked.begin is not None:
            query = query.where(Instance.started_at >= asked.begin)
        if asked.end is not None:
            query = query.where(Instance.started_at < asked.end)
        cases = list(query.order_by(Instance.id).limit(BATCH))
        if not cases:
            break
        ids = [c.id for c in cases]
        tasks: dict[int, list[Any]] = {}
        for task in Task.select().where(Task.instance_id.in_(ids), Task.kind != "circulate").order_by(Task.id):
            tasks.setdefault(task.instance_id, []).append(task)
        trail: dict[int, list[Any]] = {}
        for entry in Trail.select().where(Trail.instance_id.in_(ids)).order_by(Trail.id):
            trail.setdefault(entry.instance_id, []).append(entry)
        names.learn([*(c.drafter_id for c in cases), *(t.assignee_id for of in tasks.values() for t in of)])
        for case in cases:
            # an element a line: there are readers that want it so
            lines = _trace(case, tasks.get(case.id, []), trail.get(case.id, []), names, departments)
            yield "".join(f"{line}\n" for line in lines).encode()
        last, written = ids[-1], written + len(cases)
        told(written)
    yield b"</log>\n"


class _Names:
    """Who somebody is in the log."""

    def __init__(self, anonymous: bool) -> None:
        self.anonymous, self._key = anonymous, secrets.token_bytes(32)
        self._known: dict[int, str] = {}

    def learn(self, ids: Iterable[int]) -> None:
        new = set(ids) - self._known.keys()
        if new and not self.anonymous:
            self._known |= dict(Person.select(Person.id, Person.username).where(Person.id.in_(new)).tuples())

    def __call__(self, person_id: int | None, username: str = "") -> str:
        if person_id is None:
            return "system"
        if self.anonymous:
            # a key of this log's own, gone with it: nobody finds the person by trying all of them
            return "p" + crypto.sm3_hex(self._key + str(person_id).encode())[:12]
        return username or self._known.get(person_id, f"#{person_id}")


def _head(name: str, title: str) -> str:
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/">']
    lines += [f'<extension name="{n}" prefix="{p}" uri="http://www.xes-standard.org/{p}.xesext"/>' for n, p in _EXTENSIONS]
    lines += ['<global scope="trace">', _string("concept:name", "UNKNOWN"), "</global>", '<global scope="event">',
              _string("concept:name", "UNKNOWN"), _string("lifecycle:transition", "complete"),
              _date("time:timestamp", dt.datetime(1970, 1, 1, tzinfo=dt.UTC)), _string("org:resource", "system"), "</global>",
              '<classifier name="Activity" scope="event" keys="concept:name"/>',
              '<classifier name="Activity_and_transition" scope="event" keys="concept:name lifecycle:transition"/>',
              _string("concept:name", title), _string("lifecycle:model", "standard"), _string("definition", name)]
    return "\n".join(lines) + "\n"


def _trace(case: Any, tasks: list[Any], trail: list[Any], names: _Names, departments: dict[int, str]) -> Iterator[str]:
    yield "<trace>"
    yield _string("concept:name", str(case.id))
    if not names.anonymous:
        yield _string("title", case.title)
    yield _string("state", case.state)
    yield f'<int key="definition_version" value="{case.definition_version}"/>'
    if case.urgency:
        yield _string("urgency", case.urgency)
    yield _string("drafter", names(case.drafter_id))
    if case.department_id is not None and case.department_id in departments:
        yield _string("department", departments[case.department_id])
    yield _date("started", case.started_at)
    if case.ended_at is not None:
        yield _date("ended", case.ended_at)
    for at, _order, activity, transition, resource, more in sorted(_events(tasks, trail, names), key=lambda e: e[:2]):
        yield "<event>"
        yield _string("concept:name", activity)
        yield _string("lifecycle:transition", transition)
        yield _date("time:timestamp", at)
        yield _string("org:resource", resource)
        yield from (_string(key, value) for key, value in more if value)
        yield "</event>"
    yield "</trace>"


def _events(tasks: list[Any], trail: list[Any], names: _Names) -> Iterator[tuple[Any, ...]]:
    """(when, order among those of one instant, activity, transition, resource, further attributes)."""
    order = 0
    for task in tasks:
        own = [("concept:instance", str(task.id)), ("step", task.step)]
        if task.action != "submit":  # the drafter's first step is done by starting
            yield task.arrived_at, (1, order), task.step_name, "assign", names(task.assignee_id), own
            if task.read_at is not None and task.read_at >= task.arrived_at:
                yield task.read_at, (1, order), task.step_name, "start", names(task.assignee_id), own
        order += 1
    for entry in trail:
        own = [("concept:instance", str(entry.task_id) if entry.task_id else ""), ("step", entry.step), ("action", entry.action)]
        yield (entry.at, (0, order), entry.step_name or WORDS.get(entry.action, entry.action), LIFECYCLE.get(entry.action, "unknown"),
               names(entry.by_id, entry.by_username), own)
        order += 1


def _string(key: str, value: str) -> str:
    return f'<string key="{key}" value="{_attribute(value)}"/>'


def _attribute(text: str) -> str:
    return escape(text.translate(_ILLEGAL), {'"': "&quot;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"})


def _date(key: str, instant: dt.datetime) -> str:
    """xs:dateTime with milliseconds and offset."""
    return f'<date key="{key}" value="{clock.local(instant).isoformat(timespec="milliseconds")}"/>'


__all__ = ["LIFECYCLE", "gzipped", "log"]
