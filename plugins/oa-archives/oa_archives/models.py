"""Tables of the archives plugin.

A record's own words (title, number, who made it, which department it had) are kept as they were when it was filed:
they are facts of the record and do not change when a department is renamed.
"""

from __future__ import annotations

from typing import Any

from oa_kernel import db, search

#: retention periods (DA/T 22-2015, 6.3): code → what it says
RETENTIONS = {"Y": "永久", "D30": "30年", "D10": "10年"}
#: years of those that end
TERMS = {"D30": 30, "D10": 10}
PENDING_STATES = ("waiting", "filed", "declined")

#: titles and numbers, the text, people, keywords: each can be searched alone
TEXT = search.TextIndex("archives_item", ("title", "text", "people", "keywords"), labelled=True)


class Pending(db.Model):
    """A finished thing that waits for the archivist (归档范围内、待归档)."""

    source_kind = db.CharField(max_length=80)
    source_id = db.CharField(max_length=80)
    title = db.CharField(max_length=500)
    number = db.CharField(max_length=120, default="")
    kind = db.CharField(max_length=40, default="")
    date = db.DateField(null=True)
    creator = db.CharField(max_length=200, default="")
    department_id = db.BigIntegerField(null=True)
    department_name = db.CharField(max_length=120, default="")
    secrecy_level = db.SmallIntegerField(default=0)
    #: what the retention table proposes, and why; empty retention: need not be kept
    retention = db.CharField(max_length=8, default="")
    class_code = db.CharField(max_length=20, default="")
    reason = db.CharField(max_length=300, default="")
    keywords = db.JSONField(default=list)
    #: waiting | filed | declined
    state = db.CharField(max_length=10, default="waiting")
    ready_at = db.UTCDateTimeField()
    #: from when it asks for filing, and by when it is to be filed (see ``services.june``)
    asks_on = db.DateField()
    due_on = db.DateField()
    #: why it is not kept, for declined ones
    note = db.CharField(max_length=300, default="")
    item_id = db.BigIntegerField(null=True)

    class Meta:
        table_name = "archives_pending"
        indexes = (
            (("source_kind", "source_id"), True),
            (("state", "ready_at", "id"), False),
            (("state", "due_on", "id"), False),
        )


class Item(db.Model):
    """A record: one 件 (DA/T 22-2015, 3.1), under its 档号."""

    archival_number = db.CharField(max_length=80, unique=True)
    fonds = db.CharField(max_length=20)
    category = db.CharField(max_length=10, default="WS")
    year = db.IntegerField()
    retention = db.CharField(max_length=8)
    #: 机构（问题）代码
    class_code = db.CharField(max_length=20)
    #: 件号
    seq = db.IntegerField()
    title = db.CharField(max_length=500)
    #: 文号
    number = db.CharField(max_length=120, default="")
    kind = db.CharField(max_length=40, default="")
    #: 责任者
    creator = db.CharField(max_length=200, default="")
    date = db.DateField(null=True)
    secrecy = db.CharField(max_length=10, default="")
    secrecy_level = db.SmallIntegerField(default=0)
    secrecy_term = db.CharField(max_length=30, default="")
    urgency = db.CharField(max_length=10, default="")
    department_id = db.BigIntegerField(null=True)
    department_name = db.CharField(max_length=120, default="")
    keywords = db.JSONField(default=list)
    #: [[what they did, name], …]
    people = db.JSONField(default=list)
    facts = db.JSONField(default=dict)
    #: the text it is found by
    text = db.TextField(default="")
    pages = db.IntegerField(default=0)
    #: bytes of all parts
    size = db.BigIntegerField(default=0)
    source_kind = db.CharField(max_length=80)
    source_id = db.CharField(max_length=80)
    #: kept | transferred | destroyed
    state = db.CharField(max_length=12, default="kept")
    #: the first day everybody in the organisation may read it (开放); null: it stays closed (控制)
    open_from = db.DateField(null=True)
    #: why it is open, or closed until then
    access_reason = db.CharField(max_length=300, default="")
    #: the last year of its term, as it came or as an appraisal set it; null: permanent
    keep_until = db.IntegerField(null=True)
    #: the list it stands on while that is open, and for good once it was destroyed or transferred by it
    appraisal_id = db.BigIntegerField(null=True)
    transfer_id = db.BigIntegerField(null=True)
    ended_at = db.UTCDateTimeField(null=True)
    filed_at = db.UTCDateTimeField()
    filed_by_id = db.BigIntegerField(null=True)
    filed_by_name = db.CharField(max_length=80, default="")
    #: when the four checks were made last, and whether they held
    checked_at = db.UTCDateTimeField()
    sound = db.BooleanField(default=True)
    #: SM3 over the parts' digests and the description, as the package's signature covers it
    digest = db.CharField(max_length=64, default="")

    class Meta:
        table_name = "archives_item"
        indexes = (
            (("fonds", "source_kind", "source_id"), True),
            (("year", "id"), False),
            (("retention", "id"), False),
            (("number",), False),
            (("department_id", "id"), False),
            (("department_id", "year", "secrecy_level"), False),
            (("year", "open_from", "secrecy_level"), False),
            (("department_name", "id"), False),
            (("kind", "id"), False),
            (("secrecy_level", "id"), False),
            (("state", "checked_at", "id"), False),
            (("open_from", "year", "id"), False),
            (("state", "keep_until", "id"), False),
        )

    def save(self, *args: Any, **kwargs: Any) -> Any:
        """A new record's term counts from the year after its own (国家档案局令第13号)."""
        if self.keep_until is None and self.retention in TERMS:
            self.keep_until = self.year + TERMS[self.retention]
        return super().save(*args, **kwargs)


class Part(db.Model):
    """A file of a record, in the order of DA/T 22-2015, 5.1."""

    item = db.ForeignKeyField(Item, backref="parts", on_delete="RESTRICT")
    position = db.IntegerField()
    #: text | attachment | final_draft | handling | draft | related
    role = db.CharField(max_length=20)
    name = db.CharField(max_length=255)
    file_id = db.BigIntegerField(index=True)
    mime = db.CharField(max_length=120, default="")
    size = db.BigIntegerField(default=0)
    sm3 = db.CharField(max_length=64)
    pages = db.IntegerField(default=0)

    class Meta:
        table_name = "archives_part"
        indexes = ((("item", "position"), True),)


class Check(db.Model):
    """One result of the four checks (四性检测, DA/T 70-2018)."""

    item = db.ForeignKeyField(Item, backref="checks", on_delete="RESTRICT")
    #: filing | transfer | keeping
    stage = db.CharField(max_length=10)
    at = db.UTCDateTimeField()
    #: authenticity | integrity | usability | security
    quality = db.CharField(max_length=14)
    #: of the rule (see ``checks.rules``)
    code = db.CharField(max_length=20)
    title = db.CharField(max_length=200)
    #: passed | failed | not_applicable
    result = db.CharField(max_length=16)
    evidence = db.CharField(max_length=1000, default="")

    class Meta:
        table_name = "archives_check"
        indexes = ((("item", "id"), False),)


MODELS = [Pending, Item, Part, Check]
