"""Backups: database, files, keys and configuration in one archive, every part with its SM3.

    from oa_kernel import backup

    made = backup.create(Path("backups"), passphrase="…")
    report = backup.verify(made.path, passphrase="…")
    backup.restore(made.path, Path("/srv/oa-restored"), passphrase="…")

**A backup holds the keys**: whoever has it, and its passphrase, can read everything. Without a passphrase it is in
clear and must be kept like the keys themselves.
"""

from .archive import Head, head_of
from .create import Made, create, last, listing
from .extract import contents
from .restore import restore
from .verify import Report, verify

__all__ = ["Head", "Made", "Report", "contents", "create", "head_of", "last", "listing", "restore", "verify"]
