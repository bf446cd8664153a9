"""Tables of the exchange plugin."""

from __future__ import annotations

from oa_kernel import db

#: pending: the fingerprint is not confirmed yet; what comes from a revoked one is refused with that reason
PARTNER_STATES = ("pending", "active", "revoked")
#: of what goes out: queued → done | refused (by the other side) | failed (given up) | cancelled; exported: gone by file
OUT_STATES = ("queued", "exported", "done", "refused", "failed", "cancelled")
#: of what came in
IN_STATES = ("accepted", "rejected")
STATES = (*OUT_STATES, *IN_STATES)


class Identity(db.Model):
    """A certificate of ours that signs packages, with the one that they are enveloped for; the keys are in the key ring."""

    certificate = db.BlobField()
    encryption_certificate = db.BlobField()
    #: SM3 of the certificate, 64 hexadecimal digits
    fingerprint = db.CharField(max_length=64, unique=True)
    key_id = db.CharField(max_length=80)
    encryption_key_id = db.CharField(max_length=80)
    not_before = db.UTCDateTimeField()
    not_after = db.UTCDateTimeField()
    created_at = db.UTCDateTimeField()

    class Meta:
        table_name = "exchange_identity"


class Partner(db.Model):
    """Another installation that is trusted, or is to be."""

    #: as it stands in the address book of the documents plugin
    name = db.CharField(max_length=200, unique=True)
    organisation_id = db.BigIntegerField(null=True, index=True)
    #: where packages are posted to; empty: by file only
    url = db.CharField(max_length=300, default="")
    certificate = db.BlobField()
    encryption_certificate = db.BlobField()
    fingerprint = db.CharField(max_length=64, unique=True)
    not_before = db.UTCDateTimeField()
    not_after = db.UTCDateTimeField()
    state = db.CharField(max_length=10, default="pending")
    added_at = db.UTCDateTimeField()
    added_by_name = db.CharField(max_length=80, default="")
    #: when somebody here heard the fingerprint read aloud
    confirmed_at = db.UTCDateTimeField(null=True)
    confirmed_by_name = db.CharField(max_length=80, default="")
    #: when the other side told, signed, that it trusts us
    peer_confirmed_at = db.UTCDateTimeField(null=True)
    revoked_at = db.UTCDateTimeField(null=True)
    revoke_reason = db.CharField(max_length=200, default="")
    #: when it was heard of last, and what went wrong last
    contact_at = db.UTCDateTimeField(null=True)
    last_error = db.CharField(max_length=500, default="")
    failed_at = db.UTCDateTimeField(null=True)
    #: tries in a row that failed, and not before when the next is made
    failures = db.IntegerField(default=0)
    next_at = db.UTCDateTimeField(null=True)
    #: a worker that sends to it now has it until then
    busy_until = db.UTCDateTimeField(null=True)
    version = db.IntegerField(default=1)

    class Meta:
        table_name = "exchange_partner"
        indexes = ((("state", "id"), False),)


class Message(db.Model):
    """One package, out or in: what is to be sent, what became of it, what came."""

    partner = db.ForeignKeyField(Partner, null=True, backref="messages", on_delete="RESTRICT")
    #: out | in
    direction = db.CharField(max_length=3, default="out")
    #: of the package: 32 hexadecimal digits, given by its sender
    message_id = db.CharField(max_length=32, index=True)
    #: ``direction:partner:message_id``; null for what was rejected, which takes no id away
    key = db.CharField(max_length=80, null=True, unique=True)
    #: hello | document | receipt | refusal | recall | urge | standing
    type = db.CharField(max_length=12, default="document")
    reply_to = db.CharField(max_length=32, default="", index=True)
    state = db.CharField(max_length=10, default="queued")
    #: https | file
    via = db.CharField(max_length=6, default="https")
    #: what it is about, for people
    title = db.CharField(max_length=300, default="")
    secrecy_level = db.SmallIntegerField(default=0)
    #: id of the dispatch (out)
    subject_id = db.BigIntegerField(null=True)
    #: what is packed: the manifest as text, and ids of its files in order
    manifest = db.TextField(default="")
    file_ids = db.JSONField(default=list)
    #: SM3 of the content in clear: the same id must bring the same content
    content_sm3 = db.CharField(max_length=64, default="")
    size = db.BigIntegerField(default=0)
    attempts = db.IntegerField(default=0)
    last_error = db.CharField(max_length=500, default="")
    #: what was answered: ``{"result", "code", "message", …}``
    answer = db.JSONField(null=True)
    created_at = db.UTCDateTimeField()
    ended_at = db.UTCDateTimeField(null=True)

    class Meta:
        table_name = "exchange_message"
        indexes = (
            (("partner", "direction", "state", "id"), False),
            (("state", "id"), False),
            (("direction", "created_at"), False),
        )


MODELS = [Identity, Partner, Message]
