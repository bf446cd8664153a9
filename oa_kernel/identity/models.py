"""Who there is: organisation units as a tree, posts, people, sessions, tokens."""

from __future__ import annotations

from oa_kernel import db


class Department(db.Model):
    """A unit of the organisation. ``path`` is ``/1/4/17/`` with its own id last: below = prefix."""

    name = db.CharField(max_length=120)
    code = db.CharField(max_length=40, default="")
    parent = db.ForeignKeyField("self", null=True, backref="children", on_delete="RESTRICT")
    path = db.CharField(max_length=500, default="/", index=True)
    sort = db.IntegerField(default=0)
    active = db.BooleanField(default=True)
    #: the deputy leader in charge (分管领导); a unit without one takes its parent's
    deputy_id = db.BigIntegerField(null=True)

    class Meta:
        table_name = "identity_department"


class Post(db.Model):
    """A post in a department: 处长, 副处长, 科员 …"""

    #: ``head`` (主要负责人), ``deputy_head``, ``leader`` (单位领导), ``member``
    KINDS = ("head", "deputy_head", "leader", "member")

    department = db.ForeignKeyField(Department, backref="posts", on_delete="RESTRICT")
    title = db.CharField(max_length=80)
    #: stable name workflow definitions refer to (``{post: office.clerk}``); may be empty
    code = db.CharField(max_length=80, default="", index=True)
    kind = db.CharField(max_length=20, default="member")
    sort = db.IntegerField(default=0)
    active = db.BooleanField(default=True)

    class Meta:
        table_name = "identity_post"


class Person(db.Model):
    """Somebody who can sign in."""

    username = db.CharField(max_length=80, unique=True)
    name = db.CharField(max_length=80, index=True)
    #: the name in Latin letters, whole and by initials, for searching
    pinyin = db.CharField(max_length=200, default="")
    #: main department; further ones come with posts
    department = db.ForeignKeyField(Department, null=True, backref="people", on_delete="RESTRICT")
    email = db.CharField(max_length=200, default="")
    phone = db.CharField(max_length=40, default="")
    mobile = db.CharField(max_length=40, default="")
    password_hash = db.CharField(max_length=300, default="")
    password_set_at = db.UTCDateTimeField(null=True)
    #: True: the password must be changed at the next sign-in
    password_expired = db.BooleanField(default=False)
    #: False until name, department and post were completed at the first sign-in
    completed = db.BooleanField(default=False)
    #: TOTP secret, encrypted by the key ring; empty: not bound
    totp_secret = db.TextField(default="")
    #: a secret that was shown but not yet confirmed by a code, encrypted likewise
    totp_pending = db.TextField(default="")
    #: time step of the last code that was accepted: neither it nor an earlier one is taken again
    totp_last_step = db.BigIntegerField(default=0)
    active = db.BooleanField(default=True)
    failed_attempts = db.IntegerField(default=0)
    locked_until = db.UTCDateTimeField(null=True)
    #: highest secrecy level they may see, an index into config.SECRECY_LEVELS
    clearance = db.SmallIntegerField(default=1)
    locale = db.CharField(max_length=10, default="")
    #: looks and habits: ``{"theme": "dark", "large_type": true, "widgets": […], "channels": {…}}``
    preferences = db.JSONField(default=dict)
    #: goes up when rights, posts or state change, so that caches know
    version = db.IntegerField(default=0)
    created_at = db.UTCDateTimeField()

    class Meta:
        table_name = "identity_person"


class PersonPost(db.Model):
    """Somebody holds a post, from a day to a day (both in the organisation's zone, ``until`` excluded)."""

    person = db.ForeignKeyField(Person, backref="holdings", on_delete="CASCADE")
    post = db.ForeignKeyField(Post, backref="holdings", on_delete="RESTRICT")
    main = db.BooleanField(default=False)
    #: stands in for the holder (代理)
    acting = db.BooleanField(default=False)
    since = db.DateField()
    until = db.DateField(null=True)
    #: a move to come: when the post begins, its department becomes the person's main one
    moves = db.BooleanField(default=False)

    class Meta:
        table_name = "identity_person_post"
        indexes = ((("post", "until"), False), (("person", "until"), False))


class PasswordHistory(db.Model):
    """Earlier password hashes, so that they do not come back."""

    person = db.ForeignKeyField(Person, on_delete="CASCADE")
    password_hash = db.CharField(max_length=300)
    replaced_at = db.UTCDateTimeField()

    class Meta:
        table_name = "identity_password_history"


class RecoveryCode(db.Model):
    """Stands in for a lost second factor, once."""

    person = db.ForeignKeyField(Person, on_delete="CASCADE")
    code_hash = db.CharField(max_length=64)
    used_at = db.UTCDateTimeField(null=True)

    class Meta:
        table_name = "identity_recovery_code"
        indexes = ((("person", "code_hash"), True),)


class Session(db.Model):
    """A signed-in browser. The cookie holds a random secret, the table only its hash."""

    secret_hash = db.CharField(max_length=64, unique=True)
    person = db.ForeignKeyField(Person, on_delete="CASCADE")
    csrf = db.CharField(max_length=64)
    #: second factor done (or not asked for)
    complete = db.BooleanField(default=True)
    created_at = db.UTCDateTimeField()
    used_at = db.UTCDateTimeField()
    ended_at = db.UTCDateTimeField(null=True)
    ip = db.CharField(max_length=60, default="")
    user_agent = db.CharField(max_length=300, default="")

    class Meta:
        table_name = "identity_session"
        indexes = ((("person", "ended_at"), False),)


class Token(db.Model):
    """A bearer token for programs. Only its hash is kept."""

    secret_hash = db.CharField(max_length=64, unique=True)
    #: first characters, to tell tokens apart in a list
    hint = db.CharField(max_length=12)
    title = db.CharField(max_length=120, default="")
    person = db.ForeignKeyField(Person, on_delete="CASCADE")
    read_only = db.BooleanField(default=False)
    #: permission names it is limited to; empty: all of the person's
    scopes = db.JSONField(default=list)
    created_at = db.UTCDateTimeField()
    expires_at = db.UTCDateTimeField()
    revoked_at = db.UTCDateTimeField(null=True)
    used_at = db.UTCDateTimeField(null=True)

    class Meta:
        table_name = "identity_token"


class Reset(db.Model):
    """A link to set a new password, sent by e-mail. Its secret is worked out from ``nonce`` and the key ring."""

    person = db.ForeignKeyField(Person, on_delete="CASCADE")
    nonce = db.CharField(max_length=64)
    secret_hash = db.CharField(max_length=64, unique=True)
    created_at = db.UTCDateTimeField()
    expires_at = db.UTCDateTimeField()
    #: spent, or replaced by a newer one
    used_at = db.UTCDateTimeField(null=True)
    ip = db.CharField(max_length=60, default="")

    class Meta:
        table_name = "identity_reset"
        indexes = ((("person", "created_at"), False),)


class SignIn(db.Model):
    """A line of the sign-in log: a sign-in, a refusal, a lock-out, a sign-out; from which device and where."""

    at = db.UTCDateTimeField()
    #: null: the name was not known (it is not kept: people type passwords into the wrong box)
    person_id = db.BigIntegerField(null=True)
    #: one of ``sign_in_log.RESULTS``
    result = db.CharField(max_length=20)
    ip = db.CharField(max_length=60, default="")
    #: name of the network by ``security.places``
    place = db.CharField(max_length=60, default="")
    #: in words: ``Edge 126 · Windows``
    device = db.CharField(max_length=120, default="")
    #: the same without versions: by it a device is known again
    family = db.CharField(max_length=80, default="")
    session_id = db.BigIntegerField(null=True)

    class Meta:
        table_name = "identity_sign_in"
        indexes = ((("at", "id"), False), (("person_id", "at", "id"), False), (("result", "at", "id"), False))


class RightsEpoch(db.Model):
    """One row (id 1) that counts changes to the rights of many at once: roles, grants to posts, the tree.

    It stands here rather than with the permissions so that the query of a session can carry it.
    """

    value = db.BigIntegerField(default=0)

    class Meta:
        table_name = "identity_rights_epoch"


MODELS = [Department, Post, Person, PersonPost, PasswordHistory, RecoveryCode, Session, Token, Reset, SignIn, RightsEpoch]
