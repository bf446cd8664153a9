"""Roles of the organisation's own, who was granted which role, which rights were used, and changes that wait for a
second person."""

from __future__ import annotations

from oa_kernel import db


class StoredRole(db.Model):
    """A role the organisation made itself. Roles that plugins declare in code have no row."""

    name = db.CharField(max_length=80, unique=True)
    title = db.CharField(max_length=80)
    description = db.CharField(max_length=500, default="")
    #: ``business`` | ``system`` | ``security`` | ``audit``
    domain = db.CharField(max_length=20, default="business")
    created_at = db.UTCDateTimeField()

    class Meta:
        table_name = "permissions_role"


class RolePermission(db.Model):
    """A permission within a stored role, with its data scope."""

    role = db.ForeignKeyField(StoredRole, backref="permissions", on_delete="CASCADE")
    permission = db.CharField(max_length=120)
    scope = db.CharField(max_length=20, default="all")

    class Meta:
        table_name = "permissions_role_permission"
        indexes = ((("role", "permission"), True),)


class Grant(db.Model):
    """A role given to a person, to whoever holds a post, or to the people of a department.

    ``since`` and ``until`` are days in the organisation's zone, ``until`` excluded; outside them the grant does
    nothing. ``since_at`` and ``until_at`` narrow the first and the last of these days to an instant. Ended grants
    stay, so that one can answer who was allowed what.
    """

    SUBJECTS = ("person", "post", "department")

    subject_kind = db.CharField(max_length=20)
    subject_id = db.BigIntegerField()
    #: name of a role, declared in code or stored
    role = db.CharField(max_length=80, index=True)
    #: for departments: also the people of the departments below
    below = db.BooleanField(default=False)
    #: ids of the departments that the scope ``chosen`` means here
    departments = db.JSONField(default=list)
    since = db.DateField()
    until = db.DateField(null=True)
    since_at = db.UTCDateTimeField(null=True)
    until_at = db.UTCDateTimeField(null=True)
    reason = db.CharField(max_length=300, default="")
    granted_by = db.BigIntegerField(null=True)
    granted_at = db.UTCDateTimeField()
    #: when the people were told that it is about to end
    announced_at = db.UTCDateTimeField(null=True)
    ended_by = db.BigIntegerField(null=True)
    ended_at = db.UTCDateTimeField(null=True)
    #: the change a second person confirmed by which it was given
    change_id = db.BigIntegerField(null=True)
    #: the last day on which somebody used a right they have by it
    used_on = db.DateField(null=True)

    class Meta:
        table_name = "permissions_grant"
        indexes = ((("subject_kind", "subject_id", "ended_at"), False), (("ended_at", "until"), False))


# one open grant of a role to a subject: the database refuses the second of two at once
Grant.add_index(
    Grant.index(Grant.subject_kind, Grant.subject_id, Grant.role, unique=True, where=Grant.ended_at.is_null())
)



class Use(db.Model):
    """The last day on which somebody used a permission. Person 0 stands for the day on which recording began."""

    person_id = db.BigIntegerField()
    permission = db.CharField(max_length=120)
    last_on = db.DateField()

    class Meta:
        table_name = "permissions_use"
        indexes = ((("person_id", "permission"), True), (("permission", "last_on"), False))


class Change(db.Model):
    """A change of security that one person asked for and another confirms or refuses. The row stays, as history."""

    STATES = ("pending", "confirmed", "refused", "withdrawn", "expired", "stale")

    #: name of a ``GuardedChange``
    kind = db.CharField(max_length=80)
    #: what it would do, in words
    title = db.CharField(max_length=300)
    #: the same as a packed ``Phrase``, for those who read another language
    words = db.JSONField(null=True)
    #: what the kind's ``apply`` gets; never a secret
    payload = db.JSONField(default=dict)
    #: what stood there when it was asked for
    base = db.JSONField(null=True)
    #: what it is about: of one thing only one change waits at a time
    subject = db.CharField(max_length=200)
    reason = db.CharField(max_length=300, default="")
    state = db.CharField(max_length=20, default="pending")
    #: null: asked at the console
    asked_by = db.BigIntegerField(null=True)
    asked_name = db.CharField(max_length=120)
    asked_at = db.UTCDateTimeField()
    expires_at = db.UTCDateTimeField()
    decided_by = db.BigIntegerField(null=True)
    decided_at = db.UTCDateTimeField(null=True)
    comment = db.CharField(max_length=300, default="")
    #: of a wish that was granted: the change a second person has to confirm, and the grant that came of it
    next_id = db.BigIntegerField(null=True)
    grant_id = db.BigIntegerField(null=True)

    class Meta:
        table_name = "permissions_change"
        indexes = ((("state", "id"), False), (("asked_by", "id"), False))


Change.add_index(Change.index(Change.kind, Change.subject, unique=True, where=Change.state == "pending"))

MODELS = [StoredRole, RolePermission, Grant, Use, Change]
