"""Takes away what no longer serves: sessions and tokens that ended long ago, the sign-in log after its time. Their audit
events stay."""

from __future__ import annotations

import datetime as dt

from oa_kernel import clock, db

from .models import Reset, Session, Token
from .sign_in_log import forget_old

KEEP = dt.timedelta(days=90)


def tidy() -> int:
    """Removes sessions and tokens over for 90 days, and the sign-in log's oldest lines; how many rows."""
    long_ago = clock.now() - KEEP
    with db.transaction():
        gone = Session.delete().where((Session.ended_at < long_ago) | (Session.used_at < long_ago)).execute()
        gone += Token.delete().where((Token.revoked_at < long_ago) | (Token.expires_at < long_ago)).execute()
        gone += forget_old()
        gone += Reset.delete().where(Reset.expires_at < long_ago).execute()
    return gone
