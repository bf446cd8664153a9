"""The certificate of the key that signs packages (DA/T 48-2009, 证书块): who that key belongs to.

An installation without an authority's certificate issues one to itself, as long-lived as an archive's key; an authority's is
asked for with :func:`request` and taken in with :func:`give`. What is signed already keeps the certificate it came with.
"""

from __future__ import annotations

import functools

from oa_kernel import audit, clock, crypto, db, runtime
from oa_kernel.crypto import CryptoError, SigningKey
from oa_kernel.errors import Invalid

from .. import settings
from ..models_keeping import Certificate
from ..package import PURPOSE

#: of a certificate the installation issues to itself
DAYS = 3_650


def current() -> crypto.certificate.Certificate:
    """The certificate of the key that signs now: an authority's while it is valid, else the installation's own."""
    key = runtime.current().keys.signing(PURPOSE)
    return _kept(key.public) or _issued(key)


def _kept(public: bytes) -> crypto.certificate.Certificate | None:
    now = clock.now()
    rows = Certificate.select().where(Certificate.public_key == public.hex()).order_by(
        Certificate.given.desc(), Certificate.id.desc())
    return next((one for one in (_read(row.der) for row in rows) if one.valid_at(now)), None)


@functools.lru_cache(maxsize=16)
def _read(der: str) -> crypto.certificate.Certificate:
    return crypto.certificate.parse(bytes.fromhex(der))


def _issued(key: SigningKey) -> crypto.certificate.Certificate:
    der = crypto.certificate.issue("电子档案签名", settings.fonds_name(), key.public, private=key.private, days=DAYS, authority=False,
                            not_before=clock.now())
    return _kept(key.public) or _add(der, given=False)


def _add(der: bytes, given: bool) -> crypto.certificate.Certificate:
    made = crypto.certificate.parse(der)
    with db.transaction():
        row = Certificate.create(public_key=made.public.hex(), der=der.hex(), given=given, at=clock.now())
        audit.record("archives.certificate", "archives.certificate", row.id, title=f"{made.subject} {made.organisation}", after={
            "issuer": made.issuer, "fingerprint": made.fingerprint, "until": made.not_after.date().isoformat()})
    return made


def request() -> bytes:
    """What an authority is asked with (PKCS #10, DER), for the key that signs now."""
    key = runtime.current().keys.signing(PURPOSE)
    return crypto.certificate.request("电子档案签名", settings.fonds_name(), key.public, key.private)


def give(data: bytes) -> crypto.certificate.Certificate:
    """Takes in the certificate an authority issued (PEM or DER); from now on it goes with what is signed.

    :raises Invalid: no SM2 certificate, of another key, or not valid today; nothing changes.
    """
    try:
        made = crypto.certificate.parse(crypto.certificate.from_pem(data))
    except CryptoError as error:
        raise Invalid(str(error)) from error
    if made.public != runtime.current().keys.signing(PURPOSE).public:
        raise Invalid("这张证书不是本系统档案签名密钥的：里面的公钥是另一把。请用 oa archives certificate --request 生成的请求去申请")
    if not made.valid_at(clock.now()):
        raise Invalid(f"这张证书今天不在有效期内（{made.not_before:%Y-%m-%d} 至 {made.not_after:%Y-%m-%d}）")
    _add(made.raw, given=True)
    return made


__all__ = ["DAYS", "current", "give", "request"]
