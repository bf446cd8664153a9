"""Is the record whole? Every head and its place in the chain, every event against its leaf, head by head.

A head names the hash of the one before, signature included: with an unbroken chain, the last signature holds for all.
Not to be found here: on PostgreSQL, an event removed in the seconds before it was sealed.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from peewee import OperationalError

from oa_kernel import db, runtime
from oa_kernel.crypto import CryptoError, merkle, sm3_hex

from .leaves import ENTRY, FIELDS, chain_hash, entries, event_of, head_of, leaf_of, snapshot
from .models import Event, Head, Node
from .seal import STEP, anchor_path, genuine

#: an event may be sealed so long after it was written (a transaction that ran long); older ones were slipped in
STRAGGLER = dt.timedelta(minutes=15)


class _Broken(Exception):
    def __init__(self, reason: str, event: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.event = reason, event


def verify() -> dict[str, Any]:
    """``{ok, kind, summary, reasons, events, unsealed, heads, first, fingerprint}``.

    ``first`` is the first event that is wrong; ``fingerprint`` that of the key that signed the last head.
    """
    result: dict[str, Any] = {"ok": True, "kind": "audit", "summary": "", "reasons": [], "events": 0, "heads": 0,
                              "unsealed": 0, "first": None, "fingerprint": ""}
    with snapshot():
        try:
            _walk(result)
        except _Broken as found:
            result.update(ok=False, first=found.event, reasons=[found.reason])
    if result["ok"]:
        waiting = f"，另有 {result['unsealed']} 条等待封存" if result["unsealed"] else ""
        result["summary"] = f"审计记录完整：{result['events']} 条已封存{waiting}，{result['heads']} 个签名树头首尾相连"
        if result["fingerprint"]:
            result["summary"] += f"；签名密钥指纹（SM3）{result['fingerprint']}"
    else:
        result["summary"] = f"审计记录不完整。第一处：{result['reasons'][0]}"
    return result


def _walk(result: dict[str, Any]) -> None:
    frontier, nodes = merkle.Frontier(), _Nodes()
    horizon: dt.datetime | None = None
    anchor = _read_anchor()
    row: Head | None = None
    highest, anchored = 0, anchor is None or anchor["size"] == 0
    for row, previous in _heads(frontier):
        head = head_of(row)
        _check_head(row, previous, frontier.size)
        highest = _check_events(row, horizon, frontier, nodes, highest)
        if frontier.root().hex() != head["root"] or frontier.size != head["size"]:
            raise _Broken(f"树头 {head['size']} 的根与它的记录不符", _first_of(row))
        if frontier.to_json() != row.frontier:
            raise _Broken(f"树头 {head['size']} 的续接信息被改动", _first_of(row))
        if anchor and anchor["size"] == head["size"]:
            anchored = True
            if anchor["hash"] != _chained(row):
                raise _Broken(f"树头 {head['size']} 与封存时另存的不同：它被改动，或记录被换过", _first_of(row))
        if head["complete"]:  # then the time tells what was slipped in later
            horizon = row.at - STRAGGLER
        result["events"], result["heads"] = frontier.size, result["heads"] + 1
    if row is not None:
        if not genuine(row):
            raise _Broken(_bad(row), _first_of(row))
        result["fingerprint"] = fingerprint(row.public_key)
    if anchor and anchor["size"] > frontier.size:
        raise _Broken(f"封存过 {anchor['size']} 条，现在只有 {frontier.size} 条：末尾的树头或记录被删除", _event_at(frontier.size))
    if not anchored:
        raise _Broken("封存时另存的树头不在记录中：记录被换过")
    nodes.check_count()
    result["unsealed"] = _check_unsealed(horizon, frontier.size, highest)


def _heads(frontier: merkle.Frontier) -> Iterator[tuple[Head, Head | None]]:
    """Each head with the one before it, in order, two at a time in memory."""
    previous: Head | None = None
    after = -1
    while True:
        try:
            row = Head.select().where(Head.size > after).order_by(Head.size).first()
            if row is None:
                return
            head_of(row)
        except (ValueError, TypeError, AttributeError):
            raise _Broken(f"从第 {frontier.size} 片叶子起的树头被改动，无法读取", _event_at(frontier.size)) from None
        yield row, previous
        previous, after = row, row.size


def _event_at(place: int) -> int | None:
    return Event.select(Event.id).where(Event.leaf == place).scalar()


def _first_of(row: Head) -> int | None:
    """The first event a head sealed: by its table, or by what the events say where that is of no use."""
    table = bytes(row.entries)
    return int.from_bytes(table[:8], "big") if len(table) == ENTRY * (row.size - row.first) else _event_at(row.first)


def _chained(row: Head) -> str:
    """What the next head should call ``previous``; nothing any head says, where the signature cannot be read."""
    try:
        return chain_hash(head_of(row))
    except ValueError:
        return "?"


def _bad(row: Head) -> str:
    try:
        runtime.current().keys.signing_key(row.key_id)
    except CryptoError:
        return f"树头 {row.size} 的签名密钥 {row.key_id} 不在密钥环中"
    return f"树头 {row.size} 的签名不对：它被改动过"


def _check_head(row: Head, before: Head | None, size: int) -> None:
    event = _event_at(size)
    if row.first > size:
        raise _Broken(f"缺少从第 {size} 片叶子开始的树头（下一个从 {row.first} 开始）：有树头被删除", event)
    if row.first < size:
        raise _Broken(f"树头 {row.size} 与前一个重叠：它被改动或插入", event)
    if row.previous != (_chained(before) if before else ""):
        if before is not None and not genuine(before):
            raise _Broken(_bad(before), _first_of(before))
        if not genuine(row):
            raise _Broken(_bad(row), _first_of(row))
        raise _Broken(f"树头 {row.size} 与前一个不相连：其间有树头被删除或替换", event)
    if len(bytes(row.entries)) != ENTRY * (row.size - row.first):
        raise _Broken(f"树头 {row.size} 的条目数不对：它被改动过", event)


def _check_events(
    row: Head, horizon: dt.datetime | None, frontier: merkle.Frontier, nodes: _Nodes, highest: int
) -> int:
    """Holds the events of one head against its table. Answers with the highest event id so far."""
    stored = _stored(row.first, row.size)
    oldest = horizon.replace(tzinfo=None).isoformat(" ", "microseconds") if horizon is not None else ""
    for place, (event_id, leaf) in enumerate(entries(row.entries), row.first):
        event = stored.get(place)
        if event is None:
            raise _Broken(f"事件 {event_id} 被删除，或它在树中的位置被抹去", event_id)
        if event["id"] != event_id:
            raise _Broken(f"事件 {event['id']} 占了事件 {event_id} 的位置：次序被改动，或记录被替换", event_id)
        if leaf_of(event) != leaf:
            raise _Broken(f"事件 {event_id}（{event['action']}，{event['at']} UTC）在封存之后被改动", event_id)
        if event["at"] < oldest:
            raise _Broken(f"事件 {event_id} 自称发生在 {event['at']} UTC，却在那之后很久才出现：它是后来插入的", event_id)
        if not db.is_postgresql() and event_id < highest:
            raise _Broken(f"事件 {event_id} 的编号早于已封存的事件：它是后来插入的", event_id)
        highest = max(highest, event_id)
        frontier.append(leaf)
        nodes.append(leaf)
    return highest


def _stored(first: int, stop: int) -> dict[int, dict[str, Any]]:
    """Events by their place."""
    columns = ", ".join(FIELDS)
    try:
        rows = db.database.execute_sql(
            f"SELECT leaf, {columns} FROM audit_event WHERE leaf >= {int(first)} AND leaf < {int(stop)}"
        ).fetchall()
    except (OperationalError, sqlite3.OperationalError):  # SQLite holds a text that is none: which event's?
        if stop - first > 1:
            middle = (first + stop) // 2
            return {**_stored(first, middle), **_stored(middle, stop)}
        event = _event_at(first)
        raise _Broken(f"事件 {event} 在封存之后被改动：内容不是文字", event) from None
    return {leaf: event_of(rest) for leaf, *rest in rows}


def _check_unsealed(horizon: dt.datetime | None, size: int, highest: int) -> int:
    stray = Event.select(Event.id).where((Event.leaf >= size) | (Event.leaf < 0)).order_by(Event.leaf).limit(1).tuples().first()
    if stray is not None:
        raise _Broken(f"事件 {stray[0]} 自称已经封存，却没有树头包含它：树头被删除，或事件是伪造的", stray[0])
    waiting = Event.select(Event.id, Event.at).where(Event.leaf.is_null()).order_by(Event.id)
    count, expected = 0, highest + 1
    for event_id, at in waiting.tuples().iterator():
        if not db.is_postgresql():  # one writer at a time: numbers come without gap, in the order of the commits
            if event_id <= highest:
                raise _Broken(f"事件 {event_id} 没有封存，编号却早于已封存的事件：它是后来插入的，或位置被抹去", event_id)
            if event_id != expected:
                raise _Broken(f"事件 {expected} 不见了（下一条是 {event_id}）：它在封存之前被删除", expected)
            expected = event_id + 1
        elif horizon is not None and at < horizon:
            raise _Broken(f"事件 {event_id} 早就应当封存：它是后来插入的，或位置被抹去", event_id)
        count += 1
    return count


class _Nodes:
    """Recomputes the kept nodes alongside and holds them against the table: proofs are built of them."""

    def __init__(self) -> None:
        self.levels: list[list[bytes]] = [[]]
        self.count = 0
        self.places: list[int] = [0]

    def append(self, leaf: bytes) -> None:
        self._add(0, leaf)

    def _add(self, floor: int, value: bytes) -> None:
        if floor == len(self.levels):
            self.levels.append([])
            self.places.append(0)
        self.levels[floor].append(value)
        if len(self.levels[floor]) == 1 << STEP:
            above = merkle.root(self.levels[floor])
            self.levels[floor].clear()
            index, self.places[floor] = self.places[floor], self.places[floor] + 1
            kept = Node.get_or_none(Node.level == (floor + 1) * STEP, Node.index == index)
            if kept is None or kept.hash != above.hex():
                raise _Broken(f"树中第 {(floor + 1) * STEP} 层的第 {index} 个节点被改动或删除", _event_at(index << (floor + 1) * STEP))
            self.count += 1
            self._add(floor + 1, above)

    def check_count(self) -> None:
        if Node.select().count() != self.count:
            raise _Broken("树中有不该存在的节点")


def _read_anchor() -> dict[str, Any] | None:
    try:
        found = json.loads(anchor_path().read_text("ascii"))
        return {"size": int(found["size"]), "hash": str(found["hash"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def fingerprint(public_key: str) -> str:
    """SM3 of a public key, shortened, as people compare it."""
    digest = sm3_hex(bytes.fromhex(public_key))[:32]
    return " ".join(digest[i : i + 4] for i in range(0, 32, 4))


__all__ = ["STRAGGLER", "fingerprint", "verify"]
