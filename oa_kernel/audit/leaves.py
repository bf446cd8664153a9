"""What of an event and of a head is hashed and signed: canonical JSON, the same for ever."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from oa_kernel import db
from oa_kernel.crypto import merkle, sm3_hex

from .record import COLUMNS

FIELDS = ("id", *COLUMNS)
#: a signing key's purpose in the key ring
PURPOSE = "audit"
ENTRY = 40  # event id (8 bytes, big-endian), leaf hash (32)


def event_of(row: Any) -> dict[str, Any]:
    """An event as its leaf holds it, of a raw row in the order of ``FIELDS``: texts as they stand in the table."""
    event = dict(zip(FIELDS, row, strict=True))
    if isinstance(event["at"], dt.datetime):  # PostgreSQL
        event["at"] = event["at"].replace(tzinfo=None).isoformat(" ", "microseconds")
    return event


def leaf_of(event: dict[str, Any]) -> bytes:
    """The leaf's hash."""
    return merkle.leaf_hash(canonical({name: event.get(name) for name in FIELDS}))


def head_text(head: dict[str, Any]) -> bytes:
    """What is signed of a head."""
    return b"oa audit head v1\n" + canonical(
        {name: head[name] for name in ("first", "size", "root", "at", "previous", "complete", "entries", "key_id", "public_key")}
    )


def head_of(row: Any) -> dict[str, Any]:
    """A head's row as plain values; ``entries`` is the digest of the table's bytes."""
    return {
        "first": row.first, "size": row.size, "root": row.root,
        "at": row.at.astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ", "microseconds"), "previous": row.previous,
        "complete": bool(row.complete), "entries": sm3_hex(bytes(row.entries)), "key_id": row.key_id,
        "public_key": row.public_key, "signature": row.signature,
    }


def chain_hash(head: dict[str, Any]) -> str:
    """What the next head calls ``previous``."""
    return sm3_hex(head_text(head) + bytes.fromhex(head["signature"]))


def canonical(value: Any) -> bytes:
    """Sorted keys, no spaces, UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=repr).encode(
        "utf-8", "surrogatepass"
    )


def entries(data: Any) -> list[tuple[int, bytes]]:
    """(event id, leaf hash) of a head's table."""
    data = bytes(data)
    return [(int.from_bytes(data[i : i + 8], "big"), data[i + 8 : i + ENTRY]) for i in range(0, len(data), ENTRY)]


@contextmanager
def snapshot() -> Iterator[None]:
    """Reads that all see the database at one instant, without keeping writers from writing."""
    if db.in_transaction():
        yield
        return
    db.database.connect(reuse_if_open=True)
    if db.is_postgresql():
        with db.database.transaction():
            db.database.execute_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    else:
        with db.database.transaction("DEFERRED"):  # the engine's own kind would take the write lock
            yield


__all__ = [
    "ENTRY", "FIELDS", "PURPOSE", "canonical", "chain_hash", "entries", "event_of", "head_of", "head_text", "leaf_of",
    "snapshot",
]
