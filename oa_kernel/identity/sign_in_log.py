"""The sign-in log: who came in, who was refused, locked out, left; when, with what, from where.

One line a happening, written in the transaction of what it tells. The audit says the same in its own words and proves
it; this is what one searches by person, result and period.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import clock, context, db, runtime

from .devices import device_of, family_of, place_of
from .models import Session, SignIn

#: result → what it is called; the first three let somebody in or out
RESULTS = {
    "ok": "登录", "password": "密码正确，待动态口令", "signed_out": "退出", "ended": "登录被结束", "refused": "密码不正确",
    "unknown": "用户名不存在", "factor": "动态口令不正确", "locked_out": "输错次数过多，账户锁定", "locked": "锁定期间尝试登录",
}
#: what somebody should look at
FAILED = ("refused", "unknown", "factor", "locked_out", "locked")


def log(
    result: str, person_id: int | None, *, ip: str | None = None, user_agent: str | None = None,
    session_id: int | None = None,
) -> None:
    """Writes a line; what is not given comes from the circumstances. One INSERT."""
    actor = context.current()
    ip = actor.ip if ip is None else ip
    user_agent = actor.user_agent if user_agent is None else user_agent
    SignIn.insert(
        at=clock.now(), person_id=person_id, result=result, ip=ip[:60], place=place_of(ip)[:60],
        device=device_of(user_agent), family=family_of(user_agent), session_id=session_id,
    ).execute()


def sign_ins(
    *, person_id: int | None = None, result: str = "", since: dt.date | None = None, until: dt.date | None = None,
    limit: int = 50, cursor: str | None = None,
) -> db.Page:
    """A page of the log, the newest first, along an index.

    :param result: one of ``RESULTS``, or ``failed`` for all of ``FAILED``.
    :param since, until: days in the organisation's zone, both included.
    """
    query = SignIn.select()
    if person_id is not None:
        query = query.where(SignIn.person_id == person_id)
    if result == "failed":
        query = query.where(SignIn.result.in_(FAILED))
    elif result:
        query = query.where(SignIn.result == result)
    if since is not None:
        query = query.where(SignIn.at >= _midnight(since))
    if until is not None:
        query = query.where(SignIn.at < _midnight(until + dt.timedelta(days=1)))
    return db.page(query, [SignIn.at.desc(), SignIn.id.desc()], limit=limit, cursor=cursor)


def is_new_device(session: Session) -> bool:
    """Whether the person has signed in before, but never with such a browser on such a system; within the time the
    log is kept. (The very first sign-in is no news, nor is a browser's update.)"""
    earlier = SignIn.select(SignIn.id).where(
        SignIn.person_id == session.person_id, SignIn.result.in_(("ok", "password")),
        SignIn.session_id.is_null() | (SignIn.session_id != session.id),
    )
    if not earlier.limit(1).tuples().first():
        return False
    return not earlier.where(SignIn.family == family_of(session.user_agent)).limit(1).tuples().first()


def forget_old() -> int:
    """Removes what is older than ``security.sign_in_log_days``; how many lines."""
    days = runtime.current().config["security"]["sign_in_log_days"]
    return SignIn.delete().where(SignIn.at < clock.now() - dt.timedelta(days=days)).execute()


def _midnight(day: dt.date) -> Any:
    return dt.datetime.combine(day, dt.time(), clock.zone())


__all__ = ["FAILED", "RESULTS", "forget_old", "is_new_device", "log", "sign_ins"]
