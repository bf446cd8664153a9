"""Tables of supervision."""

from __future__ import annotations

from oa_kernel import db

#: open | done | cancelled
STATES = ("open", "done", "cancelled")


class Item(db.Model):
    """Something that is to be done by somebody until a day (督办事项)."""

    title = db.CharField(max_length=300)
    #: what exactly is asked for
    requirement = db.TextField(default="")
    #: what it comes from: kind and id of a document, a meeting decision …; empty: an instruction entered by hand
    source_kind = db.CharField(max_length=80, default="")
    source_id = db.CharField(max_length=80, default="")
    source_url = db.CharField(max_length=300, default="")
    urgency = db.CharField(max_length=10, default="")
    #: the department that leads, and the person of it who answers
    department_id = db.BigIntegerField()
    department_name = db.CharField(max_length=120)
    person_id = db.BigIntegerField(null=True)
    person_name = db.CharField(max_length=80, default="")
    due_on = db.DateField()
    #: the day it was first to be done by, before extensions
    first_due_on = db.DateField()
    state = db.CharField(max_length=10, default="open")
    created_by_id = db.BigIntegerField(null=True)
    created_by_name = db.CharField(max_length=80, default="")
    created_at = db.UTCDateTimeField()
    closed_at = db.UTCDateTimeField(null=True)
    #: the day it was finished by, as the last feedback says
    closed_on = db.DateField(null=True)
    close_note = db.CharField(max_length=300, default="")
    feedback_at = db.UTCDateTimeField(null=True)
    urged_on = db.DateField(null=True)
    urges = db.IntegerField(default=0)
    version = db.IntegerField(default=1)

    class Meta:
        table_name = "supervision_item"
        indexes = (
            (("state", "due_on", "id"), False),
            (("department_id", "state", "due_on"), False),
            (("source_kind", "source_id"), False),
            (("created_at", "id"), False),
        )


class Involved(db.Model):
    """A department that leads or assists; by it the item is found."""

    item = db.ForeignKeyField(Item, backref="involved", on_delete="CASCADE")
    department_id = db.BigIntegerField()
    department_name = db.CharField(max_length=120)
    lead = db.BooleanField(default=False)

    class Meta:
        table_name = "supervision_involved"
        indexes = ((("department_id", "item"), False),)


class Stage(db.Model):
    """A part of the work with a day of its own."""

    item = db.ForeignKeyField(Item, backref="stages", on_delete="CASCADE")
    position = db.IntegerField()
    title = db.CharField(max_length=200)
    due_on = db.DateField(null=True)
    done_on = db.DateField(null=True)

    class Meta:
        table_name = "supervision_stage"
        indexes = ((("item", "position"), True),)


class Feedback(db.Model):
    """How it stands, in three parts (进展、问题、建议); kept as it was given."""

    item = db.ForeignKeyField(Item, backref="feedback", on_delete="CASCADE")
    at = db.UTCDateTimeField()
    by_id = db.BigIntegerField()
    by_name = db.CharField(max_length=80)
    department_name = db.CharField(max_length=120, default="")
    progress = db.TextField()
    problems = db.TextField()
    suggestions = db.TextField()
    #: True: says that it is done
    finished = db.BooleanField(default=False)

    class Meta:
        table_name = "supervision_feedback"
        indexes = ((("item", "id"), False),)


MODELS = [Item, Involved, Stage, Feedback]
