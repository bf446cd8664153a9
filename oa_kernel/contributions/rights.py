"""Permissions, roles, and who proves to be whom; changes of security that a second person confirms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Permission:
    """A right that can be granted. ``name`` is ``plugin.thing.verb``."""

    name: str
    title: str
    description: str = ""
    #: True where the right is limited by data scope and clearance (see ``permissions.restrict``)
    scoped: bool = False
    #: ``business`` | ``system`` | ``security`` | ``audit``: which of the three administrators may hold it
    domain: str = "business"


@dataclass(frozen=True)
class Role:
    """A named set of permissions that comes with a plugin; organisations grant it or copy it.

    ``permissions`` maps a permission's name to its data scope:
    ``own`` | ``department`` | ``department_tree`` | ``chosen`` | ``all``.
    """

    name: str
    title: str
    permissions: Mapping[str, str]
    description: str = ""
    #: ``business`` | ``system`` | ``security`` | ``audit``
    domain: str = "business"
    #: True: everybody who is active holds it
    everyone: bool = False


@dataclass(frozen=True)
class Authenticator:
    """A way to prove who one is. ``authenticate(username, password) -> Person | None``, asked in order."""

    name: str
    title: str
    authenticate: Callable[[str, str], Any]
    order: int = 100


@dataclass(frozen=True)
class GuardedChange:
    """A change of security that a second person confirms (四眼) where ``security.second_person`` names its ``group``.

    It is asked for by ``permissions.submit(name, payload, by=…)`` and carried out once, when it is confirmed. The
    service behind it calls ``permissions.guard(group)``, so that no other way leads around the rule. The payload is
    plain JSON and never holds a secret.
    """

    name: str
    title: str
    #: word of ``security.second_person``; empty: somebody else decides in any case, and ``apply`` finds the number of
    #: the change in the payload as ``asked_in``
    group: str
    #: ``apply(payload, by) -> Any`` does it, inside the transaction; ``by`` is who confirmed
    apply: Callable[[dict[str, Any], Any], Any]
    #: ``describe(payload) -> str``: what it does, in words; a ``Phrase`` can be said in other languages too
    describe: Callable[[dict[str, Any]], str]
    #: ``subject(payload) -> str``: what it is about; of one thing only one change waits at a time
    subject: Callable[[dict[str, Any]], str]
    #: ``base(payload) -> plain JSON``: what stands there now; another one when it is confirmed, and it is refused as stale
    base: Callable[[dict[str, Any]], Any] | None = None
    #: ``details(payload) -> [(label, value)]`` for who decides
    details: Callable[[dict[str, Any]], list[tuple[str, str]]] | None = None
    #: ``concerns(payload) -> ids`` of people who may not decide because it is about them
    concerns: Callable[[dict[str, Any]], set[int]] | None = None
    #: the permission of who may ask, and of who may decide
    ask: str = "kernel.grants.manage"
    decide: str = "kernel.changes.decide"
    #: what ``apply`` gives back is shown to who confirmed, once (a first password)
    reveals: bool = False
    #: ``lapses(payload) -> datetime | None``: from when on it would be of no use; it waits no longer than that
    lapses: Callable[[dict[str, Any]], Any] | None = None


__all__ = ["Authenticator", "GuardedChange", "Permission", "Role"]
