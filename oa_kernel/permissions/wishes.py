"""Asking for a role for a time (申请权限): by oneself, granted or refused by who may grant.

    permissions.ask_for(person, "documents.archivist", since=None, until=instant, reason="代管一周")

A wish that is granted is a grant like any other: it falls by itself, and where the policy wants a second person for
grants, another administrator confirms it. Who holds the role already asks for a later end of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from oa_kernel import clock, db
from oa_kernel.contributions import GuardedChange
from oa_kernel.errors import Conflict, Invalid
from oa_kernel.identity.models import Person
from oa_kernel.phrases import Phrase

from . import registry
from .changes import STATE_TITLES, submit
from .guarded import called, give_details, moment, phase, role_title, spoken
from .models import Change, Grant
from .scopes import administrations, not_over

KIND = "access.ask"
#: longest time somebody may ask a role for, in days
LONGEST = 366
#: what became of a wish → its words; beside the states of any change, what a granted one leads to
OUTCOME_TITLES = {
    **STATE_TITLES, "pending": "待审批", "second": "已同意，待第二人复核", "coming": "已同意，尚未开始", "open": "生效中",
    "over": "已到期", "ended": "已收回", "confirmed": "已同意", "undone": "第二人没有确认",
}


def roles_to_ask_for() -> list[registry.RoleInfo]:
    """Roles somebody may ask for: of business, not everybody's, and without departments to be chosen."""
    return [r for r in registry.roles().values()
            if r.domain == "business" and not r.everyone and r.permissions and "chosen" not in r.permissions.values()]


def may_ask(person: Any) -> bool:
    """Whether a role would be of any use to somebody: who administers the audit has the audit and nothing else."""
    return "audit" not in administrations(person)


def check_wish(role: str, since: dt.datetime | None, until: dt.datetime | None, reason: str) -> dict[str, Any]:
    """What somebody may ask for themselves, as the payload of ``access.ask`` without its subject.

    :raises Invalid: for a role nobody may ask for (an administrator's, one that needs departments), no end, an end
        before the beginning or more than a year off, no reason.
    """
    errors: dict[str, list[str]] = {}
    if role not in {r.name for r in roles_to_ask_for()}:
        errors["role"] = ["请从列表中选择角色"]
    if until is None:
        errors["until"] = ["请填写结束时间：临时授权到时自动失效"]
    elif until <= max(since or clock.now(), clock.now()):
        errors["until"] = ["结束要晚于现在和开始"]
    elif until > clock.now() + dt.timedelta(days=LONGEST):
        errors["until"] = ["临时授权最长一年"]
    if not reason.strip():
        errors["reason"] = ["请填写理由，供审批的人判断"]
    if errors:
        raise Invalid("申请有误", errors=errors)
    assert until is not None
    return {"role": role, "since": since.isoformat() if since else None, "until": until.isoformat(),
            "reason": reason.strip()[:300]}


def ask_for(
    person: Person, role: str, *, since: dt.datetime | None = None, until: dt.datetime | None, reason: str
) -> Change:
    """Asks for a role for oneself, from an instant (None: as soon as it is granted) to an instant. It waits.

    :raises Invalid: see :func:`check_wish`; and where they hold the role for as long already.
    :raises Conflict: code ``change_waits`` when they asked for it before and nobody has decided; ``auditor`` where it would
        be of no use (see :func:`may_ask`).
    """
    if not may_ask(person):
        raise Conflict("审计管理员只查看审计，别的角色对您不起作用，不用申请", code="auditor")
    values = check_wish(role, since, until, reason)
    held = _held(person.id, role)
    if held is not None and not _later(held, values["until"]):
        said = spoken(held.until_at or held.until)
        raise Invalid("申请有误", errors={"role": [f"您已有这个角色，到 {said}" if said else "您已有这个角色，没有期限"]})
    payload = {"subject_kind": "person", "subject_id": person.id, **values}
    change = submit(KIND, payload, by=person, reason=values["reason"]).change
    assert change is not None  # somebody else decides in any case
    return change


def wishes_of(person: Any, *, limit: int = 50, cursor: str | None = None) -> db.Page:
    """A page of what somebody asked for, the newest first."""
    query = Change.select().where(Change.asked_by == person.id, Change.kind == KIND)
    return db.page(query, [Change.id.desc()], limit=limit, cursor=cursor)


def outcomes(rows: Sequence[Change]) -> dict[int, tuple[str, Grant | None]]:
    """What became of wishes: id → (a key of ``OUTCOME_TITLES``, the grant they led to). Two queries at most."""
    after = [row.next_id for row in rows if row.next_id and not row.grant_id]
    states = dict(Change.select(Change.id, Change.state).where(Change.id.in_(after)).tuples()) if after else {}
    made = [row.grant_id for row in rows if row.grant_id]
    grants = {g.id: g for g in Grant.select().where(Grant.id.in_(made))} if made else {}

    def outcome(row: Change) -> tuple[str, Grant | None]:
        grant = grants.get(row.grant_id)
        if grant is not None:
            return phase(grant), grant
        if row.state == "pending" and row.expires_at <= clock.now():
            return "expired", None
        if row.state != "confirmed" or row.next_id not in states:
            return row.state, None
        return ("second" if states[row.next_id] == "pending" else "undone"), None

    return {row.id: outcome(row) for row in rows}


def _held(person_id: int, role: str) -> Grant | None:
    return Grant.select().where(  # type: ignore[no-any-return]
        Grant.subject_kind == "person", Grant.subject_id == person_id, Grant.role == role, not_over()).first()


def _later(held: Grant, until: str) -> bool:
    """Whether an end lies behind that of a grant held already."""
    if held.until is None:
        return False
    ends = held.until_at or dt.datetime.combine(held.until, dt.time(), clock.zone())
    return dt.datetime.fromisoformat(until) > ends


def _apply(p: dict[str, Any], by: Any) -> Any:
    wish, why = p["asked_in"], p.get("reason", "")
    held = _held(int(p["subject_id"]), p["role"])
    if held is not None and _later(held, p["until"]):
        done = submit("grants.change", {"grant": held.id, "until": p["until"], "reason": why, "wish": wish}, by=by, reason=why)
    else:
        given = {k: p[k] for k in ("subject_kind", "subject_id", "role", "since", "until")}
        done = submit("grants.give", {**given, "reason": why, "wish": wish}, by=by, reason=why)
    if done.change is not None:
        Change.update(next_id=done.change.id).where(Change.id == wish).execute()
    return done


def _subject(p: dict[str, Any]) -> str:
    return f"{p['subject_id']}:{p['role']}"


CHANGES = [
    GuardedChange(
        KIND, "申请临时权限", "", _apply,
        lambda p: Phrase("%(who)s申请“%(role)s”，至 %(until)s", who=called(p), role=role_title(p["role"]),
                         until=spoken(moment(p["until"]))),
        _subject, None, give_details, lambda p: {int(p["subject_id"])}, ask="kernel.profile.own",
        decide="kernel.grants.manage", lapses=lambda p: moment(p["until"]),
    ),
]

__all__ = ["CHANGES", "KIND", "LONGEST", "OUTCOME_TITLES", "ask_for", "check_wish", "outcomes", "roles_to_ask_for", "wishes_of"]
