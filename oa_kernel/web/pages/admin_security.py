"""Accounts, by the security administrator: who is locked out, who is signed in, what secrecy somebody may see."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import identity, permissions, runtime
from oa_kernel.config.schema import SECRECY_LEVELS
from oa_kernel.errors import NotFound, OAError

from ..access import Pages
from ..door import person
from ..i18n import gettext as _
from ..rendering import flash, redirect, render, with_query
from ..show import where
from .admin_approvals import waits

pages = Pages("admin_security", __name__)


@pages.get("/admin/security", permission="kernel.people.unlock")
def index() -> Any:
    username = request.args.get("person", "").strip()
    who = identity.by_username(username) if username else None
    sees = who is not None and permissions.by_right(person(), "kernel.sessions.manage")
    highest = SECRECY_LEVELS.index(runtime.current().config["security"]["highest_secrecy"])
    return render(
        "oa/admin/security.html", locked=identity.locked_people(), username=username, who=who,
        sessions=identity.list_sessions(who) if sees else [], tokens=identity.list_tokens(who) if sees else [],
        levels=list(enumerate(SECRECY_LEVELS[: highest + 1])), device_of=identity.device_of, where=where,
    )


@pages.post("/admin/security/<int:person_id>/unlock", permission="kernel.people.unlock")
def unlock(person_id: int) -> Any:
    found = _found(person_id)
    identity.unlock(found, by=person())
    flash(_("%(n)s的账户已解除锁定", n=found.name))
    return redirect("/admin/security")


@pages.post("/admin/security/sessions/<int:session_id>/end", permission="kernel.sessions.manage")
def end_session(session_id: int) -> Any:
    owner = identity.owner_of(session_id)
    if owner is None:
        raise NotFound(_("没有这个登录，或它已经退出"))
    identity.end_session(session_id, by=person())
    flash(_("已结束%(n)s的登录", n=owner.name))
    return _back(owner)


@pages.post("/admin/security/<int:person_id>/sessions/end", permission="kernel.sessions.manage")
def end_sessions(person_id: int) -> Any:
    found = _found(person_id)
    count = identity.end_all_sessions(found, by=person())
    flash(_("已结束%(n)s的 %(c)s 处登录", n=found.name, c=count))
    return _back(found)


@pages.post("/admin/security/<int:person_id>/tokens/<int:token_id>/revoke", permission="kernel.sessions.manage")
def revoke_token(person_id: int, token_id: int) -> Any:
    found = _found(person_id)
    if token_id not in [t.id for t in identity.list_tokens(found)]:
        raise NotFound(_("没有这个令牌，或它已经撤销"))
    identity.revoke_token(token_id, by=person())
    flash(_("令牌已撤销"))
    return _back(found)


@pages.post("/admin/security/<int:person_id>/clearance", permission="kernel.people.clearance")
def clearance(person_id: int) -> Any:
    found = _found(person_id)
    level = request.form.get("clearance", "")
    try:
        done = permissions.submit(
            "clearance.set", {"person": found.id, "level": int(level) if level.isdecimal() else -1}, by=person())
        if done.change is not None:
            return waits(done.change)
        flash(_("%(n)s的密级权限已设定", n=found.name))
    except OAError as error:
        flash(error.message, "error")
    return _back(found)


def _back(who: Any) -> Any:
    return redirect(with_query("/admin/security", {"person": who.username}))


def _found(person_id: int) -> Any:
    found = identity.get(person_id)
    if found is None:
        raise NotFound(_("没有这个人员"))
    return found
