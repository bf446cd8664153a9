"""Sealing: what has been written since the last time becomes leaves of the tree, and its new head is signed.

Writers never wait for this. On PostgreSQL transactions may commit out of the order of their ids; a straggler simply
becomes a later leaf, for a leaf's place is given here and not by the event's id.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any

from oa_kernel import clock, db, runtime
from oa_kernel.crypto import UnknownKey, merkle
from oa_kernel.errors import Conflict

from .leaves import ENTRY, FIELDS, PURPOSE, chain_hash, entries, event_of, head_of, head_text, leaf_of
from .models import Event, Head, Node

#: events sealed under one head; on SQLite writers wait for it, a tenth of a second
BATCH = 2000
#: a level of nodes is kept for every 8 levels of the tree
STEP = 8
_LOCK = 0x6F61_6175  # any number, the same everywhere: one sealer at a time on PostgreSQL
_ROWS_A_STATEMENT = 400


def seal() -> int:
    """Seals everything that can be seen; how many events.

    :raises Conflict: when the end of what was sealed is not as it was signed; nothing is put on top of that.
    """
    if not Event.select(Event.id).where(Event.leaf.is_null()).exists():
        return 0  # without waiting for anybody
    sealed = 0
    while True:
        count = _batch()
        sealed += count
        if count < BATCH:
            return sealed


def _batch() -> int:
    with db.transaction():
        if db.is_postgresql():
            db.database.execute_sql("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        rows = db.database.execute_sql(
            # told to sort by id, PostgreSQL would rather walk through everything that is sealed
            f"SELECT {', '.join(FIELDS)} FROM audit_event WHERE leaf IS NULL"
            f"{'' if db.is_postgresql() else ' ORDER BY id'} LIMIT {BATCH + 1}"
        ).fetchall()
        complete = len(rows) <= BATCH
        rows = sorted(rows[:BATCH], key=lambda row: int(row[0]))
        if not rows:
            return 0
        last = _last_head()
        _must_be_sound(last)
        frontier = merkle.Frontier.from_json(last.frontier) if last else merkle.Frontier()
        first = frontier.size
        leaves = [(row[0], leaf_of(event_of(row))) for row in rows]
        for _, leaf in leaves:
            frontier.append(leaf)
        _place(leaves, first)
        _keep_nodes(first, [leaf for _, leaf in leaves])
        head = _sign(last, first, frontier, leaves, complete=complete)
    _anchor(head)
    return len(leaves)


def _last_head() -> Head | None:
    try:
        return Head.select().order_by(Head.size.desc()).first()
    except ValueError:
        raise Conflict("最新的审计树头无法读取，停止封存：请运行 oa audit verify，并保留现场", code="audit_altered") from None


def _must_be_sound(last: Head | None) -> None:
    size = last.size if last else 0
    if last is not None and not genuine(last):
        raise Conflict(f"审计树头 {size} 与签名不符，停止封存：请运行 oa audit verify，并保留现场", code="audit_altered")
    if Event.select(Event.id).where(Event.leaf >= size).exists():
        raise Conflict(
            f"有审计记录的位置超出已签名的 {size} 条，可能有树头被删除，停止封存：请运行 oa audit verify，并保留现场",
            code="audit_altered",
        )


def genuine(head: Head) -> bool:
    """Whether the head is as a key of this installation's ring signed it, and can be gone on from."""
    try:
        key = runtime.current().keys.signing_key(head.key_id)
        frontier = merkle.Frontier.from_json(head.frontier)
        return (
            key.purpose == PURPOSE and key.public.hex() == head.public_key
            and frontier.size == head.size and frontier.root().hex() == head.root
            and key.verify(head_text(head_of(head)), bytes.fromhex(head.signature))
        )
    except (UnknownKey, ValueError, TypeError, KeyError):
        return False


def _place(leaves: list[tuple[int, bytes]], first: int) -> None:
    for start in range(0, len(leaves), _ROWS_A_STATEMENT):
        part = leaves[start : start + _ROWS_A_STATEMENT]
        values = ", ".join(f"({int(event)}, {first + start + i})" for i, (event, _) in enumerate(part))
        db.database.execute_sql(
            f"UPDATE audit_event SET leaf = placed.column2 FROM (VALUES {values}) AS placed"
            " WHERE audit_event.id = placed.column1"
        )


def _sign(
    last: Head | None, first: int, frontier: merkle.Frontier, leaves: list[tuple[int, bytes]], *, complete: bool
) -> Head:
    key = runtime.current().keys.signing(PURPOSE)
    head = Head(
        first=first, size=frontier.size, root=frontier.root().hex(), at=clock.now(),
        previous=chain_hash(head_of(last)) if last else "", complete=complete,
        entries=b"".join(event.to_bytes(8, "big") + leaf for event, leaf in leaves), frontier=frontier.to_json(),
        key_id=key.id, public_key=key.public.hex(), signature="",
    )
    head.signature = key.sign(head_text(head_of(head))).hex()
    head.save(force_insert=True)
    return head


def leaf_hashes(start: int, stop: int) -> list[bytes]:
    """Leaf hashes of the places ``start`` … ``stop``, out of the heads' tables."""
    found: list[bytes] = []
    for head in Head.select(Head.first, Head.size, Head.entries).where(
            Head.first < stop, Head.size > start).order_by(Head.first):
        data = bytes(head.entries)
        low, high = max(start, head.first) - head.first, min(stop, head.size) - head.first
        found += [data[i * ENTRY + 8 : (i + 1) * ENTRY] for i in range(low, high)]
    return found


def _keep_nodes(first: int, new: list[bytes]) -> None:
    """Keeps the roots of the subtrees of 256, 65,536 … leaves that are complete now."""
    width = 1 << STEP
    begin = first - first % width
    pending = leaf_hashes(begin, first) + new
    for place in range(0, len(pending) - width + 1, width):
        _keep(STEP, (begin + place) >> STEP, merkle.root(pending[place : place + width]))


def _keep(level: int, index: int, value: bytes) -> None:
    Node.create(level=level, index=index, hash=value.hex())
    width = 1 << STEP
    if (index + 1) % width == 0:
        low = index + 1 - width
        below = Node.select(Node.hash).where(Node.level == level, Node.index >= low, Node.index <= index)
        hashes = [bytes.fromhex(h) for (h,) in below.order_by(Node.index).tuples()]
        _keep(level + STEP, index >> STEP, merkle.root(hashes))


def range_root(start: int, stop: int) -> bytes:
    """Root of the subtree over the places ``start`` … ``stop`` of the tree, by the nodes that are kept."""
    span = stop - start
    if span <= 1 << STEP:
        return merkle.root(leaf_hashes(start, stop))
    if span & (span - 1) == 0 and start % span == 0:
        level = (span.bit_length() - 1) // STEP * STEP
        rows = Node.select(Node.hash).where(Node.level == level, Node.index >= start >> level, Node.index < stop >> level)
        return merkle.root([bytes.fromhex(h) for (h,) in rows.order_by(Node.index).tuples()])
    middle = start + (1 << ((span - 1).bit_length() - 1))
    return merkle.node_hash(range_root(start, middle), range_root(middle, stop))


def anchor_path() -> Any:
    """The file beside the configuration that remembers the last head: cutting off the end of the record shows."""
    return runtime.current().config.folder / "audit.head"


def _anchor(head: Head) -> None:
    """Written after the commit; an older one is still a beginning of the record, so a crash in between is no harm."""
    path = anchor_path()
    text = json.dumps({"size": head.size, "hash": chain_hash(head_of(head))})
    with contextlib.suppress(OSError):  # a read-only folder: the record itself is sealed all the same
        part = path.with_name(f".{path.name}.{os.getpid()}")
        part.write_text(text, "ascii")
        os.replace(part, path)


def unsealed() -> int:
    """How many events wait to be sealed."""
    return int(Event.select().where(Event.leaf.is_null()).count())


__all__ = ["BATCH", "anchor_path", "entries", "genuine", "leaf_hashes", "range_root", "seal", "unsealed"]
