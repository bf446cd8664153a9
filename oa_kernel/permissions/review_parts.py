"""What a permission review is asked for, and what it is made of."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from oa_kernel import runtime
from oa_kernel.contributions import Permission
from oa_kernel.phrases import Phrase

from . import registry
from .guarded import ends
from .models import Grant


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a review is limited to."""

    #: id of a person: them alone
    person: int | None = None
    #: id of a department: the people of it and of those below
    department: int | None = None
    permission: str = ""
    role: str = ""
    #: rights unused for so many days only
    unused: bool = False
    #: rights of administration, and those that reach the whole organisation's data, only
    sensitive: bool = False
    #: also what everybody has
    everyone: bool = False
    #: days after which a right counts as unused; None: as ``security.unused_right_days`` says
    days: int | None = None

    @property
    def limit_days(self) -> int:
        """Days after which a right counts as unused."""
        return self.days or int(runtime.current().config["security"]["unused_right_days"])


@dataclass(frozen=True, slots=True)
class Way:
    """Why somebody has a right: a role everybody has, or a grant."""

    role: registry.RoleInfo
    grant: Grant | None
    #: as ``explain`` puts it
    text: Phrase
    scope: str
    #: the day from which it has held for this person
    since: dt.date

    @property
    def until(self) -> str:
        """When it ends by itself, as people read it; empty: it does not."""
        return ends(self.grant) if self.grant is not None else ""


@dataclass(frozen=True, slots=True)
class Right:
    """One permission somebody holds."""

    permission: Permission
    ways: tuple[Way, ...]
    #: the last day they used it; None: not since recording began
    last_on: dt.date | None
    #: days it has lain unused, where that can be said
    idle: int | None
    unused: bool

    @property
    def since(self) -> dt.date:
        return min(way.since for way in self.ways)

    @property
    def until(self) -> str:
        """When the last of its ways ends by itself; empty: never."""
        found = [way.until for way in self.ways]
        return max(found) if all(found) else ""

    @property
    def scopes(self) -> list[str]:
        """From narrow to wide; the whole organisation alone where that is among them."""
        found = {way.scope for way in self.ways}
        return ["all"] if "all" in found else sorted(found, key=registry.SCOPES.index)

    @property
    def sensitive(self) -> bool:
        return is_sensitive(self.permission, self.scopes[-1])


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A person with what they may do."""

    id: int
    username: str
    name: str
    department: str
    rights: list[Right] = field(default_factory=list)

    @property
    def grants(self) -> list[Way]:
        """A way for each grant these rights come by."""
        found = {way.grant.id: way for right in self.rights for way in right.ways if way.grant is not None}
        return [found[i] for i in sorted(found)]


def is_sensitive(permission: Permission, scope: str) -> bool:
    """A right of administration, or one that reaches the whole organisation's data."""
    return permission.domain in registry.APART or (permission.scoped and scope == "all")


__all__ = ["Reviewed", "Right", "Wanted", "Way", "is_sensitive"]
