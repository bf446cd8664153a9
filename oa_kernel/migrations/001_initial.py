"""The kernel's tables, version 0.1."""

from oa_kernel.schema import models


def migrate(migrator, database, *, fake=False):
    """Makes all tables."""
    if not fake:
        database.create_tables(models())


def rollback(migrator, database, *, fake=False):
    """Drops all tables."""
    if not fake:
        database.drop_tables(list(reversed(models())))
