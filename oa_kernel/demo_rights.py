"""Rights for a time in the demo organisation: one that fell by itself, one in force, one that waits for a decision."""

from __future__ import annotations

import datetime as dt

from oa_kernel import clock, permissions
from oa_kernel.notifications import security

from .demo import DemoOrganisation, Story, acting, play

_ROLE = "phone_book"


def build(org: DemoOrganisation) -> None:
    """Three people ask for the telephone list, for a duty, a weekend, a drill."""
    security.connect()
    play([
        _asked(org, "drafter", 9, "09:10", dt.timedelta(days=2), "节日值班，须通知各处室", "同意，值班期间有效"),
        _asked(org, "head", 1, "10:30", dt.timedelta(days=5), "周末牵头应急演练", "同意"),
        _asked(org, "officer", 0, "08:40", dt.timedelta(days=4), "参加防汛值班，夜间须能联系到人", ""),
    ])


def _asked(org: DemoOrganisation, username: str, days: int, time: str, lasts: dt.timedelta, why: str, answer: str) -> Story:
    """Asked for ``days`` working days ago, until 18:00 after ``lasts``; decided two hours later, or not yet."""
    asked = min(org.at(days, time), org.now - dt.timedelta(minutes=30))
    yield asked
    person, security_admin = org.person(username), org.person("security")
    until = dt.datetime.combine(clock.local(asked + lasts).date(), dt.time(18), clock.zone())
    with acting(person):
        change = permissions.ask_for(person, _ROLE, until=until, reason=why)
    if answer:
        yield min(asked + dt.timedelta(hours=2), org.now - dt.timedelta(minutes=20))
        with acting(security_admin):
            permissions.confirm(change, by=security_admin, comment=answer)


__all__ = ["build"]
