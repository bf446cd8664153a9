"""What every row of a ledger has beside its own fields: version, whose it is, who made it, whether it is in use."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from oa_kernel import clock, db, permissions


class MoneyField(db.BigIntegerField):
    """An amount with two decimals, kept as a whole number of hundredths: sums and comparisons are exact on both engines."""

    def db_value(self, value: Any) -> Any:
        return None if value is None else int((Decimal(str(value)) * 100).to_integral_value())

    def python_value(self, value: Any) -> Any:
        return None if value is None else Decimal(int(value)) / 100


class Row(db.Model):
    """Base of the models of ledgers.

    ::

        class Item(ledgers.Row):
            name = db.CharField(max_length=120)

            class Meta:
                table_name = "office_item"
    """

    #: goes up with every change; a change made from an older one is refused
    version = db.IntegerField(default=1)
    #: whose the row is and of which department, for data scopes
    owner_id = db.BigIntegerField(null=True, index=True)
    department_id = db.BigIntegerField(null=True, index=True)
    #: index into ``config.SECRECY_LEVELS``
    secrecy_level = db.SmallIntegerField(default=0)
    #: taken out of use, with the reason; the row stays
    archived = db.BooleanField(default=False)
    archived_reason = db.CharField(max_length=500, default="")
    created_at = db.UTCDateTimeField(default=clock.now)
    created_by_id = db.BigIntegerField(null=True)
    updated_at = db.UTCDateTimeField(default=clock.now)
    updated_by_id = db.BigIntegerField(null=True)

    def permission_facts(self) -> permissions.Facts:
        """What rights depend on."""
        return permissions.Facts(self.owner_id, self.department_id, self.secrecy_level)


#: names that fields of a ledger cannot have
RESERVED = frozenset(Row._meta.fields) | {"q", "state", "sort", "limit", "cursor", "reason", "row", "secrecy", "view", "next"}

__all__ = ["RESERVED", "MoneyField", "Row"]
