"""Imports under way by the pages: the uploaded workbook is kept from the check to the result, for a day."""

from __future__ import annotations

from oa_kernel import db


class Import(db.Model):
    """One workbook on its way in. The file itself stands in the files room, attached to this row."""

    #: ``checking`` → ``checked`` | ``faulty`` → ``writing`` → ``written``; ``failed``, ``cancelled``
    STATES = ("checking", "checked", "faulty", "writing", "written", "failed", "cancelled")

    kind = db.CharField(max_length=80)
    file_id = db.BigIntegerField(null=True)
    name = db.CharField(max_length=255)
    by_id = db.BigIntegerField(index=True)
    at = db.UTCDateTimeField()
    #: when file, faults and what was told are taken away
    expires_at = db.UTCDateTimeField(index=True)
    state = db.CharField(max_length=20)
    #: when the running step was begun; a later beginning makes an earlier one step back
    begun_at = db.UTCDateTimeField()
    ended_at = db.UTCDateTimeField(null=True)
    rows = db.IntegerField(default=0)
    #: the first so many ``{sheet?, row, column, message}``, and how many there are
    faults = db.JSONField(default=list)
    fault_count = db.IntegerField(default=0)
    #: what the kind tells of the rows it wrote (one-time passwords), encrypted by the key ring
    told = db.TextField(default="")
    told_count = db.IntegerField(default=0)
    #: why it failed
    message = db.CharField(max_length=500, default="")

    class Meta:
        table_name = "sheets_import"


MODELS = [Import]
