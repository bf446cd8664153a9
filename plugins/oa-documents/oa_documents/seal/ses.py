"""Making and reading electronic seals and their signatures by GB/T 38540-2020, with SM2 and SM3.

A *seal* (SESeal) is a picture with its name, its time of validity and the certificates of those who may use it, signed
by its maker. A *signature* (SES_Signature) is the seal put under a document: seal, time and SM3 of the document,
signed by a holder of the seal. Both are DER; both carry the certificates, so they are checked offline.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from oa_documents.seal.errors import SealError
from oa_kernel import crypto

VERSION: Final = 4
ORGANISATION, PERSON = 1, 2
_OID: Final = "1.2.156.10197.1.501"  # SM2 with SM3
_MAX_SEAL: Final = 2 * 1024 * 1024

Certificate = crypto.certificate.Certificate


class KeyPair(Protocol):
    """An SM2 key pair: what :func:`oa_kernel.crypto.generate_keypair` or a key ring's ``signing`` gives."""

    @property
    def private(self) -> bytes: ...

    @property
    def public(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal that was read. Times are aware (UTC), width and height millimetres, ``raw`` the DER."""

    id: str
    name: str
    kind: int
    maker: Certificate
    holders: tuple[bytes, ...] = field(repr=False)
    picture_type: str
    picture: bytes = field(repr=False)
    width: int
    height: int
    created: datetime
    valid_from: datetime
    valid_until: datetime
    raw: bytes = field(repr=False)
    info: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    def genuine(self) -> bool:
        """Does the maker's signature verify?"""
        return crypto.verify(self.maker.public, self.info, self.signature)


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature that was read. ``digest`` is SM3 of the document, ``properties`` what its author noted of it."""

    seal: Seal
    signer: Certificate
    signed_at: datetime
    digest: bytes
    properties: str
    raw: bytes = field(repr=False)
    to_sign: bytes = field(repr=False)
    value: bytes = field(repr=False)

    def genuine(self) -> bool:
        """Does the signer's signature verify? (That the document has ``digest`` is for the caller to check.)"""
        return crypto.verify(self.signer.public, self.to_sign, self.value)


def make_seal(
    name: str,
    picture: bytes,
    *,
    maker: KeyPair,
    maker_certificate: bytes,
    holders: list[bytes],
    valid_from: datetime,
    valid_until: datetime,
    picture_type: str = "SVG",
    size_mm: tuple[int, int] = (42, 42),
    kind: int = ORGANISATION,
    seal_id: str | None = None,
    created: datetime | None = None,
) -> bytes:
    """A seal (DER of SESeal) with the certificates (DER) of the ``holders`` who may use it. Times are aware."""
    from oa_documents.seal import asn1

    if not holders:
        raise SealError("制作印章至少需要一张签章人证书。")
    if valid_until <= valid_from:
        raise SealError("印章的有效期止早于有效期起。")
    for certificate in [maker_certificate, *holders]:
        crypto.certificate.parse(certificate)
    _check_pair(maker, crypto.certificate.parse(maker_certificate))
    info = asn1.SealInfo(
        {
            "header": {"id": "ES", "version": VERSION, "vid": "OA"},
            "es_id": seal_id or secrets.token_hex(16),
            "property": {
                "type": kind,
                "name": name,
                "cert_list_type": 1,
                "cert_list": holders,
                "create_date": _whole(created or datetime.now(UTC)),
                "valid_start": _whole(valid_from),
                "valid_end": _whole(valid_until),
            },
            "picture": {"type": picture_type, "data": picture, "width": size_mm[0], "height": size_mm[1]},
        }
    )
    der = asn1.Seal(
        {
            "info": info,
            "cert": maker_certificate,
            "sign_alg_id": _OID,
            "signed_value": crypto.sign(maker.private, maker.public, info.dump()),
        }
    ).dump()
    if len(der) > _MAX_SEAL:
        raise SealError("印章图片过大：整个印章不能超过 2 MB。")
    return bytes(der)


def sign_document(
    seal: bytes, digest: bytes, key: KeyPair, certificate: bytes, when: datetime, properties: str = ""
) -> bytes:
    """Put ``seal`` (DER) under the document whose SM3 is ``digest``: DER of SES_Signature.

    ``certificate`` (DER) is the signer's; it must be among the seal's holders and belong to ``key``, and both must be
    valid at ``when`` (aware). ``properties`` is ASCII, such as what part of a file was signed.
    """
    check_may_use(seal, key, certificate, when)
    to_sign = to_be_signed(seal, digest, when, properties)
    return assemble(to_sign, certificate, crypto.sign(key.private, key.public, to_sign))


def check_may_use(seal: bytes, key: KeyPair, certificate: bytes, when: datetime) -> tuple[Seal, Certificate]:
    """The seal and the certificate, read; :class:`SealError` says why the one may not use the other at ``when``."""
    read, signer = parse_seal(seal), crypto.certificate.parse(certificate)
    _check_pair(key, signer)
    if certificate not in read.holders:
        raise SealError(f"证书“{signer.subject}”无权使用印章“{read.name}”。请换用该印章登记的证书，或重新制作印章。")
    if not read.valid_from <= when <= read.valid_until:
        raise SealError(f"印章“{read.name}”不在有效期内，请先更换印章。")
    if not signer.valid_at(when):
        raise SealError(f"证书“{signer.subject}”不在有效期内，请先更换证书。")
    return read, signer


def to_be_signed(seal: bytes, digest: bytes, when: datetime, properties: str) -> bytes:
    """DER of TBS_Sign: what the signature is over."""
    from oa_documents.seal import asn1

    return bytes(
        asn1.TBSSign(
            {
                "version": VERSION,
                "eseal": asn1.Seal.load(seal),
                "time_info": _whole(when),
                "data_hash": digest,
                "property_info": properties,
            }
        ).dump()
    )


def assemble(to_sign: bytes, certificate: bytes, value: bytes) -> bytes:
    """DER of SES_Signature from its three parts."""
    from oa_documents.seal import asn1

    return bytes(
        asn1.Signature(
            {
                "to_sign": asn1.TBSSign.load(to_sign),
                "cert": certificate,
                "signature_alg_id": _OID,
                "signature": value,
            }
        ).dump()
    )


def parse_seal(der: bytes) -> Seal:
    """Read a seal; :class:`SealError` if it is none. Whether it is genuine and trusted is not looked at."""
    from oa_documents.seal import asn1

    return _seal(_load(asn1.Seal, der, "电子印章"))


def parse_signature(der: bytes) -> Signature:
    """Read a signature; :class:`SealError` if it is none. Whether it is genuine and trusted is not looked at."""
    from oa_documents.seal import asn1

    parsed = _load(asn1.Signature, der, "电子签章")
    tbs = parsed["to_sign"]
    with _Reading("电子签章"):
        if tbs["version"].native != VERSION or parsed["signature_alg_id"].dotted != _OID:
            raise SealError("电子签章的版本或签名算法无法识别：只支持 GB/T 38540-2020（版本 4）的 SM2 签章。")
        if parsed["time_stamp"].native is not None or tbs["ext_datas"].native is not None:
            raise SealError("电子签章带有无法识别的扩展数据。")
        return Signature(
            seal=_seal(tbs["eseal"]),
            signer=crypto.certificate.parse(parsed["cert"].native),
            signed_at=tbs["time_info"].native.astimezone(UTC),
            digest=tbs["data_hash"].native,
            properties=tbs["property_info"].native,
            raw=bytes(der),
            to_sign=bytes(tbs.dump()),
            value=parsed["signature"].native,
        )


def _seal(parsed: Any) -> Seal:
    with _Reading("电子印章"):
        info, own = parsed["info"], parsed["info"]["property"]
        if info["header"]["id"].native != "ES" or info["header"]["version"].native != VERSION:
            raise SealError("电子印章的版本无法识别：只支持 GB/T 38540-2020（版本 4）。")
        if own["cert_list_type"].native != 1 or parsed["sign_alg_id"].dotted != _OID:
            raise SealError("电子印章的证书列表或签名算法无法识别：只支持证书形式的列表和 SM2 签名。")
        return Seal(
            id=info["es_id"].native,
            name=own["name"].native,
            kind=own["type"].native,
            maker=crypto.certificate.parse(parsed["cert"].native),
            holders=tuple(own["cert_list"].native),
            picture_type=info["picture"]["type"].native,
            picture=info["picture"]["data"].native,
            width=info["picture"]["width"].native,
            height=info["picture"]["height"].native,
            created=own["create_date"].native.astimezone(UTC),
            valid_from=own["valid_start"].native.astimezone(UTC),
            valid_until=own["valid_end"].native.astimezone(UTC),
            raw=bytes(parsed.dump()),
            info=bytes(info.dump()),
            signature=parsed["signed_value"].native,
        )


class _Reading:
    """Turns whatever asn1crypto raises on malformed data into one SealError."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, exc: BaseException | None, tb: Any) -> None:
        malformed = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError)
        if isinstance(exc, (*malformed, crypto.CertificateError)):
            raise SealError(f"{self._what}数据无法读取：不是 GB/T 38540-2020 的结构，或已损坏。") from exc


def _load(spec: Any, der: bytes, what: str) -> Any:
    with _Reading(what):
        parsed = spec.load(bytes(der), strict=True)
        # build it anew from its values: whatever is not DER, such as a longer length or a stray bit, shows
        if spec(parsed.native).dump() != bytes(der):
            raise ValueError("not DER")
        return parsed


def _check_pair(key: KeyPair, certificate: Certificate) -> None:
    if key.public != certificate.public:
        raise SealError(f"私钥与证书“{certificate.subject}”不匹配，请检查证书与密钥的对应关系。")


def _whole(when: datetime) -> datetime:
    if when.tzinfo is None:
        raise ValueError("times of seals are aware")
    return when.astimezone(UTC).replace(microsecond=0)
