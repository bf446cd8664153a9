"""What must happen after the commit, at least once, in the outside world.

    outbox.put("mail", {"to": "a@example.org", …})          # in the business transaction
    outbox.drain()                                           # the worker does
"""

from oa_kernel.errors import OAError

from .deadletters import counts, dead_letters, discard, retry, waiting
from .drain import drain, due
from .put import on_put, put, put_many, wake


class Undeliverable(OAError):
    """Raised by a handler: trying again will not help; straight to the dead letters."""

    code, title = "undeliverable", "无法送达"


__all__ = [
    "Undeliverable", "counts", "dead_letters", "discard", "drain", "due", "on_put", "put", "put_many", "retry",
    "waiting", "wake",
]
