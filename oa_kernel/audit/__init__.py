"""The record of who did what: written with the deed, sealed into a signed tree, verified, proven.

    audit.record("document.submit", "document", 7, title="关于…的通知", before={…}, after={…}, by=person)
"""

from .events import event, events
from .proof import export, head, proof
from .record import Deed, record, record_many
from .seal import seal, unsealed
from .verify import verify

__all__ = ["Deed", "event", "events", "export", "head", "proof", "record", "record_many", "seal", "unsealed", "verify"]
