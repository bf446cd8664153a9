"""Tables of incoming documents (收文)."""

from __future__ import annotations

from oa_kernel import db

#: the states of an incoming document, in the order of its life
STATES = ("registered", "handling", "completed", "archived", "voided")
#: 办件 must be acted on, 阅件 is for reading
NATURES = ("action", "reading")


class Incoming(db.Model):
    """One incoming document, in the register of its year."""

    #: 收文号 within the year
    year = db.IntegerField()
    seq = db.IntegerField()
    #: 来文字号
    number = db.CharField(max_length=120, default="")
    title = db.CharField(max_length=300)
    kind = db.CharField(max_length=20, default="")
    #: what its sender said became of it, in one sentence: 自2026年12月1日起废止
    standing = db.CharField(max_length=200, default="")
    #: 来文单位
    sender = db.CharField(max_length=200)
    received_on = db.DateField()
    #: the date it bears
    dated_on = db.DateField(null=True)
    urgency = db.CharField(max_length=10, default="")
    secrecy = db.CharField(max_length=10, default="公开")
    secrecy_level = db.SmallIntegerField(default=0)
    secrecy_term = db.CharField(max_length=30, default="")
    copies = db.IntegerField(default=1)
    #: action | reading
    nature = db.CharField(max_length=10, default="action")
    #: the department that is to handle it, as routing proposed or a leader decided
    department_id = db.BigIntegerField(null=True)
    department_name = db.CharField(max_length=120, default="")
    state = db.CharField(max_length=12, default="registered")
    instance_id = db.BigIntegerField(null=True, index=True)
    registered_by_id = db.BigIntegerField()
    registered_by_name = db.CharField(max_length=80, default="")
    #: SM3 of its first file, by which the same content is known again
    content_sm3 = db.CharField(max_length=64, default="", index=True)
    #: what the check of its seal said when it was registered: ``{"ok", "summary"}``; null: no seal
    seal = db.JSONField(null=True)
    #: text of its files, for searching
    text = db.TextField(default="")
    note = db.CharField(max_length=300, default="")
    void_reason = db.CharField(max_length=300, default="")
    version = db.IntegerField(default=1)
    registered_at = db.UTCDateTimeField()
    completed_at = db.UTCDateTimeField(null=True)

    class Meta:
        table_name = "documents_incoming"
        indexes = (
            (("year", "seq"), True),
            (("sender", "number"), False),
            (("state", "year", "seq"), False),
            (("department_id", "year", "seq"), False),
        )


class Answer(db.Model):
    """来文 and 复文: an outgoing document answers an incoming one."""

    incoming = db.ForeignKeyField(Incoming, backref="answers", on_delete="CASCADE")
    outgoing_id = db.BigIntegerField(unique=True)
    at = db.UTCDateTimeField()

    class Meta:
        table_name = "documents_answer"


class Arrival(db.Model):
    """A document that came in by itself (by exchange between organisations) and waits on the sign-in desk."""

    #: who brought it (a plugin's name), and its own name for it
    source = db.CharField(max_length=40)
    reference = db.CharField(max_length=160, unique=True)
    #: how it came, in words
    way = db.CharField(max_length=120, default="")
    sender = db.CharField(max_length=200)
    number = db.CharField(max_length=120, default="")
    title = db.CharField(max_length=300)
    kind = db.CharField(max_length=20, default="")
    dated_on = db.DateField(null=True)
    urgency = db.CharField(max_length=10, default="")
    secrecy = db.CharField(max_length=10, default="公开")
    secrecy_level = db.SmallIntegerField(default=0)
    secrecy_term = db.CharField(max_length=30, default="")
    #: what the check of its seal said when it came in; null: no seal
    seal = db.JSONField(null=True)
    #: waiting | registered | refused | recalled
    state = db.CharField(max_length=12, default="waiting")
    #: why it was refused or recalled
    reason = db.CharField(max_length=300, default="")
    incoming_id = db.BigIntegerField(null=True)
    #: what its sender said became of it, in one sentence: 自2026年12月1日起废止
    standing = db.CharField(max_length=200, default="")
    arrived_at = db.UTCDateTimeField()
    urged_at = db.UTCDateTimeField(null=True)
    ended_at = db.UTCDateTimeField(null=True)
    ended_by_name = db.CharField(max_length=80, default="")

    class Meta:
        table_name = "documents_arrival"
        indexes = ((("state", "id"), False),)


MODELS = [Incoming, Answer, Arrival]
