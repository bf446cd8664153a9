"""Messages for people."""

from __future__ import annotations

from oa_kernel import db


class Notification(db.Model):
    """One message in one person's inbox."""

    person_id = db.BigIntegerField()
    kind = db.CharField(max_length=80)
    title = db.CharField(max_length=300)
    body = db.TextField(default="")
    #: a path of this installation, or an address
    url = db.CharField(max_length=500, default="")
    subject_kind = db.CharField(max_length=80, default="")
    subject_id = db.CharField(max_length=80, default="")
    at = db.UTCDateTimeField()
    read_at = db.UTCDateTimeField(null=True)

    class Meta:
        table_name = "notifications_notification"
        indexes = ((("person_id", "read_at", "id"), False), (("person_id", "id"), False))


MODELS = [Notification]
