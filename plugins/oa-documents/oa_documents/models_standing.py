"""Tables of what becomes of a document after it is signed: taken out of force (撤销、废止、代替), printed."""

from __future__ import annotations

from oa_kernel import db

#: 撤销 is void from the beginning, 废止 and 被代替 from a day on (regulation of 2012, art. 35)
CHANGES = ("withdrawn", "repealed", "replaced")


class StandingChange(db.Model):
    """Somebody asks that a document be taken out of force; somebody else decides."""

    document_id = db.BigIntegerField()
    #: withdrawn | repealed | replaced
    change = db.CharField(max_length=12, default="repealed")
    reason = db.CharField(max_length=500)
    #: from this day on it has no force; of a withdrawn one it is its own date
    effective_on = db.DateField()
    #: the document that stands in its place
    replaced_by_id = db.BigIntegerField(null=True)
    replaced_by_number = db.CharField(max_length=120, default="")
    #: waiting | confirmed | refused | taken_back
    state = db.CharField(max_length=12, default="waiting")
    asked_by_id = db.BigIntegerField()
    asked_by_name = db.CharField(max_length=80, default="")
    asked_at = db.UTCDateTimeField()
    decided_by_name = db.CharField(max_length=80, default="")
    decided_at = db.UTCDateTimeField(null=True)
    answer = db.CharField(max_length=500, default="")

    class Meta:
        table_name = "documents_standing_change"
        indexes = ((("document_id", "id"), False), (("state", "id"), False))


class PrintRun(db.Model):
    """Copies of a document printed at once, each with its 份号 and who it is for."""

    document_id = db.BigIntegerField()
    #: 份号 of the first copy of the run
    first = db.IntegerField()
    count = db.IntegerField()
    #: who each copy is for, in the order of the numbers; empty: not said
    recipients = db.JSONField(default=list)
    watermark = db.BooleanField(default=True)
    purpose = db.CharField(max_length=200, default="")
    by_id = db.BigIntegerField()
    by_name = db.CharField(max_length=80, default="")
    at = db.UTCDateTimeField()

    class Meta:
        table_name = "documents_print_run"
        indexes = ((("document_id", "id"), False),)


MODELS = [StandingChange, PrintRun]
