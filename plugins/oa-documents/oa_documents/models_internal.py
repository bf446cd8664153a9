"""Table of internal reports (签报): from one department to another."""

from __future__ import annotations

from oa_kernel import db

#: the states of an internal report, in the order of its life
STATES = ("draft", "reviewing", "sent", "signed_for", "completed", "voided")
#: 请示 asks for a decision, 报告 tells
KINDS = ("request", "report")


class InternalReport(db.Model):
    """One 签报. ``number`` is given when the sending department's head has agreed."""

    number = db.CharField(max_length=60, null=True, unique=True)
    #: request | report
    kind = db.CharField(max_length=10, default="request")
    title = db.CharField(max_length=300)
    body = db.TextField()
    from_department_id = db.BigIntegerField(null=True)
    from_department_name = db.CharField(max_length=120, default="")
    to_department_id = db.BigIntegerField()
    to_department_name = db.CharField(max_length=120, default="")
    urgency = db.CharField(max_length=10, default="")
    secrecy = db.CharField(max_length=10, default="公开")
    secrecy_level = db.SmallIntegerField(default=0)
    state = db.CharField(max_length=12, default="draft")
    instance_id = db.BigIntegerField(null=True, index=True)
    drafter_id = db.BigIntegerField()
    drafter_name = db.CharField(max_length=80, default="")
    version = db.IntegerField(default=1)
    created_at = db.UTCDateTimeField()
    sent_at = db.UTCDateTimeField(null=True)
    #: the end of the receiver's one working day
    due_at = db.UTCDateTimeField(null=True)
    signed_for_at = db.UTCDateTimeField(null=True)
    signed_for_by = db.CharField(max_length=80, default="")
    completed_at = db.UTCDateTimeField(null=True)

    class Meta:
        table_name = "documents_internal"
        indexes = (
            (("drafter_id", "id"), False), (("from_department_id", "id"), False), (("to_department_id", "state", "id"), False),
            (("state", "id"), False),
        )


MODELS = [InternalReport]
