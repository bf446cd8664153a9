"""Tables for using and ending records: borrowings, uses, appraisals, destruction, transfers.

What a list says of a record (number, title, retention) is kept as it was when the list was made: the list is evidence.
"""

from __future__ import annotations

from oa_kernel import db

from .models import Item

BORROWING_STATES = {"asked": "审批中", "lent": "借阅中", "returned": "已归还", "ended": "已到期",
                    "refused": "未批准", "recalled": "已收回"}
#: 利用目的
PURPOSES = {"work": "工作查考", "history": "编史修志", "research": "学术研究",
            "publicity": "宣传教育", "evidence": "凭证取证", "other": "其他"}
APPRAISAL_STATES = {"draft": "编制中", "deciding": "审批中", "approved": "已批准",
                    "refused": "未批准", "done": "已执行", "dropped": "已撤销"}
OPINIONS = {"destroy": "销毁", "keep": "延长保管", "permanent": "改为永久"}
TRANSFER_STATES = {"draft": "编制中", "checked": "检测通过", "transferred": "已移交", "dropped": "已撤销"}


class Borrowing(db.Model):
    """A record lent to somebody for a term (借阅)."""

    item = db.ForeignKeyField(Item, backref="borrowings", on_delete="RESTRICT")
    person_id = db.BigIntegerField()
    person_name = db.CharField(max_length=80)
    department_id = db.BigIntegerField(null=True)
    department_name = db.CharField(max_length=120, default="")
    #: of PURPOSES
    purpose = db.CharField(max_length=10)
    reason = db.CharField(max_length=500, default="")
    #: asked for; what was granted stands in ``until`` and ``download``
    days = db.IntegerField()
    download = db.BooleanField(default=False)
    #: of BORROWING_STATES
    state = db.CharField(max_length=10, default="asked")
    asked_at = db.UTCDateTimeField()
    lent_at = db.UTCDateTimeField(null=True)
    #: the last day it may be read, in the organisation's zone
    until = db.DateField(null=True)
    renewals = db.IntegerField(default=0)
    reminded_on = db.DateField(null=True)
    ended_at = db.UTCDateTimeField(null=True)
    instance_id = db.BigIntegerField(null=True)

    class Meta:
        table_name = "archives_borrowing"
        indexes = (
            (("person_id", "id"), False),
            (("item", "person_id", "state"), False),
            (("state", "until", "id"), False),
        )


class Use(db.Model):
    """A use of a record (利用), once a day for each person, record and kind."""

    item = db.ForeignKeyField(Item, backref="uses", on_delete="RESTRICT")
    day = db.DateField()
    at = db.UTCDateTimeField()
    #: read | download | package | borrow
    kind = db.CharField(max_length=10)
    person_id = db.BigIntegerField()
    person_name = db.CharField(max_length=80)
    department_name = db.CharField(max_length=120, default="")
    purpose = db.CharField(max_length=10, default="")

    class Meta:
        table_name = "archives_use"
        indexes = (
            (("day", "id"), False),
            (("item", "person_id", "day", "kind"), False),
        )


class Appraisal(db.Model):
    """A list of records whose retention has run out, with an opinion on each (鉴定)."""

    #: 鉴定〔2026〕1号
    number = db.CharField(max_length=40, unique=True)
    title = db.CharField(max_length=200)
    #: of APPRAISAL_STATES
    state = db.CharField(max_length=10, default="draft")
    made_at = db.UTCDateTimeField()
    made_by_id = db.BigIntegerField()
    made_by_name = db.CharField(max_length=80)
    count = db.IntegerField(default=0)
    instance_id = db.BigIntegerField(null=True)
    decided_at = db.UTCDateTimeField(null=True)
    decided_by_name = db.CharField(max_length=80, default="")
    executed_at = db.UTCDateTimeField(null=True)
    executed_by_name = db.CharField(max_length=80, default="")
    #: who was present (监销人): [{"id", "name", "at"}]
    witnesses = db.JSONField(default=list)
    version = db.IntegerField(default=1)

    class Meta:
        table_name = "archives_appraisal"


class AppraisalEntry(db.Model):
    """A record on the list. It keeps its description after the content is gone."""

    appraisal = db.ForeignKeyField(Appraisal, backref="entries", on_delete="RESTRICT")
    item = db.ForeignKeyField(Item, backref="appraised", on_delete="RESTRICT")
    archival_number = db.CharField(max_length=80)
    title = db.CharField(max_length=500)
    year = db.IntegerField()
    retention = db.CharField(max_length=8)
    pages = db.IntegerField(default=0)
    digest = db.CharField(max_length=64, default="")
    #: of OPINIONS
    opinion = db.CharField(max_length=10, default="destroy")
    #: the last year of the new term, for ``keep``
    keep_until = db.IntegerField(null=True)
    reason = db.CharField(max_length=300, default="")
    done_at = db.UTCDateTimeField(null=True)
    #: what was done, or what of the content stays because other records have it too
    note = db.CharField(max_length=300, default="")

    class Meta:
        table_name = "archives_appraisal_entry"
        indexes = ((("appraisal", "item"), False),)


class Transfer(db.Model):
    """Records handed to the state archive together (移交)."""

    #: 移交〔2026〕1号
    number = db.CharField(max_length=40, unique=True)
    receiver = db.CharField(max_length=200)
    first_year = db.IntegerField()
    last_year = db.IntegerField()
    retentions = db.JSONField(default=list)
    #: of TRANSFER_STATES
    state = db.CharField(max_length=12, default="draft")
    made_at = db.UTCDateTimeField()
    made_by_id = db.BigIntegerField()
    made_by_name = db.CharField(max_length=80)
    count = db.IntegerField(default=0)
    pages = db.IntegerField(default=0)
    size = db.BigIntegerField(default=0)
    #: what the receiver wrote (移交与接收登记表): number, day, name
    receipt_number = db.CharField(max_length=100, default="")
    receipt_on = db.DateField(null=True)
    receipt_by = db.CharField(max_length=80, default="")
    transferred_at = db.UTCDateTimeField(null=True)
    #: who asked for the checks that are being made; null: none are
    checking_by_id = db.BigIntegerField(null=True)
    #: host and process that makes them, and its sign of life
    runner = db.CharField(max_length=120, default="")
    beat_at = db.UTCDateTimeField(null=True)
    #: why the last ones were broken off
    check_error = db.CharField(max_length=300, default="")

    class Meta:
        table_name = "archives_transfer"


class TransferEntry(db.Model):
    """A record of a transfer."""

    transfer = db.ForeignKeyField(Transfer, backref="entries", on_delete="RESTRICT")
    item = db.ForeignKeyField(Item, backref="handed_over", on_delete="RESTRICT")
    position = db.IntegerField()
    #: when the four checks were made for it; null: not yet
    checked_at = db.UTCDateTimeField(null=True)
    sound = db.BooleanField(default=False)

    class Meta:
        table_name = "archives_transfer_entry"
        indexes = ((("transfer", "position"), False), (("transfer", "item"), False))


MODELS = [Borrowing, Use, Appraisal, AppraisalEntry, Transfer, TransferEntry]
