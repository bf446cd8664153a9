"""The plugin's tables and its full-text index, version 0.1."""

from oa_archives.models import MODELS, TEXT
from oa_archives.models_keeping import MODELS as KEEPING
from oa_archives.models_use import MODELS as USE


def migrate(migrator, database, *, fake=False):
    """Makes all tables."""
    if not fake:
        database.create_tables([*MODELS, *USE, *KEEPING])
        TEXT.create()


def rollback(migrator, database, *, fake=False):
    """Drops all tables."""
    if not fake:
        TEXT.drop()
        database.drop_tables(list(reversed([*MODELS, *USE, *KEEPING])))
