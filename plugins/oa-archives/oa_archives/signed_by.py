"""Who signed a package, as its certificate says: offline, of the package alone."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from typing import Any

from oa_kernel import crypto


class Wrong(Exception):
    """The certificate does not belong to the signature; says why."""


def told(text: str, public: bytes, signed_at: str) -> dict[str, Any]:
    """``{subject, organisation, issuer, fingerprint, not_after, self_signed}`` of the certificate beside a signature.

    Whether to believe its issuer is for the reader: a certificate that signed itself proves no more than its key does.

    :param text: the DER in Base64; empty: there is none, and nothing is told.
    :param public: the key that made the signature, 64 bytes.
    :param signed_at: when it says it was made (ISO 8601).
    :raises Wrong: unreadable, of another key, not valid at that time, or a signature of its own that is none.
    """
    if not text.strip():
        return {}
    try:
        read = crypto.certificate.parse(base64.b64decode("".join(text.split()), validate=True))
        when = dt.datetime.fromisoformat(signed_at)
    except (binascii.Error, crypto.CertificateError) as error:
        raise Wrong(f"签名的证书读不出：{error}") from error
    except ValueError as error:
        raise Wrong(f"签名时间读不出：{signed_at[:40]}") from error
    if read.public != public:
        raise Wrong(f"证书（{read.subject}）里的公钥不是签名的公钥")
    alone = read.issuer_name == read.subject_name
    if alone and not read.signed_by(read):
        raise Wrong(f"证书（{read.subject}）自己的签名不对，它被改动过")
    if when.tzinfo is None or not read.valid_at(when):
        raise Wrong(f"签名时间 {signed_at} 不在证书的有效期内（{read.not_before:%Y-%m-%d} 至 {read.not_after:%Y-%m-%d}）")
    return {"certificate": {
        "subject": read.subject, "organisation": read.organisation, "issuer": read.issuer, "fingerprint": read.fingerprint,
        "not_after": read.not_after.date().isoformat(), "self_signed": alone}}


def sentence(found: dict[str, Any]) -> str:
    """For a summary: whose certificate it is, and what that is worth. Empty where there is none."""
    given = found.get("certificate")
    if not given:
        return ""
    owner = given["organisation"] or given["subject"]
    return f"；证书属于“{owner}”，" + ("是它自己签发的" if given["self_signed"] else f"由“{given['issuer']}”签发，是否可信请看签发者")


__all__ = ["Wrong", "sentence", "told"]
