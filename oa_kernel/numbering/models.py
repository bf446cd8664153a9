"""Counters, and the register of every number that was ever given, kept back or struck out."""

from __future__ import annotations

from oa_kernel import db


class Series(db.Model):
    """A counter. Its row is locked while a number is taken, so that numbers have no gap and no double."""

    key = db.CharField(max_length=120, unique=True)
    next = db.BigIntegerField(default=1)
    created_at = db.UTCDateTimeField()

    class Meta:
        table_name = "numbering_series"


class Register(db.Model):
    """One number. ``state`` is ``used`` | ``reserved`` | ``void``."""

    series = db.ForeignKeyField(Series, on_delete="RESTRICT")
    number = db.BigIntegerField()
    state = db.CharField(max_length=10)
    for_kind = db.CharField(max_length=80, null=True)
    for_id = db.CharField(max_length=80, null=True)
    #: why it is kept back or struck out
    reason = db.CharField(max_length=500, default="")
    by_id = db.BigIntegerField(null=True)
    at = db.UTCDateTimeField()

    class Meta:
        table_name = "numbering_register"
        indexes = ((("series", "number"), True), (("series", "for_kind", "for_id"), False))


MODELS = [Series, Register]
