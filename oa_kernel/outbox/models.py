"""What is to be done outside, after the commit."""

from __future__ import annotations

from oa_kernel import db


class Row(db.Model):
    """One errand. ``state`` is ``pending`` | ``done`` | ``dead`` | ``discarded``."""

    topic = db.CharField(max_length=80)
    payload = db.JSONField()
    #: the same key is put once only
    key = db.CharField(max_length=200, null=True, unique=True)
    state = db.CharField(max_length=12, default="pending")
    attempts = db.IntegerField(default=0)
    #: not before; while it is being carried out, when the lease ends
    next_at = db.UTCDateTimeField()
    last_error = db.TextField(default="")
    created_at = db.UTCDateTimeField()
    #: when it was done, or given up
    ended_at = db.UTCDateTimeField(null=True)

    class Meta:
        table_name = "outbox_row"
        indexes = ((("state", "next_at"), False),)


MODELS = [Row]
