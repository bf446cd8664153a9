"""The record of who did what: written with the deed, sealed into a signed tree, verified, proven.

    audit.record("document.submit", "document", 7, title="关于…的通知", before={…}, after={…}, by=person)
"""

from .record import record

__all__ = ["record"]
