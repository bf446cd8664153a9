"""What people keep of their lists."""

from __future__ import annotations

from oa_kernel import db
from oa_kernel.identity.models import Person


class SavedView(db.Model):
    """Filters and order under a name, of one person; without a name: how that person's list looks."""

    person = db.ForeignKeyField(Person, on_delete="CASCADE")
    ledger = db.CharField(max_length=60)
    name = db.CharField(max_length=60)
    #: ``{"filters": {…}, "sort": "…"}``, or ``{"columns": […], "dense": true}``
    content = db.JSONField(default=dict)

    class Meta:
        table_name = "ledgers_view"
        indexes = ((("person", "ledger", "name"), True),)


MODELS = [SavedView]
