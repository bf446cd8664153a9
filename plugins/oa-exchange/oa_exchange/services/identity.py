"""Our own certificates: one that signs, and one, vouched for by it, that packages are enveloped for."""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import audit, clock, crypto, db, runtime
from oa_kernel.errors import Conflict, Invalid

from .. import package, rights, settings, transport
from ..models import Identity

SUBJECT = "exchange.identity"
_SIGN, _OPEN = "exchange", "exchange.encryption"


def current() -> Identity:
    """The identity in use, made on first demand. It may have expired (see :func:`usable`)."""
    found = latest()
    return found if found is not None else _make(None)


def latest() -> Identity | None:
    """The identity in use; None where none has been made yet. For pages, which write nothing."""
    return Identity.select().order_by(Identity.id.desc()).first()


def usable() -> Identity:
    """The identity in use. Raises Conflict where its certificate has expired."""
    found = current()
    if not found.not_before <= clock.now() <= found.not_after:
        raise Conflict(f"本单位的交换证书已于 {day(found.not_after)} 到期，请管理员更换并把新证书交给各伙伴", code="own_expired")
    return found


def by_fingerprint(fingerprint: str) -> Identity | None:
    """One of ours, former ones too: what was sent before a renewal can still be opened."""
    return Identity.get_or_none(Identity.fingerprint == fingerprint)


def renew(by: Any) -> Identity:
    """Makes new keys and certificates. Partners must be given them, and confirm the new fingerprint."""
    rights.require(by, rights.PARTNERS)
    keys = runtime.current().keys
    keys.rotate_signing(_SIGN)
    keys.rotate_signing(_OPEN)
    return _make(by)


def _make(by: Any) -> Identity:
    keys = runtime.current().keys
    signing, opening = keys.signing(_SIGN), keys.signing(_OPEN)
    days, start = int(settings.get("certificate_days")), clock.now() - dt.timedelta(minutes=5)
    name = settings.organisation()
    der = crypto.certificate.issue(name, name, signing.public, private=signing.private, days=days, not_before=start)
    second = crypto.certificate.issue(f"{name}（加密）", name, opening.public, issuer=der, issuer_private=signing.private,
                                      days=days, not_before=start)
    read = crypto.certificate.parse(der)
    with db.transaction():
        made = Identity.create(
            certificate=der, encryption_certificate=second, fingerprint=read.fingerprint, key_id=signing.id,
            encryption_key_id=opening.id, not_before=read.not_before, not_after=read.not_after, created_at=clock.now())
        audit.record("exchange.identity.create", SUBJECT, made.id, name, by=by,
                     after={"fingerprint": made.fingerprint, "until": made.not_after.isoformat()})
    return made


def descriptor() -> str:
    """What partners are given: by file, by paste, or fetched."""
    own = current()
    signing = signing_key(own)
    return package.make_descriptor(settings.organisation(), settings.base_url(), signing, bytes(own.certificate),
                                   bytes(own.encryption_certificate))


def address_problem() -> str:
    """Why partners cannot post to the address that stands in our descriptor; empty where they can."""
    try:
        transport.check_url(settings.base_url())
    except Invalid:
        return (f"本系统的地址 {settings.base_url()} 不是 HTTPS，对方不能往这里发，只能用文件交换。请系统管理员设置 web.base_url"
                "（或 plugins: exchange: url）并重启，再导出证书")
    return ""


def signing_key(own: Identity) -> crypto.SigningKey:
    """The key that signs for it. Raises Conflict where the ring does not hold it."""
    return _key(own.key_id)


def opening_key(own: Identity) -> bytes:
    """The private key that opens what is enveloped for it."""
    return _key(own.encryption_key_id).private


def _key(key_id: str) -> crypto.SigningKey:
    try:
        return runtime.current().keys.signing_key(key_id)
    except crypto.UnknownKey as error:
        raise Conflict("本单位交换证书的密钥不在密钥目录里：请从备份恢复密钥，或更换证书", code="own_key") from error


def day(instant: dt.datetime) -> str:
    """``2026-11-25``, in the organisation's zone."""
    return clock.local(instant).date().isoformat()
