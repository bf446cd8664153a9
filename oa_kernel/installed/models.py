"""Which version of each plugin this database has seen."""

from __future__ import annotations

from oa_kernel import db


class SeenVersion(db.Model):
    """A plugin's version that the database was brought to, and the one whose upgrade notes an administrator has read."""

    plugin = db.CharField(max_length=80, unique=True)
    version = db.CharField(max_length=40)
    at = db.UTCDateTimeField()
    read = db.CharField(max_length=40)

    class Meta:
        table_name = "installed_version"


MODELS = [SeenVersion]
