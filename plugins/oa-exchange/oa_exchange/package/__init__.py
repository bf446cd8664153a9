"""The exchange package: its bytes, its content, and the descriptor by which two installations come to know each other.

Nothing here knows the database or the web. The definition, field by field, is in ``docs/exchange.md``.
"""

from .content import pack, unpack
from .descriptor import Descriptor, groups, make_descriptor, read_descriptor
from .errors import PackageError
from .format import HEAD_MOST, MAGIC, Head, Header, open_body, read_head, seal, verify

__all__ = [
    "HEAD_MOST", "MAGIC", "Descriptor", "Head", "Header", "PackageError", "groups", "make_descriptor", "open_body", "pack",
    "read_descriptor", "read_head", "seal", "unpack", "verify",
]
