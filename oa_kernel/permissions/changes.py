"""Changes of security that one person asks for and another confirms (四眼): asked for, decided, carried out once.

    done = permissions.submit("grants.give", payload, by=person)
    done.change      # waits for a second person; None: the policy asks for none, and it is done
    done.result      # what the service gave back

The change is tried when it is asked for, so that what a rule refuses is refused then, in the same words. When it is
confirmed it is tried against what stands there by then: something else than what the asker saw, and it is stale.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from oa_kernel import audit, builtin, clock, context, db, runtime, signals
from oa_kernel.contributions import GuardedChange
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound
from oa_kernel.identity.models import Person
from oa_kernel.identity.shared import by_id, id_of
from oa_kernel.phrases import packed, unpacked

from .checks import allows, by_right, require
from .models import Change
from .second_person import carried_out, policy
from .who import people_with

STATE_TITLES = {
    "pending": "待复核", "confirmed": "已确认", "refused": "未同意", "withdrawn": "已撤回", "expired": "已过期", "stale": "已作废",
}


@dataclass(frozen=True, slots=True)
class Submitted:
    """What came of asking for a change: ``change`` waits, or it is done and ``result`` is what the service gave."""

    change: Change | None = None
    result: Any = None


class _Tried(Exception):
    """Undoes a trial."""


def kinds() -> dict[str, GuardedChange]:
    """All kinds of changes by name."""
    return {kind.name: kind for kind in builtin.collect("oa_guarded_changes")}


def needs_second_person(name: str) -> bool:
    """Whether a change of this kind waits for somebody else to confirm it."""
    kind = _kind(name)
    return not kind.group or kind.group in policy()


def submit(
    name: str, payload: Mapping[str, Any], *, by: Person | int | None = None, reason: str = ""
) -> Submitted:
    """Does a change, or has it wait for a second person where the policy says so.

    :param by: who asks; None at the console.
    :raises Forbidden: without the kind's permission to ask.
    :raises Conflict: code ``change_waits`` when the same thing waits already; and whatever the change itself raises.
    """
    kind, values = _kind(name), dict(payload)
    asker = _person(by)
    if asker is not None:
        require(asker, kind.ask)
    if not needs_second_person(name):
        with db.transaction():
            return Submitted(None, kind.apply(values, asker))
    with db.transaction():
        base = kind.base(values) if kind.base else None
        _try(kind, values, asker)
        change = _ask(kind, values, base, asker, reason)
        signals.change_asked.send("permissions", change=change, decide=kind.decide)
    return Submitted(change)


def break_glass(name: str, payload: Mapping[str, Any], *, reason: str) -> Any:
    """Does a change at once, without the second person: for the console, when nobody else can be reached.

    It is on record with its reason, and everybody who could have confirmed it is told.

    :raises Forbidden: anywhere but at the console; Invalid without a reason.
    """
    kind, values = _kind(name), dict(payload)
    if context.current().channel != "cli":
        raise Forbidden("紧急办理只能在服务器的命令行进行")
    if not reason.strip():
        raise Invalid("紧急办理必须写明理由", errors={"reason": ["请填写理由"]})
    with db.transaction(), carried_out(0):
        title = str(kind.describe(values))
        audit.record("security.break_glass", "change", kind.name, title=title, after={**values, "why": reason.strip()})
        result = kind.apply(values, None)
        signals.security_overridden.send("permissions", title=title, reason=reason.strip(), decide=kind.decide)
    return result


def confirm(change: Change | int, *, by: Person | int, comment: str = "") -> Submitted:
    """Carries out a change somebody else asked for. Of two at once one does; it happens once.

    :raises Conflict: code ``change_decided`` when it is decided or over, ``change_stale`` when what it rests on has
        changed (then it is over); and whatever the change itself raises (then it goes on waiting).
    :raises Forbidden: for who asked, whom it concerns, or who may not decide.
    """
    decider, stale, result = _person(by), "", None
    with db.transaction():
        row, kind = _open(change, decider)
        stale = _stale(row, kind)
        _close(row, "stale" if stale else "confirmed", decider, stale or comment)
        if not stale and kind.group:
            with carried_out(row.id):
                result = kind.apply(row.payload, decider)
        elif not stale:
            result = kind.apply({**row.payload, "asked_in": row.id}, decider)
        after = {"payload": row.payload, "asked_by": row.asked_name, "why": stale or comment}
        audit.record(
            "change.stale" if stale else "change.confirmed", "change", row.id, title=row.title,
            before={"state": "pending", "was": row.base}, after={"state": row.state, **after}, by=by_id(decider),
        )
        signals.change_decided.send("permissions", change=row)
    if stale:
        raise Conflict(stale, code="change_stale")
    return Submitted(row, result)


def refuse(change: Change | int, *, by: Person | int, comment: str) -> Change:
    """Says no, with the reason, to a change somebody else asked for."""
    if not comment.strip():
        raise Invalid("请说明不同意的理由", errors={"comment": ["请说明理由"]})
    decider = _person(by)
    with db.transaction():
        row, _ = _open(change, decider)
        return _end(row, "refused", decider, comment)


def withdraw(change: Change | int, *, by: Person | int) -> Change:
    """Takes back what one asked for oneself."""
    asker = _person(by)
    with db.transaction():
        row = _row(change)
        if asker is None or row.asked_by != asker.id:
            raise NotFound("没有这项变更，或它不是您提交的")
        _still_open(row)
        return _end(row, "withdrawn", asker, "")


def expire() -> int:
    """Ends what nobody decided in time; how many. For the worker."""
    over = [i for (i,) in Change.select(Change.id).where(
        Change.state == "pending", Change.expires_at <= clock.now()).limit(500).tuples()]
    for change_id in over:
        with db.transaction():
            row = _row(change_id)
            if row.state == "pending":
                _end(row, "expired", None, "")
    return len(over)


def change(change_id: int, person: Any) -> Change:
    """One change; NotFound for who neither asked for it nor may decide it."""
    row = _row(change_id)
    if person is None or not _visible(row, person):
        raise NotFound("没有这项变更，或者您不能查看它")
    return row


def list_changes(
    person: Any, *, state: str = "", mine: bool = False, limit: int = 50, cursor: str | None = None
) -> db.Page:
    """A page of the changes somebody asked for or may decide, the newest first.

    :param mine: only those they asked for.
    """
    query = Change.select()
    if state:
        query = query.where(Change.state == state)
    own = Change.asked_by == person.id
    names = [] if mine else [k.name for k in kinds().values() if allows(person, k.decide)]
    query = query.where(own | Change.kind.in_(names) if names else own)
    return db.page(query, [Change.id.desc()], limit=limit, cursor=cursor)


def console_changes(state: str = "pending", *, limit: int = 200) -> list[Change]:
    """All changes of a state (empty: of any), the newest first: for the console, where nobody in particular asks.

    :raises Forbidden: anywhere else.
    """
    if context.current().channel != "cli":
        raise Forbidden("只能在服务器的命令行列出全部变更")
    query = Change.select().where(Change.state == state) if state else Change.select()
    if state == "pending":
        query = query.where(Change.expires_at > clock.now())
    return list(query.order_by(Change.id.desc()).limit(limit))


def waiting_for(person: Any) -> int:
    """How many changes wait for this person's decision; one query, none for who decides nothing."""
    names = [k.name for k in kinds().values() if allows(person, k.decide)]
    if not names:
        return 0
    return Change.select().where(
        Change.state == "pending", Change.expires_at > clock.now(), Change.kind.in_(names),
        Change.asked_by.is_null() | (Change.asked_by != person.id),
    ).count()


def decides(person: Any) -> bool:
    """Whether somebody may decide changes of any kind."""
    return any(allows(person, k.decide) for k in kinds().values())


def may_decide(row: Change, person: Any) -> bool:
    """Whether somebody may confirm or refuse this change now."""
    return row.state == "pending" and row.expires_at > clock.now() and not _objection(row, _kind(row.kind), person)


def deciders(row: Change) -> list[int]:
    """Ids of the people who hold the right to decide a change, whether or not they may decide this one."""
    kind = kinds().get(row.kind)
    return people_with(kind.decide) if kind else []


def title_of(row: Change) -> str:
    """What a change does, as a ``Phrase`` where its words were kept, so that a screen can say it in its language."""
    return unpacked(row.words) if row.words else row.title


def details(row: Change) -> list[tuple[str, str]]:
    """What a change would do, line by line, for who decides."""
    kind = kinds().get(row.kind)
    return kind.details(row.payload) if kind and kind.details else []


def _kind(name: str) -> GuardedChange:
    found = kinds().get(name)
    if found is None:
        raise NotFound(f"没有这种变更：{name}")
    return found


def _person(by: Any) -> Person | None:
    if by is None or isinstance(by, Person):
        return by
    return Person.get_by_id(id_of(by))


def _try(kind: GuardedChange, payload: dict[str, Any], asker: Person | None) -> None:
    """Does it and undoes it: what a rule refuses is refused in the rule's own words."""
    if not kind.group:
        return  # it is a wish: whether it can be, says who decides
    try:
        with db.savepoint(), carried_out(0):
            kind.apply(dict(payload), asker)
            raise _Tried
    except _Tried:
        pass


def _ask(kind: GuardedChange, payload: dict[str, Any], base: Any, asker: Person | None, reason: str) -> Change:
    now = clock.now()
    subject = kind.subject(payload)[:200]
    same = (Change.kind == kind.name) & (Change.subject == subject) & (Change.state == "pending")
    # what nobody decided in time makes room, even before the worker has seen it
    for late in Change.select().where(same, Change.expires_at <= now):
        _end(late, "expired", None, "")
    waits = Change.get_or_none(same)
    if waits is not None:
        raise Conflict(
            f"同样的变更（第 {waits.id} 号，{waits.asked_name}提交）正在等待复核", code="change_waits", change=waits.id
        )
    expires = now + dt.timedelta(days=runtime.current().config["security"]["second_person_days"])
    if kind.lapses is not None and (lapses := kind.lapses(payload)) is not None:
        expires = min(expires, lapses)
    title = kind.describe(payload)
    made = Change.create(
        kind=kind.name, title=str(title)[:300], words=packed(title), payload=payload, base=base, subject=subject,
        reason=reason.strip()[:300], asked_by=by_id(asker),
        asked_name=asker.name if asker is not None else context.current().name or "系统", asked_at=now,
        expires_at=expires,
    )
    audit.record(
        "change.asked", "change", made.id, title=made.title, before={"was": base},
        after={"payload": payload, "why": made.reason}, by=by_id(asker),
    )
    return made


def _row(change: Change | int) -> Change:
    row = db.lock_rows(Change.select().where(Change.id == id_of(change))).first() if db.in_transaction() else \
        Change.get_or_none(Change.id == id_of(change))
    if row is None:
        raise NotFound("没有这项变更")
    return row


def _visible(row: Change, person: Any) -> bool:
    kind = kinds().get(row.kind)
    return row.asked_by == person.id or (kind is not None and allows(person, kind.decide))


def _open(change: Change | int, decider: Person | None) -> tuple[Change, GuardedChange]:
    """The change, if it is open and this person may decide it."""
    row = _row(change)
    if decider is None or not _visible(row, decider):
        raise NotFound("没有这项变更，或者您不能查看它")
    kind = _kind(row.kind)
    if reason := _objection(row, kind, decider):
        raise Forbidden(reason)
    _still_open(row)
    by_right(decider, kind.decide)
    return row, kind


def _objection(row: Change, kind: GuardedChange, person: Any) -> str:
    """Why this person may not decide; empty if they may."""
    if row.asked_by == person.id:
        return "不能复核自己提交的变更，请由另一位有权的人办理"
    if not allows(person, kind.decide):
        return "没有复核这项变更的权限"
    if kind.concerns is not None and person.id in kind.concerns(row.payload):
        return "这项变更关系到您本人，请由另一位有权的人复核"
    return ""


def _still_open(row: Change) -> None:
    if row.state != "pending":
        raise Conflict(f"这项变更{STATE_TITLES[row.state]}，不能再办", code="change_decided", state=row.state)
    if row.expires_at <= clock.now():
        raise Conflict("这项变更已过期，请重新提交", code="change_decided", state="expired")


def _stale(row: Change, kind: GuardedChange) -> str:
    """Why the change no longer rests on what its asker saw; empty if it does."""
    if row.asked_by is not None:
        asker = Person.get_or_none(Person.id == row.asked_by)
        if asker is None or not allows(asker, kind.ask):
            return f"提交人{row.asked_name}已经没有这项权限，变更作废"
    if kind.base is not None and kind.base(row.payload) != row.base:
        return "提交之后情况有变，原来的变更作废：请看现在的情况，需要时重新提交"
    return ""


def _close(row: Change, state: str, by: Person | None, comment: str) -> None:
    row.state, row.decided_by, row.decided_at, row.comment = state, by_id(by), clock.now(), comment.strip()[:300]
    # the condition makes it once even where rows are not locked
    done = Change.update(
        state=row.state, decided_by=row.decided_by, decided_at=row.decided_at, comment=row.comment
    ).where(Change.id == row.id, Change.state == "pending").execute()
    if not done:
        raise Conflict("这项变更刚刚被别人办理", code="change_decided")


def _end(row: Change, state: str, by: Person | None, comment: str) -> Change:
    _close(row, state, by, comment)
    audit.record(
        f"change.{state}", "change", row.id, title=row.title, before={"state": "pending"},
        after={"state": state, "payload": row.payload, "asked_by": row.asked_name, "why": row.comment}, by=by_id(by),
    )
    signals.change_decided.send("permissions", change=row)
    return row


__all__ = [
    "STATE_TITLES", "Submitted", "break_glass", "change", "confirm", "console_changes", "deciders", "decides", "details", "expire",
    "kinds", "list_changes", "may_decide", "needs_second_person", "refuse", "submit", "title_of",
    "waiting_for", "withdraw",
]
