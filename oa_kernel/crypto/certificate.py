"""X.509 certificates with SM2 keys, signed by SM2 with SM3 (GB/T 20518-2018, RFC 8998).

`cryptography` neither reads SM2 keys nor signs with them, so the structures are asn1crypto's and the signatures ours.
An installation without a certificate authority of its own makes a root (``issue`` without ``issuer``) and from it one
certificate for each seal; an organisation that has certificates from a licensed authority gives that authority's root
to :func:`verify_chain`.
"""

from __future__ import annotations

import base64
import binascii
import functools
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from oa_kernel.crypto import _der, sm2
from oa_kernel.crypto.digest import sm3
from oa_kernel.crypto.errors import CertificateError

OID_EC_KEY: Final = "1.2.840.10045.2.1"
OID_SM2: Final = "1.2.156.10197.1.301"
OID_SM3: Final = "1.2.156.10197.1.401"
OID_SM2_WITH_SM3: Final = "1.2.156.10197.1.501"
#: AlgorithmIdentifier of OID_SM2_WITH_SM3, without parameters
_SM2_WITH_SM3: Final = bytes.fromhex("300a06082a811ccf55018375")
_MAX_CHAIN: Final = 8
_MAX_SIZE: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says. Times are aware (UTC); ``public`` has 64 bytes; ``raw`` is the DER.

    ``subject`` and ``issuer`` are the common names (the organisation's name where there is none).
    """

    subject: str
    organisation: str
    serial: int
    public: bytes
    not_before: datetime
    not_after: datetime
    issuer: str
    is_authority: bool
    raw: bytes = field(repr=False)
    subject_name: bytes = field(repr=False)
    issuer_name: bytes = field(repr=False)
    signed_part: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """SM3 of the DER, 64 hexadecimal digits."""
        return sm3(self.raw).hex()

    def valid_at(self, when: datetime) -> bool:
        return self.not_before <= when <= self.not_after

    def signed_by(self, issuer: Certificate) -> bool:
        """Does ``issuer``'s key verify this certificate's signature?"""
        return self.issuer_name == issuer.subject_name and sm2.verify(issuer.public, self.signed_part, self.signature)


def issue(
    subject_cn: str,
    organisation: str,
    public: bytes,
    *,
    private: bytes | None = None,
    issuer: bytes | Certificate | None = None,
    issuer_private: bytes | None = None,
    days: int = 1825,
    authority: bool | None = None,
    not_before: datetime | None = None,
) -> bytes:
    """A certificate (DER) for ``public``.

    Self-signed with ``private`` if ``issuer`` is left out, else signed with ``issuer_private``. ``authority`` (may it
    sign other certificates?) is by default True for self-signed ones. ``not_before`` is an aware time, now by default.
    """
    if not sm2.is_on_curve(public):
        raise ValueError("the public key is not a point of the SM2 curve")
    parent = parse(issuer) if isinstance(issuer, bytes) else issuer
    signer_private = issuer_private if parent else private
    if signer_private is None:
        raise ValueError("give private for a self-signed certificate, or issuer and issuer_private")
    signer_public = parent.public if parent else public
    if sm2.public_of(signer_private) != signer_public:
        raise ValueError("the signing private key does not belong to the issuer's certificate")
    if authority is None:
        authority = parent is None
    start = (not_before or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)

    x509, keys = _modules()
    subject = _name(x509, subject_cn, organisation)
    tbs = x509.TbsCertificate(
        {
            "version": "v3",
            "serial_number": secrets.randbits(126) | 1 << 126,
            "signature": {"algorithm": OID_SM2_WITH_SM3},
            "issuer": x509.Name.load(parent.subject_name) if parent else subject,
            "validity": {"not_before": _time(x509, start), "not_after": _time(x509, start + timedelta(days=days))},
            "subject": subject,
            "subject_public_key_info": {
                "algorithm": {"algorithm": "ec", "parameters": ("named", OID_SM2)},
                "public_key": keys.ECPointBitString(b"\x04" + public),
            },
            "extensions": _extensions(x509, public, signer_public, authority),
        }
    )
    signed_part = tbs.dump()
    certificate = x509.Certificate(
        {
            "tbs_certificate": x509.TbsCertificate.load(signed_part),
            "signature_algorithm": {"algorithm": OID_SM2_WITH_SM3},
            "signature_value": sm2.sign(signer_private, signer_public, signed_part),
        }
    )
    return bytes(certificate.dump())


def request(subject_cn: str, organisation: str, public: bytes, private: bytes) -> bytes:
    """A request to an authority for a certificate of ``public`` (PKCS #10, RFC 2986; DER), signed with its key."""
    from asn1crypto import csr

    x509, keys = _modules()
    if sm2.public_of(private) != public:
        raise ValueError("the private key does not belong to the public one")
    info = csr.CertificationRequestInfo({
        "version": "v1",
        "subject": _name(x509, subject_cn, organisation),
        "subject_pk_info": {
            "algorithm": {"algorithm": "ec", "parameters": ("named", OID_SM2)},
            "public_key": keys.ECPointBitString(b"\x04" + public),
        },
        "attributes": [],
    }).dump()
    return _der.sequence(info, _SM2_WITH_SM3, _der.bits(sm2.sign(private, public, info)))


def from_pem(data: bytes) -> bytes:
    """The DER of a certificate as an authority sends it: PEM (RFC 7468), bare Base64 or DER already.

    :raises CertificateError: none of these.
    """
    if data[:1] == b"\x30":
        return data
    lines = data.decode("ascii", "replace").splitlines()
    body = "".join("".join(line.split()) for line in lines if not line.startswith("-----"))
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CertificateError("不是证书：要求 PEM 或 DER。") from error


def pem(data: bytes, label: str = "CERTIFICATE") -> str:
    """DER as PEM (RFC 7468)."""
    text = base64.b64encode(data).decode()
    return "\n".join([f"-----BEGIN {label}-----", *(text[n:n + 64] for n in range(0, len(text), 64)), f"-----END {label}-----", ""])


def parse(der: bytes) -> Certificate:
    """Read an SM2 certificate; :class:`CertificateError` if it is none. Trust is not looked at."""
    x509, _ = _modules()
    if len(der) > _MAX_SIZE:
        raise CertificateError("证书超过 64 KB，不是有效的证书。")
    try:
        certificate = x509.Certificate.load(bytes(der), strict=True)
        tbs = certificate["tbs_certificate"]
        signed_part = bytes(tbs.dump())
        key = tbs["subject_public_key_info"]
        point = key["public_key"].native
        curve = key["algorithm"]["parameters"].chosen.native
        algorithms = {certificate["signature_algorithm"]["algorithm"].dotted, tbs["signature"]["algorithm"].dotted}
        subject, issuer = tbs["subject"], tbs["issuer"]
        constraints = certificate.basic_constraints_value
        names, parent_names = _flat(subject.native), _flat(issuer.native)
        result = Certificate(
            subject=names.get("common_name") or names.get("organization_name") or "",
            organisation=names.get("organization_name", ""),
            serial=tbs["serial_number"].native,
            public=point[1:],
            not_before=tbs["validity"]["not_before"].native.astimezone(UTC),
            not_after=tbs["validity"]["not_after"].native.astimezone(UTC),
            issuer=parent_names.get("common_name") or parent_names.get("organization_name") or "",
            is_authority=bool(constraints is not None and constraints["ca"].native),
            raw=bytes(der),
            subject_name=bytes(subject.dump()),
            issuer_name=bytes(issuer.dump()),
            signed_part=signed_part,
            signature=certificate["signature_value"].native,
        )
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError) as exc:
        # asn1crypto answers malformed structures with any of these
        raise CertificateError("证书无法读取：不是有效的 X.509 证书（DER）。") from exc
    if curve not in (OID_SM2, "sm2p256v1") or algorithms != {OID_SM2_WITH_SM3}:
        raise CertificateError("证书不是国密证书：要求 SM2 公钥，以 SM2-SM3 签名。")
    # the part outside the signature has one encoding only: otherwise two different files would be the same certificate
    if _der.sequence(signed_part, _SM2_WITH_SM3, _der.bits(result.signature)) != result.raw:
        raise CertificateError("证书的编码不规范（不是 DER），或已被改动。")
    if len(point) != 65 or point[0] != 4 or not sm2.is_on_curve(point[1:]):
        raise CertificateError("证书中的 SM2 公钥无效。")
    return result


def verify_chain(
    der: bytes | Certificate,
    roots: Iterable[bytes | Certificate],
    at: datetime | None = None,
    intermediates: Iterable[bytes | Certificate] = (),
) -> Certificate:
    """The root that ``der`` leads to; :class:`CertificateError` says why none.

    A certificate that is itself among ``roots`` is trusted. ``at`` is an aware time, now by default; every certificate
    on the way must be valid then, and all but the first must be authorities.
    """
    moment = at or datetime.now(UTC)
    current = _parsed(der)
    trusted = {root.raw: root for root in map(_parsed, roots)}
    pool = [*trusted.values(), *map(_parsed, intermediates)]
    for _ in range(_MAX_CHAIN):
        if not current.valid_at(moment):
            raise CertificateError(
                f"证书“{current.subject}”在 {moment:%Y-%m-%d} 不在有效期内"
                f"（{current.not_before:%Y-%m-%d} 至 {current.not_after:%Y-%m-%d}）。"
            )
        if current.raw in trusted:
            return trusted[current.raw]
        parent = next((c for c in pool if c.is_authority and c.raw != current.raw and current.signed_by(c)), None)
        if parent is None:
            raise CertificateError(
                f"证书“{current.subject}”的签发者“{current.issuer}”不在受信任的根证书之列。"
                "如确认该单位可信，请将其根证书加入受信任列表。"
            )
        current = parent
    raise CertificateError("证书链过长。")


def _parsed(certificate: bytes | Certificate) -> Certificate:
    return certificate if isinstance(certificate, Certificate) else parse(certificate)


@functools.cache
def _modules() -> tuple[Any, Any]:
    from asn1crypto import keys, x509

    if OID_SM2 not in keys.NamedCurve._map:
        keys.NamedCurve.register("sm2p256v1", OID_SM2, 32)
    return x509, keys


def _name(x509: Any, common_name: str, organisation: str) -> Any:
    return x509.Name.build(
        {"country_name": "CN", "organization_name": organisation, "common_name": common_name}, use_printable=False
    )


def _time(x509: Any, when: datetime) -> Any:
    # RFC 5280, 4.1.2.5: UTCTime through 2049, GeneralizedTime after
    return x509.Time("utc_time" if when.year < 2050 else "general_time", when)


def _extensions(x509: Any, public: bytes, signer_public: bytes, authority: bool) -> list[dict[str, Any]]:
    usage = {"key_cert_sign", "crl_sign"} if authority else {"digital_signature", "non_repudiation"}
    return [
        {"extn_id": "basic_constraints", "critical": True, "extn_value": x509.BasicConstraints({"ca": authority})},
        {"extn_id": "key_usage", "critical": True, "extn_value": x509.KeyUsage(usage)},
        {"extn_id": "key_identifier", "critical": False, "extn_value": sm3(public)[:20]},
        {
            "extn_id": "authority_key_identifier",
            "critical": False,
            "extn_value": x509.AuthorityKeyIdentifier({"key_identifier": sm3(signer_public)[:20]}),
        },
    ]


def _flat(name: Any) -> dict[str, str]:
    return {key: value if isinstance(value, str) else "、".join(map(str, value)) for key, value in (name or {}).items()}
