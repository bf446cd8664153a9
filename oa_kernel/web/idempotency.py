"""The same POST twice has one effect: key, effect and answer are written in one transaction.

Two at once: the database lets one through; the other finds the answer there and gives it again. Nothing is left
of one that failed, so that it can be tried again with the same key.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any

from flask import g, request
from werkzeug.wrappers import Response

from oa_kernel import clock, db
from oa_kernel.errors import BadRequest, Invalid

from .models import IdempotencyKey

#: how long an answer is kept
KEEP = dt.timedelta(hours=24)
_LONGEST = 200


def once(key: str, operation: Any, run: Callable[[], Any]) -> Any:
    """Runs the view, or answers what it answered before.

    :raises Invalid: 422 ``idempotency_key_reused``, when the key came with another body before.
    """
    if len(key) > _LONGEST or not key.isprintable():
        raise BadRequest(f"Idempotency-Key 最多 {_LONGEST} 个可见字符", code="bad_idempotency_key")
    who = g.oa_person.id if g.oa_person is not None else None
    mark = hashlib.sha256(f"{who}\n{request.method}\n{request.path}\n{key}".encode()).hexdigest()
    body_hash = hashlib.sha256(request.get_data()).hexdigest()
    with db.transaction():
        fresh = (
            IdempotencyKey.insert(mark=mark, person_id=who, body_hash=body_hash, created_at=clock.now())
            .on_conflict_ignore()
            .as_rowcount()
            .execute()
        )
        if not fresh:
            known = IdempotencyKey.get(IdempotencyKey.mark == mark)
            if known.created_at > clock.now() - KEEP:
                return _again(known, body_hash)
            IdempotencyKey.update(body_hash=body_hash, created_at=clock.now()).where(
                IdempotencyKey.id == known.id
            ).execute()
        response = run()
        IdempotencyKey.update(status=response.status_code, body=response.get_data(as_text=True)).where(
            IdempotencyKey.mark == mark
        ).execute()
    return response


def _again(known: IdempotencyKey, body_hash: str) -> Any:
    if known.body_hash != body_hash:
        raise Invalid(
            "这个 Idempotency-Key 已用于另一个内容不同的请求，请换一个", code="idempotency_key_reused"
        )
    response = Response(known.body, status=known.status, mimetype="application/json")
    response.headers["Idempotent-Replayed"] = "true"
    return response


def once_upload(key: str, operation: Any, run: Callable[[], Any]) -> Any:
    """The same for a body that is streamed: it is not compared, for it is never held as a whole.

    Two at once may both store it; the content is kept once all the same.
    """
    if len(key) > _LONGEST or not key.isprintable():
        raise BadRequest(f"Idempotency-Key 最多 {_LONGEST} 个可见字符", code="bad_idempotency_key")
    who = g.oa_person.id if g.oa_person is not None else None
    mark = hashlib.sha256(f"{who}\n{request.method}\n{request.path}\n{key}".encode()).hexdigest()
    known = IdempotencyKey.get_or_none(IdempotencyKey.mark == mark, IdempotencyKey.created_at > clock.now() - KEEP)
    if known is not None:
        return _again(known, known.body_hash)
    response = run()
    with db.transaction():
        IdempotencyKey.delete().where(IdempotencyKey.mark == mark).execute()
        IdempotencyKey.insert(
            mark=mark, person_id=who, body_hash="", created_at=clock.now(), status=response.status_code,
            body=response.get_data(as_text=True),
        ).on_conflict_ignore().execute()
    return response


def tidy() -> int:
    """Removes answers that are no longer kept; how many."""
    gone: int = IdempotencyKey.delete().where(IdempotencyKey.created_at < clock.now() - KEEP).execute()
    return gone


__all__ = ["KEEP", "once", "once_upload", "tidy"]
