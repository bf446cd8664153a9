"""Many people made, changed and given posts in one transaction, in a number of statements that hardly grows with them.

The rules are those of :mod:`.people` and :mod:`.posts`, each row is told to the record as they tell it; but what is there is
read once, decided in memory, and written together at the end. SQLite has one writer, and everybody else waits for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from oa_kernel import audit, clock, db, signals
from oa_kernel.errors import Conflict, Forbidden

from .models import Department, Person, PersonPost, Post, Session, Token
from .people import SHOWN, highest_level, taken
from .shared import by_id, touch_everybody

_CHANGED = (
    Person.name, Person.pinyin, Person.department, Person.email, Person.phone, Person.mobile, Person.active, Person.version,
    Person.failed_attempts, Person.locked_until,
)


class Many:
    """People to be written together; made and used inside one transaction.

    ::

        many = Many(usernames, by=person)
        one = many.known.get("zhang") or many.create({"username": "zhang", "name": "张三", …}, home, hashed)
        many.assign(one, post, main=True)
        many.write()
    """

    def __init__(self, usernames: Iterable[str], by: Any, *, posts: bool = True) -> None:
        if posts:
            touch_everybody()  # before anything is read: whoever grants roles at the same moment waits
        self.known = _by_usernames(usernames)
        self._by, self._now, self._today = by_id(by), clock.now(), clock.today()
        self._clearance = min(1, highest_level())
        self._made: dict[str, Person] = {}
        self._changed: dict[int, Person] = {}
        #: person, action, before, after
        self._deeds: list[tuple[Person, str, dict[str, Any] | None, dict[str, Any] | None]] = []
        self._given: list[PersonPost] = []
        self._no_longer_main: set[int] = set()
        self._disabled: set[int] = set()
        # not over yet, those to come too
        self._open: defaultdict[int, list[PersonPost]] = defaultdict(list)
        for part in db.in_pieces(p.id for p in self.known.values()):
            for row in PersonPost.select().where(
                PersonPost.person.in_(part), PersonPost.until.is_null() | (PersonPost.until > self._today)
            ).order_by(PersonPost.id):
                self._open[row.person_id].append(row)

    def create(self, fields: dict[str, Any], pinyin: str, home: Department | None, password_hash: str) -> Person:
        """Somebody new, whose fields were found to be right; a password must be changed at the first sign-in."""
        name = fields["username"]
        if name in self._made:
            raise taken(name)
        made = Person(
            **fields, pinyin=pinyin, department=home, clearance=self._clearance, created_at=self._now,
            password_hash=password_hash, password_set_at=self._now if password_hash else None,
            password_expired=bool(password_hash))
        self._made[name] = made
        self._tell(made, "person.created", after=db.snapshot(made, only=SHOWN))
        return made

    def update(self, person: Person, fields: dict[str, Any], pinyin: str) -> None:
        """Changes fields that were found to be right; ``department`` is a row."""
        before = db.snapshot(person, only=SHOWN)
        for field, value in fields.items():
            setattr(person, field, value)
        if "name" in fields:
            person.pinyin = pinyin
        after = db.snapshot(person, only=SHOWN)
        if after != before:
            self._touch(person)
            self._tell(person, "person.changed", before=before, after=after)

    def set_active(self, person: Person, active: bool) -> None:
        """Disables somebody, whose sessions and tokens end, or enables them again."""
        if not active and self._by is not None and person.id == self._by:
            raise Forbidden("不能停用自己的账户")
        before = {"active": person.active}
        person.active = active
        if active:
            person.failed_attempts, person.locked_until = 0, None
        elif person.id is not None:
            self._disabled.add(person.id)
        self._touch(person)
        self._tell(person, "person.enabled" if active else "person.disabled", before=before, after={"active": active})

    def assign(self, person: Person, post: Post, *, main: bool, acting: bool) -> None:
        """Gives a post from today on, unless it is held today. Conflict where it is to be held from a later day."""
        key: Any = person.id or person.username
        held = self._open[key]
        same = [h for h in held if h.post_id == post.id]
        if any(h.since <= self._today for h in same):
            return
        if same:
            raise Conflict(f"{person.name}在这段时间已经担任“{post.title}”")
        if main:
            for other in held:
                other.main = False
            if person.id is not None:
                self._no_longer_main.add(person.id)
        main = main or not any(h.main for h in held)
        made = PersonPost(person=person, post=post, main=main, acting=acting, since=self._today, until=None)
        held.append(made)
        self._given.append(made)
        if person.department_id is None:
            person.department = post.department
        self._touch(person)
        self._tell(person, "person.post_given", after={
            "post": post.id, "title": post.title, "since": self._today.isoformat(), "until": None, "acting": acting, "main": main})

    def write(self) -> list[str]:
        """Writes and tells it all. The user names that somebody else took at this very moment: then nothing is written."""
        if self._made:
            try:
                with db.savepoint():
                    db.insert_many(Person, [p.__data__ for p in self._made.values()])
            except db.IntegrityError:
                if not (others := _ids(self._made)):
                    raise
                return sorted(others)
            for name, number in _ids(self._made).items():
                self._made[name].id = number
        db.update_many(list(self._changed.values()), _CHANGED)
        for part in db.in_pieces(self._disabled):
            Session.update(ended_at=self._now).where(Session.person.in_(part), Session.ended_at.is_null()).execute()
            Token.update(revoked_at=self._now).where(Token.person.in_(part), Token.revoked_at.is_null()).execute()
        for part in db.in_pieces(self._no_longer_main):
            PersonPost.update(main=False).where(PersonPost.person.in_(part), PersonPost.main).execute()
        db.insert_many(PersonPost, [{**h.__data__, "person": h.person.id} for h in self._given])
        audit.record_many((
            audit.Deed(action, "person", person.id, person.name, before, after)
            for person, action, before, after in self._deeds), by=self._by)
        for person, _action, before, _after in self._deeds:
            person._dirty.clear()
            signals.person_changed.send("identity", person=person, before=before or {})
        return []

    def _touch(self, person: Person) -> None:
        person.version += 1
        if person.id is not None:
            self._changed[person.id] = person

    def _tell(self, person: Person, action: str, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None) -> None:
        self._deeds.append((person, action, before, after))


def _by_usernames(usernames: Iterable[str]) -> dict[str, Person]:
    """User name → person, their rows locked."""
    found: dict[str, Person] = {}
    for part in db.in_pieces(sorted(set(usernames))):
        query = Person.select().where(Person.username.in_(part)).order_by(Person.id)
        found.update((p.username, p) for p in db.lock_rows(query))
    return found


def _ids(usernames: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in db.in_pieces(usernames):
        found.update(Person.select(Person.username, Person.id).where(Person.username.in_(part)).tuples())
    return found


__all__ = ["Many"]
