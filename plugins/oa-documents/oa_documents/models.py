"""Tables of the documents plugin.

People and departments of the kernel are kept by id together with the name they had: who drafted a document in
2024 under which name is a fact of the document and does not change when the person is renamed.
"""

from __future__ import annotations

from oa_kernel import db

from . import models_incoming as incoming
from . import models_internal as internal
from . import models_standing as standing

#: the states of an outgoing document, in the order of its life
STATES = ("draft", "reviewing", "signed", "dispatched", "archived", "voided")


class Series(db.Model):
    """A 机关代字 under which numbers are given: ``国办发`` gives 国办发〔2024〕12号."""

    code = db.CharField(max_length=40, unique=True)
    title = db.CharField(max_length=120, default="")
    #: 发文机关标志; empty: the installation's own
    mark = db.CharField(max_length=120, default="")
    #: 文种 this series is offered for first; empty: all
    kinds = db.JSONField(default=list)
    sort = db.IntegerField(default=0)
    active = db.BooleanField(default=True)

    class Meta:
        table_name = "documents_series"


class SealRecord(db.Model):
    """An organisation's seal. The private key is in the key ring under ``key_id``, never here."""

    title = db.CharField(max_length=120)
    organisation = db.CharField(max_length=200)
    #: the picture as SVG, drawn at ``size_mm``
    picture = db.TextField()
    size_mm = db.FloatField(default=42.0)
    #: SES_Seal of GB/T 38540-2020, DER
    ses = db.BlobField()
    #: DER of the seal's certificate and of the root it chains to
    certificate = db.BlobField()
    root = db.BlobField()
    key_id = db.CharField(max_length=80)
    active = db.BooleanField(default=True, index=True)
    #: of another organisation, kept here with its leave for documents issued together (联合行文)
    joint = db.BooleanField(default=False)
    valid_until = db.UTCDateTimeField(null=True)
    created_at = db.UTCDateTimeField()

    class Meta:
        table_name = "documents_seal"


class Outgoing(db.Model):
    """One outgoing document (发文)."""

    kind = db.CharField(max_length=20)
    #: ``general`` | ``upward`` | ``letter`` | ``order`` | ``minutes``
    format = db.CharField(max_length=20, default="general")
    title = db.CharField(max_length=300, default="")
    #: plain text, one paragraph a line; levels by their numbering, tables as Markdown pipes
    body = db.TextField(default="")
    #: 主送: names as they stand on the page
    addressees = db.JSONField(default=list)
    #: 抄送
    cc = db.JSONField(default=list)
    urgency = db.CharField(max_length=10, default="")
    secrecy = db.CharField(max_length=10, default="公开")
    #: index into the kernel's list of levels: what lists compare with a person's clearance
    secrecy_level = db.SmallIntegerField(default=0)
    secrecy_term = db.CharField(max_length=30, default="")
    #: 份号 of the first copy; empty: none
    copy_number = db.CharField(max_length=12, default="")
    #: 签发人, for upward documents
    signatory = db.CharField(max_length=80, default="")
    #: 附注, without its brackets
    note = db.CharField(max_length=300, default="")
    #: 出席 请假 列席 of 纪要
    attendance = db.JSONField(default=dict)
    #: 附件说明: titles of attachments in order
    attachment_titles = db.JSONField(default=list)
    #: 联合行文: the other organisations in order, ``{"name", "signatory": username or "", "person": who that is}``
    joint = db.JSONField(default=list)
    #: ``all``: every organisation's 标志 stands at the head; ``host``: only that of the host
    joint_marks = db.CharField(max_length=10, default="all")
    #: 会稿: departments that give their opinion before the document goes up
    consult = db.JSONField(default=list)
    #: numbers of documents that this one replaces when it is signed
    replaces = db.JSONField(default=list)
    series = db.CharField(max_length=40, default="")
    number = db.CharField(max_length=80, null=True, unique=True)
    number_year = db.IntegerField(default=0)
    number_seq = db.IntegerField(default=0)
    state = db.CharField(max_length=20, default="draft")
    #: 成文日期
    date = db.DateField(null=True)
    drafter_id = db.BigIntegerField()
    drafter_name = db.CharField(max_length=80, default="")
    department_id = db.BigIntegerField(null=True, index=True)
    department_name = db.CharField(max_length=120, default="")
    #: the workflow case, from the first submission on
    instance_id = db.BigIntegerField(null=True, index=True)
    #: goes up with every change; a stale one is refused
    version = db.IntegerField(default=1)
    #: number of the newest revision (第 n 稿)
    revision = db.IntegerField(default=0)
    created_at = db.UTCDateTimeField()
    updated_at = db.UTCDateTimeField()
    signed_at = db.UTCDateTimeField(null=True)
    finished_at = db.UTCDateTimeField(null=True)
    void_reason = db.CharField(max_length=300, default="")
    #: empty: in force; else ``withdrawn`` | ``repealed`` | ``replaced``. Beside ``state``: what is kept in the archives too
    standing = db.CharField(max_length=12, default="")
    standing_on = db.DateField(null=True)
    standing_reason = db.CharField(max_length=500, default="")
    replaced_by_id = db.BigIntegerField(null=True)
    replaced_by_number = db.CharField(max_length=120, default="")
    #: copies printed so far: the last 份号
    copies_printed = db.IntegerField(default=0)
    #: the sealed PDF and its 64-digit SM3
    formal_file_id = db.BigIntegerField(null=True)
    formal_sm3 = db.CharField(max_length=64, default="")
    sealed_at = db.UTCDateTimeField(null=True)
    seal = db.ForeignKeyField(SealRecord, null=True, on_delete="RESTRICT")
    #: what the QR code leads to
    verify_code = db.CharField(max_length=40, null=True, unique=True)

    class Meta:
        table_name = "documents_outgoing"
        indexes = (
            (("drafter_id", "updated_at", "id"), False),
            (("state", "updated_at", "id"), False),
            (("updated_at", "id"), False),
            (("number_year", "number_seq", "id"), False),
            (("series", "number_year", "number_seq", "id"), False),
            (("standing", "number_year", "number_seq", "id"), False),
        )


class Sealing(db.Model):
    """One organisation's part in the seals of a document issued together (联合行文), in the order of the page."""

    document = db.ForeignKeyField(Outgoing, backref="sealings", on_delete="CASCADE")
    n = db.IntegerField()
    organisation = db.CharField(max_length=200)
    #: None: its seal is not kept here, it seals on paper
    seal = db.ForeignKeyField(SealRecord, null=True, on_delete="RESTRICT")
    at = db.UTCDateTimeField(null=True)

    class Meta:
        table_name = "documents_sealing"
        indexes = ((("document", "n"), True),)


class Revision(db.Model):
    """A kept wording of a document, for comparison."""

    document = db.ForeignKeyField(Outgoing, backref="revisions", on_delete="CASCADE")
    n = db.IntegerField()
    #: ``saved`` | ``submitted`` | ``imported`` | ``edited``
    reason = db.CharField(max_length=20, default="saved")
    title = db.CharField(max_length=300, default="")
    body = db.TextField(default="")
    #: every other field a person may edit
    fields = db.JSONField(default=dict)
    by_id = db.BigIntegerField()
    by_name = db.CharField(max_length=80, default="")
    at = db.UTCDateTimeField()

    class Meta:
        table_name = "documents_revision"
        indexes = ((("document", "n"), True),)


class Annotation(db.Model):
    """A 批注 on a passage of the body, or an answer to one."""

    document = db.ForeignKeyField(Outgoing, backref="annotations", on_delete="CASCADE")
    #: answered annotation; None: a passage's own
    parent = db.ForeignKeyField("self", null=True, backref="replies", on_delete="CASCADE")
    revision = db.IntegerField(default=0)
    quote = db.CharField(max_length=500, default="")
    #: text around the quote, by which it is found again after the wording changed
    prefix = db.CharField(max_length=80, default="")
    suffix = db.CharField(max_length=80, default="")
    #: offsets into the body of ``revision``, in characters
    start = db.IntegerField(default=0)
    end = db.IntegerField(default=0)
    text = db.CharField(max_length=2000)
    by_id = db.BigIntegerField()
    by_name = db.CharField(max_length=80, default="")
    at = db.UTCDateTimeField()
    resolved_at = db.UTCDateTimeField(null=True)
    resolved_by_name = db.CharField(max_length=80, default="")

    class Meta:
        table_name = "documents_annotation"
        indexes = ((("document", "id"), False),)


class Organisation(db.Model):
    """An outside organisation in the address book."""

    name = db.CharField(max_length=200, unique=True)
    #: ``above`` (上级) | ``equal`` (平级) | ``below`` (下级)
    rank = db.CharField(max_length=20, default="equal")
    email = db.CharField(max_length=200, default="")
    phone = db.CharField(max_length=60, default="")
    address = db.CharField(max_length=300, default="")
    contact = db.CharField(max_length=80, default="")
    #: number of its fax, for the e-mail-to-fax gateway
    fax = db.CharField(max_length=40, default="")
    #: its SM2 certificate (PEM), for which confidential documents are sealed
    certificate = db.TextField(default="")
    active = db.BooleanField(default=True)

    class Meta:
        table_name = "documents_organisation"


class Dispatch(db.Model):
    """A document on its way to one recipient."""

    STATES = ("sent", "delivered", "signed_for", "overdue", "failed", "refused", "recalled")

    document = db.ForeignKeyField(Outgoing, backref="dispatches", on_delete="RESTRICT")
    #: ``department`` | ``organisation``
    kind = db.CharField(max_length=20)
    #: id of the department or of the organisation in the address book
    recipient_id = db.BigIntegerField(null=True)
    recipient_name = db.CharField(max_length=200)
    #: ``system`` | ``email`` | ``hand``, or another plugin's (see ``channels.py``)
    channel = db.CharField(max_length=20)
    email = db.CharField(max_length=200, default="")
    state = db.CharField(max_length=20, default="sent")
    #: part of what the receipt link is derived from; changing it ends the old link
    nonce = db.CharField(max_length=40, default="")
    sent_at = db.UTCDateTimeField()
    sent_by_name = db.CharField(max_length=80, default="")
    times_sent = db.IntegerField(default=1)
    due_at = db.UTCDateTimeField()
    delivered_at = db.UTCDateTimeField(null=True)
    signed_for_at = db.UTCDateTimeField(null=True)
    signed_for_by = db.CharField(max_length=80, default="")
    urged_at = db.UTCDateTimeField(null=True)
    #: how often it was reminded by itself, and when it will be next; None: no more
    reminders = db.SmallIntegerField(default=0)
    remind_at = db.UTCDateTimeField(null=True)
    note = db.CharField(max_length=300, default="")

    class Meta:
        table_name = "documents_dispatch"
        indexes = (
            (("document", "id"), False),
            (("kind", "recipient_id", "state", "id"), False),
            (("state", "due_at"), False),
            (("state", "remind_at"), False),
        )


MODELS = [Series, SealRecord, Outgoing, Sealing, Revision, Annotation, Organisation, Dispatch, *incoming.MODELS,
          *standing.MODELS, *internal.MODELS]
