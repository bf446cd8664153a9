"""Passwords: argon2id hashes, the rules for new ones, and setting them."""

from __future__ import annotations

import re
import secrets
from typing import Any

from oa_kernel import audit, clock, db, runtime
from oa_kernel.errors import Forbidden

from .guarded import guard_account
from .models import PasswordHistory, Person, Session
from .shared import by_id, id_of, load_person, require_valid

#: argon2id's cost, by OWASP's advice: 19 MiB keep several sign-ins at once within a small machine's memory.
#: Whoever signs in after a change is hashed anew.
hasher_parameters: dict[str, int] = {"time_cost": 2, "memory_cost": 19 * 1024, "parallelism": 1}

#: letters and digits that nobody mistakes for one another
_CLEAR = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_dummies: dict[tuple[int, ...], str] = {}
_LEET = str.maketrans("@4301!$57+8", "aaeoiissttb")
_WORDS = frozenset([
    "password", "passwd", "pass", "admin", "administrator", "root", "guest", "user", "test", "demo", "login",
    "welcome", "letmein", "qwerty", "qwertyuiop", "asdf", "asdfgh", "asdfghjkl", "zxcv", "zxcvbn", "zxcvbnm",
    "qazwsx", "qwaszx", "iloveyou", "woaini", "monkey", "dragon", "secret", "master", "changeme", "default",
    "system", "manager", "office", "huawei", "beijing", "shanghai", "china", "zhongguo", "mima", "nihao", "abc",
    "abcd",
])
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn",
    "qazwsxedcrfvtgbyhnujm", "!@#$%^&*()",
)


def hash_password(password: str) -> str:
    """argon2id hash in its usual text form."""
    return _hasher().hash(password)


def generate_password() -> str:
    """A random first password (about 95 bits) that keeps every rule and is hard to misread."""
    while True:
        parts = ["".join(secrets.choice(_CLEAR) for _ in range(4)) for _ in range(4)]
        made = "-".join(parts)
        if not problems(made):
            return made


def verify_hash(hashed: str, password: str) -> bool:
    """Whether the password belongs to the hash. Takes as long for an empty hash, which nothing belongs to."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(hashed or dummy_hash(), password) and bool(hashed)
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(hashed: str) -> bool:
    """Whether the hash was made at another cost than today's."""
    return _hasher().check_needs_rehash(hashed)


def dummy_hash() -> str:
    """A hash at today's cost that no known password belongs to: verified when there is nobody to verify."""
    key = tuple(hasher_parameters.values())
    if key not in _dummies:
        _dummies[key] = hash_password(secrets.token_hex(16))
    return _dummies[key]


def problems(password: str, username: str = "", name: str = "") -> list[str]:
    """What is wrong with a new password, all at once; empty when it is good."""
    policy = runtime.current().config["security"]
    found: list[str] = []
    least, classes = policy["password_min_length"], policy["password_classes"]
    if len(password) < least:
        found.append(f"至少 {least} 个字符（现在 {len(password)} 个）")
    if len(password) > 256:
        found.append("最多 256 个字符")
    if _classes(password) < classes:
        found.append(f"大写字母、小写字母、数字、其他符号四类中至少用 {classes} 类")
    lowered = password.lower()
    if len(username) >= 3 and username.lower() in lowered:
        found.append("不能包含用户名")
    if len(name) >= 2 and name.lower() != username.lower() and name.lower() in lowered:
        found.append("不能包含姓名")
    if is_common(password):
        found.append("过于常见，很容易被猜到，请换一个")
    return found


def is_common(password: str) -> bool:
    """Whether the password follows one of the patterns that guessing begins with.

    Instead of a list: a common word with digits or signs around it (also in disguise, ``P@ssw0rd2024!``), a run
    along the alphabet or the keyboard, a short piece repeated, a date alone.
    """
    lowered = password.lower()
    bare = re.sub(r"[\W\d_]+$|^[\W\d_]+", "", lowered)
    tail_cut = re.sub(r"[\W\d_]{1,8}$", "", lowered).translate(_LEET)
    plain = lowered.translate(_LEET)
    candidates = {bare, bare.translate(_LEET), tail_cut, re.sub(r"[^a-z]+$", "", plain), re.sub(r"[^a-z]", "", plain)}
    if any(c in _WORDS or (len(c) >= 6 and _half_repeats(c) in _WORDS) for c in candidates):
        return True
    squeezed = re.sub(r"[\s._-]", "", lowered)
    if not squeezed or _is_repetition(squeezed):
        return True
    if re.fullmatch(r"(19|20)\d{6}|\d{1,11}", squeezed):
        return True
    return _all_runs(squeezed)


def set_password(
    person: Person | int,
    new: str,
    *,
    by: Person | int | None = None,
    must_change: bool | None = None,
    keep_session: Session | int | None = None,
) -> Person:
    """Sets a password by the rules; every session but ``keep_session`` ends.

    :param must_change: it is to be changed at the next sign-in; left out: when somebody else set it.
    :raises Invalid: ``errors["password"]`` lists every rule that is broken.
    """
    seen = load_person(person)
    guard_account(seen, by)
    errors: dict[str, list[str]] = {}
    collect(errors, "password", new, seen.username, seen.name)
    require_valid(errors, "密码")
    if _used_before(seen, new):
        times = runtime.current().config["security"]["password_history"]
        require_valid({"password": [f"不能与最近用过的 {times} 个密码相同"]}, "密码")
    hashed = hash_password(new)
    if must_change is None:
        must_change = by is not None and id_of(by) != seen.id
    now = clock.now()
    with db.transaction():
        row = load_person(seen.id, lock=True)
        if row.password_hash != seen.password_hash:
            raise Forbidden("密码刚刚被另一处修改，请重新登录后再试", code="password_changed")
        _remember(row, now)
        row.password_hash, row.password_set_at, row.password_expired = hashed, now, must_change
        row.failed_attempts, row.locked_until, row.version = 0, None, row.version + 1
        row.save()
        ending = Session.update(ended_at=now).where(Session.person == row.id, Session.ended_at.is_null())
        if keep_session is not None:
            ending = ending.where(Session.id != id_of(keep_session))
        ended = ending.execute()
        audit.record(
            "person.password_set", "person", row.id, title=row.name,
            after={"must_change": must_change, "sessions_ended": ended}, by=by_id(by),
        )
    return row


def collect(errors: dict[str, list[str]], field: str, password: str, username: str, name: str) -> None:
    """Adds what is wrong with a new password to the errors of a form."""
    if found := problems(password, username, name):
        errors[field] = found


def _hasher() -> Any:
    from argon2 import PasswordHasher

    return PasswordHasher(**hasher_parameters)


def _classes(password: str) -> int:
    kinds = {"lower" if c.islower() else "upper" if c.isupper() else "digit" if c.isdigit() else "other"
             for c in password}
    return len(kinds)


def _used_before(person: Person, password: str) -> bool:
    keep = runtime.current().config["security"]["password_history"]
    if not keep:
        return False
    old = (
        PasswordHistory.select(PasswordHistory.password_hash)
        .where(PasswordHistory.person == person.id).order_by(PasswordHistory.id.desc()).limit(keep - 1).tuples()
    )
    return any(h and verify_hash(h, password) for h in [person.password_hash, *(h for (h,) in old)])


def _remember(person: Person, now: Any) -> None:
    keep = runtime.current().config["security"]["password_history"]
    if person.password_hash and keep:
        PasswordHistory.create(person=person, password_hash=person.password_hash, replaced_at=now)
    kept = (
        PasswordHistory.select(PasswordHistory.id)
        .where(PasswordHistory.person == person.id).order_by(PasswordHistory.id.desc()).limit(max(keep, 1)).tuples()
    )
    PasswordHistory.delete().where(
        PasswordHistory.person == person.id, PasswordHistory.id.not_in([i for (i,) in kept])
    ).execute()


def _half_repeats(word: str) -> str:
    half = len(word) // 2
    return word[:half] if len(word) % 2 == 0 and word[:half] == word[half:] else word


def _is_repetition(text: str) -> bool:
    # a text is a repetition of a shorter one when it is found in itself, doubled, before its own length
    return len(text) > 1 and (text + text).find(text, 1) < len(text) and len(set(text)) <= 4


def _all_runs(text: str) -> bool:
    """Whether the text consists of runs of three or more along the alphabet or the keyboard."""
    at = 0
    while at < len(text):
        longest = 0
        for row in _ROWS:
            for line in (row, row[::-1]):
                length = 3
                while at + length <= len(text) and text[at:at + length] in line:
                    longest, length = length, length + 1
        run = len(text[at:]) - len(text[at:].lstrip(text[at]))
        longest = max(longest, run if run >= 3 else 0)
        if not longest:
            return len(text) - at <= 2 and at >= 6
        at += longest
    return True


__all__ = [
    "generate_password", "hash_password", "hasher_parameters", "is_common", "needs_rehash", "problems", "set_password",
    "verify_hash",
]
