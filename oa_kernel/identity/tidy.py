"""Takes away what no longer serves: sessions and tokens that ended long ago. Their audit events stay."""

from __future__ import annotations

import datetime as dt

from oa_kernel import clock, db

from .models import Reset, Session, Token

KEEP = dt.timedelta(days=90)


def tidy() -> int:
    """Removes sessions and tokens over for 90 days; how many."""
    long_ago = clock.now() - KEEP
    with db.transaction():
        gone = Session.delete().where((Session.ended_at < long_ago) | (Session.used_at < long_ago)).execute()
        gone += Token.delete().where((Token.revoked_at < long_ago) | (Token.expires_at < long_ago)).execute()
        gone += Reset.delete().where(Reset.expires_at < long_ago).execute()
    return gone
