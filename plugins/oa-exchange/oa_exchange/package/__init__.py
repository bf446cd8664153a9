"""The exchange package: its bytes, its content, and the descriptor by which two installations come to know each other.

Nothing here knows the database or the web. The definition, field by field, is in ``docs/exchange.md``.
"""

from .content import Content, examine, open_small, pack, packed
from .descriptor import Descriptor, groups, make_descriptor, read_descriptor
from .errors import PackageError
from .format import HEAD_MOST, MAGIC, Head, Header, Sealed, open_body, read_head, seal, verify

__all__ = [
    "HEAD_MOST", "MAGIC", "Content", "Descriptor", "Head", "Header", "PackageError", "Sealed", "examine", "groups",
    "make_descriptor", "open_body", "open_small", "pack", "packed", "read_descriptor", "read_head", "seal", "verify",
]
