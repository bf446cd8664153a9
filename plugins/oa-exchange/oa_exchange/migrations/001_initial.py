"""The plugin's tables, version 0.1."""

from oa_exchange.models import MODELS


def migrate(migrator, database, *, fake=False):
    """Makes all tables."""
    if not fake:
        database.create_tables(MODELS)


def rollback(migrator, database, *, fake=False):
    """Drops all tables."""
    if not fake:
        database.drop_tables(list(reversed(MODELS)))
