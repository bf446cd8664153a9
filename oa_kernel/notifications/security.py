"""Notices of what concerns an account or its rights: a sign-in from a new device, a right that is about to end, a change
that waits for a second person."""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import audit, clock, db, identity, permissions, signals
from oa_kernel.permissions import Change, Grant, wishes
from oa_kernel.permissions.scopes import not_over
from oa_kernel.permissions.who import members

from .inbox import mark_read_for
from .send import send

KIND = "security.notice"
APPROVAL = "security.approval"
#: days before its end that a grant is announced
AHEAD = 7
#: days before its end that one is announced which lasts less than a week in all
AHEAD_SHORT = 1


def connect() -> None:
    """Listens to sign-ins, and to changes that wait for a second person."""
    signals.person_signed_in.connect(_signed_in)
    signals.change_asked.connect(_asked)
    signals.change_decided.connect(_decided)
    signals.security_overridden.connect(_overridden)


def _signed_in(_sender: Any, person: Any, session: Any, **_: Any) -> None:
    if identity.is_new_device(session):
        where = "，".join(part for part in (identity.place_of(session.ip), session.ip) if part)
        send(
            KIND, [person.id], "新设备登录",
            f"{clock.local(session.created_at):%Y-%m-%d %H:%M} 从 {where or '未知地址'} 用一台以前没有用过的设备登录"
            f"（{identity.device_of(session.user_agent) or '未知设备'}）。如果不是您本人，请立即更换密码并结束这个会话。",
            "/profile/sign-ins",
        )


def _asked(_sender: Any, change: Change, decide: str, **_: Any) -> None:
    told = [i for i in permissions.people_with(decide) if i != change.asked_by]
    send(
        APPROVAL, told, f"{'待审批' if change.kind == wishes.KIND else '待复核'}：{change.title}",
        f"{change.asked_name}提交，{clock.local(change.expires_at):%Y-%m-%d %H:%M} 前有效。{change.reason}",
        f"/admin/approvals/{change.id}", ("change", change.id),
    )


def _decided(_sender: Any, change: Change, **_: Any) -> None:
    mark_read_for(permissions.deciders(change), ("change", change.id))
    if change.payload.get("wish") and change.state != "withdrawn":
        _wish_decided(Change.get_by_id(change.payload["wish"]), change.comment)
    if change.asked_by is None or change.state == "withdrawn":
        return
    if change.kind == wishes.KIND:
        return _wish_decided(Change.get_by_id(change.id), change.comment)
    state = permissions.STATE_TITLES[change.state]
    send(KIND, [change.asked_by], f"{state}：{change.title}", change.comment, f"/admin/approvals/{change.id}",
         ("change", change.id))


def _wish_decided(wish: Change, comment: str) -> None:
    """Tells who asked for a role what became of it."""
    outcome, grant = permissions.outcomes([wish])[wish.id]
    until = f"到 {permissions.ends(grant)} 自动失效。" if grant is not None else ""
    send(KIND, [wish.payload["subject_id"]], f"{permissions.OUTCOME_TITLES[outcome]}：{wish.title}", f"{until}{comment}",
         "/access-requests", ("change", wish.id))


def _overridden(_sender: Any, title: str, reason: str, decide: str, **_: Any) -> None:
    send(KIND, permissions.people_with(decide), f"未经复核的紧急变更：{title}",
         f"在服务器的命令行办理，理由：{reason}。请核对，有疑问时联系审计管理员。", "/admin/approvals")


def announce_ending() -> int:
    """Tells people of grants that will end by themselves, each once; how many grants.

    A week ahead; one that lasts less than a week, a day ahead; one that lasts a day at most, when it begins. A grant
    that begins later than that is announced when it begins. Run by the hour.
    """
    now = clock.now()
    edge = now + dt.timedelta(days=AHEAD)
    candidates = Grant.select().where(
        not_over(), Grant.announced_at.is_null(), Grant.until.is_null(False),
        # a day more: one that ends by the hour has its last day counted in
        Grant.until <= clock.local(edge).date() + dt.timedelta(days=1), Grant.since <= clock.today(),
    )
    soon = [grant for grant in candidates if due(grant, now)]
    titles = permissions.subject_titles(soon)
    known = permissions.roles()
    managers = permissions.people_with("kernel.grants.manage") if soon else []
    for grant in soon:
        role = known[grant.role].title if grant.role in known else grant.role
        through = "" if grant.subject_kind == "person" else f"（授予{titles.get((grant.subject_kind, grant.subject_id), '')}）"
        told = members(grant.subject_kind, grant.subject_id, below=grant.below)
        _announce(grant, f"角色“{role}”{through}将于 {permissions.ends(grant)} 到期", told, managers)
    return len(soon)


def due(grant: Grant, now: dt.datetime) -> bool:
    """Whether it is time to announce the end of a grant (see :func:`announce_ending`)."""
    begins = grant.since_at or _midnight(grant.since)
    ends = grant.until_at or _midnight(grant.until)
    lasts = ends - begins
    if begins > now:
        return False
    if lasts <= dt.timedelta(days=AHEAD_SHORT):
        return True
    ahead = dt.timedelta(days=AHEAD_SHORT if lasts < dt.timedelta(days=AHEAD) else AHEAD)
    # the day counts, not the hour, for a right that ends with a day
    return now >= ends - ahead if grant.until_at else clock.local(now).date() >= grant.until - ahead


def _renewal(grant: Grant) -> str:
    """Where somebody asks for more time."""
    asked_for = grant.subject_kind == "person" and grant.role in {r.name for r in permissions.roles_to_ask_for()}
    return f"/access-requests?role={grant.role}" if asked_for else "/access-requests"


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), clock.zone())


def _announce(grant: Grant, title: str, people: list[int], managers: list[int]) -> None:
    with db.transaction():
        claimed = Grant.update(announced_at=clock.now()).where(
            Grant.id == grant.id, Grant.announced_at.is_null()).execute()
        if not claimed:
            return  # another worker was faster
        send(KIND, people, title, "到期后自动失效。仍然需要的，请在到期前申请续期。", _renewal(grant))
        send(KIND, [i for i in managers if i not in people], title, "到期后自动失效。需要的可以延长。",
             f"/admin/grants/{grant.id}")
        audit.record("permission.ending_announced", grant.subject_kind, grant.subject_id, title=title,
                     after={"grant": grant.id, "until": permissions.ends(grant)})


__all__ = ["AHEAD", "AHEAD_SHORT", "APPROVAL", "KIND", "announce_ending", "connect", "due"]
