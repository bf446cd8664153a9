"""Roles of the organisation's own, and who was granted which role."""

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
    nothing. Ended grants stay, so that one can answer who was allowed what.
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
    reason = db.CharField(max_length=300, default="")
    granted_by = db.BigIntegerField(null=True)
    granted_at = db.UTCDateTimeField()
    #: when the people were told that it is about to end
    announced_at = db.UTCDateTimeField(null=True)
    ended_by = db.BigIntegerField(null=True)
    ended_at = db.UTCDateTimeField(null=True)

    class Meta:
        table_name = "permissions_grant"
        indexes = ((("subject_kind", "subject_id", "ended_at"), False),)


# one open grant of a role to a subject: the database refuses the second of two at once
Grant.add_index(
    Grant.index(Grant.subject_kind, Grant.subject_id, Grant.role, unique=True, where=Grant.ended_at.is_null())
)

MODELS = [StoredRole, RolePermission, Grant]
