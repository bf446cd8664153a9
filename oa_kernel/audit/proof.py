"""Proofs that an event is in the record, checked without a database; and the record as JSON lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from oa_kernel import db
from oa_kernel.crypto import CryptoError, merkle
from oa_kernel.crypto import verify as sm2_verify
from oa_kernel.errors import Conflict, NotFound, UsageError

from .leaves import FIELDS, event_of, head_of, head_text, leaf_of, snapshot
from .models import Head
from .seal import range_root
from .verify import fingerprint

KIND = "oa-audit-proof"
_EXPORT_AT_ONCE = 1000


def proof(event_id: int) -> dict[str, Any]:
    """The event, its path to the root (RFC 9162, 2.1.3) and the signed head, as plain JSON.

    :raises NotFound: no such event. Conflict: not sealed yet.
    """
    with snapshot():
        return _proof(event_id)


def _proof(event_id: int) -> dict[str, Any]:
    row = db.database.execute_sql(
        f"SELECT leaf, {', '.join(FIELDS)} FROM audit_event WHERE id = {int(event_id)}"
    ).fetchone()
    if row is None:
        raise NotFound(f"没有审计事件 {event_id}")
    place, event = row[0], event_of(row[1:])
    last = Head.select().order_by(Head.size.desc()).first()
    if place is None or last is None:
        raise Conflict("这条记录还没有封存：请稍后再试，或运行 oa audit seal", code="not_sealed")
    path = [h.hex() for h in _path(place, last.size)]
    if not merkle.verify_inclusion(
            leaf_of(event), place, last.size, [bytes.fromhex(h) for h in path], bytes.fromhex(last.root)):
        raise Conflict(f"审计事件 {event_id} 与封存时不符，无法证明：请运行 oa audit verify", code="audit_altered")
    return {
        "kind": KIND, "version": 1, "event": event, "leaf": place, "size": last.size,
        "path": path, "head": head_of(last),
    }


def _path(place: int, size: int) -> list[bytes]:
    path: list[bytes] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + (1 << ((stop - start - 1).bit_length() - 1))
        if place < middle:
            path.append(range_root(middle, stop))
            stop = middle
        else:
            path.append(range_root(start, middle))
            start = middle
    path.reverse()
    return path


def recognises(_path: Path, head: bytes) -> bool:
    """Whether a file is a proof of ours."""
    return head.lstrip()[:1] == b"{" and KIND.encode() in head


def verify_proof(path: Path) -> dict[str, Any]:
    """Checks a proof: the event's hash, its path, the head's signature. Needs no installation."""
    result: dict[str, Any] = {"ok": False, "kind": "audit_proof", "summary": "", "reasons": []}
    try:
        given = json.loads(path.read_text("utf-8"))
        event, head = given["event"], given["head"]
        inside = merkle.verify_inclusion(
            leaf_of(event), int(given["leaf"]), int(given["size"]), [bytes.fromhex(h) for h in given["path"]],
            bytes.fromhex(head["root"]))
        same = (given["size"], given["kind"], given["version"]) == (head["size"], KIND, 1)
        signed = sm2_verify(bytes.fromhex(head["public_key"]), head_text(head), bytes.fromhex(head["signature"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, CryptoError) as error:
        return {**result, "summary": "存在证明已损坏，无法核验", "reasons": [f"{type(error).__name__}: {error}"]}
    if not (inside and same):
        result["reasons"].append("事件的内容与树头不符：它被改动过，或不在这份记录中")
    if not signed:
        result["reasons"].append("树头的签名不对")
    if result["reasons"]:
        return {**result, "summary": f"存在证明不成立：事件 {event.get('id')}"}
    mark = fingerprint(head["public_key"])
    return {
        **result, "ok": True, "event": event, "size": head["size"], "key": mark,
        "summary": f"事件 {event['id']} 确在审计记录中：{event['at']} UTC，{event['name'] or event['username']}，{event['action']}",
        "reasons": [f"树头 {head['size']} 条，封存于 {head['at']} UTC", f"签名公钥指纹（SM3）{mark}，请与本单位公布的核对"],
    }


def export(path: Path) -> int:
    """Writes every event as a line of JSON, in the order of their ids; how many."""
    path = Path(path)
    part = path.with_name(path.name + ".part")
    try:
        count = _export(part)
        part.replace(path)
    except OSError as error:
        raise UsageError(f"无法写入 {path}：{error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return count


def _export(part: Path) -> int:
    count, last = 0, -1
    with part.open("w", encoding="utf-8") as out, snapshot():
        while rows := db.database.execute_sql(
            f"SELECT leaf, {', '.join(FIELDS)} FROM audit_event WHERE id > {last} ORDER BY id LIMIT {_EXPORT_AT_ONCE}"
        ).fetchall():
            for leaf, *rest in rows:
                event = event_of(rest)
                for name in ("before", "after"):
                    event[name] = _parsed(event[name])
                out.write(json.dumps({**event, "leaf": leaf}, ensure_ascii=False) + "\n")
            count, last = count + len(rows), rows[-1][1]
    return count


def _parsed(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:  # altered; verify says so
        return text


def head() -> dict[str, Any] | None:
    """The newest signed head, with its key's fingerprint; None while nothing is sealed."""
    last = Head.select().order_by(Head.size.desc()).first()
    return {**head_of(last), "fingerprint": fingerprint(last.public_key)} if last is not None else None


__all__ = ["KIND", "export", "head", "proof", "recognises", "verify_proof"]
