"""Bearer tokens for programs: random, hashed, expiring, limited in what they may."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence

from oa_kernel import audit, clock, db, runtime
from oa_kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated

from .models import Department, Person, Token
from .sessions import USED_EVERY, hash_secret, person_columns, person_from, row_from
from .shared import by_id, id_of, load_person

PREFIX = "oa_"

_TOKEN = (
    Token.id, Token.person, Token.hint, Token.title, Token.read_only, Token.scopes, Token.created_at,
    Token.expires_at, Token.revoked_at, Token.used_at,
)


def create_token(
    person: Person | int,
    title: str = "",
    days: float | None = None,
    read_only: bool = False,
    scopes: Sequence[str] = (),
    *,
    by: Person | int | None = None,
) -> tuple[Token, str]:
    """A new token and its secret (``oa_…``), which is shown this once.

    :param days: its life, an hour (1/24) at least, ``security.token_max_days`` at most; left out: 30, or the most
        if that is less.
    :param scopes: names of permissions it is limited to; none: all of the person's.
    """
    from oa_kernel import permissions

    longest = runtime.current().config["security"]["token_max_days"]
    days = min(30, longest) if days is None else days
    errors: dict[str, list[str]] = {}
    if isinstance(days, bool) or not isinstance(days, int | float) or not 1 / 24 <= days <= longest:
        errors["days"] = [f"有效期最短 1 小时，最长 {longest} 天"]
    if len(title) > 120:
        errors["title"] = ["名称最多 120 个字"]
    if unknown := sorted(set(scopes) - set(permissions.registered())):
        errors["scopes"] = [f"没有这样的权限：{'、'.join(unknown)}"]
    if errors:
        raise Invalid("令牌有误", errors=errors)
    secret = PREFIX + secrets.token_urlsafe(32)
    now = clock.now()
    with db.transaction():
        row = load_person(person)
        if not row.active:
            raise Forbidden(f"{row.name}的账户已停用，不能建立令牌")
        made = Token.create(
            secret_hash=hash_secret(secret), hint=secret[:9], title=title.strip(), person=row, read_only=read_only,
            scopes=sorted(set(scopes)), created_at=now, expires_at=now + dt.timedelta(days=days),
        )
        audit.record(
            "token.created", "token", made.id, title=made.title,
            after={"person": row.id, "expires_at": made.expires_at.isoformat(), "read_only": read_only,
                   "scopes": made.scopes},
            by=by_id(by),
        )
    return made, secret


def token_by_secret(secret: str) -> tuple[Token, Person] | None:
    """The token and its person, or None when it is unknown. One query.

    The person carries ``token_scopes`` (a frozenset, or None for all), which permissions are limited to.

    :raises Unauthenticated: code ``token_expired``, ``token_revoked`` or ``person_disabled``: only who holds the
        secret learns so much.
    """
    if not secret.startswith(PREFIX):
        return None
    cache = runtime.current().cache
    sql = cache.get("identity.token_sql")
    if sql is None:
        sql = cache["identity.token_sql"] = _query().sql()[0]
    row = db.database.execute_sql(sql, (hash_secret(secret),)).fetchone()
    if row is None:
        return None
    token = row_from(Token, _TOKEN, row)
    person = person_from(row, len(_TOKEN))
    now = clock.now()
    if token.revoked_at is not None:
        raise Unauthenticated("令牌已被撤销，请换一个", code="token_revoked")
    if token.expires_at <= now:
        day = clock.local(token.expires_at).date()
        raise Unauthenticated(f"令牌已于 {day} 到期，请建立新的令牌", code="token_expired")
    if not person.active:
        raise Unauthenticated("账户已停用，请联系管理员", code="person_disabled")
    if token.used_at is None or now - token.used_at >= USED_EVERY:
        Token.update(used_at=now).where(Token.id == token.id).execute()
        token.__data__["used_at"] = now
    person.token_scopes = frozenset(token.scopes) if token.scopes else None
    token.__rel__["person"] = person
    return token, person


def revoke_token(token: Token | int, *, by: Person | int | None = None) -> bool:
    """Makes a token worthless at once; False if it was already."""
    with db.transaction():
        row = Token.get_or_none(Token.id == id_of(token))
        if row is None:
            raise NotFound("没有这个令牌")
        done = Token.update(revoked_at=clock.now()).where(Token.id == row.id, Token.revoked_at.is_null()).execute()
        if done:
            audit.record(
                "token.revoked", "token", row.id, title=row.title, after={"person": row.person_id}, by=by_id(by)
            )
    return bool(done)


def list_tokens(person: Person | int) -> list[Token]:
    """A person's tokens that still work, the newest first."""
    return list(
        Token.select()
        .where(Token.person == id_of(person), Token.revoked_at.is_null(), Token.expires_at > clock.now())
        .order_by(Token.id.desc())
        .limit(200)
    )


def _query() -> db.ModelSelect:
    return (
        Token.select(*_TOKEN, *person_columns())
        .join(Person)
        .left_outer_join(Department)
        .where(Token.secret_hash == "")
    )


__all__ = ["PREFIX", "create_token", "list_tokens", "revoke_token", "token_by_secret"]
