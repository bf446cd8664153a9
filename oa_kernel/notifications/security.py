"""Notices of what concerns an account: a sign-in from a device not seen before, a right that is about to end."""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import clock, permissions, signals
from oa_kernel.identity.models import Session
from oa_kernel.permissions import Grant
from oa_kernel.permissions.who import members

from .send import send

KIND = "security.notice"
#: days before its end that a grant is announced
AHEAD = 7


def connect() -> None:
    """Listens to sign-ins."""
    signals.person_signed_in.connect(_signed_in)


def _signed_in(_sender: Any, person: Any, session: Any, **_: Any) -> None:
    if is_new_device(session):
        send(
            KIND, [person.id], "新设备登录",
            f"{clock.local(session.created_at):%Y-%m-%d %H:%M} 从 {session.ip or '未知地址'} 用一台以前没有用过的设备登录"
            f"（{session.user_agent[:120] or '未知设备'}）。如果不是您本人，请立即更换密码并结束这个会话。",
            "/profile/sessions",
        )


def is_new_device(session: Session) -> bool:
    """Whether the person has signed in before, but never with this browser. (The very first sign-in is no news.)"""
    earlier = Session.select(Session.id).where(Session.person == session.person_id, Session.id < session.id)
    if not earlier.limit(1).tuples().first():
        return False
    return not earlier.where(Session.user_agent == session.user_agent).limit(1).tuples().first()


def announce_ending() -> int:
    """Tells people a week ahead of grants that will end by themselves, each once; how many grants."""
    today = clock.today()
    soon = list(Grant.select().where(
        Grant.ended_at.is_null(), Grant.announced_at.is_null(), Grant.until > today,
        Grant.until <= today + dt.timedelta(days=AHEAD)))
    titles = permissions.subject_titles(soon)
    known = permissions.roles()
    managers = permissions.people_with("kernel.grants.manage") if soon else []
    for grant in soon:
        role = known[grant.role].title if grant.role in known else grant.role
        through = "" if grant.subject_kind == "person" else f"（授予{titles.get((grant.subject_kind, grant.subject_id), '')}）"
        told = members(grant.subject_kind, grant.subject_id, below=grant.below)
        _announce(grant, f"角色“{role}”{through}将于 {grant.until} 到期", told, managers)
    return len(soon)


def _announce(grant: Grant, title: str, people: list[int], managers: list[int]) -> None:
    from oa_kernel import audit, db

    with db.transaction():
        claimed = Grant.update(announced_at=clock.now()).where(
            Grant.id == grant.id, Grant.announced_at.is_null()).execute()
        if not claimed:
            return  # another worker was faster
        send(KIND, people, title, "到期后自动失效。仍然需要的，请在到期前联系安全管理员续期。")
        send(KIND, [i for i in managers if i not in people], title, "到期后自动失效。需要续期的，请重新授予。", "/admin/grants")
        audit.record("permission.ending_announced", grant.subject_kind, grant.subject_id, title=title,
                     after={"grant": grant.id, "until": grant.until.isoformat()})


__all__ = ["AHEAD", "KIND", "announce_ending", "connect", "is_new_device"]
