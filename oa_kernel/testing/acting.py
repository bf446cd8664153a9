"""Somebody acting, and by which of their rights they did."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from oa_kernel import context, identity, permissions
from oa_kernel.permissions.models import Use
from oa_kernel.permissions.scopes import rights_of


@contextmanager
def used_rights(person: Any) -> Iterator[set[str]]:
    """The block is done by ``person``; after it the set holds the permissions that counted as used within."""
    permissions.write_uses()
    Use.delete().where(Use.person_id == person.id).execute()
    person = identity.get(person.id)
    rights_of(person).used.clear()
    used: set[str] = set()
    with context.acting(context.Actor(channel="web").with_person(person)):
        yield used
    permissions.write_uses()
    used.update(name for (name,) in Use.select(Use.permission).where(Use.person_id == person.id).tuples())


__all__ = ["used_rights"]
