"""What the web keeps of its own: answers given under an idempotency key."""

from __future__ import annotations

from oa_kernel import db


class IdempotencyKey(db.Model):
    """The answer to a POST that came with ``Idempotency-Key``, given again when the same POST comes again."""

    #: SHA-256 over caller, method, path and the key
    mark = db.CharField(max_length=64, unique=True)
    person_id = db.BigIntegerField(null=True)
    #: SHA-256 of the body it came with
    body_hash = db.CharField(max_length=64)
    status = db.IntegerField(default=0)
    body = db.TextField(default="")
    created_at = db.UTCDateTimeField(index=True)

    class Meta:
        table_name = "web_idempotency"


MODELS = [IdempotencyKey]
