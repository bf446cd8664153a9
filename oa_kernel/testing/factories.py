"""People, departments and posts in one line each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oa_kernel import identity, permissions
from oa_kernel.identity.models import Department, Person, Post

#: everybody made here signs in with this
PASSWORD = "Test-Pass-2026"


class Factories:
    """``make.person("drafter", department=…, posts=[("处长", "head")], roles=["…"])``."""

    def department(self, name: str, parent: Department | None = None, deputy: Person | None = None) -> Department:
        """A department below ``parent``."""
        return identity.create_department(name, parent=parent, deputy=deputy)

    def post(self, department: Department, title: str, kind: str = "member", code: str = "") -> Post:
        """A post in a department."""
        return identity.create_post(department, title, kind=kind, code=code)

    def person(
        self,
        username: str,
        name: str | None = None,
        department: Department | None = None,
        posts: Sequence[tuple[str, str]] = (),
        roles: Sequence[str] = (),
        password: str = PASSWORD,
        **fields: Any,
    ) -> Person:
        """Somebody who has signed in before, holding the posts ``(title, kind)`` and the roles named."""
        person = identity.create_person(
            username=username, name=name or username, department=department, password=password, **fields
        )
        Person.update(completed=True, password_expired=False).where(Person.id == person.id).execute()
        for title, kind in posts:
            assert department is not None, "a post is in a department"
            identity.assign(person, self.post(department, title, kind))
        for role in roles:
            permissions.grant(person, role)
        return Person.get_by_id(person.id)
