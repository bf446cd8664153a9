"""What was done, and the signed heads of the tree it is sealed into."""

from __future__ import annotations

from oa_kernel import db


class Event(db.Model):
    """One write, told in the same transaction. Never changed but for ``leaf``, its place once it is sealed."""

    at = db.UTCDateTimeField()
    person_id = db.BigIntegerField(null=True)
    username = db.CharField(max_length=80)
    name = db.CharField(max_length=80)
    #: web | api | cli | worker | system
    channel = db.CharField(max_length=20)
    ip = db.CharField(max_length=60)
    user_agent = db.CharField(max_length=300)
    #: "session:17", "token:4" …
    credential = db.CharField(max_length=60)
    request_id = db.CharField(max_length=80)
    #: ``thing.what_happened``
    action = db.CharField(max_length=120)
    kind = db.CharField(max_length=80)
    object_id = db.CharField(max_length=80)
    title = db.CharField(max_length=500)
    #: only what changed, secrets masked
    before = db.JSONField(null=True)
    after = db.JSONField(null=True)
    #: index in the tree; null: not sealed yet. Its index also finds what is to be sealed.
    leaf = db.BigIntegerField(null=True, unique=True)

    class Meta:
        table_name = "audit_event"
        # the newest of an action or a kind are read from the end of its index, however large the table
        indexes = (
            (("kind", "object_id"), False), (("person_id", "id"), False), (("action", "id"), False), (("kind", "id"), False),
        )


class Head(db.Model):
    """A signed head of the tree (RFC 9162, 4.2.1.2 in spirit): what was sealed in one go, and the root after it."""

    #: leaves before and after
    first = db.BigIntegerField(unique=True)
    size = db.BigIntegerField(unique=True)
    root = db.CharField(max_length=64)
    at = db.UTCDateTimeField()
    #: hash of the head before, signature included; empty for the first
    previous = db.CharField(max_length=64)
    #: nothing that could be seen was left unsealed
    complete = db.BooleanField()
    #: for each leaf: event id (8 bytes, big-endian), leaf hash (32)
    entries = db.BlobField()
    frontier = db.JSONField()
    key_id = db.CharField(max_length=80)
    public_key = db.CharField(max_length=128)
    signature = db.CharField(max_length=160)

    class Meta:
        table_name = "audit_head"


class Node(db.Model):
    """Root of the complete subtree of 2^level leaves at ``index``, for levels 8, 16, 24 …: proofs need no more."""

    level = db.SmallIntegerField()
    index = db.BigIntegerField()
    hash = db.CharField(max_length=64)

    class Meta:
        table_name = "audit_node"
        indexes = ((("level", "index"), True),)


MODELS = [Event, Head, Node]
