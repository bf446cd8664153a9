"""Files: encrypted with SM4-GCM under a key each, addressed by the SM3 of their content, guarded by what they are of.

    file = files.store(stream, "附件1.docx", by=person)
    files.attach(file, "document", document.id)
    for piece in files.open(file, start=0, end=1024): …

What is large and comes with other rows is written first and kept in their transaction, which then is a short one::

    with files.written(stream, "附件1.docx") as whole, db.transaction():
        file = whole.keep(by=person)
"""

from .attach import attach, attached, detach, discard, get, readable, require_readable, versions
from .erasing import Erased, erase
from .models import File
from .repair import problem, restore, sealed_digest
from .store import Written, blob_path, copy_to, read_bytes, store, store_bytes, written
from .store import open_content as open
from .sweep import sweep

__all__ = [
    "Erased", "File", "Written", "attach", "attached", "blob_path", "copy_to", "detach", "discard", "erase", "get", "open", "problem",
    "read_bytes", "readable", "require_readable", "restore", "sealed_digest", "store", "store_bytes", "sweep", "versions",
    "written",
]
