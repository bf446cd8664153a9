"""Tables of keeping and handing on: packages of a year, boxes, where a record came from."""

from __future__ import annotations

from oa_kernel import db

from .models import Item, Part

#: what becomes of a year's package
HANDOVER_STATES = {"waiting": "等待", "running": "进行中", "done": "完成", "failed": "中断"}
#: of one that is taken over
INTAKE_STATES = {**HANDOVER_STATES, "failed": "没有导入", "stopped": "已停止"}
#: what is being done with it
INTAKE_STEPS = {"unpack": "解开", "check": "核验", "take": "导入"}


class Handover(db.Model):
    """One package of a year (按年度导出): asked for, worked on, taken up again after a kill, done."""

    year = db.IntegerField()
    fonds = db.CharField(max_length=20)
    #: name of a setting's place, or the address as it was given; never a password
    place = db.CharField(max_length=500)
    #: of ``package.FORMS``
    form = db.CharField(max_length=10, default="files")
    state = db.CharField(max_length=10, default="waiting")
    #: the last record of it: what is filed later belongs to the next package
    last_item_id = db.BigIntegerField(default=0)
    total = db.IntegerField(default=0)
    done = db.IntegerField(default=0)
    size = db.BigIntegerField(default=0)
    asked_by_id = db.BigIntegerField(null=True)
    asked_by_name = db.CharField(max_length=80, default="")
    asked_at = db.UTCDateTimeField()
    #: host and process that works on it, and when it last said so
    runner = db.CharField(max_length=120, default="")
    beat_at = db.UTCDateTimeField(null=True)
    finished_at = db.UTCDateTimeField(null=True)
    error = db.CharField(max_length=500, default="")
    #: SM3 of manifest.jsonl
    manifest_sm3 = db.CharField(max_length=64, default="")

    class Meta:
        table_name = "archives_handover"
        indexes = ((("state", "beat_at", "id"), False),)


class HandedOver(db.Model):
    """A package that was written, and how it is known again."""

    handover = db.ForeignKeyField(Handover, backref="packages", on_delete="CASCADE", index=False)
    item_id = db.BigIntegerField()
    name = db.CharField(max_length=255)
    size = db.BigIntegerField()
    sm3 = db.CharField(max_length=64)

    class Meta:
        table_name = "archives_handed_over"
        indexes = ((("handover", "item_id"), False),)


class Intake(db.Model):
    """One package of a year that is taken over (年度导入): asked for on the page, carried out by the worker."""

    #: of the folder in the import folder, or of the file that was uploaded
    name = db.CharField(max_length=255)
    #: the uploaded file; null: it lies in the import folder, or the upload is gone
    file_id = db.BigIntegerField(null=True)
    uploaded = db.BooleanField(default=False)
    dry_run = db.BooleanField(default=False)
    #: of ``INTAKE_STATES``
    state = db.CharField(max_length=10, default="waiting")
    #: of ``INTAKE_STEPS``
    step = db.CharField(max_length=10, default="check")
    total = db.IntegerField(default=0)
    done = db.IntegerField(default=0)
    taken = db.IntegerField(default=0)
    known = db.IntegerField(default=0)
    fingerprint = db.CharField(max_length=64, default="")
    #: what was refused, and why
    problems = db.JSONField(default=list)
    asked_by_id = db.BigIntegerField()
    asked_by_name = db.CharField(max_length=80, default="")
    asked_at = db.UTCDateTimeField()
    #: host and process that works on it; the sign of life
    runner = db.CharField(max_length=120, default="")
    beat_at = db.UTCDateTimeField(null=True)
    finished_at = db.UTCDateTimeField(null=True)

    class Meta:
        table_name = "archives_intake"
        indexes = ((("state", "beat_at", "id"), False),)


class Origin(db.Model):
    """Where a record that was taken over from another installation came from: its own source there, and the signature."""

    item = db.ForeignKeyField(Item, backref="origins", on_delete="RESTRICT")
    source_kind = db.CharField(max_length=80)
    source_id = db.CharField(max_length=80)
    fonds_name = db.CharField(max_length=200, default="")
    #: of the public key that signed the package
    fingerprint = db.CharField(max_length=64)
    #: SM3 of eep.xml: the same record handed over twice has the same parts and description
    eep_sm3 = db.CharField(max_length=64)
    at = db.UTCDateTimeField()

    class Meta:
        table_name = "archives_origin"


class Certificate(db.Model):
    """A certificate of a key that signs packages: one the installation issued to itself, or an authority's."""

    #: 128 hexadecimal digits
    public_key = db.CharField(max_length=128)
    #: the DER in hexadecimal digits
    der = db.TextField()
    #: an authority's
    given = db.BooleanField(default=False)
    at = db.UTCDateTimeField()

    class Meta:
        table_name = "archives_certificate"
        indexes = ((("public_key", "given", "id"), False),)


class Fixity(db.Model):
    """A stored content as it lies on disk: re-checked without decrypting it, the longest unchecked first."""

    part = db.ForeignKeyField(Part, backref="fixities", on_delete="CASCADE")
    #: SM3 of the encrypted file; empty until its content was proved once
    sealed_sm3 = db.CharField(max_length=64, default="")
    #: 1970: never
    checked_at = db.UTCDateTimeField()
    #: what is wrong; empty: nothing
    damage = db.CharField(max_length=300, default="")

    class Meta:
        table_name = "archives_fixity"
        indexes = ((("checked_at", "id"), False), (("damage",), False))


class Box(db.Model):
    """A box (档案盒, DA/T 22-2015, 5.4): records of one fonds, year, retention and class, in the order of their numbers."""

    fonds = db.CharField(max_length=20)
    year = db.IntegerField()
    retention = db.CharField(max_length=8)
    class_code = db.CharField(max_length=20)
    #: 盒号
    number = db.IntegerField()
    first_seq = db.IntegerField()
    last_seq = db.IntegerField()
    items = db.IntegerField(default=0)
    pages = db.IntegerField(default=0)
    #: millimetres of the box's back
    thickness = db.IntegerField(default=20)
    #: 备考表: what is to be said of the box
    note = db.CharField(max_length=500, default="")
    made_by_name = db.CharField(max_length=80, default="")
    made_at = db.UTCDateTimeField()

    class Meta:
        table_name = "archives_box"
        indexes = ((("year", "retention", "class_code", "number"), False),)


MODELS = [Handover, HandedOver, Intake, Origin, Certificate, Fixity, Box]
