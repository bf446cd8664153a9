"""The database room: one engine (SQLite or PostgreSQL) behind peewee, transactions, fields, pages, migrations.

    from oa_kernel import db

    class Thing(db.Model):
        title = db.CharField()
        class Meta:
            table_name = "things_thing"

    with db.transaction():
        Thing.create(title="…")
"""

from peewee import (
    EXCLUDED,
    SQL,
    AutoField,
    BigAutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    Case,
    CharField,
    DateField,
    DoesNotExist,
    FloatField,
    ForeignKeyField,
    IntegerField,
    IntegrityError,
    ModelSelect,
    SmallIntegerField,
    TextField,
    Value,
    fn,
)

from .distinct import distinct_values
from .engine import close, count_queries, counting, database, engine_name, init, is_postgresql, lock_rows, ping, write_if_free
from .fields import JSONField, UTCDateTimeField
from .many import in_pieces, insert_many, insert_values, update_many
from .model import Model, snapshot
from .paging import Page, page
from .transactions import in_transaction, on_commit, savepoint, transaction, transaction_if_free

__all__ = [
    "EXCLUDED",
    "SQL",
    "AutoField",
    "BigAutoField",
    "BigIntegerField",
    "BlobField",
    "BooleanField",
    "Case",
    "CharField",
    "DateField",
    "DoesNotExist",
    "FloatField",
    "ForeignKeyField",
    "IntegerField",
    "IntegrityError",
    "JSONField",
    "Model",
    "ModelSelect",
    "Page",
    "SmallIntegerField",
    "TextField",
    "UTCDateTimeField",
    "Value",
    "close",
    "count_queries",
    "counting",
    "database",
    "distinct_values",
    "engine_name",
    "fn",
    "in_pieces",
    "in_transaction",
    "init",
    "insert_many",
    "insert_values",
    "is_postgresql",
    "lock_rows",
    "on_commit",
    "page",
    "ping",
    "savepoint",
    "snapshot",
    "transaction",
    "transaction_if_free",
    "update_many",
    "write_if_free",
]
