"""What is stored, under which name by whom, and what it belongs to."""

from __future__ import annotations

from oa_kernel import db


class Blob(db.Model):
    """Content, kept once however many files have it. On disk at ``ab/cd/<sm3>``, encrypted with a key of its own."""

    sm3 = db.CharField(max_length=64, unique=True)
    size = db.BigIntegerField()
    created_at = db.UTCDateTimeField()
    #: half of the content's key, 16 bytes in hex; the other half stands in the blob's header, wrapped by the key ring.
    #: One without the other opens nothing, so that erasing this half erases every copy of the blob
    share = db.CharField(max_length=32, default="")
    #: since when the content is destroyed
    erased_at = db.UTCDateTimeField(null=True)

    class Meta:
        table_name = "files_blob"


class File(db.Model):
    """Somebody's file: a name on a content. ``size`` and ``sm3`` are the content's."""

    blob = db.ForeignKeyField(Blob, backref="files", on_delete="RESTRICT")
    name = db.CharField(max_length=255)
    size = db.BigIntegerField()
    sm3 = db.CharField(max_length=64)
    mime = db.CharField(max_length=120)
    by_id = db.BigIntegerField(null=True, index=True)
    at = db.UTCDateTimeField()
    #: the version before this one, and which this is, from 1
    previous = db.ForeignKeyField("self", null=True, on_delete="RESTRICT")
    version = db.IntegerField(default=1)
    #: since when its content is destroyed; what it was stays known
    erased_at = db.UTCDateTimeField(null=True)

    class Meta:
        table_name = "files_file"


class Attachment(db.Model):
    """A file belongs to a thing."""

    file = db.ForeignKeyField(File, backref="attachments", on_delete="RESTRICT")
    subject_kind = db.CharField(max_length=80)
    subject_id = db.CharField(max_length=80)
    role = db.CharField(max_length=40, default="attachment")
    position = db.IntegerField(default=0)
    at = db.UTCDateTimeField()

    class Meta:
        table_name = "files_attachment"
        indexes = ((("subject_kind", "subject_id", "file"), True),)


MODELS = [Blob, File, Attachment]
