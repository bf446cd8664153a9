"""Changes of accounts that a second person may have to confirm: clearance, and what lets into an administrator's account."""

from __future__ import annotations

from typing import Any

from oa_kernel.config.schema import SECRECY_LEVELS
from oa_kernel.contributions import GuardedChange
from oa_kernel.phrases import Phrase

from .models import Person
from .shared import load_person


def guard_account(person: Person, by: Any) -> None:
    """Refuses what would let somebody else into an administrator's account, where the policy wants a second person."""
    from oa_kernel import permissions  # stands beside this room: asked when needed

    if by is not None and getattr(by, "id", by) == person.id:
        return
    if permissions.administrations(person):
        permissions.guard("accounts")


def _name(p: dict[str, Any]) -> str:
    row = load_person(p["person"])
    return Phrase("%(title)s（%(name)s）", title=row.name, name=row.username)


def _clearance(p: dict[str, Any], by: Any) -> Any:
    from .people import set_clearance

    return set_clearance(int(p["person"]), int(p["level"]), by=by)


def _level(index: Any) -> str:
    return Phrase(SECRECY_LEVELS[int(index)]) if 0 <= int(index) < len(SECRECY_LEVELS) else str(index)


def _password(p: dict[str, Any], by: Any) -> str:
    """A first password, shown to who confirmed it; it is made only then and kept nowhere."""
    from .passwords import generate_password, set_password

    made = generate_password()
    set_password(int(p["person"]), made, by=by, must_change=True)
    return made


def _second_factor(p: dict[str, Any], by: Any) -> None:
    from .totp import remove_totp

    remove_totp(int(p["person"]), by=by)


def _account(p: dict[str, Any]) -> Any:
    row = load_person(p["person"])
    return {"set_at": row.password_set_at.isoformat() if row.password_set_at else None, "bound": bool(row.totp_secret),
            "active": row.active}


def _concerned(p: dict[str, Any]) -> set[int]:
    return {int(p["person"])}


CHANGES = [
    GuardedChange(
        "clearance.set", "设定密级权限", "clearance", _clearance,
        lambda p: Phrase("%(who)s最高可看到“%(level)s”", who=_name(p), level=_level(p["level"])),
        lambda p: str(p["person"]), lambda p: {"clearance": load_person(p["person"]).clearance},
        lambda p: [("人员", _name(p)), ("现在", _level(load_person(p["person"]).clearance)), ("改为", _level(p["level"]))],
        _concerned, ask="kernel.people.clearance",
    ),
    GuardedChange(
        "accounts.password", "重置管理员密码", "accounts", _password, lambda p: Phrase("重置%(who)s的密码", who=_name(p)),
        lambda p: str(p["person"]), _account, lambda p: [("管理员", _name(p))], _concerned, ask="kernel.people.manage",
        reveals=True,
    ),
    GuardedChange(
        "accounts.second_factor", "解除管理员的动态口令", "accounts", _second_factor,
        lambda p: Phrase("解除%(who)s的动态口令", who=_name(p)),
        lambda p: str(p["person"]), _account, lambda p: [("管理员", _name(p))], _concerned, ask="kernel.people.manage",
    ),
]

__all__ = ["CHANGES", "guard_account"]
