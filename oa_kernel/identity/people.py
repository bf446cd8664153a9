"""People: made, changed, disabled; and found by id or name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from oa_kernel import audit, clock, db, runtime, signals
from oa_kernel.config.schema import SECRECY_LEVELS
from oa_kernel.errors import Conflict, Forbidden, Invalid

from . import passwords
from .departments import _check_separation, below
from .models import Department, Person, Post, Session, Token
from .pinyin import letters
from .posts import assign, holdings, holdings_of
from .shared import by_id, check_fields, id_of, load_department, load_person, load_post, require_valid

#: what an audit event shows of a person: nothing secret
SHOWN = ["username", "name", "department", "email", "phone", "mobile", "active", "completed", "clearance", "locale"]
_CHANGEABLE = {"name", "department", "email", "phone", "mobile", "locale", "username"}


def get(person_id: int) -> Person | None:
    """The person with this id, or None."""
    return Person.get_or_none(Person.id == person_id)


def by_username(username: str) -> Person | None:
    """The person with this user name (in any case), or None."""
    return Person.get_or_none(Person.username == (username or "").strip().lower())


def by_ids(ids: Iterable[int]) -> dict[int, Person]:
    """Many people at once, id → person, in one query."""
    wanted = list(set(ids))
    return {p.id: p for p in Person.select().where(Person.id.in_(wanted))} if wanted else {}


def list_people(
    *, q: str = "", department: Department | int | None = None, active: bool | None = True,
    limit: int = 50, cursor: str | None = None,
) -> db.Page:
    """A page of people by id, departments come along. ``q`` is found in name (pinyin too), user name and phones."""
    query = Person.select(Person, Department).left_outer_join(Department)
    if active is not None:
        query = query.where(Person.active == active)
    if department is not None:
        query = query.where(below(load_department(department).path))
    if q := q.strip():
        query = query.where(matches(q))
    return db.page(query, [Person.id], limit=limit, cursor=cursor)


def matches(q: str) -> Any:
    """Condition: the text is in name, pinyin, user name, extension or mobile number."""
    typed = q.lower().replace(" ", "")
    found = Person.name.contains(q) | Person.username.contains(q.lower()) | Person.phone.contains(q)
    if typed.isascii() and typed.isalpha():
        found |= Person.pinyin.contains(typed)
    if typed.isdigit() and len(typed) >= 4:
        found |= Person.mobile.contains(typed)
    return found


def directory(*, active_only: bool = False) -> list[dict[str, Any]]:
    """Everybody as ``{username, name, department, posts: […], roles: […], active}``, by user name."""
    from oa_kernel import permissions

    query = Person.select(Person, Department).left_outer_join(Department).order_by(Person.username)
    rows = list(query.where(Person.active) if active_only else query)
    held = holdings_of([row.id for row in rows])
    roles = permissions.roles_of_people(row.id for row in rows)
    return [
        {
            "username": row.username,
            "name": row.name,
            "department": row.department.name if row.department else "",
            "posts": [one.post.title for one in held[row.id]],
            "roles": roles[row.id],
            "active": row.active,
        }
        for row in rows
    ]


def create_person(
    username: str,
    name: str,
    department: Department | int | None = None,
    *,
    email: str = "",
    phone: str = "",
    mobile: str = "",
    password: str | None = None,
    password_hash: str = "",
    password_expired: bool | None = None,
    clearance: int | None = None,
    by: Person | int | None = None,
    **more: Any,
) -> Person:
    """Somebody new.

    :param password: a first one, to be changed at the first sign-in unless ``password_expired`` is False;
        ``password_hash`` instead: one that was hashed before (many people at once), which stays. Neither: they
        cannot sign in by password.
    :param clearance: highest secrecy level they may see, an index into ``config.SECRECY_LEVELS``; left out: 内部, or
        the installation's highest if that is less.
    :param more: ``locale``, ``preferences``, ``completed``.
    :raises Invalid: with every field that is wrong, a taken user name included.
    """
    if unknown := set(more) - {"locale", "preferences", "completed"}:
        raise Invalid(f"人员没有这样的字段：{'、'.join(sorted(unknown))}")
    fields: dict[str, Any] = {
        "username": (username or "").strip().lower(), "name": (name or "").strip(), "email": email.strip(),
        "phone": phone.strip(), "mobile": mobile.strip(),
    }
    errors = check_fields(fields)
    if password is not None:
        passwords.collect(errors, "password", password, fields["username"], fields["name"])
    clearance = min(1, highest_level()) if clearance is None else clearance
    if reason := _wrong_clearance(clearance):
        errors["clearance"] = [reason]
    require_valid(errors, "人员")
    hashed = passwords.hash_password(password) if password is not None else password_hash
    expired = password is not None if password_expired is None else password_expired
    now = clock.now()
    try:
        with db.transaction():
            home = load_department(department) if department is not None else None
            if Person.select().where(Person.username == fields["username"]).exists():
                raise taken(fields["username"])
            made = Person.create(
                **fields, pinyin=letters(fields["name"]), **more, department=home, clearance=clearance, created_at=now,
                password_hash=hashed, password_set_at=now if hashed else None, password_expired=bool(hashed) and expired,
            )
            audit.record(
                "person.created", "person", made.id, title=made.name, after=db.snapshot(made, only=SHOWN), by=by_id(by)
            )
            if home is not None:
                _check_separation()
            signals.person_changed.send("identity", person=made, before={})
    except db.IntegrityError as error:  # somebody took the name at the same moment
        if by_username(fields["username"]) is not None:
            raise taken(fields["username"]) from None
        raise error
    return made


def update_person(person: Person | int, *, by: Person | int | None = None, **changes: Any) -> Person:
    """Changes name, user name, department, e-mail, phones or locale; returns the fresh row.

    State, clearance and password have functions of their own, for other administrators may do those.
    """
    if unknown := set(changes) - _CHANGEABLE:
        raise Invalid(f"这些内容不能这样修改：{'、'.join(sorted(unknown))}")
    for field in ("name", "email", "phone", "mobile", "username"):
        if field in changes:
            changes[field] = (changes[field] or "").strip()
    if "username" in changes:
        changes["username"] = changes["username"].lower()
    require_valid(check_fields(changes), "人员")
    with db.transaction():
        row = load_person(person, lock=True)
        before = db.snapshot(row, only=SHOWN)
        wanted = changes.get("username", row.username)
        if wanted != row.username and Person.select().where(Person.username == wanted).exists():
            raise taken(wanted)
        if "department" in changes:
            home = changes.pop("department")
            changes["department"] = load_department(home) if home is not None else None
        for field, value in changes.items():
            setattr(row, field, value)
        if "name" in changes:
            row.pinyin = letters(row.name)
        after = db.snapshot(row, only=SHOWN)
        if after == before:
            return row
        row.version += 1
        row.save()
        audit.record("person.changed", "person", row.id, title=row.name, before=before, after=after, by=by_id(by))
        if before["department"] != after["department"]:
            _check_separation()
        signals.person_changed.send("identity", person=row, before=before)
    return row


def disable_person(person: Person | int, *, by: Person | int | None = None) -> Person:
    """Nobody signs in as this person any more; sessions and tokens end at once."""
    return _set_active(person, False, by)


def enable_person(person: Person | int, *, by: Person | int | None = None) -> Person:
    """Lets a disabled person sign in again; a lock is lifted as well."""
    return _set_active(person, True, by)


def set_clearance(person: Person | int, level: int, *, by: Person | int | None = None) -> Person:
    """Sets the highest secrecy level somebody may see (index into ``config.SECRECY_LEVELS``)."""
    from oa_kernel import permissions

    if reason := _wrong_clearance(level):
        raise Invalid("密级权限有误", errors={"clearance": [reason]})
    permissions.guard("clearance")
    with db.transaction():
        row = load_person(person, lock=True)
        if by is not None and id_of(by) == row.id:
            raise Forbidden("不能给自己设定密级权限，请由另一位安全管理员办理")
        before = {"clearance": row.clearance}
        row.clearance, row.version = level, row.version + 1
        row.save(only=[Person.clearance, Person.version])
        audit.record(
            "person.clearance_set", "person", row.id, title=row.name, before=before,
            after={"clearance": level}, by=by_id(by),
        )
        signals.person_changed.send("identity", person=row, before=before)
    return row


def set_preferences(person: Person | int, changes: dict[str, Any]) -> Person:
    """Merges looks and habits into a person's preferences; a value of None takes the key away."""
    with db.transaction():
        row = load_person(person, lock=True)
        before = dict(row.preferences or {})
        row.preferences = {k: v for k, v in {**before, **changes}.items() if v is not None}
        row.save(only=[Person.preferences])
        audit.record(
            "person.preferences_set", "person", row.id, title=row.name,
            before={k: before.get(k) for k in changes}, after=changes,
        )
    return row


def complete_profile(
    person: Person | int,
    name: str,
    department: Department | int | None = None,
    post: Post | int | str | None = None,
    *,
    email: str = "",
    phone: str = "",
    mobile: str = "",
) -> Person:
    """What somebody fills in at the first sign-in.

    What an administrator has set stays: the department can be chosen only where none is, a post only where none
    is held. It must be an ordinary one (kind ``member``) that no role was granted to, for nobody may raise their
    own rights; as text, it is found in the department or made.
    """
    fields = {"name": (name or "").strip(), "email": email.strip(), "phone": phone.strip(), "mobile": mobile.strip()}
    errors = check_fields(fields)
    with db.transaction():
        row = load_person(person, lock=True)
        if row.completed:
            raise Conflict("资料已经填过，请在“个人资料”里修改", code="profile_completed")
        held = holdings(row)
        if row.department_id is None and department is None:
            errors["department"] = ["请选择所在部门"]
        elif row.department_id is not None and department is not None and id_of(department) != row.department_id:
            errors["department"] = ["部门已由管理员设定，如有误请联系管理员"]
        if not held and not post:
            errors["post"] = ["请填写职务"]
        require_valid(errors, "资料")
        before = db.snapshot(row, only=SHOWN)
        home = load_department(row.department_id if department is None else department)
        if not home.active:
            raise Invalid("资料有误", errors={"department": ["这个部门已停用，请另选"]})
        for field, value in fields.items():
            if value:
                setattr(row, field, value)
        row.department, row.completed, row.version = home, True, row.version + 1
        row.save()
        if post and not held:
            assign(row, _ordinary_post(home, post), main=True, by=row)
        audit.record(
            "person.profile_completed", "person", row.id, title=row.name, before=before,
            after=db.snapshot(row, only=SHOWN), by=row.id,
        )
        _check_separation()
        signals.person_changed.send("identity", person=row, before=before)
    return load_person(row.id)


def _ordinary_post(home: Department, post: Any) -> Post:
    from oa_kernel import permissions

    if isinstance(post, str):
        title = post.strip()
        if len(title) > 80:
            raise Invalid("资料有误", errors={"post": ["职务最多 80 个字"]})
        found = Post.get_or_none(
            Post.department == home, Post.title == title, Post.active, Post.kind == "member", Post.code == ""
        )
        row = found or Post.create(department=home, title=title, kind="member")
    else:
        row = load_post(post)
    if row.department_id != home.id or row.kind != "member" or permissions.granted_to("post", row.id):
        raise Invalid("资料有误", errors={"post": [f"“{row.title}”要由管理员任命，请选普通职务或联系管理员"]})
    return row


def _set_active(person: Person | int, active: bool, by: Person | int | None) -> Person:
    now = clock.now()
    with db.transaction():
        row = load_person(person, lock=True)
        if not active and by is not None and id_of(by) == row.id:
            raise Forbidden("不能停用自己的账户")
        before = {"active": row.active}
        row.active, row.version = active, row.version + 1
        if active:
            row.failed_attempts, row.locked_until = 0, None
        row.save(only=[Person.active, Person.version, Person.failed_attempts, Person.locked_until])
        if not active:
            Session.update(ended_at=now).where(Session.person == row.id, Session.ended_at.is_null()).execute()
            Token.update(revoked_at=now).where(Token.person == row.id, Token.revoked_at.is_null()).execute()
        audit.record(
            "person.enabled" if active else "person.disabled", "person", row.id, title=row.name,
            before=before, after={"active": active}, by=by_id(by),
        )
        if active:
            _check_separation()
        signals.person_changed.send("identity", person=row, before=before)
    return row


def highest_level() -> int:
    """Index of the highest secrecy level this installation may hold."""
    return SECRECY_LEVELS.index(runtime.current().config["security"]["highest_secrecy"])


def _wrong_clearance(level: Any) -> str:
    highest = highest_level()
    if isinstance(level, bool) or not isinstance(level, int) or not 0 <= level <= highest:
        return f"密级权限只能是 0 到 {highest}（本系统最高“{SECRECY_LEVELS[highest]}”）"
    return ""


def taken(username: str) -> Invalid:
    """What is raised where a user name is somebody else's."""
    return Invalid("人员有 1 处需要改正", errors={"username": [f"用户名“{username}”已有人使用"]})


__all__ = [
    "SHOWN", "by_ids", "by_username", "complete_profile", "create_person", "directory", "disable_person",
    "enable_person", "get", "list_people", "set_clearance", "set_preferences", "update_person",
]
